/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token endpoint: refresh grant and client credentials, with the error bodies of the Microsoft
 * identity platform. Redeeming a refresh token issues another and leaves the old one valid.
 */
#include "tests/graphsim/sim_token.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_http.h"

#define REFRESH_LIFETIME (90 * USEC_PER_DAY)
/* About as long as real ones, so that nobody gets used to short ones. */
#define REFRESH_LENGTH 1100u
#define ACCESS_LENGTH 1700u

static const struct {
	unsigned bit;
	const char *name;
} scope_names[] = {
	{SIM_SCOPE_READ, "EntraBackup.Read.All"},
	{SIM_SCOPE_PREVIEW, "EntraBackup.ReadWrite.Preview"},
	{SIM_SCOPE_RECOVERY, "EntraBackup.ReadWrite.Recovery"},
	{SIM_SCOPE_AUDIT, "AuditLog.Read.All"},
	{SIM_SCOPE_DIRECTORY, "Directory.Read.All"},
};

const char *sim_scope_name(unsigned scope)
{
	for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++)
		if (scope_names[i].bit == scope)
			return scope_names[i].name;
	return NULL;
}

int sim_scopes_parse(const char *text, unsigned *ret)
{
	unsigned scopes = 0;

	for (size_t len; *text; text += len) {
		text += strspn(text, " ,");
		len = strcspn(text, " ,");
		unsigned bit = 0;
		for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++)
			if (strlen(scope_names[i].name) == len &&
				strncasecmp(scope_names[i].name, text, len) == 0)
				bit = scope_names[i].bit;
		if (len && !bit)
			return -EINVAL;
		scopes |= bit;
	}
	*ret = scopes;
	return 0;
}

struct sim_token *sim_token_find(const struct sim *s, const char *text)
{
	for (size_t i = s->n_tokens; i > 0; i--)
		if (strcmp(s->tokens[i - 1]->text, text) == 0)
			return s->tokens[i - 1];
	return NULL;
}

/* Opaque text with a mark in front, so that a test can look for leaked ones. */
static char *make_text(struct sim *s, bool access)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t length = access ? ACCESS_LENGTH : REFRESH_LENGTH;
	uint64_t key = sim_mix(sim_hash_text(s->base_url), sim_serial(s));
	char *text = sim_alloc(length + 1);
	int n = snprintf(text, length, "%s", access ? "SIM-ACCESS." : "SIM-REFRESH.");

	for (size_t i = (size_t)n; i < length; i++)
		text[i] = alphabet[sim_mix(key, i) % 64];
	return text;
}

struct sim_token *sim_token_new(struct sim *s, struct sim_tenant *t, bool access, bool delegated,
	unsigned scopes, int64_t lifetime_us, const char *text)
{
	struct sim_token *token = sim_alloc(sizeof(*token));
	struct sim_token **slot = sim_grow(&s->tokens, &s->n_tokens, sizeof(*slot));

	*slot = token;
	*token = (struct sim_token){.text = text ? sim_strdup(text) : make_text(s, access),
		.tenant = t,
		.access = access,
		.delegated = delegated,
		.scopes = scopes,
		.expires_us = clock_wall_us() + lifetime_us};
	return token;
}

void sim_token_free(struct sim_token *token)
{
	free(token->text);
	free(token);
}

void sim_tokens_revoke(struct sim *s, const struct sim_tenant *t)
{
	for (size_t i = 0; i < s->n_tokens; i++)
		if (s->tokens[i]->tenant == t)
			s->tokens[i]->revoked = true;
}

void sim_tokens_expire(struct sim *s, const struct sim_tenant *t)
{
	for (size_t i = 0; i < s->n_tokens; i++)
		if (s->tokens[i]->tenant == t && s->tokens[i]->access)
			s->tokens[i]->expires_us = 0;
}

struct refusal {
	int number; /* AADSTS */
	int status;
	const char *error, *text;
};

