/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What faults do to a request and its answer: the status, the headers, the way it goes. What they
 * do to a body that is JSON is in sim_spoil.c. A new kind of fault is a function and a row at the
 * end.
 */
#include "tests/graphsim/sim_effect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_spoil.h"

static bool answer_status(struct sim_ctx *c, const struct sim_argument *a)
{
	static const struct {
		uint64_t status;
		const char *code, *message;
	} known[] = {
		{400, "BadRequest", "The request is malformed."},
		{401, "InvalidAuthenticationToken", "Access token validation failure."},
		{403, "Authorization_RequestDenied",
			"Insufficient privileges to complete the operation."},
		{404, "Request_ResourceNotFound", "Resource was not found."},
		{409, "Conflict",
			"A recovery job is currently in progress. Wait for it to complete before "
			"initiating a "
			"new job."},
		{410, "ResyncRequired", "The resource is gone."},
		{429, "TooManyRequests", "Too many requests."},
		{500, "InternalServerError", "The server encountered an internal error."},
		{502, "BadGateway", "Bad gateway."},
		{503, "ServiceUnavailable", "The service is temporarily unavailable."},
		{504, "GatewayTimeout", "The gateway timed out."},
	};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(known) && known[i].status != a->number)
		i++;
	sim_reply_error(c, (int)a->number, known[i].code, "%s", known[i].message);
	return true;
}

static void after_late_status(struct sim_ctx *c, const struct sim_argument *a)
{
	(void)answer_status(c, a);
}

/* The token really is over, so the client's next request with it is refused as well. */
static bool spoil_token(struct sim_ctx *c, const struct sim_argument *a)
{
	if (c->tenant && strcmp(a->text, "revoked") == 0)
		sim_tokens_revoke(c->s, c->tenant);
	else if (c->tenant)
		sim_tokens_expire(c->s, c->tenant);
	return false;
}

/* A claims challenge, as continuous access evaluation sends it. */
static bool challenge(struct sim_ctx *c, const struct sim_argument *a)
{
	struct buf value = BUF_INIT(SIM_LINE_MAX);

	(void)spoil_token(c, a);
	sim_reply_error(c, 401, "InvalidAuthenticationToken",
		"Continuous access evaluation resulted in challenge with result: "
		"InteractionRequired.");
	buf_puts(&value,
		"Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/"
		"oauth2/authorize\", error=\"insufficient_claims\", claims=\"");
	base64_append(&value, a->text, strlen(a->text));
	buf_putc(&value, '"');
	sim_reply_header(c, "WWW-Authenticate", buf_text(&value));
	buf_done(&value);
	return true;
}

static bool refuse_token(struct sim_ctx *c, const struct sim_argument *a)
{
	sim_token_refuse(c, (int)a->number);
	return true;
}

static bool drop_before(struct sim_ctx *c, const struct sim_argument *a)
{
	c->res->drop = true;
	return strcmp(a->text, "before") == 0;
}

static void add_retry_after(struct sim_ctx *c, const struct sim_argument *a)
{
	sim_reply_header(c, "Retry-After", a->text);
}

static void add_header(struct sim_ctx *c, const struct sim_argument *a)
{
	buf_printf(&c->res->headers, "%s\r\n", a->text);
}

static void add_latency(struct sim_ctx *c, const struct sim_argument *a)
{
	c->res->delay_us += a->duration_us;
}

static void cut(struct sim_ctx *c, const struct sim_argument *a)
{
	c->res->cut_at = (ssize_t)a->number;
}

/* Whom the front is to kill: the process whose id is in a file. */
static void kill_client(struct sim_ctx *c, const struct sim_argument *a)
{
	struct buf text = BUF_INIT(64);
	uint64_t pid = 0;

	if (file_read(a->text, &text) < 0)
		sim_violate(c->s, "kill=%s: the file cannot be read", a->text);
	buf_truncate(&text, strspn(buf_text(&text), "0123456789"));
	if (text.len && parse_u64(buf_text(&text), 2, INT32_MAX, &pid) == 0)
		c->res->kill_pid = (pid_t)pid;
	else
		sim_violate(c->s, "kill=%s: no process id in it", a->text);
	buf_done(&text);
}

static bool kill_before(struct sim_ctx *c, const struct sim_argument *a)
{
	kill_client(c, a);
	c->res->drop = true;
	return true;
}

static void kill_after(struct sim_ctx *c, const struct sim_argument *a)
{
	kill_client(c, a);
	c->res->drop = c->res->cut_at < 0; /* else when so much of the body is sent */
}

static void replace_body(struct sim_ctx *c, const struct sim_argument *a)
{
	buf_reset(&c->res->body);
	buf_puts(&c->res->body, a->text);
}

static void replace_type(struct sim_ctx *c, const struct sim_argument *a)
{
	sim_header_remove(c, "Content-Type");
	sim_reply_header(c, "Content-Type", a->text);
}

