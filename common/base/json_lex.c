/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of JSON, byte by byte. Pages of a megabyte go through here and nearly all of them is
 * the inside of strings, so those are skipped eight bytes at a time.
 */
#include "common/base/json_lex.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/hex.h"
#include "common/base/json.h"
#include "common/base/text.h"

/* cJSON copies a number into 64 bytes and silently stops there. */
#define NUMBER_MAX 63

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (uint64_t)(b))

/*
 * True when none of 8 bytes ends a plain run: a quote, a backslash, a control character or a byte
 * of a multi-byte character. x - 01.. borrows only out of a byte that was 0, so a wrong bit can
 * appear only above a right one and the answer stays exact.
 */
static bool all_plain(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	uint64_t quote = x ^ EVERY_BYTE('"');
	uint64_t backslash = x ^ EVERY_BYTE('\\');
	uint64_t found =
		(x - EVERY_BYTE(0x20)) | (quote - EVERY_BYTE(1)) | (backslash - EVERY_BYTE(1)) | x;
	return !(found & EVERY_BYTE(0x80));
}

static const char *skip_plain(const char *p, const char *end)
{
	while (end - p >= 8 && all_plain(p))
		p += 8;
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
		*p != '\\')
		p++;
	return p;
}

/* The code unit of "\uXXXX" at p, or -1. */
static int32_t code_unit(const char *p, const char *end)
{
	int32_t unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* At a backslash. */
static int skip_escape(struct json_lex *lex)
{
	const char *p = lex->at;

	lex->escaped = true;
	if (lex->end - p < 2)
		return JSON_E_SYNTAX;
	if (p[1] != 'u') {
		if (!p[1] || !strchr("\"\\/bfnrt", p[1]))
			return JSON_E_SYNTAX;
		lex->at = p + 2;
		return 0;
	}

	int32_t unit = code_unit(p, lex->end);
	if (unit < 0)
		return JSON_E_SYNTAX;
	if (unit == 0)
		return JSON_E_NUL;
	lex->at = p + 6;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		int32_t low = code_unit(lex->at, lex->end);
		if (low >= 0xdc00 && low <= 0xdfff)
			lex->at += 6;
		else
			lex->lone_surrogate = true;
	} else if (unit >= 0xdc00 && unit <= 0xdfff) {
		lex->lone_surrogate = true;
	}
	return 0;
}

/* At a byte of 0x80 or above. A character never holds an ASCII byte, so the run ends with one. */
static int skip_multibyte(struct json_lex *lex)
{
	const char *p = lex->at;

	while (p < lex->end && (unsigned char)*p >= 0x80)
		p++;
	if (!utf8_valid(lex->at, (size_t)(p - lex->at)))
		return JSON_E_UTF8;
	lex->at = p;
	return 0;
}

int json_lex_string(struct json_lex *lex)
{
	lex->at++;
	for (;;) {
		lex->at = skip_plain(lex->at, lex->end);
		if (lex->at == lex->end)
			return JSON_E_SYNTAX;
		unsigned char c = (unsigned char)*lex->at;
		int r;
		if (c == '"') {
			lex->at++;
			return 0;
		}
		if (c == '\\')
			r = skip_escape(lex);
		else if (c >= 0x80)
			r = skip_multibyte(lex);
		else
			r = JSON_E_SYNTAX; /* RFC 8259: control characters MUST be escaped */
		if (r)
			return r;
	}
}

void json_lex_space(struct json_lex *lex)
{
	while (lex->at < lex->end &&
		(*lex->at == ' ' || *lex->at == '\n' || *lex->at == '\r' || *lex->at == '\t'))
		lex->at++;
}

