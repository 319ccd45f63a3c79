/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity tokens. The signature is one (HS256, with a key of the simulator's), but says nothing to
 * a client: it has the token straight from the endpoint, over TLS.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_sign_in.h"

#define LIFE_S 3600

struct writer {
	struct jsonw w;
	const struct sim_sign_in *in;
	int64_t now_s;
};

static bool overridden(const struct writer *w, const char *key)
{
	for (size_t i = 0; i < w->in->n_claims; i++)
		if (strcmp(w->in->claims[i].key, key) == 0)
			return true;
	return false;
}

static void put_text(struct writer *w, const char *key, const char *text)
{
	if (text && !overridden(w, key))
		jsonw_kv_string(&w->w, key, text);
}

static void put_number(struct writer *w, const char *key, int64_t n)
{
	if (!overridden(w, key))
		jsonw_kv_int(&w->w, key, n);
}

static void put_roles(struct writer *w, const struct sim_user *u)
{
	const char *name, *template_id;

	if (overridden(w, "wids"))
		return;
	jsonw_key(&w->w, "wids");
	jsonw_array(&w->w);
	for (size_t i = 0; sim_user_role(u, i, &name, &template_id); i++)
		jsonw_string(&w->w, template_id);
	/* as the service has it for everybody who is no guest */
	if (!*u->home)
		jsonw_string(&w->w, "b79fbf4d-3ef9-4689-8143-76b194e85509");
	jsonw_array_end(&w->w);
}

/* "-1h" counts from now. */
static void put_override(struct writer *w, const char *key, const char *json)
{
	int64_t us;

	if (!json)
		return;
	jsonw_key(&w->w, key);
	if ((*json == '-' || *json == '+') &&
		parse_duration(json + 1, 0, 3650 * USEC_PER_DAY, &us) == 0)
		jsonw_int(&w->w, w->now_s + (*json == '-' ? -us : us) / USEC_PER_SEC);
	else
		jsonw_raw(&w->w, json, strlen(json));
}

static void put_identity(struct writer *w, const struct sim_tenant *t, const struct sim_user *u)
{
	char subject[SIM_GUID_SIZE];
	_cleanup_(freep) char *home =
		*u->home ? sim_printf("https://sts.windows.net/%s/", u->home) : NULL;

	put_text(w, "idp", home);
	put_text(w, "name", u->display);
	put_text(w, "oid", u->id);
	put_text(w, "preferred_username", u->upn);
	put_text(w, "sub",
		sim_guid(sim_mix(sim_hash_text(u->id), sim_hash_text(t->client_id)), subject));
	put_text(w, "tid", t->id);
	put_text(w, "ver", "2.0");
	if (sim_switch(t->sim, t, SIM_SW_ID_TOKEN) == SIM_ID_TOKEN_OPTIONAL) {
		put_number(w, "acct", *u->home ? 1 : 0);
		put_roles(w, u);
	}
}

static void put_claims(
	struct sim_ctx *c, const struct sim_user *u, const char *nonce, struct buf *out)
{
	const struct sim_tenant *t = c->tenant;
	struct writer w = {
		.w = JSONW_INIT(out), .in = t->sign_in, .now_s = c->now_us / USEC_PER_SEC};
	_cleanup_(freep) char *issuer = sim_printf("%s/%s/v2.0", c->s->base_url, t->id);

	jsonw_object(&w.w);
	put_text(&w, "aud", t->client_id);
	put_text(&w, "iss", issuer);
	put_number(&w, "iat", w.now_s);
	put_number(&w, "nbf", w.now_s);
	put_number(&w, "exp", w.now_s + LIFE_S);
	put_text(&w, "nonce", nonce);
	put_identity(&w, t, u);
	for (size_t i = 0; i < w.in->n_claims; i++)
		put_override(&w, w.in->claims[i].key, w.in->claims[i].json);
	jsonw_object_end(&w.w);
}

void sim_id_token_write(
	struct sim_ctx *c, const struct sim_user *u, const char *nonce, struct buf *out)
{
	static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"graphsim\"}";
	struct buf claims = BUF_INIT(SIM_LINE_MAX);
	uint8_t signature[SHA256_SIZE];

	put_claims(c, u, nonce, &claims);
	if (c->tenant->sign_in->id_token == SIM_ID_TOKEN_GARBAGE)
		buf_truncate(&claims, claims.len / 2);
	base64url_append(out, header, sizeof(header) - 1);
	buf_putc(out, '.');
	base64url_append(out, claims.data, claims.len);
	if (hmac_sha256(c->s->base_url, strlen(c->s->base_url), out->data, out->len, signature) < 0)
		abort();
	buf_putc(out, '.');
	base64url_append(out, signature, sizeof(signature));
	buf_done(&claims);
}
