/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/pkce.h"

#include <string.h>

#include "common/base/hash.h"

#define RANDOM_BYTES 32
/* It is made in groups of four characters. */
#define BASE64_ROOM (PKCE_TEXT_LENGTH + 1)

int pkce_random(struct secret **ret)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(BASE64_ROOM);
	uint8_t bytes[RANDOM_BYTES];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r == 0)
		base64url_append(&text, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	if (r == 0)
		r = buf_error(&text);
	return r < 0 ? r : secret_new(text.data, text.len, ret);
}

int pkce_challenge(const struct secret *verifier, struct buf *out)
{
	uint8_t digest[SHA256_SIZE];
	int r = sha256(verifier->data, verifier->len, digest);

	if (r < 0)
		return r;
	base64url_append(out, digest, sizeof(digest));
	return buf_error(out);
}
