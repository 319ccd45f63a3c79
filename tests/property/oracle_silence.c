/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a judgement says of findings is true in the directory at the instant that the preview saw,
 * and what it must say it says. Attention moves by an undo and by nothing else here.
 */
#include <string.h>

#include "tests/property/oracle_private.h"

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* The preview shows a later deletion of the object, so it was there in between. */
static bool deleted_since(const struct oracle *o, const struct episode *e)
{
	return e->sign.kind == SIGN_DELETED && preview_shows(&o->now, &e->sign) &&
	       sign_event_us(&e->sign, o->now.capture_us) > e->event_us;
}

/* The difference that the finding speaks of is no more. */
static bool gone(const struct oracle *o, const struct episode *e)
{
	int64_t at_us = o->now.capture_us;
	enum sim_life life = sim_object_life(e->sign.object, at_us);

	if (e->sign.kind == SIGN_DELETED)
		return life == SIM_LIFE_ALIVE || deleted_since(o, e);
	return life == SIM_LIFE_GONE || !sign_holds(&e->sign, at_us) ||
	       (e->sign.member && sim_object_life(e->sign.member, at_us) == SIM_LIFE_GONE);
}

static bool stands(const struct oracle *o, const struct episode *e)
{
	return sim_object_life(e->sign.object, o->now.capture_us) == SIM_LIFE_DELETED &&
	       sim_object_deleted_us(e->sign.object, o->now.capture_us) == e->event_us;
}

/* Deleted before the baseline, restored after it, deleted again: nothing tells it from vanished. */
static bool baseline_lacked(struct oracle *o, const struct episode *e)
{
	if (sim_object_life(e->sign.object, o->now.content_us) == SIM_LIFE_ALIVE)
		return false;
	o->stats->ambiguous++;
	return true;
}

static bool has_recycle_bin(enum sim_type type)
{
	return type != SIM_TYPE_GRANT && type != SIM_TYPE_ASSIGNMENT;
}

/* Does the service still list a snapshot of before? */
static bool listed_before(const struct oracle *o, int64_t event_us)
{
	struct sim_snapshot list[SIM_MAX_SNAPSHOTS];
	size_t n = sim_snapshots(o->tenant, o->now.q_us, list);

	return n > 0 && list[n - 1].created_us < event_us;
}

/* Nothing is left to restore it from; histories are too short for a recycle bin to end. */
static bool is_past_recovery(const struct oracle *o, const struct episode *e)
{
	return e->sign.kind == SIGN_DELETED && !listed_before(o, e->event_us) &&
	       !has_recycle_bin(sim_object_type(e->sign.object));
}

static bool fact_is_true(struct oracle *o, const struct episode *e, const char *fact)
{
	const struct preview *p = &o->now;

	if (is(fact, "visible"))
		return preview_shows(p, &e->sign) ||
		       oracle_fail(o, &e->sign, NULL, 0, "is visible and was not shown");
	if (is(fact, "past_recovery")) /* by time, whatever the preview shows */
		return is_past_recovery(o, e) ||
		       oracle_fail(o, &e->sign, fact, -1, "is not past recovery");
	if (p->p_us < e->last_p_us)
		return oracle_fail(o, &e->sign, fact, -1, "is %s by an older preview", fact);
	if (is(fact, "undone")) {
		o->stats->undone++;
		return gone(o, e) || oracle_fail(o, &e->sign, fact, -1, "is not undone");
	}
	if (p->job->verified != 1 || !preview_includes(p, e->sign.object))
		return oracle_fail(
			o, &e->sign, fact, -1, "is %s by a preview that cannot know", fact);
	if (is(fact, "absorbed")) {
		o->stats->absorbed++;
		return e->event_us <= p->content_us ||
		       oracle_fail(o, &e->sign, fact, -1, "is not in the baseline");
	}
	if (is(fact, "vanished")) {
		o->stats->vanished++;
		if (e->sign.kind != SIGN_DELETED)
			return oracle_fail(o, &e->sign, fact, -1, "is no deletion");
		return !stands(o, e) || baseline_lacked(o, e) ||
		       oracle_fail(o, &e->sign, fact, -1, "has not vanished");
	}
	return oracle_fail(o, &e->sign, fact, -1, "is %s", fact);
}

/* An undo of it by this judgement, of either kind. */
static bool undone_here(const struct oracle *o, const struct episode *e)
{
	for (size_t i = 0; i < o->now.n_steps; i++)
		if (o->now.steps[i].kind == AUDIT_MOVED && o->now.steps[i].finding == e->id &&
			is(o->now.steps[i].fact, "undone"))
			return true;
	return false;
}

/* What hangs on an object is closed with it. */
static bool parent_closes(const struct oracle *o, const struct episode *e)
{
	const struct episode *parent =
		e->parent ? oracle_by_id((struct oracle *)o, e->parent) : NULL;

	return parent && undone_here(o, parent);
}

/* Previews that overlap may see the restored object before the one that sees it deleted. */
static bool reopens(const struct oracle *o, const struct episode *e, const struct audit_step *step)
{
	return is(step->was_attention, "closed") && is(step->attention, "open") &&
	       e->sign.kind == SIGN_DELETED && preview_shows(&o->now, &e->sign) &&
	       sign_event_us(&e->sign, o->now.capture_us) == e->event_us;
}

