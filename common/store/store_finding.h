/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings and their history. What becomes of one is decided in model/finding.h; here it is looked
 * up and written. Everything runs inside the transaction of its caller, which has fenced the
 * tenant's lease.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/finding.h"
#include "common/base/cleanup.h"
#include "common/store/db.h"

struct store;

/* What a finding is about; its episodes are counted from 1. Borrowed texts. */
struct finding_key {
	int64_t tenant;
	const char *entity_type;
	const char *object_id; /* as it came */
	const char *change;
	const char *atom; /* "" for the object, else the key of a property or link */
	const uint8_t *after_hash;
	size_t after_hash_len;
};

/* The newest episode. 1 found, 0 none, < 0. */
int store_finding_newest(struct store *s, const struct finding_key *key, struct known_finding *ret);
/* The episode of a deletion with exactly this time. 1 found, 0 none, < 0. */
int store_finding_of_deletion(struct store *s, const struct finding_key *key, int64_t deleted_at_us,
	struct known_finding *ret);

/*
 * Episodes of what takes the finding back (change_opposite()), whatever the value was; newest
 * first, at most limit. 0 or < 0.
 */
int store_finding_opposites(struct store *s, const struct finding_key *key, const char *opposite,
	struct known_finding *items, size_t limit, size_t *ret_n);

/* One with what it is about; struct finding_items below, with none or one. 0 or < 0. */
struct finding_items;
int store_finding_load(struct store *s, int64_t id, struct finding_items *ret);
/* Those of that attention that are shown under parent, behind the id after; at most limit. 0 or <
 * 0.
 */
int store_finding_children(struct store *s, int64_t parent, enum attention attention, int64_t after,
	size_t limit, struct finding_items *ret);

/* A new episode; borrowed texts. */
struct finding_row {
	struct finding_key key;
	const char *watch;
	int64_t episode;
	int64_t lo_us, hi_us, deleted_at_us;
	enum attention attention;
	enum verdict severity;
	const char *rule; /* NULL: the built-in default */
	bool initial, brought_back;
	const char *name, *before, *after;
	int64_t job, ordinal; /* its row */
	int64_t seen_us;
};
int store_finding_insert(struct store *s, const struct finding_row *f, int64_t *ret_id);

/* Seen again: what is known of the event by now. name NULL: not told, the old one stays. */
struct finding_seen {
	int64_t lo_us, hi_us, deleted_at_us;
	const char *name;
	int64_t job, seen_us;
};
int store_finding_seen(struct store *s, int64_t id, const struct finding_seen *seen);
/* Seen by a job that is older than what is known: only the times count. */
int store_finding_tighten(struct store *s, int64_t id, const struct finding_seen *seen);
/* The finding under which it is shown. */
int store_finding_set_parent(struct store *s, int64_t id, int64_t parent);

/* Changes of one column, each with a row of history; nothing is written when they are the same. */
struct finding_why {
	int64_t at_us;
	const char *who; /* "job 7", "rule x", "uid 1000 (anna)" */
	const char *why; /* or NULL */
};
/* job: the one that undid it or saw it vanish; 0 for every other fact. */
int store_finding_set_fact(struct store *s, int64_t id, enum fact was, enum fact becomes,
	int64_t job, const struct finding_why *why);
int store_finding_set_attention(struct store *s, int64_t id, enum attention was,
	enum attention becomes, const struct finding_why *why);
/* Why it was not open from the start: a row of history only. */
int store_finding_born(
	struct store *s, int64_t id, enum attention attention, const struct finding_why *why);
/* rule: the one that decided now; NULL for the default. */
int store_finding_set_severity(struct store *s, int64_t id, enum verdict was, enum verdict becomes,
	const char *rule, const struct finding_why *why);

/* A finding with what it is about. */
struct finding_item {
	struct known_finding known;
	char *text; /* owns the texts below */
	const char *entity_type, *object_id, *change, *atom;
	const char *name; /* NULL: not told */
	uint8_t after_hash[8];
	size_t after_hash_len;
};
struct finding_items {
	struct finding_item *items;
	size_t n;
};
void finding_items_done(struct finding_items *list);

/* Which findings of a tenant a job may change by not showing them, or time by passing. */
enum finding_walk {
	FINDING_WALK_VISIBLE,  /* visible, and not shown last by job */
	FINDING_WALK_ABSORBED, /* absorbed, but last shown against a baseline of at_us or later */
	FINDING_WALK_DELETED,  /* standing deletions of at_us or before */
	_FINDING_WALK_MAX,
};
/* Where a walk stands: in the order of ids, or of times and ids. */
struct finding_place {
	int64_t at_us, id;
};
#define FINDING_WALK_START ((struct finding_place){INT64_MIN, 0})
/* Those behind place, at most limit, and moves it; a full list may have more behind it. */
int store_finding_walk(struct store *s, int64_t tenant, enum finding_walk which, int64_t job,
	int64_t at_us, struct finding_place *place, size_t limit, struct finding_items *ret);
