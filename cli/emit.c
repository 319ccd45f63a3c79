/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/emit.h"

#include "common/base/limits.h"

void emit_begin(struct emit *e, FILE *out, bool lines, const char *plural)
{
	*e = (struct emit){
		.out = out,
		.plural = plural,
		.lines = lines,
		.row = BUF_INIT(LIMIT_VIEW_BYTES),
	};
}

static void open_document(const struct emit *e)
{
	(void)fprintf(e->out, "{\"schema\":\"snapwatch/1\",\"%s\":[", e->plural);
}

struct jsonw *emit_row(struct emit *e)
{
	buf_reset(&e->row);
	e->w = JSONW_INIT(&e->row);
	return &e->w;
}

int emit_row_end(struct emit *e)
{
	int r = buf_error(&e->row);

	if (r < 0)
		return r;
	if (!e->lines && !e->any)
		open_document(e);
	if (!e->lines)
		(void)fputs(e->any ? ",\n" : "\n", e->out);
	(void)fwrite(buf_text(&e->row), 1, e->row.len, e->out);
	if (e->lines)
		(void)fputc('\n', e->out);
	e->any = true;
	return 0;
}

void emit_end(struct emit *e)
{
	if (!e->lines && !e->any)
		open_document(e);
	if (!e->lines)
		(void)fputs(e->any ? "\n]}\n" : "]}\n", e->out);
	emit_done(e);
}

void emit_done(struct emit *e)
{
	buf_done(&e->row);
	*e = (struct emit){0};
}
