/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/parse.h"

#define MAX_EFFECTS 8

struct effect;
struct argument {
	const struct effect *effect;
	char *text;
	uint64_t number;
	int64_t duration_us;
};

struct sim_fault {
	char *tenant, *method, *path, *query; /* "*" meets all; globs */
	uint64_t nth, count;		      /* meets the nth match first, and count of them */
	int64_t after_us, until_us;	      /* TIME_NONE: no bound */
	uint64_t matched;		      /* so far */
	struct argument args[MAX_EFFECTS];
	size_t n_args;
};

enum argument_kind { ARG_TEXT, ARG_NUMBER, ARG_DURATION, ARG_FILE };

struct effect {
	const char *name;
	enum argument_kind kind;
	/* true: the request is answered (or dropped) and is not served any more */
	bool (*before)(struct sim_ctx *c, const struct argument *a);
	void (*after)(struct sim_ctx *c, const struct argument *a);
};

static bool answer_status(struct sim_ctx *c, const struct argument *a)
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

static void after_late_status(struct sim_ctx *c, const struct argument *a)
{
	(void)answer_status(c, a);
}

/* The token really is over, so the client's next request with it is refused as well. */
static bool spoil_token(struct sim_ctx *c, const struct argument *a)
{
	if (c->tenant && strcmp(a->text, "revoked") == 0)
		sim_tokens_revoke(c->s, c->tenant);
	else if (c->tenant)
		sim_tokens_expire(c->s, c->tenant);
	return false;
}

/* A claims challenge, as continuous access evaluation sends it. */
static bool challenge(struct sim_ctx *c, const struct argument *a)
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

static bool refuse_token(struct sim_ctx *c, const struct argument *a)
{
	sim_token_refuse(c, (int)a->number);
	return true;
}

static bool drop_before(struct sim_ctx *c, const struct argument *a)
{
	c->res->drop = true;
	return strcmp(a->text, "before") == 0;
}

static void add_retry_after(struct sim_ctx *c, const struct argument *a)
{
	sim_reply_header(c, "Retry-After", a->text);
}

static void add_header(struct sim_ctx *c, const struct argument *a)
{
	buf_printf(&c->res->headers, "%s\r\n", a->text);
}

static void add_latency(struct sim_ctx *c, const struct argument *a)
{
	c->res->delay_us += a->duration_us;
}

static void cut(struct sim_ctx *c, const struct argument *a)
{
	c->res->cut_at = (ssize_t)a->number;
}

static void replace_body(struct sim_ctx *c, const struct argument *a)
{
	buf_reset(&c->res->body);
	buf_puts(&c->res->body, a->text);
}

static void replace_type(struct sim_ctx *c, const struct argument *a)
{
	struct buf *h = &c->res->headers;
	char *line = h->len ? strcasestr(h->data, "Content-Type:") : NULL;

	if (line) {
		char *next = strstr(line, "\r\n") + 2;
		size_t rest = h->len - (size_t)(next - h->data);

		memmove(line, next, rest);
		buf_truncate(h, (size_t)(line - h->data) + rest);
	}
	sim_reply_header(c, "Content-Type", a->text);
}

/* Looks like JSON until its end. */
static void spoil_json(struct sim_ctx *c, const struct argument *a)
{
	struct buf *b = &c->res->body;

	(void)a;
	if (b->len)
		buf_truncate(b, b->len - 1);
	buf_puts(b, ",\"cut\":");
}

/* foreign: another host; loop: this page again; anything else is the link. */
static void bend_next_link(struct sim_ctx *c, const struct argument *a)
{
	static const char key[] = "\"@odata.nextLink\":\"";
	struct buf *b = &c->res->body;
	char *at = b->len ? strstr(b->data, key) : NULL;

	if (at)
		buf_truncate(b, (size_t)(at - b->data));
	else if (b->len)
		b->data[b->len - 1] = ','; /* the last page gets a link as well */
	buf_puts(b, key);
	if (strcmp(a->text, "foreign") == 0)
		buf_printf(b, "https://graph.foreign.example%s", c->req->target);
	else if (strcmp(a->text, "loop") == 0)
		buf_printf(b, "%s%s", c->s->base_url, c->req->target);
	else
		buf_puts(b, a->text);
	buf_puts(b, "\"}");
}

