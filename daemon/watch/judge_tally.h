/* SPDX-License-Identifier: Apache-2.0 */
/* What one alert will say: counts by type and change, and the objects that matter most. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/model/alert.h"

enum tally_what {
	TALLY_DELETED,
	TALLY_APPEARED,
	TALLY_MODIFIED,
	TALLY_UNDONE,
	TALLY_VANISHED,
	_TALLY_WHAT_MAX,
};

struct tally {
	struct alert_count *counts; /* owns the types; words are literals */
	size_t n_counts;
	int64_t n[_TALLY_WHAT_MAX];	    /* objects */
	int64_t n_hidden[_ALERT_CHILD_MAX]; /* shown under the objects, not counted */
	int64_t n_repeated; /* earlier deletions that were open and are closed by these */
	int64_t n_reopened; /* objects that were told as undone, and stand */
	enum verdict worst; /* of what was offered */
	struct alert_object *shown[LIMIT_ALERT_OBJECTS]; /* best first; own their texts */
	size_t n_shown;
	int64_t n_offered;
	void *gone; /* objects that were counted as undone or vanished: a tree of tsearch(3) */
};

/*
 * One more object. word: a literal for the words of alert_words_changes(). 0 or -ENOMEM.
 */
int tally_count(struct tally *t, enum tally_what what, const char *entity_type, const char *word);
/*
 * A finding to show: kept when it is among the best so far (then copied). Worse is better here;
 * of the same severity objects of their own go before grants and assignments, which hang on one,
 * what was deleted before what appeared before what was modified, the earlier before the later.
 */
int tally_offer(struct tally *t, const struct alert_object *o);
/* Something that is shown under an offered finding. */
void tally_hide(struct tally *t, int64_t finding, enum alert_child child);
/* False when it was asked for the object before: one that lost several atoms counts once. 1, 0,
 * -ENOMEM. */
int tally_is_first(struct tally *t, const char *entity_type, const char *object_id);
int64_t tally_total(const struct tally *t);
void tally_done(struct tally *t);
