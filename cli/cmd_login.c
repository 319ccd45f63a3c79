/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapwatch login: what a person has to see and to do for a sign-in. The daemon asks the service
 * and keeps the token; nothing here ever holds one.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cli/assist.h"
#include "cli/cli.h"
#include "cli/enrolled.h"
#include "cli/login_text.h"
#include "cli/prompt.h"
#include "cli/redirect.h"
#include "cli/redirect_listen.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl_login.h"

struct login {
	struct cli *c;
	const char *tenant;
	unsigned port; /* where the browser ends; 0: with a device code nowhere */
	struct redirect_listen *listener; /* NULL: the address is pasted, or there is none */
	struct assist assist;
	struct ctl_login begun;
	struct buf answer;
	struct ctl_sign_in result;
	char *text; /* of what went wrong, or NULL */
};

static void login_done(struct login *l)
{
	(void)redirect_listen_free(l->listener);
	assist_done(&l->assist);
	ctl_login_done(&l->begun);
	buf_done(&l->answer);
	ctl_sign_in_done(&l->result);
	free(l->text);
}

/* What goes on, for people: not into a JSON document. */
static void say(const struct login *l, struct buf *text)
{
	FILE *to = cli_json(l->c) ? stderr : l->c->out;

	(void)fwrite(buf_text(text), 1, text->len, to);
	(void)fflush(to);
	buf_reset(text);
}

/* What went wrong, for the end. Returns code. */
static int fail(struct login *l, int code, const char *fmt, ...) _printf_(3, 4);
static int fail(struct login *l, int code, const char *fmt, ...)
{
	struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	free(l->text);
	l->text = buf_take(&text);
	buf_done(&text);
	return code;
}

/* --- the address to come back to ----------------------------------------------------------------
 */

/* Pasted addresses need a port that nobody answers on, so the one that was found is given back. */
static int open_port(struct login *l)
{
	const struct args *a = l->c->args;
	uint64_t port = 0;

	if (a->port && parse_u64(a->port, 1, 65535, &port) < 0)
		return cli_error(EXIT_CODE_USAGE, "--port takes a number from 1 to 65535");
	if (a->device_code)
		return EXIT_CODE_OK;
	int r = redirect_listen_new((unsigned)port, &l->listener);
	if (r < 0 && port)
		return cli_error(
			EXIT_CODE_USAGE, "cannot listen on port %s: %s", a->port, err_text(r));
	if (r < 0)
		return cli_error(EXIT_CODE_NETWORK,
			"cannot listen on localhost: %s; try with --paste", err_text(r));
	l->port = redirect_listen_port(l->listener);
	if (a->paste)
		l->listener = redirect_listen_free(l->listener);
	return EXIT_CODE_OK;
}

/* --- the answer of the browser ------------------------------------------------------------------
 */

static int too_late(struct login *l)
{
	_cleanup_(buf_done) struct buf time = BUF_INIT(64);

	login_text_duration(l->begun.expires_us, &time);
	return fail(l, EXIT_CODE_SIGN_IN,
		"nobody has signed in within %s\nto begin again: snapwatch login %s",
		buf_text(&time), l->tenant);
}

static void strange_answer(void *arg, int error)
{
	(void)arg;
	(void)fprintf(stderr, "snapwatch: a browser came, but %s; still waiting\n",
		redirect_error_text(error));
}

static int wait_for_browser(struct login *l)
{
	int r = redirect_listen_wait(
		l->listener, l->begun.state, l->begun.expires_us, strange_answer, NULL, &l->answer);

	if (r == -ETIMEDOUT)
		return too_late(l);
	if (r < 0)
		return fail(l, EXIT_CODE_NETWORK, "cannot wait for the browser: %s", err_text(r));
	return EXIT_CODE_OK;
}

/* 0: line has the answer, and l->answer gets it; an enum redirect_error when it has not. */
static int read_pasted(struct login *l, const struct buf *line)
{
	const char *query;
	size_t len;
	int r = redirect_pasted(buf_text(line), line->len, l->begun.state, &query, &len);

	if (r == 0)
		buf_append(&l->answer, query, len);
	return r == 0 ? buf_error(&l->answer) : r;
}

static int wait_for_paste(struct login *l)
{
	_cleanup_(buf_done) struct buf line = BUF_INIT_SECRET(2 * LIMIT_LOGIN_ANSWER_BYTES);

	for (;;) {
		buf_reset(&line);
		(void)fputs("address: ", stderr);
		int r = prompt_read(l->begun.expires_us, &line);
		if (r == -ETIMEDOUT)
			return too_late(l);
		if (r == 1)
			return fail(l, EXIT_CODE_SIGN_IN,
				"no address was pasted\nto begin again: snapwatch login %s --paste",
				l->tenant);
		if (r == -EFBIG)
			r = REDIRECT_E_LONG;
		else if (r == 0)
			r = read_pasted(l, &line);
		if (r < 0)
			return fail(
				l, EXIT_CODE_SIGN_IN, "cannot read the address: %s", err_text(r));
		if (r == 0)
			return EXIT_CODE_OK;
		(void)fprintf(stderr, "snapwatch: %s\n", redirect_error_text(r));
	}
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void show_page(struct login *l, int code)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	_cleanup_(buf_done) struct buf command = BUF_INIT(LIMIT_CONFIG_BYTES);
	struct redirect_page page = {.status = 200, .good = true, .title = "Signed in"};

	if (!l->listener)
		return;
	if (code == EXIT_CODE_OK) {
		buf_printf(&text, "snapwatch works for %s as %s from now on.\n", l->tenant,
			l->result.account ? l->result.account : "this account");
		buf_puts(&text, l->result.warnings ? l->result.warnings : "");
		page.hint = "You can close this window.";
	} else {
		page = (struct redirect_page){.status = 400, .title = "Not signed in"};
		buf_puts(&text, l->text ? l->text : exit_code_text(code));
		buf_printf(&command, "snapwatch login %s", l->tenant);
		page.hint = "To begin again:";
		page.command = buf_text(&command);
	}
	page.text = buf_text(&text);
	redirect_listen_answer(l->listener, &page);
}

