/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/json_flat.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hex.h"
#include "common/base/json_lex.h"

static unsigned code_unit(const char *hex)
{
	unsigned unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit * 16 + (unsigned)hex_digit(hex[i]);
	return unit;
}

static char *put_code(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

/* At the u of an escape; moves behind it. The grammar has been checked. */
static char *put_unicode(char *to, const char **p, const char *end)
{
	const char *at = *p;
	uint32_t code = code_unit(at + 1);

	at += 5;
	if (code >= 0xd800 && code <= 0xdbff && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
		uint32_t low = code_unit(at + 2);

		if (low >= 0xdc00 && low <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			at += 6;
		}
	}
	*p = at;
	return put_code(to, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
}

static char plain_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default: /* quote, backslash, slash */
		return c;
	}
}

/* Decodes as long as there are escapes; the end of what was written. */
static char *put_escaped(char *to, const char *at, const char *end)
{
	for (;;) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t n = (size_t)((escape ? escape : end) - at);

		memcpy(to, at, n);
		to += n;
		if (!escape)
			return to;
		at = escape + 1;
		if (*at == 'u')
			to = put_unicode(to, &at, end);
		else
			*to++ = plain_escape(*at++);
	}
}

/* A string decoded is never longer than written. */
static int make_room(struct json_flat *f, size_t len)
{
	size_t needed = f->texts_len + len + 1;
	size_t cap = f->texts_cap ? f->texts_cap : 4096;

	while (cap < needed)
		cap *= 2;
	if (cap == f->texts_cap)
		return 0;
	char *texts = realloc(f->texts, cap);
	if (!texts)
		return -ENOMEM;
	f->texts = texts;
	f->texts_cap = cap;
	return 0;
}

/* Past a string; *ret: where its inside begins in texts, with a NUL. */
static int read_string(struct json_flat *f, struct json_lex *lex, size_t *ret)
{
	const char *at = lex->at + 1;
	int r;

	lex->escaped = false;
	r = json_lex_string(lex);
	if (r == 0)
		r = make_room(f, (size_t)(lex->at - at));
	if (r != 0)
		return r;
	const char *end = lex->at - 1;
	char *to = f->texts + f->texts_len;
	*ret = f->texts_len;
	if (lex->escaped)
		to = put_escaped(to, at, end);
	else
		to = mempcpy(to, at, (size_t)(end - at));
	*to++ = '\0';
	f->texts_len = (size_t)(to - f->texts);
	return 0;
}

static enum json_type type_of(char c)
{
	switch (c) {
	case '"':
		return JSON_TYPE_STRING;
	case '{':
		return JSON_TYPE_OBJECT;
	case '[':
		return JSON_TYPE_ARRAY;
	case 't':
	case 'f':
		return JSON_TYPE_BOOL;
	case 'n':
		return JSON_TYPE_NULL;
	default:
		return JSON_TYPE_NUMBER;
	}
}

static struct json_flat_member *add(struct json_flat *f)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 32;
		struct json_flat_member *members = reallocarray(f->members, cap, sizeof(*members));

		if (!members)
			return NULL;
		f->members = members;
		f->cap = cap;
	}
	return &f->members[f->n];
}

/* Where the object below a member is to go, or NULL. */
static struct json_flat *flat_below(struct json_flat *f, const char *key, bool object)
{
	for (size_t i = 0; i < f->n_below; i++) {
		struct json_flat_below *b = &f->below[i];

		if (b->met || strcmp(b->key, key) != 0)
			continue;
		b->met = true;
		return object ? b->flat : NULL;
	}
	return NULL;
}

/* At the first byte of a value. */
static int read_value(
	struct json_flat *f, struct json_flat_member *m, struct json_lex *lex, unsigned depth)
{
	char first = lex->at < lex->end ? *lex->at : '\0';
	struct json_flat *below = flat_below(f, f->texts + m->key_at, first == '{');

	if (first == '"')
		return read_string(f, lex, &m->string_at);
	return below ? json_flat_lex(below, lex, depth) : json_lex_value(lex, depth);
}

