#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/sign-in.md, done as it says: its commands make the certificate and the keys, its configuration is the one that
# is used, its login ends in a preview, its doctor is content, and its change of the store key loses no sign-in. What needs
# a portal is what the simulator has instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
world_clock "$(date -u +%s)" 10 # certificates are made by openssl's clock
document=$PWD/docs/sign-in.md
B=$PWD/$B
# block HEADING KIND N: the N-th block of that kind below a heading, for this directory
block() {
	awk -v heading="$1" -v kind="$2" -v wanted="$3" '
	/^## / { below = index($0, heading) > 0; n = 0 }
	/^ *```/ { inside = !inside; at = inside && $0 ~ ("```" kind "$"); n += at; next }
	below && at && n == wanted' "$document" | sed "s|/etc/snapwatch|$world_dir|g"
}
# doing HEADING KIND N: its commands succeed
doing() {
	local code=0
	block "$@" >"$world_dir/commands"
	check "'$1', block $3: there are commands" [ -s "$world_dir/commands" ]
	(
		cd "$world_dir"
		# shellcheck disable=SC2317 # called by the commands; there is no such user here
		chown() { [ "$1" = snapwatch: ]; }
		snapwatch() { world_cli "$@"; }
		export -f chown snapwatch
		. ./commands
	) >"$world_dir/out" 2>&1 || code=$?
	check "'$1', block $3: they succeed (the last said $code)" [ "$code" -eq 0 ]
}

doing '5. The certificate' sh 1
doing '5. The certificate' sh 1 # twice is no more than once
check 'one key and one certificate' [ "$(grep -c BEGIN "$world_dir/credentials/contoso-app")" -eq 2 ]
check 'for nobody else' [ "$(stat -c %a "$world_dir/credentials/contoso-app")" = 600 ]
doing '5. The certificate' sh 2
check 'what is uploaded holds no key' lacks "$world_dir/contoso-app.crt" 'PRIVATE'
check 'something to compare is shown' has "$world_dir/out" 'sha1 Fingerprint='

block '7. Tell snapwatch' conf 1 >"$world_dir/tenant.conf"
id() { sed -nE "s/^[[:space:]]*$1 *= \"(.*)\"/\\1/p" "$world_dir/tenant.conf"; }
{
	echo 'start @START@'
	echo "tenant contoso id=$(id tenant_id) client=$(id client_id) kind=real users=20 seed=7"
	echo 'certificate contoso @DIR@/contoso-app.crt'
	echo 'hook ops secret=@SECRET@'
	echo "user contoso snapwatch upn=$(id account)"
	echo 'user contoso anna upn=anna@contoso.com roles="Global Administrator"'
	echo 'snapshots contoso daily 22:00 keep=7'
	echo 'preview contoso initial=5s load=10s calculate=5s'
	echo 'browser contoso auto'
} >"$world_dir/howto.scn"
world_sim "$world_dir/howto.scn"
grep -v '^tenant ' "$world_dir/scenario.scn" >"$world_dir/rest.scn"
mv "$world_dir/rest.scn" "$world_dir/scenario.scn" # its tenant is that of the document
rm "$world_dir/credentials/store-key"
doing '6. Put the secrets' sh 1
world_conf 'job_poll = "5s"' <"$world_dir/tenant.conf" || true # the simulator adds none

world_cli login >"$world_dir/out" && world_code=0 || world_code=$?
check 'a work list (exit status 4)' [ "$world_code" -eq 4 ]
check 'who is missing, and the command' has "$world_dir/out" 'contoso .*snapwatch login contoso'

check 'the login that is shown' [ "$(block '8. Sign in' sh 1)" = 'snapwatch login contoso' ]
world_tell 'browser contoso auto as=anna'
world_login contoso
url=$(world_login_url)
world_browse "$url" >"$world_dir/page"
world_login_end
check 'somebody else is told so in the browser' lacks "$world_dir/page" 'class="good"'
check 'and where to sign in again' has "$world_dir/login.err" 'snapwatch login contoso'
check "somebody else is refused (it was $world_code)" [ "$world_code" -eq 4 ]
world_tell 'browser contoso auto'
world_login contoso
url=$(world_login_url)
world_browse "$url" >"$world_dir/page"
world_login_end
check "the account is signed in (it was $world_code)" [ "$world_code" -eq 0 ]
check 'it says as whom' has "$world_dir/login.out" 'contoso: signed in as svc-snapwatch@contoso.com'

once() {
	local code=0
	"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" --once contoso 2>>"$world_dir/snapwatchd.log" || code=$?
	check "$1 (it was $code)" [ "$code" -eq 0 ]
}
doing '9. See whether' sh 1
check 'and nothing fails' lacks "$world_dir/out" 'FAIL\|fail '
once 'a whole cycle'

doing 'A new store key' sh 1
once 'with the new key beside the old'
check 'everything is sealed anew' has "$world_dir/snapwatchd.log" "there is a new 'store-key': .* sealed anew"
rm "$world_dir/credentials/store-key.old"
once 'with the new key alone'
world_cli store rekey >"$world_dir/out" && world_code=0 || world_code=$?
check "nothing is left to seal (it was $world_code)" [ "$world_code" -eq 0 ]

# many tenants: the block is one configuration
block 'Many tenants' conf 1 >"$world_dir/many.conf"
"${world_run[@]}" "$B/test/snapwatch" --config "$world_dir/many.conf" check-config >"$world_dir/out" 2>&1 && world_code=0 || world_code=$?
check 'many tenants: a configuration that is right' [ "$world_code" -eq 0 ]
world_tell 'redirect contoso http://localhost platform=web'
for n in 1 2; do
	address=$(block 'Many tenants' text $n | sed "s|https://login.microsoftonline.com|$world_url|; s/TENANT_ID/$(id tenant_id)/; s/CLIENT_ID/$(id client_id)/")
	curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o /dev/null -w '%{redirect_url} %{http_code}\n' "$address" >"$world_dir/out"
	check "consent, address $n" has "$world_dir/out" 'http://localhost/?admin_consent=True'
done
world_ask /sim/violations >"$world_dir/violations"
check 'no request against the rules of the service' [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || { cat "$world_dir"/{commands,out,login.out,login.err,violations}; tail -n 40 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
