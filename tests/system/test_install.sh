#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make install` puts what the README names where it says, the installed configuration is valid, and
# `make uninstall` takes it away again but for the administrator's configuration.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
root=$world_dir/root
make -s FLAVOUR=rel install DESTDIR="$root" PREFIX=/usr
check "the daemon is installed" test -x "$root/usr/sbin/snapwatchd"
check "the command is installed" test -x "$root/usr/bin/snapwatch"
check "the sample configuration is valid" "$root/usr/sbin/snapwatchd" --check --config "$root/etc/snapwatch/snapwatch.conf"
check "credentials are for nobody else" [ "$(stat -c %a "$root/etc/snapwatch/credentials")" = 700 ]
echo '# mine' >>"$root/etc/snapwatch/snapwatch.conf"
make -s FLAVOUR=rel install DESTDIR="$root" PREFIX=/usr
check "configuration is not overwritten" grep -q '# mine' "$root/etc/snapwatch/snapwatch.conf"
for f in "$root/usr/sbin/snapwatchd" "$root/usr/bin/snapwatch"; do
	check "$(basename "$f") is position independent" bash -c "readelf -h '$f' | grep -q 'DYN'"
	check "$(basename "$f") binds at start" bash -c "readelf -d '$f' | grep -q 'BIND_NOW\|NOW'"
	check "$(basename "$f") has no executable stack" bash -c "! readelf -lW '$f' | grep -q 'GNU_STACK.*RWE'"
	check "$(basename "$f") has no test hook" bash -c "! strings -a '$f' | grep -Eq 'SNAPWATCH_TEST|fault_(malloc|sqlite3)'"
done
make -s FLAVOUR=rel uninstall DESTDIR="$root" PREFIX=/usr
check "uninstall leaves no program" bash -c "! find '$root/usr' -type f | grep -q ."
check "uninstall leaves the configuration" test -e "$root/etc/snapwatch/snapwatch.conf"
exit $((world_problems > 0))
