#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The control socket of the running daemon: actions and their exit codes, reload by SIGHUP and by command,
# a second daemon, and who is let in.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

# exits CODE COMMAND...: the command ends with that exit status
exits() {
	local want=$1 code=0
	shift
	"$@" >"$world_dir/out" 2>&1 || code=$?
	[ "$code" -eq "$want" ]
}
ask() { curl -s --unix-socket "$world_dir/control.sock" "$@"; }

world_begin
world_certificate
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 3600
world_sim tests/system/cycle.scn
world_conf 'first_run = "alert"' </dev/null
check "without a daemon, run says so with 3" exits 3 world_cli run contoso
world_daemon
world_wait_for world_up

check "curl gets the status document" bash -c "curl -s --unix-socket '$world_dir/control.sock' http://localhost/v1/status | grep -q '\"schema\":\"snapwatch/1\"'"
ask -o "$world_dir/out" -w '%{http_code}' http://localhost/v1/nothing >"$world_dir/code"
check "an unknown path is 404" [ "$(cat "$world_dir/code")" = 404 ]
ask -o "$world_dir/out" -w '%{http_code}' --data '{"tenant":"contoso","watcj":"all"}' http://localhost/v1/run >"$world_dir/code"
check "an unknown key is refused by name" has "$world_dir/out" watcj
check "an unknown tenant is a usage error, 1" exits 1 world_cli run nobody
ask --data '{"tenant":"nobody"}' http://localhost/v1/run >"$world_dir/out"
check "and the daemon refuses it with 10" has "$world_dir/out" '"code":10'
check "a second daemon is refused with 9" exits 9 "${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf"
check "and the first is named" has "$world_dir/out" "$world_daemon_pid"

# yield in mid-job, then resume
waiting() { world_cli jobs --json | grep -q '"state":"waiting"'; }
world_wait_for waiting
check "yield waits until the slot is free" exits 0 world_cli yield contoso --for 30d
world_cli jobs --json >"$world_dir/out"
check "our preview is cancelled" has "$world_dir/out" '"outcome":"cancelled"'
world_cli status --json >"$world_dir/out"
check "the hold is shown" has "$world_dir/out" hold_until
check "resume" exits 0 world_cli resume contoso
world_wait_for waiting
judged() { world_cli jobs --json | grep -q '"state":"done"'; }
world_wait_for judged
check "after resume the comparison is made" judged

# reload: a second tenant comes, a broken file is refused, the tenant goes again
cp "$world_dir/snapwatch.conf" "$world_dir/good.conf"
sed -e '/^tenant /,/^}/!d' -e 's/contoso/fabrikam/' -e 's/11111111-1111/99999999-1111/' "$world_dir/good.conf" >>"$world_dir/snapwatch.conf"
printf canary >"$world_dir/credentials/fabrikam.refresh_token"
kill -HUP "$world_daemon_pid"
watched() { ask http://localhost/v1/status | grep -q fabrikam; }
world_wait_for watched
check "SIGHUP adds a tenant" watched
printf 'tennant "x" { }\n' >>"$world_dir/snapwatch.conf"
reload() { ask --data '{}' http://localhost/v1/reload >"$world_dir/out"; }
reload
check "a broken file is refused, with file, line and the nearest key" has "$world_dir/out" "snapwatch.conf:.*tenant"
check "and the old configuration stays" watched
cp "$world_dir/good.conf" "$world_dir/snapwatch.conf"
reload
check "a removed tenant is no longer watched" bash -c "! curl -s --unix-socket '$world_dir/control.sock' http://localhost/v1/status | grep -q fabrikam"

# who is let in: the socket is for its owner and group
mode=$(stat -c %a "$world_dir/control.sock")
check "the socket is closed to others (mode $mode)" [ "$mode" = 660 ]
code=0
world_stop TERM || code=$?
check "the daemon ends with 0 (it was $code)" [ "$code" -eq 0 ]
check "it takes its socket away" [ ! -e "$world_dir/control.sock" ]
[ "$world_problems" -eq 0 ] || tail -n 40 "$world_dir/snapwatchd.log"
exit $((world_problems > 0))
