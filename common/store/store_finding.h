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

/* The newest episode, opposite_seen_us left TIME_NONE. 1 found, 0 none, < 0. */
int store_finding_newest(struct store *s, const struct finding_key *key, struct known_finding *ret);

/*
 * Latest P of a preview of the tenant that showed opposite (change_opposite()) of this object or
 * link, after the last sight of this finding and before before_us; TIME_NONE: none did. A preview
 * that lists an object twice does not contradict itself. Objects are looked for in all stored
 * changes, links in findings.
 */
int store_finding_opposite(struct store *s, const struct finding_key *key, const char *opposite,
	int64_t finding, int64_t before_us, int64_t *ret_us);
/* Whether any episode of this change of the object was ever found. 1, 0, < 0. */
int store_finding_ever(struct store *s, const struct finding_key *key, const char *change);

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

/* Changes of one column, each with a row of history; nothing is written when they are the same. */
struct finding_why {
	int64_t at_us;
	const char *who; /* "job 7", "rule x", "uid 1000 (anna)" */
	const char *why; /* or NULL */
};
int store_finding_set_fact(struct store *s, int64_t id, enum fact was, enum fact becomes,
	const struct finding_why *why);
int store_finding_set_attention(struct store *s, int64_t id, enum attention was,
	enum attention becomes, const struct finding_why *why);
/* rule: the one that decided now; NULL for the default. */
int store_finding_set_severity(struct store *s, int64_t id, enum verdict was, enum verdict becomes,
	const char *rule, const struct finding_why *why);

/*
 * Whom the silence of a job concerns: visible findings of the tenant behind an id that this job did
 * not show, and that were last shown by the same watch with the same filter; by any when the
 * job had no filter. In the order of ids, at most limit; a full list may have more behind it.
 */
struct finding_silence {
	int64_t tenant, job;
	const char *watch, *filter_hash;
	bool unfiltered;
};
int store_finding_silent(struct store *s, const struct finding_silence *q, int64_t after_id,
	struct known_finding *items, size_t limit, size_t *ret_n);
