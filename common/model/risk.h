/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coverage at risk: the snapshot that a watch must be compared with next will be gone before it is.
 * Told 72, 48 and 24 hours ahead, whatever keeps the run away: the slot, the sign-in, the network.
 * Pure; needs nothing that only a good look knows.
 *
 * Not every old baseline is at risk. A run that is merely scheduled for later, and will end a day
 * before the baseline goes, is on time; so is one that became due a moment ago, or could not start
 * because we were not there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf/conf.h"
#include "common/model/plan.h"
#include "common/model/retention.h"

struct risk_input {
	const struct conf_tenant *tenant;
	int64_t now_us;	      /* wall clock, ours */
	int64_t up_since_us;  /* since when we could run anything */
	int64_t usual_us;     /* a run takes; 0: not known */
	int64_t retention_us; /* struct retention's us; TIME_NONE: nothing is at risk that we know
				 of */
	const struct sighting *sightings;
	size_t n_sightings;
};

struct risk {
	int64_t baseline_us; /* the snapshot that the next run needs */
	int64_t gone_us;     /* when the service will not have it any more; ours */
	int64_t left_us;     /* > 0 */
	unsigned hours;	     /* the warning that is due: 72, 48 or 24 */
};

/* True when people have to know. */
bool risk_of(const struct risk_input *in, const struct plan_watch *watch, struct risk *ret);
