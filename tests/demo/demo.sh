#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon at work against a simulated Graph: three tenants, a week of snapshots, two days of
# incidents in well under a minute. Exits non-zero if anything that it shows did not come out.
#
#	demo.sh [--dir DIR]	keep configuration, store and logs in DIR
set -euo pipefail
cd "$(dirname "$0")/../.."

FACTOR=4800 # simulated seconds per second
DAYS=2
B=build/rel
dir='' keep=no
if [ "${1:-}" = --dir ] && [ -n "${2:-}" ]; then
	dir=$2 keep=yes
	mkdir -p "$dir"
	dir=$(cd "$dir" && pwd)
	if [ -e "$dir/snapwatch.db" ]; then
		echo "demo: $dir holds a store already; name another directory" >&2
		exit 1
	fi
else
	dir=$(mktemp -d)
fi
sim_pid='' daemon_pid=''

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local pid
	for pid in $daemon_pid $sim_pid; do kill -TERM "$pid" 2>/dev/null || true; done
	for pid in $daemon_pid $sim_pid; do wait "$pid" 2>/dev/null || true; done
	[ "$keep" = yes ] || rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
problems=0
check() { # check TEXT COMMAND...: says what came out, counts what did not
	local text=$1
	shift
	if "$@" >/dev/null 2>&1; then printf '  ok    %s\n' "$text"; else
		printf '  WRONG %s\n' "$text"
		problems=$((problems + 1))
	fi
}

# --- a certificate authority for one day, and secrets made on the spot -----------------------------
umask 077
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=snapwatch demo CA' \
	-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
	-extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$dir/server.pem" 2>/dev/null
rm -f "$dir/ca.key" "$dir/server.csr" "$dir/ca.srl"
mkdir -p "$dir/credentials"
secret="whsec_$(openssl rand -base64 32)"
openssl rand -base64 32 >"$dir/credentials/store-key"
printf '%s' "$secret" >"$dir/credentials/ops-secret"

# --- the simulated service -------------------------------------------------------------------------
# Simulated time ends at the last midnight, so that "2 days ago" means what it says.
start_s=$((($(date -u +%s) / 86400 - DAYS) * 86400))
start=$(date -u -d "@$start_s" +%Y-%m-%dT%H:%M:%SZ)
sed -e "s|@START@|$start|" -e "s|@SECRET@|$secret|" tests/demo/demo.scn >"$dir/demo.scn"
real_us=$(($(date +%s%N) / 1000))
export SNAPWATCH_TEST_CLOCK="$real_us ${start_s}000000 $FACTOR"
"$B/test/graphsim" --cert "$dir/server.pem" --key "$dir/server.key" --port 0 --port-file "$dir/port" \
	--scenario "$dir/demo.scn" >"$dir/graphsim.log" 2>&1 &
sim_pid=$!
for _ in $(seq 100); do [ -s "$dir/port" ] && break; sleep 0.05; done
[ -s "$dir/port" ] || { cat "$dir/graphsim.log" >&2; exit 1; }
url="https://localhost:$(cat "$dir/port")"
printf '%s/hook/ops' "$url" >"$dir/credentials/ops-url"

# --- the daemon ------------------------------------------------------------------------------------
{
	cat <<-CONF
		store = "sqlite:$dir/snapwatch.db"
		control_socket = "$dir/control.sock"
		credentials_dir = "$dir/credentials"

		defaults {
		  authority = "$url"
		  graph_url = "$url/v1.0"
		  ca_file   = "$dir/ca.pem"
		}
		sink "ops" { type = "webhook"  url = "ops-url"  secret = "ops-secret"  ca_file = "$dir/ca.pem" }

		rule "onboarding" {
		  tenant = {"northwind"}  change = {"appeared"}  entity = {"user"}  name = {"New Hire*"}
		  verdict = "expected"
		}
		rule "policy switched" {
		  change = {"modified"}  entity = {"conditionalAccessPolicy"}  property = {"state"}
		  verdict = "critical"
		}
	CONF
	grep '^tenant ' "$dir/demo.scn" | while read -r _ name id client rest; do
		printf '%s' "${rest##*refresh_token=}" | cut -d' ' -f1 >"$dir/credentials/$name.refresh_token"
		printf 'tenant "%s" { tenant_id = "%s"  client_id = "%s" }\n' "$name" "${id#id=}" "${client#client=}"
	done
} >"$dir/snapwatch.conf"

