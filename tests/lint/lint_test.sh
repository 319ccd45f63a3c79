#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lint itself: each sin in a small tree is found at its line, by its check, and nothing else is.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
expected=()

# put FILE LINES...: a file with its licence line first.
put() {
	local file=$1
	shift
	mkdir -p "$(dirname "$file")"
	{
		echo '/* SPDX-License-Identifier: Apache-2.0 */'
		(($# == 0)) || printf '%s\n' "$@"
	} >"$file"
	case $file in
	*/test_*) ;;
	common/*.c | daemon/*.c | cli/*.c) put "tests/unit/test_$(basename "$file")" ;;
	esac
}

# wrong FILE LINE CHECK: that this is to be found.
wrong() {
	expected+=("$1:$2 [$3]")
}

lines() {
	local i
	for ((i = 0; i < $1; i++)); do printf '\tstep(%d);\n' "$i"; done
}

for header in common/base/buf common/conf/conf common/store/store daemon/engine/http daemon/engine/loop \
	daemon/watch/queue daemon/alert/sink cli/table; do
	put $header.h '#pragma once'
done
put common/base/log_ids.h '#pragma once' \
	'#define LOG_ID_GOOD "00000000000000000000000000000001"' \
	'#define LOG_ID_MUTE "00000000000000000000000000000002"' \
	'#define LOG_ID_LOST "00000000000000000000000000000003"' \
	'#define LOG_ID_ODD "0000000000000000000000000000000G"'
mkdir systemd
printf '%s\n' '-- 00000000000000000000000000000001' 'Subject: good' \
	'-- 00000000000000000000000000000002' 'Subject: mute' \
	'-- 00000000000000000000000000000004' 'no subject' >systemd/snapwatch.catalog
wrong common/base/log_ids.h 4 catalog
wrong common/base/log_ids.h 5 catalog
wrong common/base/log_ids.h 6 catalog
wrong common/base/log_ids.h 6 catalog
wrong systemd/snapwatch.catalog 5 catalog
wrong systemd/snapwatch.catalog 5 catalog

put common/base/up.c '#include "common/store/store.h"'
wrong common/base/up.c 2 layers
put common/store/fine.c '#include "common/base/buf.h"' '#include "common/base/nowhere.h"'
wrong common/store/fine.c 3 include
put daemon/watch/look_list.c '#include "daemon/engine/loop.h"' '#include "daemon/watch/queue.h"'
wrong daemon/watch/look_list.c 3 layers
put daemon/watch/queue_wait.c '#include "daemon/watch/queue.h"' '#include "daemon/alert/sink.h"'
wrong daemon/watch/queue_wait.c 3 layers
put daemon/alert/outbox.c '#include "daemon/alert/sink.h"' '#include "daemon/engine/http.h"'
wrong daemon/alert/outbox.c 3 layers
put daemon/alert/sink_webhook.c '#include "daemon/alert/sink.h"' '#include "daemon/engine/http.h"'
put cli/cmd.c '#include "cli/table.h"' '#include "daemon/engine/loop.h"'
wrong cli/cmd.c 3 layers
put attic/old.h '#pragma once' '#include "common/base/buf.h"'
wrong attic/old.h 3 layers
put common/base/bare.h
wrong common/base/bare.h 1 include

put daemon/graph/wire.c '#include <curl/curl.h>' '#include <string.h>'
wrong daemon/graph/wire.c 2 libs
put daemon/engine/http.c '#include <curl/curl.h>'
put common/conf/sql.c 'static const char *const sql = "SELECT 1";'
wrong common/conf/sql.c 2 sql

put common/conf/banned.c '/* strcpy(a, b) */' 'static const char *const s = "strcpy(a, b)";' 'void f(void)' \
	'{' $'\tstrcpy(a, b);' $'\tmy_strcpy(a, b);' $'\tgmtime_r(a, b);' \
	$'\t/* no' $'\t * gets(a) */' $'\ttime(NULL);' $'\tx->time(1);' '}'
wrong common/conf/banned.c 6 banned
wrong common/conf/banned.c 11 banned

mapfile -t body < <(lines 117)
put common/conf/fits.c 'void fits(void)' '{' "${body[@]}" '}'
mapfile -t body < <(lines 118)
put common/conf/long.c 'void too_long(void)' '{' "${body[@]}" '}'
wrong common/conf/long.c 2 size
mapfile -t body < <(lines 800 | tr -d '\t' | sed 's/step/int step/; s/([0-9]*)/(void)/')
put common/conf/huge.c "${body[@]}"
wrong common/conf/huge.c 801 size

echo 'int x;' >common/conf/free.h
sed -i '1i #pragma once' common/conf/free.h
wrong common/conf/free.h 1 spdx

put daemon/hook.c '/* SNAPWATCH_TEST''_CLOCK */' 'static const char *const id = LOG_ID_GOOD LOG_ID_LOST LOG_ID_ODD;'
wrong daemon/hook.c 2 shipped
put common/conf/loose.c 'int  a;'
wrong common/conf/loose.c 2 format
put common/conf/alone.c
rm tests/unit/test_alone.c
wrong common/conf/alone.c 1 tested
put daemon/watch/decide.c 'int decide(void);'
put daemon/watch/stage.c '#include "daemon/engine/loop.h"' 'int stage(struct loop *l);'
put daemon/watch/holder.c 'int holder;'
put daemon/watch/holder.h '#pragma once' 'struct holder {' $'\tstruct http *http;' '};'
rm tests/unit/test_{decide,stage,holder}.c
wrong daemon/watch/decide.c 1 tested
put common/conf/later.c '/* TO''DO: all of it */' '/* see /home/''me/notes */'
wrong common/conf/later.c 2 words
wrong common/conf/later.c 3 words

# shellcheck disable=SC2016 # the sin itself
printf '%s\n' '#!/bin/sh' '# SPDX-License-Identifier: Apache-2.0' 'read name; cd $name' >run.sh
wrong run.sh 3 shell

find . -name '*.[ch]' ! -name loose.c -exec clang-format -i --style="file:$here/../../.clang-format" {} +
cp "$here/../../.clang-format" .

report=$(LINT_ROOT=$tree "$here/lint.sh") && status=0 || status=$?
found=$(sed -nE 's/^([^:]+:[0-9]+):.*( \[[a-z]+\])$/\1\2/p' <<<"$report" | sort)
if ! diff <(printf '%s\n' "${expected[@]}" | sort) <(printf '%s\n' "$found"); then
	echo "lint_test: < should have been found, > should not"
	exit 1
fi
if [[ $status != 1 ]] || ! grep -q "^lint: ${#expected[@]} problems$" <<<"$report"; then
	echo "lint_test: wrong end (status $status): ${report##*$'\n'}"
	exit 1
fi

# A tree without sin passes.
git init -q clean 2>/dev/null || mkdir clean
cd clean
cp "$here/../../.clang-format" .
put common/base/buf.c 'int buf;'
[[ $(LINT_ROOT=$PWD "$here/lint.sh") == "lint: 3 files, no problem" ]] || {
	echo "lint_test: a clean tree does not pass"
	exit 1
}
echo "lint_test: ${#expected[@]} sins found, no other"
