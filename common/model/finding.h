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

#include "common/base/buf.h"
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

/* What kind of thing a finding speaks of decides what silence means. */
enum finding_about {
	ABOUT_DELETION,
	ABOUT_APPEARANCE,
	ABOUT_DIFFERENCE, /* a property, a link that came or went */
	ABOUT_UNKNOWN,	  /* the service's word that nobody here knows */
};
enum finding_about finding_about(const char *change);

/* What a job says about one atom of one object. */
struct observation {
	int64_t baseline_us;   /* B: created time of the snapshot compared against */
	int64_t start_us;      /* P */
	int64_t end_us;	       /* Q: what it shows had happened by then; never before P */
	int64_t margin_us;     /* instants of capture are not more exact than this */
	int64_t deleted_at_us; /* of a deletion; TIME_NONE */
	/* Of a job that does not show the atom: what it shows of the same object. */
	bool exists;	  /* it lists the object as modified */
	bool another_way; /* another value of the property, or the object by another word */
};

/* An episode as stored. */
struct known_finding {
	int64_t id;
	int64_t episode;
	int64_t lo_us, hi_us; /* event interval (lo, hi] */
	int64_t deleted_at_us;
	int64_t first_job, last_job;
	/* Baselines that are known to differ: of the first and of the last job that showed it. */
	int64_t first_baseline_us, last_baseline_us;
	int64_t as_of_us; /* P of the job that said last what fact says, absorbed left out */
	int64_t parent;	  /* 0: none */
	enum finding_about about;
	enum attention attention;
	enum fact fact;
	enum verdict severity;
	bool brought_back;
};

enum finding_move {
	FINDING_NEW,	       /* first of its key */
	FINDING_NEW_EPISODE,   /* happened again */
	FINDING_SEEN_AGAIN,    /* the same event in a later preview */
	FINDING_OLDER_SIGHT,   /* the same event in an older one: only the interval gets tighter */
	FINDING_ABSORBED,      /* silence, and the baseline contains it */
	FINDING_UNDONE,	       /* silence where it was shown: it no longer differs */
	FINDING_VANISHED,      /* silence where a deletion was shown: restored or gone for ever */
	FINDING_DISPROVED,     /* a later job shows the opposite, or that it happened again */
	FINDING_REOPENED,      /* an undo had closed it, and it is shown to stand */
	FINDING_PAST_RECOVERY, /* a deletion that stands, and nothing is left to restore it from */
	FINDING_KEEP,	       /* nothing follows */
	_FINDING_MOVE_MAX,
};
const char *finding_move_name(enum finding_move m);
/* The change that takes this one back ("deleted" and "appeared", "link added" and "link removed");
 * NULL: none does. */
const char *change_opposite(const char *change);

/* --- transitions: one table in finding.c --------------------------------------------------------
 */

/* The job shows the atom. known: its newest episode, or the one with the same time of deletion;
 * NULL when there is none. */
enum finding_move finding_observe(
	const struct known_finding *known, const struct observation *seen);
/* The job is complete and verified, its filter includes the object, and it does not show the atom.
 */
enum finding_move finding_silence(const struct known_finding *known, const struct observation *job);
/* The job shows the opposite, and not the atom. */
enum finding_move finding_opposed(const struct known_finding *known, const struct observation *job);
/* The job shows another deletion of the object: a later one proves that it was back in between. */
enum finding_move finding_repeated(
	const struct known_finding *known, const struct observation *job);
/* Time has passed. oldest_us: created time of the oldest snapshot there is; TIME_NONE: no list. */
enum finding_move finding_lapse(const struct known_finding *known, const char *entity_type,
	int64_t oldest_us, int64_t now_us);
/*
 * Event interval after the observation; known: NULL for a new episode. A time of deletion makes it
 * a point: (t - 1 us, t].
 */
void finding_interval(const struct known_finding *known, const struct observation *seen,
	int64_t *ret_lo_us, int64_t *ret_hi_us);

/* --- words (finding_words.c): what is known and what is not ------------------------------------
 */

/* "listed no more: restored or gone for ever, not known". */
const char *finding_fact_words(const char *change, enum fact fact);
/* "open; in the recycle bin when last listed". Appends. */
void finding_words(const char *change, enum attention attention, enum fact fact, struct buf *out);
