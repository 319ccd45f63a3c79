/* SPDX-License-Identifier: Apache-2.0 */
/* What scenario lines refer to: objects by type and number, or by the label that `as` gave them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_real.h"
#include "tests/graphsim/sim_script.h"

void sim_refs_done(struct sim_refs *r)
{
	free(r->object);
	*r = (struct sim_refs){0};
}

static struct sim_real *real_of(const struct sim_cmd *c)
{
	return (struct sim_real *)c->tenant->dir;
}

static int add_range(struct sim_cmd *c, int type, uint64_t from, uint64_t to, struct sim_refs *ret)
{
	for (uint64_t i = from; i <= to; i++) {
		struct sim_object *o = sim_real_by_index(real_of(c), (enum sim_type)type, i);

		if (!o)
			return sim_cmd_error(c, "there is no %s %llu",
				sim_type_info((enum sim_type)type)->name, (unsigned long long)i);
		struct sim_object **slot = sim_grow(&ret->object, &ret->n, sizeof(*slot));
		*slot = o;
	}
	return 0;
}

/* "17", "20..39", "1,5,9..12" */
static int add_numbers(struct sim_cmd *c, int type, const char *text, struct sim_refs *ret)
{
	for (size_t len; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		_cleanup_(freep) char *part = sim_strndup(text, len);
		char *dots = strstr(part, "..");
		uint64_t from, to;

		if (dots)
			*dots = '\0';
		if (parse_u64(part, 1, UINT32_MAX, &from) < 0)
			return sim_cmd_error(c, "'%s' is not a number", part);
		to = from;
		if (dots && parse_u64(dots + 2, from, UINT32_MAX, &to) < 0)
			return sim_cmd_error(c, "'%s' is not a number from %s on", dots + 2, part);
		int r = add_range(c, type, from, to, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

int sim_refs_read(struct sim_cmd *c, struct sim_refs *ret)
{
	const char *word = sim_cmd_word(c);
	struct sim_object *labelled = word ? sim_real_by_label(real_of(c), word) : NULL;
	int type = word ? sim_type_by_word(word) : -1;
	const char *numbers = NULL;

	if (labelled) {
		struct sim_object **slot = sim_grow(&ret->object, &ret->n, sizeof(*slot));
		*slot = labelled;
		return 0;
	}
	if (type >= 0)
		numbers = sim_cmd_word(c);
	if (!word || type < 0 || !numbers)
		return sim_cmd_error(c,
			"'%s': which object? A label, or as in 'user 17', 'users 20..39'",
			word ? word : "");
	return add_numbers(c, type, numbers, ret);
}

int sim_refs_parse(struct sim_cmd *c, const char *text, struct sim_refs *ret)
{
	struct sim_words w;
	struct sim_cmd inner = *c;
	int r = sim_words_parse(text, &w, c->error);

	if (r < 0)
		return r;
	inner.w = &w;
	inner.i = 0;
	while (r == 0 && inner.i < w.n) {
		if (strcmp(w.word[inner.i].text, "and") == 0)
			inner.i++;
		else
			r = sim_refs_read(&inner, ret);
	}
	sim_words_done(&w);
	return r;
}

static bool is_json(const char *text)
{
	struct json *root = NULL;
	bool good =
		strchr("{[-0123456789tfn", *text) && json_parse(text, strlen(text), 16, &root) == 0;

	(void)json_free(root);
	return good;
}

int sim_ref_value(struct sim_cmd *c, const struct sim_word *word, struct buf *ret_json)
{
	struct jsonw w = JSONW_INIT(ret_json);
	const char *text = word->value;

	if (!word->quoted && *text == '@') {
		const struct sim_object *o = sim_real_by_label(real_of(c), text + 1);

		if (!o)
			return sim_cmd_error(c, "nothing is labelled '%s'", text + 1);
		jsonw_string(&w, sim_object_id(o));
	} else if (!word->quoted && *text && is_json(text)) {
		jsonw_raw(&w, text, strlen(text));
	} else if (!word->quoted && (*text == '{' || *text == '[')) {
		return sim_cmd_error(c, "%s=%s: not JSON", word->text, text);
	} else {
		jsonw_string(&w, text);
	}
	return 0;
}
