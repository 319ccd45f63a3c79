#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which lines of common, daemon and cli the unit, replay and system tests run. Prints shares per
# directory and the files with the most lines that nothing runs; fails below the two shares.
#
#	tests/cov/cov.sh		build, run all, report
#	tests/cov/cov.sh report		only report what earlier runs left
#	tests/cov/cov.sh lines FILE...	the lines of these files that nothing ran
#
# Counts come from gcov, one object at a time: a line of a header counts as run when any of the
# files that include it ran it.
set -eu
cd "$(dirname "$0")/../.."

PURE_MIN=95
ALL_MIN=85
B=build/cov
OUT=$B/lines.txt

# "FILE:LINE:1" for each line that has code and was run, "FILE:LINE:0" for one that was not.
collect()
{
	find "$B/obj/common" "$B/obj/daemon" "$B/obj/cli" -name '*.gcno' -print0 |
		xargs -0 gcov --stdout --relative-only --source-prefix "$PWD" 2>/dev/null |
		awk '
			{ at = index($0, ":"); count = substr($0, 1, at - 1); rest = substr($0, at + 1) }
			{ at = index(rest, ":"); line = substr(rest, 1, at - 1) + 0; text = substr(rest, at + 1) }
			line == 0 { if (text ~ /^Source:/) file = substr(text, 8); next }
			count ~ /^ *-$/ { next }
			file !~ /^(common|daemon|cli)\// { next }
			{ key = file ":" line; run[key] += (count !~ /[#=]/) }
			END { for (key in run) print key ":" (run[key] > 0) }' |
		sort -t: -k1,1 -k2,2n >"$OUT"
}

report()
{
	awk -F: -v pure_min=$PURE_MIN -v all_min=$ALL_MIN '
		FNR == NR { if ($0 != "" && $0 !~ /^#/) pattern[++patterns] = $1; next }
		function is_pure(f,  i) {
			for (i = 1; i <= patterns; i++)
				if (index(f, pattern[i]) == 1) return 1
			return 0
		}
		function share(a, b) { return b ? 100 * a / b : 100 }
		function row(name, a, b) { printf "%-28s %6d of %6d  %5.1f%%\n", name, a, b, share(a, b) }
		{
			dir = $1; sub(/\/[^\/]*$/, "", dir)
			if (!(dir in all)) order[++dirs] = dir
			all[dir]++; run[dir] += $3; all_of[$1]++; run_of[$1] += $3
			n++; n_run += $3
			if (is_pure($1)) { pure++; pure_run += $3 }
		}
		END {
			for (i = 1; i <= dirs; i++) row(order[i], run[order[i]], all[order[i]])
			print ""
			row("pure files", pure_run, pure)
			row("all", n_run, n)
			print "\nmost lines that nothing ran:"
			fflush()
			top = "sort -rn | head -n 30"
			for (f in all_of)
				if (all_of[f] > run_of[f])
					printf "%5d  %5.1f%%  %s%s\n", all_of[f] - run_of[f],
						share(run_of[f], all_of[f]), f, (is_pure(f) ? "" : "  (not pure)") | top
			close(top)
			bad = 0
			if (share(pure_run, pure) < pure_min) { printf "\npure files are below %d%%\n", pure_min; bad = 1 }
			if (share(n_run, n) < all_min) { printf "\nall files are below %d%%\n", all_min; bad = 1 }
			exit bad
		}' <(sed 's/[[:space:]]*#.*//' tests/cov/pure.txt) "$OUT"
}

lines()
{
	local f
	for f in "$@"; do
		awk -F: -v file="$f" 'FNR == NR { if ($1 == file && $3 == 0) miss[$2] = 1; next }
			FNR in miss { print file ":" FNR ": " $0 }' "$OUT" FS='\001' "$f"
	done
}

case ${1:-all} in
all)
	find "$B" -name '*.gcda' -delete 2>/dev/null || true
	passed=1
	FLAVOUR=cov PARTS="build unit replay system" tests/check.sh || passed=0
	collect
	report
	[ $passed = 1 ]
	;;
report)
	collect
	report
	;;
lines) shift && lines "$@" ;;
*) echo "usage: cov.sh [report | lines FILE...]" >&2; exit 2 ;;
esac
