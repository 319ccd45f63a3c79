#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A resolver that does not answer must not stop the loop: while it hangs for one tenant, another gets a
# whole comparison with its alert, the control socket answers, and SIGTERM ends the daemon. No clock is
# looked at: a loop that waits would hang this test.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin_at 60
{
	cat tests/system/cycle.scn
	echo 'tenant fabrikam id=33333333-1111-4111-8111-111111111111 client=44444444-2222-4222-8222-222222222222 kind=real users=30 refresh_token=canary-refresh-9d2e77 seed=9'
	echo 'snapshots fabrikam daily 22:00 keep=7'
	echo 'preview fabrikam initial=1s load=20s calculate=20s'
	echo 'at -1d10:00 fabrikam delete users 1..3'
} >"$world_dir/two.scn"
world_sim "$world_dir/two.scn"
world_conf 'first_run = "alert"  job_poll = "5s"' </dev/null
# libcurl resolves localhost by itself, so the service has another name for contoso that only the preload knows
host=${world_url#https://localhost}
curl -s --noproxy '*' --cacert "$world_dir/ca.pem" --data "host graph.test$host" "$world_url/sim/line"
sed -i "s|^tenant \"contoso\" {|&\n  authority = \"https://graph.test$host\"\n  graph_url = \"https://graph.test$host/v1.0\"|" \
	"$world_dir/snapwatch.conf"
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
told() { world_ask /sim/hooks | grep -q 'fabrikam: 3 users were deleted'; }
world_wait_for told
check "another tenant is compared and its alert arrives meanwhile" told
looked() { world_cli status --json | grep -o '"tenant":"contoso"[^}]*' | grep -q '"last_look":"2'; }
not_looked() { ! looked; }
check "the one whose name is asked for has not been looked at" not_looked
touch "$world_dir/release"
world_wait_for looked
check "its look goes on when the resolver answers" looked
world_stop TERM || true

start_slow
code=0
world_stop TERM || code=$?
check "SIGTERM ends the daemon while the resolver hangs (exit $code)" [ "$code" -eq 0 ]
touch "$world_dir/release"
exit $((world_problems > 0))
