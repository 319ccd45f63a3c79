#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the daemon costs: time, CPU, memory, disk, against the least that a program could do with the
# same data (floor.c). Prints a table, writes build/bench.json, and ends with 1 when a target is
# missed. README.md has what the numbers mean.
#
#	make bench			about five minutes
#	make bench BENCH=quick		20,000 and 100,000 changes; targets are shown, not held
#	make bench PEERS=1		the same job in Node and Python too
#	make bench ONLY="job many"	of: job long large many idle peers
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

# Changes of one job, of a long one, rounds, seconds to watch an idle daemon.
if [ "${BENCH:-full}" = quick ]; then
	N=20000 LONG=100000 ROUNDS=1 PEER_ROUNDS=1 IDLE_S=5
else
	N=200000 LONG=1000000 PEER_ROUNDS=${ROUNDS:-5} ROUNDS=${ROUNDS:-3} IDLE_S=20
fi
MANY=64 EACH=5000
IDLE=1000
LARGE=7992 # eight pages of 999

world_begin
world_certificate
world_clock "$(date -u -d '2026-11-16T12:00:00Z' +%s)" 60
world_sim_options=(--cache)
bench_begin

bench_scenario() {
	local i
	echo 'start @START@'
	echo 'hook ops secret=@SECRET@'
	echo 'switch token_lifetime 23h' # 75 minutes are 75 seconds here
	bench_tenant job 1 objects=$N event=-1d08:00
	bench_tenant long 2 objects=$LONG event=-1d08:00
	bench_tenant large 3 objects=$LARGE event=-1d08:00 pad=8900
	for ((i = 1; i <= MANY; i++)); do bench_tenant "many$i" $((100 + i)) objects=$EACH event=-1d08:00; done
	for ((i = 1; i <= IDLE; i++)); do bench_tenant "idle$i" $((1000 + i)) objects=1 event=-1d08:00; done
}
bench_scenario >"$world_dir/bench.scn"
world_sim "$world_dir/bench.scn"

# --- one job, next to the floor -------------------------------------------------------------------
part_job() {
	local i
	bench_warm job
	for ((i = 1; i <= ROUNDS; i++)); do
		bench_daemon "job.$i" job
		bench_floor "floor.$i" job
	done
	bench_median job
	bench_median floor
	put cpu_ratio_to_floor "$(ratio job.cpu_s floor.cpu_s)"
	put wall_ratio_to_floor "$(ratio job.wall_s floor.wall_s)"
	put changes_per_s "$(calc "$N / $(get job.wall_s)")"
	limit job.changes = $N
	limit job.rss_mib '<=' 40
	limit job.bytes_per_change '<=' 320
	limit job.max_stall_ms '<=' 50
	limit cpu_ratio_to_floor '<=' 1.5
}

# --- a long one -----------------------------------------------------------------------------------
part_long() {
	bench_warm long
	bench_daemon long long
	limit long.changes = $LONG
	limit long.rss_mib '<=' 40
	limit long.bytes_per_change '<=' 320
	limit long.max_stall_ms '<=' 50
	[ "$(get job.rss_mib)" != nan ] || return 0
	put long_rss_ratio "$(ratio long.rss_mib job.rss_mib)"
	put long_cpu_per_change_ratio "$(calc "$(ratio long.cpu_s job.cpu_s) * $N / $LONG")"
	limit long_rss_ratio '<=' 1.1
	limit long_cpu_per_change_ratio '<=' 1.5
}

# --- pages that are nearly as large as any may be ---------------------------------------------------
part_large() {
	bench_warm large
	bench_daemon large large
	limit large.changes = $LARGE
	limit large.max_stall_ms '<=' 50
}

# --- many tenants reading at once -------------------------------------------------------------------
part_many() {
	local names=() i
	for ((i = 1; i <= MANY; i++)); do names+=("many$i"); done
	bench_warm "${names[@]}"
	bench_daemon many "${names[@]}"
	limit many.changes = $((MANY * EACH))
	limit many.rss_mib '<=' 96
	limit many.max_stall_ms '<=' 50
}

# --- a daemon with nothing to do --------------------------------------------------------------------
wakeups() { awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }' /proc/"$1"/task/*/status; }
all_done() { [ "$(world_cli jobs --jsonl | grep -c '"state":"done"')" -ge $IDLE ]; }

part_idle() {
	local names=() i pid before
	for ((i = 1; i <= IDLE; i++)); do names+=("idle$i"); done
	rm -f "$world_dir"/{snapwatch,secrets}.db*
	# the clock runs 60 times as fast, so looks every hour would be one a minute
	bench_defaults='look_every = "24h"' bench_conf "${names[@]}"
	"$B/bench/snapwatchd" --config "$world_dir/snapwatch.conf" 2>"$world_dir/snapwatchd.log" &
	pid=$!
	world_daemon_pid=$pid
	world_wait_for all_done
	world_wait_for bench_quiet "$pid"
	before=$(wakeups "$pid")
	sleep $IDLE_S
	put idle.wakeups_per_s "$(calc "($(wakeups "$pid") - $before) / $IDLE_S")"
	put idle.rss_mib "$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$pid/status")"
	put idle.peak_rss_mib "$(awk '/^VmHWM/ { print $2 / 1024 }' "/proc/$pid/status")"
	world_stop
	limit idle.rss_mib '<' 40
	limit idle.wakeups_per_s '<' 2
}

# --- what a user would write instead ----------------------------------------------------------------
part_peers() {
	local i
	bench_warm job
	bench_peers_prepare
	for ((i = 1; i <= PEER_ROUNDS; i++)); do
		bench_daemon "pair.$i" job
		bench_peer "node.$i" job node build/bench-peers/peer.mjs
		bench_peer "python.$i" job python3 tests/bench/peer.py
	done
	bench_median pair
	bench_median node
	bench_median python
	for i in wall_s cpu_s rss_mib; do
		put "node_${i%_*}_ratio" "$(ratio "pair.$i" "node.$i")"
		put "python_${i%_*}_ratio" "$(ratio "pair.$i" "python.$i")"
	done
	limit node_wall_ratio '<=' 0.4
	limit node_cpu_ratio '<=' 0.4
	limit node_rss_ratio '<=' 0.25
}

parts=${ONLY:-job long large many idle}
case " $parts " in
*" peers "*) ;;
*) [ "${PEERS:-0}" = 0 ] || parts="$parts peers" ;;
esac
for part in $parts; do
	printf '%s ...\n' "$part" >&2
	"part_$part"
done
bench_report build/bench.json
