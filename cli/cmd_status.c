/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapwatch status: how things are. Reads the store, so it works without the daemon; what is going
 * on at this moment comes from the daemon when it runs.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/table.h"
#include "cli/tenant_state.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/alert.h"
#include "common/store/store.h"

/* More tenants are a table rather than a paragraph each. */
#define PARAGRAPHS 6u

/* --- the daemon ---------------------------------------------------------------------------------
 */

static void put_visible(const char *text, struct buf *out)
{
	text_append_visible(out, text, strlen(text));
}

static void put_daemon(const struct cli *c, const struct house *h, struct buf *out)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_VIEW_BYTES);
	int64_t pid = 0;
	bool paused = false;

	if (!h->daemon) {
		style_append(&c->style, TONE_WARN,
			h->daemon_text ? h->daemon_text : "snapwatchd does not answer", out);
		buf_putc(out, '\n');
		return;
	}
	(void)json_get_int(h->daemon, "pid", &pid);
	(void)json_get_bool(h->daemon, "store_paused", &paused);
	put_visible(json_string_or(h->daemon, "version", ""), &line);
	buf_printf(out, "snapwatchd %s runs (pid %" PRId64 ")\n", buf_text(&line), pid);
	if (paused) {
		style_append(&c->style, TONE_BAD, "the store cannot be written: work pauses", out);
		buf_putc(out, '\n');
	}
}

static void put_trouble(const struct cli *c, const char *label, const char *raw, struct buf *out)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_VIEW_BYTES);

	put_visible(raw, &line);
	buf_puts(out, label);
	style_append(&c->style, TONE_BAD, buf_text(&line), out);
	buf_putc(out, '\n');
}

static void put_conditions(const struct cli *c, const struct house *h, int64_t tenant,
	const char *label, struct buf *out)
{
	const struct store_condition *condition;
	enum alert_kind kind;
	size_t at = 0;

	while ((condition = house_condition(h, tenant, &at))) {
		_cleanup_(buf_done) struct buf line = BUF_INIT(LIMIT_CONFIG_BYTES);

		buf_puts(&line, condition->kind);
		if (alert_kind_from_name(condition->kind, &kind) == 0)
			buf_printf(&line, ": %s", alert_kind_text(kind));
		if (*condition->subject)
			buf_printf(&line, " (%s)", condition->subject);
		buf_puts(&line, ", since ");
		when_append(&line, condition->since_us, c->now_us);
		put_trouble(c, label, buf_text(&line), out);
	}
}

/* --- paragraphs ---------------------------------------------------------------------------------
 */

/* "job 12, 2h ago: 2026-07-11 03:15 UTC -> 2026-07-12 06:01 UTC, took 47m, 12 changes; ok" */
static void put_last(const struct cli *c, const struct tenant_state *t, struct buf *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf visible = BUF_INIT(LIMIT_VIEW_BYTES);
	const struct view_job *j = t->last.items;

	if (t->last.n == 0) {
		buf_puts(out, "  last preview     none yet\n");
		return;
	}
	buf_printf(out, "  last preview     job %" PRId64, j->id);
	if (j->ended_us != TIME_NONE) {
		buf_puts(out, ", ");
		when_append(out, j->ended_us, c->now_us);
	}
	buf_puts(out, ": ");
	job_append_outcome(j, &text);
	put_visible(buf_text(&text), &visible);
	style_append(&c->style, job_tone(j), buf_text(&visible), out);
	buf_puts(out, "\n                   ");
	when_append_exact(out, j->snapshot_us);
	if (j->started_us != TIME_NONE) {
		buf_puts(out, " -> ");
		when_append_exact(out, j->started_us);
	}
	buf_reset(&text);
	job_append_duration(j, &text);
	buf_printf(out, "\n                   %" PRId64 " change%s", j->changes,
		j->changes == 1 ? "" : "s");
	if (text.len)
		buf_printf(out, ", took %s", buf_text(&text));
	buf_putc(out, '\n');
}

static void put_live_trouble(const struct cli *c, const struct tenant_state *t, struct buf *out)
{
	const char *look = t->live ? json_string_or(t->live, "look_trouble", NULL) : NULL;
	const char *sign_in = t->live ? json_string_or(t->live, "sign_in_trouble", NULL) : NULL;

	if (!look && t->stored)
		look = t->stored->last_look_error;
	if (!text_empty(look))
		put_trouble(c, "  look failed      ", look, out);
	if (!text_empty(sign_in) && (text_empty(look) || strcmp(sign_in, look) != 0))
		put_trouble(c, "  sign-in          ", sign_in, out);
}

