#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The control socket of the running daemon: actions and their exit codes, reload by SIGHUP and by command,
# signing in and out, a second daemon, who is let in, and what serves a command where no daemon runs.
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
ask() { curl -s --unix-socket "$world_dir/$socket" "$@"; }
socket=control.sock

world_begin_at 3600
{
	cat tests/system/cycle.scn
	echo 'browser contoso auto'
	echo 'device contoso approve after=1s interval=1s'
} >"$world_dir/control.scn"
world_sim "$world_dir/control.scn"
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

# signing in and out
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$world_dir/out" | sed 's/\\//g'; }
post() { ask --data "$2" "http://localhost/v1/$1" >"$world_dir/out"; }
begin() { post login '{"tenant":"contoso","redirect":"http://localhost:40001"}'; }
# finish QUERY: the answer of a browser, to the sign-in that began last
finish() { post login/finish "{\"login\":\"$login\",\"answer\":\"$1\"}"; }
browse() { curl -s --cacert "$world_dir/ca.pem" -o "$world_dir/page" -w '%{redirect_url}' "$1" | sed 's/.*?//'; }

post login '{"tenant":"contoso","redirect":"http://evil.example:1"}'
check "a redirect to elsewhere is a usage error" has "$world_dir/out" '"code":1'
post login '{"tenant":"nobody","redirect":"http://localhost:40001"}'
check "a sign-in for an unknown tenant is refused" has "$world_dir/out" '"code":10'
begin
former=$(field id)
begin
login=$(field id) state=$(field state) url=$(field url)
check "a sign-in begins with an address and a state" [ -n "$login" -a -n "$state" -a -n "$url" ]
check "and says that nobody in particular is expected" has "$world_dir/out" '"warnings":\["the key account is not set'
post login/finish "{\"login\":\"$former\",\"answer\":\"code=x\"}"
check "a second one takes the place of the first" has "$world_dir/out" '"code":10'
answer=$(browse "$url")
finish "code=stolen&state=AAAA"
check "an answer with another state is refused" has "$world_dir/out" 'state'
finish "$answer"
check "the browser's answer signs in" has "$world_dir/out" '"sign_in":{"tenant":"contoso","account":"snapwatch@contoso.example"'
check "the reply has no token" bash -c "! grep -qE 'refresh|token|verifier' '$world_dir/out'"
finish "$answer"
check "it ends once" has "$world_dir/out" '"code":10'
world_cli tenants --json >"$world_dir/out"
check "the store knows who signed in, and how" has "$world_dir/out" '"method":"code"\|"how":"code"'
world_cli status >"$world_dir/out"
check "status says who is signed in and for how long" has "$world_dir/out" 'signed in  *snapwatch@contoso.example, 89 days left'
world_cli status --json >"$world_dir/out"
check "the document, too" has "$world_dir/out" '"sign_in":{[^}]*"method":"code"[^}]*"state":"good"'
code=$(sed 's/.*code=\([^&]*\).*/\1/' <<<"$answer")
check "who asked for it is in the log" has "$world_dir/snapwatchd.log" "is signed in as snapwatch@contoso.example.*asked for by uid $(id -u)"
check "and nothing that is secret" bash -c "! grep -qF -e '$state' -e '$code' '$world_dir/snapwatchd.log'"
begin
login=$(field id)
finish "error=access_denied&error_description=AADSTS65004&state=$(field state)"
check "what the service refuses is said in words, with 4" has "$world_dir/out" '"code":4.*consent was declined'
check "and what to type" has "$world_dir/out" '"hint":".*snapwatch login contoso'
post logout '{"tenant":"99999999-9999-4999-8999-999999999999"}'
check "nobody can be signed out of a tenant that nobody knows" has "$world_dir/out" '"code":10.*nobody has signed in for a tenant with this id'
post logout '{"tenant":"11111111-1111-4111-8111-111111111111"}'
check "logout takes an id, too" has "$world_dir/out" "tenant 'contoso' is signed out"
begin
login=$(field id)
finish "$(browse "$(field url)")"
post logout '{"tenant":"contoso"}'
check "logout says how to revoke the sign-in" has "$world_dir/out" 'Revoke sessions'
world_cli tenants --json >"$world_dir/out"
check "and nobody is signed in" bash -c "! grep -q 'snapwatch@contoso' '$world_dir/out'"
world_cli status --json >"$world_dir/out"
check "nor does status say that anybody is" has "$world_dir/out" '"sign_in":{[^}]*"state":"nobody"'
post login '{"tenant":"contoso","method":"device"}'
check "a device code has an address and a code" has "$world_dir/out" '"verification_uri":"https.*"user_code":"'
post login/finish "{\"login\":\"$(field id)\"}"
check "and signs in when somebody has entered it" has "$world_dir/out" '"method":"device"'

# who is let in: the socket is for its owner and group
mode=$(stat -c %a "$world_dir/control.sock")
check "the socket is closed to others (mode $mode)" [ "$mode" = 660 ]
code=0
world_stop TERM || code=$?
check "the daemon ends with 0 (it was $code)" [ "$code" -eq 0 ]
check "it takes its socket away" [ ! -e "$world_dir/control.sock" ]

# where no daemon runs: a process for one command, which holds the store's lock and makes files of its owner
daemon=("${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf")
check "an assistant needs a socket to serve" exits 1 "${daemon[@]}" --assist
check "and is no daemon that runs once" exits 1 "${daemon[@]}" --assist --once
mkdir "$world_dir/state"
owner=$(id -u)
[ "$owner" -ne 0 ] || { owner=65534 && chown 65534:65534 "$world_dir/state" && chmod 711 "$world_dir"; }
sed -i "s|^store = .*|store = \"sqlite:$world_dir/state/snapwatch.db\"|" "$world_dir/snapwatch.conf"
mkfifo "$world_dir/lifeline"
systemd-socket-activate -l "$world_dir/assist.sock" "${daemon[@]}" --assist <"$world_dir/lifeline" >"$world_dir/assist.log" 2>&1 &
assist=$!
exec 8>"$world_dir/lifeline"
world_wait_for test -S "$world_dir/assist.sock"
socket=assist.sock
begin
login=$(field id)
finish "$(browse "$(field url)")"
check "an assistant signs in as the daemon does" has "$world_dir/out" '"account":"snapwatch@contoso.example"'
check "the files are of whom their directory belongs to" [ "$(stat -c %u "$world_dir"/state/* | sort -u)" = "$owner" ]
check "a daemon is refused meanwhile, with 9" exits 9 "${daemon[@]}"
post run '{"tenant":"contoso"}'
check "an assistant watches nothing" has "$world_dir/out" '"code":10.*no daemon runs'
exec 8>&-
code=0
wait "$assist" || code=$?
check "it ends with its standard input (with 0, it was $code)" [ "$code" -eq 0 ]
rm "$world_dir/credentials/store-key"
systemd-socket-activate -l "$world_dir/key.sock" "${daemon[@]}" --assist </dev/null >"$world_dir/assist.log" 2>&1 &
assist=$!
world_wait_for test -S "$world_dir/key.sock"
socket=key.sock
ask --max-time 20 http://localhost/v1/status >/dev/null || true
code=0
wait "$assist" || code=$?
check "without a store key it ends with 2 (it was $code)" [ "$code" -eq 2 ]
check "and says how to make one" has "$world_dir/assist.log" 'openssl rand -base64 32'
[ "$world_problems" -eq 0 ] || tail -n 40 "$world_dir/snapwatchd.log"
exit $((world_problems > 0))
