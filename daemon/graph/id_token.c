/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/id_token.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* Claims are flat, but for lists. */
#define CLAIMS_DEPTH 8u
/* A host that keeps time is right within seconds; Kerberos and others allow five minutes. */
#define SKEW_US (5 * USEC_PER_MIN)

void id_token_done(struct id_token *t)
{
	free(t->issuer);
	free(t->audience);
	free(t->party);
	free(t->tenant_id);
	free(t->object_id);
	free(t->username);
	free(t->nonce);
	free(t->home);
	for (size_t i = 0; i < t->n_roles; i++)
		free(t->roles[i]);
	free(t->roles);
	*t = (struct id_token){0};
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* "header.payload.signature", the last possibly empty: the payload's JSON. */
static int decode_payload(const char *text, size_t len, struct buf *out)
{
	const char *end = text + len;
	const char *first = memchr(text, '.', len);
	const char *second = first ? memchr(first + 1, '.', (size_t)(end - first) - 1) : NULL;

	if (!second || first == text || memchr(second + 1, '.', (size_t)(end - second) - 1))
		return ID_TOKEN_E_FORM;
	int r = base64_decode(first + 1, (size_t)(second - first) - 1, out);
	return r == -ENOMEM ? r : r < 0 ? ID_TOKEN_E_FORM : 0;
}

static int take(const struct json *v, size_t max, char **ret)
{
	const char *text = json_string(v);

	if (!text || strlen(text) > max)
		return ID_TOKEN_E_CLAIM;
	return text_copy(text, ret);
}

/* Absent and null are "does not say". */
static int take_text(const struct json *claims, const char *key, size_t max, char **ret)
{
	const struct json *v = json_member(claims, key);

	return !v || json_is_null(v) ? 0 : take(v, max, ret);
}

/* Seconds since 1970. */
static int take_time(const struct json *claims, const char *key, int64_t *ret_us)
{
	int64_t seconds;

	switch (json_get_int(claims, key, &seconds)) {
	case JSON_GET_ABSENT:
	case JSON_GET_NULL:
		return 0;
	case JSON_GET_OK:
		break;
	case JSON_GET_WRONG:
		return ID_TOKEN_E_CLAIM;
	}
	if (seconds < 0 || seconds > LIMIT_ID_TOKEN_TIME_S)
		return ID_TOKEN_E_CLAIM;
	*ret_us = seconds * USEC_PER_SEC;
	return 0;
}

/* One text, or an array of them, of which the first counts. */
static int take_audience(const struct json *claims, struct id_token *t)
{
	const struct json *v = json_member(claims, "aud");
	int r = 0;

	if (!v)
		return 0;
	if (json_type(v) != JSON_TYPE_ARRAY) {
		t->audiences = 1;
		return take(v, LIMIT_ID_BYTES, &t->audience);
	}
	JSON_EACH (one, v) {
		if (t->audiences++ == 0)
			r = take(one, LIMIT_ID_BYTES, &t->audience);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A claim for a warning only: what cannot be read of it does no harm. */
static int take_roles(const struct json *claims, struct id_token *t)
{
	const struct json *list = json_member(claims, "wids");
	size_t n = 0;

	if (!list || json_type(list) != JSON_TYPE_ARRAY)
		return 0;
	JSON_EACH (v, list)
		n++;
	if (n > LIMIT_ID_TOKEN_ROLES)
		n = LIMIT_ID_TOKEN_ROLES;
	t->roles = calloc(n + 1, sizeof(*t->roles));
	if (!t->roles)
		return -ENOMEM;
	JSON_EACH (v, list) {
		int r = t->n_roles < n ? take(v, LIMIT_ID_BYTES, &t->roles[t->n_roles]) : 0;

		if (r < 0)
			return r;
		t->n_roles += t->n_roles < n && t->roles[t->n_roles] != NULL;
	}
	return 0;
}

/* The claim "acct" is a number, and text in tokens of some versions. */
static int read_guest(const struct json *claims)
{
	const char *text = json_string_or(claims, "acct", NULL);
	int64_t n = -1;

	if (text)
		return strcmp(text, "1") == 0 ? 1 : strcmp(text, "0") == 0 ? 0 : -1;
	return json_get_int(claims, "acct", &n) == JSON_GET_OK && (n == 0 || n == 1) ? (int)n : -1;
}

static int read_claims(const struct json *claims, struct id_token *t)
{
	int r = take_text(claims, "iss", LIMIT_URL_BYTES, &t->issuer);

	if (r == 0)
		r = take_audience(claims, t);
	if (r == 0)
		r = take_text(claims, "azp", LIMIT_ID_BYTES, &t->party);
	if (r == 0)
		r = take_text(claims, "tid", LIMIT_ID_BYTES, &t->tenant_id);
	if (r == 0)
		r = take_text(claims, "oid", LIMIT_ID_BYTES, &t->object_id);
	if (r == 0)
		r = take_text(claims, "preferred_username", LIMIT_NAME_BYTES, &t->username);
	if (r == 0)
		r = take_text(claims, "nonce", LIMIT_ID_BYTES, &t->nonce);
	if (r == 0)
		r = take_text(claims, "idp", LIMIT_URL_BYTES, &t->home);
	if (r == 0)
		r = take_time(claims, "exp", &t->expires_us);
	if (r == 0)
		r = take_time(claims, "nbf", &t->starts_us);
	if (r == 0)
		r = take_roles(claims, t);
	t->guest = read_guest(claims);
	return r;
}

int id_token_read(const char *text, size_t len, struct id_token *ret)
{
	_cleanup_(buf_done) struct buf payload = BUF_INIT_SECRET(LIMIT_TOKEN_REPLY_BYTES);
	_cleanup_(json_free_secretp) struct json *claims = NULL;
	_cleanup_(id_token_done) struct id_token t = {
		.expires_us = TIME_NONE, .starts_us = TIME_NONE, .guest = -1};
	int r = decode_payload(text, len, &payload);

	if (r != 0)
		return r;
	r = json_parse(buf_text(&payload), payload.len, CLAIMS_DEPTH, &claims);
	if (r == -ENOMEM)
		return r;
	if (r != 0 || json_type(claims) != JSON_TYPE_OBJECT)
		return ID_TOKEN_E_FORM;
	r = read_claims(claims, &t);
	if (r != 0)
		return r;
	*ret = t;
	t = (struct id_token){0};
	return 0;
}

/* --- checking -----------------------------------------------------------------------------------
 */

/* "https://login.microsoftonline.com/GUID/v2.0": that of the tenant whose endpoint answered. */
static bool right_issuer(const struct id_token *t, const struct id_token_wanted *wanted)
{
	struct buf issuer = BUF_INIT_SURE(LIMIT_URL_BYTES);
	size_t len = strlen(wanted->authority);

	while (len > 0 && wanted->authority[len - 1] == '/')
		len--;
	buf_append(&issuer, wanted->authority, len);
	buf_printf(&issuer, "/%s/v2.0", wanted->tenant_id);
	bool right =
		t->issuer && !buf_error(&issuer) && strcasecmp(t->issuer, buf_text(&issuer)) == 0;
	buf_done(&issuer);
	return right;
}

static bool right_audience(const struct id_token *t, const char *client_id)
{
	if (!t->audience || strcasecmp(t->audience, client_id) != 0)
		return false;
	/* "If the ID Token contains multiple audiences, the Client SHOULD verify that an azp Claim
	 * is present", and that it is ours */
	return t->audiences == 1 || (t->party && strcasecmp(t->party, client_id) == 0);
}

static bool right_nonce(const struct id_token *t, const char *nonce)
{
	size_t len = nonce ? strlen(nonce) : 0;

	return !nonce ||
	       (t->nonce && strlen(t->nonce) == len && bytes_equal_secret(t->nonce, nonce, len));
}

static int refuse(struct buf *why, const char *what, const char *got)
{
	buf_puts(why, what);
	if (got) {
		buf_puts(why, " '");
		text_append_visible(why, got, strlen(got));
		buf_putc(why, '\'');
	}
	return 1;
}

int id_token_check(const struct id_token *t, const struct id_token_wanted *wanted, struct buf *why)
{
	if (!t->tenant_id)
		return refuse(why, "the id token names no tenant", NULL);
	if (strcasecmp(t->tenant_id, wanted->tenant_id) != 0)
		return refuse(why, "you signed in to another tenant,", t->tenant_id);
	if (!right_issuer(t, wanted))
		return refuse(why, "the id token was issued by somebody else,", t->issuer);
	if (!right_audience(t, wanted->client_id))
		return refuse(why, "the id token is for another application,", t->audience);
	if (t->expires_us == TIME_NONE || t->expires_us + SKEW_US < wanted->now_us)
		return refuse(why, "the id token has expired already", NULL);
	if (t->starts_us != TIME_NONE && t->starts_us - SKEW_US > wanted->now_us)
		return refuse(why, "the id token is not valid yet", NULL);
	if (!right_nonce(t, wanted->nonce))
		return refuse(why, "the id token belongs to another sign-in", NULL);
	return 0;
}
