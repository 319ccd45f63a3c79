/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of collections and their annotations. It knows no resource. */
#include "common/model/odata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"

const struct json *odata_annotation(const struct json *obj, const char *name)
{
	static const char *const prefixes[] = {"@odata.", "@"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		char key[32];
		(void)snprintf(key, sizeof(key), "%s%s", prefixes[i], name);
		const struct json *v = json_member(obj, key);
		if (v)
			return v;
	}
	return NULL;
}

/* A nextLink that is there but no text would make a partial list look complete. */
static int next_link(const struct json *page, char **ret)
{
	const struct json *v = odata_annotation(page, "nextLink");

	if (!v || json_is_null(v)) {
		*ret = NULL;
		return 0;
	}
	const char *link = json_string(v);
	if (text_empty(link) || strlen(link) > LIMIT_URL_BYTES)
		return -EBADMSG;
	return text_copy(link, ret);
}

int odata_page_read(const char *text, size_t len, odata_add_fn add, void *list, char **ret_next,
	unsigned *ret_unknown)
{
	_cleanup_(json_freep) struct json *root = NULL;
	_cleanup_(freep) char *next = NULL;
	unsigned unknown = 0;

	int r = json_parse(text, len, LIMIT_JSON_DEPTH, &root);
	if (r)
		return r < 0 ? r : -EBADMSG;
	const struct json *value = json_member(root, "value");
	if (!value || json_type(value) != JSON_TYPE_ARRAY)
		return -EBADMSG;
	r = next_link(root, &next);
	if (r < 0)
		return r;
	JSON_EACH (e, value) {
		const char *id = odata_id(e);
		r = id ? add(list, id, e) : 1;
		if (r < 0)
			return r;
		if (r > 0)
			unknown++;
	}
	*ret_next = TAKE_PTR(next);
	*ret_unknown = unknown;
	return 0;
}

const char *odata_id(const struct json *obj)
{
	const char *id;

	if (json_get_string(obj, "id", &id) != JSON_GET_OK || !*id || strlen(id) > LIMIT_ID_BYTES)
		return NULL;
	return id;
}

int64_t odata_time(const struct json *obj, const char *key)
{
	int64_t us;

	if (time_parse(json_string_or(obj, key, ""), &us) < 0 || us < 0)
		return TIME_NONE;
	return us;
}
