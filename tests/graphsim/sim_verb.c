/* SPDX-License-Identifier: Apache-2.0 */
/* What can happen in a tenant. Adding something: one function, one row at the end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_job.h"
#include "tests/graphsim/sim_real.h"
#include "tests/graphsim/sim_script.h"
#include "tests/graphsim/sim_sign_in.h"
#include "tests/graphsim/sim_token.h"

/* Somebody whose job was refused because the slot was taken tries again after that long. */
#define FOREIGN_RETRY (5 * USEC_PER_MIN)

static struct sim_real *real_of(const struct sim_cmd *c)
{
	return (struct sim_real *)c->tenant->dir;
}

/* Does one thing to every object of a reference. */
static int each(struct sim_cmd *c,
	int (*act)(struct sim_real *r, struct sim_object *o, int64_t at_us), const char *what)
{
	struct sim_refs refs = {0};
	int r = sim_refs_read(c, &refs);

	for (size_t i = 0; r == 0 && i < refs.n; i++)
		if (act(real_of(c), refs.object[i], c->at_us) < 0)
			r = sim_cmd_error(c, "%s %s cannot be %s in the state it is in",
				sim_type_info(sim_object_type(refs.object[i]))->name,
				sim_object_id(refs.object[i]), what);
	sim_refs_done(&refs);
	return r;
}

static int verb_delete(struct sim_cmd *c)
{
	return each(c, sim_real_delete, "deleted");
}

static int verb_restore(struct sim_cmd *c)
{
	return each(c, sim_real_restore, "restored");
}

static int verb_hard_delete(struct sim_cmd *c)
{
	return each(c, sim_real_hard_delete, "deleted for good");
}

/* Sets what key=value words say; policies keep track of when they were modified. */
static int set_props(struct sim_cmd *c, struct sim_object *o, const char *except)
{
	enum sim_type type = sim_object_type(o);
	int modified = sim_prop_by_name(type, "modifiedDateTime");
	struct buf json = BUF_INIT(SIM_LINE_MAX);
	int r = 0;

	for (size_t i = c->i; r == 0 && i < c->w->n; i++) {
		const struct sim_word *word = &c->w->word[i];
		int prop = word->value ? sim_prop_by_name(type, word->text) : -1;

		if (!word->value || (except && strcmp(word->text, except) == 0))
			continue;
		buf_reset(&json);
		if (prop < 0)
			r = sim_cmd_error(c, "a %s has no property '%s' that backup tracks",
				sim_type_info(type)->name, word->text);
		else
			r = sim_ref_value(c, word, &json);
		if (r == 0 && sim_real_set(real_of(c), o, c->at_us, prop, buf_text(&json)) < 0)
			r = sim_cmd_error(c, "only what exists can be modified");
	}
	if (r == 0 && modified >= 0) {
		char text[TIME_TEXT_SIZE];

		buf_reset(&json);
		buf_printf(&json, "\"%s\"", time_format(c->at_us - c->at_us % USEC_PER_SEC, text));
		(void)sim_real_set(real_of(c), o, c->at_us, modified, buf_text(&json));
	}
	buf_done(&json);
	return r;
}

static int verb_set(struct sim_cmd *c)
{
	struct sim_refs refs = {0};
	int r = sim_refs_read(c, &refs);

	if (r == 0 && (c->i == c->w->n || !c->w->word[c->i].value))
		r = sim_cmd_error(c, "set OBJECT property=value...");
	for (size_t i = 0; r == 0 && i < refs.n; i++)
		r = set_props(c, refs.object[i], NULL);
	sim_refs_done(&refs);
	return r;
}

