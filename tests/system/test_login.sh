#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signing in by each way, with a daemon and without, as a public client and with a certificate: each has to end in a
# preview. Then whoever and whatever must not be taken, and that each refusal says what to do.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=fabrikam app' \
	-keyout "$world_dir/app.key" -out "$world_dir/app.crt" 2>/dev/null
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/fabrikam-app"
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 10
world_sim tests/system/login.scn
world_conf 'job_poll = "5s"  first_run = "alert"' </dev/null
sed -i -e '/^tenant "fabrikam"/,/^}/s|^  client_id = .*|&\n  certificate = "fabrikam-app"|' \
	-e '/^tenant "contoso"/,/^}/s|^  client_id = .*|&\n  account = "snapwatch@contoso.example"|' "$world_dir/snapwatch.conf"

out=$world_dir/login.out err=$world_dir/login.err page=$world_dir/page
port_of() { grep -o -m 1 'ssh -L [0-9]*' "$out" | grep -o '[0-9]*$'; }
ends_with() { check "$1: exit status $2 (it was $world_code)" [ "$world_code" -eq "$2" ]; }
says() { check "$1: says '$3'" has "$2" "$3"; }
# without_line_ends FILE: wrapped lines as one
unwrapped() { tr -s '\n ' '  ' <"$1"; }

# by_browser TENANT [OPTION...]: the code comes back to the listener
by_browser() {
	local url
	world_login "$@"
	url=$(world_login_url)
	world_browse "$url" >"$page"
	world_login_end
}
# by_paste TENANT [OPTION...]: the browser is elsewhere, and its last address is typed in
by_paste() {
	local url
	world_login "$@" --paste
	url=$(world_login_url)
	curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o /dev/null -w '%{redirect_url}\n' "$url" >&7
	world_login_end
}
by_device() {
	world_tell "device ${1} approve after=1s"
	world_login "$@" --device-code
	world_login_end
	world_tell "device ${1} ignore"
}
previews() { world_cli jobs --tenant "$1" --json 2>/dev/null | { grep -o '"state":"done"' || true; } | wc -l; }
# ends_in_preview TENANT WHAT: with the daemon that runs, or one cycle of one that does not
ends_in_preview() {
	local before after code=0
	before=$(previews "$1")
	world_tell "do $1 create user" # so that there is something new to compare
	if [ -n "$world_daemon_pid" ]; then world_cli run "$1" --wait >/dev/null 2>>"$world_dir/run.err" || code=$?
	else "${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" --once "$1" 2>>"$world_dir/snapwatchd.log" || code=$?; fi
	after=$(previews "$1")
	check "$2: a preview after it (exit status $code, $after jobs)" [ "$after" -gt "$before" ]
	check "$2: and it went well" [ "$code" -eq 0 ]
}

echo "nobody has signed in, and there is no store yet"
world_code=0
world_cli login >"$out" 2>"$err" || world_code=$?
ends_with "who is missing" 4
says "who is missing" "$out" 'snapwatch login contoso$'
says "who is missing" "$out" '2 of 2 tenants have to be signed in for'

echo "without a daemon"
by_browser contoso
ends_with "browser" 0
says "browser" "$out" 'contoso: signed in as snapwatch@contoso.example'
says "browser" "$out" 'EntraBackup.ReadWrite.Preview'
says "browser" "$out" 'snapwatchd does not run'
says "page" "$page" '<h1 class="good">Signed in</h1>'
check "nothing is complained about" [ ! -s "$err" ]
ends_in_preview contoso "browser"
by_paste contoso
ends_with "pasted" 0
ends_in_preview contoso "pasted"
by_device contoso
ends_with "device" 0
says "device" "$out" 'Conditional Access'
world_cli tenants >"$out"
says "tenants" "$out" 'contoso *snapwatch@contoso.example *device *.* 89d *good'
ends_in_preview contoso "device"
by_browser fabrikam
ends_with "certificate, browser" 0
ends_in_preview fabrikam "certificate, browser"
world_code=0
world_cli logout contoso >"$out" 2>"$err" || world_code=$?
ends_with "logout" 0
says "logout" "$out" 'Revoke sessions'
world_cli tenants --json >"$out"
check "nobody is signed in for contoso" has "$out" '"tenant":"contoso",.*"state":"nobody"'

