#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 at named points and at random ones. Two tenants and two days, the real programs over TLS; the
# daemon dies once, is started again and ends its work. Afterwards the store says what that of an
# undisturbed run says (store_dump), the receiver got the same alerts by their ids, and the service was
# asked for no preview twice.
#
#	tests/system/kill.sh			all of it
#	SEED=N tests/system/kill.sh		the same random points again
#	tests/system/kill.sh 'page 2' ...	named points only, by their names, logs are kept
#
# No point is a moment in time: a transaction, a system call or a request is counted, by the daemon's
# test program (doom.c) or by the simulator (the fault effects kill and late_kill).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

# NAME | DAY | HOW | WHERE. HOW: doom WHAT N [WHEN], or a fault of the simulator (kill=... is added)
points() {
	cat <<-'POINTS'
		store made           | 1 | doom open 1 inside 2        | in the commit that makes the tables
		credential taken     | 1 | doom credential 1 before    | the token of the credential file is not kept yet
		first token          | 1 | late * POST */token nth=1   | a token was given out, we have not heard of it
		token rotated        | 1 | doom token 1 inside 2       | in the commit of the token that replaces the former
		tenant admitted      | 1 | doom admitted 2 after       | one tenant is known, the look has not begun
		first list           | 1 | kill contoso GET */snapshots | the first list is asked for
		looked               | 1 | doom looked 1 before        | both lists are read, nothing of them is stored
		planned              | 1 | doom planned 1 after        | a run is stored, the queue does not know it
		intent, before       | 1 | doom intent 1 before        | the wish to create is not stored
		intent, after        | 1 | doom intent 2 after         | it is, and nobody has asked
		create, unheard      | 1 | kill contoso POST */recoveryPreviewJobs | the request does not arrive
		create, unanswered   | 1 | late contoso POST */recoveryPreviewJobs | the job is made, its answer is lost
		created              | 1 | doom created 1 inside 1     | in the commit of the job's id, half a write
		polled               | 1 | late contoso GET */recoveryPreviewJobs/* nth=2 | asked how the job goes on
		successful           | 2 | doom successful 1 before    | the service is done, we know and have not stored it
		body of page 2       | 1 | cut contoso GET *getChanges* nth=2 | 20,000 bytes of its body have come
		page 2               | 1 | doom page 2 inside 3        | in the commit of a page
		page 3, after        | 1 | doom page 3 after           | a page is stored, the reader has not heard of it
		pages ended          | 1 | doom read 1 after           | all is read and counted, not judged
		verdict, before      | 2 | doom verdict 1 before       | judged, with findings and alerts, not committed
		verdict, inside      | 1 | doom verdict 1 inside 5     | in that commit
		verdict, after       | 2 | doom verdict 2 after        | judged, nothing is journaled or delivered
		alert, unheard       | 1 | kill * POST /hook/ops       | the receiver does not get it
		alert, unanswered    | 2 | late * POST /hook/ops       | the receiver has it, we do not know
		alert delivered      | 1 | doom delivered 1 before     | we know and have not stored it
		second day, stored   | 2 | doom looked 2 inside 1      | the second daemon's second look
	POINTS
}
RANDOM_POINTS=${RANDOM_POINTS:-20}

top=$(mktemp -d)
keep=no
trap '[ $keep = yes ] && echo "logs: $top" || rm -rf "$top"' EXIT

# --- one run, in a process of its own

daemon_up() { # [DOOM]
	SNAPWATCH_TEST_DOOM=${1:-} SNAPWATCH_TEST_DOOM_COUNTS=$world_dir/counts.$day \
		bash -c 'echo $$ >"$0"; exec "$@"' "$world_dir/pid" "${world_run[@]}" "$B/test/snapwatchd-doomed" \
		--config "$world_dir/snapwatch.conf" 2>>"$world_dir/snapwatchd.log" &
	world_daemon_pid=$!
}

# The daemon has ended: nothing but our kill may have done it, and that once.
buried() {
	local code=0
	wait "$world_daemon_pid" || code=$?
	world_daemon_pid=''
	[ "$code" -eq 137 ] && [ ! -e "$world_dir/killed" ] || {
		echo "the daemon ended with $code" >>"$world_dir/snapwatchd.log"
		return 1
	}
	touch "$world_dir/killed"
}

settle() { # JOBS
	until "${world_run[@]}" "$B/test/store_dump" "sqlite:$world_dir/snapwatch.db" --wait "$1" "$world_daemon_pid"; do
		buried || return 1
		daemon_up
	done
}

ends() {
	kill -TERM "$world_daemon_pid" 2>/dev/null || true
	local code=0
	wait "$world_daemon_pid" || code=$?
	world_daemon_pid=''
	[ "$code" -eq 0 ] && return 0
	[ "$code" -eq 137 ] && [ ! -e "$world_dir/killed" ] && touch "$world_dir/killed"
}

lines() { curl -sf --noproxy '*' --cacert "$world_dir/ca.pem" --data-binary "$1" "$world_url/sim/line"; }

# aim HOW: what the daemon gets in $doom, and the simulator as a fault
aim() {
	local how=${1%% *} rest=${1#* }
	doom='' fault=''
	case $how in
	doom) doom=$rest ;;
	kill) fault="fault $rest kill=$world_dir/pid" ;;
	late) fault="fault $rest late_kill=$world_dir/pid" ;;
	cut) fault="fault $rest truncate=20000 late_kill=$world_dir/pid" ;;
	esac
}

two_days() { # DAY HOW
	aim "$2"
	world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 120
	world_sim tests/system/kill.scn
	world_conf 'first_run = "alert"  look_every = "1m"  job_poll = "5s"  schedule = {"after snapshot +1m"}' </dev/null
	day=1
	[ "$1" -ne 1 ] || { [ -z "$fault" ] || lines "$fault"; }
	daemon_up "$([ "$1" -ne 1 ] || echo "$doom")"
	settle 2 && ends || return 1
	day=2
	lines 'contoso delete users 1..40
contoso create application "Late Helper"
contoso set user 90 department=Legal
contoso restore users 100..109
fabrikam delete group 3
snapshot contoso now extra
snapshot fabrikam now extra'
	[ "$1" -ne 2 ] || { [ -z "$fault" ] || lines "$fault"; }
	daemon_up "$([ "$1" -ne 2 ] || echo "$doom")"
	settle 4 && ends || return 1
	"${world_run[@]}" "$B/test/store_dump" "sqlite:$world_dir/snapwatch.db" >"$world_dir/dump"
	world_ask /sim/hooks | grep -o '"id":"[^"]*"' | sort -u >"$world_dir/alerts"
	world_ask /sim/counts >"$world_dir/sim"
	grep -o '"[a-z]*":{[^}]*"create":[0-9]*' "$world_dir/sim" | sed 's/{.*"create"//' >"$world_dir/creates"
	world_ask /sim/violations >"$world_dir/violations"
}

# The run in directory $1; its files are the result.
run() { # DIR DAY HOW
	(
		world_begin "$1"
		cp "$top/ca.pem" "$top/server.pem" "$top/server.key" "$world_dir"
		two_days "$2" "$3" && touch "$world_dir/complete"
	) >"$1.out" 2>&1 </dev/null || true
}

# --- judging

# verdict DIR: what is wrong with a run, nothing when it is right
verdict() {
	local name
	[ -e "$1/complete" ] || { tail -n 5 "$1.out" "$1/snapwatchd.log" 2>/dev/null; echo 'it does not end its work'; return; }
	for name in dump alerts creates; do
		diff -u "$top/undisturbed/$name" "$1/$name" | head -n 20
	done
	[ "$(cat "$1/violations")" = '[]' ] || cat "$1/violations"
}

# The runs of the file $1 (DIR|DAY|HOW a line), as many at a time as there are processors.
run_all() {
	local dir day how n=0 max
	max=$((2 * $(nproc))) # they mostly wait for the clock
	while IFS='|' read -r dir day how; do
		run "$top/$dir" "$day" "$how" &
		n=$((n + 1))
		[ $((n % max)) -ne 0 ] && [ "$n" -lt "$max" ] || wait -n || true
	done <"$1"
	wait
}

# below N: a number, the same for the same seed (splitmix64; >> is arithmetic in the shell)
state=0
below() {
	local z
	state=$((state + 0x9e3779b97f4a7c15))
	z=$(((state ^ ((state >> 30) & 0x3ffffffff)) * 0xbf58476d1ce4e5b9))
	z=$(((z ^ ((z >> 27) & 0x1fffffffff)) * 0x94d049bb133111eb))
	drawn=$((((z ^ ((z >> 31) & 0x1ffffffff)) & 0x7fffffff) % $1))
}

# of DAY WHAT: how many of them the undisturbed run had
of() { sed -n "s/^$2 //p" "$top/undisturbed/counts.$1"; }

random_point() {
	local kinds=(commit commit commit write sync recv send request request) kind n
	below 2
	day=$((drawn + 1))
	below ${#kinds[@]}
	kind=${kinds[$drawn]}
	below 1000
	case $kind in
	request) # the simulator counts on from the first day to the second
		n=$((drawn * requests / 1000 + 1))
		below 2
		how="$([ "$drawn" -eq 0 ] && echo kill || echo late) * * * nth=$n"
		day=1
		;;
	commit)
		n=$((drawn * $(of "$day" commit) / 1000 + 1))
		below 4
		how="doom commit $n $(case $drawn in 0) echo before ;; 1) echo after ;; *) echo "inside $drawn" ;; esac)"
		;;
	*) how="doom $kind $((drawn * $(of "$day" "$kind") / 1000 + 1))" ;;
	esac
}

trim() { sed 's/^[[:space:]]*//; s/[[:space:]]*$//' <<<"$1"; }

world_dir=$top world_certificate

run "$top/undisturbed" 0 'doom none 0'
[ -e "$top/undisturbed/complete" ] || { tail -n 30 "$top"/undisturbed.out "$top"/undisturbed/snapwatchd.log; exit 1; }
check "undisturbed: nothing is against the rules" [ "$(cat "$top/undisturbed/violations")" = '[]' ]
check "undisturbed: there is something to lose" [ "$(grep -c '^finding: ' "$top/undisturbed/dump")" -gt 150 ]
check "undisturbed: four previews" [ "$(tr -dc 0-9 <"$top/undisturbed/creates")" = 22 ]

declare -A title
n=0
while IFS='|' read -r name day how where; do
	name=$(trim "$name") day=$(trim "$day") how=$(trim "$how") where=$(trim "$where")
	if [ $# -gt 0 ]; then
		keep=yes
		for wanted in "$@"; do [ "$wanted" = "$name" ] && break; done
		[ "$wanted" = "$name" ] || continue
	fi
	n=$((n + 1))
	title[point$n]="$name: $where"
	echo "point$n|$day|$how"
done < <(points) >"$top/points"
if [ $# -eq 0 ]; then
	seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
	echo "random points: SEED=$seed"
	state=$seed
	requests=$(grep -o '"requests":[0-9]*' "$top/undisturbed/sim" | sed 's/.*://; q')
	for ((i = 1; i <= RANDOM_POINTS; i++)); do
		random_point
		title[random$i]="random: day $day, $how"
		echo "random$i|$day|$how"
	done >>"$top/points"
fi
run_all "$top/points"
while IFS='|' read -r dir day how; do
	wrong=$(verdict "$top/$dir")
	if [ -z "$wrong" ] && [ ! -e "$top/$dir/killed" ]; then
		case $dir in point*) wrong='it was never killed' ;; *) title[$dir]+=' (not reached)' ;; esac
	fi
	check "${title[$dir]}" [ -z "$wrong" ]
	[ -z "$wrong" ] || printf '%s\n' "$wrong"
done <"$top/points"
exit $((world_problems > 0))
