/* SPDX-License-Identifier: Apache-2.0 */
/* What one alert will say: counts by type and change, and the objects that matter most. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/model/alert.h"

struct tally {
	struct alert_count *counts; /* owns the types; changes are literals */
	size_t n_counts;
	int64_t n_deleted, n_appeared, n_modified;	 /* objects */
	struct alert_object *shown[LIMIT_ALERT_OBJECTS]; /* best first; own their texts */
	size_t n_shown;
	int64_t n_offered;
};

/* One more object that was deleted, appeared or modified. 0 or -ENOMEM. */
int tally_count(struct tally *t, const char *entity_type, const char *change);
/*
 * A finding to show: kept when it is among the best so far (then copied). Worse is better here;
 * of the same severity objects of their own go before grants and assignments, which hang on one,
 * what was deleted before what appeared before what was modified, the earlier before the later.
 */
int tally_offer(struct tally *t, const struct alert_object *o);
static inline int64_t tally_total(const struct tally *t)
{
	return t->n_deleted + t->n_appeared + t->n_modified;
}
void tally_done(struct tally *t);