bool json_lex_char(struct json_lex *lex, char c)
{
	json_lex_space(lex);
	return lex->at < lex->end && *lex->at++ == c;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static int skip_number(struct json_lex *lex)
{
	const char *p = lex->at, *end = lex->end, *digits;

	if (p < end && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return JSON_E_SYNTAX;
	if (p < end && *p == '.') {
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return JSON_E_SYNTAX;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return JSON_E_SYNTAX;
	}
	if (p - lex->at > NUMBER_MAX)
		return JSON_E_SYNTAX;
	lex->at = p;
	return 0;
}

static int skip_word(struct json_lex *lex, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(lex->end - lex->at) < len || memcmp(lex->at, word, len) != 0)
		return JSON_E_SYNTAX;
	lex->at += len;
	return 0;
}

/* A value that is not a container. */
static int skip_scalar(struct json_lex *lex)
{
	switch (*lex->at) {
	case '"':
		return json_lex_string(lex);
	case 't':
		return skip_word(lex, "true");
	case 'f':
		return skip_word(lex, "false");
	case 'n':
		return skip_word(lex, "null");
	default:
		return skip_number(lex);
	}
}

static int skip_key(struct json_lex *lex)
{
	json_lex_space(lex);
	if (lex->at == lex->end || *lex->at != '"')
		return JSON_E_SYNTAX;
	int r = json_lex_string(lex);
	if (r)
		return r;
	return json_lex_char(lex, ':') ? 0 : JSON_E_SYNTAX;
}

/* Which of the open containers are objects, a bit each. */
struct open_set {
	uint64_t objects[JSON_LEX_MAX_DEPTH / 64];
	unsigned n;
};

static bool top_is_object(const struct open_set *open)
{
	unsigned top = open->n - 1;

	return open->objects[top / 64] >> (top % 64) & 1;
}

static void open_push(struct open_set *open, bool object)
{
	uint64_t bit = UINT64_C(1) << (open->n % 64);

	if (object)
		open->objects[open->n / 64] |= bit;
	else
		open->objects[open->n / 64] &= ~bit;
	open->n++;
}

/* At a bracket that opens. *ret_empty: it was closed at once, so a value has ended. */
static int enter(struct json_lex *lex, struct open_set *open, unsigned max_open, bool *ret_empty)
{
	bool object = *lex->at == '{';

	if (open->n >= max_open)
		return JSON_E_DEPTH;
	lex->at++;
	json_lex_space(lex);
	if (lex->at < lex->end && *lex->at == (object ? '}' : ']')) {
		lex->at++;
		*ret_empty = true;
		return 0;
	}
	open_push(open, object);
	*ret_empty = false;
	return object ? skip_key(lex) : 0;
}

/*
 * Behind a value: closes what ends here. *ret_more: a comma came and, in an object, the next key;
 * a value follows. Otherwise the outermost container was closed.
 */
static int leave(struct json_lex *lex, struct open_set *open, bool *ret_more)
{
	while (open->n) {
		bool object = top_is_object(open);
		json_lex_space(lex);
		if (lex->at == lex->end)
			return JSON_E_SYNTAX;
		char c = *lex->at++;
		if (c == ',') {
			*ret_more = true;
			return object ? skip_key(lex) : 0;
		}
		if (c != (object ? '}' : ']'))
			return JSON_E_SYNTAX;
		open->n--;
	}
	*ret_more = false;
	return 0;
}

int json_lex_value(struct json_lex *lex, unsigned depth)
{
	unsigned limit = lex->max_depth < JSON_LEX_MAX_DEPTH ? lex->max_depth : JSON_LEX_MAX_DEPTH;
	unsigned max_open = depth < limit ? limit - depth : 0;
	struct open_set open = {.n = 0};
	bool more = true;

	while (more) {
		bool ended = true;
		int r;
		json_lex_space(lex);
		if (lex->at == lex->end)
			return JSON_E_SYNTAX;
		if (*lex->at == '{' || *lex->at == '[')
			r = enter(lex, &open, max_open, &ended);
		else
			r = skip_scalar(lex);
		if (r == 0 && ended)
			r = leave(lex, &open, &more);
		if (r)
			return r;
	}
	return 0;
}
