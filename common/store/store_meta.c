/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the store itself. */
#include "common/store/store_meta.h"

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
	return db_query_text(s->db, &sql[SQL_GET], DB_ARGS(DB_T(key)), ret);
}