/* Whose sign-in it is and how long it lives, as the daemon knows it; what is wrong is above. */
static void put_sign_in(const struct cli *c, const struct tenant_state *t, struct buf *out)
{
	const struct json *s = t->live ? json_member(t->live, "sign_in") : NULL;
	bool suspended = false;
	int64_t days = -1;

	if (!s)
		return;

	const char *account = json_string_or(s, "account", NULL);
	const char *hint = json_string_or(s, "hint", NULL);

	(void)json_get_int(s, "days_left", &days);
	(void)json_get_bool(s, "previews_suspended", &suspended);
	if (suspended)
		put_trouble(c, "  previews         ", "suspended until somebody signs in", out);
	if (!text_empty(hint))
		put_trouble(c, "  to do            ", hint, out);
	if (days < 0 || strcmp(json_string_or(s, "state", ""), "refused") == 0)
		return;
	buf_puts(out, "  signed in        ");
	put_visible(text_empty(account) ? "by credential" : account, out);
	buf_printf(out, ", %" PRId64 " day%s left\n", days, days == 1 ? "" : "s");
}

static void put_paragraph(
	const struct cli *c, const struct house *h, const struct tenant_state *t, struct buf *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);

	buf_putc(out, '\n');
	style_append(&c->style, TONE_BOLD, t->name, out);
	buf_puts(out, "\n  last look        ");
	when_append_both(out, t->stored ? t->stored->last_look_us : TIME_NONE, c->now_us);
	buf_puts(out, "\n  newest snapshot  ");
	if (t->stored && t->stored->newest_snapshot_us != TIME_NONE)
		when_append_both(out, t->stored->newest_snapshot_us, c->now_us);
	else
		buf_puts(out, "not known");
	buf_putc(out, '\n');
	put_last(c, t, out);
	buf_puts(out, "  open findings    ");
	tenant_append_open(t, &text);
	style_append(&c->style, tenant_open_tone(t), buf_text(&text), out);
	buf_putc(out, '\n');
	buf_reset(&text);
	tenant_append_now(c, t, &text);
	if (text.len) {
		buf_puts(out, "  now              ");
		put_visible(buf_text(&text), out);
		buf_putc(out, '\n');
	}
	put_live_trouble(c, t, out);
	put_sign_in(c, t, out);
	if (t->stored)
		put_conditions(c, h, t->stored->id, "  trouble          ", out);
}

/* --- a table ------------------------------------------------------------------------------------
 */

static const struct table_column columns[] = {
	{.title = "TENANT", .min = 8},
	{.title = "LOOK"},
	{.title = "SNAPSHOT"},
	{.title = "PREVIEW"},
	{.title = "OUTCOME", .min = 8},
	{.title = "OPEN", .min = 10},
	{.title = "NOW", .min = 10},
};

static void add_when(const struct cli *c, int64_t us, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(128);

	if (us == TIME_NONE)
		buf_puts(&text, "never");
	when_append(&text, us, c->now_us);
	table_cell(t, TONE_PLAIN, buf_text(&text));
}

static void add_row(const struct cli *c, const struct tenant_state *s, struct table *t)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	const struct view_job *j = s->last.n ? s->last.items : NULL;

	table_cell(t, TONE_BOLD, s->name);
	add_when(c, s->stored ? s->stored->last_look_us : TIME_NONE, t);
	add_when(c, s->stored ? s->stored->newest_snapshot_us : TIME_NONE, t);
	add_when(c, j ? j->ended_us : TIME_NONE, t);
	if (j)
		job_append_outcome(j, &text);
	table_cell(t, j ? job_tone(j) : TONE_PLAIN, buf_text(&text));
	buf_reset(&text);
	tenant_append_open(s, &text);
	table_cell(t, tenant_open_tone(s), buf_text(&text));
	buf_reset(&text);
	if (s->stored && s->stored->last_look_error)
		buf_printf(&text, "look failed: %s", s->stored->last_look_error);
	else
		tenant_append_now(c, s, &text);
	table_cell(t, TONE_PLAIN, buf_text(&text));
}

static int put_table(const struct cli *c, const struct house *h, struct buf *out)
{
	_cleanup_(table_freep) struct table *t = NULL;
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &t);

	if (r < 0)
		return r;
	buf_putc(out, '\n');
	for (size_t i = 0; i < h->n; i++)
		add_row(c, &h->tenants[i], t);
	return table_print(t, out);
}

