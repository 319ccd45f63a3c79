/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch tenants: who is signed in for which tenant, how, and for how long. */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/enrolled.h"
#include "cli/table.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"

static const struct table_column columns[] = {
	{.title = "TENANT", .min = 8},
	{.title = "ACCOUNT", .min = 12},
	{.title = "HOW"},
	{.title = "SINCE", .min = 7},
	{.title = "LAST USED", .min = 7},
	{.title = "LEFT", .right = true},
	{.title = "SIGN-IN", .min = 14},
};

static void add_time(const struct cli *c, int64_t us, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(128);

	cli_when(c, us, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
}

static void add_row(const struct cli *c, const struct enrolled_tenant *e, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	const struct sign_in *s = e->sign_in;
	int days = s ? sign_in_days_left(s, c->now_us) : -1;
	char left[24] = "";

	if (days >= 0 && e->state != SIGN_IN_REFUSED)
		(void)snprintf(left, sizeof(left), "%dd", days);
	table_cell(t, TONE_BOLD, e->name);
	table_cell(t, TONE_PLAIN, s ? s->account ? s->account : s->account_id : NULL);
	table_cell(t, TONE_PLAIN, s ? sign_in_how_name(s->how) : NULL);
	add_time(c, s ? s->enrolled_us : TIME_NONE, t);
	add_time(c, s ? s->refreshed_us : TIME_NONE, t);
	table_cell(t, e->state == SIGN_IN_EXPIRING ? TONE_WARN : TONE_PLAIN, left);
	enrolled_append_state(e, &text);
	table_cell(t, enrolled_tone(e), buf_text(&text));
}

static int show(const struct cli *c, const struct enrolled *list, struct table *t, struct emit *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		if (!cli_json(c)) {
			add_row(c, &list->items[i], t);
			r = cli_print(c, t, false);
			continue;
		}
		struct jsonw *w = emit_row(e);
		jsonw_object(w);
		enrolled_write(&list->items[i], c->now_us, w);
		jsonw_object_end(w);
		r = emit_row_end(e);
	}
	return r;
}

int cmd_tenants(struct cli *c)
{
	_cleanup_(enrolled_done) struct enrolled list = {0};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(emit_done) struct emit e = {0};
	int code = cli_conf(c);

	if (code == EXIT_CODE_OK)
		code = enrolled_load(c, &list);
	if (code != EXIT_CODE_OK)
		return code;
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &t);
	emit_begin(&e, c->out, c->args->jsonl, "tenants");
	if (r == 0)
		r = show(c, &list, t, &e);
	if (r == 0)
		r = cli_print(c, t, true);
	if (r < 0)
		return cli_error(EXIT_CODE_STORE, "%s", err_text(r));
	if (cli_json(c))
		emit_end(&e);
	else if (list.n == 0)
		(void)fprintf(c->out, "no tenant is configured\n");
	return EXIT_CODE_OK;
}
