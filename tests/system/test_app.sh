#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sign-in by certificate: the simulator verifies every assertion. Which token may list and read jobs is
# not documented, so a whole cycle has to work whichever the service accepts, and say once what it
# found out.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=contoso app' \
	-keyout "$world_dir/app.key" -out "$world_dir/app.crt" 2>/dev/null
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/contoso-app"
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 3600
sed "s|^preview |certificate contoso $world_dir/app.crt\npreview |" tests/system/cycle.scn >"$world_dir/app.scn"
world_sim "$world_dir/app.scn"
world_conf 'sign_in = "user+app"' </dev/null
sed -i 's|^  client_id = .*|&\n  certificate = "contoso-app"|' "$world_dir/snapwatch.conf"

# cycle POSITION REFUSALS: a run with that switch; how often a token may be found to be refused
cycle() {
	curl -s --noproxy '*' --cacert "$world_dir/ca.pem" --data "switch poll $1" "$world_url/sim/line"
	rm -f "$world_dir/snapwatchd.log"
	world_once contoso
	check "poll $1: --once ends with 0 (it was $world_code)" [ "$world_code" -eq 0 ]
	check "poll $1: refusals are said $2 times" [ "$(grep -c 'token is refused' "$world_dir/snapwatchd.log")" -eq "$2" ]
	check "poll $1: nothing is warned of but changes" bash -c \
		"! grep -E '^(warning|error|critical): ' '$world_dir/snapwatchd.log' | grep -vE 'deleted|appeared'"
}
cycle any 0
cycle delegated 1 # the app-only token may not list jobs
cycle app 1       # the account's token may not read one
world_cli jobs --json >"$world_dir/jobs.json"
check "three previews were judged" [ "$(grep -o '"state":"done"' "$world_dir/jobs.json" | wc -l)" -eq 3 ]
world_ask /sim/violations >"$world_dir/violations"
check "no request against the rules of the service" [ "$(cat "$world_dir/violations")" = '[]' ]
[ "$world_problems" -eq 0 ] || { cat "$world_dir/violations"; tail -n 40 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
