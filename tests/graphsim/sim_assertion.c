/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client assertions (RFC 7523) as the Microsoft identity platform wants them: a JWT signed with
 * PS256 whose header names the certificate by its SHA-256 thumbprint.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_http.h"

/* Documented: five to ten minutes after nbf; one more for rounding. */
#define MAX_LIFETIME_S (11 * 60)
#define SKEW_S (5 * 60)
#define MAX_DEPTH 8

int sim_certificate_add(struct sim_tenant *t, const char *path)
{
	if (t->n_certificates == SIM_MAX_CERTIFICATES)
		return -ENOSPC;
	FILE *f = fopen(path, "re");
	if (!f)
		return -errno;
	X509 *certificate = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	if (!certificate)
		return -EBADMSG;
	t->certificates[t->n_certificates++] = certificate;
	return 0;
}

static int parse_part(const char *text, size_t len, struct json **ret)
{
	struct buf plain = BUF_INIT(SIM_LINE_MAX);
	int r = base64_decode(text, len, &plain);

	if (r == 0)
		r = json_parse(buf_text(&plain), plain.len, MAX_DEPTH, ret);
	buf_done(&plain);
	return r;
}

/* The certificate whose thumbprint the header names. */
static X509 *find_certificate(const struct sim_tenant *t, const char *thumbprint)
{
	for (size_t i = 0; i < t->n_certificates; i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		struct buf text = BUF_INIT(256);
		unsigned len = 0;

		if (!X509_digest(t->certificates[i], EVP_sha256(), digest, &len))
			continue;
		base64url_append(&text, digest, len);
		bool same = strcmp(buf_text(&text), thumbprint) == 0;
		buf_done(&text);
		if (same)
			return t->certificates[i];
	}
	return NULL;
}

static bool signature_good(X509 *certificate, const char *signed_text, size_t signed_len,
	const char *signature, size_t signature_len)
{
	struct buf raw = BUF_INIT(4096);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;
	bool good = ctx && base64_decode(signature, signature_len, &raw) == 0 &&
		    EVP_DigestVerifyInit(ctx, &key_ctx, EVP_sha256(), NULL,
			    X509_get0_pubkey(certificate)) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)buf_text(&raw), raw.len,
			    (const unsigned char *)signed_text, signed_len) == 1;

	EVP_MD_CTX_free(ctx);
	buf_done(&raw);
	return good;
}

static bool audience_good(const struct sim_ctx *c, const char *audience)
{
	_cleanup_(freep) char *path = sim_printf("/%s/oauth2/v2.0/token", c->tenant->id);
	size_t len = strlen(audience), path_len = strlen(path);

	if (strncmp(audience, "https://", 8) != 0 || len < 8 + path_len ||
		strcasecmp(audience + len - path_len, path) != 0)
		return false;
	_cleanup_(freep) char *host = sim_strndup(audience + 8, len - 8 - path_len);
	return sim_own_host(c->s, host) || strcmp(host, "login.microsoftonline.com") == 0;
}

static int check_times(const struct sim_ctx *c, const struct json *claims, struct buf *why)
{
	int64_t now_s = c->now_us / USEC_PER_SEC, nbf, exp;

	if (json_get_int(claims, "nbf", &nbf) != JSON_GET_OK ||
		json_get_int(claims, "exp", &exp) != JSON_GET_OK) {
		buf_puts(why, "nbf or exp is missing");
		return 700024;
	}
	if (nbf > now_s + SKEW_S || exp < now_s || exp <= nbf || exp - nbf > MAX_LIFETIME_S) {
		buf_puts(why, "nbf and exp do not enclose this moment, or are too far apart");
		return 700024;
	}
	return 0;
}

static int check_id(struct sim_ctx *c, const char *jti, struct buf *why)
{
	uint8_t guid[16];

	if (parse_guid(jti, guid) < 0) {
		buf_puts(why, "jti is not a GUID");
		return 50013;
	}
	for (size_t i = 0; i < c->s->n_assertion_ids; i++) {
		if (strcasecmp(c->s->assertion_ids[i], jti) == 0) {
			buf_puts(why, "jti was used before");
			return 50013;
		}
	}
	char **slot = sim_grow(&c->s->assertion_ids, &c->s->n_assertion_ids, sizeof(*slot));
	*slot = sim_strdup(jti);
	return 0;
}

static int check_claims(struct sim_ctx *c, const struct json *claims, struct buf *why)
{
	const char *client = c->tenant->client_id;

	if (!audience_good(c, json_string_or(claims, "aud", ""))) {
		buf_printf(why, "aud is '%s'", json_string_or(claims, "aud", ""));
		return 50013;
	}
	if (strcasecmp(json_string_or(claims, "iss", ""), client) != 0 ||
		strcasecmp(json_string_or(claims, "sub", ""), client) != 0) {
		buf_puts(why, "iss and sub must be the client id");
		return 50013;
	}
	int r = check_times(c, claims, why);
	return r ? r : check_id(c, json_string_or(claims, "jti", ""), why);
}

static int check_header(
	const struct sim_tenant *t, const struct json *header, X509 **ret, struct buf *why)
{
	if (strcmp(json_string_or(header, "alg", ""), "PS256") != 0 ||
		strcmp(json_string_or(header, "typ", ""), "JWT") != 0) {
		buf_printf(why, "alg is '%s', not PS256, or typ is not JWT",
			json_string_or(header, "alg", ""));
		return 50013;
	}
	*ret = find_certificate(t, json_string_or(header, "x5t#S256", ""));
	if (*ret)
		return 0;
	buf_puts(why, "x5t#S256 names no certificate of the application");
	return 700027;
}

int sim_assertion_verify(struct sim_ctx *c, const char *assertion, struct buf *why)
{
	const char *dot = strchr(assertion, '.');
	const char *dot2 = dot ? strchr(dot + 1, '.') : NULL;
	_cleanup_(json_freep) struct json *header = NULL;
	_cleanup_(json_freep) struct json *claims = NULL;
	X509 *certificate;

	if (!dot2 || parse_part(assertion, (size_t)(dot - assertion), &header) != 0 ||
		parse_part(dot + 1, (size_t)(dot2 - dot - 1), &claims) != 0) {
		buf_puts(why, "not three parts of base64url with JSON in the first two");
		return 50013;
	}
	int r = check_header(c->tenant, header, &certificate, why);
	if (r != 0)
		return r;
	if (!signature_good(certificate, assertion, (size_t)(dot2 - assertion), dot2 + 1,
		    strlen(dot2 + 1))) {
		buf_puts(why, "the signature is wrong");
		return 700027;
	}
	return check_claims(c, claims, why);
}
