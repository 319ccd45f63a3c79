/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that shows the opposite of what was found before takes that back, and a deletion takes back
 * those before it. Silence never proves that a deletion is undone; this does.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "daemon/watch/judge_work.h"

/* Episodes of one object that are looked at; nobody deletes the same one more often. */
#define EPISODES 16u
/* Rows of one object; the documented example has four. */
#define ROWS 64u

/* A preview that lists both contradicts itself, and proves neither. */
static int link_is_listed(const struct atoms *atoms, const char *change, const char *atom)
{
	for (size_t i = 0; atoms && i < atoms->n; i++)
		if (strcmp(atoms->items[i].change, change) == 0 &&
			strcmp(atoms->items[i].key, atom) == 0)
			return 1;
	return 0;
}

static int object_is_listed(struct judging *j, const struct finding_key *key, const char *change)
{
	_cleanup_(store_changes_done) struct store_changes rows = {0};
	int r = store_change_of_object(j->store, j->run->id, key->object_id, 0, ROWS, &rows);

	for (size_t i = 0; r == 0 && i < rows.n; i++)
		if (strcmp(rows.items[i].change, change) == 0 &&
			strcmp(rows.items[i].entity_type, key->entity_type) == 0)
			return 1;
	return r;
}

static const char *why_undone(const char *change)
{
	if (strcmp(change, "deleted") == 0)
		return "the preview lists it as appeared: it was restored";
	if (strcmp(change, "appeared") == 0)
		return "the preview lists it as deleted";
	return strcmp(change, "link added") == 0 ? "the preview lists the link as removed"
						 : "the preview lists the link as added";
}

int judge_undo(struct judging *j, const struct finding_item *item, const char *text,
	const struct observation *by, struct tally *told)
{
	const struct known_finding *known = &item->known;
	const struct finding_why why = {.at_us = j->now_us, .who = j->who, .why = text};
	int r = store_finding_set_fact(
		j->store, known->id, known->fact, FACT_UNDONE, j->run->id, &why);

	j->result->n_undone++;
	if (r < 0 || known->attention != ATTENTION_OPEN)
		return r;
	r = store_finding_set_attention(
		j->store, known->id, known->attention, ATTENTION_CLOSED, &why);
	return r < 0 ? r : judge_gone(j, item, TALLY_UNDONE, by, told);
}

/* Every older episode that still stands is taken back with the newest. */
static int take_back(struct judging *j, const struct finding_item *like,
	const struct observation *seen, const struct known_finding *episodes, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct finding_item item = *like;

		item.known = episodes[i];
		if (finding_opposed(&episodes[i], &j->seen) == FINDING_DISPROVED)
			r = judge_undo(j, &item, why_undone(like->change), seen, NULL);
	}
	return r;
}

/*
 * Episodes of the opposite that were seen before this job; newest first. Settled is what this job
 * has undone already, for a row that is ignored leaves no trace and may be judged once more.
 */
static int list_earlier(struct judging *j, const struct finding_key *key, const char *opposite,
	struct known_finding *episodes, size_t *ret_n, struct evidence *ret)
{
	size_t n = 0, kept = 0;
	int r = store_finding_opposites(j->store, key, opposite, episodes, EPISODES, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (episodes[i].as_of_us < j->seen.start_us)
			episodes[kept++] = episodes[i];
		else if (episodes[i].as_of_us == j->seen.start_us)
			ret->settled = ret->settled || episodes[i].fact == FACT_UNDONE;
		else if (episodes[i].hi_us <= j->seen.start_us)
			ret->known = true; /* a later job, judged before this one, spoke of it */
	}
	*ret_n = kept;
	return r;
}

/* Episodes are numbered as they were found; times of deletion know better which is the last. */
static void put_last_first(struct known_finding *episodes, size_t n)
{
	size_t last = 0;

	for (size_t i = 1; i < n; i++)
		if (episodes[i].deleted_at_us != TIME_NONE &&
			episodes[last].deleted_at_us != TIME_NONE &&
			episodes[i].deleted_at_us > episodes[last].deleted_at_us)
			last = i;
	if (n == 0 || last == 0)
		return;
	const struct known_finding first = episodes[0];
	episodes[0] = episodes[last];
	episodes[last] = first;
}

