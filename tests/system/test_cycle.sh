#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real programs over TLS: one whole cycle by --once, then stopped and killed in mid-job and started
# again. The service must never see a request against its rules, and nothing may be lost or doubled.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_cycle 'first_run = "alert"'

# --once: look, compare, judge, deliver
world_once contoso
check "--once ends with 0 (it was $world_code)" [ "$world_code" -eq 0 ]
world_cli jobs --json >"$world_dir/jobs.json"
world_cli findings --jsonl >"$world_dir/findings.jsonl"
world_cli changes --jsonl >"$world_dir/changes.jsonl"
check "one preview, judged and verified" has "$world_dir/jobs.json" '"verified":true'
check "122 changes are stored" [ "$(wc -l <"$world_dir/changes.jsonl")" -eq 122 ]
check "121 findings are open" [ "$(grep -c '"attention":"open"' "$world_dir/findings.jsonl")" -eq 121 ]
world_ask /sim/hooks >"$world_dir/hooks"
check "the alert has arrived" has "$world_dir/hooks" '120 users were deleted'

# a daemon that is stopped and killed in mid-job
world_daemon
world_wait_for world_up
world_cli run contoso >/dev/null
waiting() { world_cli jobs --json | grep -q '"state":"waiting"'; }
world_wait_for waiting
code=0
world_stop TERM || code=$?
check "SIGTERM in mid-job ends with 0 (it was $code)" [ "$code" -eq 0 ]
check "the job is kept" waiting
world_daemon
world_wait_for world_up
world_stop KILL || true
check "the job is kept after a kill, too" waiting
world_daemon
done_twice() { [ "$(world_cli jobs --json | grep -o '"state":"done"' | wc -l)" -ge 2 ]; }
world_wait_for done_twice
code=0
world_stop TERM || code=$?
check "the daemon ends with 0 (it was $code)" [ "$code" -eq 0 ]
world_cli findings --jsonl >"$world_dir/findings2.jsonl"
check "findings are the same as before, none twice" [ "$(grep -c '"attention":"open"' "$world_dir/findings2.jsonl")" -eq 121 ]
world_ask /sim/counts >"$world_dir/counts"
check "two previews were created, no more" has "$world_dir/counts" '"create":2'
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" lacks "$world_dir/violations" '"[a-zA-Z]* '
[ "$world_problems" -eq 0 ] || { cat "$world_dir/violations"; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
