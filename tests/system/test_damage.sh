#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Damage and strangers: a page of changes that is not what was stored, counters that do not fit, a broken
# tree of the database, a store of a newer version. `store verify` names what is damaged, the rest stays
# readable, and a daemon never writes into what it cannot trust.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/support/world.sh
. tests/support/world.sh

world_cycle 'first_run = "alert"'
db=$world_dir/snapwatch.db
out=$world_dir/out err=$world_dir/err

# run COMMAND...: output and exit status in $out, $err, $code
run() {
	code=0
	"$@" >"$out" 2>"$err" || code=$?
}
save() { rm -rf "$world_dir/saved" && mkdir "$world_dir/saved" && cp -a "$db"* "$world_dir/saved/"; }
restore() { rm -f "$db"* && cp -a "$world_dir/saved/." "$world_dir/"; }
once() {
	world_once contoso
	code=$world_code
}

once
check "a whole cycle ends with 0 (it was $code)" [ "$code" -eq 0 ]
run world_cli store verify
check "a sound store is called sound (exit $code)" [ "$code" -eq 0 ]
check "with what was looked at" has "$out" 'is sound: 1 job and 3 pages'
run world_cli store verify --json
check "as JSON: no damage" grep -q '"damages":\[\]' "$out"
run world_cli store repair
check "another word is refused" [ "$code" -eq 1 ]
save

# one bit of a stored page
sqlite3 "$db" "UPDATE page SET data = CAST(substr(data, 1, 100) || x'00ff00' || substr(data, 104) AS BLOB) WHERE number = 2"
run world_cli store verify
check "a page that was changed: exit 9 (it was $code)" [ "$code" -eq 9 ]
check "tenant, job and page are named" grep -Eq 'contoso +1 +2 +page' "$out"
check "only that one" [ "$(grep -c contoso "$out")" -eq 1 ]
check "what to do is said" has "$err" 'docs/damage.md'
run world_cli store verify --jsonl
check "as JSON line" grep -q '"tenant":"contoso","job":1,"page":2' "$out"
run world_cli store verify --quick
check "--quick does not hash pages (exit $code)" [ "$code" -eq 0 ]
run world_cli changes --jsonl
check "changes stay readable" [ "$(wc -l <"$out")" -eq 122 ]
run world_cli findings --jsonl
check "findings stay readable" [ "$(wc -l <"$out")" -ge 121 ]
first=$(sqlite3 "$db" "SELECT name FROM change WHERE page = 1 AND name IS NOT NULL LIMIT 1")
second=$(sqlite3 "$db" "SELECT name FROM change WHERE page = 2 AND name IS NOT NULL LIMIT 1")
run world_cli show 1 "$first"
check "an object of another page is shown (exit $code)" [ "$code" -eq 0 ]
run world_cli show 1 "$second"
check "one of the damaged page is refused with the reason (exit $code)" [ "$code" -eq 9 ]
check "... and the page is named" grep -q 'page 2' "$err"
restore

# counters and references
sqlite3 "$db" "DELETE FROM change_row WHERE ordinal = 5;
	INSERT INTO change_row SELECT 77, ordinal, page, shape, object_id, name, deleted_at, created_at, anchors
		FROM change_row WHERE ordinal = 6"
run world_cli store verify --quick
check "a row that is gone is noticed (exit $code)" [ "$code" -eq 9 ]
check "with the numbers" grep -q 'has 121 rows of changes, by its pages 122' "$out"
check "and rows of a job that is not" grep -q 'changes of job 77' "$out"
restore

# a broken tree: the first page of the table of findings is overwritten
page_size=$(sqlite3 "$db" "PRAGMA page_size")
root=$(sqlite3 "$db" "SELECT rootpage FROM sqlite_master WHERE name = 'finding'")
sqlite3 "$db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
dd if=/dev/urandom of="$db" bs=64 seek=$(((root - 1) * page_size / 64)) count=1 conv=notrunc status=none
run world_cli store verify
check "a broken database: exit 9 (it was $code)" [ "$code" -eq 9 ]
check "called a damage of the database" grep -q 'database' "$out"
run world_cli jobs --json
check "other tables stay readable (exit $code)" [ "$code" -eq 0 ]
run world_cli findings
check "the broken one is refused in words (exit $code)" [ "$code" -eq 9 ]
check "... that say so" grep -q 'damaged' "$err"
: >"$world_dir/snapwatchd.log"
before=$(sha256sum "$db")
once
check "the daemon does not start on it (exit $code)" [ "$code" -eq 9 ]
check "says why, and what to do" grep -q 'is damaged .*nothing was written; bring back a copy' "$world_dir/snapwatchd.log"
check "and has not touched it" [ "$before" = "$(sha256sum "$db")" ]
restore

# a store of a newer version
sqlite3 "$db" "PRAGMA user_version = 99" >/dev/null
: >"$world_dir/snapwatchd.log"
once
check "a newer store is refused by the daemon (exit $code)" [ "$code" -eq 9 ]
check "which says what to do" grep -q 'has schema 99.*install the newer one, or another store' "$world_dir/snapwatchd.log"
for words in jobs changes "store verify"; do
	# shellcheck disable=SC2086 # two words
	run world_cli $words
	check "and by '$words' (exit $code)" [ "$code" -eq 9 ]
	check "... which says so too" grep -q 'schema 99' "$err"
done
restore
once
check "the saved copy goes on (exit $code)" [ "$code" -eq 0 ]
[ "$world_problems" -eq 0 ] || { cat "$out" "$err"; tail -n 30 "$world_dir/snapwatchd.log"; }
exit $((world_problems > 0))
