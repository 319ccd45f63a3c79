/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/finding.c: the table of transitions against what the design says. */
#include "common/model/finding.h"

#include <check.h>
#include <errno.h>

#include "common/base/clock.h"

Suite *suite(void);

#define H(n) ((n)*USEC_PER_HOUR)
#define NO TIME_NONE

START_TEST(names_go_both_ways)
{
	enum attention a;
	enum fact f;

	for (unsigned i = 0; i < _ATTENTION_MAX; i++) {
		ck_assert_int_eq(attention_from_name(attention_name((enum attention)i), &a), 0);
		ck_assert_int_eq(a, i);
	}
	for (unsigned i = 0; i < _FACT_MAX; i++) {
		ck_assert_int_eq(fact_from_name(fact_name((enum fact)i), &f), 0);
		ck_assert_int_eq(f, i);
	}
	ck_assert_int_eq(attention_from_name("Open", &a), -EINVAL);
	ck_assert_int_eq(attention_from_name(NULL, &a), -EINVAL);
	ck_assert_int_eq(fact_from_name("", &f), -EINVAL);
	ck_assert_ptr_null(attention_name(_ATTENTION_MAX));
	ck_assert_ptr_null(fact_name(_FACT_MAX));
	ck_assert_ptr_null(finding_move_name(_FINDING_MOVE_MAX));
	ck_assert_str_eq(finding_move_name(FINDING_NEW_EPISODE), "new episode");
}
END_TEST

START_TEST(opposites)
{
	ck_assert_str_eq(change_opposite("deleted"), "appeared");
	ck_assert_str_eq(change_opposite("appeared"), "deleted");
	ck_assert_str_eq(change_opposite("link added"), "link removed");
	ck_assert_str_eq(change_opposite("link removed"), "link added");
	ck_assert_ptr_null(change_opposite("modified"));
	ck_assert_ptr_null(change_opposite("merged"));
}
END_TEST

/* A stored episode: event in (10 h, 30 h]; a deletion's time is 25 h. */
static const struct row {
	const char *text;
	struct known_finding known; /* episode 0: none */
	struct observation seen;
	enum finding_move observed, silent;
} rows[] = {
#define KNOWN(deleted, fact_, opposite) \
	{ \
		.id = 1, .episode = 1, .lo_us = H(10), .hi_us = H(30), .deleted_at_us = (deleted), \
		.fact = FACT_##fact_, .opposite_seen_us = (opposite) \
	}
#define POINT(deleted, fact_, opposite) \
	{ \
		.id = 1, .episode = 1, .lo_us = (deleted)-1, .hi_us = (deleted), \
		.deleted_at_us = (deleted), .fact = FACT_##fact_, .opposite_seen_us = (opposite) \
	}
	{"never seen", {0}, {H(10), H(30), NO}, FINDING_NEW, FINDING_KEEP},
	{"never seen, with a time", {0}, {H(10), H(30), H(25)}, FINDING_NEW, FINDING_KEEP},
	{"the same baseline again", KNOWN(NO, VISIBLE, NO), {H(10), H(31), NO}, FINDING_SEEN_AGAIN,
		FINDING_KEEP},
	{"a newer baseline before hi", KNOWN(NO, VISIBLE, NO), {H(29), H(54), NO},
		FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"an older baseline", KNOWN(NO, VISIBLE, NO), {H(2), H(31), NO}, FINDING_SEEN_AGAIN,
		FINDING_KEEP},
	{"a baseline at hi", KNOWN(NO, VISIBLE, NO), {H(30), H(54), NO}, FINDING_NEW_EPISODE,
		FINDING_ABSORBED},
	{"a baseline after hi", KNOWN(NO, VISIBLE, NO), {H(48), H(54), NO}, FINDING_NEW_EPISODE,
		FINDING_ABSORBED},
	{"absorbed stays so", KNOWN(NO, ABSORBED, NO), {H(48), H(54), NO}, FINDING_NEW_EPISODE,
		FINDING_KEEP},
	{"undone stays so", KNOWN(NO, UNDONE, NO), {H(48), H(54), NO}, FINDING_NEW_EPISODE,
		FINDING_KEEP},
	{"an absorbed one, seen through an old baseline", KNOWN(NO, ABSORBED, NO),
		{H(10), H(54), NO}, FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"the same deletion", POINT(H(25), VISIBLE, NO), {H(20), H(54), H(25)}, FINDING_SEEN_AGAIN,
		FINDING_KEEP},
	{"deleted another time", POINT(H(25), VISIBLE, NO), {H(20), H(54), H(50)},
		FINDING_NEW_EPISODE, FINDING_KEEP},
	{"the same deletion, though the baseline claims to hold it", POINT(H(25), VISIBLE, NO),
		{H(26), H(54), H(25)}, FINDING_SEEN_AGAIN, FINDING_ABSORBED},
	{"a baseline at the point", POINT(H(25), VISIBLE, NO), {H(25), H(54), NO},
		FINDING_NEW_EPISODE, FINDING_ABSORBED},
	{"time not told this time", POINT(H(25), VISIBLE, NO), {H(20), H(54), NO},
		FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"time told for the first time", KNOWN(NO, VISIBLE, NO), {H(20), H(54), H(25)},
		FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"the opposite in between", KNOWN(NO, VISIBLE, H(40)), {H(20), H(54), NO},
		FINDING_NEW_EPISODE, FINDING_KEEP},
	{"the opposite in this very job", KNOWN(NO, VISIBLE, H(54)), {H(20), H(54), NO},
		FINDING_NEW_EPISODE, FINDING_KEEP},
	{"the opposite before it happened", KNOWN(NO, VISIBLE, H(30)), {H(20), H(54), NO},
		FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"the opposite after a job that is judged late", KNOWN(NO, VISIBLE, H(60)),
		{H(20), H(54), NO}, FINDING_SEEN_AGAIN, FINDING_KEEP},
	{"the same deletion, whatever else was seen", POINT(H(25), VISIBLE, H(40)),
		{H(20), H(54), H(25)}, FINDING_SEEN_AGAIN, FINDING_KEEP},
};

