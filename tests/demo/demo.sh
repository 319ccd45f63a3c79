#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon at work against a simulated Graph: three tenants, a week of snapshots, two days of
# incidents in well under a minute. Exits non-zero if anything that it shows did not come out.
#
#	demo.sh [DIR]	keep configuration, store and logs in DIR
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

DAYS=2
FACTOR=4800 # simulated seconds per second

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' dim='' plain=''
fi
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

world_begin "${1:-}"
world_certificate
# Simulated time ends yesterday, so that "2d ago" means what it says.
world_clock $((($(date -u +%s) / 86400 - DAYS - 1) * 86400)) $FACTOR
world_sim tests/demo/demo.scn
world_conf <<'CONF'
rule "onboarding" {
  tenant = {"northwind"}  change = {"appeared"}  entity = {"user"}  name = {"New Hire*"}
  verdict = "expected"
}
rule "policy switched" {
  change = {"modified"}  entity = {"conditionalAccessPolicy"}  property = {"state"}
  verdict = "critical"
}
CONF

say "snapwatchd watches three tenants for two days (a second is $((FACTOR / 60)) minutes)"
world_daemon

# Shows what the daemon says, each line with the simulated time at which it was seen. Of many
# records about objects the first is shown and the others are counted.
shown=0
tell() {
	local total
	total=$(wc -l <"$world_dir/snapwatchd.log")
	[ "$total" -gt "$shown" ] || return 0
	sed -n "$((shown + 1)),${total}p" "$world_dir/snapwatchd.log" |
		awk -v when="$dim$(date -u -d "@$(world_now_s)" '+%a %H:%M')$plain" '
			function flush() { if (more) printf "%s   ... and %d more\n", when, more; more = 0; last = "" }
			{
				text = $0; sub(/^[a-z]*: /, "", text); sub(/  *SNAPWATCH_.*/, "", text)
				tenant = $0; sub(/.*SNAPWATCH_TENANT=/, "", tenant); sub(/ .*/, "", tenant)
				tenant = /SNAPWATCH_TENANT=/ ? tenant ": " : ""
				if (index(text, tenant) == 1) tenant = ""
				gsub(/T[0-9:]*Z/, "", text)
				kind = /SNAPWATCH_OBJECT_ID=/ ? tenant $2 $NF : ""
				sub(/.*SNAPWATCH_CHANGE=/, "", kind)
				if (/SNAPWATCH_OBJECT_ID=/) kind = tenant $2 kind
				if (kind != "" && kind == last) { more++; next }
				flush(); last = kind
				printf "%s %s%s\n", when, tenant, text
			}
			END { flush() }'
	shown=$total
}
end_s=$((world_start_s + DAYS * 86400 + 10800))
while [ "$(world_now_s)" -lt $end_s ]; do
	tell
	kill -0 "$world_daemon_pid" 2>/dev/null || { echo "demo: the daemon ended early" >&2; exit 1; }
	sleep 0.3
done

say "snapwatch status"
world_cli status
world_ask /sim/violations >"$world_dir/violations"
world_ask /sim/hooks >"$world_dir/hooks"
world_stop || true
tell
unset SNAPWATCH_TEST_CLOCK

# --- what came of it -------------------------------------------------------------------------------
say "snapwatch alerts"
world_cli alerts
say "snapwatch findings"
world_cli findings | sed -n 1,14p
say "snapwatch jobs"
world_cli jobs
world_cli changes --tenant fabrikam --change modified --entity conditionalAccessPolicy --json >"$world_dir/policy.json"
policy=$(grep -o '"object_id":"[^"]*"' "$world_dir/policy.json" | head -n 1 | cut -d'"' -f4)
job=$(grep -o '"job":[0-9]*' "$world_dir/policy.json" | head -n 1 | cut -d: -f2)
if [ -n "$policy" ]; then
	say "snapwatch show $job $policy"
	world_cli show "$job" "$policy"
fi

say "did it come out?"
world_cli alerts --json >"$world_dir/alerts.json"
world_cli jobs --json >"$world_dir/jobs.json"
check "the deletion of 20 users in contoso raised an alert" has "$world_dir/alerts.json" '20 users were deleted'
check "the rogue application in fabrikam raised an alert" has "$world_dir/alerts.json" 'Invoice Sync'
check "the Conditional Access policy switched off raised an alert" has "$world_dir/alerts.json" '"property":"state"'
check "the expected onboarding in northwind stayed quiet" lacks "$world_dir/alerts.json" 'New Hire'
check "the recovery job of somebody else was told" has "$world_dir/alerts.json" 'foreign_recovery_job'
check "every preview was read to the end and verified" lacks "$world_dir/jobs.json" '"verified":false'
check "alerts arrived at the webhook, signed" has "$world_dir/hooks" 'snapwatch.alert'
check "the service saw no request against its rules" lacks "$world_dir/violations" '"[a-zA-Z]* '

if [ "$world_keep" = yes ]; then
	say "kept in $world_dir: snapwatch.conf, snapwatch.db, snapwatchd.log; try:"
	cat <<-TRY
		  build/snapwatch --config $world_dir/snapwatch.conf findings
		  build/snapwatch --config $world_dir/snapwatch.conf changes --tenant contoso
		  build/snapwatch --config $world_dir/snapwatch.conf show $job $policy
	TRY
else
	say "to look around in what it stored: make demo DIR=/tmp/snapwatch-demo"
fi
exit $((world_problems > 0))