static int print_text(const struct cli *c, const struct house *h)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_VIEW_BYTES);
	int r = 0;

	put_daemon(c, h, &out);
	put_conditions(c, h, 0, "", &out);
	if (h->n > PARAGRAPHS)
		r = put_table(c, h, &out);
	for (size_t i = 0; i < h->n && h->n <= PARAGRAPHS; i++)
		put_paragraph(c, h, &h->tenants[i], &out);
	if (h->n == 0)
		buf_puts(&out, "no tenant is configured\n");
	if (r == 0)
		r = buf_error(&out);
	if (r < 0)
		return cli_error(EXIT_CODE_STORE, "%s", err_text(r));
	cli_write(c, &out);
	return EXIT_CODE_OK;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static void write_json_value(struct jsonw *w, const struct json *v)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);

	json_append_canonical(&text, v);
	jsonw_raw(w, buf_text(&text), text.len);
}

static void write_conditions(const struct house *h, int64_t tenant, struct jsonw *w)
{
	const struct store_condition *condition;
	size_t at = 0;

	jsonw_key(w, "conditions");
	jsonw_array(w);
	while ((condition = house_condition(h, tenant, &at))) {
		jsonw_object(w);
		jsonw_kv_string(w, "kind", condition->kind);
		if (*condition->subject)
			jsonw_kv_string(w, "subject", condition->subject);
		jsonw_kv_time(w, "since", condition->since_us);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void write_open(const struct tenant_state *t, struct jsonw *w)
{
	static const char *const keys[_VIEW_SEVERITY_MAX] = {
		[VIEW_CRITICAL] = "critical",
		[VIEW_WARNING] = "warning",
		[VIEW_NOTICE] = "notice",
		[VIEW_LESSER] = "other",
	};

	jsonw_key(w, "open_findings");
	jsonw_object(w);
	for (size_t i = 0; i < _VIEW_SEVERITY_MAX; i++)
		jsonw_kv_int(w, keys[i], t->open[i]);
	jsonw_object_end(w);
}

static void write_stored(const struct store_tenant *s, struct jsonw *w)
{
	jsonw_kv_time(w, "first_seen", s->first_seen_us);
	jsonw_kv_time(w, "last_look", s->last_look_us);
	jsonw_kv_string(w, "look_trouble", s->last_look_error);
	jsonw_kv_time(w, "newest_snapshot", s->newest_snapshot_us);
	jsonw_kv_time(w, "hold_until", s->hold_until_us);
	jsonw_kv_string(w, "hold_by", s->hold_by);
}

static void write_tenant(const struct house *h, const struct tenant_state *t, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_kv_string(w, "tenant", t->name);
	jsonw_kv_string(w, "tenant_id", t->tenant_id);
	jsonw_kv_bool(w, "configured", t->configured);
	if (t->stored)
		write_stored(t->stored, w);
	if (t->last.n) {
		jsonw_key(w, "last_job");
		jsonw_object(w);
		job_write(&t->last.items[0], w);
		jsonw_object_end(w);
	}
	write_open(t, w);
	write_conditions(h, t->stored ? t->stored->id : -1, w);
	if (t->live) {
		jsonw_key(w, "live");
		write_json_value(w, t->live);
	}
	jsonw_object_end(w);
}

static void write_daemon(const struct house *h, struct jsonw *w)
{
	int64_t pid = 0;
	bool paused = false;

	jsonw_key(w, "daemon");
	jsonw_object(w);
	jsonw_kv_bool(w, "running", h->daemon != NULL);
	if (h->daemon) {
		jsonw_kv_string(w, "version", json_string_or(h->daemon, "version", NULL));
		if (json_get_int(h->daemon, "pid", &pid) == JSON_GET_OK)
			jsonw_kv_int(w, "pid", pid);
		if (json_get_bool(h->daemon, "store_paused", &paused) == JSON_GET_OK)
			jsonw_kv_bool(w, "store_paused", paused);
	} else {
		jsonw_kv_string(w, "text", h->daemon_text);
	}
	jsonw_object_end(w);
}

static int print_json(const struct cli *c, const struct house *h)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_VIEW_BYTES);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_object(&w);
	jsonw_kv_string(&w, "schema", "snapwatch/1");
	write_daemon(h, &w);
	jsonw_kv_string(&w, "store", c->store->path);
	write_conditions(h, 0, &w);
	jsonw_key(&w, "tenants");
	jsonw_array(&w);
	for (size_t i = 0; i < h->n; i++)
		write_tenant(h, &h->tenants[i], &w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_putc(&out, '\n');
	if (buf_error(&out) < 0)
		return cli_error(EXIT_CODE_STORE, "%s", err_text(buf_error(&out)));
	cli_write(c, &out);
	return EXIT_CODE_OK;
}

int cmd_status(struct cli *c)
{
	_cleanup_(house_done) struct house h = {0};
	const char *name = c->args->n_words ? c->args->words[0] : c->args->tenant;
	int code = house_load(c, name, &h);

	if (code != EXIT_CODE_OK)
		return code;
	return cli_json(c) ? print_json(c, &h) : print_text(c, &h);
}
