/* SPDX-License-Identifier: Apache-2.0 */
/* getChanges and getFailedChanges: the differences of one job, page by page. */
#include <string.h>

#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"

static void put_row(struct sim_ctx *c, const struct sim_job *j, const struct sim_row *row,
	bool first, const char *failure)
{
	struct sim_element how = {
		.sentinel = !c->newer_enums,
		.full = sim_switch(c->s, c->tenant, SIM_SW_CURRENT_STATE) == SIM_CURRENT_STATE_FULL,
		.bare_type = c->beta,
		.as_of_us = j->capture_us,
		.failure = failure,
	};

	if (!first)
		buf_putc(&c->res->body, ',');
	sim_diff_write(
		&c->res->body, c->tenant->dir, j->snapshot.content_us, j->capture_us, row, &how);
}

/* The walk is at row->pos = page->at, unless rows were skipped by number: those are walked over. */
static bool to_first(
	struct sim_ctx *c, struct sim_job *j, const struct sim_page *page, struct sim_row *row)
{
	uint64_t skip = page->at ? 0 : page->skipped;

	row->pos = page->at;
	for (;; row->pos++) {
		if (!sim_diff_next(
			    c->tenant->dir, j->snapshot.content_us, j->capture_us, &j->filter, row))
			return false;
		if (skip-- == 0)
			return true;
	}
}

static char *context_of(const struct sim_ctx *c, const struct sim_job *j)
{
	return sim_printf("directory/recovery/snapshots/%s/%s/%s/%s", c->snapshot,
		j->recovery ? "recoveryJobs" : "recoveryPreviewJobs", j->id, c->function);
}

void sim_get_changes(struct sim_ctx *c)
{
	struct sim_job *j = sim_path_job(c);
	struct sim_row row = {0};
	struct sim_page page;
	size_t rows = 0;

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
	bool more = to_first(c, j, &page, &row);
	while (more && rows < page.top) {
		put_row(c, j, &row, rows == 0, NULL);
		rows++;
		row.pos++;
		more = sim_diff_next(
			c->tenant->dir, j->snapshot.content_us, j->capture_us, &j->filter, &row);
	}
	sim_page_end(c, j->id, &page, row.pos, rows, more, j->rows);
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
		put_row(c, j, &j->failed[i], rows == 0,
			"Update failed: The object is managed by another service.");
	uint64_t next = page.skipped + rows;
	sim_page_end(c, j->id, &page, next, rows, next < j->n_failed, j->n_failed);
}
