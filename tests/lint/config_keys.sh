#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config/snapwatch.conf documents every key of the table, as the table has it; what is installed beside
# it is valid. Called by lint.sh; FLAVOUR and BUILD as for make.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}/${FLAVOUR:-asan}

make -s FLAVOUR="${FLAVOUR:-asan}" "$build/test/gen_sample" "$build/test/check_conf"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

# Sanitizers do not get on with much address space randomisation.
run="setarch -R"
$run true 2>/dev/null || run=

$run "$build/test/gen_sample" > "$tmp/snapwatch.conf"
if ! diff -u config/snapwatch.conf "$tmp/snapwatch.conf"; then
	echo "config/snapwatch.conf is not what the key table says; make sample" >&2
	exit 1
fi

# The installed files, and the examples when somebody uses them: only the first "#" goes away, and
# only where no blank follows it.
mkdir "$tmp/tenants.d" "$tmp/rules.d"
cp config/rules.d/*.conf "$tmp/rules.d/"
$run "$build/test/check_conf" "$tmp/snapwatch.conf" > /dev/null
for f in config/rules.d/*.conf; do
	sed 's/^#\([^ ]\)/\1/' "$f" > "$tmp/rules.d/$(basename "$f")"
done
cp config/tenants.d/example.conf.sample "$tmp/tenants.d/contoso.conf"
sed 's/"contoso"/"lab"/; s/11111111/21111111/' config/tenants.d/example.conf.sample \
	> "$tmp/tenants.d/lab.conf"
$run "$build/test/check_conf" "$tmp/snapwatch.conf" > /dev/null
