/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON (cJSON behind it; no other file includes cJSON.h). Stricter than cJSON: the whole
 * text must be one value by the grammar of RFC 8259, depth is bounded, "\u0000" is refused because
 * cJSON would silently cut the string there, members are found by exact case. Numbers are doubles
 * inside cJSON, so integers are handed out only when they are exact. Absent, null and wrong type
 * are told apart.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"

struct json; /* a value inside a parsed document; owned by the document's root */

enum json_type {
	JSON_TYPE_NULL,
	JSON_TYPE_BOOL,
	JSON_TYPE_NUMBER,
	JSON_TYPE_STRING,
	JSON_TYPE_ARRAY,
	JSON_TYPE_OBJECT,
};

enum json_get {
	JSON_GET_OK,
	JSON_GET_ABSENT,
	JSON_GET_NULL,
	JSON_GET_WRONG, /* there, but of another type (or a number that is not an exact integer) */
};

/* How JSON can be unusable; positive results of json_parse() and json_scan(). */
enum json_error {
	JSON_E_SYNTAX = 1, /* not JSON, cut off, a number of over 63 characters, or something behind
			      the value */
	JSON_E_DEPTH,	   /* nested deeper than max_depth */
	JSON_E_NUL,	   /* contains \u0000 */
	JSON_E_UTF8, /* not valid UTF-8; json_parse() only: an escape names half a surrogate pair */
};
const char *json_error_text(int r);

/*
 * Parses one document. 0, -ENOMEM, or an enum json_error. Free with json_free(). Each object or
 * array is one level of depth: max_depth 1 takes [] and refuses [[]]; 512 is the most there is.
 */
int json_parse(const char *text, size_t len, unsigned max_depth, struct json **ret);
struct json *json_free(struct json *root);
DEFINE_CLEANUP(struct json, json_free);
/* Wipes the value of every string (not the keys), then frees: for documents that hold tokens. */
struct json *json_free_secret(struct json *root);
DEFINE_CLEANUP(struct json, json_free_secret);

enum json_type json_type(const struct json *v);

/* The member with exactly this key, the first if there are several; NULL when absent or not an
 * object. */
const struct json *json_member(const struct json *obj, const char *key);

/* Member access; *ret is written on JSON_GET_OK only and points into the document. */
enum json_get json_get_string(const struct json *obj, const char *key, const char **ret);
enum json_get json_get_int(const struct json *obj, const char *key, int64_t *ret);
enum json_get json_get_bool(const struct json *obj, const char *key, bool *ret);

/* The string or fallback, whatever the reason. */
const char *json_string_or(const struct json *obj, const char *key, const char *fallback);

/* The value itself, when it is of that type; NULL / false otherwise. */
const char *json_string(const struct json *v);
bool json_is_null(const struct json *v);

/* Elements and members in document order. json_key() is NULL for array elements. */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v);
#define JSON_EACH(it, parent) \
	for (const struct json *it = json_first(parent); it; it = json_next(it))

/*
 * Appends the value in one canonical form: no blanks, members sorted by key (bytes; equal keys stay
 * in their order), arrays in their order. Numbers are what a double keeps of them. For hashing and
 * showing, never for what must stay byte for byte.
 */
void json_append_canonical(struct buf *out, const struct json *v);

/*
 * Walks one page of a Graph collection without building a tree or allocating: checks the grammar,
 * depth, \u0000 and UTF-8, and reports every element of the top-level array "value" and every other
 * top-level member (a "value" that is no array is one) as byte ranges of text, in document order.
 * Anything but one object, and a second "value", is JSON_E_SYNTAX. Callbacks may be NULL; the
 * non-zero result of one ends the walk and is returned. They run before the rest of the text has
 * been looked at: undo what they did when the walk fails.
 *
 * 0, an enum json_error, or what a callback returned.
 */
struct json_span {
	size_t off, len;
};
struct json_flat;
struct json_scan_ops {
	struct json_flat *flat; /* each element is also read into it, in the same pass; or NULL */
	int (*element)(void *arg, struct json_span element);
	/* key without quotes, as written; value with quotes if a string */
	int (*member)(void *arg, struct json_span key, struct json_span value);
	/* set by the walk: the array "value" was seen (also when it is empty) */
	bool saw_value;
};
int json_scan(
	const char *text, size_t len, unsigned max_depth, struct json_scan_ops *ops, void *arg);
