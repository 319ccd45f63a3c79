/* SPDX-License-Identifier: Apache-2.0 */
/* Strict readers: strtoul() and friends take blanks, signs, octal and what follows the number. */
#include "common/base/parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/hex.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Moves *p over at least one digit. 0, -EINVAL or -ERANGE. */
static int take_number(const char **p, uint64_t *ret)
{
	uint64_t value = 0;
	int r = 0;

	if (!is_digit(**p))
		return -EINVAL;
	for (; is_digit(**p); (*p)++)
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(**p - '0'), &value))
			r = -ERANGE;
	if (r == 0)
		*ret = value;
	return r;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *p = text;
	uint64_t value = 0;
	int r;

	if (!text)
		return -EINVAL;
	r = take_number(&p, &value);
	if (*p != '\0')
		return -EINVAL;
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

static int64_t unit_us(char letter)
{
	switch (letter) {
	case 's':
		return USEC_PER_SEC;
	case 'm':
		return USEC_PER_MIN;
	case 'h':
		return USEC_PER_HOUR;
	case 'd':
		return USEC_PER_DAY;
	case 'w':
		return 7 * USEC_PER_DAY;
	case 'y':
		return 365 * USEC_PER_DAY;
	default:
		return 0;
	}
}

/* The form is looked at to its end even when the sum is too large: "99999999999999999999x" is
 * -EINVAL. */
static int sum_terms(const char *p, int64_t *ret_us)
{
	int64_t sum = 0, term;
	bool too_large = false;

	for (;;) {
		uint64_t number = 0;
		int r = take_number(&p, &number);

		if (r == -EINVAL || unit_us(*p) == 0)
			return -EINVAL;
		if (r < 0 || __builtin_mul_overflow(number, unit_us(*p), &term) ||
			__builtin_add_overflow(sum, term, &sum))
			too_large = true;
		p++;
		if (*p == '\0')
			break;
		while (*p == ' ')
			p++;
	}
	if (too_large)
		return -ERANGE;
	*ret_us = sum;
	return 0;
}

int parse_duration(const char *text, int64_t min_us, int64_t max_us, int64_t *ret_us)
{
	int64_t sum = 0;
	int r;

	if (!text)
		return -EINVAL;
	r = strcmp(text, "0") == 0 ? 0 : sum_terms(text, &sum);
	if (r < 0)
		return r;
	if (sum < min_us || sum > max_us)
		return -ERANGE;
	*ret_us = sum;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	static const struct {
		const char *name;
		bool value;
	} names[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false}, {"on", true},
		{"off", false}};

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i].name) == 0) {
			*ret = names[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

static bool dash_before_byte(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

int parse_guid(const char *text, uint8_t ret[static 16])
{
	uint8_t guid[16];
	const char *p = text;

	if (!text || strnlen(text, GUID_TEXT_SIZE) != GUID_TEXT_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(guid); i++) {
		int high, low;

		if (dash_before_byte(i) && *p++ != '-')
			return -EINVAL;
		high = hex_digit(*p++);
		low = hex_digit(*p++);
		if (high < 0 || low < 0)
			return -EINVAL;
		guid[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, guid, sizeof(guid));
	return 0;
}

const char *guid_format(const uint8_t guid[static 16], char out[static GUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < 16; i++) {
		if (dash_before_byte(i))
			*p++ = '-';
		*p++ = digits[guid[i] >> 4];
		*p++ = digits[guid[i] & 15];
	}
	*p = '\0';
	return out;
}

/* Past one character; text is not at its end. */
static const char *skip_char(const char *text)
{
	do
		text++;
	while ((*text & 0xC0) == 0x80);
	return text;
}

/*
 * Only the last * is ever tried again: whatever an earlier one could take instead, the last one
 * can take as well.
 */
bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL;  /* the pattern after the last * */
	const char *retry = NULL; /* where the text begins that this * does not take yet */

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == '?') {
			pattern++;
			text = skip_char(text);
		} else if (*pattern && lower(*pattern) == lower(*text)) {
			pattern++;
			text++;
		} else if (star) {
			retry = skip_char(retry);
			pattern = star;
			text = retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* Longer words are nobody's typing error. */
#define NEAREST_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Edits (insert, delete, replace, swap neighbours) from a to b, each at most NEAREST_MAX long. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *recycled = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = min3(row[j], row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = recycled;
	}
	return last[b_len];
}

static bool one_begins_with_other(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t shorter = a_len < b_len ? a_len : b_len;

	return shorter >= 3 && strncasecmp(a, b, shorter) == 0;
}

const char *nearest_name(const char *text, const char *const *names)
{
	size_t len = strnlen(text, NEAREST_MAX + 1);
	const char *best = NULL, *prefix = NULL;
	size_t best_distance = len / 3 + 1;

	if (len > NEAREST_MAX)
		return NULL;
	for (; *names; names++) {
		size_t name_len = strnlen(*names, NEAREST_MAX + 1);
		size_t distance;

		if (name_len > NEAREST_MAX)
			continue;
		distance = edit_distance(text, len, *names, name_len);
		if (distance < best_distance) {
			best = *names;
			best_distance = distance;
		}
		if (!prefix && one_begins_with_other(text, len, *names, name_len))
			prefix = *names;
	}
	return best ? best : prefix;
}
