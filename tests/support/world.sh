#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A world to run the real programs in, for the demo and the system tests (sourced): a directory, a
# certificate authority for two days, graphsim on loopback and snapwatchd, both on one scaled clock.
# Everything started here is ended by world_end, by its process id.

world_dir='' world_keep=no world_url='' world_start_s=0 world_real_us=0 world_factor=1
world_sim_pid='' world_daemon_pid='' world_login_pid='' world_code=0 world_sim_options=()
FLAVOUR=${FLAVOUR:-rel}
B=build/$FLAVOUR

# Sanitizers of these compilers hang or fail with 32 bits of address randomness.
world_run=()
if [ "$FLAVOUR" != rel ] && setarch -R true 2>/dev/null; then world_run=(setarch -R); fi

# world_begin [DIR]: with DIR it is kept, and must not hold a store already.
world_begin() {
	umask 077
	if [ -n "${1:-}" ]; then
		world_keep=yes
		mkdir -p "$1"
		world_dir=$(cd "$1" && pwd)
		if [ -e "$world_dir/snapwatch.db" ]; then
			echo "$world_dir holds a store already; name another directory" >&2
			exit 1
		fi
	else
		world_dir=$(mktemp -d)
	fi
	mkdir -p "$world_dir/credentials"
	trap world_end EXIT
	trap 'exit 130' INT TERM
}

# shellcheck disable=SC2317 # called by the trap
world_end() {
	local pid
	for pid in $world_login_pid $world_daemon_pid $world_sim_pid; do kill -TERM "$pid" 2>/dev/null || true; done
	for pid in $world_login_pid $world_daemon_pid $world_sim_pid; do wait "$pid" 2>/dev/null || true; done
	[ "$world_keep" = yes ] || rm -rf "$world_dir"
}

# world_certificate [NAME]: an authority ($NAME.pem) and a server certificate for localhost.
world_certificate() {
	local ca=$world_dir/${1:-ca}
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=snapwatch test CA' \
		-keyout "$ca.key" -out "$ca.pem" 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout "$world_dir/server.key" \
		-out "$world_dir/server.csr" 2>/dev/null
	openssl x509 -req -in "$world_dir/server.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -days 2 \
		-extfile <(printf 'subjectAltName=DNS:localhost,DNS:graph.test,IP:127.0.0.1') -out "$world_dir/server.pem" 2>/dev/null
	rm -f "$ca.key" "$ca.srl" "$world_dir/server.csr"
}

# world_clock START_SECONDS FACTOR: from now on all programs share a clock that begins there.
world_clock() {
	world_start_s=$1 world_factor=$2
	world_real_us=$(($(date +%s%N) / 1000))
	export SNAPWATCH_TEST_CLOCK="$world_real_us ${world_start_s}000000 $world_factor"
}

# Seconds of that clock, now.
world_now_s() {
	echo $((world_start_s + ($(date +%s%N) / 1000 - world_real_us) * world_factor / 1000000))
}

# world_begin_at FACTOR: a directory, a certificate, and a clock that begins on the day of the scenarios of tests/system.
world_begin_at() {
	world_begin ''
	world_certificate ca
	world_clock "$(date -u -d '2026-11-16T00:00:00Z' +%s)" "$1"
}

