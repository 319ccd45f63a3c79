/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON. A struct json is a cJSON node under another name, so that nothing outside of this
 * file can use cJSON's forgiving getters. The text is checked against the grammar before cJSON sees
 * it: what fails afterwards can only be memory.
 */
#include "common/base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/base/json_lex.h"
#include "common/base/jsonw.h"

/* Above 2^53 - 1 neighbouring integers become the same double. */
#define MAX_EXACT 9007199254740991.0

static const cJSON *node(const struct json *v)
{
	return (const cJSON *)(const void *)v;
}

static const struct json *value(const cJSON *n)
{
	return (const struct json *)(const void *)n;
}

const char *json_error_text(int r)
{
	switch (r) {
	case JSON_E_SYNTAX:
		return "not valid JSON, or cut off";
	case JSON_E_DEPTH:
		return "nested too deeply";
	case JSON_E_NUL:
		return "contains \\u0000";
	case JSON_E_UTF8:
		return "contains text that is not valid UTF-8";
	default:
		return "unknown JSON error";
	}
}

int json_parse(const char *text, size_t len, unsigned max_depth, struct json **ret)
{
	struct json_lex lex = {.at = text, .end = text + len, .max_depth = max_depth};
	int r = json_lex_value(&lex, 0);

	if (r)
		return r;
	json_lex_space(&lex);
	if (lex.at != lex.end)
		return JSON_E_SYNTAX;
	if (lex.lone_surrogate)
		return JSON_E_UTF8;

	/* Where it failed stands in a static that all threads share, so nobody may ask for it. */
	cJSON *root = cJSON_ParseWithLengthOpts(text, len, NULL, false);
	if (!root)
		return -ENOMEM;
	*ret = (struct json *)(void *)root;
	return 0;
}

struct json *json_free(struct json *root)
{
	cJSON_Delete((cJSON *)(void *)root);
	return NULL;
}

/* Recursion is as deep as json_parse() allowed. */
static void wipe_strings(cJSON *n)
{
	for (; n; n = n->next) {
		if (n->valuestring)
			explicit_bzero(n->valuestring, strlen(n->valuestring));
		wipe_strings(n->child);
	}
}

struct json *json_free_secret(struct json *root)
{
	wipe_strings((cJSON *)(void *)root);
	return json_free(root);
}

enum json_type json_type(const struct json *v)
{
	switch (node(v)->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return JSON_TYPE_BOOL;
	case cJSON_Number:
		return JSON_TYPE_NUMBER;
	case cJSON_String:
		return JSON_TYPE_STRING;
	case cJSON_Array:
		return JSON_TYPE_ARRAY;
	case cJSON_Object:
		return JSON_TYPE_OBJECT;
	default:
		return JSON_TYPE_NULL;
	}
}

const struct json *json_member(const struct json *obj, const char *key)
{
	if (!cJSON_IsObject(node(obj)))
		return NULL;
	JSON_EACH (it, obj) {
		if (strcmp(json_key(it), key) == 0)
			return it;
	}
	return NULL;
}

/* The member with that key; JSON_GET_OK only says that it is there and not null. */
static enum json_get get(const struct json *obj, const char *key, const struct json **ret)
{
	const struct json *v = json_member(obj, key);

	if (!v)
		return JSON_GET_ABSENT;
	if (json_is_null(v))
		return JSON_GET_NULL;
	*ret = v;
	return JSON_GET_OK;
}

enum json_get json_get_string(const struct json *obj, const char *key, const char **ret)
{
	const struct json *v = NULL;
	enum json_get got = get(obj, key, &v);

	if (got != JSON_GET_OK)
		return got;
	if (!cJSON_IsString(node(v)))
		return JSON_GET_WRONG;
	*ret = node(v)->valuestring;
	return JSON_GET_OK;
}

enum json_get json_get_int(const struct json *obj, const char *key, int64_t *ret)
{
	const struct json *v = NULL;
	enum json_get got = get(obj, key, &v);

	if (got != JSON_GET_OK)
		return got;
	double number = node(v)->valuedouble;
	if (!cJSON_IsNumber(node(v)) || !(fabs(number) <= MAX_EXACT) || trunc(number) != number)
		return JSON_GET_WRONG;
	*ret = (int64_t)number;
	return JSON_GET_OK;
}

enum json_get json_get_bool(const struct json *obj, const char *key, bool *ret)
{
	const struct json *v = NULL;
	enum json_get got = get(obj, key, &v);

	if (got != JSON_GET_OK)
		return got;
	if (!cJSON_IsBool(node(v)))
		return JSON_GET_WRONG;
	*ret = cJSON_IsTrue(node(v));
	return JSON_GET_OK;
}

const char *json_string_or(const struct json *obj, const char *key, const char *fallback)
{
	const char *text = fallback;

	(void)json_get_string(obj, key, &text);
	return text;
}

const char *json_string(const struct json *v)
{
	return cJSON_IsString(node(v)) ? node(v)->valuestring : NULL;
}

bool json_is_null(const struct json *v)
{
	return cJSON_IsNull(node(v));
}

const struct json *json_first(const struct json *v)
{
	return v ? value(node(v)->child) : NULL;
}

const struct json *json_next(const struct json *v)
{
	return value(node(v)->next);
}

const char *json_key(const struct json *v)
{
	return node(v)->string;
}

struct member {
	const struct json *v;
	size_t index; /* keeps members of the same key in their order */
};

static int member_compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(json_key(x->v), json_key(y->v));

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void append_object(struct buf *out, const struct json *obj)
{
	size_t n = 0, i = 0;

	JSON_EACH (it, obj)
		n++;
	_cleanup_(freep) struct member *members = calloc(n ? n : 1, sizeof(*members));
	if (!members) {
		out->error = -ENOMEM;
		return;
	}
	JSON_EACH (it, obj) {
		members[i] = (struct member){.v = it, .index = i};
		i++;
	}
	qsort(members, n, sizeof(*members), member_compare);

	buf_putc(out, '{');
	for (i = 0; i < n; i++) {
		const char *key = json_key(members[i].v);
		if (i)
			buf_putc(out, ',');
		json_append_string(out, key, strlen(key));
		buf_putc(out, ':');
		json_append_canonical(out, members[i].v);
	}
	buf_putc(out, '}');
}

static void append_array(struct buf *out, const struct json *array)
{
	buf_putc(out, '[');
	JSON_EACH (it, array) {
		if (it != json_first(array))
			buf_putc(out, ',');
		json_append_canonical(out, it);
	}
	buf_putc(out, ']');
}

static void append_number(struct buf *out, double number)
{
	if (isinf(number))
		buf_puts(out, number > 0 ? "1e999" : "-1e999");
	else if (fabs(number) <= MAX_EXACT && trunc(number) == number)
		buf_printf(out, "%lld", (long long)number);
	else
		buf_printf(out, "%.17g", number);
}

void json_append_canonical(struct buf *out, const struct json *v)
{
	if (out->error)
		return;
	switch (json_type(v)) {
	case JSON_TYPE_NULL:
		buf_puts(out, "null");
		break;
	case JSON_TYPE_BOOL:
		buf_puts(out, cJSON_IsTrue(node(v)) ? "true" : "false");
		break;
	case JSON_TYPE_NUMBER:
		append_number(out, node(v)->valuedouble);
		break;
	case JSON_TYPE_STRING:
		json_append_string(out, json_string(v), strlen(json_string(v)));
		break;
	case JSON_TYPE_ARRAY:
		append_array(out, v);
		break;
	case JSON_TYPE_OBJECT:
		append_object(out, v);
		break;
	}
}