static const struct effect effects[] = {
	{"token", ARG_TEXT, spoil_token, NULL},
	{"drop", ARG_TEXT, drop_before, NULL},
	{"status", ARG_NUMBER, answer_status, NULL},
	{"challenge", ARG_TEXT, challenge, NULL},
	{"aadsts", ARG_NUMBER, refuse_token, NULL},
	{"late_status", ARG_NUMBER, NULL, after_late_status},
	{"retry_after", ARG_TEXT, NULL, add_retry_after},
	{"header", ARG_TEXT, NULL, add_header},
	{"latency", ARG_DURATION, NULL, add_latency},
	{"body", ARG_FILE, NULL, replace_body},
	{"text", ARG_TEXT, NULL, replace_body},
	{"type", ARG_TEXT, NULL, replace_type},
	{"malformed", ARG_TEXT, NULL, spoil_json},
	{"nextlink", ARG_TEXT, NULL, bend_next_link},
	{"truncate", ARG_NUMBER, NULL, cut},
};

static const char *const matching_keys[] = {"nth", "count", "after", "until", "query"};

void sim_fault_free(struct sim_fault *f)
{
	for (size_t i = 0; i < f->n_args; i++)
		free(f->args[i].text);
	free(f->tenant);
	free(f->method);
	free(f->path);
	free(f->query);
	free(f);
}

static int read_file(struct sim_cmd *c, struct argument *a, const char *name)
{
	_cleanup_(freep) char *path =
		c->s->dir && *name != '/' ? sim_printf("%s/%s", c->s->dir, name) : sim_strdup(name);
	struct buf text = BUF_INIT(SIM_BODY_MAX);
	int r = file_read(path, &text);

	a->text = sim_strdup(buf_text(&text));
	buf_done(&text);
	return r < 0 ? sim_cmd_error(c, "%s: cannot be read", path) : 0;
}

static int read_argument(
	struct sim_cmd *c, const struct effect *e, const char *value, struct argument *a)
{
	int r = 0;

	a->effect = e;
	if (e->kind == ARG_FILE)
		return read_file(c, a, value);
	a->text = sim_strdup(value);
	if (e->kind == ARG_NUMBER)
		r = parse_u64(value, 0, UINT32_MAX, &a->number);
	else if (e->kind == ARG_DURATION)
		r = parse_duration(value, 0, USEC_PER_DAY, &a->duration_us);
	return r < 0 ? sim_cmd_error(c, "%s=%s: not a %s", e->name, value,
			       e->kind == ARG_NUMBER ? "number" : "duration")
		     : 0;
}

static const struct effect *find_effect(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
		if (strcmp(effects[i].name, name) == 0)
			return &effects[i];
	return NULL;
}

static bool is_matching_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(matching_keys); i++)
		if (strcmp(matching_keys[i], name) == 0)
			return true;
	return false;
}

static int read_effects(struct sim_cmd *c, struct sim_fault *f)
{
	for (size_t i = c->i; i < c->w->n; i++) {
		const struct sim_word *w = &c->w->word[i];
		const struct effect *e = find_effect(w->text);

		if (w->value && is_matching_key(w->text))
			continue;
		if (!e)
			return sim_cmd_error(c, "'%s' is no effect of a fault", w->text);
		if (f->n_args == MAX_EFFECTS)
			return sim_cmd_error(c, "more than %d effects", MAX_EFFECTS);
		int r = read_argument(c, e, w->value ? w->value : "", &f->args[f->n_args++]);
		if (r < 0)
			return r;
	}
	c->i = c->w->n;
	return f->n_args ? 0 : sim_cmd_error(c, "a fault without an effect");
}

