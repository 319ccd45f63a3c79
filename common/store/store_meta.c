/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the store itself. */
#include "common/store/store_meta.h"

#include <errno.h>

#include "common/base/text.h"
#include "common/store/store_tables.h"

enum {
	SQL_SET,
	SQL_GET,
};

static const struct db_sql sql[] = {
	[SQL_SET] = {"tt", "INSERT INTO meta (key, value) VALUES ($1, $2)"
			   " ON CONFLICT (key) DO UPDATE SET value = excluded.value"},
	[SQL_GET] = {"t", "SELECT value FROM meta WHERE key = $1"},
};
const struct db_sql_table store_meta_sql = {"store_meta", sql, ARRAY_SIZE(sql)};

int store_meta_set(struct store *s, const char *key, const char *value)
{
	return db_exec(s->db, &sql[SQL_SET], DB_ARGS(DB_T(key), DB_T(value)), NULL);
}

int store_meta_get(struct store *s, const char *key, char **ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_GET], DB_ARGS(DB_T(key)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r;
	r = text_copy(db_text(&rows, 0), ret);
	return r < 0 ? r : 1;
}
