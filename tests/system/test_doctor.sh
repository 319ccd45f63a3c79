#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# snapwatch doctor names the right remedy for everything that was broken here on purpose, one thing at a
# time; says nothing against a tenant in good health; and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_clock "$(date -u +%s)" 1 # of TLS certificates too
mounted=''
more_pids=()
# shellcheck disable=SC2317 # called by the trap
end() {
	local pid
	for pid in "${more_pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
	world_end
	[ -z "$mounted" ] || umount -l "$mounted" 2>/dev/null || true
	rm -rf "$world_dir"
}
world_keep=yes # removed above, after the file system
trap end EXIT

# make_certificate NAME END [SIGNER]: NAME.key and NAME.crt for localhost, which end then (YYYYmmddHHMMSSZ)
make_certificate() {
	local at=$world_dir/$1 signer=${3:-}
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$at.key" -out "$at.csr" 2>/dev/null
	mkdir -p "$at.ca"
	: >"$at.ca/index"
	echo 01 >"$at.ca/serial"
	printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n' \
		"$at.ca" "$at.ca" "$at.ca" >"$at.cnf"
	local by=(-selfsign -keyfile "$at.key")
	[ -z "$signer" ] || by=(-cert "$world_dir/$signer.pem" -keyfile "$world_dir/$signer.key")
	openssl ca -batch -notext -config "$at.cnf" -extensions e -startdate 20200101000000Z -enddate "$2" \
		"${by[@]}" -in "$at.csr" -out "$at.crt" 2>/dev/null
}

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=snapwatch test CA' \
	-keyout "$world_dir/ca.key" -out "$world_dir/ca.pem" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=another CA' \
	-keyout "$world_dir/other.key" -out "$world_dir/other.pem" 2>/dev/null
make_certificate server 20491231235959Z ca
mv "$world_dir/server.crt" "$world_dir/server.pem"
make_certificate stale 20210101000000Z ca
make_certificate app 20491231235959Z
make_certificate unknown 20491231235959Z
make_certificate over 20210101000000Z

# A refusal is not to be asked for again at once, so whatever the token endpoint refuses has a tenant of its own.
patients=(contoso unregistered password policy unconsented factor disabled scarce generous roleless unlicensed foreign dropped throttled mixed)
id_of() { printf '%08x-1111-4111-8111-%012x' "$1" "$1"; }
for i in "${!patients[@]}"; do
	name=${patients[$i]} extra=''
	case $name in unregistered | mixed) extra=" certificate=$world_dir/app.crt" ;; esac
	echo "tenant $name id=$(id_of $((i + 1))) client=$(id_of $((i + 100))) users=20 refresh_token=$name-first-token$extra"
	echo "snapshots $name daily 22:00 keep=7"
	echo "preview $name initial=1s load=1s calculate=1s"
done >"$world_dir/doctor.scn"
echo 'hook ops secret=@SECRET@' >>"$world_dir/doctor.scn"
world_sim "$world_dir/doctor.scn"
world_conf 'job_poll = "5s"' </dev/null
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/registered"
cat "$world_dir/unknown.key" "$world_dir/unknown.crt" >"$world_dir/credentials/unknown"
sed -i -e 's|^tenant "mixed" {|&\n  sign_in = "user+app"\n  certificate = "registered"|' \
	-e 's|^tenant "unregistered" {|&\n  certificate = "unknown"|' "$world_dir/snapwatch.conf"
cp "$world_dir/snapwatch.conf" "$world_dir/good.conf"
cp -a "$world_dir/credentials" "$world_dir/good.credentials"

# a server whose certificate is over
"${world_run[@]}" "$B/test/graphsim" --cert "$world_dir/stale.crt" --key "$world_dir/stale.key" --port 0 \
	--port-file "$world_dir/stale.port" --scenario "$world_dir/scenario.scn" >"$world_dir/stale.log" 2>&1 &
more_pids+=($!)
world_wait_for test -s "$world_dir/stale.port"

