/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_word.h"

#include <errno.h>
#include <string.h>

#include "tests/graphsim/sim_core.h"

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* From the opening quote; appends what is inside; returns what follows, NULL when nothing closes
 * it. */
static const char *read_quoted(const char *p, struct buf *out)
{
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		buf_putc(out, *p);
	}
	return *p ? p + 1 : NULL;
}

/* A JSON object or array as it stands. */
static const char *read_brackets(const char *p, struct buf *out)
{
	bool in_string = false;
	int depth = 0;

	for (; *p; p++) {
		buf_putc(out, *p);
		if (in_string && *p == '\\' && p[1])
			buf_putc(out, *++p);
		else if (*p == '"')
			in_string = !in_string;
		else if (!in_string && strchr("{[", *p))
			depth++;
		else if (!in_string && strchr("}]", *p) && --depth == 0)
			return p + 1;
	}
	return NULL;
}

static const char *read_value(const char *p, struct buf *out, bool *ret_quoted)
{
	*ret_quoted = *p == '"';
	if (*p == '"')
		return read_quoted(p, out);
	if (*p == '{' || *p == '[')
		return read_brackets(p, out);
	size_t len = strcspn(p, " \t");
	buf_append(out, p, len);
	return p + len;
}

static const char *read_word(const char *p, struct sim_word *ret)
{
	struct buf text = BUF_INIT(SIM_LINE_MAX), value = BUF_INIT(SIM_LINE_MAX);
	size_t key = strcspn(p, " \t\"={[");

	if (key && p[key] == '=') {
		buf_append(&text, p, key);
		p = read_value(p + key + 1, &value, &ret->quoted);
		ret->value = sim_strdup(buf_text(&value));
	} else {
		p = read_value(p, &text, &ret->quoted);
	}
	ret->text = sim_strdup(buf_text(&text));
	buf_done(&text);
	buf_done(&value);
	return p;
}

int sim_words_parse(const char *line, struct sim_words *ret, struct buf *error)
{
	*ret = (struct sim_words){0};
	for (const char *p = skip_blanks(line); *p && *p != '#'; p = skip_blanks(p)) {
		if (ret->n == SIM_MAX_WORDS) {
			buf_printf(error, "more than %d words", SIM_MAX_WORDS);
			sim_words_done(ret);
			return -EINVAL;
		}
		p = read_word(p, &ret->word[ret->n++]);
		if (!p || (*p && !strchr(" \t", *p))) {
			buf_puts(error, p ? "a blank is missing behind a quote or bracket"
					  : "a quote or bracket is not closed");
			sim_words_done(ret);
			return -EINVAL;
		}
	}
	return 0;
}

void sim_words_done(struct sim_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->word[i].text);
		free(w->word[i].value);
	}
	w->n = 0;
}

const char *sim_word_option(
	const struct sim_words *w, size_t from, const char *key, const char *fallback)
{
	for (size_t i = from; i < w->n; i++)
		if (w->word[i].value && strcmp(w->word[i].text, key) == 0)
			return w->word[i].value;
	return fallback;
}

const char *sim_word_unknown(const struct sim_words *w, size_t from, const char *const *known)
{
	for (size_t i = from; i < w->n; i++) {
		size_t k = 0;

		while (w->word[i].value && known[k] && strcmp(known[k], w->word[i].text) != 0)
			k++;
		if (w->word[i].value && !known[k])
			return w->word[i].text;
	}
	return NULL;
}
