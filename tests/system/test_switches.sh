#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the sources about the service leave open must make no difference: one daemon watches a tenant for
# each position of each switch of the simulator, some under /beta and some with many switches thrown at
# once. The same things happened to all of them, so their findings have to be the same.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=contoso app' \
	-keyout "$world_dir/app.key" -out "$world_dir/app.crt" 2>/dev/null
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/app"
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 600
scenario=$world_dir/switches.scn
printf 'start @START@\nhook ops secret=@SECRET@\ntenant default\n' >"$scenario"
world_sim "$scenario" # a first time, to hear which switches there are
world_ask /sim/switches >"$world_dir/switches"
kill -TERM "$world_sim_pid"
wait "$world_sim_pid"
rm "$world_dir/port"

tenants=() blocks=''
# variant NAME VERSION [SWITCH POSITION]...: a tenant of that name, and what happened to it
variant() {
	local name=$1 version=$2 id
	shift 2
	printf -v id '%08x-1111-4111-8111-111111111111' $((${#tenants[@]} + 1))
	{
		echo "tenant $name id=$id client=$id kind=real like=contoso users=60 groups=6 applications=4 policies=3" \
			"certificate=$world_dir/app.crt refresh_token=token-$name seed=7"
		while [ $# -gt 0 ]; do
			echo "switch $name $1 $2"
			shift 2
		done
		cat <<-SCN
			snapshots $name daily 22:00 keep=7
			preview $name load=40m calculate=10m
			at -1d10:00 $name delete users 30..39
			at -1d10:05 $name create application "Backup Helper" as helper
			at -1d10:06 $name create grant clientId=@helper scope="Mail.ReadWrite"
			at -1d10:07 $name set user 7 department=Sales jobTitle=Director
			at -1d10:08 $name set group 2 description=Everybody
			at -1d10:09 $name add-member group 2 user 58
			at -1d10:10 $name create user "New Hand"
		SCN
	} >>"$scenario"
	printf 'token-%s' "$name" >"$world_dir/credentials/$name.refresh_token"
	tenants+=("$name")
	blocks+="tenant \"$name\" {
	  tenant_id = \"$id\"  client_id = \"$id\"  certificate = \"app\"  sign_in = \"user+app\"
	  graph_url = \"@URL@/$version\"
	}
	"
}

variant as-documented v1.0
variant under-beta beta
variant beta-documented beta function documented
variant beta-plain beta function plain
while read -r switch _ positions; do
	for position in $positions; do variant "$switch-$position" v1.0 "$switch" "$position"; done
done <"$world_dir/switches"
variant mixed-1 v1.0 snapshot_id iso context bare order oldest location relative location_path jobs totals null \
	function parens working running capture end poll app nextlink skip page 7 count on current_state full rows split \
	totals_count objects lag 1h
variant mixed-2 beta snapshot_rows documented order shuffled location_path jobs function documented poll delegated \
	capture loaded totals null rotation off token_lifetime 10m rows split count on
variant mixed-3 v1.0 snapshot_id iso poll none page 1 nextlink skip reuse_detection on totals null rows split \
	location relative context bare snapshot_get served
check "there are positions enough to try (${#tenants[@]})" [ "${#tenants[@]}" -ge 38 ]

world_sim "$scenario"
world_conf 'first_run = "alert"' <<-CONF
	rule "modified" { change = {"modified"}  verdict = "warning" }
CONF
sed -i '/^tenant "/,$d' "$world_dir/snapwatch.conf"
printf '%s' "$blocks" | sed "s|@URL@|$world_url|" >>"$world_dir/snapwatch.conf"
world_once "${tenants[@]}"
check "--once ends with 0 (it was $world_code)" [ "$world_code" -eq 0 ]

# What was found, without what differs from run to run.
found() {
	world_cli findings --all --tenant "$1" --jsonl |
		sed -E 's/"(tenant|tenant_id|finding|job|first_job|first_seen|last_seen|happened_[a-z]*)":("[^"]*"|[0-9]+),?//g; s/"parent":[0-9]+/"parent":N/' | sort
}
found as-documented >"$world_dir/expected"
check "something was found at all" [ "$(wc -l <"$world_dir/expected")" -ge 16 ]
world_cli jobs --jsonl >"$world_dir/jobs"
for t in "${tenants[@]}"; do
	grep "\"tenant\":\"$t\"" "$world_dir/jobs" >"$world_dir/job" || true
	case $t in
	totals-never) verified=0 ;; # there is nothing to compare with
	*) verified=1 ;;
	esac
	check "$t: one preview, judged" [ "$(grep -c '"outcome":"ok"' "$world_dir/job")" -eq 1 ]
	check "$t: verified" [ "$(grep -c '"verified":true' "$world_dir/job")" -eq $verified ]
	found "$t" >"$world_dir/found"
	check "$t: the same findings" cmp "$world_dir/found" "$world_dir/expected"
	cmp -s "$world_dir/found" "$world_dir/expected" || diff "$world_dir/found" "$world_dir/expected" || true
done
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || { cat "$world_dir/violations"; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
