/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/conf_scan.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"

/* Of a word in a message. */
#define SHOWN_BYTES 80u

enum token {
	TOKEN_END,
	TOKEN_ERROR,
	TOKEN_WORD,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_SET,
	TOKEN_APPEND,
	TOKEN_OTHER,
};

struct scan {
	const char *p, *end;
	unsigned line;
	const char *file;
	struct buf *errors;
	struct conf_marks *marks;
	size_t section; /* the innermost open one */
	/* The words of the statement that is being read: key, or name and title. */
	char *words[2];
	unsigned lines[2];
	size_t n_words;
	struct buf word; /* of the last TOKEN_WORD */
	unsigned word_line;
	struct buf shown; /* a word for a message */
};

void conf_complain(struct buf *out, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (line)
		buf_printf(out, "%s:%u: ", file, line);
	else
		buf_printf(out, "%s: ", file);
	va_start(ap, fmt);
	buf_vprintf(out, fmt, ap);
	va_end(ap);
	buf_putc(out, '\n');
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* A word as a message may show it, valid until the next one is asked for. */
static const char *visible(struct scan *s, const char *word)
{
	buf_reset(&s->shown);
	text_append_visible(&s->shown, word, strnlen(word, SHOWN_BYTES));
	if (strlen(word) > SHOWN_BYTES)
		buf_puts(&s->shown, "...");
	return buf_text(&s->shown);
}

static enum token unclosed(struct scan *s, unsigned line, const char *what)
{
	conf_complain(s->errors, s->file, line, "the %s that begins here is not closed", what);
	return TOKEN_ERROR;
}

static enum token environment(struct scan *s)
{
	conf_complain(s->errors, s->file, s->line,
		"\"${\" would be replaced from the environment, which is not allowed here; "
		"write \"\\${\" in quotes for the characters themselves");
	return TOKEN_ERROR;
}

static bool at(const struct scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->p) >= len && memcmp(s->p, text, len) == 0;
}

/* Moves to the next token. False when a comment has no end. */
static bool skip_blank(struct scan *s)
{
	for (; s->p < s->end; s->p++) {
		if (*s->p == '#' || at(s, "//")) {
			while (s->p < s->end && *s->p != '\n')
				s->p++;
			if (s->p == s->end)
				return true;
		} else if (at(s, "/*")) {
			unsigned begin = s->line;

			for (s->p += 2; s->p < s->end && !at(s, "*/"); s->p++)
				s->line += *s->p == '\n';
			if (s->p == s->end)
				return unclosed(s, begin, "comment"), false;
			s->p++;
			continue;
		} else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r' && *s->p != '\n') {
			return true;
		}
		s->line += *s->p == '\n';
	}
	return true;
}

static enum token quoted(struct scan *s)
{
	char quote = *s->p++;

	for (; s->p < s->end && *s->p != quote; s->p++) {
		if (quote == '"' && at(s, "${"))
			return environment(s);
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		s->line += *s->p == '\n';
		buf_putc(&s->word, *s->p);
	}
	if (s->p == s->end)
		return unclosed(s, s->word_line, "text in quotes");
	s->p++;
	return TOKEN_WORD;
}

/* libconfuse drops it silently: kiosk-* would become kiosk-. */
static enum token needs_quotes(struct scan *s)
{
	conf_complain(s->errors, s->file, s->line,
		"\"%c\" has no meaning here; put the whole text into quotes", *s->p);
	return TOKEN_ERROR;
}

static enum token bare(struct scan *s)
{
	const char *begin = s->p;

	for (; s->p < s->end && !strchr(" #\"'\t\n\r={}()+,*", *s->p); s->p++)
		if (at(s, "//") || at(s, "/*"))
			break;
	if (s->p < s->end && *s->p == '{' && s->p > begin && s->p[-1] == '$')
		return environment(s);
	if (s->p < s->end && *s->p == '*')
		return needs_quotes(s);
	buf_append(&s->word, begin, (size_t)(s->p - begin));
	return TOKEN_WORD;
}

