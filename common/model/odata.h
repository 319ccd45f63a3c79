/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all lists of the service have in common. Annotations come as "@odata.nextLink" or, by OData
 * 4.01, as "@nextLink"; the published capture of the real service has "@context". Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/json.h"

/* The value of an annotation ("nextLink", "type"), in either spelling; NULL when absent. */
const struct json *odata_annotation(const struct json *obj, const char *name);

/*
 * One page of a collection: ret_root owns the document (json_free()), ret_value is its array
 * "value" inside of it, ret_next a copy of the nextLink (free() it) or NULL on the last page. 0,
 * -ENOMEM, -EBADMSG (not such a page).
 */
int odata_page_parse(const char *text, size_t len, struct json **ret_root,
	const struct json **ret_value, char **ret_next);

/* A member that is a usable id: text, not empty, at most LIMIT_ID_BYTES. NULL otherwise. */
const char *odata_id(const struct json *obj);

/*
 * A member that is a time. TIME_NONE when absent, null, unreadable, or before 1970: "no time" is
 * also written as 0001-01-01T00:00:00Z.
 */
int64_t odata_time(const struct json *obj, const char *key);
