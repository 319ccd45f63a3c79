/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `snapwatch login` and `logout`: who asked, what that one is answered, and the record of it. One
 * sign-in per tenant may be pending; a second one takes its place. How it is made is graph/enrol.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/store/store_secret.h"
#include "common/store/store_sign_in.h"
#include "daemon/graph/enrol.h"
#include "daemon/internal.h"

#define TEXT_BYTES 2048u

/* Lives from the request on until another takes its place, or the tenant goes. */
struct login {
	struct entry *e;
	struct enrol *enrol;
	struct control_reply *reply; /* of whoever waits; NULL: nobody */
	char by[sizeof(((struct control_peer *)NULL)->text)];
	enum sign_in_how how;
};

static struct log_ctx ctx_of(const struct entry *e)
{
	return (struct log_ctx){.tenant = e->t.conf->name};
}

/* --- replies ------------------------------------------------------------------------------------
 */

/* Each line is an element. */
static void write_lines(struct jsonw *out, const char *key, const char *lines, char separator)
{
	const char stop[] = {separator, '\0'};

	jsonw_key(out, key);
	jsonw_array(out);
	while (lines && *lines) {
		size_t n = strcspn(lines, stop);

		jsonw_string_n(out, lines, n);
		lines += n + (lines[n] == separator);
	}
	jsonw_array_end(out);
}

static void write_prompt(const void *arg, struct jsonw *out)
{
	const struct login *l = arg;
	const struct enrol_prompt *p = enrol_prompt(l->enrol);

	jsonw_key(out, "login");
	jsonw_object(out);
	jsonw_kv_string(out, "id", p->id);
	jsonw_kv_string(out, "method", p->url ? "code" : "device");
	jsonw_kv_string(out, "url", p->url);
	jsonw_kv_string(out, "state", p->state);
	jsonw_kv_string(out, "verification_uri", p->verification_uri);
	jsonw_kv_string(out, "user_code", p->user_code);
	jsonw_kv_string(out, "message", p->message);
	jsonw_kv_int(out, "expires_in", p->left_us / USEC_PER_SEC);
	jsonw_object_end(out);
	write_lines(out, "warnings",
		*l->e->t.conf->account ? ""
				       : "the key account is not set: whoever signs in is taken",
		'\n');
}

struct ended {
	const struct login *login;
	const struct enrol_result *result;
};

static void write_sign_in(const void *arg, struct jsonw *out)
{
	const struct ended *ended = arg;
	const struct sign_in *who = ended->result->who;

	if (who) {
		jsonw_key(out, "sign_in");
		jsonw_object(out);
		jsonw_kv_string(out, "tenant", ended->login->e->t.conf->name);
		jsonw_kv_string(out, "account", who->account);
		jsonw_kv_string(out, "account_id", who->account_id);
		jsonw_kv_string(out, "method", sign_in_how_name(who->how));
		write_lines(out, "scopes", who->scopes, ' ');
		jsonw_object_end(out);
	}
	write_lines(out, "warnings", ended->result->warnings, '\n');
}

/* --- login --------------------------------------------------------------------------------------
 */

static void login_free(struct login *l)
{
	l->e->login = NULL;
	(void)enrol_free(l->enrol);
	free(l);
}

static void drop(struct login *l, const char *why)
{
	control_reply_send(l->reply, EXIT_CODE_REFUSED, why);
	login_free(l);
}

/* From now on there is a token: whatever waited for one need not wait for the next look. */
static void go_on(struct entry *e)
{
	if (!e->d->options.assist && e->t.id != 0)
		ticker_set(e->d->ticker, &e->t, clock_wall_us());
}

static void log_end(const struct login *l, const struct enrol_result *result)
{
	const struct log_ctx ctx = ctx_of(l->e);

	if (result->who)
		log_event(LOG_NOTICE, LOG_ID_SIGNED_IN, &ctx, "%s (%s), by %s, asked for by %s",
			result->text,
			result->who->account_id ? result->who->account_id : "no object id",
			sign_in_how_name(result->who->how), l->by);
	else
		log_event(LOG_WARNING, LOG_ID_SIGN_IN_FAILED, &ctx, "%s (asked for by %s)%s%s",
			result->text, l->by, result->hint ? "; " : "",
			result->hint ? result->hint : "");
}

