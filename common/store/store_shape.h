/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary of what rows of changes have in common: entity type, change and the names of what
 * changed. Ten thousands of rows share a few hundred of them.
 */
#pragma once

#include <stdint.h>

#include "common/model/change.h"
#include "common/store/store.h"

#define STORE_SHAPES_CACHED 512u

/* Ids that this transaction has met. Zero it; end with store_shapes_done(). */
struct store_shapes {
	struct store_shape *slots[STORE_SHAPES_CACHED]; /* by hash; a newer one displaces */
};
void store_shapes_done(struct store_shapes *shapes);

/* The id of a row's shape; a new one is added. 0 or as in db.h. */
int store_shape_id(
	struct store *s, struct store_shapes *shapes, const struct change_row *row, int64_t *ret);
