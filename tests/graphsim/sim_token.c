/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token endpoint: codes, device codes, refresh tokens and client credentials. Redeeming a
 * refresh token issues another and leaves the old one valid.
 */
#include "tests/graphsim/sim_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_repeat.h"
#include "tests/graphsim/sim_sign_in.h"

/* About as long as real ones, so that nobody gets used to short ones. */
#define REFRESH_LENGTH 1100u
#define ACCESS_LENGTH 1700u

struct sim_token *sim_token_find(const struct sim *s, const char *text)
{
	for (size_t i = s->n_tokens; i > 0; i--)
		if (strcmp(s->tokens[i - 1]->text, text) == 0)
			return s->tokens[i - 1];
	return NULL;
}

char *sim_token_text(struct sim *s, const char *mark, size_t length)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t key = sim_mix(sim_hash_text(s->base_url), sim_serial(s));
	char *text = sim_alloc(length + 1);
	int n = snprintf(text, length, "%s", mark);

	for (size_t i = (size_t)n; i < length; i++)
		text[i] = alphabet[sim_mix(key, i) % 64];
	return text;
}

struct sim_token *sim_token_new(struct sim *s, struct sim_tenant *t, bool access, bool delegated,
	unsigned scopes, int64_t lifetime_us, const char *text)
{
	struct sim_token *token = sim_alloc(sizeof(*token));
	struct sim_token **slot = sim_grow(&s->tokens, &s->n_tokens, sizeof(*slot));
	int64_t now_us = clock_wall_us();

	*slot = token;
	*token = (struct sim_token){.tenant = t,
		.access = access,
		.delegated = delegated,
		.scopes = scopes,
		.session = {.user = delegated ? t->sign_in->users[0] : NULL,
			.signed_in_us = now_us},
		.expires_us = now_us + lifetime_us};
	if (text)
		token->text = sim_strdup(text);
	else
		token->text = access ? sim_token_text(s, "SIM-ACCESS.", ACCESS_LENGTH)
				     : sim_token_text(s, "SIM-REFRESH.", REFRESH_LENGTH);
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

void sim_tokens_revoke_user(struct sim *s, const struct sim_user *u, bool all)
{
	for (size_t i = 0; i < s->n_tokens; i++) {
		struct sim_token *token = s->tokens[i];

		if (token->session.user == u && !token->access &&
			(all || (!u->passwordless && !sim_token_confidential(token))))
			token->revoked = true;
	}
}

bool sim_token_confidential(const struct sim_token *token)
{
	if (token->session.client == SIM_CLIENT_BY_CERTIFICATE)
		return token->tenant->n_certificates > 0;
	return token->session.client == SIM_CLIENT_CONFIDENTIAL;
}

void sim_tokens_expire(struct sim *s, const struct sim_tenant *t)
{
	for (size_t i = 0; i < s->n_tokens; i++)
		if (s->tokens[i]->tenant == t && s->tokens[i]->access)
			s->tokens[i]->expires_us = 0;
}

/* --- what is issued ------------------------------------------------------------------------------
 */

struct issue {
	const struct sim_session *session; /* NULL: for the application itself */
	unsigned scopes;
	bool refresh, openid;
	const char *nonce;
};

static void put_id_token(struct sim_ctx *c, struct jsonw *w, const struct issue *i)
{
	struct buf text = BUF_INIT(SIM_LINE_MAX);

	if (!i->openid || c->tenant->sign_in->id_token == SIM_ID_TOKEN_MISSING)
		return;
	sim_id_token_write(c, i->session->user, i->nonce, &text);
	sim_secret(c->s, buf_text(&text));
	jsonw_kv_string(w, "id_token", buf_text(&text));
	buf_done(&text);
}

static void put_scopes(struct sim_ctx *c, struct jsonw *w, const struct issue *i)
{
	struct buf text = BUF_INIT(SIM_LINE_MAX);

	sim_scopes_write(c, i->scopes, i->openid, &text);
	jsonw_kv_string(w, "scope", buf_text(&text));
	buf_done(&text);
}

static const char *new_token(
	struct sim_ctx *c, bool access, const struct issue *i, int64_t lifetime_us)
{
	struct sim_token *token = sim_token_new(
		c->s, c->tenant, access, i->session != NULL, i->scopes, lifetime_us, NULL);

	if (i->session)
		token->session = *i->session;
	return token->text;
}

static void grant(struct sim_ctx *c, struct issue i)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	int64_t lifetime_us = sim_switch(c->s, c->tenant, SIM_SW_TOKEN_LIFETIME);

	if (i.session && c->tenant->granted)
		i.scopes = c->tenant->granted;
	sim_reply(c, 200, "application/json; charset=utf-8");
	jsonw_object(&w);
	jsonw_kv_string(&w, "token_type", "Bearer");
	if (i.session)
		put_scopes(c, &w, &i);
	jsonw_kv_int(&w, "expires_in", lifetime_us / USEC_PER_SEC);
	jsonw_kv_int(&w, "ext_expires_in", lifetime_us / USEC_PER_SEC);
	jsonw_kv_string(&w, "access_token", new_token(c, true, &i, lifetime_us));
	if (i.refresh)
		jsonw_kv_string(&w, "refresh_token",
			new_token(c, false, &i, c->tenant->sign_in->refresh_us));
	put_id_token(c, &w, &i);
	jsonw_object_end(&w);
}

