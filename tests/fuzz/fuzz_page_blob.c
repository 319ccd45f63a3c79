/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages at rest: a damaged frame is an error and never more bytes than allowed; what was compressed
 * comes back; ids of objects survive being keys.
 */
#include <errno.h>
#include <string.h>

#include "common/base/compress.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/store/store.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX (64u * 1024)

static struct buf out = {.max = OUT_MAX}, frame = {.max = OUT_MAX};

static void check_round_trip(const uint8_t *data, size_t size)
{
	buf_reset(&frame);
	buf_reset(&out);
	FUZZ_CHECK(compress_append(&frame, data, size) == 0);
	FUZZ_CHECK(decompress_append(&out, frame.data, frame.len) == 0);
	FUZZ_CHECK(out.len == size && (size == 0 || memcmp(out.data, data, size) == 0));
	/* A flipped bit is seen: where it lies is as good as random, and so is what came in. */
	if (size == 0)
		return;
	frame.data[(data[0] * 257u + size) % frame.len] ^= (char)(1 << (data[size - 1] & 7));
	buf_reset(&out);
	if (decompress_append(&out, frame.data, frame.len) == 0)
		FUZZ_CHECK(out.len == size && memcmp(out.data, data, size) == 0);
	else
		FUZZ_CHECK(out.len == 0);
}

static void check_id(const uint8_t *data, size_t size)
{
	char text[1024], shown[LIMIT_ID_BYTES + 1];
	struct fuzz_input in = {data, size};
	uint8_t key[LIMIT_ID_BYTES + 1], again[LIMIT_ID_BYTES + 1], guid[16];
	size_t len;

	(void)fuzz_line(&in, text, sizeof(text));
	len = object_id_encode(text, key);
	FUZZ_CHECK(len <= LIMIT_ID_BYTES);
	(void)object_id_decode(key, len, shown);
	FUZZ_CHECK(object_id_encode(shown, again) == len && memcmp(again, key, len) == 0);
	if (strlen(text) <= LIMIT_ID_BYTES && parse_guid(text, guid) < 0)
		FUZZ_CHECK(strcmp(shown, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_reset(&out);
	int r = decompress_append(&out, data, size);
	FUZZ_CHECK(r == 0 || r == -EBADMSG || r == -EFBIG);
	FUZZ_CHECK(r == 0 ? out.len <= OUT_MAX : out.len == 0);
	check_round_trip(data, size);
	check_id(data, size);
	return 0;
}
