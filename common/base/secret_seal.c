/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets at rest. The format is in secret.h and never changes: a new one gets a new version byte.
 * A nonce is random, and one key seals the tokens of one purpose: far below the 2^32 messages up to
 * which NIST SP 800-38D allows random nonces.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/secret_private.h"

#define VERSION 1
#define KEY_ID_SIZE 4
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define KEY_SIZE 32
#define HEADER_SIZE (1 + KEY_ID_SIZE + NONCE_SIZE)

/* Parts the keys made here from those that another program might derive from the same bytes. */
#define KEY_CONTEXT "snapwatch 1 "
#define FINGERPRINT_PURPOSE "credential fingerprint"

static void cipher_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void kdf_freep(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void kdf_ctx_freep(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
}

/* The parameters are read only, but OSSL_PARAM knows no const. */
static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

/* HKDF-SHA256 (RFC 5869) without salt; info is context and purpose. */
static int derive_key(const struct secret *store_key, const char *purpose, struct secret **ret)
{
	_cleanup_(kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	_cleanup_(kdf_ctx_freep) EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	_cleanup_(secret_freep) struct secret *key = NULL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, unconst("SHA256"), 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, store_key->data, store_key->len),
		/* OpenSSL puts several infos behind each other. */
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_INFO, unconst(KEY_CONTEXT), strlen(KEY_CONTEXT)),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_INFO, unconst(purpose), strlen(purpose)),
		OSSL_PARAM_construct_end(),
	};

	int r = secret_alloc(KEY_SIZE, &key);
	if (r < 0)
		return r;
	if (!ctx || EVP_KDF_derive(ctx, (unsigned char *)key->data, key->len, params) != 1)
		return -ENOMEM;
	*ret = TAKE_PTR(key);
	return 0;
}

static int key_id(const struct secret *store_key, uint8_t ret[static KEY_ID_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	int r = sha256(store_key->data, store_key->len, digest);

	if (r == 0)
		memcpy(ret, digest, KEY_ID_SIZE);
	OPENSSL_cleanse(digest, sizeof(digest));
	return r;
}

/* Begins either direction: cipher, key, nonce and associated data. */
static int begin(EVP_CIPHER_CTX *ctx, int encrypt, const struct secret *key,
	const uint8_t nonce[static NONCE_SIZE], const char *tenant_id, const char *purpose)
{
	int n;

	if (EVP_CipherInit_ex(
		    ctx, EVP_aes_256_gcm(), NULL, (unsigned char *)key->data, nonce, encrypt) != 1)
		return -ENOMEM;
	/* The NUL of the tenant goes in, so that no two pairs read the same. */
	if (EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)tenant_id,
		    (int)strlen(tenant_id) + 1) != 1 ||
		EVP_CipherUpdate(
			ctx, NULL, &n, (const unsigned char *)purpose, (int)strlen(purpose)) != 1)
		return -ENOMEM;
	return 0;
}

/* envelope: its header is complete; gets ciphertext and tag. */
static int encrypt(const struct secret *key, const char *tenant_id, const char *purpose,
	const struct secret *plain, uint8_t *envelope)
{
	_cleanup_(cipher_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *text = envelope + HEADER_SIZE;
	int n = 0, n_last = 0;

	if (!ctx)
		return -ENOMEM;
	int r = begin(ctx, 1, key, envelope + 1 + KEY_ID_SIZE, tenant_id, purpose);
	if (r < 0)
		return r;
	if (EVP_CipherUpdate(ctx, text, &n, (const unsigned char *)plain->data, (int)plain->len) !=
			1 ||
		EVP_CipherFinal_ex(ctx, text + n, &n_last) != 1 ||
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, text + plain->len) != 1)
		return -ENOMEM;
	return 0;
}

