/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/enrol_answer.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* application/x-www-form-urlencoded. NUL and halves of an escape are in no answer. */
static bool decode(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_digit(text[i + 2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return false;
		buf_putc(out, c);
	}
	return true;
}

/*
 * The value of the one parameter of that name, decoded. 0; -ENOENT: there is none; -EINVAL: it is
 * there twice, or no text; or the buffer's error. Names are compared as they are: no server escapes
 * a letter.
 */
static int find(const char *query, size_t len, const char *name, struct buf *out)
{
	size_t name_len = strlen(name);
	const char *value = NULL;
	size_t value_len = 0;

	for (size_t at = 0; at < len;) {
		const char *end = memchr(query + at, '&', len - at);
		size_t n = end ? (size_t)(end - query) - at : len - at;

		if (n > name_len && query[at + name_len] == '=' &&
			memcmp(query + at, name, name_len) == 0) {
			if (value)
				return -EINVAL;
			value = query + at + name_len + 1;
			value_len = n - name_len - 1;
		}
		at += n + 1;
	}
	if (!value)
		return -ENOENT;
	if (!decode(value, value_len, out))
		return -EINVAL;
	return buf_error(out);
}

static int check_state(const char *query, size_t len, const struct secret *state)
{
	_cleanup_(buf_done) struct buf got = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = find(query, len, "state", &got);

	if (r == -ENOMEM)
		return r;
	return r == 0 && got.len == state->len &&
			       bytes_equal_secret(got.data, state->data, state->len)
		       ? 0
		       : ENROL_ANSWER_E_STATE;
}

static int read_code(const char *query, size_t len, struct secret **ret)
{
	_cleanup_(buf_done) struct buf code = BUF_INIT_SECRET(LIMIT_LOGIN_ANSWER_BYTES);
	int r = find(query, len, "code", &code);

	if (r == 0 && code.len == 0)
		return -EINVAL;
	return r == 0 ? secret_new(code.data, code.len, ret) : r;
}

static int read_text(const char *query, size_t len, const char *name, char **ret)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_LOGIN_ANSWER_BYTES);
	int r = find(query, len, name, &text);

	return r == 0 ? text_copy(buf_text(&text), ret) : r;
}

void enrol_answer_done(struct enrol_answer *a)
{
	(void)secret_free(a->code);
	free(a->error);
	free(a->description);
	*a = (struct enrol_answer){0};
}

int enrol_answer_read(
	const char *query, size_t len, const struct secret *state, struct enrol_answer *ret)
{
	_cleanup_(enrol_answer_done) struct enrol_answer a = {0};
	int r = check_state(query, len, state);

	if (r != 0)
		return r;
	int code = read_code(query, len, &a.code);
	int error = read_text(query, len, "error", &a.error);
	if (code == -ENOMEM || error == -ENOMEM)
		return -ENOMEM;
	if ((code != 0 || error != -ENOENT) && (code != -ENOENT || error != 0 || !*a.error))
		return ENROL_ANSWER_E_FORM;
	if (a.error) {
		r = read_text(query, len, "error_description", &a.description);
		if (r != 0 && r != -ENOMEM)
			r = text_copy("", &a.description);
		if (r < 0)
			return r;
	}
	*ret = a;
	a = (struct enrol_answer){0};
	return 0;
}
