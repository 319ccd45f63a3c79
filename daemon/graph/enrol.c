/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine of a sign-in: its beginning, its end, and the way by code, around enrol_answer.c (what
 * the browser brought). The way by device is enrol_wait.c, what was granted enrol_granted.c. All
 * requests are those of auth_exchange.c, so a confidential client signs each.
 *
 * Everything ends in enrol_end(): the secrets are wiped, then whoever waits is told, and may free
 * this.
 */
#include "daemon/graph/enrol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/enrol_answer.h"
#include "daemon/graph/enrol_check.h"
#include "daemon/graph/enrol_private.h"
#include "daemon/graph/pkce.h"

/* --- ends ---------------------------------------------------------------------------------------
 */

static void wipe(struct enrol *e)
{
	http_cancel(e->http);
	e->http = NULL;
	if (e->timer)
		loop_timer_disarm(e->timer);
	if (e->expiry)
		loop_timer_disarm(e->expiry);
	e->token = secret_free(e->token);
	e->nonce = secret_free(e->nonce);
	e->verifier = secret_free(e->verifier);
	e->answer = secret_free(e->answer);
	enrol_device_done(&e->device);
	e->prompt = (struct enrol_prompt){.id = e->id};
	buf_wipe(&e->url);
}

/* Last call of whoever comes here: it may free e. */
void enrol_tell(struct enrol *e)
{
	const struct enrol_result result = {
		.code = e->code,
		.text = buf_text(&e->text),
		.hint = e->hint.len ? buf_text(&e->hint) : NULL,
		.warnings = buf_text(&e->verdict.warnings),
		.who = e->state == ENROL_OVER && e->code == EXIT_CODE_OK ? &e->who : NULL,
	};
	enrol_fn done = e->done;

	e->done = NULL;
	if (done)
		done(e->arg, &result);
}

void enrol_say(struct enrol *e, int code, const char *text, const char *hint)
{
	e->code = code;
	buf_reset(&e->hint);
	if (hint)
		auth_hint(e->auth, hint, &e->hint);
	buf_reset(&e->text);
	buf_puts(&e->text, text);
}

void enrol_end(struct enrol *e, int code, const char *text, const char *hint)
{
	e->state = ENROL_OVER;
	wipe(e);
	enrol_say(e, code, text, hint);
	enrol_tell(e);
}

void enrol_end_memory(struct enrol *e)
{
	enrol_end(e, EXIT_CODE_REFUSED, "out of memory", NULL);
}

static int code_of(enum auth_outcome outcome)
{
	switch (outcome) {
	case AUTH_OK:
		return EXIT_CODE_OK;
	case AUTH_SIGN_IN:
		return EXIT_CODE_SIGN_IN;
	case AUTH_CONFIG:
		return EXIT_CODE_CONFIG;
	case AUTH_THROTTLED:
		return EXIT_CODE_THROTTLED;
	case AUTH_NETWORK:
		return EXIT_CODE_NETWORK;
	}
	return EXIT_CODE_REFUSED;
}

/* The service said no, or nothing. */
void enrol_end_reply(struct enrol *e, const struct auth_reply *reply)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(ENROL_TEXT_BYTES);
	_cleanup_(buf_done) struct buf hint = BUF_INIT_SURE(ENROL_TEXT_BYTES);

	buf_printf(&text, "the sign-in failed: %s", buf_text(&reply->text));
	if (reply->hint)
		buf_append(&hint, reply->hint, auth_reply_hint_new(reply->hint));
	if (!reply->hint)
		buf_puts(&hint, "try again with 'snapwatch login TENANT'");
	else if (!strstr(buf_text(&hint), "snapwatch login"))
		buf_puts(&hint, "; then sign in with 'snapwatch login TENANT'");
	enrol_end(e, code_of(reply->outcome), buf_text(&text), buf_text(&hint));
}

static void over_expired(void *arg)
{
	enrol_end(arg, EXIT_CODE_SIGN_IN, "nobody has signed in in time",
		"begin the sign-in again with 'snapwatch login TENANT'");
}

/* --- asking the service -------------------------------------------------------------------------
 */

/* Sends form, which is finished and wiped here. What the answer is for, done knows. */
void enrol_ask(struct enrol *e, enum auth_endpoint endpoint, struct buf *form, http_done_fn done)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(ENROL_TEXT_BYTES);
	int r = auth_exchange(e->auth, endpoint, false, form, done, e, &e->http, &why);

	buf_done(form);
	if (r > 0)
		enrol_end(e, EXIT_CODE_CONFIG, buf_text(&why), auth_hint_certificate);
	else if (r < 0)
		enrol_end(e, EXIT_CODE_REFUSED, "the request could not be made", NULL);
}

