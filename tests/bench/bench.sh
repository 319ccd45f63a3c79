#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the daemon costs: time, CPU, memory, disk, against the least that a program could do with the
# same data (floor.c). Prints a table, writes build/bench.json, and ends with 1 when a target is
# missed. README.md has what the numbers mean.
#
#	make bench			about five minutes
#	make bench BENCH=quick		20,000 and 100,000 changes; targets are shown, not held
#	make bench PEERS=1		the same job in Node and Python too
#	make bench ONLY="job many"	of: job long large many idle peers
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

# Changes of one job, of a long one, rounds, seconds to watch an idle daemon.
if [ "${BENCH:-full}" = quick ]; then
	N=20000 LONG=100000 ROUNDS=1 IDLE_S=5
else
	N=200000 LONG=1000000 ROUNDS=${ROUNDS:-3} IDLE_S=20
fi
MANY=64
IDLE=1000

world_begin
world_certificate
world_clock "$(date -u -d '2026-11-16T12:00:00Z' +%s)" 60
world_sim_options=(--cache)
bench_begin

bench_scenario() {
	local i
	echo 'start @START@'
	echo 'hook ops secret=@SECRET@'
	bench_tenant job 1 objects=$N event=-1d08:00
	bench_tenant long 2 objects=$LONG event=-1d08:00
	bench_tenant large 3 objects=7992 event=-1d08:00 pad=15000
	for ((i = 1; i <= MANY; i++)); do bench_tenant "many$i" $((100 + i)) objects=5000 event=-1d08:00; done
	for ((i = 1; i <= IDLE; i++)); do bench_tenant "idle$i" $((1000 + i)) objects=1 event=-1d08:00; done
	echo 'fault clear'
}
bench_scenario >"$world_dir/bench.scn"
world_sim "$world_dir/bench.scn"

# --- one job, next to the floor -------------------------------------------------------------------
part_job() {
	local i
	bench_warm job
	for ((i = 1; i <= ROUNDS; i++)); do
		bench_daemon "job.$i" job
		bench_floor "floor.$i" job
	done
	bench_median job
	bench_median floor
	put cpu_ratio_to_floor "$(ratio job.cpu_s floor.cpu_s)"
	put wall_ratio_to_floor "$(ratio job.wall_s floor.wall_s)"
	put changes_per_s "$(calc "$N / $(get job.wall_s)")"
}

for part in ${ONLY:-job long large many idle}; do "part_$part"; done
cat "$results"
