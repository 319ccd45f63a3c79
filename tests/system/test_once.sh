#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --once: of the tenants that are named and no others, now and whatever the schedule says, and its exit
# status tells whether the alerts arrived.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin_at 3600
{
	cat tests/system/cycle.scn
	echo 'tenant fabrikam id=33333333-1111-4111-8111-111111111111 client=44444444-2222-4222-8222-222222222222 kind=real users=30 refresh_token=canary-refresh-9d2e77 seed=9'
	echo 'snapshots fabrikam daily 22:00 keep=7'
	echo 'preview fabrikam load=40m calculate=10m'
	echo 'fault * POST /hook/ops status=503 count=4'
} >"$world_dir/once.scn"
world_sim "$world_dir/once.scn"
world_conf 'first_run = "alert"' </dev/null

once() { # once WHAT CODE [OPTION...]
	local what=$1 wanted=$2
	shift 2
	world_once "$@"
	check "$what: --once ends with $wanted (it was $world_code)" [ "$world_code" -eq "$wanted" ]
}
once 'a receiver that is away' 8 contoso
world_cli jobs --jsonl >"$world_dir/jobs"
check 'one preview' [ "$(wc -l <"$world_dir/jobs")" -eq 1 ]
check 'none of the tenant that was not named' lacks "$world_dir/jobs" fabrikam
world_ask /sim/counts >"$world_dir/counts"
check 'only one sign-in' has "$world_dir/counts" '"token":1[,}]'
once 'it is back' 0 contoso
check 'once more means now' [ "$(world_cli jobs --jsonl | wc -l)" -eq 2 ]
world_ask /sim/violations >"$world_dir/violations"
check 'no request against the rules of the service' lacks "$world_dir/violations" '"[a-zA-Z]* '
[ "$world_problems" -eq 0 ] || { cat "$world_dir"/{counts,jobs,violations}; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