static int verb_rename(struct sim_cmd *c)
{
	struct sim_refs refs = {0};
	int r = sim_refs_read(c, &refs);
	const char *name = r == 0 ? sim_cmd_word(c) : NULL;

	if (r == 0 && (!name || refs.n != 1))
		r = sim_cmd_error(c, "rename OBJECT \"New name\"");
	if (r == 0) {
		struct sim_word word = {.text = sim_strdup("displayName"),
			.value = sim_strdup(name),
			.quoted = true};
		struct sim_words one = {.word = {word}, .n = 1};
		struct sim_cmd inner = *c;

		inner.w = &one;
		inner.i = 0;
		r = set_props(&inner, refs.object[0], NULL);
		sim_words_done(&one);
	}
	sim_refs_done(&refs);
	return r;
}

/* What is created now was not created on a made-up day of the past. */
static void date_creation(struct sim_cmd *c, struct sim_object *o)
{
	int created = sim_prop_by_name(sim_object_type(o), "createdDateTime");
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	if (created < 0)
		return;
	(void)snprintf(json, sizeof(json), "\"%s\"",
		time_format(c->at_us - c->at_us % USEC_PER_SEC, text));
	(void)sim_real_set(real_of(c), o, c->at_us, created, json);
}

static int create_one(struct sim_cmd *c, enum sim_type type, const char *name, const char *label)
{
	struct sim_object *o = sim_real_create(real_of(c), c->at_us, type, name);

	if (label && sim_real_label(real_of(c), o, label) < 0)
		return sim_cmd_error(c, "something is labelled '%s' already", label);
	date_creation(c, o);
	for (size_t i = c->i; i < c->w->n; i++)
		if (c->w->word[i].value && strcmp(c->w->word[i].text, "count") != 0)
			return set_props(c, o, "count");
	return 0;
}

static int verb_create(struct sim_cmd *c)
{
	const char *type_word = sim_cmd_word(c), *name = NULL, *label = NULL, *word;
	int type = type_word ? sim_type_by_word(type_word) : -1;
	uint64_t count = 1;

	if (type < 0)
		return sim_cmd_error(
			c, "create TYPE [\"Name\"] [as LABEL] [count=N] [property=value]...");
	while ((word = sim_cmd_word(c))) {
		if (strcmp(word, "as") == 0 && !c->w->word[c->i - 1].quoted)
			label = sim_cmd_word(c);
		else
			name = word;
	}
	if (sim_cmd_number(c, "count", 100000, &count) < 0)
		return -EINVAL;
	if (label && count != 1)
		return sim_cmd_error(c, "a label names one object");
	for (uint64_t i = 1; i <= count; i++) {
		_cleanup_(freep) char *numbered =
			name && count > 1 ? sim_printf("%s %llu", name, (unsigned long long)i)
					  : NULL;
		int r = create_one(c, (enum sim_type)type, numbered ? numbered : name, label);

		if (r < 0)
			return r;
	}
	return 0;
}

static int members(struct sim_cmd *c, bool add)
{
	struct sim_refs groups = {0}, who = {0};
	int r = sim_refs_read(c, &groups);

	if (r == 0)
		r = sim_refs_read(c, &who);
	for (size_t g = 0; r == 0 && g < groups.n; g++) {
		for (size_t i = 0; r == 0 && i < who.n; i++) {
			int done = add ? sim_real_add_member(real_of(c), groups.object[g],
						 who.object[i], c->at_us)
				       : sim_real_remove_member(real_of(c), groups.object[g],
						 who.object[i], c->at_us);

			if (done < 0)
				r = sim_cmd_error(c, "%s is%s a member, or the group is deleted",
					sim_object_id(who.object[i]), add ? "" : " not");
		}
	}
	sim_refs_done(&groups);
	sim_refs_done(&who);
	return r;
}

static int verb_add_member(struct sim_cmd *c)
{
	return members(c, true);
}

static int verb_remove_member(struct sim_cmd *c)
{
	return members(c, false);
}

