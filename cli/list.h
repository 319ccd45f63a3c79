/* SPDX-License-Identifier: Apache-2.0 */
/* A command that lists rows of the store: a table, a JSON document, or JSON lines. */
#pragma once

#include <stddef.h>

struct cli;
struct emit;
struct table;
struct table_column;

struct list {
	const struct table_column *columns;
	size_t n_columns;
	const char *plural; /* the member of the document that has the rows */
	/* Reads batch by batch and fills table or document. 0 or < 0; *ret_n: rows. */
	int (*show)(const struct cli *c, struct table *t, struct emit *e, size_t *ret_n);
	/* For people, when there is no row. */
	const char *(*none)(const struct cli *c);
};

/* Returns an enum exit_code and has said on stderr what is wrong. */
int list_run(struct cli *c, const struct list *list);
