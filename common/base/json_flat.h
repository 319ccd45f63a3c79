/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of one JSON object without what is below them: no tree, and no memory of its own once
 * it has grown. For texts of which there are a million; json.h is for the others. The grammar,
 * depth and "\u0000" are checked as there, but half surrogate pairs become U+FFFD.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/json.h"

struct json_lex;

struct json_flat_member {
	enum json_type type;
	struct json_span value; /* in the text, with quotes if a string */
	size_t key_at, string_at;
};

/*
 * An object below the first member with this key, to be read in the same pass; without such a
 * member, or with another value in it, flat is no object.
 */
struct json_flat_below {
	const char *key;
	struct json_flat *flat;
	bool met; /* json_flat's own */
};

/* Zero it; json_flat_done() at the end. Each json_flat_read() forgets what was there before. */
struct json_flat {
	struct json_flat_below *below; /* borrowed, may be NULL */
	size_t n_below;
	bool is_object; /* of another value there are no members */
	struct json_flat_member *members;
	size_t n, cap;
	char *texts; /* keys and strings, decoded */
	size_t texts_len, texts_cap;
};

/* 0, -ENOMEM, or an enum json_error. */
int json_flat_read(struct json_flat *f, const char *text, size_t len, unsigned max_depth);
void json_flat_done(struct json_flat *f);
/* The same for a value inside of depth open containers, past which lex is moved. Private to
 * common/base. Offsets are those from the value's first byte. */
int json_flat_lex(struct json_flat *f, struct json_lex *lex, unsigned depth);

/* Keys and strings, decoded; valid until the next json_flat_read(). string: NULL for other types.
 */
const char *json_flat_key(const struct json_flat *f, size_t i);
const char *json_flat_string(const struct json_flat *f, size_t i);
/* The first member with exactly this key, or NULL. */
const struct json_flat_member *json_flat_find(const struct json_flat *f, const char *key);
/* As json_get_string() for the first member with this key. */
enum json_get json_flat_get_string(const struct json_flat *f, const char *key, const char **ret);