static enum token next(struct scan *s)
{
	if (!skip_blank(s))
		return TOKEN_ERROR;
	if (s->p == s->end)
		return TOKEN_END;
	buf_reset(&s->word);
	s->word_line = s->line;
	switch (*s->p) {
	case '{':
		return s->p++, TOKEN_OPEN;
	case '}':
		return s->p++, TOKEN_CLOSE;
	case '=':
		return s->p++, TOKEN_SET;
	case '+':
		return at(s, "+=") ? TOKEN_APPEND : needs_quotes(s);
	case '(':
	case ')':
	case ',':
		return s->p++, TOKEN_OTHER;
	case '"':
	case '\'':
		return quoted(s);
	default:
		return bare(s);
	}
}

/* --- marks ------------------------------------------------------------------------------------ */

static int add_mark(struct scan *s, struct conf_mark mark)
{
	struct conf_marks *m = s->marks;
	struct conf_mark *more;

	if (m->n >= LIMIT_CONFIG_MARKS) {
		conf_complain(s->errors, s->file, mark.line, "too many keys and sections");
		return 1;
	}
	/* Doubled at powers of two. */
	if ((m->n & (m->n - 1)) == 0) {
		more = reallocarray(m->items, m->n ? 2 * m->n : 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		m->items = more;
	}
	m->items[m->n++] = mark;
	return 0;
}

static void forget_words(struct scan *s)
{
	for (size_t i = 0; i < s->n_words; i++)
		free(s->words[i]);
	s->n_words = 0;
}

static int add_word(struct scan *s)
{
	/* A third word in a row is an error that libconfuse finds. */
	if (s->n_words == ARRAY_SIZE(s->words))
		forget_words(s);
	s->lines[s->n_words] = s->word_line;
	s->words[s->n_words] = strdup(buf_text(&s->word));
	return s->words[s->n_words++] ? 0 : -ENOMEM;
}

/* Takes the words; the title only of sections. */
static int add_statement(struct scan *s, bool section)
{
	size_t name = !section && s->n_words == 2 ? 1 : 0;
	struct conf_mark mark = {.parent = s->section, .section = section};
	int r;

	if (s->n_words == 0)
		return 0;
	mark.line = s->lines[name];
	mark.name = TAKE_PTR(s->words[name]);
	mark.title = section && s->n_words == 2 ? TAKE_PTR(s->words[1]) : NULL;
	forget_words(s);
	mark.end = s->marks->n + 1;
	r = add_mark(s, mark);
	if (r != 0) {
		free(mark.name);
		free(mark.title);
	}
	return r;
}

/* One more of the same in the same section; titles that repeat are found where files meet. */
static int check_repeat(struct scan *s)
{
	const struct conf_mark *last = &s->marks->items[s->marks->n - 1];
	const struct conf_mark *m = last;

	if (s->marks->n < 2 || last->title)
		return 0;
	for (size_t i = s->section + 1; i < s->marks->n - 1; i++) {
		m = &s->marks->items[i];
		if (m->parent != s->section || m->section != last->section || m->title ||
			strcmp(m->name, last->name) != 0)
			continue;
		conf_complain(s->errors, s->file, last->line, "%s is given twice, first on line %u",
			visible(s, last->name), m->line);
		return 1;
	}
	return 0;
}

static int open_section(struct scan *s)
{
	size_t n = s->marks->n;
	int r = add_statement(s, true);

	if (r == 0 && s->marks->n == n) {
		conf_complain(s->errors, s->file, s->word_line, "a section has no name");
		return 1;
	}
	if (r == 0)
		r = check_repeat(s);
	s->section = n;
	return r;
}

static int close_section(struct scan *s)
{
	struct conf_mark *m = &s->marks->items[s->section];

	forget_words(s);
	if (s->section == 0) {
		conf_complain(s->errors, s->file, s->word_line, "\"}\" closes nothing");
		return 1;
	}
	m->end = s->marks->n;
	s->section = m->parent;
	return 0;
}

/* Behind "=": a word, or a list up to its "}". */
static int skip_value(struct scan *s)
{
	const struct conf_mark *key = &s->marks->items[s->marks->n - 1];
	enum token t = next(s);

	if (t == TOKEN_WORD || t == TOKEN_ERROR)
		return t == TOKEN_ERROR;
	if (t != TOKEN_OPEN) {
		conf_complain(s->errors, s->file, key->line, "%s: the value is missing",
			visible(s, key->name));
		return 1;
	}
	do
		t = next(s);
	while (t == TOKEN_WORD || t == TOKEN_OTHER);
	if (t == TOKEN_CLOSE || t == TOKEN_ERROR)
		return t == TOKEN_ERROR;
	conf_complain(
		s->errors, s->file, key->line, "%s: the list is not closed", visible(s, key->name));
	return 1;
}

static int step(struct scan *s, enum token t)
{
	int r;

	switch (t) {
	case TOKEN_WORD:
		return add_word(s);
	case TOKEN_OPEN:
		return open_section(s);
	case TOKEN_CLOSE:
		return close_section(s);
	case TOKEN_SET:
		if (s->n_words == 0) {
			conf_complain(s->errors, s->file, s->word_line, "\"=\" without a key");
			return 1;
		}
		r = add_statement(s, false);
		if (r == 0)
			r = check_repeat(s);
		return r == 0 ? skip_value(s) : r;
	case TOKEN_APPEND:
		conf_complain(s->errors, s->file, s->word_line,
			"%s: \"+=\" is not possible; a list replaces the one of the defaults",
			s->n_words ? visible(s, s->words[s->n_words - 1]) : "?");
		return 1;
	case TOKEN_ERROR:
		return 1;
	case TOKEN_OTHER:
	case TOKEN_END:
		break;
	}
	return 0;
}

static int scan_all(struct scan *s)
{
	enum token t = TOKEN_OTHER;
	int r = add_mark(s, (struct conf_mark){.section = true});

	while (r == 0 && t != TOKEN_END) {
		t = next(s);
		r = step(s, t);
		if (r == 0)
			r = buf_error(&s->word);
	}
	if (r == 0 && s->section != 0) {
		const struct conf_mark *m = &s->marks->items[s->section];

		conf_complain(s->errors, s->file, m->line,
			"the section %s that begins here is not closed; is the file complete?",
			visible(s, m->name));
		r = 1;
	}
	if (s->marks->n)
		s->marks->items[0].end = s->marks->n;
	return r;
}

int conf_scan(
	const char *text, size_t len, const char *file, struct conf_marks *ret, struct buf *errors)
{
	struct conf_marks marks = {0};
	struct scan s = {.p = text,
		.end = text + len,
		.line = 1,
		.file = file,
		.errors = errors,
		.marks = &marks,
		.word = BUF_INIT(LIMIT_CONFIG_BYTES),
		.shown = BUF_INIT(LIMIT_NAME_BYTES)};
	int r;

	if (!utf8_valid(text, len)) {
		conf_complain(errors, file, 0, "is not a text file in UTF-8");
		return 1;
	}
	r = scan_all(&s);
	forget_words(&s);
	buf_done(&s.word);
	buf_done(&s.shown);
	if (r != 0) {
		conf_marks_done(&marks);
		return r;
	}
	*ret = marks;
	return 0;
}

void conf_marks_done(struct conf_marks *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].name);
		free(m->items[i].title);
	}
	free(m->items);
	*m = (struct conf_marks){0};
}

/* --- look-ups --------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

const struct conf_mark *conf_marks_section(const struct conf_marks *m, size_t parent,
	const char *name, const char *title, size_t *from)
{
	for (size_t i = *from > parent ? *from : parent + 1; i < m->items[parent].end; i++) {
		const struct conf_mark *mark = &m->items[i];

		if (mark->parent != parent || !mark->section || strcmp(mark->name, name) != 0 ||
			!same_text(mark->title, title))
			continue;
		*from = i;
		return mark;
	}
	return NULL;
}

unsigned conf_marks_key_line(const struct conf_marks *m, size_t section, const char *name)
{
	for (size_t i = section + 1; i < m->items[section].end; i++) {
		const struct conf_mark *mark = &m->items[i];

		if (mark->parent == section && !mark->section && strcmp(mark->name, name) == 0)
			return mark->line;
	}
	return m->items[section].line;
}
