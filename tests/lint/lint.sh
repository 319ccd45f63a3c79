#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rules of the house that no compiler knows. Prints FILE:LINE: what is wrong and what to do, one
# problem a line, then their number; exit 1 when there is any. Needs clang-format and shellcheck.
#
#	tests/lint/lint.sh [CHECK...]	all checks without an argument
#
# LINT_ROOT names another tree to look at (lint_test.sh uses it).
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "${LINT_ROOT:-$here/../..}"

checks=(layers libs sql size banned spdx catalog shipped format shell tested words include)
max_function=120
max_file=800

# All files of the project: those that git knows or would add; in a release archive all there are.
list_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -co --exclude-standard
	else
		find . -path ./build -prune -o -type f -printf '%P\n'
	fi | while IFS= read -r f; do [[ -f $f ]] && printf '%s\n' "$f"; done | sort
}
mapfile -t files < <(list_files)

# Those that match one of the given shell patterns (* crosses slashes).
select_files() {
	local f p
	for f in "${files[@]}"; do
		for p in "$@"; do
			# shellcheck disable=SC2053 # a pattern on purpose
			if [[ $f == $p ]]; then
				printf '%s\n' "$f"
				break
			fi
		done
	done
}
mapfile -t sources < <(select_files '*.c' '*.h')

# Rows of a table without comments and empty lines.
rows() {
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$here/$1"
}

