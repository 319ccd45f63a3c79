/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/graph_error.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* Error bodies are a few hundred bytes; what is longer is not read. */
#define ERROR_BODY_BYTES (64u * 1024)
#define ERROR_COLUMNS 240u

static struct json *parse_error(const char *body, size_t len)
{
	struct json *root = NULL;

	if (len == 0 || len > ERROR_BODY_BYTES ||
		json_parse(body, len, LIMIT_JSON_DEPTH, &root) != 0)
		return NULL;
	return root;
}

/* The code, or that of the nearest inner error when it is empty (both spellings occur). */
static const char *error_code(const struct json *error)
{
	for (unsigned depth = 0; error && depth < 8; depth++) {
		const char *code = json_string_or(error, "code", "");

		if (*code)
			return code;
		const struct json *inner = json_member(error, "innerError");
		error = inner ? inner : json_member(error, "innererror");
	}
	return "";
}

void graph_error_text(long status, const char *body, size_t len, struct buf *out)
{
	_cleanup_(json_freep) struct json *root = parse_error(body, len);
	const struct json *error = root ? json_member(root, "error") : NULL;
	const char *code = error_code(error);
	const char *message = error ? json_string_or(error, "message", "") : "";
	struct buf visible = BUF_INIT(8 * ERROR_BODY_BYTES);

	buf_printf(out, "HTTP %ld", status);
	if (!error && len)
		buf_puts(out, " (not an error of Graph)");
	if (*code)
		buf_puts(&visible, ": ");
	text_append_visible(&visible, code, strlen(code));
	if (*message)
		buf_puts(&visible, ": ");
	text_append_visible(&visible, message, strlen(message));
	if (!buf_error(&visible))
		text_append_fitted(out, buf_text(&visible), ERROR_COLUMNS, false);
	buf_done(&visible);
}

bool graph_error_not_finished(const char *body, size_t len)
{
	_cleanup_(json_freep) struct json *root = parse_error(body, len);
	const struct json *error = root ? json_member(root, "error") : NULL;

	return error && strcasestr(json_string_or(error, "message", ""), "must have completed");
}

bool graph_body_usable(const char *body, size_t len)
{
	static const char blank[] = " \t\r\n";

	while (len > 0 && strchr(blank, body[len - 1]))
		len--;
	while (len > 0 && strchr(blank, *body)) {
		body++;
		len--;
	}
	return len >= 2 && body[0] == '{' && body[len - 1] == '}';
}

static bool token_char(char c)
{
	return c && (isalnum((unsigned char)c) || strchr("!#$%&'*+-.^_`|~", c));
}

/* Reads a value, quoted or not, and returns what is behind it. */
static const char *read_value(const char *p, struct buf *value)
{
	if (*p != '"') {
		/* token68: base64 may stand without quotes */
		while (token_char(*p) || (*p && strchr("/=", *p)))
			buf_putc(value, *p++);
		return p;
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_putc(value, *p);
	}
	return *p ? p + 1 : p;
}

bool graph_auth_param(const char *header, const char *name, struct buf *value)
{
	const char *p = header;

	while (*p) {
		const char *start = p;

		while (token_char(*p))
			p++;
		size_t len = (size_t)(p - start);
		if (len == 0) {
			p++;
			continue;
		}
		p += strspn(p, " \t");
		if (*p != '=')
			continue;
		p += 1 + strspn(p + 1, " \t");
		buf_reset(value);
		p = read_value(p, value);
		if (len == strlen(name) && strncasecmp(start, name, len) == 0)
			return !buf_error(value);
	}
	buf_reset(value);
	return false;
}

bool graph_claims(const char *www_authenticate, struct buf *claims)
{
	struct buf encoded = BUF_INIT_SURE(LIMIT_HEADER_BYTES);
	_cleanup_(json_freep) struct json *root = NULL;
	bool found = www_authenticate && graph_auth_param(www_authenticate, "claims", &encoded) &&
		     base64_decode(buf_text(&encoded), encoded.len, claims) == 0 &&
		     json_parse(buf_text(claims), claims->len, LIMIT_JSON_DEPTH, &root) == 0 &&
		     json_type(root) == JSON_TYPE_OBJECT;

	if (!found)
		buf_reset(claims);
	buf_done(&encoded);
	return found;
}
