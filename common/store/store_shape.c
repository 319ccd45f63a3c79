/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_shape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_tables.h"

enum {
	SQL_FIND,
	SQL_ADD,
};

static const struct db_sql sql[] = {
	[SQL_FIND] = {"ttt", "SELECT id FROM change_shape WHERE entity_type = $1 AND change = $2"
			     " AND changed = $3"},
	[SQL_ADD] = {"ttt", "INSERT INTO change_shape (entity_type, change, changed)"
			    " VALUES ($1, $2, $3) RETURNING id"},
};
const struct db_sql_table store_shape_sql = {"store_shape", sql, ARRAY_SIZE(sql)};

/* The three texts one behind the other, each with its NUL: as they are in a row. */
struct store_shape {
	int64_t id;
	size_t type_at, changed_at;
	char text[];
};

/* FNV-1a; who makes texts collide only makes the cache useless. */
static uint64_t hash(uint64_t h, const char *text)
{
	do
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return h;
}

static bool same(const struct store_shape *shape, const struct change_row *row)
{
	return shape && strcmp(shape->text + shape->changed_at, row->changed) == 0 &&
	       strcmp(shape->text + shape->type_at, row->entity_type) == 0 &&
	       strcmp(shape->text, row->change) == 0;
}

static struct store_shape *shape_new(const struct change_row *row, int64_t id)
{
	size_t change = strlen(row->change) + 1, type = strlen(row->entity_type) + 1;
	size_t changed = strlen(row->changed) + 1;
	struct store_shape *shape = malloc(sizeof(*shape) + change + type + changed);

	if (!shape)
		return NULL;
	*shape = (struct store_shape){.id = id, .type_at = change, .changed_at = change + type};
	memcpy(shape->text, row->change, change);
	memcpy(shape->text + shape->type_at, row->entity_type, type);
	memcpy(shape->text + shape->changed_at, row->changed, changed);
	return shape;
}

int store_shape_id(
	struct store *s, struct store_shapes *shapes, const struct change_row *row, int64_t *ret)
{
	uint64_t h = hash(hash(hash(UINT64_C(0xcbf29ce484222325), row->change), row->entity_type),
		row->changed);
	struct store_shape **slot = &shapes->slots[h % STORE_SHAPES_CACHED];
	int64_t id = 0;

	if (same(*slot, row)) {
		*ret = (*slot)->id;
		return 0;
	}
	for (int which = SQL_FIND; which <= SQL_ADD; which++) {
		int r = db_query_int(s->db, &sql[which],
			DB_ARGS(DB_T(row->entity_type), DB_T(row->change), DB_T(row->changed)),
			&id);
		if (r < 0)
			return r;
		if (r > 0)
			break;
	}
	struct store_shape *shape = shape_new(row, id);
	if (!shape)
		return -ENOMEM;
	free(*slot);
	*slot = shape;
	*ret = id;
	return 0;
}

void store_shapes_done(struct store_shapes *shapes)
{
	for (size_t i = 0; i < STORE_SHAPES_CACHED; i++)
		free(shapes->slots[i]);
	*shapes = (struct store_shapes){0};
}
