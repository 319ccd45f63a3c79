/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants, assignments and memberships go with the object that they hang on: when it came or went in
 * the same job, and people are told of it, they are told with it. Nothing is hidden that is worse
 * than what it would hide behind.
 */
#include <string.h>

#include "common/base/parse.h"
#include "daemon/watch/judge_work.h"

/* Rows of one object; the documented example has four. */
#define ROWS 16u

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