# world_sim SCENARIO: starts the simulator; @START@, @SECRET@ and @DIR@ in the file are filled in. Tenants of the
# scenario become credentials and, with world_conf, configuration.
world_sim() {
	world_secret="whsec_$(openssl rand -base64 32)"
	sed -e "s|@START@|$(date -u -d "@$world_start_s" +%Y-%m-%dT%H:%M:%SZ)|" -e "s|@SECRET@|$world_secret|" \
		-e "s|@DIR@|$world_dir|" "$1" >"$world_dir/scenario.scn"
	"${world_run[@]}" "$B/test/graphsim" --cert "$world_dir/server.pem" --key "$world_dir/server.key" --port 0 \
		"${world_sim_options[@]}" --port-file "$world_dir/port" --scenario "$world_dir/scenario.scn" >"$world_dir/graphsim.log" 2>&1 &
	world_sim_pid=$!
	while ! [ -s "$world_dir/port" ]; do
		kill -0 "$world_sim_pid" 2>/dev/null || { cat "$world_dir/graphsim.log" >&2; exit 1; }
		sleep 0.05
	done
	world_url="https://localhost:$(cat "$world_dir/port")"
	openssl rand -base64 32 >"$world_dir/credentials/store-key"
	printf '%s' "$world_secret" >"$world_dir/credentials/ops-secret"
	printf '%s/hook/ops' "$world_url" >"$world_dir/credentials/ops-url"
	sed -n '/^tenant .* refresh_token=/p' "$world_dir/scenario.scn" | while read -r _ name _ _ rest; do
		rest=${rest##*refresh_token=}
		printf '%s' "${rest%% *}" >"$world_dir/credentials/$name.refresh_token"
	done
}

# world_conf [DEFAULTS]: writes the configuration; rules and more come from standard input.
world_conf() {
	{
		cat <<-CONF
			store = "sqlite:$world_dir/snapwatch.db"
			control_socket = "$world_dir/control.sock"
			credentials_dir = "$world_dir/credentials"
			log_level = "${LOG_LEVEL:-info}"

			defaults {
			  authority = "$world_url"
			  graph_url = "$world_url/v1.0"
			  ca_file   = "$world_dir/ca.pem"
			  ${1:-}
			}
			sink "ops" {
			  type = "webhook"  url = "ops-url"  secret = "ops-secret"
			  ca_file = "$world_dir/ca.pem"
			}
		CONF
		cat
		grep '^tenant ' "$world_dir/scenario.scn" | while read -r _ name id client _; do
			printf 'tenant "%s" {\n  tenant_id = "%s"\n  client_id = "%s"\n}\n' "$name" "${id#id=}" "${client#client=}"
		done
	} >"$world_dir/snapwatch.conf"
}

# world_cycle [DEFAULTS]: everything but the daemon for one tenant and one preview, an hour a second.
world_cycle() {
	world_begin_at 3600
	world_sim tests/system/cycle.scn
	world_conf "$@" </dev/null
}

# world_daemon [OPTION...]: starts snapwatchd in the background; its log is snapwatchd.log.
world_daemon() {
	"${world_run[@]}" "$B/test/snapwatchd" --config "$world_dir/snapwatch.conf" "$@" \
		2>>"$world_dir/snapwatchd.log" &
	world_daemon_pid=$!
}

# world_stop [SIGNAL]: ends the daemon; its exit status is the result.
world_stop() {
	local pid=$world_daemon_pid
	world_daemon_pid=''
	kill -"${1:-TERM}" "$pid"
	wait "$pid"
}

# world_once [TENANT...]: snapwatchd --once up to its end; its exit status is in world_code.
world_once() {
	world_code=0
	world_daemon --once "$@"
	# shellcheck disable=SC2034 # of the caller
	wait "$world_daemon_pid" || world_code=$?
	world_daemon_pid=''
}

world_cli() { "${world_run[@]}" "$B/test/snapwatch" --config "$world_dir/snapwatch.conf" "$@"; }

# True when the daemon answers on its control socket.
world_up() { world_cli status | grep -q 'runs (pid'; }

# world_ask PATH: a question to the simulator (/sim/violations, /sim/counts, /sim/hooks).
world_ask() { curl -s --noproxy '*' --cacert "$world_dir/ca.pem" "$world_url$1"; }

# world_tell LINE: a line of the scenario language, now.
world_tell() { curl -sf --noproxy '*' --cacert "$world_dir/ca.pem" --data "$1" "$world_url/sim/line"; }

# world_login OPTION...: `snapwatch login OPTION...` in the background; its output is in login.out and login.err, and
# its standard input is descriptor 7. world_login_url waits for the address that it prints.
world_login() {
	rm -f "$world_dir"/login.out "$world_dir"/login.err "$world_dir"/login.in
	mkfifo "$world_dir/login.in"
	"${world_run[@]}" "$B/test/snapwatch" --config "$world_dir/snapwatch.conf" login "$@" \
		<"$world_dir/login.in" >"$world_dir/login.out" 2>"$world_dir/login.err" &
	world_login_pid=$!
	exec 7>"$world_dir/login.in"
}
world_login_url() {
	until grep -h -m 1 '^https://' "$world_dir/login.out" "$world_dir/login.err"; do
		kill -0 "$world_login_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}
# Waits for its end; its exit status is in world_code.
world_login_end() {
	world_code=0
	exec 7>&-
	# shellcheck disable=SC2034 # of the caller
	wait "$world_login_pid" || world_code=$?
	world_login_pid=''
}

# world_browse URL [OPTION...]: what a browser does there, up to the end; prints the last page.
world_browse() { curl -s --max-time 60 --noproxy '*' --cacert "$world_dir/ca.pem" -L "$@"; }

# world_wait_for COMMAND...: until it succeeds; the caller's own time limit ends a wait in vain. The daemon must
# stay alive meanwhile if there is one.
world_wait_for() {
	until "$@" >/dev/null 2>&1; do
		if [ -n "$world_daemon_pid" ] && ! kill -0 "$world_daemon_pid" 2>/dev/null; then
			echo "the daemon ended while waiting for: $*" >&2
			tail -n 20 "$world_dir/snapwatchd.log" >&2
			return 1
		fi
		sleep 0.1
	done
}

# Counting what came out: check TEXT COMMAND...
world_problems=0
check() {
	local text=$1
	shift
	if "$@" >/dev/null 2>&1; then printf '  ok    %s\n' "$text"; else
		printf '  WRONG %s\n' "$text"
		world_problems=$((world_problems + 1))
	fi
}
has() { grep -q -- "$2" "$1"; }
lacks() { ! grep -q -- "$2" "$1"; }
