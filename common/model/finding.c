/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of findings: one table of transitions. */
#include "common/model/finding.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"

static const char *const attention_names[] = {
	[ATTENTION_OPEN] = "open",
	[ATTENTION_ACKNOWLEDGED] = "acknowledged",
	[ATTENTION_EXPECTED] = "expected",
	[ATTENTION_CLOSED] = "closed",
};
static const char *const fact_names[] = {
	[FACT_VISIBLE] = "visible",
	[FACT_ABSORBED] = "absorbed",
	[FACT_UNDONE] = "undone",
	[FACT_VANISHED] = "vanished",
	[FACT_PAST_RECOVERY] = "past_recovery",
};
static const char *const move_names[] = {
	[FINDING_NEW] = "new",
	[FINDING_NEW_EPISODE] = "new episode",
	[FINDING_SEEN_AGAIN] = "seen again",
	[FINDING_OLDER_SIGHT] = "seen by an older job",
	[FINDING_ABSORBED] = "absorbed",
	[FINDING_UNDONE] = "undone",
	[FINDING_VANISHED] = "vanished",
	[FINDING_DISPROVED] = "disproved",
	[FINDING_REOPENED] = "reopened",
	[FINDING_PAST_RECOVERY] = "past recovery",
	[FINDING_KEEP] = "keep",
};
_Static_assert(ARRAY_SIZE(attention_names) == _ATTENTION_MAX, "every attention has a name");
_Static_assert(ARRAY_SIZE(fact_names) == _FACT_MAX, "every fact has a name");
_Static_assert(ARRAY_SIZE(move_names) == _FINDING_MOVE_MAX, "every move has a name");

