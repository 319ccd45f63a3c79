/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of runs. Moves are conditional on the state that the mover knows and fenced by its lease. */
#include "common/store/store_job.h"

#include <errno.h>
#include <string.h>

#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

/* How many of the last previews tell how long one usually takes. */
#define USUAL_OF 9

#define COLUMNS \
	"id, tenant, watch, filter_hash, filter, baseline, initial, due, queued, state, " \
	"holds_slot, outcome, detail, snapshot, snapshot_created, covered_from, newest_snapshot, " \
	"intent, intent_server, service_id, location, adopted, service_status, started, " \
	"completed, objects, links, next_link, pages, changes, distinct_objects, verified, " \
	"unknown, attempts, not_before, cancel_by, ended"

enum {
	SQL_INSERT,
	SQL_PENDING,
	SQL_MOVE,
	SQL_SLOT_TAKEN,
	SQL_INSTANT,
	SQL_JUDGED,
	SQL_LOAD,
	SQL_LOAD_UNFINISHED,
	SQL_LOAD_LATEST,
	SQL_LAST,
	SQL_DURATIONS,
};

/* Ended, and by more than our own wish. */
#define TELLS(job) \
	job ".state IN ('done', 'failed') AND " job \
	    ".outcome NOT IN ('cancelled', 'baseline_gone', 'removed')"

static const struct db_sql sql[] = {
	[SQL_INSERT] = {"ittttiiitiiiii",
		"INSERT INTO job (tenant, watch, filter_hash, filter, baseline, initial, due,"
		" queued, state, holds_slot, snapshot, snapshot_created, covered_from,"
		" newest_snapshot, adopted, pages, changes, unknown, attempts, not_before, epoch)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, $9, $10, $11, $12,"
		" 0, 0, 0, 0, 0, $13, $14) RETURNING id"},
	[SQL_PENDING] = {"itt",
		"SELECT 1 FROM job WHERE tenant = $1 AND watch = $2 AND filter_hash = $3"
		" AND state NOT IN ('done', 'failed') LIMIT 1"},
	[SQL_MOVE] = {"itittiittitiiiiiiiitiit",
		"UPDATE job SET state = $2, holds_slot = $3, outcome = $4, detail = $5,"
		" intent = $6, intent_server = $7, service_id = $8, location = $9,"
		" adopted = $10, service_status = $11, started = $12, completed = $13,"
		" objects = $14, links = $15, distinct_objects = $16, verified = $17,"
		" attempts = $18, not_before = $19, cancel_by = $20, ended = $21, epoch = $22"
		" WHERE id = $1 AND state = $23"},
	[SQL_SLOT_TAKEN] = {"ii",
		"SELECT 1 FROM job WHERE tenant = $1 AND holds_slot = 1 AND id <> $2 LIMIT 1"},
	[SQL_INSTANT] = {"ii", "UPDATE job SET instant = $2 WHERE id = $1"},
	[SQL_JUDGED] = {"itii",
		"UPDATE job SET state = 'done', outcome = $2, ended = $3, epoch = $4"
		" WHERE id = $1 AND state = 'settling'"},
	[SQL_LOAD] = {"i", "SELECT " COLUMNS " FROM job WHERE id = $1"},
	[SQL_LOAD_UNFINISHED] = {"i",
		"SELECT " COLUMNS " FROM job"
		" WHERE tenant = $1 AND state NOT IN ('done', 'failed') ORDER BY id"},
	[SQL_LOAD_LATEST] = {"ii",
		"SELECT " COLUMNS " FROM job WHERE tenant = $1 AND ended >= $2 AND " TELLS(
			"job") " AND NOT EXISTS (SELECT 1 FROM job AS later WHERE later.tenant = "
			       "job.tenant"
			       " AND later.watch = job.watch AND later.id > job.id AND " TELLS(
				       "later") ") ORDER BY id"},
	[SQL_LAST] = {"itt",
		"SELECT due, newest_snapshot, state, outcome, ended FROM job"
		" WHERE tenant = $1 AND watch = $2 AND filter_hash = $3"
		" AND (outcome IS NULL OR outcome <> 'removed') ORDER BY id DESC LIMIT 32"},
	[SQL_DURATIONS] = {"ii",
		"SELECT completed - started FROM job"
		" WHERE tenant = $1 AND state IN ('collecting', 'settling', 'done')"
		" AND completed > started ORDER BY id DESC LIMIT $2"},
};
const struct db_sql_table store_job_sql = {"store_job", sql, ARRAY_SIZE(sql)};

/* -1 is "not known" in the model and NULL in the store. */
static struct db_value count_value(int64_t n)
{
	return n < 0 ? DB_NULL : DB_I(n);
}

static int64_t count_of(const struct db_rows *rows, int column)
{
	return db_is_null(rows, column) ? -1 : db_int(rows, column);
}