sim() { curl -sf --noproxy '*' --cacert "$world_dir/ca.pem" --data "$*" "$world_url/sim/line" >/dev/null; }
# set_key KEY VALUE: in the tenant's section
set_key() { sed -i "s|^tenant \"contoso\" {|&\n  $1 = \"$2\"|" "$world_dir/snapwatch.conf"; }
credential() { cat >"$world_dir/credentials/$1"; }
with_certificate() {
	cat "$world_dir/$1.key" "$world_dir/$1.crt" | credential contoso-app
	set_key certificate contoso-app
}

cases=0
# expect TEXT CODE CHECK RESULT EVIDENCE REMEDY [OPTION...]: doctor ends with CODE, and its CHECK has that
# RESULT and contains these two; then everything is as it was. SETUP before it is the caller's.
expect() {
	local text=$1 code=$2 check=$3 result=$4 evidence=$5 remedy=$6 got=0 line
	shift 6
	cases=$((cases + 1))
	world_cli doctor --json "$@" >"$world_dir/report" 2>"$world_dir/report.err" || got=$?
	line=$(sed 's/},{/}\n{/g' "$world_dir/report" | grep -F "\"check\":\"$check\"" |
		grep -F "\"result\":\"$result\"" | grep -F -- "$evidence" | grep -F -- "$remedy" || true)
	if [ "$got" = "$code" ] && [ -n "$line" ]; then printf '  ok    %s\n' "$text"; else
		printf '  WRONG %s: exit %s instead of %s\n' "$text" "$got" "$code"
		sed 's/},{/}\n{/g' "$world_dir/report" | grep -vE '"result":"(ok|skipped)"' || true
		cat "$world_dir/report.err"
		world_problems=$((world_problems + 1))
	fi
	heal
}
heal() {
	cp "$world_dir/good.conf" "$world_dir/snapwatch.conf"
	rm -rf "$world_dir/credentials"
	cp -a "$world_dir/good.credentials" "$world_dir/credentials"
	sim fault clear
}

echo 'in good health:'
expect "nobody runs: one is started for it" 0 service warn 'does not run' 'systemctl start snapwatchd' contoso
expect "the sign-in is used" 0 token ok 'works' '' contoso
world_daemon
world_wait_for world_up
world_cli run contoso --wait >/dev/null
expect "a daemon that runs is asked" 0 service ok 'runs' '' contoso
expect "it says whose token it has" 0 tenant ok "$(id_of 1)" '' contoso
expect "a preview was created: the role is there" 0 roles ok 'a preview was created' '' contoso
expect "the slot is free" 0 slot ok 'free' '' contoso
expect "how a job is read" 0 polling ok "with the account's token" '' contoso
world_cli run mixed --wait >/dev/null
expect "the application has a token of its own" 0 app_token ok 'its own' '' mixed
expect "how a job is read there" 0 polling ok "a job is read with" '' mixed
expect "sinks are reached without a message" 0 sink ok 'reached' '' contoso
world_ask /sim/hooks >"$world_dir/hooks"
check "and nobody heard of it" lacks "$world_dir/hooks" 'snapwatch reaches sink'
expect "a test alert arrives" 0 sink ok 'the test alert arrived' '' contoso --sinks
world_ask /sim/hooks >"$world_dir/hooks"
check "marked as a test" has "$world_dir/hooks" 'snapwatch reaches sink'
code=0
world_cli doctor contoso >"$world_dir/text" || code=$?
check "the text for people: nothing is broken (exit $code)" has "$world_dir/text" '^0 failed, '
check "no line is longer than a terminal's" bash -c "! grep -E '^.{81}' '$world_dir/text'"
world_stop TERM

echo 'this host:'
echo 'nonsense = "1"' >>"$world_dir/snapwatch.conf"
expect "an unknown key" 2 configuration fail 'unknown key' 'snapwatch check-config'

sed -i '/^tenant/,$d' "$world_dir/snapwatch.conf"
expect "no tenant at all" 2 configuration fail 'there is no tenant' 'tenants.d/NAME.conf'

