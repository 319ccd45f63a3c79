/* SPDX-License-Identifier: Apache-2.0 */
/* snapwatch alerts: what left the house, newest first, and whether it arrived. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/list.h"
#include "cli/table.h"
#include "common/base/limits.h"
#include "common/store/store_view.h"

static const struct table_column columns[] = {
	{.title = "ALERT", .right = true},
	{.title = "WHEN", .min = 7},
	{.title = "SEVERITY", .min = 8},
	{.title = "DELIVERED", .min = 9},
	{.title = "TITLE", .min = 20},
};

/* --- deliveries ---------------------------------------------------------------------------------
 */

/* "sent"; else those to whom it was not: "ops waits (3 tries)", "mail gave up". */
static enum tone append_deliveries(const struct view_deliveries *to, struct buf *out)
{
	enum tone tone = TONE_GOOD;

	for (size_t i = 0; i < to->n; i++) {
		const struct view_delivery *d = &to->items[i];

		if (strcmp(d->state, "sent") == 0)
			continue;
		bool dead = strcmp(d->state, "dead") == 0;
		buf_printf(
			out, "%s%s %s", out->len ? ", " : "", d->sink, dead ? "gave up" : "waits");
		if (!dead && d->attempts)
			buf_printf(out, " (%" PRId64 " tries)", d->attempts);
		if (dead || tone == TONE_GOOD)
			tone = dead ? TONE_BAD : TONE_WARN;
	}
	if (to->n == 0)
		buf_puts(out, "no sink");
	else if (out->len == 0)
		buf_puts(out, "sent");
	return to->n ? tone : TONE_PLAIN;
}

static void write_deliveries(const struct view_deliveries *to, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < to->n; i++) {
		const struct view_delivery *d = &to->items[i];
		bool pending = strcmp(d->state, "pending") == 0;

		jsonw_object(w);
		jsonw_kv_string(w, "sink", d->sink);
		jsonw_kv_string(w, "state", d->state);
		jsonw_kv_int(w, "attempts", d->attempts);
		jsonw_kv_time(w, "next_at", pending ? d->next_us : TIME_NONE);
		jsonw_kv_string(w, "last_error", d->error);
		jsonw_kv_time(w, "sent_at", d->sent_us);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void add_row(const struct cli *c, const struct view_alert *a,
	const struct view_deliveries *to, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, a->id);
	table_cell(t, TONE_PLAIN, number);
	cli_when(c, a->created_us, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
	table_cell(t, tone_of_severity(a->severity), a->severity);
	buf_reset(&text);
	enum tone tone = append_deliveries(to, &text);
	table_cell(t, tone, buf_text(&text));
	table_cell(t, TONE_PLAIN, a->title);
}

/* The "data" object as it was sent, and one member more. */
static int write_row(const struct view_alert *a, const struct view_deliveries *to, struct emit *e)
{
	size_t len = strlen(a->body);
	struct jsonw *w = emit_row(e);

	if (len < 2 || a->body[0] != '{' || a->body[len - 1] != '}')
		return -EUCLEAN; /* alert_render() writes nothing else */
	buf_append(&e->row, a->body, len - 1);
	buf_puts(&e->row, len > 2 ? ",\"deliveries\":" : "\"deliveries\":");
	write_deliveries(to, w);
	buf_putc(&e->row, '}');
	return emit_row_end(e);
}

static int show_alert(
	const struct cli *c, const struct view_alert *a, struct table *t, struct emit *e)
{
	_cleanup_(view_deliveries_done) struct view_deliveries to = {0};
	int r = store_view_deliveries(c->store, a->id, &to);

	if (r < 0)
		return r;
	if (cli_json(c))
		return write_row(a, &to, e);
	add_row(c, a, &to, t);
	return 0;
}

static int show_all(const struct cli *c, struct table *t, struct emit *e, size_t *ret_n)
{
	int64_t before = VIEW_FIRST;
	size_t n = CLI_BATCH;
	int r = 0;

	for (*ret_n = 0; r == 0 && n == CLI_BATCH; *ret_n += n) {
		_cleanup_(view_alerts_done) struct view_alerts list = {0};

		r = store_view_alerts(c->store, c->args->tenant, before, CLI_BATCH, &list);
		n = list.n;
		before = n ? list.items[n - 1].id : before;
		for (size_t i = 0; r == 0 && i < n; i++)
			r = show_alert(c, &list.items[i], t, e);
		if (r == 0)
			r = cli_print(c, t, false);
	}
	return r;
}

static const char *none(const struct cli *c)
{
	(void)c;
	return "no alert";
}

int cmd_alerts(struct cli *c)
{
	static const struct list list = {
		.columns = columns,
		.n_columns = ARRAY_SIZE(columns),
		.plural = "alerts",
		.show = show_all,
		.none = none,
	};

	return list_run(c, &list);
}