void enrol_add_scopes(struct enrol *e, struct buf *form)
{
	_cleanup_(buf_done) struct buf scopes = BUF_INIT_SURE(LIMIT_NAME_BYTES);

	enrol_scopes_wanted(e->auth->tenant, &scopes);
	auth_form_add(form, "scope", buf_text(&scopes));
}

static void redeemed(void *arg, struct http_result *result)
{
	struct enrol *e = arg;
	_cleanup_(auth_reply_done) struct auth_reply reply = {0};

	e->http = NULL;
	auth_reply_read(result, &reply);
	if (reply.outcome == AUTH_OK)
		enrol_granted_examine(e, &reply, result);
	else
		enrol_end_reply(e, &reply);
}

static void redeem(struct enrol *e, const struct secret *code)
{
	struct buf form = BUF_INIT_SECRET(ENROL_FORM_BYTES);

	e->state = ENROL_ASKING;
	loop_timer_disarm(e->expiry); /* the request has a time-out of its own */
	auth_form_add(&form, "grant_type", "authorization_code");
	auth_form_add(&form, "code", code->data);
	auth_form_add(&form, "redirect_uri", e->redirect);
	auth_form_add(&form, "code_verifier", e->verifier->data);
	enrol_add_scopes(e, &form);
	enrol_ask(e, AUTH_ENDPOINT_TOKEN, &form, redeemed);
}

/* --- by code ------------------------------------------------------------------------------------
 */

bool enrol_redirect_valid(const char *redirect)
{
	static const char *const hosts[] = {"http://localhost:", "http://127.0.0.1:"};
	uint64_t port;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		size_t len = strlen(hosts[i]);

		if (strncmp(redirect, hosts[i], len) == 0)
			return parse_u64(redirect + len, 1, 65535, &port) == 0;
	}
	return false;
}

/* A name that the sign-in page can fill in; an object id is none. */
static bool can_hint(const char *account)
{
	return strchr(account, '@') != NULL;
}

static void begin_code(struct enrol *e)
{
	_cleanup_(buf_done) struct buf query = BUF_INIT(LIMIT_URL_BYTES);
	_cleanup_(buf_done) struct buf challenge = BUF_INIT(LIMIT_ID_BYTES);
	const struct conf_tenant *t = e->auth->tenant;
	int r = pkce_challenge(e->verifier, &challenge);

	auth_form_add(&query, "client_id", t->client_id);
	auth_form_add(&query, "response_type", "code");
	auth_form_add(&query, "redirect_uri", e->redirect);
	auth_form_add(&query, "response_mode", "query");
	enrol_add_scopes(e, &query);
	auth_form_add(&query, "state", e->token->data);
	auth_form_add(&query, "nonce", e->nonce->data);
	auth_form_add(&query, "code_challenge", buf_text(&challenge));
	auth_form_add(&query, "code_challenge_method", "S256");
	/* or the browser's single sign-on takes whoever it knows, without a word */
	auth_form_add(&query, "prompt", "select_account");
	if (can_hint(t->account))
		auth_form_add(&query, "login_hint", t->account);
	auth_endpoint_append(e->auth, AUTH_ENDPOINT_AUTHORIZE, &e->url);
	buf_printf(&e->url, "?%s", buf_text(&query));
	if (r == -ENOMEM || buf_error(&query) == -ENOMEM || buf_error(&e->url) == -ENOMEM) {
		enrol_end_memory(e);
		return;
	}
	if (r < 0 || buf_error(&query) || buf_error(&e->url)) {
		enrol_end(e, EXIT_CODE_CONFIG, "the address of the sign-in page cannot be made",
			"check authority and account");
		return;
	}
	e->expires_us = clock_boot_us() + LIMIT_LOGIN_CODE_US;
	loop_timer_arm(e->expiry, LIMIT_LOGIN_CODE_US);
	e->prompt.url = buf_text(&e->url);
	e->prompt.state = e->token->data;
	e->state = ENROL_WAITING;
	enrol_say(e, EXIT_CODE_OK, "open the address in a browser", NULL);
	enrol_tell(e);
}