/* --- who the client is ---------------------------------------------------------------------------
 */

static bool sent(struct sim_ctx *c, const char *key)
{
	_cleanup_(freep) char *value = sim_form_get(c->req->body, c->req->body_len, key);

	return value != NULL;
}

static int check_assertion(struct sim_ctx *c)
{
	_cleanup_(freep) char *assertion =
		sim_form_get(c->req->body, c->req->body_len, "client_assertion");
	_cleanup_(freep) char *type =
		sim_form_get(c->req->body, c->req->body_len, "client_assertion_type");
	struct buf why = BUF_INIT(SIM_LINE_MAX);

	if (!type || strcmp(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") != 0)
		return 900144;
	sim_secret(c->s, assertion);
	int r = sim_assertion_verify(c, assertion, &why);
	if (r != 0)
		sim_violate(
			c->s, "tenant %s: client assertion: %s", c->tenant->name, buf_text(&why));
	buf_done(&why);
	return r;
}

/* A confidential client must prove itself, a public one must not try. */
static int authenticate(struct sim_ctx *c, enum sim_client_kind kind)
{
	bool certificates = c->tenant->n_certificates > 0;
	bool asserts = sent(c, "client_assertion");

	if (kind == SIM_CLIENT_BY_CERTIFICATE)
		kind = certificates ? SIM_CLIENT_CONFIDENTIAL : SIM_CLIENT_PUBLIC;
	if (sent(c, "client_secret"))
		sim_violate(c->s, "tenant %s: a client secret was sent", c->tenant->name);
	if (kind == SIM_CLIENT_CONFIDENTIAL)
		return asserts && certificates ? check_assertion(c) : asserts ? 700027 : 7000218;
	if (!asserts && !sent(c, "client_secret"))
		return 0;
	/* who has a certificate cannot know how the redirect was registered */
	if (asserts && !certificates)
		sim_violate(c->s, "tenant %s: a public client sent an assertion", c->tenant->name);
	return 700025;
}

/* --- grants --------------------------------------------------------------------------------------
 */

static int check_life(struct sim_ctx *c, const struct sim_token *token)
{
	const struct sim_sign_in *in = c->tenant->sign_in;

	if (token->revoked)
		return 50173;
	if (token->expires_us <= c->now_us)
		return 700082;
	if (in->frequency_us && c->now_us - token->session.signed_in_us >= in->frequency_us)
		return 70043;
	return sim_refused(c, SIM_PART_REFRESH | (token->session.device ? SIM_PART_DEVICE : 0u),
		token->session.user);
}

static int check_refresh(struct sim_ctx *c, struct sim_token **ret)
{
	_cleanup_(freep) char *text = sim_form_get(c->req->body, c->req->body_len, "refresh_token");
	struct sim_token *token = text ? sim_token_find(c->s, text) : NULL;

	int r = authenticate(c, token ? token->session.client : SIM_CLIENT_BY_CERTIFICATE);
	if (r != 0)
		return r;
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
	*ret = token;
	return check_life(c, token);
}

static int refresh_grant(struct sim_ctx *c, const char *scope)
{
	struct sim_token *token;
	struct sim_asked asked;
	int r = check_refresh(c, &token);

	if (r == 0)
		r = sim_scopes_asked(c, scope ? scope : ".default", c->tenant->delegated, &asked);
	if (r != 0)
		return r;
	token->used = true;
	token->expires_us = c->now_us + c->tenant->sign_in->refresh_us;
	grant(c, (struct issue){.session = &token->session,
			 .scopes = asked.scopes,
			 .refresh = sim_switch(c->s, c->tenant, SIM_SW_ROTATION) == SIM_ON_ON,
			 .openid = asked.openid});
	return 0;
}

/* What was approved, less what the redemption does not ask for. */
static int redeemed(
	struct sim_ctx *c, struct sim_grant *g, enum sim_client_kind client, const char *scope)
{
	const struct sim_session session = {
		.user = g->user, .client = client, .device = g->device, .signed_in_us = c->now_us};
	struct sim_asked asked = {.scopes = g->scopes};
	int r = scope ? sim_scopes_asked(c, scope, c->tenant->delegated, &asked) : 0;

	if (r != 0)
		return r;
	if (asked.scopes & ~g->scopes)
		return 70011;
	g->used = true;
	grant(c, (struct issue){.session = &session,
			 .scopes = asked.scopes,
			 .refresh = g->offline,
			 .openid = g->openid,
			 .nonce = g->nonce});
	return 0;
}

static int code_grant(struct sim_ctx *c, const char *scope)
{
	_cleanup_(freep) char *code = sim_form_get(c->req->body, c->req->body_len, "code");
	struct sim_grant *g = code ? sim_grant_by_text(c->s, code) : NULL;
	enum sim_client_kind client = !g				? SIM_CLIENT_BY_CERTIFICATE
				      : g->platform == SIM_PLATFORM_WEB ? SIM_CLIENT_CONFIDENTIAL
									: SIM_CLIENT_PUBLIC;
	int r = g && g->platform == SIM_PLATFORM_SPA ? 0 : authenticate(c, client);

	if (r == 0)
		r = sim_grant_redeem_code(c, &g);
	return r ? r : redeemed(c, g, client, scope);
}

static int device_grant(struct sim_ctx *c)
{
	struct sim_grant *g;
	int r = authenticate(c, SIM_CLIENT_BY_CERTIFICATE);

	if (r == 0 && !c->tenant->n_certificates && c->tenant->sign_in->device.forbidden)
		r = 7000218;
	if (r == 0)
		r = sim_grant_redeem_device(c, &g);
	return r ? r : redeemed(c, g, SIM_CLIENT_BY_CERTIFICATE, NULL);
}

static int client_grant(struct sim_ctx *c, const char *scope)
{
	struct sim_asked asked;

	int r = authenticate(c, SIM_CLIENT_CONFIDENTIAL);
	if (r != 0)
		return r;
	if (!scope || !strstr(scope, "/.default"))
		return 70011;
	r = sim_refused(c, SIM_PART_APP, NULL);
	if (r == 0)
		r = sim_scopes_asked(c, scope, c->tenant->roles, &asked);
	if (r == 0)
		grant(c, (struct issue){.scopes = asked.scopes});
	return r;
}

static int answer(struct sim_ctx *c)
{
	_cleanup_(freep) char *client = sim_form_get(c->req->body, c->req->body_len, "client_id");
	_cleanup_(freep) char *type = sim_form_get(c->req->body, c->req->body_len, "grant_type");
	_cleanup_(freep) char *scope = sim_form_get(c->req->body, c->req->body_len, "scope");
	_cleanup_(freep) char *claims = sim_form_get(c->req->body, c->req->body_len, "claims");

	if (!client || !type)
		return 900144;
	if (strcasecmp(client, c->tenant->client_id) != 0)
		return 700016;
	if (!sim_repeat_check(c))
		return 50196;
	if (claims && strstr(claims, "cp1"))
		sim_violate(c->s, "tenant %s: declares cp1", c->tenant->name);
	if (strcmp(type, "refresh_token") == 0)
		return refresh_grant(c, scope);
	if (strcmp(type, "authorization_code") == 0)
		return code_grant(c, scope);
	if (strcmp(type, "urn:ietf:params:oauth:grant-type:device_code") == 0)
		return device_grant(c);
	if (strcmp(type, "client_credentials") == 0)
		return client_grant(c, scope);
	return 70003;
}

void sim_token_endpoint(struct sim_ctx *c)
{
	const char *type = sim_header_get(c->req, "Content-Type");

	if (!c->tenant) {
		sim_violate(c->s, "%s: token endpoint of a tenant that is not there", c->path);
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