say "snapwatchd watches three tenants for two days (one second is $((FACTOR / 60)) minutes)"
"$B/test/snapwatchd" --config "$dir/snapwatch.conf" 2>"$dir/snapwatchd.log" &
daemon_pid=$!

# Shows what the daemon says, each line with the simulated time at which it was seen.
shown=0
tell() {
	local now_us total
	total=$(wc -l <"$dir/snapwatchd.log")
	[ "$total" -gt "$shown" ] || return 0
	now_us=$(($(date +%s%N) / 1000 - real_us))
	sed -n "$((shown + 1)),${total}p" "$dir/snapwatchd.log" | sed -e 's/  *SNAPWATCH_TENANT=\([^ ]*\).*/ [\1]/' |
		while IFS= read -r line; do
			printf '%s%s%s %s\n' "$dim" "$(date -u -d "@$((start_s + now_us * FACTOR / 1000000))" '+%a %H:%M')" \
				"$plain" "$line" | cut -c1-110
		done
	shown=$total
}
# A little longer than the two days: the last preview has to end.
end_s=$((start_s + DAYS * 86400 + 10800))
while :; do
	tell
	kill -0 "$daemon_pid" 2>/dev/null || { echo "demo: the daemon ended early" >&2; exit 1; }
	now_us=$(($(date +%s%N) / 1000 - real_us))
	[ $((start_s + now_us * FACTOR / 1000000)) -lt $end_s ] || break
	sleep 0.3
done
cli() { "$B/snapwatch" --config "$dir/snapwatch.conf" "$@"; }

say "snapwatch status"
"$B/test/snapwatch" --config "$dir/snapwatch.conf" status
curl -s --cacert "$dir/ca.pem" "$url/sim/violations" >"$dir/violations"
curl -s --cacert "$dir/ca.pem" "$url/sim/hooks" >"$dir/hooks"
kill -TERM "$daemon_pid"
wait "$daemon_pid" || true
daemon_pid=''
tell

# --- what came of it -------------------------------------------------------------------------------
say "snapwatch alerts"
cli alerts
say "snapwatch findings"
cli findings | head -n 14
say "snapwatch jobs"
cli jobs
policy=$(cli changes --tenant fabrikam --change modified --entity conditionalAccessPolicy --json |
	grep -o '"object_id":"[^"]*"' | head -n 1 | cut -d'"' -f4)
job=$(cli changes --tenant fabrikam --change modified --entity conditionalAccessPolicy --json |
	grep -o '"job":[0-9]*' | head -n 1 | cut -d: -f2)
if [ -n "$policy" ]; then
	say "snapwatch show $job $policy"
	cli show "$job" "$policy"
fi

say "did it come out?"
cli alerts --json >"$dir/alerts.json"
cli findings --json >"$dir/findings.json"
# shellcheck disable=SC2317 # called through check()
has() { grep -q "$2" "$1"; }
# shellcheck disable=SC2317 # called through check()
lacks() { ! grep -q "$2" "$1"; }
check "the mass deletion of 20 users in contoso raised an alert" has "$dir/alerts.json" '20 users were deleted'
check "the rogue application in fabrikam raised a critical alert" has "$dir/alerts.json" 'Invoice Sync'
check "the disabled Conditional Access policy raised a critical alert" has "$dir/alerts.json" '"property":"state"'
check "the expected onboarding in northwind stayed quiet" lacks "$dir/alerts.json" 'New Hire'
check "the foreign recovery job was reported" has "$dir/alerts.json" '"kind":"foreign_recovery_job"'
check "every preview was read to the end and verified" sh -c "! '$B/snapwatch' --config '$dir/snapwatch.conf' jobs --json | grep -q '\"verified\":false'"
check "alerts arrived at the webhook, signed" has "$dir/hooks" 'snapwatch.alert'
check "the service counted no violation of its rules" sh -c "! grep -q '[a-z]' '$dir/violations'"

if [ "$keep" = yes ]; then
	say "Kept in $dir: snapwatch.conf, snapwatch.db, snapwatchd.log. Try:"
	cat <<-TRY
		  build/snapwatch --config $dir/snapwatch.conf findings
		  build/snapwatch --config $dir/snapwatch.conf changes --tenant contoso --change deleted
		  build/snapwatch --config $dir/snapwatch.conf show JOB OBJECT
	TRY
else
	say "Look around in what it stored: make demo DIR=/tmp/demo"
fi
exit $((problems > 0))
