/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enrolled.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/emit.h"
#include "cli/table.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/store/store.h"
#include "common/store/store_sign_in.h"

/* --- gathering ----------------------------------------------------------------------------------
 */

static const struct sign_in *sign_in_of(const struct enrolled *e, const char *tenant_id)
{
	for (size_t i = 0; i < e->stored.n; i++)
		if (strcmp(e->stored.items[i].tenant_id, tenant_id) == 0)
			return &e->stored.items[i];
	return NULL;
}

/* What a tenant that is not configured any more was called. */
static const char *old_name(const struct enrolled *e, const char *tenant_id)
{
	for (size_t i = 0; i < e->names.n; i++)
		if (strcasecmp(e->names.items[i].tenant_id, tenant_id) == 0)
			return e->names.items[i].name;
	return tenant_id;
}

static bool configured(const struct conf *conf, const char *tenant_id)
{
	for (size_t i = 0; i < conf->n_tenants; i++)
		if (strcmp(conf->tenants[i]->tenant_id, tenant_id) == 0)
			return true;
	return false;
}

static int fill(const struct cli *c, struct enrolled *e)
{
	const struct conf *conf = c->conf;

	e->items = calloc(conf->n_tenants + e->stored.n + 1, sizeof(*e->items));
	if (!e->items)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_tenants; i++)
		e->items[e->n++] = (struct enrolled_tenant){
			.name = conf->tenants[i]->name,
			.tenant_id = conf->tenants[i]->tenant_id,
			.configured = true,
			.sign_in = sign_in_of(e, conf->tenants[i]->tenant_id),
		};
	for (size_t i = 0; i < e->stored.n; i++)
		if (!configured(conf, e->stored.items[i].tenant_id))
			e->items[e->n++] = (struct enrolled_tenant){
				.name = old_name(e, e->stored.items[i].tenant_id),
				.tenant_id = e->stored.items[i].tenant_id,
				.sign_in = &e->stored.items[i],
			};
	for (size_t i = 0; i < e->n; i++)
		e->items[i].state = sign_in_state(e->items[i].sign_in, c->now_us);
	return 0;
}

int enrolled_load(struct cli *c, struct enrolled *ret)
{
	_cleanup_(enrolled_done) struct enrolled e = {0};
	int r = 0, code = cli_store_if_any(c);

	if (code != EXIT_CODE_OK)
		return code;
	if (c->store)
		r = store_sign_in_list(c->store, &e.stored);
	if (c->store && r == 0)
		r = store_tenant_load_all(c->store, &e.names);
	if (r < 0)
		return cli_store_failed(c, r);
	if (fill(c, &e) < 0)
		return cli_error(EXIT_CODE_STORE, "out of memory");
	*ret = e;
	e = (struct enrolled){0};
	return EXIT_CODE_OK;
}

void enrolled_done(struct enrolled *e)
{
	free(e->items);
	sign_in_list_done(&e->stored);
	store_tenant_list_done(&e->names);
	*e = (struct enrolled){0};
}

const char *enrolled_id(const struct enrolled *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->items[i].name, name) == 0)
			return e->items[i].tenant_id;
	return NULL;
}

/* --- words --------------------------------------------------------------------------------------
 */

bool enrolled_is_missing(const struct enrolled_tenant *t)
{
	return t->configured && t->state != SIGN_IN_GOOD && t->state != SIGN_IN_EXPIRING;
}

void enrolled_append_state(const struct enrolled_tenant *t, struct buf *out)
{
	static const char *const words[] = {
		[SIGN_IN_NOBODY] = "nobody has signed in",
		[SIGN_IN_GOOD] = "good",
		[SIGN_IN_EXPIRING] = "ends soon",
		[SIGN_IN_OVER] = "not used for too long",
		[SIGN_IN_REFUSED] = "refused",
	};
	bool refused = t->state == SIGN_IN_REFUSED;

	buf_puts(out, words[t->state]);
	if (refused && !text_empty(t->sign_in->refused_text))
		buf_printf(out, ": %s", t->sign_in->refused_text);
	if (!t->configured)
		buf_printf(out, " (not configured; snapwatch logout %s)", t->name);
}

enum tone enrolled_tone(const struct enrolled_tenant *t)
{
	if (!t->configured)
		return TONE_DIM;
	if (t->state == SIGN_IN_GOOD)
		return TONE_GOOD;
	return t->state == SIGN_IN_EXPIRING ? TONE_WARN : TONE_BAD;
}

