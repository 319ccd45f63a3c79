/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON into a buffer. */
#include "common/base/jsonw.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"

#define MAX_LEVEL 31u

/* At a byte of a character that needs an escape in ASCII. */
static void append_escape(struct buf *out, unsigned char c)
{
	static const char letters[] = "btn\0fr"; /* 0x08 ... 0x0d */

	if (c == '"' || c == '\\') {
		char two[] = {'\\', (char)c};
		buf_append(out, two, sizeof(two));
	} else if (c >= 0x08 && c <= 0x0d && letters[c - 0x08]) {
		char two[] = {'\\', letters[c - 0x08]};
		buf_append(out, two, sizeof(two));
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

/*
 * Valid JSON may hold these as they are, but a terminal that shows the document would obey them:
 * C1 controls, line and paragraph separators, marks and overrides of writing direction. The
 * character at p if it is one of them, else 0; *ret_len is its length either way.
 */
static unsigned unsafe_character(const unsigned char *p, size_t *ret_len)
{
	unsigned c;

	if (p[0] >= 0xf0) {
		*ret_len = 4;
		return 0;
	}
	if (p[0] < 0xe0) {
		*ret_len = 2;
		c = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
		return c < 0xa0 || c == 0x061c ? c : 0;
	}
	*ret_len = 3;
	c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	if (c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e))
		return c;
	return c >= 0x2066 && c <= 0x2069 ? c : 0;
}

/* text: valid UTF-8 without an ASCII byte. */
static void append_multibyte(struct buf *out, const char *text, size_t len)
{
	const char *from = text, *p = text, *end = text + len;

	while (p < end) {
		size_t n;
		unsigned c = unsafe_character((const unsigned char *)p, &n);
		if (c) {
			buf_append(out, from, (size_t)(p - from));
			buf_printf(out, "\\u%04x", c);
			from = p + n;
		}
		p += n;
	}
	buf_append(out, from, (size_t)(end - from));
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* text: valid UTF-8 without NUL. */
static void append_escaped(struct buf *out, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while (p < end && !out->error) {
		const char *from = p;
		while (p < end && is_plain((unsigned char)*p))
			p++;
		buf_append(out, from, (size_t)(p - from));
		from = p;
		while (p < end && (unsigned char)*p >= 0x80)
			p++;
		append_multibyte(out, from, (size_t)(p - from));
		if (p < end && (unsigned char)*p < 0x80 && !is_plain((unsigned char)*p))
			append_escape(out, (unsigned char)*p++);
	}
}

void json_append_string(struct buf *out, const char *text, size_t len)
{
	buf_putc(out, '"');
	if (utf8_valid(text, len)) {
		append_escaped(out, text, len);
	} else {
		/* A byte becomes at most the three of U+FFFD. */
		struct buf valid = BUF_INIT(len * 3);
		utf8_append_valid(&valid, text, len);
		if (buf_error(&valid))
			out->error = out->error ? out->error : buf_error(&valid);
		append_escaped(out, buf_text(&valid), valid.len);
		buf_done(&valid);
	}
	buf_putc(out, '"');
}

/* The comma, when a value or key is not the first of its container. */
static void begin_item(struct jsonw *w)
{
	uint32_t bit = UINT32_C(1) << w->depth;

	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->filled & bit)
		buf_putc(w->out, ',');
	w->filled |= bit;
}

static void open_container(struct jsonw *w, char c)
{
	begin_item(w);
	assert_fatal(w->depth < MAX_LEVEL);
	w->depth++;
	w->filled &= ~(UINT32_C(1) << w->depth);
	buf_putc(w->out, c);
}

static void close_container(struct jsonw *w, char c)
{
	assert_fatal(w->depth > 0 && !w->after_key);
	w->depth--;
	buf_putc(w->out, c);
}

void jsonw_object(struct jsonw *w)
{
	open_container(w, '{');
}

void jsonw_object_end(struct jsonw *w)
{
	close_container(w, '}');
}

void jsonw_array(struct jsonw *w)
{
	open_container(w, '[');
}

void jsonw_array_end(struct jsonw *w)
{
	close_container(w, ']');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	assert_fatal(!w->after_key);
	begin_item(w);
	json_append_string(w->out, key, strlen(key));
	buf_putc(w->out, ':');
	w->after_key = true;
}

void jsonw_string(struct jsonw *w, const char *text)
{
	if (text)
		jsonw_string_n(w, text, strlen(text));
	else
		jsonw_null(w);
}

void jsonw_string_n(struct jsonw *w, const char *text, size_t len)
{
	begin_item(w);
	json_append_string(w->out, text, len);
}

void jsonw_int(struct jsonw *w, int64_t n)
{
	begin_item(w);
	buf_printf(w->out, "%" PRId64, n);
}

void jsonw_bool(struct jsonw *w, bool b)
{
	begin_item(w);
	buf_puts(w->out, b ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
	begin_item(w);
	buf_puts(w->out, "null");
}

void jsonw_raw(struct jsonw *w, const char *json, size_t len)
{
	begin_item(w);
	buf_append(w->out, json, len);
}

void jsonw_time(struct jsonw *w, int64_t us)
{
	char text[TIME_TEXT_SIZE];

	if (us == TIME_NONE || !*time_format(us, text))
		jsonw_null(w);
	else
		jsonw_string(w, text);
}

void jsonw_kv_string(struct jsonw *w, const char *key, const char *text)
{
	if (!text)
		return;
	jsonw_key(w, key);
	jsonw_string(w, text);
}

void jsonw_kv_int(struct jsonw *w, const char *key, int64_t n)
{
	jsonw_key(w, key);
	jsonw_int(w, n);
}

void jsonw_kv_bool(struct jsonw *w, const char *key, bool b)
{
	jsonw_key(w, key);
	jsonw_bool(w, b);
}

void jsonw_kv_time(struct jsonw *w, const char *key, int64_t us)
{
	if (us == TIME_NONE)
		return;
	jsonw_key(w, key);
	jsonw_time(w, us);
}
