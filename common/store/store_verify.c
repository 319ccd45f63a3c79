/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/store/store_page.h"
#include "common/store/store_tables.h"
#include "common/store/store_view.h"

/* Jobs read at a time. */
#define BATCH 100u
/* The engine's check of a store of any size that fits on a disk. */
#define CHECK_US (12 * USEC_PER_HOUR)

enum {
	SQL_PAGES,
	SQL_ROWS,
	SQL_INDEXED,
	SQL_NEXT_WITH_ROWS,
	SQL_NEXT_WITH_PAGES,
	SQL_JOB,
	SQL_LOST_DELIVERY,
	SQL_LOST_HISTORY,
	SQL_LOST_PARENT,
};

static const struct db_sql sql[] = {
	[SQL_PAGES] = {"i", "SELECT count(*), CAST(coalesce(sum(n_changes), 0) AS BIGINT),"
			    " coalesce(max(number), 0)"
			    " FROM page WHERE job = $1"},
	[SQL_ROWS] = {"i", "SELECT count(*) FROM change WHERE job = $1"},
	[SQL_INDEXED] = {"i", "SELECT count(*) FROM change_object WHERE job = $1"},
	[SQL_NEXT_WITH_ROWS] = {"i", "SELECT min(job) FROM change_row WHERE job > $1"},
	[SQL_NEXT_WITH_PAGES] = {"i", "SELECT min(job) FROM page WHERE job > $1"},
	[SQL_JOB] = {"i", "SELECT id FROM job WHERE id = $1"},
	[SQL_LOST_DELIVERY] = {"", "SELECT count(*) FROM outbox WHERE NOT EXISTS"
				   " (SELECT 1 FROM alert WHERE alert.id = outbox.alert)"},
	[SQL_LOST_HISTORY] = {"", "SELECT count(*) FROM finding_history AS h WHERE NOT EXISTS"
				  " (SELECT 1 FROM finding WHERE finding.id = h.finding)"},
	[SQL_LOST_PARENT] = {"", "SELECT count(*) FROM finding AS f WHERE f.parent IS NOT NULL"
				 " AND NOT EXISTS (SELECT 1 FROM finding WHERE finding.id ="
				 " f.parent)"},
};
const struct db_sql_table store_verify_sql = {"store_verify", sql, ARRAY_SIZE(sql)};

struct verify {
	struct store *s;
	store_damage_fn found;
	void *arg;
	struct store_verified counts;
};

static void tell(struct verify *v, const char *part, const struct view_job *job, int64_t page,
	const char *text)
{
	v->counts.damages++;
	v->found(v->arg, &(struct store_damage){
				 .part = part,
				 .tenant = job ? job->tenant : NULL,
				 .job = job ? job->id : 0,
				 .page = page,
				 .text = text,
			 });
}

/* A read that failed: damage is told and 0, anything else is the caller's. */
static int tell_unreadable(struct verify *v, const struct view_job *job, int64_t page, int r)
{
	char text[400];

	if (r != -EUCLEAN)
		return r;
	(void)snprintf(text, sizeof(text), "cannot be read: %s", db_error_text(v->s->db));
	tell(v, "database", job, page, text);
	return 0;
}

/* --- one job ------------------------------------------------------------------------------------
 */

struct fit {
	int64_t pages, promised, last, rows, indexed;
};

static int count(struct verify *v, int which, int64_t job, int64_t *ret)
{
	int r = db_query_int(v->s->db, &sql[which], DB_ARGS(DB_I(job)), ret);

	return r < 0 ? r : 0;
}

