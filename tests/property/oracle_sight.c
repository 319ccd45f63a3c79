/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a preview shows has exactly one episode for the event behind it, and no episode is without
 * an event. When the same thing happened twice, and neither a preview in between nor the baseline
 * could tell the two apart, either answer is right; how often is counted.
 */
#include <string.h>

#include "tests/property/oracle_private.h"

static bool opposite(const struct sign *a, const struct sign *b)
{
	static const enum sign_kind other[_SIGN_KIND_MAX] = {
		[SIGN_DELETED] = SIGN_APPEARED,
		[SIGN_APPEARED] = SIGN_DELETED,
		[SIGN_PROPERTY] = _SIGN_KIND_MAX,
		[SIGN_LINK_ADDED] = SIGN_LINK_REMOVED,
		[SIGN_LINK_REMOVED] = SIGN_LINK_ADDED,
	};

	return a->object == b->object && a->member == b->member && other[a->kind] == b->kind;
}

static bool opposite_was_seen(const struct oracle *o, const struct sign *s, int64_t after_us)
{
	for (size_t i = 0; i < o->n_sightings; i++) {
		const struct sighting *seen = &o->sightings[i];

		if (!seen->ignored && seen->p_us > after_us && seen->p_us < o->now.p_us &&
			opposite(&seen->sign, s))
			return true;
	}
	return false;
}

/* Has a preview or the baseline shown that what is seen now is not the episode that is known? */
static bool can_be_told_apart(const struct oracle *o, const struct episode *e, const struct sign *s)
{
	if (s->kind == SIGN_DELETED)
		return true; /* by its time */
	if (o->now.p_us <= e->last_p_us)
		return false;
	return o->now.b_us >= e->min_q_us + o->margin_us || strcmp(e->fact, "undone") == 0 ||
	       strcmp(e->fact, "vanished") == 0 || opposite_was_seen(o, s, e->last_p_us);
}

static void remember_sighting(struct oracle *o, const struct sign *s, bool ignored)
{
	struct sighting *seen;

	if (s->kind == SIGN_PROPERTY)
		return;
	seen = sim_grow(&o->sightings, &o->n_sightings, sizeof(*seen));
	*seen = (struct sighting){.sign = *s, .p_us = o->now.p_us, .ignored = ignored};
}

static void note_sight(struct oracle *o, struct episode *e)
{
	const struct preview *p = &o->now;

	o->stats->sights++;
	if (e->last_p_us == INT64_MIN)
		e->first_b_us = p->b_us;
	if (p->p_us > e->last_p_us) {
		e->last_p_us = p->p_us;
		e->last_b_us = p->b_us;
	}
	if (p->q_us < e->min_q_us)
		e->min_q_us = p->q_us;
}

static struct episode *begin_episode(
	struct oracle *o, const struct audit_step *step, const struct sign *s, int64_t event_us)
{
	struct episode *e = &o->episodes[o->n];

	if (o->n == MAX_EPISODES)
		return NULL;
	o->n++;
	o->stats->episodes++;
	*e = (struct episode){
		.id = step->finding,
		.number = step->episode,
		.parent = step->parent,
		.sign = *s,
		.event_us = event_us,
		.attention = step->attention,
		.fact = step->fact,
		.initial = step->initial,
		.brought_back = step->brought_back,
		.born = strcmp(step->attention, "open") == 0	 ? BORN_OPEN
			: strcmp(step->attention, "closed") == 0 ? BORN_CLOSED
								 : BORN_EXPECTED,
		.first_job = o->now.job->id,
		.last_p_us = INT64_MIN,
		.fact_p_us = INT64_MIN,
		.min_q_us = INT64_MAX,
	};
	return e;
}

static struct episode *carrier_of(struct oracle *o, const struct sign *s, int64_t event_us)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->episodes[i].event_us == event_us && sign_equal(&o->episodes[i].sign, s))
			return &o->episodes[i];
	return NULL;
}

static bool carries_softly(const struct episode *e, int64_t event_us)
{
	for (size_t i = 0; e && i < e->n_soft; i++)
		if (e->soft[i] == event_us)
			return true;
	return false;
}

static bool existed_before(const struct episode *e)
{
	return e->event_us != sim_object_began_us(e->sign.object, 0);
}

/* The episode of the opposite that was the last thing known of the object or link, or NULL. */
static const struct episode *taken_back(const struct oracle *o, const struct episode *e)
{
	const struct episode *last = NULL;

	if (e->sign.kind == SIGN_PROPERTY)
		return NULL;
	for (size_t i = 0; i < o->n; i++) {
		const struct episode *other = &o->episodes[i];

		if (other == e ||
			!(opposite(&other->sign, &e->sign) || sign_equal(&other->sign, &e->sign)))
			continue;
		if (!last || other->last_p_us >= last->last_p_us)
			last = other;
	}
	if (!last || !opposite(&last->sign, &e->sign) || last->last_p_us >= o->now.p_us)
		return NULL;
	return last;
}