/* The newest snapshot that is old enough for from=, or the newest of all. */
static int pick_snapshot(struct sim_cmd *c, struct sim_snapshot *ret)
{
	const char *from = sim_word_option(c->w, c->i, "from", NULL);
	struct sim_snapshot list[SIM_MAX_SNAPSHOTS];
	size_t n = sim_snapshots(c->tenant, c->at_us, list);
	int64_t us = c->at_us;

	if (from && sim_time(c->s, from, &us) < 0)
		return sim_cmd_error(c, "from=%s: not a time", from);
	for (size_t i = 0; i < n; i++) {
		if (list[i].created_us <= us) {
			*ret = list[i];
			return 0;
		}
	}
	return sim_cmd_error(c, "there is no snapshot to start from");
}

static void put_quoted(struct buf *line, const char *text)
{
	buf_putc(line, '"');
	for (; *text; text++) {
		if (strchr("\"\\", *text))
			buf_putc(line, '\\');
		buf_putc(line, *text);
	}
	buf_putc(line, '"');
}

/* The same line again, from the verb on. */
static void try_later(struct sim_cmd *c, const char *verb, size_t from)
{
	struct buf line = BUF_INIT(SIM_LINE_MAX);

	buf_printf(&line, "do %s %s", c->tenant->name, verb);
	for (size_t i = from; i < c->w->n; i++) {
		const struct sim_word *word = &c->w->word[i];

		buf_putc(&line, ' ');
		if (word->value)
			buf_printf(&line, "%s=", word->text);
		put_quoted(&line, word->value ? word->value : word->text);
	}
	sim_step_add(c->s, c->at_us + FOREIGN_RETRY, buf_text(&line));
	buf_done(&line);
}

/* Starts a job that is not the client's. *ret NULL: the slot is taken, it is tried again later. */
static int start_foreign(struct sim_cmd *c, bool recovery, struct sim_job **ret)
{
	static const char *const keys[] = {"duration", "from", NULL};
	struct sim_filter everything = {0};
	struct sim_snapshot snapshot;
	struct sim_job *holder;
	int64_t duration_us = USEC_PER_HOUR;

	*ret = NULL;
	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_duration(c, "duration", &duration_us) < 0 ||
		pick_snapshot(c, &snapshot) < 0)
		return -EINVAL;
	struct sim_job *j =
		sim_job_new(c->tenant, c->at_us, &snapshot, recovery, &everything, &holder);
	if (!j) {
		try_later(c, recovery ? "foreign-recovery" : "foreign-preview", c->i);
		c->i = c->w->n;
		return 0;
	}
	j->foreign = true;
	j->outcome = SIM_OUTCOME_SUCCESSFUL;
	j->capture_us = c->at_us;
	j->loading_us = c->at_us;
	j->working_us = c->at_us + duration_us / 4;
	j->end_us = c->at_us + duration_us;
	*ret = j;
	return 0;
}

static int verb_foreign_preview(struct sim_cmd *c)
{
	struct sim_job *j;

	return start_foreign(c, false, &j);
}

/* restores "users 20..39 and group 2" fails "user 22" */
static int read_effects(struct sim_cmd *c, struct sim_job *j)
{
	for (; c->i < c->w->n; c->i++) {
		const char *word = c->w->word[c->i].text;
		char **slot = strcmp(word, "restores") == 0 ? &j->restores
			      : strcmp(word, "fails") == 0  ? &j->fails
							    : NULL;

		if (c->w->word[c->i].value)
			continue;
		if (!slot || c->i + 1 == c->w->n)
			return sim_cmd_error(
				c, "'%s': restores \"OBJECT...\" or fails \"OBJECT...\"", word);
		free(*slot);
		*slot = sim_strdup(c->w->word[++c->i].text);
	}
	return 0;
}

static int verb_foreign_recovery(struct sim_cmd *c)
{
	struct sim_job *j;
	int r = start_foreign(c, true, &j);

	if (r < 0 || !j)
		return r;
	j->restores = sim_strdup("");
	j->fails = sim_strdup("");
	_cleanup_(freep) char *line =
		sim_printf("do %s finish-recovery %s", c->tenant->name, j->id);
	sim_step_add(c->s, j->end_us, line);
	return read_effects(c, j);
}