code=0
world_cli doctor contosso 2>"$world_dir/text" || code=$?
cases=$((cases + 1))
check "a name that is no tenant's (exit $code)" bash -c "[ $code -eq 1 ] && grep -q \"did you mean 'contoso'\" '$world_dir/text'"

rm "$world_dir/credentials/store-key"
expect "no store key" 2 store_key fail 'is missing' "openssl rand -base64 32 >$world_dir/credentials/store-key"

openssl rand -base64 16 | credential store-key
expect "a store key that is too short" 2 store_key fail 'is not 32 bytes' 'put back the right one'

openssl rand -base64 32 | credential store-key
rm "$world_dir/credentials/contoso.refresh_token"
expect "another store key" 4 token fail 'store-key' 'store-key' contoso

mkdir "$world_dir/damaged"
cp "$world_dir"/snapwatch.db "$world_dir"/secrets.db "$world_dir/damaged"
dd if=/dev/urandom of="$world_dir/damaged/snapwatch.db" bs=4096 seek=1 count=12 conv=notrunc status=none
sed -i "s|sqlite:$world_dir/|sqlite:$world_dir/damaged/|" "$world_dir/snapwatch.conf"
expect "a damaged store" 9 store fail 'is damaged' 'snapwatch store verify'

mkdir "$world_dir/disk"
if mount -t tmpfs -o size=16m,mode=0700 tmpfs "$world_dir/disk" 2>/dev/null; then
	mounted=$world_dir/disk
	sed -i "s|sqlite:$world_dir/|sqlite:$world_dir/disk/|" "$world_dir/snapwatch.conf"
	expect "a disk that is nearly full" 9 disk fail 'left in' 'make room' contoso
else
	echo 'SKIPPED: a file system cannot be mounted here (needs root); a disk that is nearly full is NOT tested'
fi

sed -i "s|$(id_of 1)|99999999-9999-4999-8999-999999999999|" "$world_dir/snapwatch.conf"
expect "another tenant under the same name" 9 watched fail 'another tenant_id' 'another name' contoso

echo 'credentials:'
set_key certificate contoso-app
expect "the certificate's file is missing" 2 credentials fail 'is missing' 'LoadCredential=' contoso

chmod 0644 "$world_dir/credentials/contoso.refresh_token"
expect "a credential that others may read" 2 credentials fail 'may be read by others' \
	"chmod 0400 $world_dir/credentials/contoso.refresh_token" contoso

credential contoso-app <"$world_dir/app.crt"
set_key certificate contoso-app
expect "a certificate without its key" 2 credentials fail 'holds no private key' 'one behind the other, in PEM' contoso

with_certificate over
expect "the certificate is over" 4 certificate fail 'expired' 'make a new one' contoso

expect "a certificate that is not registered" 4 token fail 'AADSTS700027' 'certificate' unregistered

echo 'the way:'
set_key authority 'https://nowhere.invalid'
expect "a host without an address" 5 dns fail 'nowhere.invalid' 'getent hosts nowhere.invalid' contoso

set_key graph_url 'https://localhost:1/v1.0'
expect "a port that nobody listens on" 5 connection fail 'localhost:1' 'firewall' contoso

set_key ca_file "$world_dir/other.pem"
expect "an authority that is not trusted" 5 tls fail 'snapwatch test CA' 'ca_file' contoso

set_key authority "https://localhost:$(cat "$world_dir/stale.port")"
expect "a server's certificate that is over" 5 tls fail 'expired' 'must renew it' contoso

sim 'fault * HEAD * count=all date=+10m'
expect "a clock that is wrong" 2 clock fail 'behind the service' 'timedatectl set-ntp true' contoso

echo 'signing in:'
rm "$world_dir/credentials/contoso.refresh_token"
sed -i "s|sqlite:$world_dir/|sqlite:$world_dir/new/|" "$world_dir/snapwatch.conf"
mkdir "$world_dir/new"
expect "nobody has signed in yet" 4 token fail '' 'snapwatch login contoso' contoso

