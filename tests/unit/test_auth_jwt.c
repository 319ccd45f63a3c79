/* SPDX-License-Identifier: Apache-2.0 */
/* Client assertions, verified with the certificate as the service would. */
#include <check.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "daemon/graph/auth_jwt.h"
#include "tests/support/pem.h"

Suite *suite(void);

#define END (INT64_C(1830297600) * USEC_PER_SEC) /* 2028-01-01 */
#define NOW (INT64_C(1795456800) * USEC_PER_SEC)
#define AUDIENCE "https://login.example/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token"

static X509 *certificate(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	(void)BIO_free(bio);
	ck_assert_ptr_nonnull(x);
	return x;
}

static bool verify(X509 *x, const char *text, size_t len, const char *signature)
{
	struct buf raw = BUF_INIT(4096);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;

	ck_assert_int_eq(base64_decode(signature, strlen(signature), &raw), 0);
	ck_assert_int_eq(
		EVP_DigestVerifyInit(ctx, &options, EVP_sha256(), NULL, X509_get0_pubkey(x)), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32), 1);
	bool good = EVP_DigestVerify(ctx, (const unsigned char *)raw.data, raw.len,
			    (const unsigned char *)text, len) == 1;
	EVP_MD_CTX_free(ctx);
	buf_done(&raw);
	return good;
}

static struct json *part(const char *text, size_t len)
{
	struct buf raw = BUF_INIT(4096);
	struct json *root = NULL;

	ck_assert_int_eq(base64_decode(text, len, &raw), 0);
	ck_assert_int_eq(json_parse(raw.data, raw.len, 4, &root), 0);
	buf_done(&raw);
	return root;
}

START_TEST(test_assertion)
{
	struct buf pem = BUF_INIT(LIMIT_SECRET_BYTES), out = BUF_INIT(8192);
	struct buf thumbprint = BUF_INIT(64);
	struct auth_key *key = NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	int64_t nbf = 0, exp = 0;

	pem_make(2048, END, &pem);
	ck_assert_int_eq(auth_key_parse(pem.data, pem.len, &key), 0);
	ck_assert_int_eq(auth_key_expires_us(key), END);
	ck_assert_int_eq(auth_jwt_assertion(key, AUDIENCE, "client", "jti-1", NOW, &out), 0);

	const char *text = buf_text(&out);
	const char *dot = strchr(text, '.'), *dot2 = strchr(dot + 1, '.');
	X509 *x = certificate(&pem);

	ck_assert_ptr_null(strpbrk(text, "+/= \n"));
	ck_assert(verify(x, text, (size_t)(dot2 - text), dot2 + 1));
	ck_assert(!verify(x, text, (size_t)(dot2 - text) - 1, dot2 + 1));

	struct json *header = part(text, (size_t)(dot - text));
	struct json *claims = part(dot + 1, (size_t)(dot2 - dot - 1));

	ck_assert_int_eq(X509_digest(x, EVP_sha256(), digest, &n), 1);
	base64url_append(&thumbprint, digest, n);
	ck_assert_str_eq(json_string_or(header, "alg", ""), "PS256");
	ck_assert_str_eq(json_string_or(header, "typ", ""), "JWT");
	ck_assert_str_eq(json_string_or(header, "x5t#S256", ""), buf_text(&thumbprint));
	ck_assert_uint_eq(thumbprint.len, 43);
	ck_assert_str_eq(json_string_or(claims, "aud", ""), AUDIENCE);
	ck_assert_str_eq(json_string_or(claims, "iss", ""), "client");
	ck_assert_str_eq(json_string_or(claims, "sub", ""), "client");
	ck_assert_str_eq(json_string_or(claims, "jti", ""), "jti-1");
	ck_assert_int_eq(json_get_int(claims, "nbf", &nbf), JSON_GET_OK);
	ck_assert_int_eq(json_get_int(claims, "exp", &exp), JSON_GET_OK);
	ck_assert_int_eq(nbf, NOW / USEC_PER_SEC);
	ck_assert_int_eq(exp - nbf, 600);

	(void)json_free(header);
	(void)json_free(claims);
	X509_free(x);
	(void)auth_key_free(key);
	buf_done(&pem);
	buf_done(&out);
	buf_done(&thumbprint);
}
END_TEST

static int parse(struct buf *pem)
{
	struct auth_key *key = NULL;
	int r = auth_key_parse(buf_text(pem), pem->len, &key);

	ck_assert(r == 0 ? key != NULL : key == NULL);
	(void)auth_key_free(key);
	if (r)
		ck_assert_str_ne(auth_key_error_text(r), "cannot be used");
	buf_done(pem);
	return r;
}

START_TEST(test_wrong_keys)
{
	struct buf pem = BUF_INIT(LIMIT_SECRET_BYTES);

	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NO_KEY);
	buf_puts(&pem, "-----BEGIN PRIVATE KEY-----\ngarbage\n-----END PRIVATE KEY-----\n");
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NO_KEY);
	pem_make_certificate(2048, END, &pem);
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NO_KEY);
	pem_make_key(2048, &pem);
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NO_CERTIFICATE);
	pem_make(0, END, &pem);
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NOT_RSA);
	pem_make(1024, END, &pem);
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_NOT_RSA);
	pem_make_key(2048, &pem);
	pem_make_certificate(2048, END, &pem);
	ck_assert_int_eq(parse(&pem), AUTH_KEY_E_MISMATCH);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("auth_jwt");
	TCase *tc = tcase_create("auth_jwt");

	tcase_set_timeout(tc, 60); /* keys are made */
	tcase_add_test(tc, test_assertion);
	tcase_add_test(tc, test_wrong_keys);
	suite_add_tcase(s, tc);
	return s;
}
