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
	world_conf "job_poll = \"10s\" ${bench_defaults:-}" </dev/null
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
