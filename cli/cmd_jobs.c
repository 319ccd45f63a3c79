/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch jobs: every run, newest first. */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/list.h"
#include "cli/table.h"
#include "cli/when.h"
#include "common/base/limits.h"
#include "common/store/store_view.h"

static const struct table_column columns[] = {
	{.title = "JOB", .right = true},
	{.title = "TENANT", .min = 8},
	{.title = "WATCH", .min = 5},
	{.title = "WHEN", .min = 7},
	{.title = "COMPARED WITH"},
	{.title = "CHANGES", .right = true},
	{.title = "TOOK"},
	{.title = "OUTCOME", .min = 12},
};

static void add_row(const struct cli *c, const struct view_job *j, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, j->id);
	table_cell(t, TONE_PLAIN, number);
	table_cell(t, TONE_PLAIN, j->tenant);
	table_cell(t, TONE_PLAIN, j->watch);
	cli_when(c, j->started_us != TIME_NONE ? j->started_us : j->queued_us, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
	buf_reset(&text);
	if (cli_wide(c))
		when_append_exact(&text, j->snapshot_us);
	else
		when_append(&text, j->snapshot_us, c->now_us);
	table_cell(t, TONE_PLAIN, buf_text(&text));
	(void)snprintf(number, sizeof(number), "%" PRId64, j->changes);
	table_cell(t, TONE_PLAIN, number);
	buf_reset(&text);
	job_append_duration(j, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
	buf_reset(&text);
	job_append_outcome(j, &text);
	table_cell(t, job_tone(j), buf_text(&text));
}

static int show_batch(
	const struct cli *c, const struct view_jobs *list, struct table *t, struct emit *e)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!cli_json(c)) {
			add_row(c, &list->items[i], t);
			continue;
		}
		struct jsonw *w = emit_row(e);
		jsonw_object(w);
		job_write(&list->items[i], w);
		jsonw_object_end(w);
		int r = emit_row_end(e);
		if (r < 0)
			return r;
	}
	return cli_print(c, t, false);
}

static int show_all(const struct cli *c, struct table *t, struct emit *e, size_t *ret_n)
{
	int64_t before = VIEW_FIRST;
	size_t n = CLI_BATCH;
	int r = 0;

	for (*ret_n = 0; r == 0 && n == CLI_BATCH; *ret_n += n) {
		_cleanup_(view_jobs_done) struct view_jobs list = {0};

		r = store_view_jobs(
			c->store, c->args->tenant, VIEW_JOBS_ALL, before, CLI_BATCH, &list);
		if (r == 0)
			r = show_batch(c, &list, t, e);
		n = list.n;
		before = n ? list.items[n - 1].id : before;
	}
	return r;
}

static const char *none(const struct cli *c)
{
	(void)c;
	return "no job yet: the first look at a tenant plans one";
}

int cmd_jobs(struct cli *c)
{
	static const struct list list = {
		.columns = columns,
		.n_columns = ARRAY_SIZE(columns),
		.plural = "jobs",
		.show = show_all,
		.none = none,
	};

	return list_run(c, &list);
}
