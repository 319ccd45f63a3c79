/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_filter.h"

#include <errno.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/conf/conf_keys.h"

#define NAMESPACE "#microsoft.graph.entraRecoveryServices."
/* 100 ids, or a dozen types, with their names around them. */
#define FILTER_BYTES (LIMIT_FILTER_OBJECT_IDS * (LIMIT_ID_BYTES + 64))

static int sorted_copy(const struct strv *v, struct strv *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++)
		r = strv_add(ret, v->items[i]);
	strv_sort(ret);
	return r;
}

static void write_types(struct jsonw *w, const struct strv *types)
{
	jsonw_kv_string(w, "@odata.type", NAMESPACE "recoveryJobEntityNamesFilter");
	jsonw_key(w, "entityTypes");
	jsonw_array(w);
	for (size_t i = 0; i < types->n; i++)
		jsonw_string(w, types->items[i]);
	jsonw_array_end(w);
}

/* Sorted, so the ids of a type are neighbours; the service refuses a type that comes twice. */
static void write_ids(struct jsonw *w, const struct strv *ids)
{
	size_t type_len = 0;

	jsonw_kv_string(w, "@odata.type", NAMESPACE "recoveryJobEntityNameAndIdsFilter");
	jsonw_key(w, "filterValues");
	jsonw_array(w);
	for (size_t i = 0; i < ids->n; i++) {
		const char *id = ids->items[i];
		bool same = i > 0 && strncmp(id, ids->items[i - 1], type_len + 1) == 0;

		if (!same) {
			if (i > 0) {
				jsonw_array_end(w);
				jsonw_object_end(w);
			}
			type_len = strcspn(id, ":");
			jsonw_object(w);
			jsonw_key(w, "entityType");
			jsonw_string_n(w, id, type_len);
			jsonw_key(w, "entityIds");
			jsonw_array(w);
		}
		jsonw_string(w, id + type_len + 1);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_array_end(w);
}

static int write_filter(const struct conf_watch *watch, struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);
	struct strv sorted = {0};
	bool by_id = watch->object_ids.n > 0;
	int r;

	if (!by_id && watch->entity_types.n == 0)
		return 0;
	r = sorted_copy(by_id ? &watch->object_ids : &watch->entity_types, &sorted);
	if (r == 0) {
		jsonw_object(&w);
		(by_id ? write_ids : write_types)(&w, &sorted);
		jsonw_object_end(&w);
	}
	strv_done(&sorted);
	return r < 0 ? r : buf_error(out);
}

int conf_filter_make(struct conf_watch *w)
{
	struct buf json = BUF_INIT(FILTER_BYTES);
	uint8_t hash[SHA256_SIZE];
	char *text;
	int r = write_filter(w, &json);

	if (r == 0)
		r = sha256(buf_text(&json), json.len, hash);
	text = r == 0 ? buf_take(&json) : NULL;
	if (!text) {
		buf_done(&json);
		return r < 0 ? r : -ENOMEM;
	}
	free(w->filter_json);
	w->filter_json = text;
	(void)hex_format(hash, sizeof(hash), w->filter_hash);
	return 0;
}
