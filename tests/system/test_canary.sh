#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Secrets stay where they belong: with everything logged that can be logged, neither tokens nor keys are
# found in logs, store, command lines, environment or output.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 3600
world_sim tests/system/cycle.scn
LOG_LEVEL=debug world_conf 'first_run = "alert"' </dev/null
world_daemon
world_wait_for world_up
judged() { world_cli jobs --json | grep -q '"state":"done"'; }
world_wait_for judged
tr '\0' '\n' <"/proc/$world_daemon_pid/cmdline" >"$world_dir/out-cmdline"
tr '\0' '\n' <"/proc/$world_daemon_pid/environ" >"$world_dir/out-environ"
for what in status jobs changes findings alerts; do
	world_cli "$what" >>"$world_dir/out-cli" 2>&1
	world_cli "$what" --json >>"$world_dir/out-cli" 2>&1
done
world_ask /sim/tokens >"$world_dir/tokens" # every token that the simulator ever gave out, one a line
world_stop || true

cp "$world_dir/credentials/store-key" "$world_dir/canaries"
{
	cat "$world_dir/tokens"
	printf 'canary-refresh-4f1b9c\n'
	printf '%s\n' "${world_secret#whsec_}"
} >>"$world_dir/canaries"
check "there are tokens to look for" [ "$(wc -l <"$world_dir/canaries")" -ge 5 ]
mkdir "$world_dir/searched"
cp "$world_dir"/snapwatchd.log "$world_dir"/out-* "$world_dir"/*.db* "$world_dir/searched/"
while IFS= read -r canary; do
	[ -n "$canary" ] || continue
	check "${canary:0:6}... is nowhere" bash -c "! grep -rqaF -- '$canary' '$world_dir/searched'"
done <"$world_dir/canaries"
check "the search does find what is there" grep -rqaF contoso "$world_dir/searched"
exit $((world_problems > 0))
