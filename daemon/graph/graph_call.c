/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's way: token -> request -> answer -> done, or back by a wait (retry.c decides), by a new
 * token, by another form of the address (graph_op.c lists them), or by the other credential.
 *
 * This stage logs: a failure once when it is given up, retries at debug. The same trouble again is
 * logged at debug until the operation has worked, so that a tenant that is signed out for a week is
 * not a warning every hour, nor a job that may not be read one at every poll.
 */
#include "daemon/graph/graph_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/graph_error.h"

/* When somebody asks how long to stay away and the service did not say. */
#define COME_BACK_US USEC_PER_MIN

/* Of a content type, in a message. */
#define TYPE_BYTES 64u

static void step_token(struct graph_call *c);

/* --- ends --------------------------------------------------------------------------------------
 */

void graph_call_free(struct graph_call *c)
{
	http_cancel(c->http);
	auth_wait_cancel(c->auth);
	(void)loop_timer_free(c->timer);
	(void)secret_free(c->token);
	for (size_t i = 0; i < N_CANDIDATES; i++)
		free(c->candidates[i].url);
	free(c->body);
	buf_done(&c->failed_text);
	buf_done(&c->refused_text);
	buf_done(&c->refused_hint);
	free(c);
}

static const char *hint_for(enum graph_outcome outcome)
{
	switch (outcome) {
	case GRAPH_SIGN_IN:
		return "the service takes no token of this sign-in: 'snapwatch doctor TENANT' "
		       "looks "
		       "further, 'snapwatch login TENANT' signs in anew";
	case GRAPH_CONFIG:
		return "check graph_url, ca_file, proxy and the clock of this host; 'snapwatch "
		       "doctor "
		       "TENANT' does";
	case GRAPH_FORBIDDEN:
		return "check admin consent for EntraBackup.Read.All and "
		       "EntraBackup.ReadWrite.Preview, the account's role Entra Backup "
		       "Administrator, and the licence (Entra ID P1 or P2); 'snapwatch doctor "
		       "TENANT' "
		       "does";
	case GRAPH_OK:
	case GRAPH_NOT_FOUND:
	case GRAPH_BUSY:
	case GRAPH_REFUSED:
	case GRAPH_THROTTLED:
	case GRAPH_NETWORK:
	case GRAPH_BAD_REPLY:
		break;
	}
	return NULL;
}

/* Answers that are part of the normal course: the caller decides what they mean. */
static bool is_trouble(enum graph_outcome outcome)
{
	return outcome != GRAPH_OK && outcome != GRAPH_NOT_FOUND && outcome != GRAPH_BUSY;
}

/* Short of memory nothing is kept: then something is told twice. */
static void keep_text(char **kept, const char *text)
{
	free(*kept);
	*kept = NULL;
	(void)text_copy(text, kept);
}

static void note_end(struct graph_call *c, const struct graph_reply *reply)
{
	struct graph *g = c->graph;
	const struct log_ctx ctx = {.tenant = g->tenant->name};
	bool trouble = is_trouble(reply->outcome);
	char **before = &g->told[c->op];
	bool same = trouble && *before && strcmp(*before, reply->text) == 0;
	/* signing in has said it, and there was no request whose ids could be named */
	bool told = same || (reply->outcome == GRAPH_SIGN_IN && c->request_id[0] == '-');

	if (reply->outcome == GRAPH_OK)
		log_debug(&ctx, "%s: HTTP %ld, %zu bytes, request-id %s", c->row->what,
			reply->status, reply->body.len,
			reply->request_id ? reply->request_id : "-");
	else
		log_event(!trouble || told ? LOG_DEBUG : LOG_WARNING,
			reply->outcome == GRAPH_BAD_REPLY ? LOG_ID_API_UNEXPECTED
							  : c->row->failed_id,
			&ctx, "%s%s%s (client-request-id %s, request-id %s)", reply->text,
			reply->hint ? "; " : "", reply->hint ? reply->hint : "", c->request_id,
			reply->request_id ? reply->request_id : "-");
	if (reply->outcome == GRAPH_OK || (trouble && !same))
		keep_text(before, trouble ? reply->text : NULL);
	keep_text(&g->trouble, trouble ? reply->text : NULL);
}