echo "with a daemon"
world_daemon
world_wait_for world_up
by_browser contoso --port 0 || true
ends_with "port 0" 1
by_browser contoso
ends_with "browser" 0
check "browser: the daemon runs" lacks "$out" 'does not run'
ends_in_preview contoso "browser"
by_device fabrikam
ends_with "certificate, device" 0
ends_in_preview fabrikam "certificate, device"
by_paste fabrikam --json
ends_with "certificate, pasted" 0
says "certificate, pasted" "$out" '"sign_in":{"tenant":"fabrikam","account":"snapwatch@fabrikam.example"'
ends_in_preview fabrikam "certificate, pasted"
world_code=0
world_cli login >"$out" 2>"$err" || world_code=$?
ends_with "nobody is missing" 0

echo "who else comes to the listener"
world_login contoso
url=$(world_login_url)
port=$(port_of)
exec 8<>"/dev/tcp/127.0.0.1/$port" # opened ahead, and never used
at="http://localhost:$port"
check "an icon is not here" [ "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' "$at/favicon.ico")" = 404 ]
check "nothing is posted" [ "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -d x "$at/?code=x&state=y")" = 405 ]
check "a foreign state is refused" [ "$(curl -s -o "$page" -w '%{http_code}' --noproxy '*' "$at/?code=x&state=y")" = 400 ]
says "foreign state" "$page" 'belongs to another sign-in'
check "a header without an end is refused" [ "$(printf 'GET / HTTP/1.1\r\nX: %70000s' x | curl -s --noproxy '*' --max-time 20 -T - "telnet://127.0.0.1:$port" | head -n 1 | cut -d ' ' -f 2)" = 431 ]
world_browse -4 "$url" >"$page"
exec 8>&-
world_login_end
ends_with "the right one" 0
says "the right one" "$page" 'Signed in'
says "the foreign one" "$err" 'a browser came, but this belongs to another sign-in'
if [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6; then
	world_login contoso
	url=$(world_login_url)
	location=$(curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o /dev/null -w '%{redirect_url}' "$url")
	curl -6 -s --noproxy '*' "$location" >"$page"
	world_login_end
	ends_with "over IPv6" 0
fi

echo "what is pasted instead"
world_login contoso --paste
url=$(world_login_url)
location=$(curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o /dev/null -w '%{redirect_url}' "$url")
{ echo "$url"; echo "${location%%&state*}"; echo; echo "${location/\?/#}"; echo "  \"$location\"  "; } >&7
world_login_end
ends_with "at the fifth time" 0
says "pasted" "$err" 'this is the address to open'
says "pasted" "$err" 'part of the address is missing'
says "pasted" "$err" 'nothing was pasted'
says "pasted" "$err" "stands behind a '#'"
# a terminal shows nothing of it, and does not cut it to 4095 bytes
world_login contoso --paste
world_login_end
ends_with "nothing pasted" 4
mkfifo "$world_dir/keys"
script -q -e -c "${world_run[*]} $B/test/snapwatch --config $world_dir/snapwatch.conf login contoso --paste" \
	"$world_dir/typescript" <"$world_dir/keys" >"$out" 2>&1 &
world_login_pid=$!
exec 7>"$world_dir/keys"
url=$(world_login_url | tr -d '\r')
until grep -q '^address: ' "$out"; do sleep 0.05; done
state=${url##*state=}
printf 'http://localhost:1/?code=canary%05000d&state=%s\n' 0 "${state%%&*}" >&7
world_code=0
wait "$world_login_pid" || world_code=$?
world_login_pid=''
exec 7>&-
ends_with "a long address, with a code that is none" 4
check "nothing of it is shown" lacks "$world_dir/typescript" 'canary'

check "the service has judged it" grep -q 'AADSTS' "$world_dir/typescript"
# Ctrl-C gives the terminal back as it was
rm "$world_dir/keys"
mkfifo "$world_dir/keys"
env --default-signal=INT script -q -e -c "trap : INT; stty sane; ${world_run[*]} $B/test/snapwatch --config $world_dir/snapwatch.conf login contoso --paste; echo code=\$?; stty -a" \
	"$world_dir/typescript" <"$world_dir/keys" >"$out" 2>&1 &
world_login_pid=$!
exec 7>"$world_dir/keys"
until grep -q '^address: ' "$out"; do sleep 0.05; done
printf '\003' >&7
wait "$world_login_pid" || true
world_login_pid=''
exec 7>&-
check "interrupted: ends by the signal" has "$out" 'code=130'
check "interrupted: the terminal shows again what is typed" grep -q ' echo ' "$out"
check "interrupted: and takes lines" grep -q ' icanon ' "$out"

echo "who and what is not taken"
refused() { # refused WHAT EXPECTED-WORDS...
	local what=$1 text words
	shift
	ends_with "$what" 4
	text=$(unwrapped "$err")
	for words in "$@"; do check "$what: says '$words'" grep -q -- "$words" <<<"$text"; done
	check "$what: the page says it too" has "$page" '<h1>Not signed in</h1>'
	check "$what: and what to type" has "$page" 'snapwatch login contoso'
}
world_cli tenants --json >"$world_dir/before"
world_tell 'browser contoso auto as=anna'
by_browser contoso
refused "another account" 'anna@contoso.example' 'snapwatch@contoso.example'
world_tell 'browser contoso auto'
world_tell 'claims contoso good tid=99999999-9999-4999-8999-999999999999'
by_browser contoso
refused "another tenant" '99999999-9999-4999-8999-999999999999'
world_tell 'claims contoso good'
world_tell 'consent contoso delegated=EntraBackup.Read.All granted=EntraBackup.Read.All'
by_browser contoso
refused "a missing permission" 'EntraBackup.ReadWrite.Preview' 'consent'
world_tell 'consent contoso delegated=EntraBackup.Read.All,EntraBackup.ReadWrite.Preview,EntraBackup.ReadWrite.Recovery granted=all'
by_browser contoso
refused "a permission too many" 'EntraBackup.ReadWrite.Recovery' 'allow-extra-scopes'
cmp -s <(world_cli tenants --json | grep '"contoso"' | sed 's/"refreshed_at.*//') <(grep '"contoso"' "$world_dir/before" | sed 's/"refreshed_at.*//') &&
	same=yes || same=no
check "the sign-in of before is kept" [ "$same" = yes ]
by_browser contoso --allow-extra-scopes
ends_with "a permission too many that is wanted" 0
says "a permission too many that is wanted" "$out" 'warning: .*'
world_tell 'consent contoso delegated=EntraBackup.Read.All,EntraBackup.ReadWrite.Preview granted=all'
world_tell 'do contoso refuse consent-declined for=authorize'
by_browser contoso
refused "declined in the browser" 'AADSTS65004'
world_tell 'do contoso accept'
world_tell 'do contoso refuse conditional-access for=code'
by_browser contoso
refused "Conditional Access" 'AADSTS53003' 'Conditional Access'
world_tell 'do contoso accept'
: >"$page"
world_tell 'device contoso decline after=1s'
world_login contoso --device-code
world_login_end
ends_with "a device code that was declined" 4
world_tell 'device contoso ignore expires=10s'
world_login contoso --device-code
world_login_end
ends_with "a device code that was not used" 4
says "a device code that was not used" "$err" 'snapwatch login contoso'
world_tell 'device contoso ignore expires=900s'
post() { curl -s --unix-socket "$world_dir/control.sock" "${@:3}" --data "$2" "http://localhost/v1/$1"; }
id=$(post login '{"tenant":"contoso","method":"device"}' | sed 's/.*"id":"\([^"]*\)".*/\1/')
post login/finish "{\"login\":\"$id\"}" --max-time 1 || true
given_up() { grep -q 'sign-in (device) was given up by uid' "$world_dir/snapwatchd.log"; }
world_wait_for given_up
check "a device code that nobody waits for any more is given up" given_up
post login/finish "{\"login\":\"$id\"}" >"$out"
says "and nothing can come of it" "$out" '"code":10.*no such sign-in'
world_code=0
world_stop || world_code=$?
ends_with "the daemon" 0

echo "a tenant that is not configured any more"
cp "$world_dir/snapwatch.conf" "$world_dir/both.conf"
sed -i '/^tenant "fabrikam"/,/^}/d' "$world_dir/snapwatch.conf"
out_of() { # out_of WHOM EXIT-STATUS WORDS: after that nobody is
	world_code=0
	world_cli logout "$1" >"$out" 2>"$err" || world_code=$?
	ends_with "logout $1" "$2"
	says "logout $1" <(cat "$out" "$err") "$3"
	check "logout $1: nobody is" bash -c "! $B/test/snapwatch --config '$world_dir/snapwatch.conf' tenants --json | grep -q fabrikam"
}
world_cli tenants >"$out"
says "tenants" <(unwrapped "$out") 'not configured; snapwatch logout fabrikam'
out_of fabrikam 0 'is signed out, its token is wiped'
out_of 33333333-3333-4333-8333-333333333333 10 'nobody has signed in for a tenant with this id'
cp "$world_dir/both.conf" "$world_dir/snapwatch.conf"
by_browser fabrikam
ends_with "fabrikam again" 0
sed -i '/^tenant "fabrikam"/,/^}/d' "$world_dir/snapwatch.conf"
world_daemon
world_wait_for world_up
out_of 33333333-3333-4333-8333-333333333333 0 'is signed out, its token is wiped'
world_stop || true
world_code=0
"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/both.conf" --once fabrikam >"$out" 2>&1 || world_code=$?
ends_with "its token is gone" 4

echo "an assistant that cannot"
mv "$world_dir/credentials/store-key" "$world_dir/store-key"
world_code=0
world_cli login contoso >"$out" 2>"$err" || world_code=$?
ends_with "without a store key" 2
says "without a store key" "$err" "^snapwatch: credential 'store-key' is missing"
mv "$world_dir/store-key" "$world_dir/credentials/store-key"
sed 's|^control_socket = .*|control_socket = "'"$world_dir"'/other.sock"|' "$world_dir/snapwatch.conf" >"$world_dir/other.conf"
world_daemon
world_wait_for world_up
world_code=0
"${world_run[@]}" "$B/test/snapwatch" --config "$world_dir/other.conf" login contoso >"$out" 2>"$err" || world_code=$?
ends_with "the store is somebody else's" 9
says "the store is somebody else's" "$err" 'cannot open the store'
world_stop || true
world_login contoso
world_login_url >/dev/null
assistant=$(cat "/proc/$world_login_pid/task/$world_login_pid/children")
kill -KILL "$world_login_pid"
world_login_end
ends_with "killed" 137
check "killed: there was an assistant" [ -n "${assistant// /}" ]
gone() { ! kill -0 ${assistant}; }
world_wait_for gone
check "killed: the assistant has ended, too" gone
mkdir "$world_dir/alone"
cp "$B/test/snapwatch" "$world_dir/alone/"
world_code=0
[ -x /usr/sbin/snapwatchd ] || {
	PATH=$world_dir/alone "${world_run[@]/setarch/$(command -v setarch)}" "$world_dir/alone/snapwatch" --config "$world_dir/snapwatch.conf" \
		login contoso >"$out" 2>"$err" || world_code=$?
	ends_with "no daemon is installed" 3
	says "no daemon is installed" "$err" 'is not installed where it could be started'
}

echo "nobody comes"
export SNAPWATCH_TEST_CLOCK="${SNAPWATCH_TEST_CLOCK% *} 36000" # its fifteen minutes are 25 ms
world_login contoso
world_login_end
ends_with "nobody has signed in" 4
says "nobody has signed in" "$err" 'nobody has signed in within'
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || { cat "$world_dir/violations"; tail -n 40 "$world_dir/snapwatchd.log" "$out" "$err" "$page"; }
exit $((world_problems > 0))