static int index_of(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *attention_name(enum attention a)
{
	return (unsigned)a < _ATTENTION_MAX ? attention_names[a] : NULL;
}

int attention_from_name(const char *name, enum attention *ret)
{
	int i = index_of(attention_names, ARRAY_SIZE(attention_names), name);

	if (i < 0)
		return i;
	*ret = (enum attention)i;
	return 0;
}

const char *fact_name(enum fact f)
{
	return (unsigned)f < _FACT_MAX ? fact_names[f] : NULL;
}

int fact_from_name(const char *name, enum fact *ret)
{
	int i = index_of(fact_names, ARRAY_SIZE(fact_names), name);

	if (i < 0)
		return i;
	*ret = (enum fact)i;
	return 0;
}

const char *finding_move_name(enum finding_move m)
{
	return (unsigned)m < _FINDING_MOVE_MAX ? move_names[m] : NULL;
}

const char *change_opposite(const char *change)
{
	static const char *const pairs[][2] = {
		{"deleted", "appeared"},
		{"link added", "link removed"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (strcmp(change, pairs[i][0]) == 0)
			return pairs[i][1];
		if (strcmp(change, pairs[i][1]) == 0)
			return pairs[i][0];
	}
	return NULL;
}

enum finding_about finding_about(const char *change)
{
	static const struct {
		const char *change;
		enum finding_about about;
	} known[] = {
		{"deleted", ABOUT_DELETION},
		{"appeared", ABOUT_APPEARANCE},
		{"modified", ABOUT_DIFFERENCE},
		{"link added", ABOUT_DIFFERENCE},
		{"link removed", ABOUT_DIFFERENCE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].change, change) == 0)
			return known[i].about;
	return ABOUT_UNKNOWN;
}

/* --- transitions --------------------------------------------------------------------------------
 */

/* What is so about a finding and a job; the table asks for these. */
enum {
	/* what happens: exactly one of these */
	SHOWN = 1 << 0,	   /* the job shows it */
	SILENT = 1 << 1,   /* it could have, and does not */
	OPPOSED = 1 << 2,  /* it shows the opposite */
	LAPSED = 1 << 3,   /* recycle bin and snapshots have ended */
	REPEATED = 1 << 4, /* it shows another deletion */
	/* what is known */
	KNOWN = 1 << 5,		 /* an episode is stored */
	SAME_DELETION = 1 << 6,	 /* both have a time of deletion, and it is the same */
	OTHER_DELETION = 1 << 7, /* both have one, and they differ */
	LATER_DELETION = 1 << 8, /* and that of the job is the later one */
	OLDER = 1 << 9,		 /* the job is no later than the one that spoke of it last */
	STARTED_AFTER = 1 << 10, /* the job started when it had happened */
	PAST_HI = 1 << 11,  /* the baseline contains the event: it is at or after hi + margin */
	COMPARED = 1 << 12, /* against this very baseline it was shown */
	DELETION = 1 << 13,
	REVERSIBLE = 1 << 14, /* an appearance or a difference: silence can undo it */
	CLOSED = 1 << 15,     /* nobody attends to it any more */
	/* the stored fact */
	VISIBLE = 1 << 16,
	ABSORBED = 1 << 17,
	UNDONE = 1 << 18,
	VANISHED = 1 << 19,
	/* what else the job shows of the object */
	EXISTS = 1 << 20,
	ANOTHER_WAY = 1 << 21,
};

/*
 * The first row whose bits are so decides; for each of the five events there is one that always
 * does. Sights of the opposite are no row of their own: whatever they take back is undone by them,
 * as of their job.
 */
static const struct {
	unsigned so, not_so;
	enum finding_move move;
} transitions[] = {
	{SHOWN, KNOWN, FINDING_NEW},
	{SHOWN | SAME_DELETION | OLDER, 0, FINDING_OLDER_SIGHT},
	{SHOWN | SAME_DELETION | UNDONE | CLOSED, 0, FINDING_REOPENED},
	{SHOWN | SAME_DELETION, 0, FINDING_SEEN_AGAIN},
	{SHOWN | OTHER_DELETION, 0, FINDING_NEW_EPISODE},
	{SHOWN | OLDER, 0, FINDING_OLDER_SIGHT},
	{SHOWN | UNDONE, 0, FINDING_NEW_EPISODE},
	{SHOWN | VANISHED, 0, FINDING_NEW_EPISODE},
	{SHOWN | PAST_HI, 0, FINDING_NEW_EPISODE},
	{SHOWN, 0, FINDING_SEEN_AGAIN},

	{SILENT | OLDER, 0, FINDING_KEEP},
	{SILENT | DELETION | EXISTS | STARTED_AFTER, UNDONE | ANOTHER_WAY, FINDING_UNDONE},
	{SILENT | VISIBLE | PAST_HI, 0, FINDING_ABSORBED},
	{SILENT | ANOTHER_WAY, 0, FINDING_KEEP},
	{SILENT | DELETION | EXISTS, 0, FINDING_KEEP},
	{SILENT | VISIBLE | COMPARED | DELETION, 0, FINDING_VANISHED},
	{SILENT | VISIBLE | COMPARED | REVERSIBLE, 0, FINDING_UNDONE},
	{SILENT | ABSORBED | COMPARED | REVERSIBLE, 0, FINDING_UNDONE},
	{SILENT, 0, FINDING_KEEP},

	{OPPOSED | OLDER, 0, FINDING_KEEP},
	{OPPOSED | UNDONE, 0, FINDING_KEEP},
	{OPPOSED, 0, FINDING_DISPROVED},

	{REPEATED | OLDER, 0, FINDING_KEEP},
	{REPEATED | LATER_DELETION, UNDONE, FINDING_DISPROVED},
	{REPEATED, 0, FINDING_KEEP},

	{LAPSED | DELETION | VISIBLE, 0, FINDING_PAST_RECOVERY},
	{LAPSED | DELETION | ABSORBED, 0, FINDING_PAST_RECOVERY},
	{LAPSED | DELETION | VANISHED, 0, FINDING_PAST_RECOVERY},
	{LAPSED, 0, FINDING_KEEP},
};

static enum finding_move decide(unsigned bits)
{
	size_t i = 0;

	while ((bits & transitions[i].so) != transitions[i].so || (bits & transitions[i].not_so))
		i++;
	return transitions[i].move;
}

static unsigned bits_of_known(const struct known_finding *known)
{
	static const unsigned facts[_FACT_MAX] = {
		[FACT_VISIBLE] = VISIBLE,
		[FACT_ABSORBED] = ABSORBED,
		[FACT_UNDONE] = UNDONE,
		[FACT_VANISHED] = VANISHED,
	};
	static const unsigned abouts[] = {
		[ABOUT_DELETION] = DELETION,
		[ABOUT_APPEARANCE] = REVERSIBLE,
		[ABOUT_DIFFERENCE] = REVERSIBLE,
		[ABOUT_UNKNOWN] = 0,
	};

	return KNOWN | facts[known->fact] | abouts[known->about] |
	       (known->attention == ATTENTION_CLOSED ? CLOSED : 0);
}

/*
 * A baseline between two that showed it may already be without the object, or have had the value
 * of today: only those that did show it prove anything. lo is one of them, unless it is a point: an
 * object whose time of deletion is known was there in every snapshot from the first that showed it
 * until then (but for one that was deleted and restored in between), and that it may be gone for
 * ever must be told.
 */
static bool was_compared(const struct known_finding *known, int64_t baseline_us)
{
	if (known->about == ABOUT_DELETION && known->deleted_at_us != TIME_NONE &&
		known->first_baseline_us != TIME_NONE && baseline_us >= known->first_baseline_us &&
		baseline_us < known->deleted_at_us)
		return true;
	return baseline_us == known->first_baseline_us || baseline_us == known->last_baseline_us ||
	       (known->about != ABOUT_DELETION && baseline_us == known->lo_us);
}

static unsigned bits_of(const struct known_finding *known, const struct observation *job)
{
	unsigned bits = bits_of_known(known);

	if (known->deleted_at_us != TIME_NONE && job->deleted_at_us != TIME_NONE)
		bits |= known->deleted_at_us == job->deleted_at_us ? SAME_DELETION : OTHER_DELETION;
	if ((bits & OTHER_DELETION) && job->deleted_at_us > known->deleted_at_us)
		bits |= LATER_DELETION;
	if (job->start_us <= known->as_of_us)
		bits |= OLDER;
	if (job->start_us >= known->hi_us)
		bits |= STARTED_AFTER;
	if (job->baseline_us >= known->hi_us + job->margin_us)
		bits |= PAST_HI;
	if (was_compared(known, job->baseline_us))
		bits |= COMPARED;
	if (job->exists)
		bits |= EXISTS;
	if (job->another_way)
		bits |= ANOTHER_WAY;
	return bits;
}

enum finding_move finding_observe(const struct known_finding *known, const struct observation *seen)
{
	return decide(SHOWN | (known ? bits_of(known, seen) : 0));
}

enum finding_move finding_silence(const struct known_finding *known, const struct observation *job)
{
	return decide(SILENT | bits_of(known, job));
}

enum finding_move finding_opposed(const struct known_finding *known, const struct observation *job)
{
	return decide(OPPOSED | bits_of(known, job));
}

enum finding_move finding_repeated(const struct known_finding *known, const struct observation *job)
{
	return decide(REPEATED | bits_of(known, job));
}

/* --- time ---------------------------------------------------------------------------------------
 */

static bool has_recycle_bin(const char *entity_type)
{
	static const char *const types[] = {"user", "group", "application", "servicePrincipal",
		"conditionalAccessPolicy", "namedLocationPolicy"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], entity_type) == 0)
			return true;
	return false;
}

