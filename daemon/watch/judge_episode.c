/* SPDX-License-Identifier: Apache-2.0 */
/* Findings as they are written: how an episode begins, and what a later sight adds to it. */
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"
#include "daemon/watch/judge_work.h"

static const char *short_enough(const char *value)
{
	return value && strnlen(value, LIMIT_FINDING_VALUE_BYTES + 1) <= LIMIT_FINDING_VALUE_BYTES
		       ? value
		       : NULL;
}

/* Instants of capture are not exact: what is a little older may be missing in the snapshot. */
static bool is_older_than_baseline(const struct judging *j, const struct store_change *row)
{
	return row->created_at_us != TIME_NONE &&
	       row->created_at_us <= j->seen.baseline_us - j->seen.margin_us;
}

/*
 * Whoever deletes an object for good reason does not expect it back: a leaver's account that is
 * there again is an attack, and no rule that lets people in calms it. Quiet is only the return of
 * what was missed, and what was told already.
 */
static bool is_loud(const struct evidence *e)
{
	return !e->was_open && !e->settled;
}

static enum attention attention_of(const struct evidence *e, enum verdict verdict)
{
	if (e->was_open)
		return ATTENTION_CLOSED;
	return verdict == VERDICT_EXPECTED ? ATTENTION_EXPECTED : ATTENTION_OPEN;
}

static int explain_birth(struct judging *j, int64_t id, const struct finding_row *f)
{
	const struct finding_why why = {
		.at_us = j->now_us,
		.who = j->who,
		.why = strcmp(f->key.change, "appeared") == 0
			       ? "it takes back a deletion that was open"
			       : "it takes back what was open",
	};

	if (f->attention != ATTENTION_CLOSED)
		return 0;
	return store_finding_born(j->store, id, f->attention, &why);
}

static void count_new(
	struct judging *j, const struct finding_row *f, int64_t id, struct judge_outcome *o)
{
	if (f->attention == ATTENTION_EXPECTED)
		j->result->n_expected++;
	if (f->attention != ATTENTION_OPEN)
		return;
	j->result->n_new++;
	o->id = id;
}

int judge_begin(struct judging *j, const struct store_change *row, const struct atom *atom,
	const struct finding_key *key, const struct observation *seen, int64_t episode,
	const struct evidence *evidence, struct judge_outcome *o)
{
	bool back = strcmp(key->change, "appeared") == 0 &&
		    (evidence->known || is_older_than_baseline(j, row));
	int64_t id = 0;

	if (back && is_loud(evidence)) {
		o->verdict = VERDICT_CRITICAL;
		o->rule = NULL;
	}
	if (o->verdict == VERDICT_IGNORE)
		return 0;
	struct finding_row f = {
		.key = *key,
		.watch = j->run->watch,
		.episode = episode,
		.deleted_at_us = seen->deleted_at_us,
		.attention = attention_of(evidence, o->verdict),
		.severity = o->verdict,
		.rule = o->rule ? o->rule->name : NULL,
		.initial = j->initial && episode == 1,
		.brought_back = back,
		.name = row->name,
		.before = short_enough(atom->before),
		.after = short_enough(atom->after),
		.job = j->run->id,
		.ordinal = row->ordinal,
		.seen_us = j->now_us,
	};
	finding_interval(NULL, seen, &f.lo_us, &f.hi_us);
	int r = store_finding_insert(j->store, &f, &id);
	if (r < 0)
		return r;
	o->initial = f.initial;
	o->brought_back = back;
	count_new(j, &f, id, o);
	return explain_birth(j, id, &f);
}

/*
 * A rule that came later calms what is still open, or says that it is worse or better than it was
 * thought to be. What a person decided, what was expected when it happened, and what was brought
 * back stays.
 */
static int decide_again(
	struct judging *j, const struct known_finding *known, const struct judge_outcome *o)
{
	const char *rule = o->rule ? o->rule->name : NULL;
	char who[LIMIT_NAME_BYTES];

	if (known->attention != ATTENTION_OPEN || known->brought_back ||
		o->verdict == VERDICT_IGNORE)
		return 0;
	(void)snprintf(who, sizeof(who), "%s%s", rule ? "rule " : "the default", rule ? rule : "");
	const struct finding_why why = {
		.at_us = j->now_us, .who = who, .why = "rules were asked again"};
	int r = store_finding_set_severity(
		j->store, known->id, known->severity, o->verdict, rule, &why);
	if (r == 0 && o->verdict == VERDICT_EXPECTED)
		r = store_finding_set_attention(
			j->store, known->id, known->attention, ATTENTION_EXPECTED, &why);
	return r;
}

static struct finding_seen seen_of(const struct judging *j, const char *name,
	const struct known_finding *known, const struct observation *observed)
{
	struct finding_seen seen = {
		.deleted_at_us = observed->deleted_at_us,
		.name = name,
		.job = j->run->id,
		.seen_us = j->now_us,
	};

	finding_interval(known, observed, &seen.lo_us, &seen.hi_us);
	return seen;
}

/* To miss what stands is worse than to tell it twice. */
static int reopen(struct judging *j, const struct store_change *row, struct known_finding *known,
	struct judge_outcome *o)
{
	const struct finding_why why = {
		.at_us = j->now_us,
		.who = j->who,
		.why = "the preview lists the same deletion again: it was not undone",
	};

	if (o->verdict == VERDICT_EXPECTED || o->verdict == VERDICT_IGNORE)
		return 0;
	int r = store_finding_set_attention(
		j->store, known->id, known->attention, ATTENTION_OPEN, &why);
	known->attention = ATTENTION_OPEN;
	o->id = known->id;
	o->reopened = true;
	return r < 0 ? r : judge_reopened(j, o->id, judge_tally(j, row, false, o->verdict));
}

int judge_see_again(struct judging *j, const struct store_change *row,
	const struct known_finding *known, const struct observation *observed,
	enum finding_move move, struct judge_outcome *o)
{
	struct known_finding now = *known;

	const struct finding_why why = {
		.at_us = j->now_us, .who = j->who, .why = "the preview shows it again"};
	const struct finding_seen seen = seen_of(j, row->name, known, observed);
	int r = store_finding_seen(j->store, known->id, &seen);

	if (r == 0)
		r = store_finding_set_fact(j->store, known->id, known->fact, FACT_VISIBLE, 0, &why);
	if (r == 0 && move == FINDING_REOPENED)
		r = reopen(j, row, &now, o);
	if (r == 0)
		r = decide_again(j, &now, o);
	j->result->n_again++;
	return r;
}

int judge_tighten(
	struct judging *j, const struct known_finding *known, const struct observation *observed)
{
	const struct finding_seen seen = seen_of(j, NULL, known, observed);

	j->result->n_again++;
	return store_finding_tighten(j->store, known->id, &seen);
}
