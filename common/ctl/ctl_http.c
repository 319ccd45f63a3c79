/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ctl/ctl_http.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/base/hex.h"
#include "common/base/parse.h"
#include "version.h"

/* Part of the response that has not been read yet. */
struct text {
	const char *p;
	size_t len;
};

/* What the header says about the body. */
struct framing {
	unsigned status;
	bool chunked;
	bool has_length;
	uint64_t length;
};

void ctl_http_request(struct buf *out, const char *method, const char *path, const char *body)
{
	buf_printf(out,
		"%s %s HTTP/1.1\r\nHost: snapwatch\r\nUser-Agent: snapwatch/" SNAPWATCH_VERSION
		"\r\nAccept: application/json\r\nConnection: close\r\n",
		method, path);
	if (body)
		buf_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
			strlen(body));
	buf_puts(out, "\r\n");
	if (body)
		buf_puts(out, body);
}

/* Takes a line without its CR LF (a lone LF is allowed). False when there is no whole one. */
static bool take_line(struct text *t, struct text *ret)
{
	const char *end = t->len ? memchr(t->p, '\n', t->len) : NULL;

	if (!end)
		return false;
	*ret = (struct text){t->p, (size_t)(end - t->p)};
	t->len -= ret->len + 1;
	t->p = end + 1;
	if (ret->len && ret->p[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

static void trim(struct text *t)
{
	while (t->len && (*t->p == ' ' || *t->p == '\t')) {
		t->p++;
		t->len--;
	}
	while (t->len && (t->p[t->len - 1] == ' ' || t->p[t->len - 1] == '\t'))
		t->len--;
}

static bool text_is(const struct text *t, const char *word)
{
	return t->len == strlen(word) && strncasecmp(t->p, word, t->len) == 0;
}

/* "HTTP/1.1 200 OK" */
static bool read_status(const struct text *line, unsigned *ret)
{
	const char *p = line->p;

	if (line->len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)p[7]) ||
		p[8] != ' ' || (line->len > 12 && p[12] != ' '))
		return false;
	*ret = 0;
	for (size_t i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)p[i]))
			return false;
		*ret = *ret * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

static bool read_length(struct text value, struct framing *f)
{
	char digits[21];
	uint64_t n;

	if (value.len >= sizeof(digits))
		return false;
	memcpy(digits, value.p, value.len);
	digits[value.len] = '\0';
	if (parse_u64(digits, 0, SIZE_MAX, &n) < 0 || (f->has_length && f->length != n))
		return false;
	f->has_length = true;
	f->length = n;
	return true;
}

static bool read_field(struct text line, struct framing *f)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct text name, value;

	if (!colon)
		return false;
	name = (struct text){line.p, (size_t)(colon - line.p)};
	value = (struct text){colon + 1, line.len - name.len - 1};
	trim(&value);
	if (text_is(&name, "Content-Length"))
		return read_length(value, f);
	if (text_is(&name, "Transfer-Encoding")) {
		f->chunked = text_is(&value, "chunked");
		return f->chunked;
	}
	return true;
}

static int read_header(struct text *t, struct framing *ret)
{
	struct text line;

	*ret = (struct framing){0};
	if (!take_line(t, &line))
		return CTL_HTTP_E_CUT;
	if (!read_status(&line, &ret->status))
		return CTL_HTTP_E_BAD;
	while (take_line(t, &line)) {
		if (line.len == 0)
			return ret->chunked && ret->has_length ? CTL_HTTP_E_BAD : 0;
		if (!read_field(line, ret))
			return CTL_HTTP_E_BAD;
	}
	return CTL_HTTP_E_CUT;
}

/* Hexadecimal digits, then perhaps an extension after ";". */
static bool read_chunk_size(const struct text *line, size_t *ret)
{
	size_t n = 0, i = 0;

	for (; i < line->len && hex_digit(line->p[i]) >= 0; i++) {
		if (n > SIZE_MAX >> 4)
			return false;
		n = n << 4 | (size_t)hex_digit(line->p[i]);
	}
	*ret = n;
	return i > 0 && (i == line->len || line->p[i] == ';' || line->p[i] == ' ');
}

static int read_chunks(struct text *t, struct buf *body)
{
	struct text line;
	size_t size;

	while (take_line(t, &line)) {
		if (!read_chunk_size(&line, &size))
			return CTL_HTTP_E_BAD;
		if (size == 0) {
			while (take_line(t, &line)) /* trailers */
				if (line.len == 0)
					return 0;
			return CTL_HTTP_E_CUT;
		}
		if (t->len < size)
			return CTL_HTTP_E_CUT;
		buf_append(body, t->p, size);
		t->p += size;
		t->len -= size;
		if (!take_line(t, &line))
			return CTL_HTTP_E_CUT;
		if (line.len != 0)
			return CTL_HTTP_E_BAD;
	}
	return CTL_HTTP_E_CUT;
}

int ctl_http_response(const char *data, size_t len, unsigned *ret_status, struct buf *body)
{
	struct text t = {data, len};
	struct framing f;
	int r;

	do
		r = read_header(&t, &f);
	while (r == 0 && f.status >= 100 && f.status < 200);
	if (r == 0 && f.chunked)
		r = read_chunks(&t, body);
	else if (r == 0 && f.has_length && f.length > t.len)
		r = CTL_HTTP_E_CUT;
	else if (r == 0)
		buf_append(body, t.p, f.has_length ? (size_t)f.length : t.len);
	if (r == 0)
		r = buf_error(body);
	if (r == 0)
		*ret_status = f.status;
	return r;
}
