/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/fsx.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_effect.h"

#define MAX_EFFECTS 8

struct sim_fault {
	char *tenant, *method, *path, *query; /* "*" meets all; globs */
	uint64_t nth, count;		      /* meets the nth match first, and count of them */
	int64_t after_us, until_us;	      /* TIME_NONE: no bound */
	uint64_t matched;		      /* so far */
	struct sim_argument args[MAX_EFFECTS];
	size_t n_args;
};

static const char *const matching_keys[] = {"nth", "count", "after", "until", "query"};

void sim_fault_free(struct sim_fault *f)
{
	for (size_t i = 0; i < f->n_args; i++)
		free(f->args[i].text);
	free(f->tenant);
	free(f->method);
	free(f->path);
	free(f->query);
	free(f);
}

static int read_file(struct sim_cmd *c, struct sim_argument *a, const char *name)
{
	_cleanup_(freep) char *path =
		c->s->dir && *name != '/' ? sim_printf("%s/%s", c->s->dir, name) : sim_strdup(name);
	struct buf text = BUF_INIT(SIM_BODY_MAX);
	int r = file_read(path, &text);

	a->text = sim_strdup(buf_text(&text));
	buf_done(&text);
	return r < 0 ? sim_cmd_error(c, "%s: cannot be read", path) : 0;
}

/* What a value of each kind is called. */
static const char *const kind_words[] = {
	[SIM_ARG_FLAG] = "word that stands alone",
	[SIM_ARG_TEXT] = "text",
	[SIM_ARG_NUMBER] = "number",
	[SIM_ARG_DURATION] = "duration",
	[SIM_ARG_OFFSET] = "duration with + or - before it",
	[SIM_ARG_FILE] = "file",
};

static int read_offset(const char *value, int64_t *ret_us)
{
	int64_t us;

	if ((*value != '+' && *value != '-') || parse_duration(value + 1, 0, USEC_PER_DAY, &us) < 0)
		return -EINVAL;
	*ret_us = *value == '-' ? -us : us;
	return 0;
}

static int read_value(const char *value, struct sim_argument *a)
{
	switch (a->effect->kind) {
	case SIM_ARG_FLAG:
		return *value ? -EINVAL : 0;
	case SIM_ARG_NUMBER:
		return parse_u64(value, 0, UINT32_MAX, &a->number);
	case SIM_ARG_DURATION:
		return parse_duration(value, 0, USEC_PER_DAY, &a->duration_us);
	case SIM_ARG_OFFSET:
		return read_offset(value, &a->duration_us);
	case SIM_ARG_TEXT:
	case SIM_ARG_FILE:
		break;
	}
	return 0;
}

static int read_argument(
	struct sim_cmd *c, const struct sim_effect *e, const char *value, struct sim_argument *a)
{
	a->effect = e;
	if (e->kind == SIM_ARG_FILE)
		return read_file(c, a, value);
	a->text = sim_strdup(value);
	if (read_value(value, a) < 0)
		return sim_cmd_error(c, "%s=%s: not a %s", e->name, value, kind_words[e->kind]);
	if (!sim_effect_takes(e, value))
		return sim_cmd_error(c, "%s=%s: one of %s", e->name, value, e->choices);
	return 0;
}

static bool is_matching_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(matching_keys); i++)
		if (strcmp(matching_keys[i], name) == 0)
			return true;
	return false;
}

static int read_effects(struct sim_cmd *c, struct sim_fault *f)
{
	for (size_t i = c->i; i < c->w->n; i++) {
		const struct sim_word *w = &c->w->word[i];
		const struct sim_effect *e = sim_effect_find(w->text);

		if (w->value && is_matching_key(w->text))
			continue;
		if (!e)
			return sim_cmd_error(c, "'%s' is no effect of a fault", w->text);
		if (f->n_args == MAX_EFFECTS)
			return sim_cmd_error(c, "more than %d effects", MAX_EFFECTS);
		int r = read_argument(c, e, w->value ? w->value : "", &f->args[f->n_args++]);
		if (r < 0)
			return r;
	}
	c->i = c->w->n;
	return f->n_args ? 0 : sim_cmd_error(c, "a fault without an effect");
}

