/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what somebody may have to look at. One atom of one object, per episode. Two
 * independent columns: attention (what people and rules decided) and fact (what previews show).
 * Pure: known findings and an observation in, what becomes of them out; one table holds the
 * transitions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/conf/conf.h"

enum attention {
	ATTENTION_OPEN,
	ATTENTION_ACKNOWLEDGED,
	ATTENTION_EXPECTED,
	ATTENTION_CLOSED,
	_ATTENTION_MAX,
};
enum fact {
	FACT_VISIBLE,
	FACT_ABSORBED, /* a newer baseline contains it: no preview can show it any more */
	FACT_UNDONE,
	FACT_VANISHED, /* a deletion that is no longer listed: restored or gone for ever, not known
			*/
	FACT_PAST_RECOVERY,
	_FACT_MAX,
};
const char *attention_name(enum attention a);
int attention_from_name(const char *name, enum attention *ret);
const char *fact_name(enum fact f);
int fact_from_name(const char *name, enum fact *ret);

/* What a job says about one atom of one object. */
struct observation {
	int64_t baseline_us;   /* created time of the snapshot compared against */
	int64_t job_start_us;  /* P */
	int64_t deleted_at_us; /* of a deletion; TIME_NONE */
};

/* The newest episode of the same key, as stored. */
struct known_finding {
	int64_t id;
	int64_t episode;
	int64_t lo_us, hi_us; /* event interval (lo, hi] */
	int64_t deleted_at_us;
	enum attention attention;
	enum fact fact;
	enum verdict severity;
	int64_t opposite_seen_us; /* P of a job since that showed the opposite; TIME_NONE */
};

enum finding_move {
	FINDING_NEW,	     /* first of its key */
	FINDING_NEW_EPISODE, /* happened again */
	FINDING_SEEN_AGAIN,  /* the same event in a later preview */
	FINDING_ABSORBED,    /* silence, and the baseline is at or after hi */
	FINDING_KEEP,	     /* silence that proves nothing */
	/* the next issue adds undone, vanished, brought back, closed by evidence */
	_FINDING_MOVE_MAX,
};
const char *finding_move_name(enum finding_move m);
/* The change that takes this one back ("deleted" and "appeared", "link added" and "link removed");
 * NULL: none does. */
const char *change_opposite(const char *change);

/*
 * known: NULL when there is none. A time of deletion that is the same is the same event, whatever
 * the baseline: instants of capture are not exact.
 */
enum finding_move finding_observe(
	const struct known_finding *known, const struct observation *seen);
/* The job was complete and verified, its filter includes the object, and it did not show it. */
enum finding_move finding_silence(const struct known_finding *known, const struct observation *job);
/*
 * Event interval after the observation; known: NULL for a new episode. A time of deletion makes it
 * a point: (t - 1 us, t].
 */
void finding_interval(const struct known_finding *known, const struct observation *seen,
	int64_t *ret_lo_us, int64_t *ret_hi_us);
