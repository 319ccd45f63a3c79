/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a query, copied, so that the statement is closed before anybody looks at them: who shows
 * them may be a pager that waits for a key, and an open statement pins the database.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/store/db.h"

struct view_cell {
	bool null;
	int64_t i;
	size_t at, len; /* of text and bytes, in the pool */
};
struct view_rows {
	struct view_cell *cells; /* n * columns */
	size_t n, columns;
	struct buf pool;
	void *items; /* of view_rows_read_items(), n */
};

/* types: a letter for each column: 'i' integer or time, 't' text, 'b' bytes. 0 or as in db.h. */
int view_rows_read(struct db *db, const struct db_sql *q, const struct db_value *args,
	size_t n_args, const char *types, struct view_rows *ret);

/* What rows become. */
struct view_shape {
	const char *types; /* as above */
	size_t size;	   /* of an item */
	void (*fill)(void *item, const struct view_rows *rows, size_t row);
};
/* Also makes an item of each row; ret owns the items and the texts that they point to. */
int view_rows_read_items(struct db *db, const struct db_sql *q, const struct db_value *args,
	size_t n_args, const struct view_shape *shape, struct view_rows *ret);

void view_rows_done(struct view_rows *rows);

int64_t view_int(const struct view_rows *rows, size_t row, size_t column); /* 0 for NULL */
int64_t view_int_or(const struct view_rows *rows, size_t row, size_t column, int64_t otherwise);
int64_t view_time(const struct view_rows *rows, size_t row, size_t column); /* TIME_NONE for NULL */
/* NULL for NULL; valid as long as the rows. */
const char *view_text(const struct view_rows *rows, size_t row, size_t column);
const void *view_blob(const struct view_rows *rows, size_t row, size_t column, size_t *ret_len);
