/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_print.h"

#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

/* "  FAIL  configuration  " */
#define MARK_COLUMNS 6u
#define CHECK_COLUMNS 15u
#define INDENT (2u + MARK_COLUMNS + CHECK_COLUMNS)
#define WIDTH_NO_TERMINAL 80u
#define WIDTH_MIN 40u

static const struct {
	const char *mark;
	enum tone tone;
} marks[_DOCTOR_RESULT_MAX] = {
	[DOCTOR_OK] = {"ok", TONE_GOOD},
	[DOCTOR_WARN] = {"WARN", TONE_WARN},
	[DOCTOR_FAIL] = {"FAIL", TONE_BAD},
	[DOCTOR_SKIPPED] = {"-", TONE_DIM},
};

struct printer {
	const struct style *style;
	struct buf *out;
	size_t width;
};

/* A word, or a blank before and a word: whether that fits is asked first. */
static size_t word_columns(const char *word, size_t len)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(2 * LIMIT_DOCTOR_TEXT_BYTES);

	buf_append(&text, word, len);
	return text_columns(buf_text(&text));
}

/* Visible text from column at on; further lines begin at the indent. */
static void put_wrapped(const struct printer *p, const char *text, size_t at)
{
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " "), columns = word_columns(text, len);

		if (!first && at + 1 + columns > p->width) {
			buf_printf(p->out, "\n%*s", (int)INDENT, "");
			at = INDENT;
		} else if (!first) {
			buf_putc(p->out, ' ');
			at++;
		}
		buf_append(p->out, text, len);
		at += columns;
		first = false;
		text += len;
		text += strspn(text, " ");
	}
}

static void put_text(const struct printer *p, const char *text, size_t at)
{
	_cleanup_(buf_done) struct buf visible = BUF_INIT_SURE(16 * LIMIT_DOCTOR_TEXT_BYTES);

	text_append_visible(&visible, text, strlen(text));
	put_wrapped(p, buf_text(&visible), at);
}

static void put_padded(const struct printer *p, enum tone tone, const char *text, size_t columns)
{
	size_t used = text_columns(text);

	style_append(p->style, tone, text, p->out);
	buf_printf(p->out, "%*s", used < columns ? (int)(columns - used) : 1, "");
}

static void put_item(const struct printer *p, const struct doctor_item *item)
{
	char label[LIMIT_NAME_BYTES];

	(void)snprintf(label, sizeof(label), "%s%s%s", doctor_check_name(item->check),
		item->sink ? " " : "", item->sink ? item->sink : "");
	buf_puts(p->out, "  ");
	put_padded(p, marks[item->result].tone, marks[item->result].mark, MARK_COLUMNS);
	put_padded(p, TONE_PLAIN, label, CHECK_COLUMNS);
	size_t used = text_columns(label);
	put_text(p, item->evidence, INDENT + (used < CHECK_COLUMNS ? 0 : used + 1 - CHECK_COLUMNS));
	buf_putc(p->out, '\n');
	if (!item->remedy || item->result == DOCTOR_OK || item->result == DOCTOR_SKIPPED)
		return;
	buf_printf(p->out, "%*s", (int)INDENT, "");
	style_append(p->style, TONE_BOLD, "->", p->out);
	buf_putc(p->out, ' ');
	put_text(p, item->remedy, INDENT + 3);
	buf_putc(p->out, '\n');
}

static void put_summary(const struct printer *p, const struct doctor_report *report)
{
	size_t n[_DOCTOR_RESULT_MAX] = {0};

	for (size_t i = 0; i < report->n; i++)
		n[report->items[i].result]++;
	buf_printf(p->out, "\n%zu failed, %zu warning%s, %zu ok, %zu skipped\n", n[DOCTOR_FAIL],
		n[DOCTOR_WARN], n[DOCTOR_WARN] == 1 ? "" : "s", n[DOCTOR_OK], n[DOCTOR_SKIPPED]);
}

/* The title of a group, when it begins another. */
static void put_group(
	const struct printer *p, const struct doctor_item *before, const struct doctor_item *item)
{
	const char *tenant = item->tenant ? item->tenant : "";

	if (before && strcmp(before->tenant ? before->tenant : "", tenant) == 0)
		return;
	if (before)
		buf_putc(p->out, '\n');
	_cleanup_(buf_done) struct buf visible = BUF_INIT_SURE(8 * LIMIT_NAME_BYTES);
	text_append_visible(&visible, tenant, strlen(tenant));
	style_append(p->style, TONE_BOLD, *tenant ? buf_text(&visible) : "this host", p->out);
	buf_putc(p->out, '\n');
}

void doctor_print(const struct doctor_report *report, const struct style *style, struct buf *out)
{
	const struct printer p = {
		.style = style,
		.out = out,
		.width = style->width == 0	    ? WIDTH_NO_TERMINAL
			 : style->width < WIDTH_MIN ? WIDTH_MIN
						    : style->width,
	};

	for (size_t i = 0; i < report->n; i++) {
		put_group(&p, i ? &report->items[i - 1] : NULL, &report->items[i]);
		put_item(&p, &report->items[i]);
	}
	put_summary(&p, report);
}