sim password refuse password-changed
expect "the password was changed" 4 token fail 'AADSTS50173' 'snapwatch login password' password

sim policy refuse conditional-access
expect "a policy stands in the way" 4 token fail 'AADSTS53003' 'policy' policy
sim policy accept
expect "and does so no more: it goes on by itself" 0 token ok 'works' '' policy

sim unconsented refuse consent
expect "consent is missing" 4 token fail 'AADSTS65001' 'consent' unconsented

sim factor refuse mfa
expect "a second factor is wanted" 4 token fail 'AADSTS50076' 'snapwatch login factor' factor

sim disabled disable
expect "the account is disabled" 4 token fail 'AADSTS50057' 'account' disabled

sim 'fault dropped POST */token count=all drop=before'
expect "the token endpoint is down" 5 token fail 'token endpoint' 'wait' dropped

sim 'fault throttled POST */token count=all status=429'
expect "the token endpoint throttles" 6 token fail '' 'wait' throttled

sim claims foreign good tid=99999999-9999-4999-8999-999999999999
expect "the token of another tenant" 4 tenant fail 'of tenant 99999999' 'correct tenant_id' foreign

sim consent scarce granted=EntraBackup.Read.All
expect "a permission is missing" 4 scopes fail 'missing: EntraBackup.ReadWrite.Preview' 'consent' scarce

sim consent generous delegated=EntraBackup.Read.All,EntraBackup.ReadWrite.Preview,EntraBackup.ReadWrite.Recovery granted=all
expect "a permission too many" 0 scopes warn 'EntraBackup.ReadWrite.Recovery' 'take back the consent' generous

echo 'the service:'
sim 'user roleless snapwatch roles=""'
expect "the role is missing" 4 roles fail '403' 'Entra Backup Administrator' roleless

sim licence unlicensed denied
expect "the licence is missing" 4 roles fail '403' 'licence' unlicensed

sim licence unlicensed empty
expect "an empty list of snapshots" 0 snapshots warn 'the list is empty' 'licence' unlicensed

sim 'fault contoso GET *snapshots* count=all gateway=200'
expect "a page of somebody on the way" 8 snapshots fail 'text/html' 'who answers there' contoso

sim 'fault contoso GET *snapshots* count=all status=429 retry_after=60'
expect "throttled" 6 snapshots fail '429' 'wait' contoso

sim 'fault contoso GET *jobs* count=all status=500'
expect "jobs cannot be listed" 5 jobs fail '500' 'wait' contoso

sim contoso foreign-recovery duration=1h
expect "somebody's recovery holds the slot" 0 slot warn 'a recovery of somebody else' 'right now' contoso
sim contoso abandon

echo 'sinks:'
printf 'https://localhost:1/hook/ops' | credential ops-url
expect "a receiver that is not there" 5 sink fail 'it is not reached' 'firewall' contoso

sim 'fault * POST /hook/ops count=all status=401'
expect "a receiver that refuses" 5 sink fail 'answered 401' 'whoever runs the receiver' contoso --sinks

rm "$world_dir/credentials/ops-secret"
expect "a sink without its key" 2 sink fail 'is missing' 'systemctl reload' contoso

echo 'together:'
code=0
world_cli doctor >"$world_dir/text" || code=$?
check "all tenants: the first failure decides (exit $code)" [ "$code" -eq 4 ]
check "each has a part of its own" [ "$(grep -cxE "$(IFS='|'; echo "${patients[*]}")" "$world_dir/text")" -eq "${#patients[@]}" ]
world_ask /sim/violations >"$world_dir/violations"
# but of the tenant whose certificate it does not know, which was the point
check "no request against the rules of the service" [ -z "$(grep -o '"tenant [^"]*"' "$world_dir/violations" |
	grep -v '^"tenant unregistered: ')" ]
printf '%d set-ups\n' "$cases"
[ "$world_problems" -eq 0 ] || cat "$world_dir/violations"
exit $((world_problems > 0))
