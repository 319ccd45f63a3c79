#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The service makes a job and hangs up without an answer: it must not be asked a second time, neither by
# us nor by the library below us, and the job that it made is found and read.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin_at 3600
{
	cat tests/system/cycle.scn
	echo 'fault contoso POST */recoveryPreviewJobs drop=after'
} >"$world_dir/dropped.scn"
world_sim "$world_dir/dropped.scn"
world_conf 'first_run = "alert"' </dev/null
world_once contoso
check "--once ends with 0 (it was $world_code)" [ "$world_code" -eq 0 ]
world_cli jobs --json >"$world_dir/jobs.json"
check "one preview, judged and verified" has "$world_dir/jobs.json" '"verified":true'
world_ask /sim/counts >"$world_dir/counts"
check "one preview was asked for, no more" has "$world_dir/counts" '"create":1[,}]'
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" lacks "$world_dir/violations" '"[a-zA-Z]* '
[ "$world_problems" -eq 0 ] || { cat "$world_dir"/{violations,counts}; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
