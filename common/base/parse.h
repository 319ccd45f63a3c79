/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to numbers, whole text or nothing. Pure. All return 0, -EINVAL (not of that form) or
 * -ERANGE (outside of the given bounds); outputs are written on success only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only: no sign, no blanks, no octal ("010" is ten). */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/*
 * "90s", "75m", "26h", "400d", "2w", "3y" (365 days), sums as "1h 30m" or "1h30m"; a bare "0". To
 * microseconds.
 */
int parse_duration(const char *text, int64_t min_us, int64_t max_us, int64_t *ret_us);

/* "yes" "no" "true" "false" "on" "off". */
int parse_bool(const char *text, bool *ret);

#define GUID_TEXT_SIZE 37

/* 8-4-4-4-12 hexadecimal digits in either case, to 16 bytes in the order they are written. */
int parse_guid(const char *text, uint8_t ret[static 16]);
/* Lower case with dashes. Returns out. */
const char *guid_format(const uint8_t guid[static 16], char out[static GUID_TEXT_SIZE]);

/*
 * True when all of text matches the pattern: * is any run of characters, ? is one (UTF-8)
 * character, ASCII case ignored. No recursion; at worst the product of both lengths.
 */
bool glob_match(const char *pattern, const char *text);

/*
 * The entry of names (NULL-terminated) that is the most likely meant by text, ASCII case ignored:
 * an edit distance of at most a third of its length (a swap of neighbours is one edit), else one
 * of both begins with the other (at least three characters). NULL when there is none. Points into
 * names.
 */
const char *nearest_name(const char *text, const char *const *names);
