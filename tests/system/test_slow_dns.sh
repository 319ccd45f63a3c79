#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A resolver that does not answer must not stop the loop: while it hangs, the control socket answers and
# SIGTERM ends the daemon. No clock is looked at: a loop that waits would hang this test.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 60
world_sim tests/system/cycle.scn
# libcurl resolves localhost by itself, so the service has a name here that only the preload knows
host=${world_url#https://localhost}
curl -s --cacert "$world_dir/ca.pem" --data "host graph.test$host" "$world_url/sim/line"
world_url=https://graph.test$host
world_conf </dev/null
${CC:-cc} -shared -fPIC -D_GNU_SOURCE -o "$world_dir/slow_dns.so" tests/system/slow_dns.c -ldl
start_slow() { # the sanitizer's runtime wants to be first, so it is named first
	local asan=''
	case $FLAVOUR in asan | tsan) asan=$(${CC:-cc} -print-file-name="lib$FLAVOUR.so") ;; esac
	rm -f "$world_dir"/release*
	env LD_PRELOAD="${asan:+$asan }$world_dir/slow_dns.so" SLOW_DNS_RELEASE="$world_dir/release" \
		"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" 2>>"$world_dir/snapwatchd.log" &
	world_daemon_pid=$!
	world_wait_for test -e "$world_dir/release.asked"
}

start_slow
check "the control socket answers while the resolver hangs" world_up
check "and answers again" world_up
touch "$world_dir/release"
looked() { world_cli status --json | grep -q '"last_look":"2'; }
world_wait_for looked
check "the look goes on when the resolver answers" looked
world_stop TERM || true

start_slow
code=0
world_stop TERM || code=$?
check "SIGTERM ends the daemon while the resolver hangs (exit $code)" [ "$code" -eq 0 ]
touch "$world_dir/release"
exit $((world_problems > 0))
