/* SPDX-License-Identifier: Apache-2.0 */
/* Filtering criteria as sets: equal ones, and what is in them. It knows nothing of jobs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/remote_job.h"

/* "type" or "type\nid" each, lower case. */
struct remote_filter {
	char **items;
	size_t n;
	bool by_id;   /* items have ids */
	bool none;    /* no filter at all */
	bool unknown; /* not of a form that we know */
};

static void filter_done(struct remote_filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i]);
	free(f->items);
}

static void lower(char *text)
{
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
}

static int add(struct remote_filter *f, const char *type, const char *id)
{
	struct buf b = BUF_INIT(LIMIT_REPLY_BYTES);

	buf_puts(&b, type);
	if (id) {
		buf_putc(&b, '\n');
		buf_puts(&b, id);
	}
	_cleanup_(freep) char *item = buf_take(&b);
	buf_done(&b);
	char **items = reallocarray(f->items, f->n + 1, sizeof(*items));
	if (items)
		f->items = items;
	if (!items || !item)
		return -ENOMEM;
	lower(item);
	f->items[f->n++] = TAKE_PTR(item);
	return 0;
}

/* Adds each text of an array; false when it is none, or holds something else. */
static bool add_texts(struct remote_filter *f, const struct json *array, const char *type, int *r)
{
	if (!array || json_type(array) != JSON_TYPE_ARRAY)
		return false;
	JSON_EACH (e, array) {
		const char *text = json_string(e);
		if (!text)
			return false;
		if (*r >= 0)
			*r = type ? add(f, type, text) : add(f, text, NULL);
	}
	return true;
}

static bool add_values(struct remote_filter *f, const struct json *values, int *r)
{
	if (json_type(values) != JSON_TYPE_ARRAY)
		return false;
	JSON_EACH (e, values) {
		const char *type;
		if (json_get_string(e, "entityType", &type) != JSON_GET_OK ||
			!add_texts(f, json_member(e, "entityIds"), type, r))
			return false;
	}
	return true;
}

static bool known_members(const struct json *v)
{
	static const char *const known[] = {"@odata.type", "@type", "entityTypes",
		"entityTypes@odata.type", "filterValues", "filterValues@odata.type"};

	JSON_EACH (m, v) {
		bool found = false;
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			found = found || strcmp(json_key(m), known[i]) == 0;
		if (!found)
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_once(struct remote_filter *f)
{
	size_t n = 0;

	if (f->n == 0)
		return;
	qsort(f->items, f->n, sizeof(*f->items), compare);
	for (size_t i = 0; i < f->n; i++) {
		if (n > 0 && strcmp(f->items[n - 1], f->items[i]) == 0)
			free(f->items[i]);
		else
			f->items[n++] = f->items[i];
	}
	f->n = n;
}

static int filter_read(const char *text, struct remote_filter *f)
{
	_cleanup_(json_freep) struct json *root = NULL;

	f->none = text_empty(text);
	if (f->none)
		return 0;
	int r = json_parse(text, strlen(text), LIMIT_JSON_DEPTH, &root);
	if (r) {
		f->unknown = true;
		return r < 0 ? r : 0;
	}
	f->none = json_is_null(root);
	const struct json *types = json_member(root, "entityTypes");
	const struct json *values = json_member(root, "filterValues");
	r = 0;
	f->by_id = values != NULL;
	f->unknown = !f->none &&
		     (!types == !values || !known_members(root) ||
			     !(types ? add_texts(f, types, NULL, &r) : add_values(f, values, &r)));
	sort_once(f);
	return r;
}

static bool same_items(const struct remote_filter *a, const struct remote_filter *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

bool remote_filter_equal(const char *a, const char *b)
{
	_cleanup_(filter_done) struct remote_filter fa = {0};
	_cleanup_(filter_done) struct remote_filter fb = {0};

	if (filter_read(a, &fa) < 0 || filter_read(b, &fb) < 0)
		return false;
	if (fa.unknown || fb.unknown)
		return fa.unknown && fb.unknown && strcmp(a, b) == 0;
	return fa.none == fb.none && same_items(&fa, &fb);
}

/* --- asking -------------------------------------------------------------------------------------
 */

int remote_filter_new(const char *text, struct remote_filter **ret)
{
	_cleanup_(remote_filter_freep) struct remote_filter *f = calloc(1, sizeof(*f));
	int r = f ? filter_read(text, f) : -ENOMEM;

	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}

struct remote_filter *remote_filter_free(struct remote_filter *f)
{
	if (f)
		filter_done(f);
	free(f);
	return NULL;
}

static bool has_item(const struct remote_filter *f, const char *type, const char *id)
{
	char key[LIMIT_ENUM_BYTES + 1 + LIMIT_ID_BYTES + 1];
	const char *wanted = key;
	int n = snprintf(key, sizeof(key), "%s%s%s", type, id ? "\n" : "", id ? id : "");

	if (n < 0 || (size_t)n >= sizeof(key))
		return false;
	lower(key);
	return f->n && bsearch(&wanted, f->items, f->n, sizeof(*f->items), compare);
}

static bool has_type(const struct remote_filter *f, const char *type)
{
	size_t len = strlen(type);

	for (size_t i = 0; i < f->n; i++)
		if (strncasecmp(f->items[i], type, len) == 0 &&
			(f->items[i][len] == '\0' || f->items[i][len] == '\n'))
			return true;
	return false;
}

/* Does it hang on another object, of a type that the filter has? */
static bool hangs_on_included(const struct remote_filter *f, const char *type)
{
	return (strcmp(type, "oAuth2PermissionGrant") == 0 ||
		       strcmp(type, "appRoleAssignment") == 0) &&
	       has_type(f, "servicePrincipal");
}

enum remote_filter_word remote_filter_asked(
	const struct remote_filter *f, const char *entity_type, const char *object_id)
{
	if (f->none)
		return REMOTE_FILTER_INCLUDES;
	if (f->unknown)
		return REMOTE_FILTER_UNCLEAR;
	if (has_item(f, entity_type, f->by_id ? object_id : NULL))
		return REMOTE_FILTER_INCLUDES;
	return hangs_on_included(f, entity_type) ? REMOTE_FILTER_UNCLEAR : REMOTE_FILTER_EXCLUDES;
}
