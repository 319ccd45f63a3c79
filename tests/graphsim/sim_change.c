/* SPDX-License-Identifier: Apache-2.0 */
/* getChanges and getFailedChanges: the differences of one job, page by page. */
#include <string.h>

#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"

static void put_element(struct sim_ctx *c, const struct sim_job *j, const struct sim_row *row,
	int part, const char *failure)
{
	struct sim_element how = {
		.sentinel = !c->newer_enums,
		.full = sim_switch(c->s, c->tenant, SIM_SW_CURRENT_STATE) == SIM_CURRENT_STATE_FULL,
		.bare_type = c->beta,
		.as_of_us = j->capture_us,
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
	bool more = to_first(j, &page, &row);
	while (more && rows < page.top) {
		put_row(c, j, &row);
		rows++;
		row.pos++;
		more = sim_job_next(j, &row);
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
		put_element(c, j, &j->failed[i], SIM_PART_ALL,
			"Update failed: The object is managed by another service.");
	uint64_t next = page.skipped + rows;
	sim_page_end(c, j->id, &page, next, rows, next < j->n_failed, j->n_failed);
}
