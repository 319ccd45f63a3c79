/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON into a buffer, as a stream: the caller says what opens and closes, commas and
 * escapes come by themselves. Text is made valid UTF-8 on the way (invalid bytes and NUL become
 * U+FFFD); controls, line separators and direction marks are escaped, so that a terminal can show
 * the document. Errors are the buffer's sticky
 * error. Nesting is limited to 31 levels (deeper is a programmer's error).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

struct jsonw {
	struct buf *out; /* borrowed */
	uint32_t filled; /* bit per level: something was written there */
	unsigned depth;
	bool after_key;
};

#define JSONW_INIT(buffer) ((struct jsonw){.out = (buffer)})

void jsonw_object(struct jsonw *w);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, const char *text); /* NULL writes null */
void jsonw_string_n(struct jsonw *w, const char *text, size_t len);
void jsonw_int(struct jsonw *w, int64_t n);
void jsonw_bool(struct jsonw *w, bool b);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, const char *json, size_t len); /* trusted, already JSON */
void jsonw_time(struct jsonw *w,
	int64_t us); /* RFC 3339; null for TIME_NONE and years outside of 1 to 9999 */

/* One text alone, quoted and escaped. */
void json_append_string(struct buf *out, const char *text, size_t len);

/* key + value; the string and time forms write nothing at all when the value is NULL / TIME_NONE
 * ("absent = not known"). */
void jsonw_kv_string(struct jsonw *w, const char *key, const char *text);
void jsonw_kv_int(struct jsonw *w, const char *key, int64_t n);
void jsonw_kv_bool(struct jsonw *w, const char *key, bool b);
void jsonw_kv_time(struct jsonw *w, const char *key, int64_t us);