/* Taking back what is open closes both; bringing back what somebody was content with is loud. */
static bool attends_well(struct oracle *o, const struct episode *e, const struct audit_step *step)
{
	const struct episode *last = taken_back(o, e);
	enum verdict verdict = oracle_ask_rules(o, &e->sign);
	const char *by_rule = verdict == VERDICT_EXPECTED ? "expected" : "open", *wanted = by_rule;
	bool with_parent = last && last->parent && strcmp(last->attention, "closed") == 0;
	bool stood = last && !with_parent && strcmp(last->fact, "undone") != 0;
	bool loud = e->sign.kind == SIGN_APPEARED && (last ? stood : e->brought_back);

	if (e->sign.kind == SIGN_APPEARED && last && !e->brought_back)
		return oracle_fail(o, &e->sign, NULL, 0, "comes back and is not brought back");
	if (loud)
		wanted = "open";
	if (stood && strcmp(last->attention, "open") == 0)
		wanted = "closed";
	else if (loud && strcmp(step->severity, "critical") != 0)
		return oracle_fail(
			o, &e->sign, NULL, 0, "comes back and is only a %s", step->severity);
	if (strcmp(step->attention, wanted) == 0)
		return true;
	/* what was undone before is either known or seen for the first time */
	if (last && !stood && strcmp(step->attention, "open") == 0)
		return true;
	/* a later preview, judged before this one, had its say on it */
	if (last && last->fact_p_us > o->now.p_us && strcmp(step->attention, "open") == 0)
		return true;
	return oracle_fail(
		o, &e->sign, NULL, 0, "a new episode is %s, wanted %s", step->attention, wanted);
}

/* How a new episode begins: nothing is inherited. */
static bool begins_well(struct oracle *o, const struct episode *e, const struct audit_step *step)
{
	bool notice = o->now.job->initial && o->conf->tenants[0]->first_run == FIRST_RUN_NOTICE;

	if (e->initial != (notice && e->number == 1))
		return oracle_fail(o, &e->sign, NULL, 0, "initial is %d in an episode", e->initial);
	if (strcmp(step->fact, "visible") != 0)
		return oracle_fail(o, &e->sign, NULL, 0, "a new episode is %s", step->fact);
	if (e->brought_back && (e->sign.kind != SIGN_APPEARED || !existed_before(e)))
		return oracle_fail(o, &e->sign, NULL, 0, "brought back what never was there");
	o->stats->brought_back += e->brought_back;
	return attends_well(o, e, step);
}

/* The step of this judgement that began an episode of the sign. */
static const struct audit_step *inserted(struct oracle *o, const struct sign *s, size_t *ret_n)
{
	const struct audit_step *found = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < o->now.n_steps; i++) {
		if (o->now.steps[i].kind == AUDIT_NEW && oracle_step_is(&o->now.steps[i], s)) {
			found = &o->now.steps[i];
			++*ret_n;
		}
	}
	return found;
}

static bool sight_as_new(
	struct oracle *o, const struct sign *s, int64_t event_us, const struct audit_step *step)
{
	struct episode *e = carrier_of(o, s, event_us);

	if (e)
		return oracle_fail(o, s, NULL, -1, "the same event is told twice, again as %lld",
			(long long)step->episode);
	e = begin_episode(o, step, s, event_us);
	if (!e)
		return true;
	note_sight(o, e);
	return begins_well(o, e, step);
}

static bool sight_as_known(struct oracle *o, const struct sign *s, int64_t event_us)
{
	struct episode *newest = oracle_newest(o, s), *carrier = carrier_of(o, s, event_us);
	bool older;

	if (!newest)
		return oracle_fail(o, s, NULL, 1, "is shown and not found");
	older = o->now.p_us <= newest->last_p_us;
	/* deletions have their time, in whatever order they were found */
	if (carrier && (carrier == newest || older || s->kind == SIGN_DELETED)) {
		note_sight(o, carrier);
		return true;
	}
	if (!carries_softly(newest, event_us) && can_be_told_apart(o, newest, s))
		return oracle_fail(o, s, NULL, 1, "happened again and is taken for episode %lld",
			(long long)newest->number);
	o->stats->ambiguous++;
	if (newest->n_soft < MAX_SOFT)
		newest->soft[newest->n_soft++] = event_us;
	note_sight(o, newest);
	return true;
}

static bool sight(struct oracle *o, const struct sign *s)
{
	int64_t event_us = sign_event_us(s, o->now.capture_us);
	bool ignored = oracle_ask_rules(o, s) == VERDICT_IGNORE;
	size_t n;
	const struct audit_step *step = inserted(o, s, &n);

	remember_sighting(o, s, ignored);
	if (ignored && !step)
		return true;
	if (ignored && !(n == 1 && step->brought_back))
		return oracle_fail(o, s, NULL, -1, "is ignored and found");
	if (n > 1)
		return oracle_fail(o, s, NULL, -1, "is found %zu times by one preview", n);
	return step ? sight_as_new(o, s, event_us, step) : sight_as_known(o, s, event_us);
}

static bool behind_is_a_sight(struct oracle *o, const struct audit_step *step)
{
	for (size_t i = 0; i < o->now.n; i++)
		if (oracle_step_is(step, &o->now.signs[i]))
			return true;
	return oracle_fail(o, NULL, NULL, 0, "%s %s %s %s is found and was not shown",
		step->entity_type, step->object_id, step->change, step->atom);
}

bool oracle_sights(struct oracle *o)
{
	bool good = true;

	for (size_t i = 0; good && i < o->now.n_steps; i++)
		if (o->now.steps[i].kind == AUDIT_NEW)
			good = behind_is_a_sight(o, &o->now.steps[i]);
	for (size_t i = 0; good && i < o->now.n; i++)
		good = sight(o, &o->now.signs[i]);
	return good;
}
