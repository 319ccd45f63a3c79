/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants, assignments and memberships go with the object that they hang on: when it came or went in
 * the same job, and people are told of it, they are told with it. Nothing is hidden that is worse
 * than what it would hide behind.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "daemon/watch/judge_work.h"

/* Rows of one object; the documented example has four. */
#define ROWS 16u
/* Findings in memory at a time. */
#define BATCH 500u

/* What must have happened to the object: the same as to what hangs on it. */
static const char *same_way(const char *change)
{
	if (strcmp(change, "deleted") == 0 || strcmp(change, "link removed") == 0)
		return "deleted";
	if (strcmp(change, "appeared") == 0 || strcmp(change, "link added") == 0)
		return "appeared";
	return NULL;
}

static bool hides(
	const struct judging *j, const struct known_finding *parent, const struct judge_outcome *o)
{
	return parent->first_job == j->run->id && parent->attention == ATTENTION_OPEN &&
	       parent->severity >= o->verdict;
}

/* The object's row is judged first, wherever it is in the list; judging it again does nothing. */
static int hang_on(struct judging *j, const struct store_change *row, struct judge_outcome *o)
{
	const struct finding_key key = {
		.tenant = j->run->tenant,
		.entity_type = row->entity_type,
		.object_id = row->object_id,
		.change = row->change,
		.atom = "",
	};
	struct known_finding parent;
	int r = judge_row(j, row);

	if (r == 0)
		r = store_finding_newest(j->store, &key, &parent);
	if (r <= 0 || !hides(j, &parent, o))
		return r < 0 ? r : 0;
	o->parent = parent.id;
	o->under = judge_tally(j, row, j->initial && parent.episode == 1, parent.severity);
	return 0;
}

static int find_anchor(
	struct judging *j, const char *object_id, const char *change, struct judge_outcome *o)
{
	_cleanup_(store_changes_done) struct store_changes rows = {0};
	int r = store_change_of_object(j->store, j->run->id, object_id, 0, ROWS, &rows);

	for (size_t i = 0; r == 0 && i < rows.n; i++)
		if (strcmp(rows.items[i].change, change) == 0 && !rows.items[i].n_anchors)
			return hang_on(j, &rows.items[i], o);
	return r;
}

int judge_parent(struct judging *j, const struct store_change *row, const struct atom *atom,
	struct judge_outcome *o)
{
	const char *change = same_way(atom->change);
	bool link = atom->kind == ATOM_LINK;
	size_t n = link ? 1 : row->n_anchors;
	int r = 0;

	for (size_t i = 0; r == 0 && change && !o->parent && i < n; i++) {
		char guid[GUID_TEXT_SIZE];
		const char *id = link ? atom->member_id : guid_format(row->anchors[i], guid);

		if (id)
			r = find_anchor(j, id, change, o);
	}
	return r;
}

/* --- when it goes, and when it comes back
 * -------------------------------------------------------------------------------
 */

int judge_gone(struct judging *j, const struct finding_item *item, enum tally_what what,
	const struct observation *by, struct tally *told)
{
	const struct known_finding *known = &item->known;
	struct gone *gone = j->gone;

	if (told)
		told->n_repeated++;
	if (known->parent || (what == TALLY_UNDONE && known->about != ABOUT_DIFFERENCE)) {
		/* full whenever it is empty or a power of two */
		if ((j->n_gone & (j->n_gone - 1)) == 0)
			gone = realloc(gone, (j->n_gone ? 2 * j->n_gone : 1) * sizeof(*gone));
		if (!gone)
			return -ENOMEM;
		j->gone = gone;
		gone[j->n_gone++] = (struct gone){
			.id = known->id,
			.parent = known->parent,
			.what = what,
			.silent = told != NULL,
			.by = by ? *by : (struct observation){0},
			.seen = by != NULL,
		};
	}
	return told || known->parent ? 0 : judge_tell_gone(j, item, what, by);
}

static enum alert_child child_of(const struct finding_item *item)
{
	if (strncmp(item->change, "link ", 5) == 0)
		return ALERT_CHILD_MEMBERSHIP;
	return strcmp(item->entity_type, "appRoleAssignment") == 0 ? ALERT_CHILD_ASSIGNMENT
								   : ALERT_CHILD_GRANT;
}

