/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sizes DATABASE: after a truncating checkpoint, how large it is per change, whole and by table and
 * index; a name and a number a line.
 */
#include <inttypes.h>
#include <stdio.h>

#include <sqlite3.h>

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	else
		(void)fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
	(void)sqlite3_finalize(s);
	return n;
}

static void by_table(sqlite3 *db, double changes)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db,
		    "SELECT name, sum(pgsize), sum(unused) FROM dbstat GROUP BY name"
		    " HAVING sum(pgsize) > 65536 ORDER BY 2 DESC",
		    -1, &s, NULL) != SQLITE_OK)
		return; /* an SQLite without dbstat */
	while (sqlite3_step(s) == SQLITE_ROW)
		(void)printf("of_%s %.1f\n", (const char *)sqlite3_column_text(s, 0),
			(double)sqlite3_column_int64(s, 1) / changes);
	(void)sqlite3_finalize(s);
}

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;

	if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return 2;
	if (number(db, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
		return 2;
	int64_t bytes = number(db, "PRAGMA page_count") * number(db, "PRAGMA page_size");
	int64_t changes = number(db, "SELECT count(*) FROM change_row");
	int64_t findings = number(db, "SELECT count(*) FROM finding");

	(void)printf("changes %" PRId64 "\nfindings %" PRId64 "\nstore_mib %.1f\n", changes,
		findings, (double)bytes / 1048576);
	(void)printf("bytes_per_change %.1f\n", (double)bytes / (double)(changes ? changes : 1));
	by_table(db, (double)(changes ? changes : 1));
	(void)sqlite3_close(db);
	return changes > 0 ? 0 : 1;
}
