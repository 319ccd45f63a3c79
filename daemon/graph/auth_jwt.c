/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/auth_jwt.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"

#define KEY_BITS_LEAST 2048
#define ASSERTION_LIFETIME_S 600
#define ASSERTION_BYTES 4096u

struct auth_key {
	EVP_PKEY *key;
	X509 *certificate;
};

const char *auth_key_error_text(int r)
{
	switch (r) {
	case AUTH_KEY_E_NO_KEY:
		return "holds no private key without a passphrase";
	case AUTH_KEY_E_NO_CERTIFICATE:
		return "holds no certificate";
	case AUTH_KEY_E_NOT_RSA:
		return "holds a key that is not RSA with at least 2048 bits";
	case AUTH_KEY_E_MISMATCH:
		return "holds a key and a certificate that do not belong together";
	default:
		return "cannot be used";
	}
}

/* Never asks at the terminal. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static void bio_freep(BIO **bio)
{
	(void)BIO_free(*bio);
}

static int read_pem(const char *pem, size_t len, struct auth_key *k)
{
	/* one after the other: each reader skips what is not its kind */
	_cleanup_(bio_freep) BIO *key = BIO_new_mem_buf(pem, (int)len);
	_cleanup_(bio_freep) BIO *certificate = BIO_new_mem_buf(pem, (int)len);

	if (!key || !certificate)
		return -ENOMEM;
	k->key = PEM_read_bio_PrivateKey(key, NULL, no_passphrase, NULL);
	if (!k->key)
		return AUTH_KEY_E_NO_KEY;
	k->certificate = PEM_read_bio_X509(certificate, NULL, no_passphrase, NULL);
	if (!k->certificate)
		return AUTH_KEY_E_NO_CERTIFICATE;
	if (!EVP_PKEY_is_a(k->key, "RSA") || EVP_PKEY_get_bits(k->key) < KEY_BITS_LEAST)
		return AUTH_KEY_E_NOT_RSA;
	return X509_check_private_key(k->certificate, k->key) == 1 ? 0 : AUTH_KEY_E_MISMATCH;
}

int auth_key_parse(const char *pem, size_t len, struct auth_key **ret)
{
	_cleanup_(auth_key_freep) struct auth_key *k = calloc(1, sizeof(*k));

	if (!k || len > LIMIT_SECRET_BYTES)
		return -ENOMEM;
	int r = read_pem(pem, len, k);
	if (r == 0)
		*ret = TAKE_PTR(k);
	return r;
}

struct auth_key *auth_key_free(struct auth_key *k)
{
	if (!k)
		return NULL;
	EVP_PKEY_free(k->key);
	X509_free(k->certificate);
	free(k);
	return NULL;
}

int64_t auth_key_expires_us(const struct auth_key *k)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(k->certificate), &tm) != 1)
		return TIME_NONE;

	struct civil c = {
		.year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday,
		.hour = tm.tm_hour,
		.minute = tm.tm_min,
		.second = tm.tm_sec,
	};

	return civil_to_us(&c);
}

static int append_header(const struct auth_key *k, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	_cleanup_(buf_done) struct buf json = BUF_INIT(ASSERTION_BYTES);
	_cleanup_(buf_done) struct buf thumbprint = BUF_INIT(128);
	struct jsonw w = JSONW_INIT(&json);

	if (X509_digest(k->certificate, EVP_sha256(), digest, &len) != 1)
		return -EIO;
	base64url_append(&thumbprint, digest, len);
	jsonw_object(&w);
	jsonw_kv_string(&w, "alg", "PS256");
	jsonw_kv_string(&w, "typ", "JWT");
	jsonw_kv_string(&w, "x5t#S256", buf_text(&thumbprint));
	jsonw_object_end(&w);
	base64url_append(out, buf_text(&json), json.len);
	return buf_error(&json);
}

static int append_claims(const char *audience, const char *client_id, const char *jti,
	int64_t now_us, struct buf *out)
{
	int64_t now_s = now_us / USEC_PER_SEC;
	_cleanup_(buf_done) struct buf json = BUF_INIT(ASSERTION_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	jsonw_object(&w);
	jsonw_kv_string(&w, "aud", audience);
	jsonw_kv_string(&w, "iss", client_id);
	jsonw_kv_string(&w, "sub", client_id);
	jsonw_kv_string(&w, "jti", jti);
	jsonw_kv_int(&w, "nbf", now_s);
	jsonw_kv_int(&w, "iat", now_s);
	jsonw_kv_int(&w, "exp", now_s + ASSERTION_LIFETIME_S);
	jsonw_object_end(&w);
	base64url_append(out, buf_text(&json), json.len);
	return buf_error(&json);
}

static void md_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static int append_signature(const struct auth_key *k, const char *text, size_t len, struct buf *out)
{
	unsigned char signature[1024]; /* RSA of up to 8192 bits */
	size_t n = sizeof(signature);
	EVP_PKEY_CTX *options = NULL; /* owned by ctx */
	_cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || EVP_DigestSignInit(ctx, &options, EVP_sha256(), NULL, k->key) != 1 ||
		EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1 ||
		EVP_PKEY_CTX_set_rsa_mgf1_md(options, EVP_sha256()) != 1 ||
		EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text, len) != 1)
		return -EIO;
	base64url_append(out, signature, n);
	return 0;
}

int auth_jwt_assertion(const struct auth_key *k, const char *audience, const char *client_id,
	const char *jti, int64_t now_us, struct buf *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(4 * ASSERTION_BYTES);
	_cleanup_(buf_done) struct buf signature = BUF_INIT_SECRET(ASSERTION_BYTES);
	int r = append_header(k, &text);

	buf_putc(&text, '.');
	if (r == 0)
		r = append_claims(audience, client_id, jti, now_us, &text);
	if (r == 0)
		r = buf_error(&text);
	if (r == 0)
		r = append_signature(k, buf_text(&text), text.len, &signature);
	if (r < 0)
		return r;
	buf_append(out, text.data, text.len);
	buf_putc(out, '.');
	buf_append(out, signature.data, signature.len);
	return buf_error(out);
}
