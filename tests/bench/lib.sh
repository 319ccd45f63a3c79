# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Parts of bench.sh: running things and keeping what they cost. A result is a line "NAME VALUE" of
# $results; names have a prefix for what they were measured at ("job.1.cpu_s").

# shellcheck source=tests/support/world.sh
. tests/support/world.sh

results=''

bench_begin() {
	results=$world_dir/results
	: >"$results"
	: >"$world_dir/limits"
}

# put NAME VALUE, get NAME
put() { printf '%s %s\n' "$1" "$2" >>"$results"; }
get() { awk -v name="$1" '$1 == name { v = $2 } END { print v == "" ? "nan" : v }' "$results"; }
calc() { awk "BEGIN { printf \"%.3f\", $1 }"; }
ratio() { calc "$(get "$1") / $(get "$2")"; }

# take PREFIX FILE: the lines of FILE become results.
take() { sed "s/^/$1./" "$2" >>"$results"; }

# bench_tenant NAME SEED KEY=VALUE...: a line of the scenario.
bench_tenant() {
	local name=$1 seed=$2
	shift 2
	printf 'tenant %s id=%08x-0000-4000-8000-000000000001 client=%08x-0000-4000-8000-000000000002 kind=procedural seed=%d refresh_token=bench-%s %s\n' \
		"$name" "$seed" "$seed" "$seed" "$name" "$*"
	printf 'snapshots %s daily 22:00 keep=7\npreview %s initial=0s load=0s calculate=0s\n' "$name" "$name"
}

# bench_conf NAME...: the configuration of a daemon with these tenants; $bench_defaults are added.
bench_conf() {
	world_conf "job_poll = \"5s\" ${bench_defaults:-}" </dev/null
	awk -v names=" $* " '
		/^tenant / { split($0, q, "\""); skip = index(names, " " q[2] " ") == 0 }
		!skip { print }
		/^}/ { skip = 0 }' "$world_dir/snapwatch.conf" >"$world_dir/some.conf"
	mv "$world_dir/some.conf" "$world_dir/snapwatch.conf"
}

# bench_daemon PREFIX NAME...: one whole cycle of these tenants, with a store of its own.
bench_daemon() {
	local prefix=$1
	shift
	rm -f "$world_dir"/{snapwatch,secrets}.db* "$world_dir"/{cost,stall}
	bench_conf "$@"
	SNAPWATCH_BENCH_STALL=$world_dir/stall ${BENCH_UNDER:-} "$B/bench/measure" "$world_dir/cost" \
		"$B/bench/snapwatchd" --config "$world_dir/snapwatch.conf" --once "$@" \
		2>"$world_dir/snapwatchd.log" || { tail -n 20 "$world_dir/snapwatchd.log" >&2; exit 1; }
	"$B/bench/sizes" "$world_dir/snapwatch.db" >>"$world_dir/cost"
	take "$prefix" "$world_dir/cost"
	take "$prefix" "$world_dir/stall"
}

