/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_KNOWN,
	SQL_SEEN,
	SQL_RETENTION,
	SQL_SIGHTINGS,
};

static const struct db_sql sql[] = {
	[SQL_KNOWN] = {"it", "SELECT id FROM snapshot WHERE tenant = $1 AND service_id = $2"},
	[SQL_SEEN] = {"ititi",
		"INSERT INTO snapshot (tenant, service_id, created, created_text, first_seen,"
		" last_seen) VALUES ($1, $2, $3, $4, $5, $5)"
		" ON CONFLICT (tenant, service_id) DO UPDATE SET last_seen = excluded.last_seen"},
	[SQL_RETENTION] = {"ii",
		"SELECT last_seen - created FROM snapshot WHERE tenant = $1 AND last_seen >= $2"
		" ORDER BY last_seen - created DESC LIMIT 1"},
	[SQL_SIGHTINGS] = {"ii",
		"SELECT created, MIN(first_seen), MAX(last_seen) FROM snapshot"
		" WHERE tenant = $1 AND last_seen >= $2 GROUP BY created ORDER BY created DESC"},
};
const struct db_sql_table store_snapshot_sql = {"store_snapshot", sql, ARRAY_SIZE(sql)};

static int seen_one(
	struct store *s, int64_t tenant, const struct snapshot *item, int64_t at_us, size_t *n_new)
{
	int64_t id;
	int r = db_query_int(
		s->db, &sql[SQL_KNOWN], DB_ARGS(DB_I(tenant), DB_T(item->service_id)), &id);

	if (r < 0)
		return r;
	*n_new += r == 0;
	return db_exec(s->db, &sql[SQL_SEEN],
		DB_ARGS(DB_I(tenant), DB_T(item->service_id), DB_I(item->created_us),
			DB_T(item->created_text), DB_I(at_us)),
		NULL);
}

int store_snapshot_seen(struct store *s, int64_t tenant, const struct snapshot_list *list,
	int64_t at_us, size_t *ret_new)
{
	size_t n_new = 0;
	int r = store_fence(s, tenant);

	for (size_t i = 0; r >= 0 && i < list->n; i++)
		r = seen_one(s, tenant, &list->items[i], at_us, &n_new);
	if (r < 0)
		return r;
	*ret_new = n_new;
	return 0;
}

int store_snapshot_retention(struct store *s, int64_t tenant, int64_t since_us, int64_t *ret_us)
{
	int64_t us = TIME_NONE;
	int r = db_query_int(
		s->db, &sql[SQL_RETENTION], DB_ARGS(DB_I(tenant), DB_I(since_us)), &us);

	if (r < 0)
		return r;
	*ret_us = us;
	return 0;
}

static int add_sighting(struct sighting **items, size_t *n, const struct db_rows *rows)
{
	struct sighting *grown = realloc(*items, (*n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*n)++] = (struct sighting){
		.created_us = db_int(rows, 0),
		.first_us = db_int(rows, 1),
		.last_us = db_int(rows, 2),
	};
	*items = grown;
	return 0;
}

int store_snapshot_sightings(
	struct store *s, int64_t tenant, int64_t since_us, struct sighting **ret, size_t *ret_n)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	_cleanup_(freep) struct sighting *items = NULL;
	size_t n = 0;
	int r = db_query(s->db, &sql[SQL_SIGHTINGS], DB_ARGS(DB_I(tenant), DB_I(since_us)), &rows);

	while (r >= 0 && n < LIMIT_SNAPSHOTS && (r = db_next(&rows)) > 0)
		r = add_sighting(&items, &n, &rows);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(items);
	*ret_n = n;
	return 0;
}
