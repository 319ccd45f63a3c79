/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch changes: what a job found, row by row. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/table.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/model/change.h"
#include "common/store/store.h"
#include "common/store/store_page.h"
#include "common/store/store_tenant.h"
#include "common/store/store_view.h"

/* Types that are named when the one that was asked for is not there. */
#define TYPES_SAID 16u

static const struct table_column columns[] = {
	{.title = "CHANGE", .min = 8},
	{.title = "TYPE", .min = 8},
	{.title = "NAME", .min = 18},
	{.title = "OBJECT", .min = 9},
	{.title = "WHAT", .min = 10},
};

/* --- rows ---------------------------------------------------------------------------------------
 */

static void add_row(const struct store_change *row, struct table *t)
{
	table_cell(t, tone_of_change(row->change), row->change);
	table_cell(t, TONE_PLAIN, row->entity_type);
	table_cell(t, TONE_BOLD, row->name ? row->name : "");
	table_cell(t, TONE_PLAIN, row->object_id);
	table_cell(t, TONE_PLAIN, row->changed);
}

static void write_row(const struct view_job *j, const struct store_change *row, struct jsonw *w)
{
	const char *name = row->changed;

	jsonw_object(w);
	jsonw_kv_int(w, "job", j->id);
	jsonw_kv_string(w, "tenant", j->tenant);
	jsonw_kv_string(w, "tenant_id", j->tenant_id);
	jsonw_kv_string(w, "entity_type", row->entity_type);
	jsonw_kv_string(w, "object_id", row->object_id);
	jsonw_kv_string(w, "display_name", row->name);
	jsonw_kv_string(w, "change", row->change);
	jsonw_kv_string(w, "recovery_action", change_recovery_action(row->change));
	jsonw_key(w, "changed");
	jsonw_array(w);
	while (*name) {
		size_t len = strcspn(name, " ");

		jsonw_string_n(w, name, len);
		name += len + (name[len] == ' ');
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static int show_batch(const struct cli *c, const struct view_job *j,
	const struct store_changes *list, struct table *t, struct emit *e)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!cli_json(c)) {
			add_row(&list->items[i], t);
			continue;
		}
		write_row(j, &list->items[i], emit_row(e));
		int r = emit_row_end(e);
		if (r < 0)
			return r;
	}
	return cli_print(c, t, false);
}

/* --- jobs ---------------------------------------------------------------------------------------
 */

static void print_heading(const struct cli *c, const struct view_job *j, bool latest)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_CONFIG_BYTES);

	style_append(&c->style, TONE_BOLD, j->tenant, &line);
	buf_printf(&line, ", job %" PRId64 "%s: ", j->id, latest ? " (latest)" : "");
	when_append_exact(&line, j->snapshot_us);
	if (j->started_us != TIME_NONE) {
		buf_puts(&line, " -> ");
		when_append_exact(&line, j->started_us);
	}
	buf_putc(&line, '\n');
	if (strcmp(j->state, "done") != 0 || j->verified == 0) {
		buf_puts(&line, "not complete: ");
		job_append_outcome(j, &line);
		buf_putc(&line, '\n');
	}
	cli_write(c, &line);
}

/* A type is easily mistyped: those that there are. */
static int say_nothing(const struct cli *c, const struct view_job *j)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(view_rows_done) struct view_rows types = {0};
	int r = 0;

	if (c->args->entity)
		r = store_view_types(c->store, j->id, TYPES_SAID, &types);
	buf_puts(
		&text, c->args->change || c->args->entity ? "no change of that kind" : "no change");
	for (size_t i = 0; i < types.n; i++) {
		const char *type = view_text(&types, i, 0);

		buf_puts(&text, i ? ", " : "; types in this job: ");
		text_append_visible(&text, type, strlen(type));
	}
	buf_putc(&text, '\n');
	cli_write(c, &text);
	return r;
}

