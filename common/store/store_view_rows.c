/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_view_rows.h"

#include <errno.h>
#include <string.h>

#include "common/base/limits.h"

static int copy_text(struct view_rows *rows, struct view_cell *cell, const void *p, size_t len)
{
	cell->at = rows->pool.len;
	cell->len = len;
	buf_append(&rows->pool, p, len);
	buf_putc(&rows->pool, '\0');
	return buf_error(&rows->pool);
}

static int copy_row(struct view_rows *rows, const struct db_rows *from, const char *types)
{
	struct view_cell *cells = &rows->cells[rows->n * rows->columns];
	int r = 0;

	for (int c = 0; r == 0 && types[c]; c++) {
		size_t len = 0;
		const void *p;

		cells[c] = (struct view_cell){.null = db_is_null(from, c)};
		if (cells[c].null)
			continue;
		switch (types[c]) {
		case 'i':
			cells[c].i = db_int(from, c);
			break;
		case 't':
			p = db_text(from, c);
			r = copy_text(rows, &cells[c], p ? p : "", p ? strlen(p) : 0);
			break;
		default:
			p = db_blob(from, c, &len);
			r = copy_text(rows, &cells[c], p ? p : "", p ? len : 0);
			break;
		}
	}
	rows->n++;
	return r;
}

static int grow(struct view_rows *rows, size_t *cap)
{
	struct view_cell *cells;

	if (rows->n < *cap)
		return 0;
	*cap = *cap ? 2 * *cap : 16;
	cells = reallocarray(rows->cells, *cap * rows->columns, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	rows->cells = cells;
	return 0;
}

int view_rows_read(struct db *db, const struct db_sql *q, const struct db_value *args,
	size_t n_args, const char *types, struct view_rows *ret)
{
	_cleanup_(view_rows_done) struct view_rows rows = {
		.columns = strlen(types),
		.pool = BUF_INIT(LIMIT_VIEW_BYTES),
	};
	_cleanup_(db_rows_done) struct db_rows from = {0};
	size_t cap = 0;
	int r = db_query(db, q, args, n_args, &from);

	while (r >= 0 && (r = db_next(&from)) > 0) {
		r = grow(&rows, &cap);
		if (r == 0)
			r = copy_row(&rows, &from, types);
	}
	if (r < 0)
		return r;
	*ret = rows;
	rows = (struct view_rows){0};
	return 0;
}

int view_rows_read_items(struct db *db, const struct db_sql *q, const struct db_value *args,
	size_t n_args, const struct view_shape *shape, struct view_rows *ret)
{
	_cleanup_(view_rows_done) struct view_rows rows = {0};
	int r = view_rows_read(db, q, args, n_args, shape->types, &rows);

	if (r < 0)
		return r;
	rows.items = calloc(rows.n + 1, shape->size);
	if (!rows.items)
		return -ENOMEM;
	for (size_t i = 0; i < rows.n; i++)
		shape->fill((char *)rows.items + i * shape->size, &rows, i);
	*ret = rows;
	rows = (struct view_rows){0};
	return 0;
}

void view_rows_done(struct view_rows *rows)
{
	free(rows->items);
	free(rows->cells);
	buf_done(&rows->pool);
	*rows = (struct view_rows){0};
}

static const struct view_cell *cell_at(const struct view_rows *rows, size_t row, size_t column)
{
	return &rows->cells[row * rows->columns + column];
}

int64_t view_int_or(const struct view_rows *rows, size_t row, size_t column, int64_t otherwise)
{
	const struct view_cell *c = cell_at(rows, row, column);

	return c->null ? otherwise : c->i;
}

int64_t view_int(const struct view_rows *rows, size_t row, size_t column)
{
	return view_int_or(rows, row, column, 0);
}

int64_t view_time(const struct view_rows *rows, size_t row, size_t column)
{
	return view_int_or(rows, row, column, TIME_NONE);
}

const char *view_text(const struct view_rows *rows, size_t row, size_t column)
{
	return view_blob(rows, row, column, NULL);
}

const void *view_blob(const struct view_rows *rows, size_t row, size_t column, size_t *ret_len)
{
	const struct view_cell *c = cell_at(rows, row, column);

	if (ret_len)
		*ret_len = c->null ? 0 : c->len;
	return c->null ? NULL : rows->pool.data + c->at;
}
