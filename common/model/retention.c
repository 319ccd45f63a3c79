/* SPDX-License-Identifier: Apache-2.0 */
/* Ages of snapshots when they were listed for the last time. Nothing here knows watches. */
#include "common/model/retention.h"

#include <stdbool.h>

#include "common/base/clock.h"
#include "common/base/limits.h"

/* Snapshots are a day apart, looks an hour: half a day less is a day less. */
#define TOLERANCE_US (12 * USEC_PER_HOUR)

/* Looks leave a trace in the store about daily, when a snapshot comes or goes. A longer pause
 * between traces may be a pause between looks. */
#define PAUSE_US (30 * USEC_PER_HOUR)

struct view {
	const struct sighting *items;
	size_t n;
	int64_t now_us;
	int64_t look_us;  /* the last good look that listed anything */
	int64_t since_us; /* "lately" is from here to look_us */
};

static bool counts(const struct view *v, const struct sighting *s)
{
	return s->last_us <= v->now_us;
}

static void take_later(int64_t *at_us, int64_t candidate_us)
{
	if (candidate_us > *at_us)
		*at_us = candidate_us;
}

/* The greatest age at which a snapshot was listed at or after since_us. */
static int64_t greatest_age(const struct view *v, int64_t since_us)
{
	int64_t age_us = TIME_NONE;

	for (size_t i = 0; i < v->n; i++)
		if (counts(v, &v->items[i]) && v->items[i].last_us >= since_us)
			take_later(&age_us, v->items[i].last_us - v->items[i].created_us);
	return age_us;
}

/* The last look known of before at_us; TIME_NONE: none. */
static int64_t look_before(const struct view *v, int64_t at_us)
{
	int64_t look_us = TIME_NONE;

	for (size_t i = 0; i < v->n; i++) {
		if (!counts(v, &v->items[i]))
			continue;
		if (v->items[i].first_us < at_us)
			take_later(&look_us, v->items[i].first_us);
		if (v->items[i].last_us < at_us)
			take_later(&look_us, v->items[i].last_us);
	}
	return look_us;
}

/* Somebody looked from since_us on, without a long pause. */
static bool looked_all_along(const struct view *v)
{
	int64_t at_us = v->look_us;

	while (at_us > v->since_us) {
		int64_t look_us = look_before(v, at_us);
		if (look_us == TIME_NONE || at_us - look_us > PAUSE_US)
			return false;
		at_us = look_us;
	}
	return true;
}

/* The greatest age of a snapshot that one look would have listed, if they were kept for kept_us. */
static int64_t age_at(const struct view *v, int64_t look_us, int64_t kept_us)
{
	int64_t age_us = TIME_NONE;

	for (size_t i = 0; i < v->n; i++)
		if (counts(v, &v->items[i]) && look_us - v->items[i].created_us <= kept_us)
			take_later(&age_us, look_us - v->items[i].created_us);
	return age_us;
}

/* The same over all looks known of lately: days that never had a snapshot are nobody's loss. */
static int64_t expected_age(const struct view *v, int64_t kept_us)
{
	int64_t age_us = TIME_NONE;

	for (int64_t look_us = v->look_us; look_us != TIME_NONE && look_us >= v->since_us;
		look_us = look_before(v, look_us))
		take_later(&age_us, age_at(v, look_us, kept_us));
	return age_us;
}

/* Snapshots that were there before and are young enough have been gone, look after look. */
static bool goes_earlier(const struct view *v, const struct retention *kept)
{
	return kept->lately_us < kept->before_us - TOLERANCE_US && looked_all_along(v) &&
	       kept->lately_us < expected_age(v, kept->before_us) - TOLERANCE_US;
}

/* How many snapshots one look listed, give or take those that a short list left out. */
static size_t listed_at(const struct view *v, int64_t look_us)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += counts(v, &v->items[i]) && v->items[i].first_us <= look_us &&
		     look_us <= v->items[i].last_us;
	return n;
}

static size_t most_listed(const struct view *v, int64_t since_us)
{
	size_t n = 0;

	for (int64_t look_us = v->look_us; look_us != TIME_NONE && look_us >= since_us;
		look_us = look_before(v, look_us))
		n = listed_at(v, look_us) > n ? listed_at(v, look_us) : n;
	return n;
}

/* A snapshot that is older than all that are listed has been gone for some time. */
static bool seen_to_go(const struct view *v)
{
	int64_t oldest_us = INT64_MAX;

	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].last_us == v->look_us && v->items[i].created_us < oldest_us)
			oldest_us = v->items[i].created_us;
	for (size_t i = 0; i < v->n; i++)
		if (counts(v, &v->items[i]) && v->items[i].last_us < v->since_us &&
			v->items[i].created_us < oldest_us)
			return true;
	return false;
}

void retention_judge(
	const struct sighting *sightings, size_t n, int64_t now_us, struct retention *ret)
{
	struct view v = {.items = sightings, .n = n, .now_us = now_us, .look_us = TIME_NONE};

	*ret = (struct retention){.before_us = TIME_NONE, .lately_us = TIME_NONE, .us = TIME_NONE};
	for (size_t i = 0; i < n; i++)
		if (counts(&v, &sightings[i]))
			take_later(&v.look_us, sightings[i].last_us);
	if (v.look_us == TIME_NONE)
		return;
	v.since_us = v.look_us - LIMIT_RETENTION_SHORT_US;
	ret->before_us = greatest_age(&v, TIME_NONE);
	ret->lately_us = greatest_age(&v, v.since_us);
	bool earlier = goes_earlier(&v, ret);
	/* If the service keeps a number of snapshots, a day without one makes them older. */
	if (earlier && most_listed(&v, v.since_us) < most_listed(&v, TIME_NONE))
		ret->state = RETENTION_SHRANK;
	else if (ret->lately_us >= ret->before_us - TOLERANCE_US)
		ret->state = RETENTION_WHOLE;
	if (earlier)
		ret->us = ret->lately_us;
	else if (seen_to_go(&v) || ret->before_us >= LIMIT_RETENTION_SURE_US)
		ret->us = ret->before_us;
}
