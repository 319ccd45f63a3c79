#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The browser's side of signing in, with a real one: Chromium opens the address, presses a button of the sign-in page,
# and shows what snapwatch answers. It also opens connections ahead and asks for an icon, as browsers do.
# SCREENSHOTS=DIRECTORY keeps what it showed.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

if ! packaging/deps.sh browser; then
	echo "SKIPPED: there is no Chromium, and it cannot be installed: nothing of a real browser was tested"
	exit 0
fi

world_begin
world_certificate
: >"$world_dir/app.crt"
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 10
sed -e '/^certificate/d' -e 's/^browser .* auto/browser contoso form/' tests/system/login.scn >"$world_dir/browser.scn"
world_sim "$world_dir/browser.scn"
world_conf 'job_poll = "5s"' </dev/null
sed -i '/^tenant "contoso"/,/^}/s|^  client_id = .*|&\n  account = "snapwatch@contoso.example"|' "$world_dir/snapwatch.conf"
world_daemon
world_wait_for world_up

# visit NAME accept|cancel: signs in for contoso; what the browser shows in the end is in NAME.page, and NAME.png
visit() {
	local url port
	world_login contoso
	url=$(world_login_url)
	port=$(grep -o -m 1 'ssh -L [0-9]*' "$world_dir/login.out" | grep -o '[0-9]*$')
	timeout 120 node tests/support/browser.mjs "$world_dir/profile-$1" "$url" "$2" "http://localhost:$port/" \
		"$world_dir/$1.png" >"$world_dir/$1.page" 2>"$world_dir/$1.err" || cat "$world_dir/$1.err"
	world_login_end
	[ -z "${SCREENSHOTS:-}" ] || cp "$world_dir/$1.png" "$SCREENSHOTS/"
	check "$2: the browser ends at snapwatch" has "$world_dir/$1.page" "^http://localhost:$port/$"
	check "$2: and made a picture of it" [ -s "$world_dir/$1.png" ]
}
visit accepted accept
check "accept: exit status 0 (it was $world_code)" [ "$world_code" -eq 0 ]
check "accept: the browser shows it" has "$world_dir/accepted.page" '^snapwatch: Signed in$'
check "accept: with the account" has "$world_dir/accepted.page" 'snapwatch@contoso.example'
check "accept: the terminal shows it" has "$world_dir/login.out" 'contoso: signed in as snapwatch@contoso.example'
visit cancelled cancel
check "cancel: exit status 4 (it was $world_code)" [ "$world_code" -eq 4 ]
check "cancel: the browser shows it" has "$world_dir/cancelled.page" '^snapwatch: Not signed in$'
check "cancel: with what to type" has "$world_dir/cancelled.page" '^snapwatch login contoso$'
check "cancel: the sign-in of before is kept" bash -c \
	"$B/test/snapwatch --config '$world_dir/snapwatch.conf' tenants --json | grep -q '\"tenant\":\"contoso\".*\"state\":\"good\"'"
code=0
world_stop || code=$?
check "the daemon ends with 0 (it was $code)" [ "$code" -eq 0 ]
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || tail -n 30 "$world_dir/violations" "$world_dir/snapwatchd.log" "$world_dir"/login.out "$world_dir"/login.err "$world_dir"/*.page
exit $((world_problems > 0))
