/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to a stream, row by row, in constant memory: one document {"schema": ..., "jobs": [...]}, or
 * an object a line.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/base/jsonw.h"

struct emit {
	FILE *out;
	const char *plural;
	bool lines;
	bool any;
	struct buf row;
	struct jsonw w;
};

/* plural: the name of the list in the document; borrowed. Nothing is written before the first row
 * or the end, so that what fails early leaves no half document. */
void emit_begin(struct emit *e, FILE *out, bool lines, const char *plural);
/* Where the next row's one object goes. */
struct jsonw *emit_row(struct emit *e);
/* Writes it. 0 or -ENOMEM (then nothing of it is written). */
int emit_row_end(struct emit *e);
/* Ends the document; e is empty afterwards. Not called when something failed: a cut document must
 * not look whole. */
void emit_end(struct emit *e);
void emit_done(struct emit *e);