int secret_seal(const struct secret *store_key, const char *tenant_id, const char *purpose,
	const struct secret *plain, struct buf *ret_envelope)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	size_t size = HEADER_SIZE + plain->len + TAG_SIZE;

	if (store_key->len != STORE_KEY_SIZE)
		return -EINVAL;
	uint8_t *envelope = (uint8_t *)buf_reserve(ret_envelope, size);
	if (!envelope)
		return buf_error(ret_envelope);
	envelope[0] = VERSION;
	int r = key_id(store_key, envelope + 1);
	if (r == 0)
		r = random_bytes(envelope + 1 + KEY_ID_SIZE, NONCE_SIZE);
	if (r == 0)
		r = derive_key(store_key, purpose, &key);
	if (r == 0)
		r = encrypt(key, tenant_id, purpose, plain, envelope);
	buf_commit(ret_envelope, r == 0 ? size : 0);
	return r;
}

static int decrypt(const struct secret *key, const char *tenant_id, const char *purpose,
	const uint8_t *envelope, struct secret *plain)
{
	_cleanup_(cipher_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const uint8_t *text = envelope + HEADER_SIZE;
	unsigned char *to = (unsigned char *)plain->data;
	int n = 0, n_last = 0;

	if (!ctx)
		return -ENOMEM;
	int r = begin(ctx, 0, key, envelope + 1 + KEY_ID_SIZE, tenant_id, purpose);
	if (r < 0)
		return r;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, unconst(text + plain->len)) !=
			1 ||
		EVP_CipherUpdate(ctx, to, &n, text, (int)plain->len) != 1)
		return -ENOMEM;
	return EVP_CipherFinal_ex(ctx, to + n, &n_last) == 1 ? 0 : SECRET_E_BROKEN;
}

int secret_open(const struct secret *store_key, const char *tenant_id, const char *purpose,
	const void *envelope, size_t len, struct secret **ret)
{
	_cleanup_(secret_freep) struct secret *key = NULL, *plain = NULL;
	const uint8_t *bytes = envelope;
	uint8_t id[KEY_ID_SIZE];

	if (store_key->len != STORE_KEY_SIZE)
		return -EINVAL;
	if (len < HEADER_SIZE + TAG_SIZE || len > HEADER_SIZE + LIMIT_SECRET_BYTES + TAG_SIZE ||
		bytes[0] != VERSION)
		return SECRET_E_BROKEN;
	int r = key_id(store_key, id);
	if (r < 0)
		return r;
	if (memcmp(bytes + 1, id, KEY_ID_SIZE) != 0)
		return SECRET_E_KEY;
	r = derive_key(store_key, purpose, &key);
	if (r == 0)
		r = secret_alloc(len - HEADER_SIZE - TAG_SIZE, &plain);
	if (r == 0)
		r = decrypt(key, tenant_id, purpose, bytes, plain);
	if (r)
		return r;
	*ret = TAKE_PTR(plain);
	return 0;
}

int secret_fingerprint(const struct secret *key, const struct secret *s, uint8_t ret[static 32])
{
	_cleanup_(secret_freep) struct secret *derived = NULL;

	if (key->len != STORE_KEY_SIZE)
		return -EINVAL;
	int r = derive_key(key, FINGERPRINT_PURPOSE, &derived);
	if (r < 0)
		return r;
	return hmac_sha256(derived->data, derived->len, s->data, s->len, ret);
}

int secret_self_test(void)
{
	static const char bytes[STORE_KEY_SIZE] = {0};
	_cleanup_(buf_done) struct buf envelope = BUF_INIT(LIMIT_SECRET_BYTES);
	_cleanup_(secret_freep) struct secret *key = NULL, *opened = NULL;
	int r = secret_new(bytes, sizeof(bytes), &key);

	if (r == 0)
		r = secret_seal(key, "self", "test", key, &envelope);
	if (r == 0)
		r = secret_open(key, "self", "test", envelope.data, envelope.len, &opened);
	if (r > 0 || (r == 0 && !secret_equal(key, opened)))
		r = -EIO;
	return r;
}
