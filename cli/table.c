/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/text_width.h"

#define GAP 2u
/* Without a terminal a column is not made wider than this for one long text. */
#define PAD_MAX 48u

struct cell {
	char *text; /* visible */
	size_t columns;
	enum tone tone;
};

struct table {
	const struct table_column *columns;
	const struct style *style;
	size_t n_columns;
	size_t *widths; /* that the contents want */
	size_t *shown;	/* that they get */
	struct cell *cells;
	size_t n_cells, cap;
	bool titled;
	bool wraps;
	bool failed; /* out of memory */
};

int table_new(
	const struct table_column *columns, size_t n, const struct style *style, struct table **ret)
{
	_cleanup_(table_freep) struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->columns = columns;
	t->n_columns = n;
	t->style = style;
	t->widths = calloc(n, sizeof(*t->widths));
	t->shown = calloc(n, sizeof(*t->shown));
	if (!t->widths || !t->shown)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		t->widths[i] = text_columns(columns[i].title);
		t->wraps = t->wraps || columns[i].wrap;
	}
	*ret = TAKE_PTR(t);
	return 0;
}

static void drop_cells(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i].text);
	t->n_cells = 0;
}

struct table *table_free(struct table *t)
{
	if (!t)
		return NULL;
	drop_cells(t);
	free(t->cells);
	free(t->widths);
	free(t->shown);
	free(t);
	return NULL;
}

void table_cell(struct table *t, enum tone tone, const char *text)
{
	struct buf visible = BUF_INIT(LIMIT_VIEW_BYTES);
	size_t column = t->n_cells % t->n_columns;
	struct cell *c;

	if (t->n_cells == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct cell *cells = reallocarray(t->cells, cap, sizeof(*cells));

		t->failed = t->failed || !cells;
		if (!cells)
			return;
		t->cells = cells;
		t->cap = cap;
	}
	c = &t->cells[t->n_cells];
	if (text)
		text_append_visible(&visible, text, strlen(text));
	*c = (struct cell){.text = buf_take(&visible), .tone = tone};
	buf_done(&visible);
	t->failed = t->failed || !c->text;
	if (!c->text)
		return;
	t->n_cells++;
	c->columns = text_columns(c->text);
	if (c->columns > t->widths[column])
		t->widths[column] = c->columns;
}

/* --- widths -------------------------------------------------------------------------------------
 */

/* The widest column that may still be narrowed; n_columns when there is none. */
static size_t widest(const struct table *t)
{
	size_t found = t->n_columns;

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].min && t->shown[i] > t->columns[i].min &&
			(found == t->n_columns || t->shown[i] > t->shown[found]))
			found = i;
	return found;
}

static size_t total(const struct table *t)
{
	size_t sum = GAP * (t->n_columns - 1);

	for (size_t i = 0; i < t->n_columns; i++)
		sum += t->shown[i];
	return sum;
}

/* Nobody gains from more: it bounds the work of narrowing. */
static size_t most(const struct table_column *column, size_t width)
{
	if (!column->min)
		return SIZE_MAX;
	if (!width)
		return PAD_MAX;
	return width > column->min ? width : column->min;
}

static void fit(struct table *t)
{
	size_t width = t->style->width, i;

	if (!width && t->wraps)
		width = TABLE_WRAP_WIDTH;
	for (i = 0; i < t->n_columns; i++) {
		size_t limit = most(&t->columns[i], width);

		t->shown[i] = t->widths[i] < limit ? t->widths[i] : limit;
	}
	while (width && total(t) > width && (i = widest(t)) < t->n_columns)
		t->shown[i]--;
}

/* --- printing -----------------------------------------------------------------------------------
 */

/* How much of text goes into one line; *ret_next: where the next line begins. */
static size_t line_length(const char *text, size_t columns, size_t *ret_next)
{
	size_t len = strlen(text), used = 0, at = 0, blank = 0;

	while (at < len) {
		uint32_t c;
		size_t n = utf8_decode(text + at, len - at, &c);
		size_t wide = n ? char_columns(c) : 1;

		n = n ? n : 1;
		if (used + wide > columns && at > 0)
			break;
		if (c == ' ')
			blank = at;
		used += wide;
		at += n;
	}
	if (at == len) {
		*ret_next = len;
		return len;
	}
	/* at a blank, unless that leaves the line half empty */
	if (text[at] == ' ')
		blank = at;
	if (blank > 0 && blank >= at / 2)
		at = blank;
	*ret_next = at;
	while (text[*ret_next] == ' ')
		++*ret_next;
	return at;
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_putc(out, ' ');
}

/* One line of one cell, padded when something follows. */
static void print_piece(const struct table *t, size_t column, enum tone tone, const char *text,
	bool last, struct buf *out)
{
	_cleanup_(buf_done) struct buf piece = BUF_INIT(LIMIT_VIEW_BYTES);
	size_t width = t->shown[column], used;
	bool cut = t->style->width && t->columns[column].min && !t->columns[column].wrap;

	text_append_fitted(&piece, text, cut ? width : SIZE_MAX, false);
	used = text_columns(buf_text(&piece));
	if (t->columns[column].right && used < width)
		pad(out, width - used);
	style_append(t->style, tone, buf_text(&piece), out);
	if (!last && !t->columns[column].right && used < width)
		pad(out, width - used);
	if (!last)
		pad(out, GAP);
}

/* Lines end without blanks. */
static void end_line(struct buf *out, size_t from)
{
	size_t len = out->len;

	while (len > from && out->data[len - 1] == ' ')
		len--;
	buf_truncate(out, len);
	buf_putc(out, '\n');
}

static void print_titles(struct table *t, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < t->n_columns; i++)
		print_piece(t, i, TONE_DIM, t->columns[i].title, i + 1 == t->n_columns, out);
	end_line(out, from);
	t->titled = true;
}

/* rest: the part of each cell that is still to be printed. */
static bool print_line(
	const struct table *t, const struct cell *row, const char **rest, struct buf *out)
{
	size_t from = out->len;
	bool more = false;

	for (size_t i = 0; i < t->n_columns; i++) {
		size_t next = strlen(rest[i]), len = next;
		char *line;

		if (t->columns[i].wrap)
			len = line_length(rest[i], t->shown[i], &next);
		line = strndup(rest[i], len);
		print_piece(t, i, row[i].tone, line ? line : "", i + 1 == t->n_columns, out);
		free(line);
		rest[i] += next;
		more = more || *rest[i];
	}
	end_line(out, from);
	return more;
}

static void print_row(
	const struct table *t, const struct cell *row, const char **rest, struct buf *out)
{
	for (size_t i = 0; i < t->n_columns; i++)
		rest[i] = row[i].text;
	while (print_line(t, row, rest, out))
		;
}

size_t table_waiting(const struct table *t)
{
	return t->n_cells / t->n_columns;
}

int table_print(struct table *t, struct buf *out)
{
	_cleanup_(freep) const char **rest = calloc(t->n_columns, sizeof(*rest));

	if (t->failed || !rest)
		return -ENOMEM;
	fit(t);
	if (!t->titled && t->n_cells)
		print_titles(t, out);
	for (size_t at = 0; at + t->n_columns <= t->n_cells; at += t->n_columns)
		print_row(t, &t->cells[at], rest, out);
	drop_cells(t);
	return buf_error(out);
}
