/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that somebody else wrote. Display names are chosen by whoever makes an object in the
 * directory, so every place that shows one goes through an escape made for that place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

/*
 * Decodes the character that text starts with: its length in bytes (1 to 4), or 0 when it is not
 * valid UTF-8 (overlong, a surrogate, past U+10FFFF, cut) or len is 0. NUL is a character here.
 */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret);

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms) without NUL. */
bool utf8_valid(const char *text, size_t len);

/* Appends text with every invalid byte and NUL replaced by U+FFFD. */
void utf8_append_valid(struct buf *out, const char *text, size_t len);

/*
 * Appends text made safe for a terminal or a log line: C0, DEL and C1 controls, line and paragraph
 * separators, bidirectional controls and zero-width characters become visible as \n, \t, \xNN or
 * \u{NNNN}; invalid bytes become U+FFFD; everything else is kept. Backslash becomes \\. Of the
 * variation selectors only those of emoji (U+FE0E, U+FE0F) are kept; combining marks are.
 */
void text_append_visible(struct buf *out, const char *text, size_t len);

/* Appends text with each word replaced by with. word is not empty. */
void text_append_replaced(struct buf *out, const char *text, const char *word, const char *with);

/* Columns that valid UTF-8 takes on a terminal (wide characters 2, combining 0). */
size_t text_columns(const char *text);

/*
 * Appends at most columns columns of already visible text, ending in U+2026 when cut; pads with
 * blanks to exactly columns when pad is set.
 */
void text_append_fitted(struct buf *out, const char *text, size_t columns, bool pad);

/* A copy of text (free() it), NULL for NULL. -ENOMEM is told by *ret == NULL with r < 0. */
int text_copy(const char *text, char **ret);

/* Copies into a fixed array; -ENAMETOOLONG (and an empty string) when it does not fit. */
int text_into(char *out, size_t size, const char *text) _must_check_;

static inline bool text_empty(const char *text)
{
	return !text || !*text;
}
