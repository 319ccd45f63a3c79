#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signing in at a server that is not ours: oidc-provider (npm, pinned by package-lock.json) on loopback over TLS. By
# code and by device code, as a public client and with a certificate; refreshing with rotation; and what a replayed
# refresh token does. curl is the browser: it fills in the server's own forms.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

skip() {
	printf 'SKIP oidc: %s\n' "$1"
	exit 0
}
modules=build/oidc
want=$(cat tests/oidc/package.json tests/oidc/package-lock.json | sha256sum)
command -v node >/dev/null || skip "there is no node (packaging/deps.sh test installs it)"
if [ "$(cat $modules/installed 2>/dev/null)" != "$want" ]; then
	command -v npm >/dev/null || skip "there is no npm (packaging/deps.sh test installs it)"
	npm ping --fetch-retries=0 >/dev/null 2>&1 || skip "the npm registry is not reachable"
	mkdir -p $modules
	cp tests/oidc/package.json tests/oidc/package-lock.json $modules/
	(cd $modules && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || { cat $modules/npm.log; exit 1; }
	printf '%s\n' "$want" >$modules/installed
fi

world_begin
world_certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=fabrikam app' \
	-keyout "$world_dir/app.key" -out "$world_dir/app.crt" 2>/dev/null
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/app"
openssl rand -base64 32 >"$world_dir/credentials/store-key"
node tests/oidc/server.mjs "$PWD/$modules" "$world_dir/server.pem" "$world_dir/server.key" "$world_dir/port" \
	"$world_dir/app.crt" >"$world_dir/server.log" 2>&1 &
world_sim_pid=$!
while ! [ -s "$world_dir/port" ]; do
	kill -0 "$world_sim_pid" 2>/dev/null || { cat "$world_dir/server.log"; exit 1; }
	sleep 0.05
done
world_url="https://localhost:$(cat "$world_dir/port")"
world_clock "$(date +%s)" 1
contoso=11111111-1111-4111-8111-111111111111 fabrikam=33333333-3333-4333-8333-333333333333
cat >"$world_dir/snapwatch.conf" <<-CONF
	store = "sqlite:$world_dir/snapwatch.db"
	control_socket = "$world_dir/control.sock"
	credentials_dir = "$world_dir/credentials"
	defaults {
	  authority = "$world_url"
	  graph_url = "$world_url/v1.0"
	  ca_file   = "$world_dir/ca.pem"
	}
	tenant "contoso" {
	  tenant_id = "$contoso"
	  client_id = "22222222-2222-4222-8222-222222222222"
	  account   = "snapwatch@contoso.example"
	}
	tenant "fabrikam" {
	  tenant_id   = "$fabrikam"
	  client_id   = "44444444-4444-4444-8444-444444444444"
	  certificate = "app"
	}
CONF
out=$world_dir/login.out err=$world_dir/login.err page=$world_dir/page jar=$world_dir/jar

browse() { world_browse -b "$jar" -c "$jar" -o "$page" "$@"; }
# The first value of an attribute in the page: attribute NAME BEFORE
attribute() { grep -o "$2[^>]*$1=\"[^\"]*\"" "$page" | head -n 1 | sed "s/.*$1=\"\([^\"]*\)\".*/\1/; s/&amp;/\&/g"; }
# The forms that follow: who it is, then that it is allowed. USER
person() {
	browse --data-urlencode prompt=login --data-urlencode "login=$1" --data-urlencode password=x "$(attribute action '<form')"
	if has "$page" 'value="consent"'; then browse --data-urlencode prompt=consent "$(attribute action '<form')"; fi
}
# by_code TENANT USER [OPTION...]
by_code() {
	local user=$2 url
	rm -f "$jar"
	world_login "$1" "${@:3}"
	if url=$(world_login_url); then
		browse "$url"
		person "$user"
	fi
	world_login_end
}
# by_device TENANT USER yes|no
by_device() {
	local code uri xsrf
	rm -f "$jar"
	world_login "$1" --device-code
	until code=$(grep -h -o -m 1 '[A-Z]\{4\}-[A-Z]\{4\}' "$out" "$err"); do
		kill -0 "$world_login_pid" 2>/dev/null || break
		sleep 0.05
	done
	uri=$(grep -h -o -m 1 'https://[^ ]*/device' "$out" "$err")
	browse "$uri"
	xsrf=$(attribute value 'name="xsrf"')
	browse --data-urlencode "xsrf=$xsrf" --data-urlencode "user_code=$code" "$uri"
	xsrf=$(attribute value 'name="xsrf"')
	if [ "$3" = yes ]; then
		browse --data-urlencode "xsrf=$xsrf" --data-urlencode "user_code=$code" --data-urlencode confirm=yes "$uri"
		person "$2"
	else
		browse --data-urlencode "xsrf=$xsrf" --data-urlencode "user_code=$code" --data-urlencode abort=yes "$uri"
	fi
	world_login_end
}
seen() { world_ask /test/seen; }
refreshes() { seen | grep "$1" | grep -c '"grant":"refresh_token".*"status":200' || true; }
state_of() { world_cli tenants --json | grep -o "\"tenant\":\"$1\".*" | grep -o -m 1 '"state":"[a-z_]*"' | head -n 1 | cut -d '"' -f 4; }
ends_with() { check "$1: exit status $2 (it was $world_code)" [ "$world_code" -eq "$2" ]; }
probe() { world_cli doctor "$1" --json >"$world_dir/doctor" 2>&1 || true; }

echo "code and PKCE, public client, without a daemon"
by_code contoso snapwatch
ends_with "code" 0
check "code: who it is" has "$out" 'signed in as snapwatch@contoso.example'
check "code: with a verifier, without an assertion" \
	has <(seen) "$contoso.*authorization_code.*\"verifier\":true,\"assertion\":false,\"status\":200"
by_code contoso somebody
ends_with "somebody else" 4
check "somebody else is named" has <(cat "$out" "$err") 'somebody@contoso.example'

echo "code and PKCE, with an assertion"
by_code fabrikam snapwatch
ends_with "assertion" 0
check "assertion: it was verified" \
	has <(seen) "$fabrikam.*authorization_code.*\"verifier\":true,\"assertion\":true,\"status\":200"

echo "device code"
by_device contoso snapwatch no
ends_with "declined" 4
by_device contoso snapwatch yes
ends_with "device" 0
check "device: it was asked about more than once" [ "$(seen | grep -c device_code)" -ge 2 ]
by_device fabrikam snapwatch yes
ends_with "device, assertion" 0
check "device, assertion: it was verified" has <(seen) "$fabrikam.*device_code.*\"assertion\":true,\"status\":200"

echo "refreshing"
world_daemon
world_wait_for world_up
for tenant in contoso fabrikam; do
	id=${!tenant}
	before=$(refreshes "$id")
	probe $tenant
	probe $tenant
	after=$(refreshes "$id")
	check "$tenant: refreshed twice ($before, then $after)" [ "$((after - before))" -ge 2 ]
	check "$tenant: by another token each time" \
		[ "$(seen | grep "$id" | grep '"grant":"refresh_token"' | grep -o '"refresh_token":"[^"]*"' | sort | uniq -d | wc -l)" -eq 0 ]
	check "$tenant: signed in" [ "$(state_of $tenant)" = good ]
done
check "its access tokens are good" has <(seen) '"graph".*"status":200'
check "and none was refused" lacks <(seen) '"graph".*"status":401'

echo "a refresh token that is used again"
old=$(seen | grep "$contoso" | grep -o '"refresh_token":"[^"]*"' | tail -n 1 | cut -d '"' -f 4)
status=$(curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o "$page" -w '%{http_code}' \
	-d grant_type=refresh_token -d client_id=22222222-2222-4222-8222-222222222222 --data-urlencode "refresh_token=$old" \
	"$world_url/$contoso/oauth2/v2.0/token")
check "is refused ($status)" [ "$status" = 400 ]
probe contoso
check "and has ended the sign-in ($(state_of contoso))" [ "$(state_of contoso)" = refused ]
check "doctor says what to type" has "$world_dir/doctor" 'snapwatch login contoso'
world_cli alerts --json >"$out" 2>"$err" || true
check "there is an alert" has "$out" sign_in_required
check "the other tenant is as it was" [ "$(state_of fabrikam)" = good ]
by_code contoso snapwatch
ends_with "signed in again" 0
check "good again" [ "$(state_of contoso)" = good ]
world_stop || true

secrets=$(seen | grep -o '"refresh_token":"[^"]*"' | cut -d '"' -f 4 | sort -u)
found=0
for secret in $secrets; do
	if grep -r -a -q -F -e "$secret" --exclude=page --exclude=server.log "$world_dir"; then found=1; fi
done
check "no refresh token is anywhere in clear" [ "$found" -eq 0 ]

if [ "$world_problems" -gt 0 ]; then
	printf -- '--- %s\n' "$world_dir/server.log"
	tail -n 20 "$world_dir/server.log"
	tail -n 20 "$world_dir/snapwatchd.log" 2>/dev/null || true
	exit 1
fi
