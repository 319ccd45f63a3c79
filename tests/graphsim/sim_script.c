/* SPDX-License-Identifier: Apache-2.0 */
/* Reads lines, runs them at once or keeps them until their time has come. */
#include "tests/graphsim/sim_script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_fault.h"
#include "tests/graphsim/sim_hook.h"
#include "tests/graphsim/sim_sign_in.h"

#define SCENARIO_MAX (4u * 1024 * 1024)

int sim_cmd_error(const struct sim_cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(c->error, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

const char *sim_cmd_word(struct sim_cmd *c)
{
	if (c->i >= c->w->n || c->w->word[c->i].value)
		return NULL;
	return c->w->word[c->i++].text;
}

struct sim_tenant *sim_cmd_tenant(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);
	struct sim_tenant *t = name ? sim_tenant_by_name(c->s, name) : NULL;

	if (!t)
		(void)sim_cmd_error(c, "no tenant '%s'", name ? name : "");
	return t;
}

int sim_cmd_number(const struct sim_cmd *c, const char *key, uint64_t max, uint64_t *ret)
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);

	if (!text || parse_u64(text, 0, max, ret) == 0)
		return 0;
	return sim_cmd_error(
		c, "%s=%s: not a number up to %llu", key, text, (unsigned long long)max);
}

int sim_cmd_duration(const struct sim_cmd *c, const char *key, int64_t *ret_us)
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);

	if (!text || parse_duration(text, 0, 3650 * USEC_PER_DAY, ret_us) == 0)
		return 0;
	return sim_cmd_error(c, "%s=%s: not a duration such as 90s or 2h", key, text);
}

int sim_cmd_keys(const struct sim_cmd *c, const char *const *known)
{
	const char *key = sim_word_unknown(c->w, c->i, known);

	if (!key)
		return 0;
	const char *near = nearest_name(key, known);
	return sim_cmd_error(c, "unknown '%s='%s%s%s", key, near ? "; did you mean '" : "",
		near ? near : "", near ? "='?" : "");
}

static int run_start(struct sim_cmd *c)
{
	const char *text = sim_cmd_word(c);
	int64_t us;

	if (!text || sim_time(c->s, text, &us) < 0)
		return sim_cmd_error(c, "start TIME, such as 2026-11-16T00:00:00Z");
	c->s->start_us = us;
	return 0;
}

static int run_host(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);

	if (!name || c->s->n_hosts == SIM_MAX_HOSTS)
		return sim_cmd_error(c, "host NAME, at most %d", SIM_MAX_HOSTS);
	c->s->hosts[c->s->n_hosts++] = sim_strdup(name);
	return 0;
}

static int run_switch(struct sim_cmd *c)
{
	const char *first = sim_cmd_word(c), *second = sim_cmd_word(c), *third = sim_cmd_word(c);
	struct sim_tenant *t = NULL;

	if (!first || !second)
		return sim_cmd_error(c, "switch [TENANT] NAME POSITION");
	if (third) {
		t = sim_tenant_by_name(c->s, first);
		if (!t)
			return sim_cmd_error(c, "no tenant '%s'", first);
		first = second;
		second = third;
	}
	return sim_switch_set(t ? &t->switches : &c->s->switches, first, second, c->error);
}

static int run_do(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);

	c->tenant = name ? sim_tenant_by_name(c->s, name) : NULL;
	if (!c->tenant)
		return sim_cmd_error(c, "no tenant '%s'", name ? name : "");
	return sim_verb_run(c);
}