enum finding_move finding_lapse(const struct known_finding *known, const char *entity_type,
	int64_t oldest_us, int64_t now_us)
{
	int64_t kept_us = has_recycle_bin(entity_type) ? LIMIT_RECYCLE_BIN_US : 0;

	/* hi is the time of deletion, or what is known instead */
	if (oldest_us == TIME_NONE || oldest_us < known->hi_us || now_us - kept_us < known->hi_us)
		return FINDING_KEEP;
	return decide(LAPSED | bits_of_known(known));
}

void finding_interval(const struct known_finding *known, const struct observation *seen,
	int64_t *ret_lo_us, int64_t *ret_hi_us)
{
	int64_t lo = seen->baseline_us, hi = seen->end_us;
	int64_t point = seen->deleted_at_us;

	if (known && point == TIME_NONE)
		point = known->deleted_at_us;
	if (point != TIME_NONE) {
		lo = point - 1;
		hi = point;
	} else if (known) {
		lo = known->lo_us > lo ? known->lo_us : lo;
		hi = known->hi_us < hi ? known->hi_us : hi;
		/* within the margin a baseline may have a later label than what it does not contain
		 */
		if (lo >= hi) {
			lo = known->lo_us;
			hi = known->hi_us;
		}
	}
	*ret_lo_us = lo;
	*ret_hi_us = hi;
}
