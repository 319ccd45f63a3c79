/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_tenant.h"

#include <errno.h>
#include <string.h>

#include "common/base/text.h"
#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_ADMIT,
	SQL_LOOKED,
	SQL_LOOK_FAILED,
	SQL_LOAD_ALL,
	SQL_SET_JOB_READ,
	SQL_GET_JOB_READ,
};

static const struct db_sql sql[] = {
	/* the update changes nothing; it makes the statement return the row that is there */
	[SQL_ADMIT] = {"tti", "INSERT INTO tenant (name, tenant_id, first_seen) VALUES ($1, $2, $3)"
			      " ON CONFLICT (name) DO UPDATE SET name = excluded.name"
			      " RETURNING id, tenant_id"},
	[SQL_LOOKED] = {"iii",
		"UPDATE tenant SET last_look = $2, last_look_error = NULL,"
		" newest_snapshot = CASE WHEN newest_snapshot IS NULL OR newest_snapshot < $3"
		" THEN $3 ELSE newest_snapshot END WHERE id = $1"},
	[SQL_LOOK_FAILED] = {"it", "UPDATE tenant SET last_look_error = $2 WHERE id = $1"},
	[SQL_LOAD_ALL] = {"",
		"SELECT id, name, tenant_id, first_seen, last_look, last_look_error,"
		" newest_snapshot, hold_until, hold_by, job_read FROM tenant ORDER BY name"},
	[SQL_SET_JOB_READ] = {"tt", "UPDATE tenant SET job_read = $2 WHERE tenant_id = $1"},
	/* a tenant that was renamed has two rows */
	[SQL_GET_JOB_READ] = {"t", "SELECT job_read FROM tenant WHERE tenant_id = $1"
				   " AND job_read IS NOT NULL ORDER BY id DESC LIMIT 1"},
};
const struct db_sql_table store_tenant_sql = {"store_tenant", sql, ARRAY_SIZE(sql)};

int store_tenant_admit(
	struct store *s, const char *name, const char *tenant_id, int64_t now_us, int64_t *ret_row)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};

	int r = db_query(
		s->db, &sql[SQL_ADMIT], DB_ARGS(DB_T(name), DB_T(tenant_id), DB_I(now_us)), &rows);
	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	if (strcmp(db_text(&rows, 1), tenant_id) != 0)
		return -ENOTUNIQ;
	*ret_row = db_int(&rows, 0);
	return 0;
}

static int one_row(int r, int64_t n)
{
	if (r < 0)
		return r;
	return n == 1 ? 0 : -ENOENT;
}

int store_tenant_looked(struct store *s, int64_t tenant, int64_t at_us, int64_t newest_us)
{
	int64_t n = 0;
	int r = store_fence(s, tenant);

	if (r == 0)
		r = db_exec(s->db, &sql[SQL_LOOKED],
			DB_ARGS(DB_I(tenant), DB_I(at_us), DB_TIME(newest_us)), &n);
	return one_row(r, n);
}

int store_tenant_look_failed(struct store *s, int64_t tenant, const char *text)
{
	int64_t n = 0;
	int r = store_fence(s, tenant);

	if (r == 0)
		r = db_exec(s->db, &sql[SQL_LOOK_FAILED], DB_ARGS(DB_I(tenant), DB_T(text)), &n);
	return one_row(r, n);
}

int store_tenant_set_job_read(struct store *s, const char *tenant_id, const char *what)
{
	return db_exec(s->db, &sql[SQL_SET_JOB_READ], DB_ARGS(DB_T(tenant_id), DB_T(what)), NULL);
}

int store_tenant_get_job_read(struct store *s, const char *tenant_id, char **ret)
{
	return db_query_text(s->db, &sql[SQL_GET_JOB_READ], DB_ARGS(DB_T(tenant_id)), ret);
}

static int read_row(const struct db_rows *rows, struct store_tenant *t)
{
	*t = (struct store_tenant){
		.id = db_int(rows, 0),
		.first_seen_us = db_int(rows, 3),
		.last_look_us = db_time(rows, 4),
		.newest_snapshot_us = db_time(rows, 6),
		.hold_until_us = db_time(rows, 7),
	};
	int r = text_copy(db_text(rows, 1), &t->name);
	if (r >= 0)
		r = text_copy(db_text(rows, 2), &t->tenant_id);
	if (r >= 0)
		r = text_copy(db_text(rows, 5), &t->last_look_error);
	if (r >= 0)
		r = text_copy(db_text(rows, 8), &t->hold_by);
	if (r >= 0)
		r = text_copy(db_text(rows, 9), &t->job_read);
	return r;
}

int store_tenant_load_all(struct store *s, struct store_tenant_list *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	_cleanup_(store_tenant_list_done) struct store_tenant_list list = {0};

	int r = db_query(s->db, &sql[SQL_LOAD_ALL], DB_NO_ARGS, &rows);
	while (r >= 0 && (r = db_next(&rows)) > 0) {
		struct store_tenant *items = reallocarray(list.items, list.n + 1, sizeof(*items));
		if (!items)
			return -ENOMEM;
		list.items = items;
		r = read_row(&rows, &items[list.n++]);
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct store_tenant_list){0};
	return 0;
}

void store_tenant_list_done(struct store_tenant_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].name);
		free(list->items[i].tenant_id);
		free(list->items[i].last_look_error);
		free(list->items[i].hold_by);
		free(list->items[i].job_read);
	}
	free(list->items);
	*list = (struct store_tenant_list){0};
}