static int read_bound(struct sim_cmd *c, const char *key, int64_t *ret_us)
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);

	*ret_us = TIME_NONE;
	if (text && sim_time(c->s, text, ret_us) < 0)
		return sim_cmd_error(c, "%s=%s: not a time", key, text);
	return 0;
}

/* One match by default, all of them where a time bounds the fault. */
static int read_matching(struct sim_cmd *c, struct sim_fault *f)
{
	const char *count = sim_word_option(c->w, c->i, "count", NULL);

	f->nth = 1;
	if (read_bound(c, "after", &f->after_us) < 0 || read_bound(c, "until", &f->until_us) < 0 ||
		sim_cmd_number(c, "nth", UINT32_MAX, &f->nth) < 0)
		return -EINVAL;
	f->query = sim_strdup(sim_word_option(c->w, c->i, "query", "*"));
	f->count = f->until_us != TIME_NONE ? UINT64_MAX : 1;
	if (count && strcmp(count, "all") == 0) {
		f->count = UINT64_MAX;
		return 0;
	}
	return sim_cmd_number(c, "count", UINT32_MAX, &f->count);
}

int sim_fault_add(struct sim_cmd *c)
{
	const char *tenant = sim_cmd_word(c), *method = sim_cmd_word(c), *path = sim_cmd_word(c);

	if (tenant && !method && strcmp(tenant, "clear") == 0) {
		while (c->s->n_faults)
			sim_fault_free(c->s->faults[--c->s->n_faults]);
		return 0;
	}
	if (!tenant || !method || !path)
		return sim_cmd_error(c, "fault TENANT|* METHOD PATH-GLOB effect=value...");
	if (strcmp(tenant, "*") != 0 && !sim_tenant_by_name(c->s, tenant))
		return sim_cmd_error(c, "no tenant '%s'", tenant);
	struct sim_fault *f = sim_alloc(sizeof(*f));
	f->tenant = sim_strdup(tenant);
	f->method = sim_strdup(method);
	f->path = sim_strdup(path);
	int r = read_matching(c, f);
	if (r == 0)
		r = read_effects(c, f);
	if (r < 0) {
		sim_fault_free(f);
		return r;
	}
	struct sim_fault **slot = sim_grow(&c->s->faults, &c->s->n_faults, sizeof(*slot));
	*slot = f;
	return 0;
}

static bool meets(const struct sim_ctx *c, const struct sim_fault *f)
{
	if (strcmp(f->tenant, "*") != 0 && (!c->tenant || strcmp(f->tenant, c->tenant->name) != 0))
		return false;
	if (strcmp(f->method, "*") != 0 && strcasecmp(f->method, c->req->method) != 0)
		return false;
	if ((f->after_us != TIME_NONE && c->now_us < f->after_us) ||
		(f->until_us != TIME_NONE && c->now_us >= f->until_us))
		return false;
	return glob_match(f->path, c->path) && glob_match(f->query, c->query);
}

struct sim_fault *sim_fault_match(struct sim_ctx *c)
{
	struct sim_fault *first = NULL;

	for (size_t i = 0; i < c->s->n_faults; i++) {
		struct sim_fault *f = c->s->faults[i];

		if (!meets(c, f))
			continue;
		f->matched++;
		if (!first && f->matched >= f->nth && f->matched - f->nth < f->count)
			first = f;
	}
	if (first)
		sim_tally(c->s, c->tenant, SIM_COUNT_FAULTS);
	return first;
}

bool sim_fault_before(struct sim_ctx *c, struct sim_fault *f)
{
	bool answered = false;

	for (size_t i = 0; i < f->n_args; i++)
		if (f->args[i].effect->before)
			answered |= f->args[i].effect->before(c, &f->args[i]);
	return answered;
}

void sim_fault_after(struct sim_ctx *c, struct sim_fault *f)
{
	for (size_t i = 0; i < f->n_args; i++)
		if (f->args[i].effect->after)
			f->args[i].effect->after(c, &f->args[i]);
}