/* Tells the owner, who may do anything but free the graph, and is gone. */
static void finish(struct graph_call *c, struct graph_reply *reply)
{
	graph_done_fn done = c->done;
	void *arg = c->arg;

	note_end(c, reply);
	TAILQ_REMOVE(&c->graph->calls, c, entry);
	done(arg, reply);
	buf_done(&reply->body);
	graph_call_free(c);
}

/* hint: NULL, that of the outcome; "", none. result: the answer that led here, or NULL. */
static void give_up(struct graph_call *c, enum graph_outcome outcome, long status, const char *why,
	const char *hint, int64_t retry_after_us, const struct http_result *result)
{
	struct buf text = BUF_INIT_SURE(GRAPH_TEXT_BYTES);
	struct buf todo = BUF_INIT_SURE(GRAPH_TEXT_BYTES);
	struct graph_reply reply = {
		.outcome = outcome,
		.status = status,
		.date_us = result ? result->date_us : TIME_NONE,
		.request_id = result ? result->request_id : NULL,
		.retry_after_us = retry_after_us == TIME_NONE ? COME_BACK_US : retry_after_us,
	};

	buf_printf(&text, "%s: %s", c->row->what, why);
	reply.text = buf_text(&text);
	if (!hint)
		hint = hint_for(outcome);
	if (hint && *hint) {
		text_append_replaced(&todo, hint, "TENANT", c->graph->tenant->name);
		reply.hint = buf_text(&todo);
	}
	finish(c, &reply);
	buf_done(&text);
	buf_done(&todo);
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static void wait_then_retry(struct graph_call *c, const struct retry_decision *d, const char *why)
{
	char text[DURATION_TEXT_SIZE];
	const struct log_ctx ctx = {.tenant = c->graph->tenant->name};

	/* the first time; how it ends is said in any case */
	log_event(c->attempt <= 1 ? LOG_INFO : LOG_DEBUG, NULL, &ctx,
		"%s: attempt %u: %s; trying again in %s (client-request-id %s)", c->row->what,
		c->attempt, why, duration_format(d->wait_us, text), c->request_id);
	c->attempt++;
	c->waited_us += d->wait_us;
	c->fresh = d->fresh;
	c->at = 0;
	c->failed = false;
	loop_timer_arm(c->timer, d->wait_us);
}

void graph_call_step(void *arg)
{
	struct graph_call *c = arg;

	if (c->failed)
		give_up(c, c->failed_outcome, 0, buf_text(&c->failed_text), NULL, TIME_NONE, NULL);
	else
		step_token(c);
}

/* --- answers -----------------------------------------------------------------------------------
 */

/* Whose answer it is that is not the service's can be guessed from its type. */
static void describe_odd(const struct http_result *result, struct buf *out)
{
	const char *type = result->content_type ? result->content_type : "";
	size_t len = strcspn(type, ";");

	buf_printf(out, "HTTP %ld with ", result->status);
	if (result->body.len == 0) {
		buf_puts(out, "nothing instead of JSON");
	} else if (len == 0 || strncasecmp(type, "application/json", len) == 0) {
		buf_puts(out, "a body that is no JSON object, or cut off");
	} else {
		text_append_visible(out, type, len < TYPE_BYTES ? len : TYPE_BYTES);
		buf_puts(out, " instead of JSON");
	}
}

static void describe(const struct http_result *result, struct buf *out)
{
	if (result->error != HTTP_OK)
		text_append_visible(out, result->error_text, strlen(result->error_text));
	else if (result->status >= 200 && result->status < 300)
		describe_odd(result, out);
	else
		graph_error_text(result->status, buf_text(&result->body), result->body.len, out);
}

/* A link that leads elsewhere is left out: the caller finds its job in the list. */
static void read_location(
	struct graph_call *c, const struct http_result *result, struct buf *location)
{
	const struct log_ctx ctx = {.tenant = c->graph->tenant->name};

	if (!result->location)
		return;
	if (http_resolve(c->candidates[c->at].url, result->location, location) == 0 &&
		http_same_origin(buf_text(location), c->graph->tenant->graph_url))
		return;
	buf_reset(location);
	log_event(LOG_WARNING, LOG_ID_API_UNEXPECTED, &ctx,
		"%s: the answer points to another host; ignored", c->row->what);
}

static const char *kind_text(enum auth_kind kind)
{
	return kind == AUTH_APP ? "the app-only token" : "the account's token";
}

/* Calls that began at the same time say it once. */
static void keep_credential(struct graph_call *c)
{
	const struct log_ctx ctx = {.tenant = c->graph->tenant->name};
	bool *swapped = &c->graph->swapped[c->op];
	bool now = (c->kind == AUTH_APP) != c->row->app;

	if (*swapped != now)
		log_notice(&ctx, "%s: %s is refused (%s); %s works and is used from now on",
			c->row->what, kind_text(c->kind == AUTH_APP ? AUTH_DELEGATED : AUTH_APP),
			buf_text(&c->refused_text), kind_text(c->kind));
	*swapped = now;
}

/* Form 0 is below the snapshot, form 1 below the jobs. */
static void keep_job_read(struct graph_call *c)
{
	static const enum graph_job_read_where where[] = {GRAPH_AT_SNAPSHOT, GRAPH_AT_JOBS};
	int form = c->candidates[c->at].form;

	graph_note_job_read(
		c->graph, (struct graph_job_read){
				  .by = c->kind == AUTH_APP ? GRAPH_BY_APP : GRAPH_BY_USER,
				  .at = form == FORM_LINK ? GRAPH_AT_LOCATION : where[form],
			  });
}

static void succeed(struct graph_call *c, struct http_result *result)
{
	struct buf location = BUF_INIT_SURE(LIMIT_URL_BYTES);
	struct graph_reply reply = {
		.outcome = GRAPH_OK,
		.status = result->status,
		.body = result->body,
		.date_us = result->date_us,
		.request_id = result->request_id,
	};

	result->body = (struct buf){0};
	if (c->candidates[c->at].form != FORM_LINK)
		c->graph->winner[c->op] = c->candidates[c->at].form;
	if (c->refused && !c->stands_in)
		keep_credential(c);
	if (c->op == GRAPH_GET_JOB && !c->stands_in)
		keep_job_read(c);
	read_location(c, result, &location);
	if (location.len)
		reply.location = buf_text(&location);
	finish(c, &reply);
	buf_done(&location);
}

/*
 * Keeps the failure that is told if no form works: that of the documented one, because 404 to a
 * form that may not exist says nothing about the job. 405 says nothing in either case.
 */
static void keep_failure(
	struct graph_call *c, enum graph_outcome outcome, long status, const char *why)
{
	bool documented = c->candidates[c->at].form == 0 && status != 405;

	if (c->failed && !documented && c->failed_status != 405)
		return;
	c->failed = true;
	c->failed_status = status;
	c->failed_outcome = outcome;
	buf_reset(&c->failed_text);
	buf_puts(&c->failed_text, why);
}

static struct retry_decision decide(
	struct graph_call *c, const struct http_result *result, struct buf *claims)
{
	struct retry_input in = {
		.error = result->error,
		.status = result->status,
		.body_usable = !c->row->wants_json ||
			       graph_body_usable(buf_text(&result->body), result->body.len),
		.bearer_challenge = graph_claims(result->www_authenticate, claims),
		.retry_after = result->retry_after,
		.now_us = result->date_us != TIME_NONE ? result->date_us : result->wall_us,
		.attempt = c->attempt,
		.token_renewed = c->token_renewed,
		.waited_us = c->waited_us,
		.random = random_below(UINT64_MAX),
	};

	return retry_decide(&c->policy, &in);
}

/* An answer that another form of the address may turn into a better one. */
static bool falls_back(struct graph_call *c, const struct http_result *result)
{
	return result->error == HTTP_OK && graph_op_falls_back(c->op, result->status) &&
	       !graph_error_not_finished(buf_text(&result->body), result->body.len);
}

static void step_request(struct graph_call *c);

static void renew_token(struct graph_call *c, const struct buf *claims)
{
	c->token_renewed = true;
	auth_refused(c->graph->auth, c->kind, c->token, claims->len ? buf_text(claims) : NULL);
	step_token(c);
}

static int64_t asked_to_wait(const struct http_result *result)
{
	return retry_after_parse(result->retry_after,
		result->date_us != TIME_NONE ? result->date_us : result->wall_us);
}

/* 403, or 401 also to a new token: the credential will not do. */
static bool is_refusal(enum graph_outcome outcome)
{
	return outcome == GRAPH_FORBIDDEN || outcome == GRAPH_SIGN_IN;
}

/* True when the call goes on with the other credential, once. */
static bool swap_credential(struct graph_call *c, enum graph_outcome outcome, long status,
	const char *why, const char *hint)
{
	const struct log_ctx ctx = {.tenant = c->graph->tenant->name};

	if (c->refused || !c->row->either || c->graph->tenant->sign_in != SIGN_IN_USER_APP)
		return false;
	log_debug(&ctx, "%s: %s: %s; trying the other token (client-request-id %s)", c->row->what,
		kind_text(c->kind), why, c->request_id);
	c->refused = true;
	c->refused_outcome = outcome;
	c->refused_status = status;
	buf_puts(&c->refused_text, why);
	buf_puts(&c->refused_hint, hint);
	c->kind = c->kind == AUTH_APP ? AUTH_DELEGATED : AUTH_APP;
	c->token_renewed = false;
	c->failed = false;
	c->at = 0;
	step_token(c);
	return true;
}

/* When neither credential will do, that is told which the first one was refused with. */
static void refused_twice(struct graph_call *c, const struct http_result *result)
{
	give_up(c, c->refused_outcome, c->refused_status, buf_text(&c->refused_text),
		c->refused_hint.len ? buf_text(&c->refused_hint) : NULL, TIME_NONE, result);
}

static void act(struct graph_call *c, const struct retry_decision *d,
	const struct http_result *result, const char *why)
{
	bool fallback = falls_back(c, result);

	if (fallback)
		keep_failure(c, d->reason, result->status, why);
	if (fallback && c->at + 1 < c->n_candidates) {
		c->at++;
		step_request(c);
		return;
	}

	enum graph_outcome outcome = fallback ? c->failed_outcome : d->reason;
	long status = fallback ? c->failed_status : result->status;
	const char *text = fallback ? buf_text(&c->failed_text) : why;

	if (is_refusal(outcome) && swap_credential(c, outcome, status, text, ""))
		return;
	if (c->refused && is_refusal(outcome)) {
		refused_twice(c, result);
	} else if (d->action == RETRY_WAIT) {
		wait_then_retry(c, d, why);
	} else {
		give_up(c, outcome, status, text, NULL,
			fallback ? TIME_NONE : asked_to_wait(result), result);
	}
}

static void answered(void *arg, struct http_result *result)
{
	struct graph_call *c = arg;
	struct buf claims = BUF_INIT_SURE(LIMIT_HEADER_BYTES);
	struct buf why = BUF_INIT_SURE(GRAPH_TEXT_BYTES);
	struct retry_decision d = decide(c, result, &claims);

	c->http = NULL;
	if (d.action == RETRY_DONE) {
		succeed(c, result);
	} else if (d.action == RETRY_TOKEN) {
		renew_token(c, &claims);
	} else {
		describe(result, &why);
		act(c, &d, result, buf_text(&why));
	}
	buf_done(&claims);
	buf_done(&why);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static void step_request(struct graph_call *c)
{
	struct graph *g = c->graph;
	char id[sizeof("client-request-id: ") + GUID_TEXT_SIZE];
	const char *headers[] = {"Accept: application/json",
		/* without it the newer states and types arrive as unknownFutureValue */
		"Prefer: include-unknown-enum-members", id,
		c->body ? "Content-Type: application/json" : NULL, NULL};
	struct http_request request = {
		.method = c->row->method,
		.url = c->candidates[c->at].url,
		.headers = headers,
		.bearer = c->token->data,
		.body = c->body,
		.body_len = c->body ? strlen(c->body) : 0,
		.max_bytes = c->row->max_bytes,
		.ca_file = g->tenant->ca_file,
		.proxy = g->tenant->proxy,
		.http1 = g->tenant->http1,
		.fresh = c->fresh,
	};
	int r = random_guid(c->request_id);

	(void)snprintf(id, sizeof(id), "client-request-id: %s", c->request_id);
	if (r == 0)
		r = http_start(g->http, &request, answered, c, &c->http);
	if (r < 0)
		give_up(c, GRAPH_NETWORK, 0, "the request could not be made", NULL, TIME_NONE,
			NULL);
	else
		g->requests++;
}

/* Nobody is signed in, or the app's certificate is wrong: what only reads may go with the other
 * token, so that the watch goes on. */
static void no_sign_in(struct graph_call *c, const struct auth_result *result)
{
	enum graph_outcome outcome = result->outcome == AUTH_SIGN_IN ? GRAPH_SIGN_IN : GRAPH_CONFIG;

	if (c->refused) {
		refused_twice(c, NULL);
		return;
	}
	c->stands_in = true;
	/* whoever wins tokens knows what is to be done, or that there is nothing to add */
	const char *hint = result->hint ? result->hint : "";
	if (swap_credential(c, outcome, 0, result->text, hint))
		return;
	give_up(c, outcome, 0, result->text, hint, TIME_NONE, NULL);
}

/* What a failed sign-in means for the call: trouble on the way is retried like any other. */
static void no_token(struct graph_call *c, const struct auth_result *result)
{
	char seconds[32];
	struct retry_input in = {
		.error = result->outcome == AUTH_NETWORK ? HTTP_E_NETWORK : HTTP_OK,
		.status = 429,
		.retry_after = seconds,
		.now_us = clock_wall_us(),
		.attempt = c->attempt,
		.waited_us = c->waited_us,
		.random = random_below(UINT64_MAX),
	};

	if (result->outcome == AUTH_SIGN_IN || result->outcome == AUTH_CONFIG) {
		no_sign_in(c, result);
		return;
	}
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64,
		(result->retry_after_us + USEC_PER_SEC - 1) / USEC_PER_SEC);

	struct retry_decision d = retry_decide(&c->policy, &in);

	if (d.action == RETRY_WAIT)
		wait_then_retry(c, &d, result->text);
	else
		give_up(c, d.reason, 0, result->text, result->hint, result->retry_after_us, NULL);
}

static void got_token(void *arg, const struct auth_result *result)
{
	struct graph_call *c = arg;

	c->auth = NULL;
	if (result->outcome != AUTH_OK) {
		no_token(c, result);
		return;
	}
	c->token = secret_free(c->token);
	if (secret_new(result->token->data, result->token->len, &c->token) < 0)
		give_up(c, GRAPH_NETWORK, 0, "out of memory", NULL, TIME_NONE, NULL);
	else
		step_request(c);
}

static void step_token(struct graph_call *c)
{
	if (auth_get(c->graph->auth, c->kind, got_token, c, &c->auth) < 0)
		give_up(c, GRAPH_NETWORK, 0, "out of memory", NULL, TIME_NONE, NULL);
}
