#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Secrets stay where they belong: with everything logged that can be logged, and everything signed in that can be
# signed in, neither tokens, codes, verifiers, states nor keys are found in logs, store, command lines, environment or
# output, and no process that holds one leaves a core file.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
world_certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=contoso app' \
	-keyout "$world_dir/app.key" -out "$world_dir/app.crt" 2>/dev/null
world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" 60
sed -e 's/load=40m calculate=10m/load=20s calculate=10s/' -e '$a browser contoso auto' tests/system/cycle.scn >"$world_dir/canary.scn"
world_sim "$world_dir/canary.scn"
LOG_LEVEL=debug world_conf 'first_run = "alert"  job_poll = "10s"  account = "snapwatch@contoso.example"' </dev/null

# look_at PID NAME: its command line and environment, as others may see them, and whether it may leave a core file
look_at() {
	tr '\0' '\n' <"/proc/$1/cmdline" >>"$world_dir/out-cmdline-$2" 2>/dev/null || true
	tr '\0' '\n' <"/proc/$1/environ" >>"$world_dir/out-environ-$2" 2>/dev/null || true
	check "$2: no core file of $(tr -d '\0' <"/proc/$1/comm")" grep -q '^Max core file size  *0  *0 ' "/proc/$1/limits"
}
# look_at_login NAME: the command that waits, and the daemon that it may have started
look_at_login() {
	local child
	look_at "$world_login_pid" "$1"
	for child in $(cat "/proc/$world_login_pid/task/$world_login_pid/children"); do look_at "$child" "$1"; done
}
# Addresses are printed for people and hold state and nonce; nothing else may.
keep_output() {
	local url
	url=$(grep -h '^https://.*state=' "$world_dir/login.out" "$world_dir/login.err" || true)
	if [ -n "$url" ]; then
		grep -o -E '(state|nonce)=[^&]*' <<<"$url" | cut -d = -f 2 >>"$world_dir/states"
	fi
	grep -h -v '^https://.*state=' "$world_dir/login.out" >>"$world_dir/out-login" || true
	grep -h -v '^https://.*state=' "$world_dir/login.err" >>"$world_dir/out-login" || true
	check "$1 ends with 0 (it was $world_code)" [ "$world_code" -eq 0 ]
}
sign_in() { # sign_in NAME
	local url
	world_login contoso
	url=$(world_login_url)
	look_at_login "$1"
	world_browse "$url" >>"$world_dir/out-page"
	world_login_end
	keep_output "$1: browser"

	world_login contoso --paste
	url=$(world_login_url)
	curl -s --noproxy '*' --cacert "$world_dir/ca.pem" -o /dev/null -w '%{redirect_url}\n' "$url" >&7
	world_login_end
	keep_output "$1: pasted"

	world_tell 'device contoso approve after=2s'
	world_login contoso --device-code
	url=$(world_login_url)
	look_at_login "$1"
	world_login_end
	keep_output "$1: device code"
}

# answers that are refused, at each step
refusals() {
	local reason
	for reason in 'refuse conditional-access for=code' 'refuse consent-declined for=authorize'; do
		world_tell "do contoso $reason"
		world_login contoso
		world_browse "$(world_login_url)" >>"$world_dir/out-page"
		world_login_end
		world_tell 'do contoso accept'
		world_code=$((world_code == 4 ? 0 : 1)) # that it was refused is right
		keep_output "$reason"
	done
}

sign_in assist
world_daemon
world_wait_for world_up
judged() { world_cli jobs --json | grep -q '"state":"done"'; }
world_wait_for judged
look_at "$world_daemon_pid" daemon
sign_in daemon
refusals
cat "$world_dir/app.key" "$world_dir/app.crt" >"$world_dir/credentials/contoso-app"
world_tell "certificate contoso $world_dir/app.crt"
sed -i 's|^  client_id = .*|&\n  certificate = "contoso-app"|' "$world_dir/snapwatch.conf"
kill -HUP "$world_daemon_pid"
reloaded() { grep -q 'reload' "$world_dir/snapwatchd.log"; }
world_wait_for reloaded
sign_in certificate
for what in status jobs changes findings alerts tenants login; do
	world_cli "$what" >>"$world_dir/out-cli" 2>&1 || true
	world_cli "$what" --json >>"$world_dir/out-cli" 2>&1 || true
done
world_ask /sim/tokens >"$world_dir/tokens" # every token, code, verifier and assertion that there ever was, one a line

world_cli logout contoso >>"$world_dir/out-cli" 2>&1
world_stop || true

cp "$world_dir/credentials/store-key" "$world_dir/canaries"
{
	# of what is signed the signature: the rest may be made of names
	sed -E 's/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]{20,})$/\1/' "$world_dir/tokens"
	cat "$world_dir/states"
	printf 'canary-refresh-4f1b9c\n'
	printf '%s\n' "${world_secret#whsec_}"
} | sort -u >>"$world_dir/canaries"
check "there are tokens to look for" [ "$(wc -l <"$world_dir/canaries")" -ge 40 ]
mkdir "$world_dir/searched"
cp "$world_dir"/snapwatchd.log "$world_dir"/out-* "$world_dir"/*.db* "$world_dir/searched/"
while IFS= read -r canary; do
	[ -n "$canary" ] || continue
	check "${canary:0:12}... is nowhere" bash -c "! grep -rqaF -- '$canary' '$world_dir/searched'"
done <"$world_dir/canaries"
check "the search does find what is there" grep -rqaF contoso "$world_dir/searched"
check "command lines were looked at" grep -qaF -- --assist "$world_dir/searched/out-cmdline-assist"
[ "$world_problems" -eq 0 ] || { tail -n 40 "$world_dir/out-login"; tail -n 60 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
