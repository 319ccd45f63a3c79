/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pem.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/base/clock.h"

static void need(int ok)
{
	if (!ok)
		abort();
}

static EVP_PKEY *make_key(unsigned bits)
{
	EVP_PKEY *key = bits ? EVP_RSA_gen(bits) : EVP_EC_gen("P-256");

	need(key != NULL);
	return key;
}

static void take_bio(BIO *bio, struct buf *out)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	buf_append(out, data, (size_t)len);
	(void)BIO_free(bio);
}

static void append_key(EVP_PKEY *key, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	need(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	take_bio(bio, out);
}

static void append_certificate(EVP_PKEY *key, int64_t end_us, struct buf *out)
{
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_get_subject_name(x);

	need(X509_set_version(x, X509_VERSION_3) == 1);
	need(ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
	need(ASN1_TIME_set(X509_getm_notBefore(x), 0) != NULL);
	need(ASN1_TIME_set(X509_getm_notAfter(x), end_us / USEC_PER_SEC) != NULL);
	need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		     (const unsigned char *)"snapwatch test", -1, -1, 0) == 1);
	need(X509_set_issuer_name(x, name) == 1);
	need(X509_set_pubkey(x, key) == 1);
	need(X509_sign(x, key, EVP_sha256()) > 0);
	need(PEM_write_bio_X509(bio, x) == 1);
	take_bio(bio, out);
	X509_free(x);
}

void pem_make(unsigned bits, int64_t end_us, struct buf *out)
{
	EVP_PKEY *key = make_key(bits);

	append_key(key, out);
	append_certificate(key, end_us, out);
	EVP_PKEY_free(key);
}

void pem_make_key(unsigned bits, struct buf *out)
{
	EVP_PKEY *key = make_key(bits);

	append_key(key, out);
	EVP_PKEY_free(key);
}

void pem_make_certificate(unsigned bits, int64_t end_us, struct buf *out)
{
	EVP_PKEY *key = make_key(bits);

	append_certificate(key, end_us, out);
	EVP_PKEY_free(key);
}