/* One row changed, or the reason why not. */
static int changed_one(int r, int64_t n)
{
	if (r < 0)
		return r;
	return n == 1 ? 0 : STORE_JOB_E_STALE;
}

int store_job_insert(struct store *s, struct run *run)
{
	int64_t id = 0;
	int r;

	r = store_fence(s, run->tenant);
	if (r < 0)
		return r;
	r = db_query_int(s->db, &sql[SQL_PENDING],
		DB_ARGS(DB_I(run->tenant), DB_T(run->watch), DB_T(run->filter_hash)), &id);
	if (r != 0)
		return r < 0 ? r : STORE_JOB_E_PENDING;
	r = db_query_int(s->db, &sql[SQL_INSERT],
		DB_ARGS(DB_I(run->tenant), DB_T(run->watch), DB_T(run->filter_hash),
			DB_T(run->filter), DB_T(run->baseline), DB_I(run->initial),
			DB_I(run->due_us), DB_I(run->queued_us), DB_T(run->snapshot),
			DB_I(run->snapshot_created_us), DB_I(run->covered_from_us),
			DB_TIME(run->newest_snapshot_us), DB_TIME(run->not_before_us),
			DB_I(s->epoch)),
		&id);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	run->id = id;
	return 0;
}

int store_job_move(struct store *s, const struct run *run, enum run_state from)
{
	int64_t n = 0;
	int r;

	if (!run_move_allowed(from, run->state))
		return -EINVAL;
	r = store_fence(s, run->tenant);
	if (r < 0)
		return r;
	if (run->holds_slot) {
		r = db_query_int(
			s->db, &sql[SQL_SLOT_TAKEN], DB_ARGS(DB_I(run->tenant), DB_I(run->id)), &n);
		if (r != 0)
			return r < 0 ? r : STORE_JOB_E_SLOT;
	}
	r = db_exec(s->db, &sql[SQL_MOVE],
		DB_ARGS(DB_I(run->id), DB_T(run_state_name(run->state)), DB_I(run->holds_slot),
			DB_T(run_state_ended(run->state) ? run_outcome_name(run->outcome) : NULL),
			DB_T(run->detail), DB_TIME(run->intent_us), DB_TIME(run->intent_server_us),
			DB_T(run->service_id), DB_T(run->location), DB_I(run->adopted),
			DB_T(run->service_status), DB_TIME(run->started_us),
			DB_TIME(run->completed_us), count_value(run->objects),
			count_value(run->links), count_value(run->distinct_objects),
			count_value(run->verified), DB_I(run->attempts),
			DB_TIME(run->not_before_us), DB_T(run->cancel_by), DB_TIME(run->ended_us),
			DB_I(s->epoch), DB_T(run_state_name(from))),
		&n);
	return changed_one(r, n);
}

int store_job_set_instant(struct store *s, int64_t job, int64_t instant_us)
{
	return db_exec(s->db, &sql[SQL_INSTANT], DB_ARGS(DB_I(job), DB_I(instant_us)), NULL);
}

int store_job_judged(struct store *s, int64_t job, enum run_outcome outcome, int64_t ended_us)
{
	int64_t n = 0;
	int r = store_fence_job(s, job);

	if (r == 0)
		r = db_exec(s->db, &sql[SQL_JUDGED],
			DB_ARGS(DB_I(job), DB_T(run_outcome_name(outcome)), DB_TIME(ended_us),
				DB_I(s->epoch)),
			&n);
	return changed_one(r, n);
}

static int set_text(char **field, const struct db_rows *rows, int column)
{
	return run_set_text(field, db_text(rows, column));
}

