/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_remote_job.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_NOTE,
	SQL_TOLD,
	SQL_CREATING,
	SQL_RECOVERIES,
};

static const struct db_sql sql[] = {
	[SQL_NOTE] = {"itttiiitiiiiii",
		"INSERT INTO remote_job (tenant, service_id, kind, status, target, started,"
		" completed, filter, objects, links, objects_modified, links_modified,"
		" failed_changes, ours, first_seen, last_seen, told_start, told_end)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
		" CASE WHEN EXISTS (SELECT 1 FROM job WHERE job.tenant = $1"
		" AND job.service_id = $2) THEN 1 ELSE 0 END, $14, $14, 0, 0)"
		" ON CONFLICT (tenant, service_id) DO UPDATE SET kind = excluded.kind,"
		" status = excluded.status, target = excluded.target, started = excluded.started,"
		" completed = excluded.completed, filter = excluded.filter,"
		" objects = excluded.objects, links = excluded.links,"
		" objects_modified = excluded.objects_modified,"
		" links_modified = excluded.links_modified,"
		" failed_changes = excluded.failed_changes, ours = excluded.ours,"
		" last_seen = excluded.last_seen RETURNING ours, told_start, told_end"},
	[SQL_TOLD] = {"iti", "UPDATE remote_job SET told_start = 1,"
			     " told_end = CASE WHEN $3 = 1 THEN 1 ELSE told_end END"
			     " WHERE tenant = $1 AND service_id = $2"},
	[SQL_CREATING] = {"i",
		"SELECT 1 FROM job WHERE tenant = $1 AND state = 'creating' LIMIT 1"},
	/* a tenant has few jobs: the service forgets them after a week */
	[SQL_RECOVERIES] = {"iiii",
		"SELECT service_id, filter, coalesce(started, first_seen), completed"
		" FROM remote_job WHERE tenant = $1 AND kind = 'recovery' AND ours = 0"
		" AND coalesce(started, first_seen) < $3 AND coalesce(completed, last_seen) > $2"
		" ORDER BY coalesce(started, first_seen) DESC, id DESC LIMIT $4"},
};
const struct db_sql_table store_remote_job_sql = {"store_remote_job", sql, ARRAY_SIZE(sql)};

/* -1 is "not known" in the model and NULL in the store. */
static struct db_value total(int64_t n)
{
	return n < 0 ? DB_NULL : DB_I(n);
}

static int note(struct store *s, int64_t tenant, const struct remote_job *j, int64_t at_us,
	struct db_rows *rows)
{
	return db_query(s->db, &sql[SQL_NOTE],
		DB_ARGS(DB_I(tenant), DB_T(j->service_id), DB_T(j->kind_text), DB_T(j->status_text),
			DB_TIME(j->target_us), DB_TIME(j->started_us), DB_TIME(j->completed_us),
			DB_T(j->filter), total(j->objects), total(j->links),
			total(j->objects_modified), total(j->links_modified),
			total(j->failed_changes), DB_I(at_us)),
		rows);
}

int store_remote_job_note(struct store *s, int64_t tenant, const struct remote_job *job,
	int64_t at_us, struct store_remote_job_seen *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = store_fence(s, tenant);

	if (r == 0)
		r = note(s, tenant, job, at_us, &rows);
	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	*ret = (struct store_remote_job_seen){
		.ours = db_int(&rows, 0) != 0,
		.told_start = db_int(&rows, 1) != 0,
		.told_end = db_int(&rows, 2) != 0,
	};
	return 0;
}

int store_remote_job_told(struct store *s, int64_t tenant, const char *service_id, bool ended)
{
	int r = store_fence(s, tenant);

	if (r < 0)
		return r;
	return db_exec(
		s->db, &sql[SQL_TOLD], DB_ARGS(DB_I(tenant), DB_T(service_id), DB_I(ended)), NULL);
}

int store_remote_job_creating(struct store *s, int64_t tenant, bool *ret)
{
	int64_t one;
	int r = db_query_int(s->db, &sql[SQL_CREATING], DB_ARGS(DB_I(tenant)), &one);

	if (r < 0)
		return r;
	*ret = r > 0;
	return 0;
}

void store_recovery_done(struct store_recovery *r)
{
	free(r->service_id);
	free(r->filter);
	*r = (struct store_recovery){0};
}

static int read_recovery(const struct db_rows *rows, struct store_recovery *ret)
{
	struct store_recovery job = {
		.started_us = db_time(rows, 2),
		.ended_us = db_time(rows, 3),
	};
	int r = text_copy(db_text(rows, 0), &job.service_id);

	if (r >= 0)
		r = text_copy(db_text(rows, 1), &job.filter);
	if (r < 0) {
		store_recovery_done(&job);
		return r;
	}
	*ret = job;
	return 1;
}

int store_remote_job_recoveries(struct store *s, int64_t tenant, int64_t from_us, int64_t to_us,
	struct store_recovery *items, size_t limit, size_t *ret_n)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t n = 0;
	int r = db_query(s->db, &sql[SQL_RECOVERIES],
		DB_ARGS(DB_I(tenant), DB_I(from_us), DB_I(to_us), DB_I((int64_t)limit)), &rows);

	while (r >= 0 && n < limit && (r = db_next(&rows)) > 0) {
		r = read_recovery(&rows, &items[n]);
		n += r > 0;
	}
	if (r < 0) {
		while (n > 0)
			store_recovery_done(&items[--n]);
		return r;
	}
	*ret_n = n;
	return 0;
}
