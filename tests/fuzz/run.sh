#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz targets of build/fuzz (make FLAVOUR=fuzz CC=clang fuzzers).
#
#	tests/fuzz/run.sh replay		what is kept, once
#	tests/fuzz/run.sh smoke [SECONDS]	the same, then new inputs for so long (all targets; 60)
#	tests/fuzz/run.sh long [RUNS]		so many executions of each target (10000000)
#	tests/fuzz/run.sh merge			takes from build/fuzz/corpus what covers more into corpus/
#
# TARGETS="zone links" takes some of them, JOBS at a time. What is found is kept in
# build/fuzz/findings; what long runs learn in build/fuzz/corpus, their output in build/fuzz/log.
set -eu
cd "$(dirname "$0")/../.."

BIN=build/fuzz/fuzz
WORK=build/fuzz
HERE=tests/fuzz
JOBS=${JOBS:-$(nproc)}
mode=${1:-smoke}

# target       largest input  dictionary
table='
json           1024           json
change_page    2048           json
snapshots      1024           json
jobs           1024           json
graph_error    1024           json
auth_reply     1024           http
headers        512            http
links          512            http
id_token       1024           json
enrol          512            http
control        512            http
ctl_http       512            http
redirect       512            http
conf           768            conf
rules          512            conf
calendar       128            conf
zone           1536           conf
page_blob      1024           json
text           256            json
'
export ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=4:detect_stack_use_after_return=0
export UBSAN_OPTIONS=print_stacktrace=1
# Sanitizers of these compilers hang or fail with 32 bits of address randomness.
PREFIX_CMD=()
if setarch -R true 2>/dev/null; then PREFIX_CMD=(setarch -R); fi

targets()
{
	local name max dict
	while read -r name max dict; do
		[ -n "$name" ] || continue
		case " ${TARGETS:-$name} " in *" $name "*) printf '%s %s %s\n' "$name" "$max" "$dict" ;; esac
	done <<<"$table"
}

# The kept inputs of a target: hundreds of a few bytes each, so they are one archive.
unpack()
{
	rm -rf "$WORK/kept/$1" && mkdir -p "$WORK/kept/$1"
	[ ! -e "$HERE/corpus/$1.tar.gz" ] || tar -C "$WORK/kept/$1" -xzf "$HERE/corpus/$1.tar.gz"
}

# $1 target, $2 largest input, $3 dictionary, then options of libFuzzer and the first directory.
# Its output is shown when it finds something, and what it was run with says how to see it again.
run_one()
{
	local name=$1 max=$2 dict=$3
	shift 3
	mkdir -p "$WORK/findings" "$WORK/log"
	local log="$WORK/log/$name.$mode"
	unpack "$name"
	if "${PREFIX_CMD[@]}" "$BIN/fuzz_$name" -max_len="$max" -dict="$HERE/dict/$dict.dict" \
		-timeout=10 -rss_limit_mb=1024 -artifact_prefix="$WORK/findings/$name-" "$@" \
		"$HERE/seeds/$name" "$WORK/kept/$name" >"$log" 2>&1 </dev/null; then
		return 0
	fi
	printf 'FINDING in %s:\n' "$name"
	grep -a -v -e '^#[0-9]*[[:space:]]' -e fuzzer:: -e '^INFO' "$log" | tail -n 60
	return 1
}

replay_one() { run_one "$1" "$2" "$3" -runs=0; }

smoke_one()
{
	local new rc=0
	replay_one "$1" "$2" "$3" || return 1
	new=$(mktemp -d)
	run_one "$1" "$2" "$3" -max_total_time="$4" "$new" || rc=1
	rm -rf "$new"
	return $rc
}

long_one()
{
	mkdir -p "$WORK/corpus/$1"
	run_one "$1" "$2" "$3" -runs="$4" "$WORK/corpus/$1" || return 1
	printf '%-12s %s\n' "$1" "$(grep -a '^#.*DONE' "$WORK/log/$1.long")"
}

# Edges only: counting how often each was taken would keep ten times as much.
merge_one()
{
	local new="$WORK/merged/$1" learned="$WORK/merged/$1.learned"
	unpack "$1"
	rm -rf "$new" "$learned" && mkdir -p "$new" "$learned" "$WORK/log" "$HERE/corpus"
	# A run that goes on replaces its inputs by shorter ones.
	find "$WORK/corpus/$1" -type f -exec cp -t "$learned" {} + 2>/dev/null || true
	"${PREFIX_CMD[@]}" "$BIN/fuzz_$1" -merge=1 -use_counters=0 -max_len="$2" "$new" \
		"$HERE/seeds/$1" "$WORK/kept/$1" "$learned" >"$WORK/log/$1.merge" 2>&1 ||
		{ tail -n 5 "$WORK/log/$1.merge"; return 1; }
	tar -C "$new" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c . |
		gzip -9n >"$HERE/corpus/$1.tar.gz"
	printf '%-12s %d inputs, %d bytes\n' "$1" "$(find "$new" -type f | wc -l)" \
		"$(stat -c %s "$HERE/corpus/$1.tar.gz")"
}

# Runs one of the above for each target, JOBS at a time.
each()
{
	local name max dict failed=0
	while read -r name max dict; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || failed=1; done
		"$1_one" "$name" "$max" "$dict" "${@:2}" &
	done < <(targets)
	while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
	return $failed
}

case $mode in
replay) each replay ;;
smoke)
	n=$(targets | wc -l)
	seconds=$((${2:-60} * JOBS / n))
	each smoke $((seconds > 0 ? seconds : 1))
	;;
long) each long "${2:-10000000}" ;;
merge) each merge ;;
*) echo "usage: run.sh replay | smoke [SECONDS] | long [RUNS] | merge" >&2; exit 2 ;;
esac
