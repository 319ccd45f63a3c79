/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648 in both alphabets; declared in hash.h. OpenSSL's decoder skips over what it should
 * refuse. */
#include <errno.h>
#include <string.h>

#include "common/base/hash.h"

static void append(struct buf *out, const void *data, size_t len, const char *alphabet, bool pad)
{
	const uint8_t *p = data;
	size_t rest = len % 3;
	char *to = len > SIZE_MAX / 2 ? NULL : buf_reserve(out, (len + 2) / 3 * 4);
	size_t n = 0;

	if (!to) {
		if (!out->error)
			out->error = -EFBIG;
		return;
	}
	for (const uint8_t *end = p + (len - rest); p < end; p += 3) {
		to[n++] = alphabet[p[0] >> 2];
		to[n++] = alphabet[(p[0] & 0x03) << 4 | p[1] >> 4];
		to[n++] = alphabet[(p[1] & 0x0f) << 2 | p[2] >> 6];
		to[n++] = alphabet[p[2] & 0x3f];
	}
	if (rest) {
		unsigned second = rest == 2 ? p[1] : 0;
		to[n++] = alphabet[p[0] >> 2];
		to[n++] = alphabet[(p[0] & 0x03) << 4 | second >> 4];
		if (rest == 2)
			to[n++] = alphabet[(second & 0x0f) << 2];
		while (pad && n % 4)
			to[n++] = '=';
	}
	buf_commit(out, n);
}

void base64_append(struct buf *out, const void *data, size_t len)
{
	append(out, data, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		true);
}

void base64url_append(struct buf *out, const void *data, size_t len)
{
	append(out, data, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
		false);
}

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* Length without padding; padding is whole or not there. */
static int unpadded(const char *text, size_t *len)
{
	size_t n = *len;

	while (n > 0 && *len - n < 2 && text[n - 1] == '=')
		n--;
	if (n != *len && *len % 4 != 0)
		return -EINVAL;
	*len = n;
	return 0;
}

int base64_decode(const char *text, size_t len, struct buf *out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	if (unpadded(text, &len) < 0 || len % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (sextet(text[i]) < 0)
			return -EINVAL;
	}
	/* What the last character holds beyond whole bytes has to be zero. */
	if ((len % 4 == 2 && sextet(text[len - 1]) & 0x0f) ||
		(len % 4 == 3 && sextet(text[len - 1]) & 0x03))
		return -EINVAL;

	char *to = buf_reserve(out, len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0));
	if (!to)
		return buf_error(out);
	for (size_t i = 0; i < len; i++) {
		bits = bits << 6 | (uint32_t)sextet(text[i]);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[n++] = (char)(bits >> n_bits & 0xff);
		}
	}
	buf_commit(out, n);
	return 0;
}
