/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the job does not show although it could have, and what time takes away. Only complete and
 * verified jobs are asked. Rows are looked at only where silence would prove something.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/store/store_snapshot.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/judge_work.h"

/* Findings in memory at a time. */
#define BATCH 500u
/* Rows of one object; the documented example has four. */
#define ROWS 64u

/* What the job says of the object that a silent finding is about. */
struct look_at {
	struct observation seen;
	bool shown; /* the atom itself: no rule wanted its row, so nobody had looked */
};

/* --- rows ---------------------------------------------------------------------------------------
 */

static bool is_same(const struct finding_item *item, const struct atom *atom)
{
	return strcmp(item->change, atom->change) == 0 &&
	       item->after_hash_len == atom->after_hash_len &&
	       memcmp(item->after_hash, atom->after_hash, atom->after_hash_len) == 0;
}

/* A large group may have thousands of silent findings, one after another. */
static int atoms_of(struct judging *j, const struct store_change *row)
{
	if (j->looked_ordinal == row->ordinal)
		return 0;
	atoms_done(&j->looked);
	j->looked_ordinal = 0;
	int r = judge_atoms(j, row, &j->looked);
	if (r == 0)
		j->looked_ordinal = row->ordinal;
	return r;
}

static int look_at_atoms(struct judging *j, const struct finding_item *item,
	const struct store_change *row, struct look_at *ret)
{
	const struct atoms *atoms = &j->looked;
	int r = atoms_of(j, row);

	if (r < 0)
		return r;
	if (atoms->omitted)
		ret->seen.another_way = true; /* it may be among them */
	for (size_t i = 0; i < atoms->n; i++) {
		if (strcmp(atoms->items[i].key, item->atom) != 0)
			continue;
		if (is_same(item, &atoms->items[i]))
			ret->shown = true;
		else
			ret->seen.another_way = true;
	}
	return 0;
}

static int look_at_modified(struct judging *j, const struct finding_item *item,
	const struct store_change *row, struct look_at *ret)
{
	size_t name = strncmp(item->change, "link ", 5) == 0 ? strcspn(item->atom, "/")
							     : strlen(item->atom);

	ret->seen.exists = true;
	if (item->known.about != ABOUT_DIFFERENCE || *item->atom == '\0') {
		ret->seen.another_way = item->known.about != ABOUT_DELETION;
		return 0;
	}
	return change_names(row->changed, item->atom, name) ? look_at_atoms(j, item, row, ret) : 0;
}

static int look_at_rows(struct judging *j, const struct finding_item *item, struct look_at *ret)
{
	_cleanup_(store_changes_done) struct store_changes rows = {0};
	int r = store_change_of_object(j->store, j->run->id, item->object_id, 0, ROWS, &rows);

	*ret = (struct look_at){.seen = j->seen};
	/* it may be there with another text */
	ret->seen.another_way = !change_has_id(item->object_id);
	for (size_t i = 0; r == 0 && i < rows.n; i++) {
		if (strcmp(rows.items[i].entity_type, item->entity_type) != 0)
			continue;
		if (change_kind_from_name(rows.items[i].change) == CHANGE_MODIFIED)
			r = look_at_modified(j, item, &rows.items[i], ret);
		else
			ret->seen.another_way = true;
	}
	return r;
}

/* --- findings -----------------------------------------------------------------------------------
 */

static int set_fact(struct judging *j, const struct finding_item *item, enum fact fact, int64_t job,
	const char *text)
{
	const struct finding_why why = {.at_us = j->now_us, .who = j->who, .why = text};

	return store_finding_set_fact(j->store, item->known.id, item->known.fact, fact, job, &why);
}

static int vanish(struct judging *j, const struct finding_item *item)
{
	int r = set_fact(j, item, FACT_VANISHED, j->run->id,
		"the preview lists it as deleted no more: restored or gone for ever, not known");

	j->result->n_vanished++;
	if (r < 0 || item->known.attention != ATTENTION_OPEN)
		return r;
	return judge_gone(j, item, TALLY_VANISHED, NULL, NULL);
}

static int see(struct judging *j, const struct finding_item *item)
{
	struct finding_seen seen = {
		.deleted_at_us = TIME_NONE, .job = j->run->id, .seen_us = j->now_us};

	finding_interval(&item->known, &j->seen, &seen.lo_us, &seen.hi_us);
	j->result->n_again++;
	int r = store_finding_seen(j->store, item->known.id, &seen);
	return r < 0 ? r : set_fact(j, item, FACT_VISIBLE, 0, "the preview shows it again");
}