static bool attention_is_right(struct oracle *o, struct episode *e, const struct audit_step *step)
{
	if (is(step->attention, step->was_attention) || is(step->attention, "acknowledged"))
		return true; /* who acknowledges is a person of the history */
	if (is(step->attention, "closed") && is(step->was_attention, "open") &&
		(undone_here(o, e) || parent_closes(o, e))) {
		o->stats->closed++;
		return true;
	}
	if (reopens(o, e, step)) {
		e->reopened++;
		return true;
	}
	return oracle_fail(
		o, &e->sign, NULL, 0, "goes from %s to %s", step->was_attention, step->attention);
}

static bool moved(struct oracle *o, const struct audit_step *step)
{
	struct episode *e = oracle_by_id(o, step->finding);

	if (!e)
		return true;
	if (!attention_is_right(o, e, step))
		return false;
	if (!is(step->fact, step->was_fact) && !fact_is_true(o, e, step->fact))
		return false;
	if (!is(step->fact, step->was_fact))
		e->fact_p_us = o->now.p_us;
	e->attention = step->attention;
	e->fact = step->fact;
	e->parent = step->parent;
	return true;
}

/* Was closed at birth: it takes back what was open until now. */
static bool takes_back(struct oracle *o, const struct audit_step *born)
{
	for (size_t i = 0; i < o->now.n_steps; i++) {
		const struct audit_step *step = &o->now.steps[i];

		if (step->kind == AUDIT_MOVED && is(step->was_attention, "open") &&
			is(step->attention, "closed") && is(step->fact, "undone") &&
			strcmp(step->object_id, born->object_id) == 0)
			return true;
	}
	return oracle_fail(o, &oracle_by_id(o, born->finding)->sign, NULL, 0,
		"is closed and takes nothing back");
}

/* What silence proves must be said. */
static bool silence_is_heard(struct oracle *o, const struct episode *e)
{
	const struct preview *p = &o->now;
	int64_t hi_us = e->sign.kind == SIGN_DELETED ? e->event_us : e->min_q_us;

	if (!is(e->fact, "visible") || preview_shows(p, &e->sign) ||
		!preview_includes(p, e->sign.object) || p->p_us <= e->last_p_us)
		return true;
	if (p->b_us >= hi_us + o->margin_us)
		return oracle_fail(o, &e->sign, "absorbed", 1, "is in the baseline and visible");
	/* what an older baseline does not differ from may differ from those that showed it */
	bool before =
		e->sign.kind == SIGN_DELETED && p->b_us >= e->first_b_us && p->b_us < e->event_us;
	if ((before || p->b_us == e->first_b_us || p->b_us == e->last_b_us) &&
		!preview_lists(p, e->sign.object))
		return oracle_fail(o, &e->sign,
			e->sign.kind == SIGN_DELETED ? "vanished" : "undone", 1,
			"is no more and visible");
	return true;
}

/* What a later deletion proves must be said. */
static bool repetition_is_heard(struct oracle *o, const struct episode *e)
{
	if (o->now.p_us < o->latest_p_us || o->now.p_us <= e->last_p_us || !deleted_since(o, e) ||
		is(e->fact, "undone"))
		return true;
	return oracle_fail(o, &e->sign, "undone", 1, "was back in between and is %s", e->fact);
}

/* The alert of a deletion tells what it closes of its own object. */
static bool told_by_repetition(const struct oracle *o, const struct audit_step *closed)
{
	for (size_t i = 0; is(closed->change, "deleted") && i < o->now.n_steps; i++) {
		const struct audit_step *step = &o->now.steps[i];

		if (step->finding != closed->finding && is(step->change, "deleted") &&
			is(step->object_id, closed->object_id) && is(step->attention, "open") &&
			(step->kind == AUDIT_NEW || is(step->was_attention, "closed")))
			return true;
	}
	return false;
}

static void note_notices(struct oracle *o)
{
	struct notices *notices = sim_grow(&o->notices, &o->n_notices, sizeof(*notices));

	*notices = (struct notices){.job = o->now.job->id};
	for (size_t i = 0; i < o->now.n_steps; i++) {
		const struct audit_step *step = &o->now.steps[i];

		notices->closed += is(step->was_attention, "open") &&
				   is(step->attention, "closed") && !told_by_repetition(o, step);
		notices->vanished += is(step->was_fact, "visible") && is(step->fact, "vanished") &&
				     is(step->attention, "open");
	}
}

bool oracle_moves(struct oracle *o)
{
	bool good = true;

	note_notices(o);
	for (size_t i = 0; good && i < o->now.n_steps; i++)
		if (o->now.steps[i].kind == AUDIT_MOVED)
			good = moved(o, &o->now.steps[i]);
	for (size_t i = 0; good && i < o->now.n_steps; i++)
		if (o->now.steps[i].kind == AUDIT_NEW && is(o->now.steps[i].attention, "closed"))
			good = takes_back(o, &o->now.steps[i]);
	for (size_t i = 0; good && i < o->n; i++)
		good = repetition_is_heard(o, &o->episodes[i]);
	for (size_t i = 0; good && o->now.job->verified == 1 && i < o->n; i++)
		if (oracle_newest(o, &o->episodes[i].sign) == &o->episodes[i])
			good = silence_is_heard(o, &o->episodes[i]);
	return good;
}
