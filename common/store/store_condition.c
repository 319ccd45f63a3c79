/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_condition.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_SET,
	SQL_CLEAR,
	SQL_TOLD,
	SQL_LOAD,
};

static const struct db_sql sql[] = {
	[SQL_SET] = {"itti",
		"INSERT INTO condition (tenant, kind, subject, since) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (tenant, kind, subject) DO UPDATE"
		" SET since = excluded.since, alert = NULL, cleared = NULL"
		" WHERE condition.cleared IS NOT NULL RETURNING since"},
	[SQL_CLEAR] = {"itti",
		"UPDATE condition SET cleared = $4"
		" WHERE tenant = $1 AND kind = $2 AND subject = $3 AND cleared IS NULL"},
	[SQL_TOLD] = {"itti", "UPDATE condition SET alert = $4"
			      " WHERE tenant = $1 AND kind = $2 AND subject = $3"},
	[SQL_LOAD] = {"", "SELECT tenant, kind, subject, since FROM condition"
			  " WHERE cleared IS NULL ORDER BY tenant, kind, subject"},
};
const struct db_sql_table store_condition_sql = {"store_condition", sql, ARRAY_SIZE(sql)};

static int fence(struct store *s, int64_t tenant)
{
	return tenant ? store_fence(s, tenant) : 0;
}

int store_condition_set(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t now_us)
{
	int64_t since = 0;
	int r = fence(s, tenant);

	if (r < 0)
		return r;
	return db_query_int(s->db, &sql[SQL_SET],
		DB_ARGS(DB_I(tenant), DB_T(kind), DB_T(subject), DB_I(now_us)), &since);
}

int store_condition_clear(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t now_us)
{
	int64_t n = 0;
	int r = fence(s, tenant);

	if (r == 0)
		r = db_exec(s->db, &sql[SQL_CLEAR],
			DB_ARGS(DB_I(tenant), DB_T(kind), DB_T(subject), DB_I(now_us)), &n);
	return r < 0 ? r : n > 0;
}

int store_condition_told(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t alert)
{
	return db_exec(s->db, &sql[SQL_TOLD],
		DB_ARGS(DB_I(tenant), DB_T(kind), DB_T(subject), DB_I(alert)), NULL);
}

void store_conditions_done(struct store_conditions *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].kind);
		free(list->items[i].subject);
	}
	free(list->items);
	*list = (struct store_conditions){0};
}

static int add_row(struct store_conditions *list, const struct db_rows *rows)
{
	struct store_condition *items = realloc(list->items, (list->n + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	struct store_condition *c = &items[list->n++];
	*c = (struct store_condition){.tenant = db_int(rows, 0), .since_us = db_int(rows, 3)};
	int r = text_copy(db_text(rows, 1), &c->kind);
	if (r >= 0)
		r = text_copy(db_text(rows, 2), &c->subject);
	return r;
}

int store_condition_load(struct store *s, struct store_conditions *ret)
{
	_cleanup_(store_conditions_done) struct store_conditions list = {0};
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_LOAD], DB_NO_ARGS, &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0)
		r = add_row(&list, &rows);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct store_conditions){0};
	return 0;
}