# FILE:LINE:PATH of all includes in quotes.
own_includes() {
	((${#sources[@]} == 0)) ||
		sed -sn 's/^#include "\([^"]*\)".*/\1/;T;F;=;p' "${sources[@]}" | paste -d: - - -
}

check_layers() {
	own_includes | awk -F: -v table=<(rows layers.txt) '
	BEGIN {
		while ((getline line < table) > 0) {
			n = split(line, part, /:[ \t]*/)
			allowed[part[1]] = part[1] " " (n > 1 ? part[2] : "")
		}
	}
	function begins(text, prefix) { return substr(text, 1, length(prefix)) == prefix }
	{
		best = ""
		for (from in allowed)
			if (begins($1, from) && length(from) > length(best)) best = from
		if (best == "") {
			print $1 ":" $2 ": this directory has no row in tests/lint/layers.txt: add one [layers]"
			next
		}
		if ($3 !~ "/") next	# made by the build
		ok = 0
		n = split(allowed[best], to, /[ \t]+/)
		for (i = 1; i <= n; i++)
			if (to[i] != "" && begins($3, to[i])) ok = 1
		for (i = 1; i <= n; i++)
			if (begins(to[i], "!") && begins($3, substr(to[i], 2)) && !same_noun($1, $3)) ok = 0
		if (!ok)
			print $1 ":" $2 ": " best " may not include " $3 ": hand a callback down, or move what both need to a lower layer [layers]"
	}
	# look_list.c belongs to look.h.
	function same_noun(a, b,  x, y) {
		x = a; sub(/.*\//, "", x); sub(/[._].*/, "", x)
		y = b; sub(/.*\//, "", y); sub(/[._].*/, "", y)
		return x == y
	}'
}

check_include() {
	own_includes | while IFS=: read -r file line path; do
		[[ $path == version.h || $path == *.inc || -f $path ]] ||
			echo "$file:$line: no such file: paths of includes begin at the root: $path [include]"
	done
	select_files '*.h' | while IFS= read -r f; do
		grep -q '^#pragma once$' "$f" || echo "$f:1: a header needs #pragma once [include]"
	done
}

check_libs() {
	local header patterns file line path p ok
	((${#sources[@]})) || return 0
	sed -sn 's/^#include <\([^>]*\)>.*/\1/;T;F;=;p' "${sources[@]}" | paste -d: - - - |
		while IFS=: read -r file line path; do
			[[ $file == tests/* ]] && continue
			while IFS=: read -r header patterns; do
				[[ $path == "$header"* ]] || continue
				ok=
				for p in $patterns; do
					# shellcheck disable=SC2053 # a pattern on purpose
					[[ $file == $p ]] && ok=1
				done
				[[ $ok ]] ||
					echo "$file:$line: <$path> belongs to ${patterns:-tests}: use the engine around it [libs]"
			done < <(set -f && rows libs.txt)
		done
}

check_sql() {
	local f
	for f in "${sources[@]}"; do
		case $f in common/store/* | tests/*) continue ;; esac
		grep -HnE '"(SELECT |INSERT INTO |DELETE FROM |UPDATE [a-z_]+ SET|CREATE TABLE|PRAGMA )' "$f" |
			sed -E 's/^([^:]*:[0-9]+):.*/\1: SQL lives in common\/store only [sql]/' || true
	done
}

check_size() {
	((${#sources[@]} == 0)) ||
		awk -v max_function=$max_function -v max_file=$max_file -f "$here/sizes.awk" "${sources[@]}"
}

check_banned() {
	((${#sources[@]})) || return 0
	awk -f "$here/strip.awk" "${sources[@]}" | awk -v table=<(rows banned.txt) '
	BEGIN {
		while ((getline line < table) > 0) {
			n++
			split(line, part, /[ \t]+/)
			call[n] = part[1]
			where[n] = part[2] == "." ? "" : part[2]
			sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", line)
			instead[n] = line
		}
	}
	{
		split($0, at, ":")
		for (i = 1; i <= n; i++)
			if (index($0, call[i]) && substr(at[1], 1, length(where[i])) == where[i] &&
				$0 ~ ("(^|[^A-Za-z0-9_.>])" call[i] "[ \t]*\\("))
				print at[1] ":" at[2] ": " call[i] "() is banned: " instead[i] " [banned]"
	}'
}

check_spdx() {
	select_files '*.c' '*.h' '*.sh' '*.awk' '*.sql' '*.py' Makefile .ci/run | while IFS= read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
			echo "$f:1: the first line (second after #!) must be SPDX-License-Identifier: Apache-2.0 [spdx]"
	done
}

# MESSAGE_IDs are an interface: each is unique, explained to people, and really logged.
check_catalog() {
	local ids=common/base/log_ids.h catalog=systemd/snapwatch.catalog line name id
	[[ -f $ids ]] || return 0
	[[ -f $catalog ]] || {
		echo "$catalog:1: missing: every MESSAGE_ID of $ids needs an entry [catalog]"
		return 0
	}
	sed -n 's/^#define \(LOG_ID_[A-Z0-9_]*\) "\(.*\)"$/\1 \2/;T;=;p' "$ids" | paste -d' ' - - |
		while read -r line name id; do
			[[ $id =~ ^[0-9a-f]{32}$ ]] ||
				echo "$ids:$line: $name is not 32 lower-case hexadecimal digits: systemd-id128 new [catalog]"
			[[ $(grep -c "\"$id\"" "$ids") == 1 ]] ||
				echo "$ids:$line: $name is there twice: systemd-id128 new [catalog]"
			grep -q "^-- $id\$" "$catalog" ||
				echo "$ids:$line: $name has no entry in $catalog: add '-- $id' [catalog]"
			select_files 'common/*' 'daemon/*' 'cli/*' | grep -vxF "$ids" | xargs -r grep -qw "$name" ||
				echo "$ids:$line: $name is never logged: log it or drop it [catalog]"
		done
	sed -n 's/^-- \(.*\)/\1/;T;=;p' "$catalog" | paste -d' ' - - |
		while read -r line id; do
			grep -q "\"$id\"" "$ids" ||
				echo "$catalog:$line: $id is not in $ids: a leftover [catalog]"
			[[ $(grep -c "^-- $id\$" "$catalog") == 1 ]] ||
				echo "$catalog:$line: $id has two entries [catalog]"
			sed -n "$((line + 1))p" "$catalog" | grep -q '^Subject: .' ||
				echo "$catalog:$line: the line after must be 'Subject: ...' [catalog]"
		done
}

# What is shipped holds no hook to change the clock or anything else for a test.
check_shipped() {
	local pattern='clock_virtual|clock_scaled|SNAPWATCH_TEST|SNAPWATCH_BENCH|__wrap_|tests/'
	select_files 'common/*.[ch]' 'daemon/*.[ch]' 'cli/*.[ch]' 'config/*' 'systemd/*' |
		xargs -r grep -HnE "$pattern" |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: shipped files know nothing of tests: use a link seam [shipped]/' || true
}

# Versions of clang-format disagree, so one of them decides.
check_format() {
	local tool version
	tool=$(command -v clang-format-14 || command -v clang-format || true)
	[[ $tool ]] || {
		echo "tests/lint/lint.sh:1: clang-format is missing: packaging/deps.sh test [format]"
		return 0
	}
	version=$("$tool" --version | sed -E 's/.*version ([0-9]+).*/\1/')
	if [[ $version != 14 ]]; then
		echo "lint: clang-format $version is not 14: formatting is not checked" >&2
		return 0
	fi
	((${#sources[@]})) || return 0
	"$tool" --dry-run "${sources[@]}" 2>&1 | sed -nE \
		's/^([^:]*):([0-9]+):[0-9]+: (warning|error): .*/\1:\2: not formatted: make fmt [format]/p' |
		awk -F: '!seen[$1]++'
}

check_shell() {
	local scripts
	command -v shellcheck >/dev/null || {
		echo "tests/lint/lint.sh:1: shellcheck is missing: packaging/deps.sh test [shell]"
		return 0
	}
	mapfile -t scripts < <(
		select_files '*.sh' .ci/run
		for f in "${files[@]}"; do
			case $f in *.sh | .ci/run | *.[ch]) continue ;; esac
			head -c 64 "$f" | head -n 1 | tr -d '\0' | grep -qE '^#! ?/(usr/)?bin/(env )?(ba)?sh' && printf '%s\n' "$f"
		done
		true
	)
	((${#scripts[@]})) || return 0
	shellcheck -S warning -f gcc "${scripts[@]}" | sed -E 's/^([^:]*:[0-9]+):[0-9]+: (.*)$/\1: \2 [shell]/' || true
}

# A file of the daemon is pure when neither it nor its header holds one of the engines.
is_pure() {
	local header=${1%.c}.h
	[[ -f $header ]] || header=
	# shellcheck disable=SC2086 # empty when there is none
	! grep -qE '\bstruct (loop|http|store_thread|service|daemon)\b' "$1" $header
}

# Every file that decides something has a table of cases, or a reason why not.
check_tested() {
	local f name pattern reason found
	while read -r pattern reason; do
		found=
		while IFS= read -r f; do
			found=1
			name=$(basename "$f" .c)
			[[ ! -f tests/unit/test_$name.c ]] ||
				echo "tests/lint/untested.txt:1: $f has a test now: drop the row '$pattern' or narrow it [tested]"
		done < <(select_files "$pattern")
		[[ $found || ${LINT_ROOT:-} ]] ||
			echo "tests/lint/untested.txt:1: '$pattern' matches nothing: drop the row [tested]"
		[[ $reason ]] || echo "tests/lint/untested.txt:1: '$pattern' has no reason [tested]"
		[[ $reason != test_* || ${LINT_ROOT:-} || -f tests/unit/${reason%% *}.c ]] ||
			echo "tests/lint/untested.txt:1: '$pattern': there is no tests/unit/${reason%% *}.c [tested]"
	done < <(rows untested.txt)
	select_files 'common/*.c' 'daemon/*.c' | while IFS= read -r f; do
		name=$(basename "$f" .c)
		[[ -f tests/unit/test_$name.c ]] && continue
		[[ $f == daemon/* ]] && ! is_pure "$f" && continue
		found=
		while read -r pattern reason; do
			# shellcheck disable=SC2053 # a pattern on purpose
			[[ $f == $pattern ]] && found=1
		done < <(rows untested.txt)
		[[ $found ]] ||
			echo "$f:1: no tests/unit/test_$name.c: write it, or give a reason in tests/lint/untested.txt [tested]"
	done
}

# Unfinished business, and paths of the machine on which something was written.
check_words() {
	local unfinished='\b(TO''DO|FIX''ME|X''XX)\b' machine='/(home|Users)/[a-z]+/|/wor''k/'
	printf '%s\n' "${files[@]}" | grep -vxE 'LICENSE|.*\.(png|gz|zst|db|bin)' | tr '\n' '\0' |
		xargs -0 -r grep -IHnE "$unfinished|$machine" | sed -E \
		"s#^([^:]*:[0-9]+):.*($machine).*#\1: a path of one machine: make it relative [words]#
		t
		s#^([^:]*:[0-9]+):.*#\1: unfinished: do it now or write an issue [words]#" || true
}

(($#)) || set -- "${checks[@]}"
problems=$(
	for check in "$@"; do
		declare -F "check_$check" >/dev/null || {
			echo "lint: unknown check '$check', there are: ${checks[*]}" >&2
			exit 2
		}
		"check_$check"
	done
)
if [[ $problems ]]; then
	printf '%s\n' "$problems"
	echo "lint: $(wc -l <<<"$problems") problems"
	exit 1
fi
echo "lint: ${#files[@]} files, no problem"
