#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The example of tests/graphsim/README.md, taken from there and done as it says, on another port and in another
# directory.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_begin
port=$((20000 + RANDOM % 20000))
# block N: the N-th fenced block of the example
block() {
	sed -n '/^## A complete example/,/^## While it runs/p' tests/graphsim/README.md |
		awk -v n="$1" '/^```/ { if (!inside) at++; inside = !inside; next } inside && at == n' |
		sed "s/8443/$port/g; s|/tmp/try|$world_dir|g"
}
block 1 >"$world_dir/my.scn"
block 2 >"$world_dir/snapwatch.conf"
block 3 >"$world_dir/commands"
# what it starts must not stay when a command fails
sed -i "1i trap 'kill \$(jobs -p) 2>/dev/null || true' EXIT" "$world_dir/commands"
rmdir "$world_dir/credentials"
code=0
(cd "$world_dir" && PATH="$OLDPWD/$B/test:$PATH" "${world_run[@]}" bash -e commands) >"$world_dir/out" 2>&1 || code=$?
check "the commands succeed (the last said $code)" [ "$code" -eq 0 ]
while IFS= read -r line; do
	check "it says: $line" grep -qF -- "$line" "$world_dir/out"
done < <(block 4)
check "there are lines to look for" [ "$(block 4 | wc -l)" -ge 3 ]
check "the hire is expected" bash -c "! grep '^[^#]*New Hire' '$world_dir/out' | grep -vE '^(info|debug|notice)'"
[ "$world_problems" -eq 0 ] || tail -n 60 "$world_dir/out"
exit $((world_problems > 0))
