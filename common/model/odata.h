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

/* Takes an element of a collection with its id: 0, 1 (of no use), or an error, which ends it. */
typedef int (*odata_add_fn)(void *list, const char *id, const struct json *element);

/*
 * One page of a collection: add() gets its elements in order, until it fails. ret_next: the
 * nextLink (free() it), NULL on the last page. ret_unknown: elements without a usable id or of no
 * use to add(). 0, -ENOMEM, -EBADMSG (not such a page: nothing was added), what add() says.
 */
int odata_page_read(const char *text, size_t len, odata_add_fn add, void *list, char **ret_next,
	unsigned *ret_unknown);

/* A member that is a usable id: text, not empty, at most LIMIT_ID_BYTES. NULL otherwise. */
const char *odata_id(const struct json *obj);

/*
 * A member that is a time. TIME_NONE when absent, null, unreadable, or before 1970: "no time" is
 * also written as 0001-01-01T00:00:00Z.
 */
int64_t odata_time(const struct json *obj, const char *key);
