/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/query.h"

#include <string.h>

#include "common/base/hex.h"
#include "common/base/text.h"

/* The character at *at, decoded, and *at moved behind it; -1 when it is none. */
static int decode(const char *text, size_t len, size_t *at)
{
	char c = text[(*at)++];

	if (c == '+')
		return ' ';
	if (c != '%')
		return (unsigned char)c;
	if (len - *at < 2)
		return -1;
	int high = hex_digit(text[*at]), low = hex_digit(text[*at + 1]);

	*at += 2;
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool name_is(const char *text, size_t len, const char *name)
{
	size_t at = 0, n = 0, name_len = strlen(name);

	while (at < len) {
		int c = decode(text, len, &at);

		if (n == name_len || c != (unsigned char)name[n])
			return false;
		n++;
	}
	return n == name_len;
}

/* The raw value of the next field with that name from *at on; NULL when there is none. */
static const char *next_field(
	const char *query, size_t len, const char *name, size_t *at, size_t *ret_len)
{
	while (*at < len) {
		const char *field = query + *at;
		const char *amp = memchr(field, '&', len - *at);
		size_t field_len = amp ? (size_t)(amp - field) : len - *at;
		const char *equals = memchr(field, '=', field_len);
		size_t name_len = equals ? (size_t)(equals - field) : field_len;

		*at += field_len + 1;
		if (!name_is(field, name_len, name))
			continue;
		*ret_len = equals ? field_len - name_len - 1 : 0;
		return equals ? equals + 1 : field + field_len;
	}
	return NULL;
}

bool query_has(const char *query, size_t len, const char *name)
{
	size_t at = 0, n;

	return next_field(query, len, name, &at, &n) != NULL;
}

int query_get(const char *query, size_t len, const char *name, struct buf *ret_value)
{
	size_t at = 0, n = 0, ignored, begin = ret_value->len;
	const char *value = next_field(query, len, name, &at, &n);

	if (!value)
		return QUERY_E_ABSENT;
	if (next_field(query, len, name, &at, &ignored))
		return QUERY_E_TWICE;
	for (size_t i = 0; i < n;) {
		int c = decode(value, n, &i);

		if (c < ' ' || c == 0x7f) {
			buf_truncate(ret_value, begin);
			return QUERY_E_BAD;
		}
		buf_putc(ret_value, (char)c);
	}
	int r = buf_error(ret_value);
	if (r == 0 && ret_value->len > begin &&
		!utf8_valid(ret_value->data + begin, ret_value->len - begin))
		r = QUERY_E_BAD;
	if (r > 0)
		buf_truncate(ret_value, begin);
	return r;
}
