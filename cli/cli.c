/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/table.h"
#include "cli/when.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"
#include "common/store/store.h"
#include "common/store/store_tenant.h"

/* "2d ago (2026-07-12 03:15 UTC)" needs a terminal of at least this. */
#define WIDE 120u

void cli_done(struct cli *c)
{
	c->store = store_close(c->store);
	c->conf = conf_free(c->conf);
}

int cli_error(int code, const char *fmt, ...)
{
	_cleanup_(buf_done) struct buf raw = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&raw, fmt, ap);
	va_end(ap);
	text_append_visible(&text, buf_text(&raw), raw.len);
	(void)fprintf(stderr, "snapwatch: %s\n", buf_text(&text));
	return code;
}

int cli_conf(struct cli *c)
{
	_cleanup_(buf_done) struct buf errors = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	const char *path = c->args->config ? c->args->config : CONF_DEFAULT_PATH;

	if (c->conf)
		return EXIT_CODE_OK;
	int r = conf_load(path, &c->conf, &errors, &warnings);
	if (r < 0)
		return cli_error(EXIT_CODE_CONFIG, "%s: %s", path, err_text(r));
	if (r > 0) {
		(void)fputs(buf_text(&errors), stderr);
		return EXIT_CODE_CONFIG;
	}
	return EXIT_CODE_OK;
}

static int open_store(struct cli *c, bool may_be_missing)
{
	_cleanup_(freep) char *detail = NULL;
	int code = cli_conf(c);

	if (code != EXIT_CODE_OK || c->store)
		return code;
	int r = store_open_reader(c->conf->store, &c->store, &detail);
	if (r == STORE_E_MISSING && may_be_missing)
		return EXIT_CODE_OK;
	if (r == -EACCES)
		return cli_error(EXIT_CODE_STORE,
			"%s (usermod -a -G snapwatch USER, then log in again)",
			detail ? detail : err_text(r));
	if (r == -EPROTONOSUPPORT)
		return cli_error(
			EXIT_CODE_STORE, "there is no driver for the store '%s'", c->conf->store);
	if (r != 0) /* every named outcome has words that say what to do */
		return cli_error(EXIT_CODE_STORE, "%s", detail ? detail : err_text(r));
	return EXIT_CODE_OK;
}

int cli_store(struct cli *c)
{
	return open_store(c, false);
}

int cli_store_if_any(struct cli *c)
{
	return open_store(c, true);
}

int cli_store_failed(const struct cli *c, int r)
{
	if (r == -ENOMEM)
		return cli_error(EXIT_CODE_STORE, "out of memory");
	return cli_error(EXIT_CODE_STORE, "store %s: %s (%s)", c->store->path, db_error_meaning(r),
		db_error_text(c->store->db));
}

static bool stored(const struct store_tenant_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return true;
	return false;
}

int cli_tenant(struct cli *c, const char *name)
{
	_cleanup_(store_tenant_list_done) struct store_tenant_list list = {0};
	_cleanup_(freep) const char **names = NULL;
	const char *nearest;

	if (!name || conf_tenant_find(c->conf, name))
		return EXIT_CODE_OK;
	int r = c->store ? store_tenant_load_all(c->store, &list) : 0;
	if (r < 0)
		return cli_store_failed(c, r);
	if (stored(&list, name))
		return EXIT_CODE_OK;
	names = calloc(c->conf->n_tenants + list.n + 1, sizeof(*names));
	if (!names)
		return cli_error(EXIT_CODE_STORE, "out of memory");
	for (size_t i = 0; i < c->conf->n_tenants; i++)
		names[i] = c->conf->tenants[i]->name;
	for (size_t i = 0; i < list.n; i++)
		names[c->conf->n_tenants + i] = list.items[i].name;
	nearest = nearest_name(name, names);
	if (nearest)
		return cli_error(EXIT_CODE_USAGE, "there is no tenant '%.64s'; did you mean '%s'?",
			name, nearest);
	return cli_error(EXIT_CODE_USAGE, "there is no tenant '%.64s' in %s", name, c->conf->path);
}

int cli_id(const char *text, const char *what, int64_t *ret)
{
	uint64_t n;

	if (parse_u64(text, 1, INT64_MAX - 1, &n) < 0)
		return cli_error(EXIT_CODE_USAGE,
			"'%.64s' is no number of a %s; see: snapwatch %ss", text, what, what);
	*ret = (int64_t)n;
	return EXIT_CODE_OK;
}

void cli_write(const struct cli *c, struct buf *text)
{
	(void)fwrite(buf_text(text), 1, text->len, c->out);
	buf_reset(text);
}

int cli_print(const struct cli *c, struct table *t, bool all)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	int r = 0;

	if (all || table_waiting(t) >= CLI_BATCH)
		r = table_print(t, &text);
	cli_write(c, &text);
	return r;
}

int cli_outcome(const struct cli *c, int code, const char *text)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_VIEW_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	if (text_empty(text))
		text = exit_code_text(code);
	if (!cli_json(c)) {
		(void)fprintf(code == EXIT_CODE_OK ? c->out : stderr, "%s%s\n",
			code == EXIT_CODE_OK ? "" : "snapwatch: ", text);
		return code;
	}
	jsonw_object(&w);
	jsonw_kv_string(&w, "schema", "snapwatch/1");
	jsonw_kv_int(&w, "code", code);
	jsonw_kv_string(&w, "name", exit_code_name(code));
	jsonw_kv_string(&w, "text", text);
	jsonw_object_end(&w);
	buf_putc(&json, '\n');
	cli_write(c, &json);
	return code;
}

bool cli_wide(const struct cli *c)
{
	return c->style.width == 0 || c->style.width >= WIDE;
}

void cli_when(const struct cli *c, int64_t us, struct buf *out)
{
	if (us == TIME_NONE)
		return;
	if (cli_wide(c))
		when_append_both(out, us, c->now_us);
	else
		when_append(out, us, c->now_us);
}
