/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole elements of changes, read through the one page that was decoded last: rows in their order
 * decode each page once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/json.h"
#include "common/store/store_page.h"

/* Start with {.store = s}; end with store_elements_done(). */
struct store_elements {
	struct store *store;
	int64_t job, page, first; /* of what data holds; page 0: nothing */
	struct buf data;
	struct json_span *spans; /* of the page's elements in data */
	size_t n;
};
/* The element of a row: *ret is valid until the next call. 0, MISSING, DAMAGED. */
int store_element(struct store_elements *e, const struct store_change *change, const char **ret,
	size_t *ret_len);
void store_elements_done(struct store_elements *e);
