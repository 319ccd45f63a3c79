/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the service keeps snapshots, told from what was listed: its documents name several
 * numbers, and it changed its mind before. Pure.
 *
 * A snapshot that is not listed today proves little: short lists are documented as transient, days
 * without a snapshot happen, and while we were down nobody looked. So the age at which snapshots
 * were listed for the last time counts, over weeks (before) and over the last two days of looking
 * (lately).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

/* One snapshot, and when lists showed it. */
struct sighting {
	int64_t created_us;	   /* the service's clock */
	int64_t first_us, last_us; /* ours, in good looks */
};

enum retention_state {
	RETENTION_UNSURE, /* what was said before still holds */
	RETENTION_WHOLE,  /* snapshots are listed as long as before */
	RETENTION_SHRANK, /* for LIMIT_RETENTION_SHORT_US of looking all along they were not, and
			     fewer were listed */
};

struct retention {
	enum retention_state state;
	int64_t before_us, lately_us; /* greatest ages that were listed; TIME_NONE: nothing was */
	/* What to reckon with: the age, by our clock, at which a snapshot goes. TIME_NONE: too
	 * little was seen to tell. */
	int64_t us;
};

/* In any order, each creation time once. What a clock in the future wrote does not count. */
void retention_judge(
	const struct sighting *sightings, size_t n, int64_t now_us, struct retention *ret);
