/* SPDX-License-Identifier: Apache-2.0 */
/* Object ids as keys: 16 bytes for nearly all of them keep the index small. Declared in store.h. */
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/base/parse.h"
#include "common/store/store.h"

#define GUID_BYTES 16u
#define DIGEST_DIGITS 32u

size_t object_id_encode(const char *id, uint8_t *out)
{
	size_t len = strlen(id), kept = LIMIT_ID_BYTES - 1 - DIGEST_DIGITS;
	uint8_t digest[SHA256_SIZE];
	char digits[SHA256_HEX_SIZE];

	if (parse_guid(id, out) == 0)
		return GUID_BYTES;
	if (len <= LIMIT_ID_BYTES) {
		memcpy(out, id, len + 1);
		return len == GUID_BYTES ? len + 1 : len;
	}
	(void)mem_insist(sha256(id, len, digest));
	(void)hex_format(digest, sizeof(digest), digits);
	memcpy(out, id, kept);
	out[kept] = '~';
	memcpy(out + kept + 1, digits, DIGEST_DIGITS);
	return LIMIT_ID_BYTES;
}

const char *object_id_decode(const void *key, size_t len, char *out)
{
	if (len == GUID_BYTES)
		return guid_format(key, out);
	if (len > LIMIT_ID_BYTES)
		len = LIMIT_ID_BYTES;
	memcpy(out, key, len);
	out[len] = '\0';
	return out;
}