static void write_lines(struct jsonw *w, const char *key, const char *text, const char *separator)
{
	jsonw_key(w, key);
	jsonw_array(w);
	while (!text_empty(text)) {
		size_t n = strcspn(text, separator);

		if (n)
			jsonw_string_n(w, text, n);
		text += n + (text[n] != '\0');
	}
	jsonw_array_end(w);
}

static void write_result(const struct login *l, struct jsonw *w)
{
	const struct ctl_sign_in *s = &l->result;

	jsonw_object(w);
	jsonw_kv_string(w, "schema", "snapwatch/1");
	jsonw_kv_int(w, "code", EXIT_CODE_OK);
	jsonw_kv_string(w, "name", exit_code_name(EXIT_CODE_OK));
	jsonw_key(w, "sign_in");
	jsonw_object(w);
	jsonw_kv_string(w, "tenant", l->tenant);
	jsonw_kv_string(w, "account", s->account);
	jsonw_kv_string(w, "account_id", s->account_id);
	jsonw_kv_string(w, "method", s->method);
	write_lines(w, "scopes", s->scopes, " ");
	jsonw_object_end(w);
	write_lines(w, "warnings", s->warnings, "\n");
	jsonw_object_end(w);
}

static int print_result(const struct login *l, bool daemon_runs)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_VIEW_BYTES);
	struct jsonw w = JSONW_INIT(&out);

	if (cli_json(l->c)) {
		write_result(l, &w);
		buf_putc(&out, '\n');
	} else {
		login_text_done(&l->result, &out);
		if (!daemon_runs)
			buf_puts(&out, "snapwatchd does not run; to start it: systemctl start "
				       "snapwatchd\n");
	}
	cli_write(l->c, &out);
	return EXIT_CODE_OK;
}

/* --- in order -----------------------------------------------------------------------------------
 */

/* As whom somebody reaches this machine from another one. */
static const char *user_name(void)
{
	const char *name = getenv("SUDO_USER");
	const struct passwd *entry;

	if (text_empty(name))
		name = getenv("LOGNAME");
	if (!text_empty(name))
		return name;
	entry = getpwuid(getuid());
	return entry ? entry->pw_name : NULL;
}

static void give_words(const struct login *l)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	char host[256] = "";
	struct login_words w = {
		.tenant = l->tenant,
		.account = conf_tenant_find(l->c->conf, l->tenant)->account,
		.port = l->port,
		.user = user_name(),
		.host = host,
	};

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	if (l->listener)
		login_text_listen(&w, &l->begun, &text);
	else if (l->port)
		login_text_paste(&w, &l->begun, &text);
	else
		login_text_device(&w, &l->begun, &text);
	say(l, &text);
}

static int talk(struct login *l)
{
	char redirect[64];

	(void)snprintf(redirect, sizeof(redirect), "http://localhost:%u", l->port);
	int code = ctl_login_begin(l->assist.socket, l->tenant, l->port ? redirect : NULL,
		l->c->args->allow_extra, &l->begun, &l->text);
	if (code != EXIT_CODE_OK)
		return code;
	free(TAKE_PTR(l->text));
	give_words(l);
	if (l->listener)
		code = wait_for_browser(l);
	else if (l->port)
		code = wait_for_paste(l);
	if (code != EXIT_CODE_OK)
		return code;
	return ctl_login_finish(l->assist.socket, l->begun.id,
		l->port ? buf_text(&l->answer) : NULL, &l->result, &l->text);
}

static int sign_in(struct cli *c, const char *tenant)
{
	_cleanup_(login_done) struct login l = {
		.c = c,
		.tenant = tenant,
		.assist = ASSIST_NONE,
		.answer = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES),
	};
	int code = cli_tenant(c, tenant);

	if (code == EXIT_CODE_OK)
		code = open_port(&l);
	if (code == EXIT_CODE_OK)
		code = assist_begin(c, &l.assist);
	if (code != EXIT_CODE_OK)
		return code;
	bool daemon_runs = l.assist.pid == 0;
	code = talk(&l);
	code = assist_end(&l.assist, code, &l.text);
	show_page(&l, code);
	return code == EXIT_CODE_OK ? print_result(&l, daemon_runs) : cli_outcome(c, code, l.text);
}

int cmd_login(struct cli *c)
{
	const struct args *a = c->args;
	int code;

	if (a->device_code && (a->paste || a->port))
		return cli_error(EXIT_CODE_USAGE,
			"--device-code goes without --paste and --port: nothing comes back");
	if (a->n_words == 0 && (a->device_code || a->paste || a->port || a->allow_extra))
		return cli_error(EXIT_CODE_USAGE, "which tenant? snapwatch login TENANT");
	code = cli_conf(c);
	if (code != EXIT_CODE_OK)
		return code;
	return a->n_words ? sign_in(c, a->words[0]) : enrolled_missing(c);
}