static const struct refusal refusals[] = {
	{50013, 401, "invalid_client", "Assertion failed signature validation."},
	{50173, 400, "invalid_grant",
		"The provided grant has expired due to it being revoked, a fresh auth token is "
		"needed."},
	{65001, 400, "invalid_grant",
		"The user or administrator has not consented to use the application."},
	{70000, 400, "invalid_grant", "Provided grant is invalid or malformed."},
	{700016, 400, "unauthorized_client", "Application was not found in the directory."},
	{700024, 401, "invalid_client", "Client assertion is not within its valid time range."},
	{700025, 401, "invalid_client",
		"Client is public so neither 'client_assertion' nor 'client_secret' should be "
		"presented."},
	{700027, 401, "invalid_client", "Client assertion failed signature validation."},
	{70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type."},
	{70011, 400, "invalid_scope",
		"The provided value for the input parameter 'scope' is not valid."},
	{700082, 400, "invalid_grant", "The refresh token has expired due to inactivity."},
	{7000218, 401, "invalid_client",
		"The request body must contain the following parameter: 'client_assertion' or "
		"'client_secret'."},
	{900144, 400, "invalid_request", "The request body must contain all required parameters."},
	{90002, 400, "invalid_request",
		"Tenant not found. Check to make sure you have the correct tenant ID."},
};

static void put_trace(struct sim_ctx *c, struct jsonw *w, const struct refusal *r)
{
	char trace[SIM_GUID_SIZE], stamp[TIME_TEXT_SIZE];
	_cleanup_(freep) char *text = NULL;

	(void)sim_guid(sim_mix(sim_serial(c->s), 9), trace);
	(void)time_format(c->now_us - c->now_us % USEC_PER_SEC, stamp);
	stamp[10] = ' '; /* "2026-11-16 00:00:00Z" */
	text = sim_printf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", r->number,
		r->text, trace, c->request_id, stamp);
	jsonw_kv_string(w, "error_description", text);
	jsonw_key(w, "error_codes");
	jsonw_array(w);
	jsonw_int(w, r->number);
	jsonw_array_end(w);
	jsonw_kv_string(w, "timestamp", stamp);
	jsonw_kv_string(w, "trace_id", trace);
	jsonw_kv_string(w, "correlation_id", c->request_id);
}

void sim_token_refuse(struct sim_ctx *c, int number)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	const struct refusal *r = refusals;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].number == number)
			r = &refusals[i];
	sim_reply(c, r->status, "application/json; charset=utf-8");
	jsonw_object(&w);
	jsonw_kv_string(&w, "error", r->error);
	put_trace(c, &w, r);
	_cleanup_(freep) char *uri =
		sim_printf("https://login.microsoftonline.com/error?code=%d", r->number);
	jsonw_kv_string(&w, "error_uri", uri);
	if (number == 65001)
		jsonw_kv_string(&w, "suberror", "consent_required");
	jsonw_object_end(&w);
}

/* What precedes the name of a permission must mean Graph. */
static bool is_graph(const struct sim_ctx *c, const char *scope, size_t prefix)
{
	static const char graph[] = "https://graph.microsoft.com/";
	size_t own = strlen(c->s->base_url);

	return prefix == 0 || (prefix == sizeof(graph) - 1 && strncmp(scope, graph, prefix) == 0) ||
	       (prefix == own + 1 && strncmp(scope, c->s->base_url, own) == 0);
}

/* The parts of a scope list that are ours, any resource prefix cut off. 0 or an AADSTS number. */
static int requested_scopes(struct sim_ctx *c, const char *text, unsigned consented, unsigned *ret)
{
	static const char *const standard[] = {"offline_access", "openid", "profile", "email"};
	unsigned scopes = 0;

	for (size_t len; *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		_cleanup_(freep) char *word = sim_strndup(text, len);
		const char *slash = strrchr(word, '/');
		const char *name = slash ? slash + 1 : word;
		unsigned bit = 0;
		bool known = !len;

		for (size_t i = 0; i < ARRAY_SIZE(standard); i++)
			known |= strcasecmp(name, standard[i]) == 0;
		if (known)
			continue;
		if (!is_graph(c, word, (size_t)(name - word)))
			return 70011;
		if (strcmp(name, ".default") == 0)
			bit = consented;
		else if (sim_scopes_parse(name, &bit) < 0)
			return 70011;
		if (bit & SIM_SCOPE_RECOVERY)
			sim_violate(c->s, "tenant %s: asked for EntraBackup.ReadWrite.Recovery",
				c->tenant->name);
		scopes |= bit;
	}
	*ret = scopes;
	return scopes & ~consented ? 65001 : 0;
}

static void put_scopes(struct jsonw *w, unsigned scopes)
{
	struct buf text = BUF_INIT(SIM_LINE_MAX);

	for (unsigned bit = 1; bit <= SIM_SCOPE_DIRECTORY; bit <<= 1)
		if (scopes & bit)
			buf_printf(&text, "%s%s", text.len ? " " : "", sim_scope_name(bit));
	jsonw_kv_string(w, "scope", buf_text(&text));
	buf_done(&text);
}

static void grant(struct sim_ctx *c, bool delegated, unsigned scopes, bool with_refresh)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	int64_t lifetime_us = sim_switch(c->s, c->tenant, SIM_SW_TOKEN_LIFETIME);
	const struct sim_token *access =
		sim_token_new(c->s, c->tenant, true, delegated, scopes, lifetime_us, NULL);

	sim_reply(c, 200, "application/json; charset=utf-8");
	jsonw_object(&w);
	jsonw_kv_string(&w, "token_type", "Bearer");
	if (delegated)
		put_scopes(&w, scopes);
	jsonw_kv_int(&w, "expires_in", lifetime_us / USEC_PER_SEC);
	jsonw_kv_int(&w, "ext_expires_in", lifetime_us / USEC_PER_SEC);
	jsonw_kv_string(&w, "access_token", access->text);
	if (with_refresh)
		jsonw_kv_string(&w, "refresh_token",
			sim_token_new(c->s, c->tenant, false, true, scopes, REFRESH_LIFETIME, NULL)
				->text);
	jsonw_object_end(&w);
}