static int read_bound(struct sim_cmd *c, const char *key, int64_t *ret_us)
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);

	*ret_us = TIME_NONE;
	if (text && sim_time(c->s, text, ret_us) < 0)
		return sim_cmd_error(c, "%s=%s: not a time", key, text);
	return 0;
}

/* One match by default, all of them where a time bounds the fault. */
static int read_matching(struct sim_cmd *c, struct sim_fault *f)
{
	const char *count = sim_word_option(c->w, c->i, "count", NULL);

	f->nth = 1;
	if (read_bound(c, "after", &f->after_us) < 0 || read_bound(c, "until", &f->until_us) < 0 ||
		sim_cmd_number(c, "nth", UINT32_MAX, &f->nth) < 0)
		return -EINVAL;
	f->query = sim_strdup(sim_word_option(c->w, c->i, "query", "*"));
	f->count = f->until_us != TIME_NONE ? UINT64_MAX : 1;
	if (count && strcmp(count, "all") == 0) {
		f->count = UINT64_MAX;
		return 0;
	}
	return sim_cmd_number(c, "count", UINT32_MAX, &f->count);
}

int sim_fault_add(struct sim_cmd *c)
{
	const char *tenant = sim_cmd_word(c), *method = sim_cmd_word(c), *path = sim_cmd_word(c);

	if (tenant && !method && strcmp(tenant, "clear") == 0) {
		while (c->s->n_faults)
			sim_fault_free(c->s->faults[--c->s->n_faults]);
		return 0;
	}
	if (!tenant || !method || !path)
		return sim_cmd_error(c, "fault TENANT|* METHOD PATH-GLOB effect=value...");
	if (strcmp(tenant, "*") != 0 && !sim_tenant_by_name(c->s, tenant))
		return sim_cmd_error(c, "no tenant '%s'", tenant);
	struct sim_fault *f = sim_alloc(sizeof(*f));
	f->tenant = sim_strdup(tenant);
	f->method = sim_strdup(method);
	f->path = sim_strdup(path);
	int r = read_matching(c, f);
	if (r == 0)
		r = read_effects(c, f);
	if (r < 0) {
		sim_fault_free(f);
		return r;
	}
	struct sim_fault **slot = sim_grow(&c->s->faults, &c->s->n_faults, sizeof(*slot));
	*slot = f;
	return 0;
}

static bool meets(const struct sim_ctx *c, const struct sim_fault *f)
{
	if (strcmp(f->tenant, "*") != 0 && (!c->tenant || strcmp(f->tenant, c->tenant->name) != 0))
		return false;
	if (strcmp(f->method, "*") != 0 && strcasecmp(f->method, c->req->method) != 0)
		return false;
	if ((f->after_us != TIME_NONE && c->now_us < f->after_us) ||
		(f->until_us != TIME_NONE && c->now_us >= f->until_us))
		return false;
	return glob_match(f->path, c->path) && glob_match(f->query, c->query);
}

struct sim_fault *sim_fault_match(struct sim_ctx *c)
{
	struct sim_fault *first = NULL;

	for (size_t i = 0; i < c->s->n_faults; i++) {
		struct sim_fault *f = c->s->faults[i];

		if (!meets(c, f))
			continue;
		f->matched++;
		if (!first && f->matched >= f->nth && f->matched - f->nth < f->count)
			first = f;
	}
	if (first)
		sim_tally(c->s, c->tenant, SIM_COUNT_FAULTS);
	return first;
}

bool sim_fault_before(struct sim_ctx *c, struct sim_fault *f)
{
	bool answered = false;

	for (size_t i = 0; i < f->n_args; i++)
		if (f->args[i].effect->before)
			answered |= f->args[i].effect->before(c, &f->args[i]);
	return answered;
}

void sim_fault_after(struct sim_ctx *c, struct sim_fault *f)
{
	for (size_t i = 0; i < f->n_args; i++)
		if (f->args[i].effect->after)
			f->args[i].effect->after(c, &f->args[i]);
}
