/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, encodings and randomness (OpenSSL behind them). Thread safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 65

/* All return 0, -ENOMEM, or -EIO (OpenSSL refused). */
int sha256(const void *data, size_t len, uint8_t ret[static SHA256_SIZE]);
int hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	uint8_t ret[static SHA256_SIZE]);
int random_bytes(void *out, size_t len);
int random_guid(char out[static 37]); /* version 4, lower case */
/* Uniform in [0, bound); 0 for bound 0. Not for secrets (falls back to 0 if there is no
 * randomness). */
uint64_t random_below(uint64_t bound);

/* Lower-case hexadecimal; out has room for 2 * len + 1. Returns out. */
const char *hex_format(const void *data, size_t len, char *out);
/* 0 or -EINVAL; text must hold exactly 2 * len digits. */
int hex_parse(const char *text, void *out, size_t len);

/* RFC 4648; the url form without padding. Decoding takes both alphabets, with or without padding;
 * anything else in the text, and bits that belong to no byte, are -EINVAL. */
void base64_append(struct buf *out, const void *data, size_t len);
void base64url_append(struct buf *out, const void *data, size_t len);
int base64_decode(const char *text, size_t len, struct buf *out); /* 0, -EINVAL, or buf error */

/* Constant time in the content; lengths must be equal. */
bool bytes_equal_secret(const void *a, const void *b, size_t len);
