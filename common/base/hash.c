/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, encodings and randomness. Everything cryptographic is OpenSSL's. */
#include "common/base/hash.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/base/hex.h"

int sha256(const void *data, size_t len, uint8_t ret[static SHA256_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	/* nothing else can be wrong with it */
	if (EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	memcpy(ret, digest, sizeof(digest));
	return 0;
}

int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	uint8_t ret[static SHA256_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	/* HMAC() takes an int, and a NULL key for "the one of before". */
	if (key_len > INT_MAX)
		return -EIO;
	if (!HMAC(EVP_sha256(), key_len ? key : "", (int)key_len, data, len, digest, NULL))
		return -ENOMEM;
	memcpy(ret, digest, sizeof(digest));
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}

int random_bytes(void *out, size_t len)
{
	if (len > INT_MAX || RAND_bytes(out, (int)len) != 1)
		return -EIO;
	return 0;
}

int random_guid(char out[static 37])
{
	uint8_t bytes[16];
	char hex[33];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 9562 */
	hex_format(bytes, sizeof(bytes), hex);
	for (int i = 0, from = 0; i < 36; i++)
		out[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : hex[from++];
	out[36] = '\0';
	return 0;
}

uint64_t random_below(uint64_t bound)
{
	uint64_t n, uneven;

	if (bound == 0)
		return 0;
	/* 2^64 modulo bound: that many of the lowest values would come once too often. */
	uneven = (UINT64_MAX - bound + 1) % bound;
	do {
		if (random_bytes(&n, sizeof(n)) < 0)
			return 0;
	} while (n < uneven);
	return n % bound;
}

const char *hex_format(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 0x0f];
	}
	out[2 * len] = '\0';
	return out;
}

int hex_parse(const char *text, void *out, size_t len)
{
	uint8_t *bytes = out;

	if (len > SIZE_MAX / 2 || strlen(text) != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < 2 * len; i++) {
		if (hex_digit(text[i]) < 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return 0;
}

bool bytes_equal_secret(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