static void on_end(void *arg, const struct enrol_result *result)
{
	struct login *l = arg;
	struct entry *e = l->e;
	const struct ended ended = {l, result};
	bool over = enrol_over(l->enrol);

	if (over)
		log_end(l, result);
	control_reply_document(
		l->reply, result->code, result->text, result->hint, write_sign_in, &ended);
	l->reply = NULL;
	if (over)
		login_free(l);
	if (over && result->code == EXIT_CODE_OK)
		go_on(e);
}

static void on_begun(void *arg, const struct enrol_result *result)
{
	struct login *l = arg;

	if (enrol_over(l->enrol)) {
		on_end(arg, result);
		return;
	}
	control_reply_document(l->reply, EXIT_CODE_OK, result->text, result->hint, write_prompt, l);
	l->reply = NULL;
}

/* NULL, or what is wrong with the request. */
static const char *read_options(const struct control_login *asked, struct enrol_options *ret)
{
	*ret = (struct enrol_options){
		.how = sign_in_how_parse(asked->method),
		.redirect = asked->redirect,
		.allow_extra_scopes = asked->allow_extra_scopes,
	};
	if (ret->how == SIGN_IN_BY_CODE)
		return asked->redirect && enrol_redirect_valid(asked->redirect)
			       ? NULL
			       : "'redirect' must be http://localhost:PORT";
	if (ret->how != SIGN_IN_BY_DEVICE)
		return "'method' must be \"code\" or \"device\"";
	return asked->redirect ? "'redirect' goes with the method \"code\" only" : NULL;
}

void login_start(struct entry *e, const struct control_peer *who, const struct control_login *asked,
	struct control_reply *reply)
{
	const struct log_ctx ctx = ctx_of(e);
	struct enrol_options options;
	const char *why = read_options(asked, &options);

	if (why) {
		control_reply_send(reply, EXIT_CODE_USAGE, why);
		return;
	}
	if (e->login && enrol_keeping(e->login->enrol)) {
		control_reply_send(reply, EXIT_CODE_REFUSED,
			"another sign-in of this tenant is being kept just now; see: "
			"snapwatch tenants");
		return;
	}
	if (e->login)
		drop(e->login, "another sign-in of this tenant has begun since");
	struct login *l = mem_alloc(sizeof(*l));
	*l = (struct login){.e = e, .reply = reply, .how = options.how};
	(void)snprintf(l->by, sizeof(l->by), "%s", who->text);
	int r = enrol_new(e->t.auth, &options, on_begun, l, &l->enrol);
	if (r < 0) {
		control_reply_send(reply, EXIT_CODE_REFUSED, err_text(r));
		free(l);
		return;
	}
	e->login = l;
	log_event(LOG_NOTICE, LOG_ID_CONTROL, &ctx, "sign-in (%s) asked for by %s",
		sign_in_how_name(options.how), who->text);
}

/* Who does not wait for a code to be typed does not want it to be typed, by whomever. A browser's
 * answer has come already: that is brought to its end. */
static void given_up(void *arg)
{
	struct login *l = arg;
	const struct log_ctx ctx = ctx_of(l->e);

	if (l->how != SIGN_IN_BY_DEVICE || enrol_over(l->enrol) || enrol_keeping(l->enrol))
		return;
	log_event(LOG_NOTICE, LOG_ID_CONTROL, &ctx, "sign-in (%s) was given up by %s",
		sign_in_how_name(l->how), l->by);
	drop(l, "given up");
}

static struct login *find(struct daemon *d, const char *id)
{
	for (struct entry *e = d->entries; e; e = e->next)
		if (e->login && strcmp(enrol_id(e->login->enrol), id) == 0)
			return e->login;
	return NULL;
}

void login_finish(struct daemon *d, const char *id, const char *answer, struct control_reply *reply)
{
	struct login *l = find(d, id);

	if (!l) {
		control_reply_document(reply, EXIT_CODE_REFUSED,
			"there is no such sign-in, or no longer: it has ended, another has taken "
			"its place, or the daemon was started again",
			"begin the sign-in again", NULL, NULL);
		return;
	}
	control_reply_send(l->reply, EXIT_CODE_REFUSED, "somebody else waits for this sign-in now");
	l->reply = reply;
	control_reply_watch(reply, given_up, l);
	int r = enrol_finish(l->enrol, answer, on_end, l);
	if (r < 0) {
		control_reply_send(l->reply, EXIT_CODE_REFUSED, err_text(r));
		l->reply = NULL;
	}
}

/* --- logout -------------------------------------------------------------------------------------
 */

struct logout {
	struct entry *e;
	struct control_reply *reply;
	char by[sizeof(((struct control_peer *)NULL)->text)];
};