static void write_scopes(const char *scopes, struct jsonw *w)
{
	if (!scopes)
		return;
	jsonw_key(w, "scopes");
	jsonw_array(w);
	while (*scopes) {
		size_t n = strcspn(scopes, " ");

		if (n)
			jsonw_string_n(w, scopes, n);
		scopes += n + (scopes[n] != '\0');
	}
	jsonw_array_end(w);
}

static void write_sign_in(const struct sign_in *s, int64_t now_us, struct jsonw *w)
{
	int days = sign_in_days_left(s, now_us);

	jsonw_kv_string(w, "method", sign_in_how_name(s->how));
	jsonw_kv_string(w, "account", s->account);
	jsonw_kv_string(w, "account_id", s->account_id);
	if (s->guest >= 0)
		jsonw_kv_bool(w, "guest", s->guest);
	write_scopes(s->scopes, w);
	jsonw_kv_time(w, "signed_in_at", s->enrolled_us);
	jsonw_kv_time(w, "refreshed_at", s->refreshed_us);
	jsonw_kv_time(w, "ends_at", sign_in_ends_us(s));
	if (days >= 0)
		jsonw_kv_int(w, "days_left", days);
	jsonw_kv_time(w, "refused_at", s->refused_us);
	jsonw_kv_string(w, "refused_text", s->refused_text);
	jsonw_kv_string(w, "refused_hint", s->refused_hint);
}

void enrolled_write(const struct enrolled_tenant *t, int64_t now_us, struct jsonw *w)
{
	jsonw_kv_string(w, "tenant", t->name);
	jsonw_kv_string(w, "tenant_id", t->tenant_id);
	jsonw_kv_bool(w, "configured", t->configured);
	jsonw_kv_string(w, "state", sign_in_state_name(t->state));
	if (t->sign_in)
		write_sign_in(t->sign_in, now_us, w);
}

/* --- who is missing -----------------------------------------------------------------------------
 */

static const struct table_column columns[] = {
	{.title = "TENANT", .min = 8},
	{.title = "SIGN-IN", .min = 20, .wrap = true},
	{.title = "COMMAND"},
};

static int add_missing(
	const struct cli *c, const struct enrolled_tenant *t, struct table *table, struct emit *e)
{
	_cleanup_(buf_done) struct buf state = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf command = BUF_INIT(LIMIT_CONFIG_BYTES);

	buf_printf(&command, "snapwatch login %s", t->name);
	if (cli_json(c)) {
		struct jsonw *w = emit_row(e);

		jsonw_object(w);
		enrolled_write(t, c->now_us, w);
		jsonw_kv_string(w, "command", buf_text(&command));
		jsonw_object_end(w);
		return emit_row_end(e);
	}
	enrolled_append_state(t, &state);
	table_cell(table, TONE_BOLD, t->name);
	table_cell(table, enrolled_tone(t), buf_text(&state));
	table_cell(table, TONE_PLAIN, buf_text(&command));
	return cli_print(c, table, false);
}

static void say_how_many(const struct cli *c, size_t n)
{
	size_t all = c->conf->n_tenants;

	if (all == 0)
		(void)fprintf(c->out, "no tenant is configured\n");
	else if (n == 0)
		(void)fprintf(c->out, "nobody is missing: %zu tenant%s signed in\n", all,
			all == 1 ? " is" : "s are");
	else
		(void)fprintf(c->out, "\n%zu of %zu tenant%s to be signed in for\n", n, all,
			all == 1 ? " has" : "s have");
}

int enrolled_missing(struct cli *c)
{
	_cleanup_(enrolled_done) struct enrolled list = {0};
	_cleanup_(table_freep) struct table *table = NULL;
	_cleanup_(emit_done) struct emit e = {0};
	size_t n = 0;
	int code = enrolled_load(c, &list);

	if (code != EXIT_CODE_OK)
		return code;
	int r = table_new(columns, ARRAY_SIZE(columns), &c->style, &table);
	emit_begin(&e, c->out, false, "tenants");
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (!enrolled_is_missing(&list.items[i]))
			continue;
		n++;
		r = add_missing(c, &list.items[i], table, &e);
	}
	if (r == 0)
		r = cli_print(c, table, true);
	if (r < 0)
		return cli_error(EXIT_CODE_STORE, "%s", err_text(r));
	if (cli_json(c))
		emit_end(&e);
	else
		say_how_many(c, n);
	return n ? EXIT_CODE_SIGN_IN : EXIT_CODE_OK;
}
