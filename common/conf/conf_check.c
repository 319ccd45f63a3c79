/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_check.h"

#include <string.h>

#include "common/base/err.h"
#include "common/conf/conf.h"

/* A configuration with more to say about than this is beyond reading. */
#define REPORT_BYTES (1024u * 1024)

static size_t count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

/* "FILE:LINE: text" or "FILE: text" with the word in between. */
static void append_marked(struct buf *out, const struct buf *lines, const char *word)
{
	const char *line = buf_text(lines);

	while (*line) {
		const char *end = strchrnul(line, '\n');
		const char *text = strstr(line, ": ");
		size_t place = text && text < end ? (size_t)(text + 2 - line) : 0;

		buf_append(out, line, place);
		buf_puts(out, word);
		buf_append(out, line + place, (size_t)(end - line) - place);
		buf_putc(out, '\n');
		line = *end ? end + 1 : end;
	}
}

static void append_count(struct buf *out, const char *before, size_t n, const char *noun)
{
	buf_printf(out, "%s%zu %s%s", before, n, noun, n == 1 ? "" : "s");
}

static void append_summary(struct buf *out, const struct conf *c, size_t warnings)
{
	size_t watches = 0;

	for (size_t i = 0; i < c->n_tenants; i++)
		watches += c->tenants[i]->n_watches;
	append_count(out, ": ", c->n_tenants, "tenant");
	buf_printf(out, ", %zu watch%s", watches, watches == 1 ? "" : "es");
	append_count(out, ", ", c->n_rules, "rule");
	append_count(out, ", ", c->n_sinks, "sink");
	buf_puts(out, ": ok");
	if (warnings)
		append_count(out, ", ", warnings, "warning");
}

int conf_check(const char *path, struct buf *report)
{
	struct buf errors = BUF_INIT(REPORT_BYTES);
	struct buf warnings = BUF_INIT(REPORT_BYTES);
	struct conf *c = NULL;
	int r = conf_load(path, &c, &errors, &warnings);

	if (r >= 0) {
		buf_append(report, buf_text(&errors), errors.len);
		append_marked(report, &warnings, "warning: ");
		buf_puts(report, path);
		if (c)
			append_summary(report, c, count_lines(&warnings));
		else
			append_count(report, ": ", count_lines(&errors), "error");
		buf_putc(report, '\n');
	}
	(void)conf_free(c);
	buf_done(&errors);
	buf_done(&warnings);
	return r;
}

int conf_check_print(const char *path, FILE *out, FILE *err)
{
	struct buf report = BUF_INIT(2 * REPORT_BYTES);
	int r = conf_check(path, &report);

	(void)fputs(buf_text(&report), r == 0 ? out : err);
	if (r < 0)
		(void)fprintf(err, "%s: %s\n", path, err_text(r));
	buf_done(&report);
	return r == 0 ? EXIT_CODE_OK : EXIT_CODE_CONFIG;
}
