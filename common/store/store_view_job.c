/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store.h"
#include "common/store/store_tables.h"
#include "common/store/store_view.h"

enum {
	SQL_LIST,
};

/* Must agree with TYPES and fill(). */
#define COLUMNS \
	"job.id, tenant.name, tenant.tenant_id, job.watch, job.baseline, job.state, job.outcome," \
	" job.detail, job.snapshot, job.service_id, job.service_status, job.cancel_by," \
	" job.initial, job.adopted, job.due, job.queued, job.snapshot_created, job.covered_from," \
	" job.started, job.completed, job.ended, job.not_before, job.objects, job.links," \
	" job.distinct_objects, job.pages, job.changes, job.unknown, job.attempts, job.verified"
#define TYPES "itttttttttttiiiiiiiiiiiiiiiiii"

static const struct db_sql sql[] = {
	[SQL_LIST] = {"itti", "SELECT " COLUMNS " FROM job JOIN tenant ON tenant.id = job.tenant"
			      " WHERE job.id <= $1 AND ($2 = '' OR tenant.name = $2) AND ($3 = ''"
			      " OR ($3 = 'done' AND job.state = 'done')"
			      " OR ($3 = 'ended' AND job.state IN ('done', 'failed'))"
			      " OR ($3 = 'unfinished' AND job.state NOT IN ('done', 'failed')))"
			      " ORDER BY job.id DESC LIMIT $4"},
};
const struct db_sql_table store_view_job_sql = {"store_view_job", sql, ARRAY_SIZE(sql)};

static void fill(void *item, const struct view_rows *rows, size_t i)
{
	*(struct view_job *)item = (struct view_job){
		.id = view_int(rows, i, 0),
		.tenant = view_text(rows, i, 1),
		.tenant_id = view_text(rows, i, 2),
		.watch = view_text(rows, i, 3),
		.baseline = view_text(rows, i, 4),
		.state = view_text(rows, i, 5),
		.outcome = view_text(rows, i, 6),
		.detail = view_text(rows, i, 7),
		.snapshot_id = view_text(rows, i, 8),
		.service_id = view_text(rows, i, 9),
		.service_status = view_text(rows, i, 10),
		.cancel_by = view_text(rows, i, 11),
		.initial = view_int(rows, i, 12) != 0,
		.adopted = view_int(rows, i, 13) != 0,
		.due_us = view_time(rows, i, 14),
		.queued_us = view_time(rows, i, 15),
		.snapshot_us = view_time(rows, i, 16),
		.covered_from_us = view_time(rows, i, 17),
		.started_us = view_time(rows, i, 18),
		.completed_us = view_time(rows, i, 19),
		.ended_us = view_time(rows, i, 20),
		.not_before_us = view_time(rows, i, 21),
		.objects = view_int_or(rows, i, 22, -1),
		.links = view_int_or(rows, i, 23, -1),
		.distinct_objects = view_int_or(rows, i, 24, -1),
		.pages = view_int(rows, i, 25),
		.changes = view_int(rows, i, 26),
		.unknown = view_int(rows, i, 27),
		.attempts = view_int(rows, i, 28),
		.verified = (int)view_int_or(rows, i, 29, -1),
	};
}

static const struct view_shape shape = {TYPES, sizeof(struct view_job), fill};

static int read_jobs(struct store *s, const char *tenant, const char *which, int64_t newest_id,
	size_t limit, struct view_jobs *ret)
{
	struct view_rows rows = {0};
	int r = view_rows_read_items(s->db, &sql[SQL_LIST],
		DB_ARGS(DB_I(newest_id), DB_T(tenant ? tenant : ""), DB_T(which),
			DB_I((int64_t)limit)),
		&shape, &rows);

	if (r == 0)
		*ret = (struct view_jobs){rows.items, rows.n, rows};
	return r;
}

int store_view_jobs(struct store *s, const char *tenant, enum view_job_which which,
	int64_t before_id, size_t limit, struct view_jobs *ret)
{
	static const char *const words[] = {
		[VIEW_JOBS_ALL] = "",
		[VIEW_JOBS_DONE] = "done",
		[VIEW_JOBS_ENDED] = "ended",
		[VIEW_JOBS_UNFINISHED] = "unfinished",
	};

	return read_jobs(s, tenant, words[which], before_id - 1, limit, ret);
}

int store_view_job(struct store *s, int64_t id, struct view_jobs *ret)
{
	int r = read_jobs(s, NULL, "", id, 1, ret);

	if (r == 0 && ret->n && ret->items[0].id != id)
		ret->n = 0;
	return r;
}

void view_jobs_done(struct view_jobs *list)
{
	view_rows_done(&list->rows);
	*list = (struct view_jobs){0};
}
