/* SPDX-License-Identifier: Apache-2.0 */
/* Into which alert a finding goes: each into one, and only what somebody has to know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "daemon/watch/judge_work.h"

/* --- new ones -----------------------------------------------------------------------------------
 */

/* For the journal; not of a first run, which is one notice. */
static int tell_journal(
	struct judging *j, const struct store_change *row, const struct judge_outcome *o)
{
	struct judge_result *result = j->result;
	enum change_kind kind = change_kind_from_name(row->change);

	if (o->initial || (kind != CHANGE_DELETED && kind != CHANGE_APPEARED))
		return 0;
	if (result->n_objects == LIMIT_JOURNAL_OBJECTS) {
		result->n_omitted++;
		return 0;
	}
	struct judged_object *objects =
		realloc(result->objects, (result->n_objects + 1) * sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	result->objects = objects;
	struct judged_object *new = &objects[result->n_objects++];
	*new = (struct judged_object){.severity = o->verdict, .deleted_at_us = row->deleted_at_us};
	int r = text_copy(row->entity_type, &new->entity_type);
	if (r >= 0)
		r = text_copy(row->object_id, &new->object_id);
	if (r >= 0)
		r = text_copy(row->name, &new->display_name);
	if (r >= 0)
		r = text_copy(row->change, &new->change);
	if (r >= 0)
		r = text_copy(o->rule ? o->rule->name : NULL, &new->rule);
	return r < 0 ? r : 0;
}

static int offer(struct tally *t, const struct store_change *row, const struct atom *atom,
	const struct judge_outcome *o)
{
	return tally_offer(t, &(struct alert_object){
				      .entity_type = row->entity_type,
				      .object_id = row->object_id,
				      .display_name = row->name,
				      .change = atom->change,
				      .property = atom->kind == ATOM_OBJECT ? NULL : atom->name,
				      .before = atom->before,
				      .after = atom->after,
				      .link_id = atom->member_id,
				      .link_name = atom->member_name,
				      .rule = o->rule ? o->rule->name : NULL,
				      .severity = o->verdict,
				      .finding = o->id,
				      .deleted_at_us = row->deleted_at_us,
				      .brought_back = o->brought_back,
			      });
}

/* A recovery restores, changes and deletes; it never creates. */
static bool was_created(const struct judging *j, const struct store_change *row)
{
	return change_kind_from_name(row->change) == CHANGE_APPEARED &&
	       row->created_at_us != TIME_NONE && row->created_at_us > j->seen.baseline_us;
}

/* Effects of a recovery are told together; the rest by severity. */
struct tally *judge_tally(
	struct judging *j, const struct store_change *row, bool initial, enum verdict severity)
{
	struct tally *effects = NULL;

	if (initial)
		return &j->first;
	if (!was_created(j, row))
		effects = judge_effects(j, row->entity_type, row->object_id, row->deleted_at_us);
	return effects ? effects : &j->tallies[severity];
}

static const char *word_of(const struct tally *t, const struct judging *j, const char *change)
{
	static const char *const words[] = {
		"deleted", "brought back", "appeared", "deleted since", "deleted again"};

	for (size_t i = 0; i < j->n_recoveries; i++)
		if (t == &j->recoveries[i].effects)
			return "changed";
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(change, words[i]) == 0)
			return words[i];
	return "modified";
}

static enum tally_what what_of(const char *change)
{
	if (strcmp(change, "deleted") == 0)
		return TALLY_DELETED;
	return strcmp(change, "appeared") == 0 ? TALLY_APPEARED : TALLY_MODIFIED;
}

static enum alert_child child_of(const struct store_change *row, const struct atom *atom)
{
	if (atom->kind == ATOM_LINK)
		return ALERT_CHILD_MEMBERSHIP;
	return strcmp(row->entity_type, "appRoleAssignment") == 0 ? ALERT_CHILD_ASSIGNMENT
								  : ALERT_CHILD_GRANT;
}

int judge_tell_new(struct judging *j, const struct store_change *row, const struct atom *atoms,
	const struct judge_outcome *outcomes, size_t n)
{
	const struct judge_outcome *worst = NULL;

	for (size_t i = 0; i < n; i++) {
		if (outcomes[i].parent)
			tally_hide(outcomes[i].under, outcomes[i].parent, child_of(row, &atoms[i]));
		else if (outcomes[i].id && (!worst || outcomes[i].verdict > worst->verdict))
			worst = &outcomes[i];
	}
	if (!worst)
		return 0;
	/* a row is told of once, with the severity of its worst atom */
	struct tally *t = judge_tally(j, row, worst->initial, worst->verdict);
	int r = tally_count(t, what_of(row->change), row->entity_type,
		word_of(t, j, worst->brought_back ? "brought back" : row->change));
	t->n_reopened += worst->reopened;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct judge_outcome *o = &outcomes[i];

		if (o->id && !o->parent && (!o->initial || o->verdict == VERDICT_CRITICAL))
			r = offer(t, row, &atoms[i], o);
	}
	return r < 0 ? r : tell_journal(j, row, worst);
}

/* --- what was open and is no more ---------------------------------------------------------------
 */

/* What appeared is seen to be deleted; that is more than that it appears no longer. */
static bool is_deleted_by(const struct finding_item *item, const struct observation *by)
{
	return by && item->known.about == ABOUT_APPEARANCE;
}

static const char *change_by(const struct finding_item *item, const struct observation *by)
{
	if (is_deleted_by(item, by))
		return "deleted since";
	if (by && by->deleted_at_us != TIME_NONE && item->known.about == ABOUT_DELETION)
		return "deleted again";
	return item->change;
}

static int offer_gone(struct tally *t, const struct finding_item *item, enum tally_what what,
	const struct observation *by)
{
	const char *member =
		strncmp(item->change, "link ", 5) == 0 ? strchr(item->atom, '/') : NULL;
	_cleanup_(freep) char *name = NULL;

	if (member && !(name = strndup(item->atom, (size_t)(member - item->atom))))
		return -ENOMEM;
	return tally_offer(
		t, &(struct alert_object){
			   .entity_type = item->entity_type,
			   .object_id = item->object_id,
			   .display_name = item->name,
			   .change = item->change,
			   .property = member	     ? name
				       : *item->atom ? item->atom
						     : NULL,
			   .link_id = member ? member + 1 : NULL,
			   .severity = item->known.severity,
			   .finding = item->known.id,
			   .deleted_at_us = is_deleted_by(item, by) ? by->deleted_at_us
								    : item->known.deleted_at_us,
			   .fact = fact_name(what == TALLY_UNDONE ? FACT_UNDONE : FACT_VANISHED),
		   });
}

struct tally *judge_tally_gone(
	struct judging *j, const struct finding_item *item, enum tally_what what)
{
	/* what was deleted long ago may have been restored by a recovery of today */
	struct tally *t = judge_effects(j, item->entity_type, item->object_id, TIME_NONE);

	if (t)
		return t;
	return what == TALLY_UNDONE ? &j->undone : &j->vanished;
}

int judge_tell_gone(struct judging *j, const struct finding_item *item, enum tally_what what,
	const struct observation *by)
{
	struct tally *t = judge_tally_gone(j, item, what);
	int r = tally_is_first(t, item->entity_type, item->object_id);
	if (r > 0)
		r = tally_count(t, what, item->entity_type, word_of(t, j, change_by(item, by)));
	return r < 0 ? r : offer_gone(t, item, what, by);
}
