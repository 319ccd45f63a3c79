/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the elements of a Graph page in its text, in one pass and without allocating. */
#include <string.h>

#include "common/base/json.h"
#include "common/base/json_flat.h"
#include "common/base/json_lex.h"

struct scan {
	struct json_lex lex;
	const char *text;
	struct json_scan_ops *ops;
	void *arg;
	bool value_key; /* a member of that name was there, whatever its type */
};

static struct json_span span(const struct scan *s, const char *from, const char *to)
{
	return (struct json_span){.off = (size_t)(from - s->text), .len = (size_t)(to - from)};
}

/* Past blanks and the bracket that closes; stays in front of anything else. */
static bool closes(struct scan *s, char bracket)
{
	json_lex_space(&s->lex);
	if (s->lex.at == s->lex.end || *s->lex.at != bracket)
		return false;
	s->lex.at++;
	return true;
}

/* Past blanks and an element. */
static int scan_element(struct scan *s)
{
	json_lex_space(&s->lex);
	const char *from = s->lex.at;
	int r = s->ops->flat ? json_flat_lex(s->ops->flat, &s->lex, 2) : json_lex_value(&s->lex, 2);
	if (r || !s->ops->element)
		return r;
	return s->ops->element(s->arg, span(s, from, s->lex.at));
}

/* At the bracket that opens the array. */
static int scan_elements(struct scan *s)
{
	if (s->lex.max_depth < 2)
		return JSON_E_DEPTH;
	s->ops->saw_value = true;
	s->lex.at++;
	if (closes(s, ']'))
		return 0;
	do {
		int r = scan_element(s);
		if (r || closes(s, ']'))
			return r;
	} while (json_lex_char(&s->lex, ','));
	return JSON_E_SYNTAX;
}

/* Past blanks, a key, a colon and a value. */
static int scan_member(struct scan *s)
{
	json_lex_space(&s->lex);
	if (s->lex.at == s->lex.end || *s->lex.at != '"')
		return JSON_E_SYNTAX;
	const char *key = s->lex.at + 1;
	int r = json_lex_string(&s->lex);
	if (r)
		return r;
	struct json_span key_span = span(s, key, s->lex.at - 1);
	if (!json_lex_char(&s->lex, ':'))
		return JSON_E_SYNTAX;
	json_lex_space(&s->lex);

	const char *from = s->lex.at;
	if (key_span.len == strlen("value") && memcmp(key, "value", key_span.len) == 0) {
		if (s->value_key)
			return JSON_E_SYNTAX;
		s->value_key = true;
		if (from < s->lex.end && *from == '[')
			return scan_elements(s);
	}
	r = json_lex_value(&s->lex, 1);
	if (r || !s->ops->member)
		return r;
	return s->ops->member(s->arg, key_span, span(s, from, s->lex.at));
}

/* Behind the bracket that opens the page. */
static int scan_members(struct scan *s)
{
	if (closes(s, '}'))
		return 0;
	do {
		int r = scan_member(s);
		if (r || closes(s, '}'))
			return r;
	} while (json_lex_char(&s->lex, ','));
	return JSON_E_SYNTAX;
}

int json_scan(
	const char *text, size_t len, unsigned max_depth, struct json_scan_ops *ops, void *arg)
{
	struct scan s = {
		.lex = {.at = text, .end = text + len, .max_depth = max_depth},
		.text = text,
		.ops = ops,
		.arg = arg,
	};

	ops->saw_value = false;
	if (!json_lex_char(&s.lex, '{'))
		return JSON_E_SYNTAX;
	if (max_depth < 1)
		return JSON_E_DEPTH;
	int r = scan_members(&s);
	if (r)
		return r;
	json_lex_space(&s.lex);
	return s.lex.at == s.lex.end ? 0 : JSON_E_SYNTAX;
}
