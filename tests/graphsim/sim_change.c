/* SPDX-License-Identifier: Apache-2.0 */
/* getChanges and getFailedChanges: the differences of one job, page by page. */
#include <string.h>

#include "tests/graphsim/sim_cache.h"
#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"

/* The instant that the service writes into what it would delete. */
static int64_t as_of(const struct sim_ctx *c, const struct sim_job *j)
{
	int64_t event_us = c->tenant->dir->event_us;

	return event_us ? event_us : j->capture_us;
}

static bool shown_whole(const struct sim_ctx *c, const struct sim_row *row)
{
	return (c->tenant->dir->event_us && row->action != SIM_ACTION_UPDATE) ||
	       sim_switch(c->s, c->tenant, SIM_SW_CURRENT_STATE) == SIM_CURRENT_STATE_FULL;
}

static void put_element(struct sim_ctx *c, const struct sim_job *j, const struct sim_row *row,
	int part, const char *failure)
{
	struct sim_element how = {
		.sentinel = !c->newer_enums,
		.full = shown_whole(c, row),
		.bare_type = c->beta,
		.as_of_us = as_of(c, j),
		.failure = failure,
	};

	how.part = part;
	if (c->res->body.data[c->res->body.len - 1] != '[')
		buf_putc(&c->res->body, ',');
	sim_diff_write(
		&c->res->body, c->tenant->dir, j->snapshot.content_us, j->capture_us, row, &how);
}

/* An object is one row, or two that follow each other on the same page. */
static void put_row(struct sim_ctx *c, const struct sim_job *j, const struct sim_row *row)
{
	bool two = sim_job_splits(j) &&
		   sim_diff_divides(c->tenant->dir, j->snapshot.content_us, j->capture_us, row);

	put_element(c, j, row, two ? SIM_PART_PROPS : SIM_PART_ALL, NULL);
	if (two)
		put_element(c, j, row, SIM_PART_LINKS, NULL);
}

/* The walk is at row->pos = page->at, unless rows were skipped by number: those are walked over. */
static bool to_first(const struct sim_job *j, const struct sim_page *page, struct sim_row *row)
{
	uint64_t skip = page->at ? 0 : page->skipped;

	row->pos = page->at;
	for (;; row->pos++) {
		if (!sim_job_next(j, row))
			return false;
		if (skip-- == 0)
			return true;
	}
}

static void put_rows(struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page,
	struct sim_walk *ret)
{
	struct sim_walk w = {0};

	w.more = to_first(j, page, &w.row);
	while (w.more && w.rows < page->top) {
		put_row(c, j, &w.row);
		w.rows++;
		w.row.pos++;
		w.more = sim_job_next(j, &w.row);
	}
	*ret = w;
}

static char *context_of(const struct sim_ctx *c, const struct sim_job *j)
{
	return sim_printf("directory/recovery/snapshots/%s/%s/%s/%s", c->snapshot,
		j->recovery ? "recoveryJobs" : "recoveryPreviewJobs", j->id, c->function);
}

void sim_get_changes(struct sim_ctx *c)
{
	struct sim_job *j = sim_path_job(c);
	struct sim_page page;

	if (!j)
		return;
	if (sim_job_status(j, c->now_us) != SIM_STATUS_SUCCESSFUL) {
		sim_reply_error(c, 400, "Request_BadRequest",
			"Job with identifier %s must have completed successfully prior to "
			"enumerating changes.",
			j->id);
		return;
	}
	_cleanup_(freep) char *context = context_of(c, j);
	if (!sim_page_open(c, j->id, &page))
		return;
	sim_job_count(j);
	sim_page_begin(c, context);
	size_t from = c->res->body.len;
	struct sim_walk w;
	if (!sim_cache_find(c, j, &page, &w)) {
		put_rows(c, j, &page, &w);
		sim_cache_put(c, j, &page, from, &w);
	}
	sim_page_end(c, j->id, &page, w.row.pos, w.rows, w.more, j->rows);
}

void sim_get_failed_changes(struct sim_ctx *c)
{
	struct sim_job *j = sim_path_job(c);
	struct sim_page page;
	size_t rows = 0;

	if (!j)
		return;
	if (!sim_status_ended(sim_job_status(j, c->now_us)) || j->n_failed == 0) {
		sim_reply_error(c, 400, "Request_BadRequest",
			"Job with identifier %s must have completed with failed changes.", j->id);
		return;
	}
	_cleanup_(freep) char *context = context_of(c, j);
	if (!sim_page_open(c, j->id, &page))
		return;
	sim_page_begin(c, context);
	for (uint64_t i = page.skipped; i < j->n_failed && rows < page.top; i++, rows++)
		put_element(c, j, &j->failed[i], SIM_PART_ALL,
			"Update failed: The object is managed by another service.");
	uint64_t next = page.skipped + rows;
	sim_page_end(c, j->id, &page, next, rows, next < j->n_failed, j->n_failed);
}
