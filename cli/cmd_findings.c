/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch findings: what somebody may have to look at, worst first. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/list.h"
#include "cli/table.h"
#include "common/base/limits.h"
#include "common/store/store_view.h"

static const struct table_column columns[] = {
	{.title = "ID", .right = true},
	{.title = "SEVERITY"},
	{.title = "TENANT", .min = 6},
	{.title = "CHANGE"},
	{.title = "TYPE", .min = 6},
	{.title = "NAME", .min = 14},
	{.title = "WHEN", .min = 6},
	{.title = "WHAT", .min = 6},
};

static void add_row(const struct cli *c, const struct view_finding *f, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, f->id);
	table_cell(t, TONE_PLAIN, number);
	table_cell(t, tone_of_severity(f->severity), f->severity);
	table_cell(t, TONE_PLAIN, f->tenant);
	table_cell(t, tone_of_change(f->change), f->change);
	table_cell(t, TONE_PLAIN, f->entity_type);
	table_cell(t, TONE_BOLD, f->name ? f->name : f->object_id);
	cli_when(c, f->deleted_at_us != TIME_NONE ? f->deleted_at_us : f->first_seen_us, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
	buf_reset(&text);
	finding_append_what(f, c->args->all, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
}

/* --- lists --------------------------------------------------------------------------------------
 */

static int show_batch(
	const struct cli *c, const struct view_findings *list, struct table *t, struct emit *e)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!cli_json(c)) {
			add_row(c, &list->items[i], t);
			continue;
		}
		finding_write(&list->items[i], emit_row(e));
		int r = emit_row_end(e);
		if (r < 0)
			return r;
	}
	return cli_print(c, t, false);
}

static int show_severity(const struct cli *c, enum view_severity severity, struct table *t,
	struct emit *e, size_t *n_shown)
{
	int64_t before = VIEW_FIRST;
	size_t n = CLI_BATCH;
	int r = 0;

	for (; r == 0 && n == CLI_BATCH; *n_shown += n) {
		_cleanup_(view_findings_done) struct view_findings list = {0};

		r = store_view_findings(c->store, c->args->tenant, !c->args->all, severity, before,
			CLI_BATCH, &list);
		if (r == 0)
			r = show_batch(c, &list, t, e);
		n = list.n;
		before = n ? list.items[n - 1].id : before;
	}
	return r;
}

static int show_all(const struct cli *c, struct table *t, struct emit *e, size_t *ret_n)
{
	int r = 0;

	*ret_n = 0;
	for (enum view_severity s = 0; r == 0 && s < _VIEW_SEVERITY_MAX; s++)
		r = show_severity(c, s, t, e, ret_n);
	return r;
}

static const char *none(const struct cli *c)
{
	return c->args->all ? "no finding" : "no open finding";
}

int cmd_findings(struct cli *c)
{
	static const struct list list = {
		.columns = columns,
		.n_columns = ARRAY_SIZE(columns),
		.plural = "findings",
		.show = show_all,
		.none = none,
	};

	return list_run(c, &list);
}