static const struct command {
	const char *name;
	int (*run)(struct sim_cmd *c);
} commands[] = {
	{"start", run_start},
	{"host", run_host},
	{"switch", run_switch},
	{"do", run_do},
	{"tenant", sim_setup_tenant},
	{"snapshots", sim_setup_snapshots},
	{"snapshot", sim_setup_snapshot},
	{"preview", sim_setup_preview},
	{"consent", sim_setup_consent},
	{"certificate", sim_setup_certificate},
	{"user", sim_setup_user},
	{"browser", sim_setup_browser},
	{"redirect", sim_setup_redirect},
	{"device", sim_setup_device},
	{"claims", sim_setup_claims},
	{"lives", sim_setup_lives},
	{"licence", sim_setup_licence},
	{"credentials", sim_setup_credentials},
	{"fault", sim_fault_add},
	{"hook", sim_hook_add},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* A line without its time: a command, or the name of a tenant and a verb. */
static int run_words(
	struct sim *s, const struct sim_words *w, size_t from, int64_t at_us, struct buf *error)
{
	struct sim_cmd c = {.s = s, .at_us = at_us, .w = w, .i = from + 1, .error = error};
	const struct command *command = find_command(w->word[from].text);

	if (!command && !sim_tenant_by_name(s, w->word[from].text))
		return 1;
	if (!command)
		c.i = from;
	int r = command ? command->run(&c) : run_do(&c);
	for (; r == 0 && c.i < w->n; c.i++)
		if (!w->word[c.i].value)
			r = sim_cmd_error(&c, "what is '%s' to mean?", w->word[c.i].text);
	return r;
}

void sim_step_add(struct sim *s, int64_t at_us, const char *line)
{
	(void)sim_grow(&s->steps, &s->n_steps, sizeof(*s->steps));
	size_t at = s->n_steps - 1;

	while (at > 0 && s->steps[at - 1].at_us > at_us) {
		s->steps[at] = s->steps[at - 1];
		at--;
	}
	s->steps[at] = (struct sim_step){.at_us = at_us,
		.order = ++s->step_order,
		.line = sim_strdup(line),
		.dir = s->dir ? sim_strdup(s->dir) : NULL};
}

/* Only what can be known now is checked now: the words, not what they refer to. */
static int check_later(const struct sim *s, const struct sim_words *w, struct buf *error)
{
	const char *first = w->n > 2 ? w->word[2].text : "";
	const char *verb = w->n > 3 ? w->word[3].text : "";

	if (strcmp(first, "do") == 0) {
		first = verb;
		verb = w->n > 4 ? w->word[4].text : "";
	} else if (find_command(first)) {
		return 0;
	}
	if (!sim_tenant_by_name(s, first))
		buf_printf(error, "no tenant '%s'", first);
	else if (!sim_verb_known(verb))
		buf_printf(error, "'%s' is nothing that can happen in a tenant", verb);
	else
		return 0;
	return -EINVAL;
}

/* What follows "at TIME" in the line as it was written. */
static const char *after_time(const char *line)
{
	line += strspn(line, " \t");
	line += strcspn(line, " \t");
	line += strspn(line, " \t");
	line += strcspn(line, " \t");
	return line + strspn(line, " \t");
}

static int queue_line(struct sim *s, const struct sim_words *w, const char *line, struct buf *error)
{
	int64_t at_us;

	if (w->n < 3 || sim_time(s, w->word[1].text, &at_us) < 0) {
		buf_puts(error,
			"at TIME and what happens then; TIME as 2026-11-16T08:00:00Z or +1d08:00");
		return -EINVAL;
	}
	if (check_later(s, w, error) < 0)
		return -EINVAL;
	if (at_us <= s->advanced_us) {
		buf_printf(error, "%s is over already", w->word[1].text);
		return -EINVAL;
	}
	sim_step_add(s, at_us, after_time(line));
	return 0;
}

int sim_line(struct sim *s, const char *line, struct buf *error)
{
	struct sim_words w;
	int r = sim_words_parse(line, &w, error);

	if (r < 0 || w.n == 0)
		return r;
	if (s->advanced_us != TIME_NONE) /* being set up, nothing is due yet */
		sim_advance(s);
	if (strcmp(w.word[0].text, "at") == 0)
		r = queue_line(s, &w, line, error);
	else
		r = run_words(s, &w, 0, clock_wall_us(), error);
	sim_words_done(&w);
	return r;
}

static void run_step(struct sim *s, const struct sim_step *step)
{
	struct buf error = BUF_INIT(SIM_LINE_MAX);
	struct sim_words w;
	char *dir = s->dir;
	int r;

	s->dir = step->dir;
	r = sim_words_parse(step->line, &w, &error);
	if (r == 0) {
		r = run_words(s, &w, 0, step->at_us, &error);
		sim_words_done(&w);
	}
	s->dir = dir;
	if (r != 0)
		sim_violate(s, "scenario step '%s': %s", step->line, buf_text(&error));
	buf_done(&error);
}

void sim_advance(struct sim *s)
{
	int64_t now_us = clock_wall_us();

	while (s->n_steps && s->steps[0].at_us <= now_us) {
		struct sim_step step = s->steps[0];

		memmove(s->steps, s->steps + 1, --s->n_steps * sizeof(*s->steps));
		run_step(s, &step);
		free(step.line);
		free(step.dir);
	}
	if (now_us > s->advanced_us)
		s->advanced_us = now_us;
}

int64_t sim_next_step_us(const struct sim *s)
{
	return s->n_steps ? s->steps[0].at_us : TIME_NONE;
}

static int load_lines(struct sim *s, const char *path, char *text, struct buf *error)
{
	unsigned number = 0;

	for (char *line = text, *next; line; line = next) {
		struct buf reason = BUF_INIT(SIM_LINE_MAX);

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		int r = sim_line(s, line, &reason);
		if (r != 0)
			buf_printf(error, "%s:%u: %s", path, number,
				r > 0 ? "no such command, and no tenant of that name"
				      : buf_text(&reason));
		buf_done(&reason);
		if (r != 0)
			return -EINVAL;
	}
	return 0;
}

int sim_load(struct sim *s, const char *path, struct buf *error)
{
	struct buf text = BUF_INIT(SCENARIO_MAX);
	const char *slash = strrchr(path, '/');
	int r = file_read(path, &text);

	if (r < 0) {
		buf_printf(error, "%s: cannot be read", path);
	} else if (text.len) {
		s->dir = slash ? sim_strndup(path, (size_t)(slash - path)) : NULL;
		r = load_lines(s, path, text.data, error);
		free(s->dir);
		s->dir = NULL;
	}
	buf_done(&text);
	return r;
}