# bench_fetch DATABASE NAME
bench_fetch() {
	local line id client
	line=$(grep "^tenant $2 " "$world_dir/scenario.scn")
	id=${line#*id=} client=${line#*client=}
	"$B/bench/measure" "$world_dir/cost" "$B/bench/floor" "$world_url" "$world_dir/ca.pem" "${id%% *}" \
		"${client%% *}" "bench-$2" "$1" >/dev/null
}

# bench_warm NAME...: the simulator makes and keeps the pages of these tenants.
bench_warm() {
	local name
	for name in "$@"; do bench_fetch - "$name"; done
}

# bench_floor PREFIX NAME
bench_floor() {
	rm -f "$world_dir"/floor.db* "$world_dir/cost"
	bench_fetch "$world_dir/floor.db" "$2"
	take "$1" "$world_dir/cost"
}

# bench_median PREFIX ROUNDS: of each result of the rounds PREFIX.1, PREFIX.2, ...
bench_median() {
	local name
	sed -n "s/^$1\.1\.\([a-z_0-9]*\) .*/\1/p" "$results" | while read -r name; do
		grep "^$1\.[0-9]*\.$name " "$results" | sort -k2,2n |
			awk -v name="$1.$name" '{ v[NR] = $2 } END { print name, v[int((NR + 1) / 2)] }'
	done >"$world_dir/medians"
	cat "$world_dir/medians" >>"$results"
}

# --- targets --------------------------------------------------------------------------------------
# limit NAME OPERATOR BOUND
limit() { printf '%s %s %s\n' "$1" "$2" "$3" >>"$world_dir/limits"; }

# What is printed, and the short names of the figures that stand for the run.
bench_report() {
	mkdir -p "$(dirname "$1")"
	awk -v limits="$world_dir/limits" -v quick="${BENCH:-full}" -v json="$1" '
		{ if (!($1 in value)) order[++n] = $1; value[$1] = $2 }
		function holds(v, op, bound) {
			if (v == "nan" || v == "") return 0
			return op == "<=" ? v + 0 <= bound + 0 : op == "<" ? v + 0 < bound + 0 : v + 0 == bound + 0
		}
		function alias(to, from) { if (from in value) value[to] = value[from]; if (from in value) order[++n] = to }
		END {
			alias("rss_mib", "job.rss_mib"); alias("bytes_per_change", "job.bytes_per_change")
			alias("max_stall_ms", "job.max_stall_ms"); alias("wall_s", "job.wall_s")
			for (i = 1; i <= n; i++)
				if (order[i] !~ /\.[0-9]+\./) printf "%-34s %12s\n", order[i], value[order[i]]
			print "\ntarget                                    measured"
			while ((getline line <limits) > 0) {
				split(line, l, " ")
				good = holds(value[l[1]], l[2], l[3])
				if (!good) missed++
				printf "%-30s %-2s %-8s %10s  %s\n", l[1], l[2], l[3], value[l[1]], good ? "ok" : "MISSED"
			}
			printf "{\n" >json
			for (i = 1; i <= n; i++) printf "  \"%s\": %s,\n", order[i], value[order[i]] == "nan" ? "null" : value[order[i]] >json
			printf "  \"missed\": %d\n}\n", missed >json
			exit missed > 0 && quick != "quick"
		}' "$results"
}

# --- other programs ---------------------------------------------------------------------------------
# True when a process has done nothing for a second.
bench_quiet() {
	local before
	before=$(cat /proc/"$1"/task/*/stat | awk '{ n += $14 + $15 } END { print n }')
	sleep 1
	[ "$before" = "$(cat /proc/"$1"/task/*/stat | awk '{ n += $14 + $15 } END { print n }')" ]
}

# Microsoft's client and the database from npm, by the versions of package.json.
bench_peers_prepare() {
	mkdir -p build/bench-peers
	cp tests/bench/package.json tests/bench/peer.mjs build/bench-peers/
	[ -d build/bench-peers/node_modules ] || (cd build/bench-peers && npm install --no-audit --no-fund --silent)
}

# bench_peer PREFIX NAME COMMAND...
bench_peer() {
	local prefix=$1 name=$2 line id client
	shift 2
	line=$(grep "^tenant $name " "$world_dir/scenario.scn")
	id=${line#*id=} client=${line#*client=}
	rm -f "$world_dir"/peer.db* "$world_dir/cost"
	NODE_EXTRA_CA_CERTS=$world_dir/ca.pem REQUESTS_CA_BUNDLE=$world_dir/ca.pem NO_PROXY='*' \
		"$B/bench/measure" "$world_dir/cost" "$@" "$world_url" "${id%% *}" "${client%% *}" "bench-$name" \
		"$world_dir/peer.db" >"$world_dir/peer.out"
	grep -q "^rows $N$" "$world_dir/peer.out" || { cat "$world_dir/peer.out" >&2; exit 1; }
	take "$prefix" "$world_dir/cost"
}
