/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch store: which store command it is; and verify, every damaged part by its name. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/table.h"
#include "common/base/err.h"
#include "common/store/store_verify.h"

static const struct table_column columns[] = {
	{.title = "TENANT", .min = 8},
	{.title = "JOB", .right = true},
	{.title = "PAGE", .right = true},
	{.title = "PART"},
	{.title = "WHAT IS WRONG", .min = 30, .wrap = true},
};

struct report {
	const struct cli *c;
	struct table *table;
	struct emit emit;
	int r; /* of the output */
};

static void add_row(struct table *t, const struct store_damage *d)
{
	char job[24] = "", page[24] = "";

	if (d->job)
		(void)snprintf(job, sizeof(job), "%" PRId64, d->job);
	if (d->page)
		(void)snprintf(page, sizeof(page), "%" PRId64, d->page);
	table_cell(t, TONE_PLAIN, d->tenant ? d->tenant : "");
	table_cell(t, TONE_PLAIN, job);
	table_cell(t, TONE_PLAIN, page);
	table_cell(t, TONE_PLAIN, d->part);
	table_cell(t, TONE_BAD, d->text);
}

static void found(void *arg, const struct store_damage *d)
{
	struct report *p = arg;

	if (!cli_json(p->c)) {
		add_row(p->table, d);
		return;
	}
	struct jsonw *w = emit_row(&p->emit);
	jsonw_object(w);
	jsonw_kv_string(w, "part", d->part);
	jsonw_kv_string(w, "tenant", d->tenant);
	if (d->job)
		jsonw_kv_int(w, "job", d->job);
	if (d->page)
		jsonw_kv_int(w, "page", d->page);
	jsonw_kv_string(w, "text", d->text);
	jsonw_object_end(w);
	if (p->r == 0)
		p->r = emit_row_end(&p->emit);
}

static int conclude(const struct cli *c, const struct store_verified *v)
{
	char pages[60] = "";

	if (!c->args->quick)
		(void)snprintf(pages, sizeof(pages), " and %" PRId64 " page%s", v->pages,
			v->pages == 1 ? "" : "s");
	if (v->damages)
		return cli_error(EXIT_CODE_STORE,
			"store %s: %" PRId64 " damage%s in %" PRId64
			" job%s%s; what is not named is sound. Stop the daemon, copy the files "
			"away, and see docs/damage.md",
			c->store->path, v->damages, v->damages == 1 ? "" : "s", v->jobs,
			v->jobs == 1 ? "" : "s", pages);
	if (!cli_json(c))
		(void)fprintf(c->out, "store %s is sound: %" PRId64 " job%s%s\n", c->store->path,
			v->jobs, v->jobs == 1 ? "" : "s", pages);
	return EXIT_CODE_OK;
}

static int verify(struct cli *c, struct report *p)
{
	struct store_verified counts = {0};
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &p->table);

	if (cli_json(c))
		emit_begin(&p->emit, c->out, c->args->jsonl, "damages");
	if (r == 0)
		r = store_verify(c->store, c->args->quick, found, p, &counts);
	if (r == 0)
		r = p->r;
	if (r == 0 && !cli_json(c) && counts.damages)
		r = cli_print(c, p->table, true);
	if (r < 0)
		return cli_store_failed(c, r);
	if (cli_json(c))
		emit_end(&p->emit);
	return conclude(c, &counts);
}

static int store_verify_all(struct cli *c)
{
	struct report p = {.c = c};

	int code = cli_store(c);
	if (code == EXIT_CODE_OK)
		code = verify(c, &p);
	emit_done(&p.emit);
	p.table = table_free(p.table);
	return code;
}

int cmd_store(struct cli *c)
{
	const char *what = c->args->words[0];
	bool rekey = strcmp(what, "rekey") == 0;

	if (!rekey && strcmp(what, "verify") != 0)
		return cli_error(EXIT_CODE_USAGE,
			"there is no 'store %.64s'; see: snapwatch help store", what);
	if (rekey && (c->args->quick || c->args->jsonl))
		return cli_error(EXIT_CODE_USAGE, "'store rekey' takes no option '--%s'",
			c->args->quick ? "quick" : "jsonl");
	if (!rekey && c->args->old_key)
		return cli_error(EXIT_CODE_USAGE, "'store verify' takes no option '--old-key'");
	return rekey ? cmd_store_rekey(c) : store_verify_all(c);
}