/* The order of columns is that of COLUMNS. */
static int read_row(const struct db_rows *rows, struct run **ret)
{
	_cleanup_(run_freep) struct run *r = run_new();
	int c = 0;

	if (!r)
		return -ENOMEM;
	r->id = db_int(rows, c++);
	r->tenant = db_int(rows, c++);
	if (set_text(&r->watch, rows, c++) < 0 || set_text(&r->filter_hash, rows, c++) < 0 ||
		set_text(&r->filter, rows, c++) < 0 || set_text(&r->baseline, rows, c++) < 0)
		return -ENOMEM;
	r->initial = db_int(rows, c++);
	r->due_us = db_int(rows, c++);
	r->queued_us = db_int(rows, c++);
	if (run_state_from_name(db_text(rows, c++), &r->state) < 0)
		return -EUCLEAN;
	r->holds_slot = db_int(rows, c++);
	if (!db_is_null(rows, c) && run_outcome_from_name(db_text(rows, c), &r->outcome) < 0)
		return -EUCLEAN;
	c++;
	if (set_text(&r->detail, rows, c++) < 0 || set_text(&r->snapshot, rows, c++) < 0)
		return -ENOMEM;
	r->snapshot_created_us = db_int(rows, c++);
	r->covered_from_us = db_int(rows, c++);
	r->newest_snapshot_us = db_time(rows, c++);
	r->intent_us = db_time(rows, c++);
	r->intent_server_us = db_time(rows, c++);
	if (set_text(&r->service_id, rows, c++) < 0 || set_text(&r->location, rows, c++) < 0)
		return -ENOMEM;
	r->adopted = db_int(rows, c++);
	if (set_text(&r->service_status, rows, c++) < 0)
		return -ENOMEM;
	r->started_us = db_time(rows, c++);
	r->completed_us = db_time(rows, c++);
	r->objects = count_of(rows, c++);
	r->links = count_of(rows, c++);
	if (set_text(&r->next_link, rows, c++) < 0)
		return -ENOMEM;
	r->pages = db_int(rows, c++);
	r->changes = db_int(rows, c++);
	r->distinct_objects = count_of(rows, c++);
	r->verified = (int)count_of(rows, c++);
	r->unknown = db_int(rows, c++);
	r->attempts = db_int(rows, c++);
	r->not_before_us = db_time(rows, c++);
	if (set_text(&r->cancel_by, rows, c++) < 0)
		return -ENOMEM;
	r->ended_us = db_time(rows, c++);
	*ret = TAKE_PTR(r);
	return 0;
}

int store_job_load(struct store *s, int64_t job, struct run **ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_LOAD], DB_ARGS(DB_I(job)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_row(&rows, ret);
}

static int list_add(struct run_list *list, struct run *run)
{
	struct run **items = realloc(list->items, (list->n + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->n++] = run;
	return 0;
}

void run_list_done(struct run_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		(void)run_free(list->items[i]);
	free(list->items);
	*list = (struct run_list){0};
}

static int read_list(int r, struct db_rows *rows, struct run_list *ret)
{
	_cleanup_(run_list_done) struct run_list list = {0};

	while (r >= 0 && (r = db_next(rows)) > 0) {
		_cleanup_(run_freep) struct run *run = NULL;

		r = read_row(rows, &run);
		if (r >= 0)
			r = list_add(&list, run);
		if (r >= 0)
			run = NULL;
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct run_list){0};
	return 0;
}

int store_job_load_unfinished(struct store *s, int64_t tenant, struct run_list *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_LOAD_UNFINISHED], DB_ARGS(DB_I(tenant)), &rows);

	return read_list(r, &rows, ret);
}

int store_job_load_latest(struct store *s, int64_t tenant, int64_t since_us, struct run_list *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(
		s->db, &sql[SQL_LOAD_LATEST], DB_ARGS(DB_I(tenant), DB_I(since_us)), &rows);

	return read_list(r, &rows, ret);
}

/* One row of the history, newest first. 1: older ones may matter still. */
static int look_back(const struct db_rows *rows, bool first, struct store_job_last *last)
{
	enum run_outcome how = RUN_NO_RESULT;
	enum run_state state;

	if (run_state_from_name(db_text(rows, 2), &state) < 0)
		return -EUCLEAN;
	if (first) {
		last->due_us = db_int(rows, 0);
		last->newest_snapshot_us = db_time(rows, 1);
		last->pending = !run_state_ended(state);
	}
	if (state == RUN_DONE)
		return 0;
	if (state != RUN_FAILED)
		return 1;
	if (last->failures++ == 0) {
		(void)run_outcome_from_name(db_text(rows, 3), &how);
		last->failed_how = how;
		last->failed_us = db_int(rows, 4);
	}
	return 1;
}

int store_job_last(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	struct store_job_last *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	struct store_job_last last = {
		.due_us = TIME_NONE, .newest_snapshot_us = TIME_NONE, .failed_us = TIME_NONE};
	bool first = true;
	int r = db_query(s->db, &sql[SQL_LAST],
		DB_ARGS(DB_I(tenant), DB_T(watch), DB_T(filter_hash)), &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0) {
		r = look_back(&rows, first, &last);
		if (r <= 0)
			break;
		first = false;
	}
	if (r < 0)
		return r;
	*ret = last;
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int store_job_usual(struct store *s, int64_t tenant, int64_t *ret_us)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int64_t took[USUAL_OF];
	size_t n = 0;
	int r = db_query(s->db, &sql[SQL_DURATIONS], DB_ARGS(DB_I(tenant), DB_I(USUAL_OF)), &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0)
		if (n < USUAL_OF)
			took[n++] = db_int(&rows, 0);
	if (r < 0)
		return r;
	qsort(took, n, sizeof(took[0]), compare_times);
	*ret_us = n > 0 ? took[n / 2] : 0;
	return 0;
}