static int check_refresh(struct sim_ctx *c, const char *text, struct sim_token **ret)
{
	struct sim_token *token = text ? sim_token_find(c->s, text) : NULL;

	if (!text)
		return 900144;
	if (!token || token->access)
		return 70000;
	if (token->tenant != c->tenant) {
		sim_violate(c->s, "a refresh token of %s was sent to %s", token->tenant->name,
			c->tenant->name);
		return 70000;
	}
	if (token->used && sim_switch(c->s, c->tenant, SIM_SW_REUSE_DETECTION) == SIM_OFF_ON) {
		sim_tokens_revoke(c->s, c->tenant); /* the whole family */
		return 50173;
	}
	if (token->revoked)
		return 50173;
	if (token->expires_us <= c->now_us)
		return 700082;
	*ret = token;
	return 0;
}

static int refresh_grant(struct sim_ctx *c, const char *scope)
{
	_cleanup_(freep) char *text = sim_form_get(c->req->body, c->req->body_len, "refresh_token");
	struct sim_token *token;
	unsigned scopes;
	int r = check_refresh(c, text, &token);

	if (r == 0)
		r = requested_scopes(c, scope ? scope : ".default", c->tenant->delegated, &scopes);
	if (r != 0)
		return r;
	token->used = true;
	grant(c, true, scopes, sim_switch(c->s, c->tenant, SIM_SW_ROTATION) == SIM_ON_ON);
	return 0;
}

static int client_grant(struct sim_ctx *c, const char *scope)
{
	unsigned scopes;

	if (!scope || !strstr(scope, "/.default"))
		return 70011;
	if (c->tenant->n_certificates == 0)
		return 7000218;
	int r = requested_scopes(c, scope, c->tenant->roles, &scopes);
	if (r == 0)
		grant(c, false, scopes, false);
	return r;
}

/* A confidential client must prove itself, a public one must not try. */
static int authenticate(struct sim_ctx *c)
{
	_cleanup_(freep) char *assertion =
		sim_form_get(c->req->body, c->req->body_len, "client_assertion");
	_cleanup_(freep) char *type =
		sim_form_get(c->req->body, c->req->body_len, "client_assertion_type");
	struct buf why = BUF_INIT(SIM_LINE_MAX);
	int r;

	if (!assertion)
		return c->tenant->n_certificates ? 7000218 : 0;
	if (c->tenant->n_certificates == 0) {
		sim_violate(c->s, "tenant %s: a public client sent an assertion", c->tenant->name);
		return 700025;
	}
	if (!type || strcmp(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") != 0)
		return 900144;
	r = sim_assertion_verify(c, assertion, &why);
	if (r != 0)
		sim_violate(
			c->s, "tenant %s: client assertion: %s", c->tenant->name, buf_text(&why));
	buf_done(&why);
	return r;
}

static int answer(struct sim_ctx *c)
{
	_cleanup_(freep) char *client = sim_form_get(c->req->body, c->req->body_len, "client_id");
	_cleanup_(freep) char *type = sim_form_get(c->req->body, c->req->body_len, "grant_type");
	_cleanup_(freep) char *scope = sim_form_get(c->req->body, c->req->body_len, "scope");

	if (!client || !type)
		return 900144;
	if (strcasecmp(client, c->tenant->client_id) != 0)
		return 700016;
	int r = authenticate(c);
	if (r != 0)
		return r;
	if (strcmp(type, "refresh_token") == 0)
		return refresh_grant(c, scope);
	if (strcmp(type, "client_credentials") == 0)
		return client_grant(c, scope);
	return 70003;
}

void sim_token_endpoint(struct sim_ctx *c, const char *tenant_segment)
{
	const char *type = sim_header_get(c->req, "Content-Type");

	sim_tally(c->s, c->tenant, SIM_COUNT_TOKEN);
	if (!c->tenant) {
		sim_violate(
			c->s, "token endpoint of a tenant that is not there: %s", tenant_segment);
		sim_token_refuse(c, 90002);
		return;
	}
	if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
		sim_violate(c->s, "token request with Content-Type %s", type ? type : "(none)");
	if (sim_header_get(c->req, "Authorization"))
		sim_violate(c->s, "token request with an Authorization header");
	int r = answer(c);
	if (r != 0)
		sim_token_refuse(c, r);
}