static bool any_stands(const struct judging *j, const struct known_finding *episodes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (finding_opposed(&episodes[i], &j->seen) == FINDING_DISPROVED)
			return true;
	return false;
}

/* Undone by silence while it was open; if by a sight of ours, what came since was never seen. */
static bool is_settled(const struct known_finding *newest, const struct known_finding *before)
{
	/* closed with what it hung on: that was told */
	if (newest->parent && newest->attention == ATTENTION_CLOSED)
		return true;
	return newest->fact == FACT_UNDONE && newest->attention == ATTENTION_CLOSED &&
	       !(before && before->as_of_us >= newest->as_of_us);
}

int judge_evidence(struct judging *j, const struct finding_key *key, const char *name,
	const struct observation *seen, const struct known_finding *before,
	const struct atoms *atoms, struct evidence *ret)
{
	const char *opposite = change_opposite(key->change);
	struct known_finding episodes[EPISODES];
	size_t n = 0;
	int r;

	*ret = (struct evidence){0};
	r = opposite ? list_earlier(j, key, opposite, episodes, &n, ret) : 0;
	if (r < 0 || n == 0)
		return r;
	put_last_first(episodes, n);
	ret->known = true;
	ret->settled = ret->settled || is_settled(&episodes[0], before);
	if (!any_stands(j, episodes, n))
		return 0;
	r = *key->atom ? link_is_listed(atoms, opposite, key->atom)
		       : object_is_listed(j, key, opposite);
	if (r != 0)
		return r < 0 ? r : 0;
	const struct finding_item like = {
		.entity_type = key->entity_type,
		.object_id = key->object_id,
		.change = opposite,
		.atom = key->atom,
		.name = name,
	};
	ret->was_open = episodes[0].attention == ATTENTION_OPEN &&
			finding_opposed(&episodes[0], &j->seen) == FINDING_DISPROVED;
	return take_back(j, &like, seen, episodes, n);
}

/* A preview that lists two deletions of one object contradicts itself. */
static int is_listed_twice(
	struct judging *j, const struct finding_key *key, const struct observation *seen)
{
	_cleanup_(store_changes_done) struct store_changes rows = {0};
	int r = store_change_of_object(j->store, j->run->id, key->object_id, 0, ROWS, &rows);

	for (size_t i = 0; r == 0 && i < rows.n; i++)
		if (strcmp(rows.items[i].change, key->change) == 0 &&
			strcmp(rows.items[i].entity_type, key->entity_type) == 0 &&
			rows.items[i].deleted_at_us != seen->deleted_at_us)
			return 1;
	return r;
}

int judge_repeated(struct judging *j, const struct finding_key *key, const char *name,
	const struct observation *seen, struct tally *told)
{
	struct known_finding episodes[EPISODES];
	char text[TIME_TEXT_SIZE + 64], at[TIME_TEXT_SIZE];
	size_t n = 0, kept = 0;
	int r = store_finding_opposites(j->store, key, key->change, episodes, EPISODES, &n);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (finding_repeated(&episodes[i], seen) == FINDING_DISPROVED)
			episodes[kept++] = episodes[i];
	if (r < 0 || kept == 0)
		return r;
	r = is_listed_twice(j, key, seen);
	if (r != 0)
		return r < 0 ? r : 0;
	(void)snprintf(text, sizeof(text), "deleted again at %s, so it was back in between",
		time_format(seen->deleted_at_us, at));
	for (size_t i = 0; r == 0 && i < kept; i++) {
		const struct finding_item item = {
			.known = episodes[i],
			.entity_type = key->entity_type,
			.object_id = key->object_id,
			.change = key->change,
			.atom = key->atom,
			.name = name,
		};

		r = judge_undo(j, &item, text, seen, told);
	}
	return r;
}
