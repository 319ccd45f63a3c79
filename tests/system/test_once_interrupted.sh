#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --once that is interrupted says so, and the next one goes on where it was; beside a daemon, the daemon
# does the work.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_cycle

once() { # expected exit status
	world_once contoso
	check "--once ends with $1 (it was $world_code)" [ "$world_code" -eq "$1" ]
}
previews() { world_ask /sim/counts | grep -q "\"contoso\":{[^}]*\"create\":$1,"; }
waiting() { world_cli jobs --json | grep -q '"state":"waiting"'; }

world_daemon --once contoso
world_wait_for waiting
code=0
world_stop TERM || code=$?
check "interrupted, it is not complete (it was $code)" [ "$code" -eq 8 ]
once 0
check "the next one ends the same preview" previews 1
world_cli jobs --json >"$world_dir/jobs.json"
check "it is done" [ "$(grep -o '"state":"done"' "$world_dir/jobs.json" | wc -l)" -eq 1 ]

world_daemon
world_wait_for world_up
code=0
"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" --once contoso 2>/dev/null || code=$?
check "beside a daemon it ends with 0, too (it was $code)" [ "$code" -eq 0 ]
check "the daemon has made the preview" previews 2

# a slot that somebody else has for two hours: who may wait longer gets through, who may not is told
beside() { # WHAT CODE [OPTION...]
	local what=$1 wanted=$2 code=0
	shift 2
	curl -s --noproxy '*' --cacert "$world_dir/ca.pem" --data 'contoso foreign-preview duration=2h' "$world_url/sim/line"
	"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" --once "$@" contoso 2>/dev/null || code=$?
	check "beside a daemon, $what, it ends with $wanted (it was $code)" [ "$code" -eq "$wanted" ]
}
beside 'with a day for a taken slot' 0 --wait 1d
check "the daemon has waited and made another preview" previews 3
beside 'with no time for a taken slot' 7 --wait 0
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" lacks "$world_dir/violations" '"[a-zA-Z]* '
[ "$world_problems" -eq 0 ] || { tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