static int show_job(const struct cli *c, const struct view_job *j, struct emit *e)
{
	const struct args *a = c->args;
	_cleanup_(table_freep) struct table *t = NULL;
	size_t n = CLI_BATCH, total = 0;
	int64_t after = 0;
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &t);

	for (; r == 0 && n == CLI_BATCH; total += n) {
		_cleanup_(store_changes_done) struct store_changes list = {0};

		r = store_change_list(
			c->store, j->id, after, a->change, a->entity, CLI_BATCH, &list);
		if (r == 0)
			r = show_batch(c, j, &list, t, e);
		n = list.n;
		after = n ? list.items[n - 1].ordinal : after;
	}
	if (r == 0)
		r = cli_print(c, t, true);
	if (r == 0 && !cli_json(c) && total == 0)
		r = say_nothing(c, j);
	return r;
}

static int show_one(const struct cli *c, int64_t id, struct emit *e)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0};
	int r = store_view_job(c->store, id, &list);

	if (r < 0)
		return cli_store_failed(c, r);
	if (list.n == 0)
		return cli_error(
			EXIT_CODE_USAGE, "there is no job %" PRId64 "; see: snapwatch jobs", id);
	if (!cli_json(c))
		print_heading(c, &list.items[0], false);
	r = show_job(c, &list.items[0], e);
	return r < 0 ? cli_store_failed(c, r) : EXIT_CODE_OK;
}

/* The latest job of a tenant that came to an end; *shown: there is one. */
static int show_latest(const struct cli *c, const char *tenant, bool *shown, struct emit *e)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0};
	int r = store_view_jobs(c->store, tenant, VIEW_JOBS_DONE, VIEW_FIRST, 1, &list);

	if (r < 0 || list.n == 0)
		return r;
	if (!cli_json(c)) {
		if (*shown)
			(void)fputc('\n', c->out);
		print_heading(c, &list.items[0], true);
	}
	*shown = true;
	return show_job(c, &list.items[0], e);
}

static int show_tenants(const struct cli *c, struct emit *e)
{
	_cleanup_(store_tenant_list_done) struct store_tenant_list tenants = {0};
	bool shown = false;
	int r = store_tenant_load_all(c->store, &tenants);

	for (size_t i = 0; r == 0 && i < tenants.n; i++)
		if (!c->args->tenant || strcmp(c->args->tenant, tenants.items[i].name) == 0)
			r = show_latest(c, tenants.items[i].name, &shown, e);
	if (r < 0)
		return cli_store_failed(c, r);
	if (!shown && !cli_json(c))
		(void)fputs("no job has ended yet; see: snapwatch jobs\n", c->out);
	return EXIT_CODE_OK;
}

/* Words that the service may add some day are fine; those that are nearly one of ours are not. */
static int check_change(const char *word)
{
	const char *words[] = {"deleted", "appeared", "modified", NULL};
	const char *nearest = word ? nearest_name(word, words) : NULL;

	if (!nearest || strcmp(nearest, word) == 0)
		return EXIT_CODE_OK;
	return cli_error(
		EXIT_CODE_USAGE, "there is no change '%.64s'; did you mean '%s'?", word, nearest);
}

int cmd_changes(struct cli *c)
{
	_cleanup_(emit_done) struct emit e = {0};
	int64_t job = 0;
	int code = EXIT_CODE_OK;

	if (c->args->job)
		code = cli_id(c->args->job, "job", &job);
	if (code == EXIT_CODE_OK)
		code = check_change(c->args->change);
	if (code == EXIT_CODE_OK)
		code = cli_store(c);
	if (code == EXIT_CODE_OK)
		code = cli_tenant(c, c->args->tenant);
	if (code != EXIT_CODE_OK)
		return code;
	if (cli_json(c))
		emit_begin(&e, c->out, c->args->jsonl, "changes");
	code = job ? show_one(c, job, &e) : show_tenants(c, &e);
	if (code == EXIT_CODE_OK && cli_json(c))
		emit_end(&e);
	return code;
}