/* Past blanks, a key, a colon and a value. */
static int read_member(struct json_flat *f, struct json_lex *lex, const char *text, unsigned depth)
{
	struct json_flat_member *m = add(f);

	if (!m)
		return -ENOMEM;
	json_lex_space(lex);
	if (lex->at == lex->end || *lex->at != '"')
		return JSON_E_SYNTAX;
	int r = read_string(f, lex, &m->key_at);
	if (r)
		return r;
	if (!json_lex_char(lex, ':'))
		return JSON_E_SYNTAX;
	json_lex_space(lex);
	const char *value = lex->at;
	r = read_value(f, m, lex, depth);
	if (r)
		return r;
	m->type = type_of(*value);
	m->value.off = (size_t)(value - text);
	m->value.len = (size_t)(lex->at - value);
	f->n++;
	return 0;
}

/* Behind the bracket that opens the object. */
static int read_members(struct json_flat *f, struct json_lex *lex, const char *text, unsigned depth)
{
	json_lex_space(lex);
	if (lex->at < lex->end && *lex->at == '}') {
		lex->at++;
		return 0;
	}
	do {
		int r = read_member(f, lex, text, depth);
		if (r)
			return r;
		json_lex_space(lex);
		if (lex->at < lex->end && *lex->at == '}') {
			lex->at++;
			return 0;
		}
	} while (json_lex_char(lex, ','));
	return JSON_E_SYNTAX;
}

static void forget(struct json_flat *f)
{
	f->is_object = false;
	f->n = 0;
	f->texts_len = 0;
	for (size_t i = 0; i < f->n_below; i++) {
		f->below[i].met = false;
		forget(f->below[i].flat);
	}
}

int json_flat_lex(struct json_flat *f, struct json_lex *lex, unsigned depth)
{
	const char *text = lex->at;

	forget(f);
	f->is_object = lex->at < lex->end && *lex->at == '{';
	if (!f->is_object)
		return json_lex_value(lex, depth);
	if (depth >= lex->max_depth || depth >= JSON_LEX_MAX_DEPTH)
		return JSON_E_DEPTH;
	lex->at++;
	return read_members(f, lex, text, depth + 1);
}

int json_flat_read(struct json_flat *f, const char *text, size_t len, unsigned max_depth)
{
	struct json_lex lex = {.at = text, .end = text + len, .max_depth = max_depth};
	int r;

	json_lex_space(&lex);
	const char *value = lex.at;
	r = json_flat_lex(f, &lex, 0);
	if (r)
		return r;
	for (size_t i = 0; i < f->n; i++)
		f->members[i].value.off += (size_t)(value - text);
	json_lex_space(&lex);
	return lex.at == lex.end ? 0 : JSON_E_SYNTAX;
}

void json_flat_done(struct json_flat *f)
{
	free(f->members);
	free(f->texts);
	*f = (struct json_flat){0};
}

const char *json_flat_key(const struct json_flat *f, size_t i)
{
	return f->texts + f->members[i].key_at;
}

const char *json_flat_string(const struct json_flat *f, size_t i)
{
	return f->members[i].type == JSON_TYPE_STRING ? f->texts + f->members[i].string_at : NULL;
}

const struct json_flat_member *json_flat_find(const struct json_flat *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++) {
		const char *name = json_flat_key(f, i);

		/* most names differ at once, and a call costs more than to see it */
		if (*name == *key && strcmp(name, key) == 0)
			return &f->members[i];
	}
	return NULL;
}

enum json_get json_flat_get_string(const struct json_flat *f, const char *key, const char **ret)
{
	const struct json_flat_member *m = json_flat_find(f, key);

	if (!m)
		return JSON_GET_ABSENT;
	if (m->type == JSON_TYPE_NULL)
		return JSON_GET_NULL;
	if (m->type != JSON_TYPE_STRING)
		return JSON_GET_WRONG;
	*ret = f->texts + m->string_at;
	return JSON_GET_OK;
}
