#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything that has to hold, part by part, with the minutes that each part took. Called by
# `make check`. PARTS="unit replay" runs some of them; FLAVOUR is asan unless told otherwise.
set -u
cd "$(dirname "$0")/.." || exit 1

FLAVOUR=${FLAVOUR:-asan}
B=build/$FLAVOUR
JOBS=$(nproc)
TEST_TIMEOUT=${TEST_TIMEOUT:-300}
passed=0 failed=0 skipped=0
table=()

# Sanitizers of these compilers hang or fail with 32 bits of address randomness.
PREFIX_CMD=()
if setarch -R true 2>/dev/null; then PREFIX_CMD=(setarch -R); fi
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
# How fast a machine is decides nothing: the limits of libcheck only end what hangs.
export CK_DEFAULT_TIMEOUT=120
if [ "$FLAVOUR" = val ]; then
	export CK_TIMEOUT_MULTIPLIER=10
	export PROPERTY_RUNS=30 # the fast flavours play them all
	PREFIX_CMD+=(valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite)
fi

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); printf 'FAIL %s\n' "$1"; }

# Runs one program; its output is shown only when it fails, and at most 200 lines of it. One that could not be run
# says so in a line that begins with SKIP, which is shown and counted.
run_one() {
	local name=$1 out rc
	shift
	out=$(mktemp)
	timeout "$TEST_TIMEOUT" "$@" >"$out" 2>&1 </dev/null
	rc=$?
	if [ $rc -eq 0 ] && grep '^SKIP ' "$out"; then
		skipped=$((skipped + 1))
	elif [ $rc -eq 0 ]; then ok; else
		bad "$name (exit $rc)"
		tail -n 200 "$out"
	fi
	rm -f "$out"
}

# Calls $1 with each of the others, JOBS at a time. Outputs are shown in their order.
run_each() {
	local fn=$1 dir rc i item
	shift
	dir=$(mktemp -d)
	i=0
	for item in "$@"; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
		{
			"$fn" "$item" >"$dir/$i.out" 2>&1 </dev/null
			echo $? >"$dir/$i.rc"
		} &
		i=$((i + 1))
	done
	wait
	i=0
	for item in "$@"; do
		rc=$(cat "$dir/$i.rc" 2>/dev/null)
		if [ "$rc" = 0 ]; then ok; else
			bad "$item (exit $rc)"
			tail -n 200 "$dir/$i.out"
		fi
		i=$((i + 1))
	done
	rm -rf "$dir"
}

part_build() { make -s -j"$JOBS" FLAVOUR="$FLAVOUR" WERROR=-Werror all unit programs || return 1; }

# Under valgrind a process per test costs three times as much, so that is only for programs that
# want it: tests that end the process, or that leave something behind in it.
unit_one() {
	if [ "$FLAVOUR" = val ]; then
		CK_FORK=no timeout "$TEST_TIMEOUT" "${PREFIX_CMD[@]}" "$1" && return 0
		echo "and with a process for each test:"
	fi
	timeout "$TEST_TIMEOUT" "${PREFIX_CMD[@]}" "$1"
}

# What a test that is gone left in the build directory is not run.
part_unit() {
	local t programs=()
	for t in tests/unit/test_*.c; do programs+=("$B/unit/$(basename "$t" .c)"); done
	run_each unit_one "${programs[@]}"
}

replay_one() { timeout "$TEST_TIMEOUT" "${PREFIX_CMD[@]}" "$B/test/replay" "$1"; }
part_replay() { run_each replay_one tests/replay/*.scn; }

part_system() {
	local f
	for f in tests/system/test_*.sh; do
		run_one "$f" env FLAVOUR="$FLAVOUR" bash "$f"
	done
}

# Signing in at a server that is not ours.
part_oidc() { run_one "sign-in at oidc-provider" env FLAVOUR="$FLAVOUR" bash tests/oidc/run.sh; }

part_kill() { run_one "kill -9" env FLAVOUR="$FLAVOUR" bash tests/system/kill.sh; }

# Faults at every n-th call: many with the shipped optimisation, some under the sanitizers.
part_fault() {
	make -s -j"$JOBS" FLAVOUR=rel build/rel/test/fault "$B/test/fault" || return 1
	TEST_TIMEOUT=900 run_one "faults" build/rel/test/fault --runs 800 tests/fault/cycle.scn
	TEST_TIMEOUT=900 run_one "faults ($FLAVOUR)" "${PREFIX_CMD[@]}" "$B/test/fault" --runs 60 tests/fault/cycle.scn
}

part_demo() { run_one "make demo" make -s FLAVOUR=rel demo; }

part_fuzz() {
	make -s -j"$JOBS" FLAVOUR=fuzz CC=clang WERROR=-Werror fuzzers || return 1
	run_one "fuzz targets" tests/fuzz/run.sh smoke
}

part_property() { run_one property make -s FLAVOUR=rel property; }

part_lint() { run_one lint make -s lint; }

part_clang() { run_one "clang without warnings" make -s -j"$JOBS" CC=clang BUILD=build/clang FLAVOUR=rel WERROR=-Werror all unit programs; }

for part in ${PARTS:-build unit replay fault system oidc kill demo property clang fuzz lint}; do
	begin=$SECONDS
	before=$failed
	printf '== %s\n' "$part"
	"part_$part" || bad "$part"
	table+=("$(printf '%-8s %5.1f min  %s' "$part" "$(awk "BEGIN{print ($SECONDS-$begin)/60}")" \
		"$([ "$failed" = "$before" ] && echo ok || echo FAILED)")")
	if [ "$part" = build ] && [ "$failed" != "$before" ]; then break; fi
done

printf '\n'
printf '%s\n' "${table[@]}"
printf '%d passed, %d failed' "$passed" "$failed"
if [ "$skipped" -gt 0 ]; then printf ', %d skipped' "$skipped"; fi
printf '\n'
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
