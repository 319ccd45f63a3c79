/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aligned columns. Texts may come from anybody: each is made visible here. Rows are kept until
 * table_print(), which may be called again and again for long lists; columns then only grow.
 *
 * On a terminal what is too wide is cut (or wrapped), the columns with a minimum first. Elsewhere
 * nothing is cut: a text that is very long pushes what follows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "cli/style.h"

struct table_column {
	const char *title;
	size_t min; /* may be narrowed to this; 0: never */
	bool right;
	bool wrap; /* into further lines, at TABLE_WRAP_WIDTH columns when there is no terminal */
};
#define TABLE_WRAP_WIDTH 80u

struct table;
/* columns and style are borrowed. 0 or -ENOMEM. */
int table_new(const struct table_column *columns, size_t n, const struct style *style,
	struct table **ret);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table, table_free);

/* The next cell, row by row. NULL is "". */
void table_cell(struct table *t, enum tone tone, const char *text);

/* Rows that wait for table_print(). */
size_t table_waiting(const struct table *t);

/* Appends the title line (once, and only if there is a row) and all rows since the last call. 0 or
 * -ENOMEM. */
int table_print(struct table *t, struct buf *out);