static int read_fit(struct verify *v, int64_t job, struct fit *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(v->s->db, &sql[SQL_PAGES], DB_ARGS(DB_I(job)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r < 0)
		return r;
	ret->pages = db_int(&rows, 0);
	ret->promised = db_int(&rows, 1);
	ret->last = db_int(&rows, 2);
	db_rows_done(&rows);
	r = count(v, SQL_ROWS, job, &ret->rows);
	return r < 0 ? r : count(v, SQL_INDEXED, job, &ret->indexed);
}

static int verify_rows(struct verify *v, const struct view_job *job)
{
	struct fit fit = {0};
	char text[200];
	int r = read_fit(v, job->id, &fit);

	if (r < 0)
		return tell_unreadable(v, job, 0, r);
	if (fit.pages != job->pages || fit.last != job->pages) {
		(void)snprintf(text, sizeof(text),
			"has %" PRId64 " pages, up to number %" PRId64 ", instead of %" PRId64,
			fit.pages, fit.last, job->pages);
		tell(v, "rows", job, 0, text);
	}
	if (fit.rows != job->changes || fit.promised != job->changes) {
		(void)snprintf(text, sizeof(text),
			"has %" PRId64 " rows of changes, by its pages %" PRId64
			", instead of %" PRId64,
			fit.rows, fit.promised, job->changes);
		tell(v, "rows", job, 0, text);
	}
	/* made with the last page */
	if (fit.indexed != 0 && fit.indexed != fit.rows) {
		(void)snprintf(text, sizeof(text),
			"has %" PRId64 " of %" PRId64 " rows in the index of objects", fit.indexed,
			fit.rows);
		tell(v, "rows", job, 0, text);
	}
	return 0;
}

static int verify_pages(struct verify *v, const struct view_job *job)
{
	_cleanup_(buf_done) struct buf raw = BUF_INIT(LIMIT_PAGE_BYTES);

	for (int64_t number = 1; number <= job->pages; number++) {
		buf_reset(&raw);
		int r = store_page_read(v->s, job->id, number, &raw, NULL);

		v->counts.pages++;
		if (r == STORE_PAGE_E_DAMAGED)
			tell(v, "page", job, number,
				"is not what was stored: values before and after of its changes "
				"cannot be shown; the rows can");
		else if (r == STORE_PAGE_E_MISSING && job->ended_us != TIME_NONE)
			tell(v, "page", job, number, "is missing");
		else if (r < 0 && (r = tell_unreadable(v, job, number, r)) < 0)
			return r;
	}
	return 0;
}

static int verify_jobs(struct verify *v, bool quick)
{
	int64_t before = VIEW_FIRST;

	for (size_t n = BATCH; n == BATCH;) {
		_cleanup_(view_jobs_done) struct view_jobs list = {0};
		int r = store_view_jobs(v->s, NULL, VIEW_JOBS_ALL, before, BATCH, &list);

		if (r < 0)
			return tell_unreadable(v, NULL, 0, r);
		n = list.n;
		for (size_t i = 0; r == 0 && i < n; i++) {
			const struct view_job *job = &list.items[i];

			before = job->id;
			v->counts.jobs++;
			/* one that is being read changes under our eyes */
			if (job->ended_us != TIME_NONE)
				r = verify_rows(v, job);
			if (r == 0 && !quick)
				r = verify_pages(v, job);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- what belongs to nobody ---------------------------------------------------------------------
 */

static int verify_owner(struct verify *v, int next_sql, const char *what)
{
	char text[120];

	for (int64_t job = 0;;) {
		int64_t next = 0, id = 0;
		int r = db_query_int(v->s->db, &sql[next_sql], DB_ARGS(DB_I(job)), &next);

		if (r > 0 && next > job)
			r = db_query_int(v->s->db, &sql[SQL_JOB], DB_ARGS(DB_I(next)), &id);
		if (r < 0)
			return tell_unreadable(v, NULL, 0, r);
		if (next <= job)
			return 0;
		job = next;
		if (id == next)
			continue;
		(void)snprintf(text, sizeof(text), "there are %s of job %" PRId64 ", which is not",
			what, next);
		tell(v, "reference", NULL, 0, text);
	}
}

static int verify_references(struct verify *v)
{
	static const struct {
		int which;
		const char *what;
	} lost[] = {
		{SQL_LOST_DELIVERY, "deliveries of alerts"},
		{SQL_LOST_HISTORY, "histories of findings"},
		{SQL_LOST_PARENT, "findings under findings"},
	};
	char text[120];
	int r = verify_owner(v, SQL_NEXT_WITH_ROWS, "changes");

	if (r == 0)
		r = verify_owner(v, SQL_NEXT_WITH_PAGES, "pages");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lost); i++) {
		int64_t n = 0;

		r = db_query_int(v->s->db, &sql[lost[i].which], DB_NO_ARGS, &n);
		if (r < 0) {
			r = tell_unreadable(v, NULL, 0, r);
			continue;
		}
		r = 0;
		if (n == 0)
			continue;
		(void)snprintf(text, sizeof(text), "%" PRId64 " %s that are not", n, lost[i].what);
		tell(v, "reference", NULL, 0, text);
	}
	return r;
}

int store_verify(
	struct store *s, bool quick, store_damage_fn found, void *arg, struct store_verified *ret)
{
	struct verify v = {.s = s, .found = found, .arg = arg};
	int r = db_check(s->db, CHECK_US);

	if (r == -EUCLEAN)
		tell(&v, "database", NULL, 0, db_error_text(s->db));
	else if (r < 0)
		return r;
	r = verify_jobs(&v, quick);
	if (r == 0)
		r = verify_references(&v);
	if (r == 0)
		*ret = v.counts;
	return r;
}