/* The parent went the same way in this job, and people are told of it. */
static bool went_too(
	const struct judging *j, const struct known_finding *parent, enum tally_what what)
{
	if (parent->as_of_us != j->seen.start_us)
		return false;
	return what == TALLY_UNDONE
		       ? parent->fact == FACT_UNDONE && parent->attention == ATTENTION_CLOSED
		       : parent->fact == FACT_VANISHED && parent->attention == ATTENTION_OPEN;
}

static int tell_child(struct judging *j, const struct gone *g)
{
	_cleanup_(finding_items_done) struct finding_items child = {0}, parent = {0};
	int r = store_finding_load(j->store, g->id, &child);

	if (r == 0)
		r = store_finding_load(j->store, g->parent, &parent);
	if (r < 0 || child.n == 0)
		return r;
	if (parent.n == 0 || !went_too(j, &parent.items[0].known, g->what))
		return judge_tell_gone(j, &child.items[0], g->what, g->seen ? &g->by : NULL);
	tally_hide(judge_tally_gone(j, &parent.items[0], g->what), g->parent,
		child_of(&child.items[0]));
	return 0;
}

static int close_child(
	struct judging *j, const struct finding_item *child, struct tally *t, const char *text)
{
	const struct finding_why why = {.at_us = j->now_us, .who = j->who, .why = text};

	if (t)
		tally_hide(t, child->known.parent, child_of(child));
	return store_finding_set_attention(
		j->store, child->known.id, child->known.attention, ATTENTION_CLOSED, &why);
}

static int close_children(struct judging *j, const struct gone *g)
{
	_cleanup_(finding_items_done) struct finding_items parent = {0};
	char text[80];
	int64_t after = 0;
	size_t n;
	int r = store_finding_load(j->store, g->id, &parent);

	if (r < 0 || parent.n == 0)
		return r;
	struct tally *t = g->silent ? NULL : judge_tally_gone(j, &parent.items[0], g->what);
	(void)snprintf(
		text, sizeof(text), "it goes with finding %" PRId64 ", which was closed", g->id);
	do {
		_cleanup_(finding_items_done) struct finding_items list = {0};

		r = store_finding_children(j->store, g->id, ATTENTION_OPEN, after, BATCH, &list);
		for (size_t i = 0; r == 0 && i < list.n; i++) {
			r = close_child(j, &list.items[i], t, text);
			after = list.items[i].known.id;
		}
		n = list.n;
	} while (r == 0 && n == BATCH);
	return r;
}

int judge_reopened(struct judging *j, int64_t id, struct tally *told)
{
	struct reopened *reopened = realloc(j->reopened, (j->n_reopened + 1) * sizeof(*reopened));

	if (!reopened)
		return -ENOMEM;
	j->reopened = reopened;
	reopened[j->n_reopened++] = (struct reopened){id, told};
	return 0;
}

/* Of those that were closed with it; what this job does not show is not claimed to be there. */
static int reopen_child(
	struct judging *j, const struct finding_item *child, struct tally *t, const char *text)
{
	const struct finding_why why = {.at_us = j->now_us, .who = j->who, .why = text};
	const struct known_finding *known = &child->known;

	if (known->fact != FACT_VISIBLE || known->last_job != j->run->id)
		return 0;
	tally_hide(t, known->parent, child_of(child));
	return store_finding_set_attention(
		j->store, known->id, known->attention, ATTENTION_OPEN, &why);
}

static int reopen_children(struct judging *j, const struct reopened *again)
{
	char text[80];
	int64_t after = 0;
	size_t n;
	int r;

	(void)snprintf(text, sizeof(text), "it comes back with finding %" PRId64 ", which stands",
		again->id);
	do {
		_cleanup_(finding_items_done) struct finding_items list = {0};

		r = store_finding_children(
			j->store, again->id, ATTENTION_CLOSED, after, BATCH, &list);
		for (size_t i = 0; r == 0 && i < list.n; i++) {
			r = reopen_child(j, &list.items[i], again->told, text);
			after = list.items[i].known.id;
		}
		n = list.n;
	} while (r == 0 && n == BATCH);
	return r;
}

int judge_children(struct judging *j)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->n_gone; i++) {
		const struct gone *g = &j->gone[i];

		if (g->parent && !g->silent)
			r = tell_child(j, g);
		else if (!g->parent && g->what == TALLY_UNDONE)
			r = close_children(j, g);
	}
	for (size_t i = 0; r == 0 && i < j->n_reopened; i++)
		r = reopen_children(j, &j->reopened[i]);
	return r;
}