START_TEST(transitions)
{
	const struct row *row = &rows[_i];
	const struct known_finding *known = row->known.episode ? &row->known : NULL;

	ck_assert_msg(finding_observe(known, &row->seen) == row->observed, "%s: shown is %s",
		row->text, finding_move_name(finding_observe(known, &row->seen)));
	if (!known)
		return;
	struct observation silence = row->seen;
	silence.deleted_at_us = TIME_NONE;
	ck_assert_msg(finding_silence(known, &silence) == row->silent, "%s: silence is %s",
		row->text, finding_move_name(finding_silence(known, &silence)));
}
END_TEST

START_TEST(intervals)
{
	static const struct {
		struct known_finding known;
		struct observation seen;
		int64_t lo, hi;
	} t[] = {
		{{0}, {H(10), H(30), NO}, H(10), H(30)},
		{{0}, {H(10), H(30), H(25)}, H(25) - 1, H(25)},
		/* it narrows from both sides and never widens */
		{KNOWN(NO, VISIBLE, NO), {H(20), H(54), NO}, H(20), H(30)},
		{KNOWN(NO, VISIBLE, NO), {H(2), H(28), NO}, H(10), H(28)},
		/* a time that is told later makes it a point, and it stays one */
		{KNOWN(NO, VISIBLE, NO), {H(20), H(54), H(25)}, H(25) - 1, H(25)},
		{POINT(H(25), VISIBLE, NO), {H(20), H(54), NO}, H(25) - 1, H(25)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int64_t lo = 0, hi = 0;

		finding_interval(t[i].known.episode ? &t[i].known : NULL, &t[i].seen, &lo, &hi);
		ck_assert_msg(lo == t[i].lo && hi == t[i].hi, "row %zu", i);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("finding");
	TCase *tc = tcase_create("finding");

	tcase_add_test(tc, names_go_both_ways);
	tcase_add_test(tc, opposites);
	tcase_add_loop_test(tc, transitions, 0, (int)ARRAY_SIZE(rows));
	tcase_add_test(tc, intervals);
	suite_add_tcase(s, tc);
	return s;
}
