/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of findings: one table of transitions. */
#include "common/model/finding.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"

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
	[FINDING_ABSORBED] = "absorbed",
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

/* --- transitions --------------------------------------------------------------------------------
 */

/* What is so about a finding and a job; the table asks for these. */
enum {
	SHOWN = 1 << 0,		 /* the job shows it */
	KNOWN = 1 << 1,		 /* an episode is stored */
	SAME_DELETION = 1 << 2,	 /* both have a time of deletion, and it is the same */
	OTHER_DELETION = 1 << 3, /* both have one, and they differ */
	PAST_HI = 1 << 4,	 /* the baseline is at or after hi: it contains the event */
	OPPOSITE = 1 << 5,	 /* seen after hi and before this job */
	VISIBLE = 1 << 6,	 /* the stored fact */
};

/* The first row whose bits are so decides. The last one always is. */
static const struct {
	unsigned so, not_so;
	enum finding_move move;
} transitions[] = {
	{SHOWN, KNOWN, FINDING_NEW},
	{SHOWN | SAME_DELETION, 0, FINDING_SEEN_AGAIN},
	{SHOWN | OTHER_DELETION, 0, FINDING_NEW_EPISODE},
	{SHOWN | PAST_HI, 0, FINDING_NEW_EPISODE},
	{SHOWN | OPPOSITE, 0, FINDING_NEW_EPISODE},
	{SHOWN, 0, FINDING_SEEN_AGAIN},
	{VISIBLE | PAST_HI, SHOWN, FINDING_ABSORBED},
	{0, 0, FINDING_KEEP},
};

static unsigned bits_of(const struct known_finding *known, const struct observation *job)
{
	unsigned bits = KNOWN;

	if (known->deleted_at_us != TIME_NONE && job->deleted_at_us != TIME_NONE)
		bits |= known->deleted_at_us == job->deleted_at_us ? SAME_DELETION : OTHER_DELETION;
	if (job->baseline_us >= known->hi_us)
		bits |= PAST_HI;
	if (known->opposite_seen_us != TIME_NONE && known->opposite_seen_us > known->hi_us &&
		known->opposite_seen_us <= job->job_start_us)
		bits |= OPPOSITE;
	if (known->fact == FACT_VISIBLE)
		bits |= VISIBLE;
	return bits;
}

static enum finding_move decide(unsigned bits)
{
	size_t i = 0;

	while ((bits & transitions[i].so) != transitions[i].so || (bits & transitions[i].not_so))
		i++;
	return transitions[i].move;
}

enum finding_move finding_observe(const struct known_finding *known, const struct observation *seen)
{
	return decide(SHOWN | (known ? bits_of(known, seen) : 0));
}

enum finding_move finding_silence(const struct known_finding *known, const struct observation *job)
{
	return decide(bits_of(known, job));
}

void finding_interval(const struct known_finding *known, const struct observation *seen,
	int64_t *ret_lo_us, int64_t *ret_hi_us)
{
	int64_t lo = seen->baseline_us, hi = seen->job_start_us;
	int64_t point = seen->deleted_at_us;

	if (known && point == TIME_NONE)
		point = known->deleted_at_us;
	if (point != TIME_NONE) {
		lo = point - 1;
		hi = point;
	} else if (known) {
		lo = known->lo_us > lo ? known->lo_us : lo;
		hi = known->hi_us < hi ? known->hi_us : hi;
	}
	*ret_lo_us = lo;
	*ret_hi_us = hi;
}
