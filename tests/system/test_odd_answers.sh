#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Answers that are none, over real connections: one cycle in which nearly everything goes wrong once, and
# one in which a page never gets right. The daemon ends by itself both times, and says what was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin_at 600
{
	cat tests/system/cycle.scn
	cat <<-'SCN'
		fault contoso POST */token gateway=503
		fault contoso POST */token nth=2 drop=before
		fault contoso GET */snapshots gateway=502
		fault contoso GET */snapshots nth=2 truncate=40
		fault contoso GET */jobs gateway=200
		fault contoso GET */recoveryPreviewJobs/* drop=before
		fault contoso GET */recoveryPreviewJobs/* nth=2 malformed
		fault contoso GET *getChanges* size=17000000
		fault contoso GET *getChanges* nth=2 name=nul size=16000000
		fault contoso GET *getChanges* nth=3 truncate=3000
		fault contoso GET *getChanges* nth=4 type=text/html
	SCN
} >"$world_dir/odd.scn"
world_sim "$world_dir/odd.scn"
LOG_LEVEL=debug world_conf 'first_run = "alert"' </dev/null

once() { # once WHAT CODE
	world_once contoso
	check "$1: --once ends with $2 (it was $world_code)" [ "$world_code" -eq "$2" ]
}
once 'everything once' 0
world_cli jobs --json >"$world_dir/jobs"
check 'one preview, judged and verified' has "$world_dir/jobs" '"verified":true'
check '122 changes are stored' [ "$(world_cli changes --jsonl | wc -l)" -eq 122 ]
world_ask /sim/counts >"$world_dir/counts"
check 'every fault was met' has "$world_dir/counts" '"faults":11[,}]'
for said in 'larger than' 'no text can have' 'text/html instead of JSON' 'HTTP 502'; do
	check "it says: $said" has "$world_dir/snapwatchd.log" "$said"
done

curl -s --noproxy '*' --cacert "$world_dir/ca.pem" \
	--data 'fault contoso GET *getChanges* count=all nextlink=endless' "$world_url/sim/line"
once 'a list without end' 8
world_cli jobs --json >"$world_dir/jobs"
check 'the run ended without a result' has "$world_dir/jobs" '"outcome":"no_result"'
check 'and says why' has "$world_dir/snapwatchd.log" 'page after page without a new change'
check 'no change is lost' [ "$(world_cli findings --jsonl | wc -l)" -eq 121 ]
world_ask /sim/violations >"$world_dir/violations"
check 'no request against the rules of the service' [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || { cat "$world_dir"/{counts,jobs,violations}; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
