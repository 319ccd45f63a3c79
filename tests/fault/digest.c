/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/digest.h"

#include <errno.h>
#include <sqlite3.h>

#define TROUBLE \
	"('store_full', 'store_error', 'sink_failing', 'api_unexpected', 'throttled'," \
	" 'snapshot_late', 'job_slow')"

static const struct {
	const char *noun, *sql;
} facts[] = {
	{"job", "SELECT watch, snapshot_created, covered_from, initial, state, outcome, detail,"
		" objects, links, pages, changes, verified FROM job ORDER BY 1, 2, 5"},
	{"coverage",
		"SELECT watch, filter_hash, covered_from > 0, job FROM coverage ORDER BY 1, 2"},
	{"page", "SELECT job, number, n_changes FROM page ORDER BY 1, 2"},
	{"change", "SELECT job, ordinal, page, entity_type, hex(object_id), name, change, changed"
		   " FROM change ORDER BY 1, 2"},
	{"finding", "SELECT entity_type, hex(object_id), change, atom, hex(after_hash), episode,"
		    " attention, fact, severity, rule, initial, name, before, after, brought_back,"
		    " first_job, last_job, parent IS NULL FROM finding ORDER BY 1, 2, 3, 4, 5, 6"},
	{"history",
		"SELECT f.entity_type, hex(f.object_id), f.change, f.atom, f.episode, h.what, "
		"h.was,"
		" h.becomes, h.who, h.why FROM finding_history h JOIN finding f ON f.id = h.finding"
		" ORDER BY 1, 2, 3, 4, 5, 6, 8"},
	{"alert", "SELECT a.kind, a.severity, a.job, a.title, o.sink, o.state FROM alert a"
		  " LEFT JOIN outbox o ON o.alert = a.id WHERE a.kind NOT IN " TROUBLE
		  " ORDER BY 1, 2, 3, 5"},
	{"undelivered", "SELECT o.sink, o.state, a.kind FROM outbox o JOIN alert a"
			" ON a.id = o.alert WHERE o.state <> 'sent' ORDER BY 1, 2, 3"},
	{"condition", "SELECT tenant, kind, subject FROM condition WHERE cleared IS NULL"
		      " ORDER BY 1, 2, 3"},
};

static int digest_fact(sqlite3 *db, const char *noun, const char *sql, struct buf *out)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	while (r == SQLITE_OK || r == SQLITE_ROW) {
		r = sqlite3_step(s);
		if (r != SQLITE_ROW)
			break;
		buf_puts(out, noun);
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const char *text = (const char *)sqlite3_column_text(s, i);

			buf_printf(out, "|%s", text ? text : "-");
		}
		buf_putc(out, '\n');
	}
	(void)sqlite3_finalize(s);
	return r == SQLITE_DONE ? 0 : -EIO;
}

int digest_store(const char *path, struct buf *out)
{
	sqlite3 *db = NULL;
	int r = 0;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		r = -EIO;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(facts); i++)
		r = digest_fact(db, facts[i].noun, facts[i].sql, out);
	if (r < 0)
		buf_printf(out, "cannot read the store: %s\n", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	return r < 0 ? r : buf_error(out);
}