static const char hint_revoke[] =
	"whoever has a copy of the token can still use it: to end that, open the account in the "
	"Entra admin center (Users) and choose \"Revoke sessions\"; to take the application's "
	"rights too, remove its permissions under Enterprise applications";

static void logout_end(struct logout *o, int code, const char *text, const char *hint)
{
	o->e->logout = NULL;
	control_reply_document(o->reply, code, text, hint, NULL, NULL);
	free(o);
}

static void forgotten(void *arg, int r)
{
	struct logout *o = arg;
	const struct log_ctx ctx = ctx_of(o->e);
	const char *tenant = o->e->t.conf->name;
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(TEXT_BYTES);

	if (r != 0) {
		store_secret_error_text(r, tenant, &text);
		logout_end(o, EXIT_CODE_STORE, buf_text(&text), NULL);
		return;
	}
	log_event(LOG_NOTICE, LOG_ID_SIGNED_OUT, &ctx, "tenant '%s' is signed out by %s", tenant,
		o->by);
	buf_printf(&text, "tenant '%s' is signed out, its token is wiped", tenant);
	logout_end(o, EXIT_CODE_OK, buf_text(&text), hint_revoke);
}

void logout_start(struct entry *e, const struct control_peer *who, struct control_reply *reply)
{
	if (e->logout) {
		control_reply_send(reply, EXIT_CODE_REFUSED, "it is being signed out just now");
		return;
	}
	if (e->login && !enrol_keeping(e->login->enrol))
		drop(e->login, "somebody has asked to sign the tenant out");
	struct logout *o = mem_alloc(sizeof(*o));
	*o = (struct logout){.e = e, .reply = reply};
	(void)snprintf(o->by, sizeof(o->by), "%s", who->text);
	e->logout = o;
	auth_forget(e->t.auth, forgotten, o);
}

/* Of a tenant that has no entry: straight in the store. */
struct former {
	char tenant_id[GUID_TEXT_SIZE];
	struct control_reply *reply;
	char by[sizeof(((struct control_peer *)NULL)->text)];
};

static int former_work(struct store *s, void *arg)
{
	const struct former *f = arg;
	_cleanup_(secret_freep) struct secret *token = NULL;
	struct sign_in known = SIGN_IN_INIT;
	int r = store_sign_in_get(s, f->tenant_id, &known);

	sign_in_done(&known);
	if (r == 0)
		r = store_secret_get(s, f->tenant_id, STORE_SECRET_REFRESH_TOKEN, &token);
	if (r < 0 || r == STORE_SECRET_E_NONE)
		return r;
	r = store_secret_forget(s, f->tenant_id, STORE_SECRET_REFRESH_TOKEN);
	return r < 0 ? r : store_sign_in_forget(s, f->tenant_id);
}

static void former_done(void *arg, int r)
{
	_cleanup_(freep) struct former *f = arg;
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(TEXT_BYTES);

	if (r == STORE_SECRET_E_NONE) {
		control_reply_send(f->reply, EXIT_CODE_REFUSED,
			"nobody has signed in for a tenant with this id; see: snapwatch tenants");
		return;
	}
	if (r != 0) {
		store_secret_error_text(r, f->tenant_id, &text);
		control_reply_send(f->reply, EXIT_CODE_STORE, buf_text(&text));
		return;
	}
	log_event(LOG_NOTICE, LOG_ID_SIGNED_OUT, NULL,
		"tenant %s, which is not configured, is signed out by %s", f->tenant_id, f->by);
	buf_printf(&text, "tenant %s is signed out, its token is wiped", f->tenant_id);
	control_reply_document(f->reply, EXIT_CODE_OK, buf_text(&text), hint_revoke, NULL, NULL);
}

void logout_former(struct daemon *d, const uint8_t tenant_id[static 16],
	const struct control_peer *who, struct control_reply *reply)
{
	struct former *f = mem_alloc(sizeof(*f));

	f->reply = reply;
	(void)guid_format(tenant_id, f->tenant_id);
	(void)snprintf(f->by, sizeof(f->by), "%s", who->text);
	store_thread_post(d->store, former_work, former_done, f);
}

void login_cancel(struct entry *e)
{
	static const char why[] = "the tenant's configuration has changed, or the daemon stops; "
				  "look at 'snapwatch tenants' and try again";

	if (e->login)
		drop(e->login, why);
	if (e->logout)
		logout_end(e->logout, EXIT_CODE_REFUSED, why, NULL);
}
