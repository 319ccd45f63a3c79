/* SPDX-License-Identifier: Apache-2.0 */
/* Mends bytes and escapes; what a value means is nothing to it. */
#include "common/base/json_mend.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hex.h"
#include "common/base/json.h"
#include "common/base/text.h"

static bool escape_at(const char *text, size_t len, size_t at, unsigned *ret)
{
	unsigned value = 0;

	if (at + 6 > len || text[at] != '\\' || text[at + 1] != 'u')
		return false;
	for (size_t i = at + 2; i < at + 6; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		value = value * 16 + (unsigned)digit;
	}
	*ret = value;
	return true;
}

/* At a backslash; returns its last byte. "\\u0000" and half surrogate pairs become U+FFFD. */
static size_t mend_escape(char *text, size_t len, size_t at, bool *changed)
{
	unsigned high, low;

	if (!escape_at(text, len, at, &high) || (high != 0 && (high & 0xf800) != 0xd800))
		return at + 1; /* also over an escaped backslash */
	if (high >= 0xd800 && high < 0xdc00 && escape_at(text, len, at + 6, &low) &&
		(low & 0xfc00) == 0xdc00)
		return at + 11;
	memcpy(text + at + 2, "fffd", 4);
	*changed = true;
	return at + 5;
}

bool json_mend(char *text, size_t len)
{
	bool changed = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		uint32_t code;
		size_t n;

		if (c == '\\') {
			i = mend_escape(text, len, i, &changed);
		} else if (c < ' ') {
			text[i] = ' ';
			changed = true;
		} else if (c >= 0x80) {
			n = utf8_decode(text + i, len - i, &code);
			if (n == 0) {
				text[i] = '?';
				changed = true;
			} else {
				i += n - 1;
			}
		}
	}
	return changed;
}

char *json_mended_copy(const char *text, size_t len, int *r)
{
	char *copy;

	if (*r != JSON_E_NUL && *r != JSON_E_UTF8 && *r != JSON_E_SYNTAX)
		return NULL;
	copy = malloc(len + 1);
	if (!copy) {
		*r = -ENOMEM;
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (json_mend(copy, len))
		return copy;
	free(copy);
	return NULL;
}
