/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 and its escapes. Does not know JSON, HTML or mail: those escape where they write. */
#include "common/base/text.h"

#include <errno.h>
#include <string.h>

#include "common/base/text_width.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

size_t utf8_decode(const char *text, size_t len, uint32_t *ret)
{
	/* The smallest code point that needs as many bytes: anything below is overlong. */
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t need;
	uint32_t c;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if ((p[0] & 0xE0) == 0xC0)
		need = 2;
	else if ((p[0] & 0xF0) == 0xE0)
		need = 3;
	else if ((p[0] & 0xF8) == 0xF0)
		need = 4;
	else
		return 0;
	if (len < need)
		return 0;
	c = p[0] & (0x7Fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < smallest[need] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*ret = c;
	return need;
}

bool utf8_valid(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t c;
		size_t n = utf8_decode(text + at, len - at, &c);

		if (n == 0 || c == 0)
			return false;
		at += n;
	}
	return true;
}

void utf8_append_valid(struct buf *out, const char *text, size_t len)
{
	size_t kept = 0;

	for (size_t at = 0; at < len;) {
		uint32_t c;
		size_t n = utf8_decode(text + at, len - at, &c);

		if (n > 0 && c != 0) {
			at += n;
			continue;
		}
		buf_append(out, text + kept, at - kept);
		buf_puts(out, REPLACEMENT);
		kept = ++at;
	}
	buf_append(out, text + kept, len - kept);
}

/*
 * What a terminal or a log viewer would obey or hide: separators, bidirectional controls (they
 * turn "gpj.exe" around), zero-width and filler characters (they make two names look the same) and
 * the tag characters.
 */
static bool is_hidden(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0x80, 0x9F},
		{0xAD, 0xAD},
		{0x34F, 0x34F},
		{0x61C, 0x61C},
		{0x115F, 0x1160},
		{0x17B4, 0x17B5},
		{0x180B, 0x180F},
		{0x200B, 0x200F},
		{0x2028, 0x202E},
		{0x2060, 0x206F},
		{0x3164, 0x3164},
		{0xFE00, 0xFE0D},
		{0xFEFF, 0xFEFF},
		{0xFFA0, 0xFFA0},
		{0xFFF0, 0xFFFB},
		{0x1BCA0, 0x1BCA3},
		{0x1D173, 0x1D17A},
		{0xE0000, 0xE0FFF},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hidden) && c >= hidden[i].first; i++)
		if (c <= hidden[i].last)
			return true;
	return false;
}

static bool append_escape(struct buf *out, uint32_t c)
{
	if (c == '\\')
		buf_puts(out, "\\\\");
	else if (c == '\n')
		buf_puts(out, "\\n");
	else if (c == '\t')
		buf_puts(out, "\\t");
	else if (c < 0x20 || c == 0x7F)
		buf_printf(out, "\\x%02X", (unsigned)c);
	else if (is_hidden(c))
		buf_printf(out, "\\u{%04X}", (unsigned)c);
	else
		return false;
	return true;
}

void text_append_visible(struct buf *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint32_t c;
		size_t n = utf8_decode(text + at, len - at, &c);

		if (n == 0) {
			buf_puts(out, REPLACEMENT);
			at++;
			continue;
		}
		if (!append_escape(out, c))
			buf_append(out, text + at, n);
		at += n;
	}
}

/* Length and columns of the first character; an invalid byte is shown as one column. */
static size_t next_char(const char *text, size_t len, size_t *ret_columns)
{
	uint32_t c;
	size_t n = utf8_decode(text, len, &c);

	*ret_columns = n > 0 ? char_columns(c) : 1;
	return n > 0 ? n : 1;
}

size_t text_columns(const char *text)
{
	size_t len = strlen(text), total = 0, columns;

	for (size_t at = 0; at < len; total += columns)
		at += next_char(text + at, len - at, &columns);
	return total;
}

void text_append_fitted(struct buf *out, const char *text, size_t columns, bool pad)
{
	size_t len = strlen(text), used = text_columns(text), end = len;
	bool cut = used > columns;

	if (cut) {
		size_t width, n;

		if (columns == 0)
			return;
		used = 0;
		for (end = 0; end < len; end += n, used += width) {
			n = next_char(text + end, len - end, &width);
			if (used + width > columns - 1)
				break;
		}
	}
	utf8_append_valid(out, text, end);
	if (cut) {
		buf_puts(out, ELLIPSIS);
		used++;
	}
	for (; pad && used < columns; used++)
		buf_putc(out, ' ');
}

void text_append_replaced(struct buf *out, const char *text, const char *word, const char *with)
{
	const char *at;

	for (; (at = strstr(text, word)); text = at + strlen(word)) {
		buf_append(out, text, (size_t)(at - text));
		buf_puts(out, with);
	}
	buf_puts(out, text);
}

int text_copy(const char *text, char **ret)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy) {
			*ret = NULL;
			return -ENOMEM;
		}
	}
	*ret = copy;
	return 0;
}

int text_into(char *out, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= size) {
		if (size > 0)
			out[0] = '\0';
		return -ENAMETOOLONG;
	}
	memcpy(out, text ? text : "", len + 1);
	return 0;
}
