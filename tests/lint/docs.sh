#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the documents for users name exists: commands and their options, keys of the configuration, words of
# the programs, links. Called by `make lint`; FLAVOUR and BUILD as for make.
set -euo pipefail
shopt -s extglob
export LC_ALL=C.UTF-8

cd "$(dirname "$0")/../.."
build=${BUILD:-build}/${FLAVOUR:-asan}
documents=(README.md ARCHITECTURE.md CHANGELOG.md docs/*.md)
run=(setarch -R)
"${run[@]}" true 2>/dev/null || run=()

make -s FLAVOUR="${FLAVOUR:-asan}" "$build/snapwatch" "$build/snapwatchd" "$build/test/check_conf"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
problems=0
wrong() {
	printf '%s\n' "$1"
	problems=$((problems + 1))
}

# FILE:LINE:TEXT of every piece of code: spans between backquotes, and lines of blocks.
code() {
	awk '
	/^ *```/ { inside = !inside; next }
	inside { print FILENAME ":" FNR ":" $0; next }
	{
		n = split($0, part, "`")
		for (i = 2; i <= n; i += 2) print FILENAME ":" FNR ":" part[i]
	}' "$@"
}

"${run[@]}" "$build/snapwatch" --help >"$tmp/commands"
"${run[@]}" "$build/snapwatchd" --help >"$tmp/snapwatchd"
help_of() { # [COMMAND]: a file with its help; fails when there is no such command
	[[ $1 ]] || return 0
	[[ -f $tmp/help.$1 ]] || grep -q "^  $1 " "$tmp/commands" || return 1
	[[ -f $tmp/help.$1 ]] || "${run[@]}" "$build/snapwatch" "$1" --help >"$tmp/help.$1"
}

# "snapwatch WORD ... --option ...": up to what a shell takes for the end of it.
check_commands() {
	local file line text word option
	code "${documents[@]}" | grep -E '(^|[ /:])snapwatchd? ' |
		sed -E 's/^([^:]*:[0-9]+):.*(^|[ /:])(snapwatchd? [^|;&#]*).*/\1:\3/' |
		while IFS=: read -r file line text; do
			text=${text/#snapwatch --config +([^ ])/snapwatch}
			read -r _ word _ <<<"$text"
			if [[ $text == snapwatchd* ]]; then
				cp "$tmp/snapwatchd" "$tmp/help"
			elif [[ $word == --help || $word == COMMAND || $word == help ]]; then
				continue
			elif ! help_of "$word"; then
				echo "$file:$line: there is no command 'snapwatch $word' [docs]"
				continue
			else
				cp "$tmp/help.$word" "$tmp/help"
			fi
			for option in $(grep -oE '(^| )--[a-z-]+' <<<"$text"); do
				grep -qE -- "(^|[ ,])$option([ ,=.]|$)" "$tmp/help" ||
					echo "$file:$line: '${text%% *} $word' has no option '$option' [docs]"
			done
		done
}

# Blocks of configuration load; "key = value" and "key `name`" name keys.
check_keys() {
	local file n line text key
	for file in "${documents[@]}"; do
		awk -v out="$tmp/block" '
		/^```conf$/ { at = out "." ++n ".conf"; next }
		/^```/ { at = "" }
		at { print > at }' "$file"
		for n in "$tmp"/block.*.conf; do
			[[ -f $n ]] || continue
			"${run[@]}" "$build/test/check_conf" "$n" >"$tmp/said" 2>&1 ||
				sed "s#^$tmp/block\\.\\([0-9]*\\)\\.conf#$file: block \\1#; s/\$/ [docs]/" "$tmp/said"
			rm "$n"
		done
	done
	{
		code "${documents[@]}" | grep -oE '^[^:]*:[0-9]+:[a-z_]+ = ["{]' | sed 's/ = .$//'
		grep -noE 'keys? `[a-z_]+`' "${documents[@]}" | sed -E 's/keys? `(.*)`/\1/'
	} | while IFS=: read -r file line key; do
		grep -qE "^#?[[:space:]#]*$key = " config/snapwatch.conf ||
			echo "$file:$line: there is no key '$key' in the configuration [docs]"
	done
}

# Names_like_this, and reasons in the table of sign-in.md, are words that a program says.
check_words() {
	local file line text
	select_sources() { find common daemon cli config -name '*.[ch]' -o -name '*.sql' -o -name '*.conf'; }
	select_sources | xargs cat >"$tmp/sources"
	# texts that are broken over several lines, as one
	tr '\n' ' ' <"$tmp/sources" | sed -E 's/"[[:space:]]+"//g' >"$tmp/said"
	code README.md docs/{sign-in,findings,damage}.md | grep -E ':[a-z]+(_[a-z]+)+$' |
		while IFS=: read -r file line text; do
			grep -qw -- "$text" "$tmp/sources" || echo "$file:$line: nothing is called '$text' [docs]"
		done
	sed -n '/^| reason, as it is shown/,/^$/=' docs/sign-in.md | tail -n +3 | while read -r line; do
		sed -n "${line}p" docs/sign-in.md | cut -d'|' -f2 | grep -oE '`[^`]+`' | tr -d '`' |
			while IFS= read -r text; do
				grep -qF -- "\"$text\"" "$tmp/said" ||
					echo "docs/sign-in.md:$line: no program says '$text' [docs]"
			done
	done
}

# Documents that programs send people to.
check_mentions() {
	local file line path
	grep -rnoE '(docs/)?[A-Za-z-]+\.md\b' common daemon cli --include='*.c' --include='*.h' |
		while IFS=: read -r file line path; do
			[[ -e $path ]] || echo "$file:$line: there is no $path [docs]"
		done
}

# As in the anchors that are made of headings.
anchors() {
	sed -nE 's/^#+ (.*)/\1/p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E "s/[^a-z0-9 _-]//g; s/ /-/g"
}
check_links() {
	local file line target path
	grep -noE '\]\([^)]*\)' "${documents[@]}" | while IFS=: read -r file line target; do
		target=${target#](}
		target=${target%)}
		[[ $target != *://* ]] || continue
		path=${target%%#*}
		[[ -z $path || -e $(dirname "$file")/$path ]] ||
			echo "$file:$line: there is no $path [docs]"
		[[ $target != *#* ]] || anchors "${path:+$(dirname "$file")/}${path:-$file}" | grep -qxF -- "${target#*#}" ||
			echo "$file:$line: there is no heading for #${target#*#} [docs]"
	done
}

for check in commands keys words mentions links; do
	while IFS= read -r line; do wrong "$line"; done < <("check_$check")
done
((problems == 0)) || {
	echo "docs: $problems problems"
	exit 1
}
echo "docs: ${#documents[@]} documents, no problem"