/* What is no answer to this sign-in changes nothing: the right one may still come. */
static void take_answer(struct enrol *e)
{
	_cleanup_(enrol_answer_done) struct enrol_answer answer = {0};
	_cleanup_(secret_freep) struct secret *query = TAKE_PTR(e->answer);
	struct auth_reply reply;
	int r = enrol_answer_read(query->data, query->len, e->token, &answer);

	if (r < 0) {
		enrol_end_memory(e);
	} else if (r > 0) {
		enrol_say(e, EXIT_CODE_USAGE,
			r == ENROL_ANSWER_E_STATE
				? "this is not the answer to this sign-in: its state is another"
				: "the answer has neither a code nor an error",
			"take the whole address that the browser ended on, after signing in "
			"through the link that was shown last");
		enrol_tell(e);
	} else if (answer.error) {
		auth_reply_error(answer.error, answer.description, &reply);
		enrol_end_reply(e, &reply);
		auth_reply_done(&reply);
	} else {
		redeem(e, answer.code);
	}
}

/* --- enrol.h ------------------------------------------------------------------------------------
 */

static void on_timer(void *arg)
{
	struct enrol *e = arg;
	bool by_code = e->how == SIGN_IN_BY_CODE;

	switch (e->state) {
	case ENROL_BEGINNING:
		return by_code ? begin_code(e) : enrol_wait_begin(e);
	case ENROL_WAITING:
		if (!by_code)
			enrol_wait_poll(e);
		else if (e->answer)
			take_answer(e);
		return;
	case ENROL_OVER:
		enrol_tell(e); /* it ended before somebody came to hear of it */
		return;
	case ENROL_ASKING:
	case ENROL_KEEPING:
		return;
	}
}

static int make(struct enrol *e, const struct enrol_options *options)
{
	int r = text_copy(options->redirect, &e->redirect);

	if (r == 0)
		r = random_guid(e->id);
	if (r == 0 && e->how == SIGN_IN_BY_CODE) {
		r = pkce_random(&e->token);
		if (r == 0)
			r = pkce_random(&e->nonce);
		if (r == 0)
			r = pkce_random(&e->verifier);
	}
	if (r == 0)
		r = loop_timer_new(e->auth->env.loop, "sign-in", on_timer, e, &e->timer);
	if (r == 0)
		r = loop_timer_new(e->auth->env.loop, "sign-in end", over_expired, e, &e->expiry);
	return r;
}

int enrol_new(struct auth *a, const struct enrol_options *options, enrol_fn begun, void *arg,
	struct enrol **ret)
{
	_cleanup_(enrol_freep) struct enrol *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = (struct enrol){
		.auth = a,
		.how = options->how,
		.allow_extra = options->allow_extra_scopes,
		.url = BUF_INIT_SECRET(2 * LIMIT_URL_BYTES),
		.text = BUF_INIT_SURE(2 * ENROL_TEXT_BYTES),
		.hint = BUF_INIT_SURE(ENROL_TEXT_BYTES),
		.who = SIGN_IN_INIT,
		.done = begun,
		.arg = arg,
	};
	e->prompt.id = e->id;
	int r = make(e, options);
	if (r < 0)
		return r;
	loop_timer_arm(e->timer, 0);
	*ret = TAKE_PTR(e);
	return 0;
}

const struct enrol_prompt *enrol_prompt(struct enrol *e)
{
	int64_t left_us = e->expires_us - clock_boot_us();

	if (!e->prompt.url && !e->prompt.user_code)
		return NULL;
	e->prompt.left_us = left_us > 0 ? left_us : 0;
	return &e->prompt;
}

const char *enrol_id(const struct enrol *e)
{
	return e->id;
}

bool enrol_over(const struct enrol *e)
{
	return e->state == ENROL_OVER;
}

bool enrol_keeping(const struct enrol *e)
{
	return e->state == ENROL_KEEPING;
}

int enrol_finish(struct enrol *e, const char *answer, enrol_fn done, void *arg)
{
	bool by_code = e->how == SIGN_IN_BY_CODE;

	if (e->state == ENROL_WAITING && by_code) {
		if (!answer)
			answer = ""; /* which is none */
		e->answer = secret_free(e->answer);
		int r = secret_new(answer, strlen(answer), &e->answer);
		if (r < 0)
			return r;
	}
	e->done = done;
	e->arg = arg;
	if (e->state == ENROL_OVER || (e->state == ENROL_WAITING && by_code))
		loop_timer_arm(e->timer, 0);
	else if (e->state == ENROL_WAITING && !e->polling)
		loop_timer_arm(e->timer, e->pace.interval_us);
	e->polling = true;
	return 0;
}

struct enrol *enrol_free(struct enrol *e)
{
	if (!e)
		return NULL;
	wipe(e);
	(void)loop_timer_free(e->timer);
	(void)loop_timer_free(e->expiry);
	sign_in_done(&e->who);
	enrol_verdict_done(&e->verdict);
	free(e->redirect);
	buf_done(&e->hint);
	buf_done(&e->url);
	buf_done(&e->text);
	free(e);
	return NULL;
}
