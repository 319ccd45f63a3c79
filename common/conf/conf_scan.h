/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libconfuse does not tell about a file: the line where a section begins or a key stands, that
 * a key was given twice (the last one would win), that the file ends inside of a comment or a
 * section (it would be taken for complete), and "${NAME}" (it would be replaced from the
 * environment). Finds words, braces and signs by the rules of libconfuse's lexer and leaves grammar
 * and values to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

struct conf_mark {
	size_t parent; /* index of the section that it stands in */
	size_t end;    /* sections: one behind the last mark inside */
	bool section;
	unsigned line;
	char *name;
	char *title; /* sections that have one, else NULL */
};

/* In the order of the file; the first one is the file itself, a section without a name. */
struct conf_marks {
	struct conf_mark *items;
	size_t n;
};

/*
 * 0; -ENOMEM; or 1 with "FILE:LINE: ..." lines appended to errors. file is for messages. text has
 * len bytes and a NUL behind them.
 */
int conf_scan(
	const char *text, size_t len, const char *file, struct conf_marks *ret, struct buf *errors);
void conf_marks_done(struct conf_marks *m);

/* The first section at or after *from (updated) of that parent, name and title, else NULL. */
const struct conf_mark *conf_marks_section(const struct conf_marks *m, size_t parent,
	const char *name, const char *title, size_t *from);
/* The line of a key directly in this section; that of the section when it is not there. */
unsigned conf_marks_key_line(const struct conf_marks *m, size_t section, const char *name);

/* Appends "FILE:LINE: " (line 0: "FILE: "), the message and a newline. */
void conf_complain(struct buf *out, const char *file, unsigned line, const char *fmt, ...)
	_printf_(4, 5);