static int apply(struct judging *j, const struct finding_item *item, enum finding_move move)
{
	switch (move) {
	case FINDING_ABSORBED:
		j->result->n_absorbed++;
		return set_fact(j, item, FACT_ABSORBED, 0, "a newer snapshot contains it");
	case FINDING_UNDONE:
		return judge_undo(j, item,
			item->known.about == ABOUT_DELETION
				? "the preview lists it as modified: it exists"
				: "it no longer differs from the snapshot",
			NULL, NULL);
	case FINDING_VANISHED:
		return vanish(j, item);
	case FINDING_NEW:
	case FINDING_NEW_EPISODE:
	case FINDING_SEEN_AGAIN:
	case FINDING_OLDER_SIGHT:
	case FINDING_DISPROVED:
	case FINDING_REOPENED:
	case FINDING_PAST_RECOVERY:
	case FINDING_KEEP:
	case _FINDING_MOVE_MAX:
		break;
	}
	return 0;
}

static int judge_silent(struct judging *j, const struct finding_item *item)
{
	struct look_at look;
	enum finding_move move;

	if (remote_filter_asked(j->filter, item->entity_type, item->object_id) !=
		REMOTE_FILTER_INCLUDES)
		return 0;
	move = finding_silence(&item->known, &j->seen);
	if (move != FINDING_UNDONE && move != FINDING_VANISHED)
		return apply(j, item, move);
	int r = look_at_rows(j, item, &look);
	if (r < 0)
		return r;
	return look.shown ? see(j, item)
			  : apply(j, item, finding_silence(&item->known, &look.seen));
}

/* What a job lists as modified exists, whatever the snapshot, even if other rows are missing. */
static int judge_deletion(struct judging *j, const struct finding_item *item)
{
	struct look_at look;

	if (item->known.last_job == j->run->id)
		return 0;
	int r = look_at_rows(j, item, &look);
	if (r < 0 || !look.seen.exists)
		return r;
	enum finding_move move = finding_silence(&item->known, &look.seen);
	return move == FINDING_UNDONE ? apply(j, item, move) : 0;
}

/* --- walking ------------------------------------------------------------------------------------
 */

static int walk(struct judging *j, struct store_thread *thread, enum finding_walk which,
	int64_t at_us, int (*visit)(struct judging *j, const struct finding_item *item))
{
	struct finding_place place = FINDING_WALK_START;
	size_t n;

	do {
		_cleanup_(finding_items_done) struct finding_items list = {0};
		int r = store_finding_walk(
			j->store, j->run->tenant, which, j->run->id, at_us, &place, BATCH, &list);

		for (size_t i = 0; r == 0 && i < list.n; i++)
			r = visit(j, &list.items[i]);
		if (r < 0)
			return r;
		n = list.n;
		store_thread_progress(thread);
	} while (n == BATCH);
	return 0;
}

int judge_existing(struct judging *j, struct store_thread *thread)
{
	if (j->result->n_modified == 0)
		return 0;
	return walk(j, thread, FINDING_WALK_DELETED, j->seen.start_us, judge_deletion);
}

int judge_silence(struct judging *j, struct store_thread *thread)
{
	int r = walk(j, thread, FINDING_WALK_VISIBLE, 0, judge_silent);

	return r < 0 ? r
		     : walk(j, thread, FINDING_WALK_ABSORBED, j->seen.baseline_us, judge_silent);
}

/* --- time ---------------------------------------------------------------------------------------
 */

/* Lists may be short for a while: what was listed lately counts. */
static int oldest_snapshot(struct judging *j, int64_t *ret_us)
{
	_cleanup_(freep) struct sighting *list = NULL;
	size_t n = 0;
	int r = store_snapshot_sightings(
		j->store, j->run->tenant, j->now_us - LIMIT_RETENTION_SHORT_US, &list, &n);

	*ret_us = r == 0 && n ? list[n - 1].created_us : TIME_NONE;
	return r;
}

static int lapse(struct judging *j, const struct finding_item *item)
{
	/* what is listed in the recycle bin now is there, whatever its time */
	if (item->known.last_job == j->run->id ||
		finding_lapse(&item->known, item->entity_type, j->oldest_us, j->now_us) !=
			FINDING_PAST_RECOVERY)
		return 0;
	return set_fact(j, item, FACT_PAST_RECOVERY, 0,
		"neither a snapshot nor the recycle bin has it any more");
}

int judge_lapse(struct judging *j, struct store_thread *thread)
{
	int r = oldest_snapshot(j, &j->oldest_us);

	if (r < 0 || j->oldest_us == TIME_NONE)
		return r;
	return walk(j, thread, FINDING_WALK_DELETED, j->oldest_us, lapse);
}
