/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of a job by what a person types: the beginning of an id, or a name. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"
#include "common/store/store_view.h"

#define GUID_BYTES 16u
#define KEY_BYTES (LIMIT_ID_BYTES + 1)

enum {
	SQL_GUIDS,
	SQL_TEXTS,
	SQL_NAMED,
	SQL_TYPES,
};

/* GUIDs are keys of 16 bytes; other ids are text and never have 16. */
static const struct db_sql sql[] = {
	[SQL_GUIDS] = {"ibbi", "SELECT DISTINCT object_id FROM change_object"
			       " WHERE object_id >= $2 AND object_id <= $3 AND job = $1"
			       " AND length(object_id) = 16 ORDER BY object_id LIMIT $4"},
	[SQL_TEXTS] = {"ibbi", "SELECT DISTINCT object_id FROM change_object"
			       " WHERE object_id >= $2 AND object_id <= $3 AND job = $1"
			       " AND length(object_id) <> 16 ORDER BY object_id LIMIT $4"},
	[SQL_NAMED] = {"iti", "SELECT DISTINCT object_id FROM change_row"
			      " WHERE job = $1 AND name = $2 ORDER BY object_id LIMIT $3"},
	[SQL_TYPES] = {"ii", "SELECT DISTINCT entity_type FROM change WHERE job = $1"
			     " ORDER BY entity_type LIMIT $2"},
};
const struct db_sql_table store_view_object_sql = {"store_view_object", sql, ARRAY_SIZE(sql)};

/* Appends what the query finds, up to limit in all. */
static int add_objects(struct store *s, const struct db_sql *q, const struct db_value *args,
	size_t n_args, size_t limit, struct view_objects *list)
{
	_cleanup_(view_rows_done) struct view_rows rows = {0};
	char text[KEY_BYTES];
	char **ids;
	int r = view_rows_read(s->db, q, args, n_args, "b", &rows);

	if (r < 0)
		return r;
	ids = reallocarray(list->ids, list->n + rows.n + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	list->ids = ids;
	for (size_t i = 0; i < rows.n && list->n < limit; i++) {
		size_t len;
		const void *key = view_blob(&rows, i, 0, &len);

		ids[list->n] = strdup(object_id_decode(key, len, text));
		if (!ids[list->n])
			return -ENOMEM;
		list->n++;
	}
	return 0;
}

/* The keys between which GUIDs that begin with text are. False: none does. */
static bool guid_range(
	const char *text, uint8_t low[static GUID_BYTES], uint8_t high[static GUID_BYTES])
{
	char from[GUID_TEXT_SIZE] = "00000000-0000-0000-0000-000000000000";
	char to[GUID_TEXT_SIZE] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

	for (size_t i = 0; text[i]; i++) {
		if (i == GUID_TEXT_SIZE - 1)
			return false;
		if (from[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
		from[i] = to[i] = text[i];
	}
	return parse_guid(from, low) == 0 && parse_guid(to, high) == 0;
}

static int add_guids(
	struct store *s, int64_t job, const char *text, size_t limit, struct view_objects *list)
{
	uint8_t low[GUID_BYTES], high[GUID_BYTES];

	if (!guid_range(text, low, high))
		return 0;
	return add_objects(s, &sql[SQL_GUIDS],
		DB_ARGS(DB_I(job), DB_B(low, sizeof(low)), DB_B(high, sizeof(high)),
			DB_I((int64_t)limit)),
		limit, list);
}

/* UTF-8 has no byte 0xff, so this many of them come after whatever begins with text. */
static int add_texts(
	struct store *s, int64_t job, const char *text, size_t limit, struct view_objects *list)
{
	size_t len = strlen(text);
	uint8_t high[KEY_BYTES];

	if (len > LIMIT_ID_BYTES)
		return 0;
	memset(high, 0xff, sizeof(high));
	memcpy(high, text, len);
	return add_objects(s, &sql[SQL_TEXTS],
		DB_ARGS(DB_I(job), DB_B(text, len), DB_B(high, sizeof(high)), DB_I((int64_t)limit)),
		limit, list);
}

int store_view_objects_by_id(
	struct store *s, int64_t job, const char *text, size_t limit, struct view_objects *ret)
{
	_cleanup_(view_objects_done) struct view_objects list = {0};
	int r = add_guids(s, job, text, limit, &list);

	if (r == 0)
		r = add_texts(s, job, text, limit, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct view_objects){0};
	return 0;
}

int store_view_objects_by_name(
	struct store *s, int64_t job, const char *name, size_t limit, struct view_objects *ret)
{
	_cleanup_(view_objects_done) struct view_objects list = {0};
	int r = add_objects(s, &sql[SQL_NAMED],
		DB_ARGS(DB_I(job), DB_T(name), DB_I((int64_t)limit)), limit, &list);

	if (r < 0)
		return r;
	*ret = list;
	list = (struct view_objects){0};
	return 0;
}

void view_objects_done(struct view_objects *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->ids[i]);
	free(list->ids);
	*list = (struct view_objects){0};
}

int store_view_types(struct store *s, int64_t job, size_t limit, struct view_rows *ret)
{
	return view_rows_read(
		s->db, &sql[SQL_TYPES], DB_ARGS(DB_I(job), DB_I((int64_t)limit)), "t", ret);
}