static void skew_date(struct sim_ctx *c, const struct sim_argument *a)
{
	sim_header_remove(c, "Date");
	sim_reply_date(c, c->now_us + a->duration_us);
}

/* Longer than anybody waits. */
static void never_answer(struct sim_ctx *c, const struct sim_argument *a)
{
	(void)a;
	c->res->delay_us = USEC_PER_DAY;
}

/* --- gateways ------------------------------------------------------------------------------------
 */

/* As load balancers and reverse proxies send them. */
static const char bad_gateway[] =
	"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
	"<center><h1>502 Bad Gateway</h1></center>\r\n"
	"<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n";
static const char unavailable[] =
	"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
	"\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n"
	"<html><head><meta charset=\"utf-8\"><title>Service unavailable</title></head>"
	"<body><div><h2>Our services aren't available right now</h2><p>We're working to restore "
	"all services as soon as possible. Please check back soon.</p>"
	"<span>0a1b2c3dAAAAAEFNUzA0RURHRTE3MTkA</span></div></body></html>\r\n";
/* A proxy of one's own house that wants somebody to sign in, with 200. */
static const char sign_in_first[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><title>Network sign-in</title></head><body>"
	"<form method=\"post\" action=\"/login\"><h1>Sign in to use the network</h1>"
	"<input name=\"user\"><input name=\"password\" type=\"password\">"
	"<script>var config = {\"realm\": \"guest\"};</script></form></body></html>\n";

/* Somebody between us and the service answers instead of it, in HTML, and knows none of its
 * headers. */
static bool answer_gateway(struct sim_ctx *c, const struct sim_argument *a)
{
	sim_reply(c, (int)a->number, NULL);
	buf_reset(&c->res->headers);
	sim_reply_date(c, c->now_us);
	sim_reply_header(c, "Content-Type", "text/html");
	buf_puts(&c->res->body, a->number < 300	   ? sign_in_first
				: a->number == 502 ? bad_gateway
						   : unavailable);
	return true;
}

/* --- the table -----------------------------------------------------------------------------------
 */

static const struct sim_effect effects[] = {
	{"token", SIM_ARG_TEXT, "expired revoked", spoil_token, NULL},
	{"drop", SIM_ARG_TEXT, "before after", drop_before, NULL},
	{"gateway", SIM_ARG_NUMBER, NULL, answer_gateway, NULL},
	{"status", SIM_ARG_NUMBER, NULL, answer_status, NULL},
	{"challenge", SIM_ARG_TEXT, NULL, challenge, NULL},
	{"aadsts", SIM_ARG_NUMBER, NULL, refuse_token, NULL},
	{"late_status", SIM_ARG_NUMBER, NULL, NULL, after_late_status},
	{"retry_after", SIM_ARG_TEXT, NULL, NULL, add_retry_after},
	{"header", SIM_ARG_TEXT, NULL, NULL, add_header},
	{"date", SIM_ARG_OFFSET, NULL, NULL, skew_date},
	{"latency", SIM_ARG_DURATION, NULL, NULL, add_latency},
	{"hang", SIM_ARG_FLAG, NULL, NULL, never_answer},
	{"body", SIM_ARG_FILE, NULL, NULL, replace_body},
	{"text", SIM_ARG_TEXT, NULL, NULL, replace_body},
	{"type", SIM_ARG_TEXT, NULL, NULL, replace_type},
	{"remove", SIM_ARG_TEXT, NULL, NULL, sim_spoil_remove},
	{"null", SIM_ARG_TEXT, NULL, NULL, sim_spoil_null},
	{"duplicate", SIM_ARG_TEXT, NULL, NULL, sim_spoil_duplicate},
	{"deep", SIM_ARG_NUMBER, NULL, NULL, sim_spoil_deep},
	{"size", SIM_ARG_NUMBER, NULL, NULL, sim_spoil_size},
	{"name", SIM_ARG_TEXT, "nul utf8 overlong surrogate control", NULL, sim_spoil_name},
	{"short_ids", SIM_ARG_FLAG, NULL, NULL, sim_spoil_ids},
	{"malformed", SIM_ARG_FLAG, NULL, NULL, sim_spoil_end},
	{"nextlink", SIM_ARG_TEXT, NULL, NULL, sim_spoil_link},
	{"truncate", SIM_ARG_NUMBER, NULL, NULL, cut},
	{"kill", SIM_ARG_TEXT, NULL, kill_before, NULL},
	{"late_kill", SIM_ARG_TEXT, NULL, NULL, kill_after}, /* where it stands behind truncate */
};

const struct sim_effect *sim_effect_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
		if (strcmp(effects[i].name, name) == 0)
			return &effects[i];
	return NULL;
}

bool sim_effect_takes(const struct sim_effect *e, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = e->choices; at && len && (at = strstr(at, value)); at += len)
		if ((at == e->choices || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return !e->choices;
}