static int list_failed(struct sim_cmd *c, struct sim_job *j)
{
	struct sim_refs refs = {0};
	int r = sim_refs_parse(c, j->fails, &refs);

	for (size_t i = 0; r == 0 && i < refs.n; i++) {
		struct sim_row row = {.pos = sim_object_pos(refs.object[i])};
		uint64_t pos = row.pos;

		if (!c->tenant->dir->ops->next(
			    c->tenant->dir, j->snapshot.content_us, j->capture_us, &row) ||
			row.pos != pos)
			continue; /* nothing to recover, so nothing that could fail */
		*(struct sim_row *)sim_grow(&j->failed, &j->n_failed, sizeof(row)) = row;
	}
	sim_refs_done(&refs);
	return r;
}

/* Internal: the end of a recovery, when its effects are there. */
static int verb_finish_recovery(struct sim_cmd *c)
{
	const char *id = sim_cmd_word(c);
	struct sim_job *j = id ? sim_job_find(c->tenant, c->at_us, id) : NULL;
	struct sim_refs refs = {0};

	if (!j || !j->recovery)
		return sim_cmd_error(c, "no recovery job '%s'", id ? id : "");
	if (sim_job_status(j, c->at_us) != SIM_STATUS_SUCCESSFUL)
		return 0; /* cancelled meanwhile */
	int r = sim_refs_parse(c, j->restores, &refs);
	for (size_t i = 0; r == 0 && i < refs.n; i++)
		if (sim_real_revert(real_of(c), refs.object[i], c->at_us, j->snapshot.content_us) >
			0)
			j->modified++;
	sim_refs_done(&refs);
	if (r == 0)
		r = list_failed(c, j);
	j->counted = true;
	j->rows = j->modified + j->n_failed;
	return r;
}

static int verb_abandon(struct sim_cmd *c)
{
	struct sim_job *j = sim_job_running(c->tenant, c->at_us);

	if (!j)
		return sim_cmd_error(c, "no job is running");
	sim_job_cancel(j, c->at_us);
	return 0;
}

static int verb_revoke_tokens(struct sim_cmd *c)
{
	sim_tokens_revoke(c->s, c->tenant);
	return 0;
}

static int verb_expire_tokens(struct sim_cmd *c)
{
	sim_tokens_expire(c->s, c->tenant);
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct sim_cmd *c);
	bool real; /* changes objects, so only in tenants of kind real */
} verbs[] = {
	{"create", verb_create, true},
	{"delete", verb_delete, true},
	{"restore", verb_restore, true},
	{"hard-delete", verb_hard_delete, true},
	{"set", verb_set, true},
	{"rename", verb_rename, true},
	{"add-member", verb_add_member, true},
	{"remove-member", verb_remove_member, true},
	{"foreign-preview", verb_foreign_preview, false},
	{"foreign-recovery", verb_foreign_recovery, true},
	{"finish-recovery", verb_finish_recovery, true},
	{"abandon", verb_abandon, false},
	{"revoke-tokens", verb_revoke_tokens, false},
	{"expire-tokens", verb_expire_tokens, false},
	{"sign-in", sim_verb_sign_in, false},
	{"change-password", sim_verb_change_password, false},
	{"reset-password", sim_verb_reset_password, false},
	{"disable", sim_verb_disable, false},
	{"enable", sim_verb_enable, false},
	{"refuse", sim_verb_refuse, false},
	{"accept", sim_verb_accept, false},
	{"approve-device", sim_verb_approve_device, false},
	{"decline-device", sim_verb_decline_device, false},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

bool sim_verb_known(const char *name)
{
	return find_verb(name) != NULL;
}

int sim_verb_run(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);
	const struct verb *v = name ? find_verb(name) : NULL;

	if (!v)
		return sim_cmd_error(
			c, "'%s' is nothing that can happen in a tenant", name ? name : "");
	if (v->real && !c->tenant->real)
		return sim_cmd_error(c, "a procedural tenant changes by itself");
	return v->run(c);
}
