/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/finding.c: the table of transitions against what the design says. */
#include "common/model/finding.h"

#include <check.h>
#include <errno.h>

#include "common/base/clock.h"

/* A row says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

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

START_TEST(what_changes_are_about)
{
	ck_assert_int_eq(finding_about("deleted"), ABOUT_DELETION);
	ck_assert_int_eq(finding_about("appeared"), ABOUT_APPEARANCE);
	ck_assert_int_eq(finding_about("modified"), ABOUT_DIFFERENCE);
	ck_assert_int_eq(finding_about("link added"), ABOUT_DIFFERENCE);
	ck_assert_int_eq(finding_about("link removed"), ABOUT_DIFFERENCE);
	ck_assert_int_eq(finding_about("merged"), ABOUT_UNKNOWN);
}
END_TEST

/*
 * Two stored episodes: a difference in (10 h, 31 h], shown first against the snapshot of 10 h and
 * last, as of 54 h, against that of 20 h; a deletion at 25 h, shown against the same. The margin
 * is 1 h.
 */
#define DIFFERENCE(fact_, ...) \
	{ \
		.id = 1, .episode = 1, .lo_us = H(20), .hi_us = H(31), .deleted_at_us = NO, \
		.first_baseline_us = H(10), .last_baseline_us = H(20), .as_of_us = H(54), \
		.about = ABOUT_DIFFERENCE, .fact = FACT_##fact_, __VA_ARGS__ \
	}
#define GONE(fact_, ...) \
	{ \
		.id = 1, .episode = 1, .lo_us = H(25) - 1, .hi_us = H(25), .deleted_at_us = H(25), \
		.first_baseline_us = H(10), .last_baseline_us = H(20), .as_of_us = H(54), \
		.about = ABOUT_DELETION, .fact = FACT_##fact_, __VA_ARGS__ \
	}
#define JOB(baseline, start, ...) \
	{ \
		.baseline_us = H(baseline), .start_us = H(start), .end_us = H(start) + 1, \
		.margin_us = H(1), .deleted_at_us = NO, __VA_ARGS__ \
	}

#define K FINDING_KEEP
static const struct row {
	const char *text;
	struct known_finding known; /* episode 0: none */
	struct observation job;
	enum finding_move shown, silent, opposed;
} rows[] = {
	{"never seen", {0}, JOB(10, 60), FINDING_NEW, K, K},

	/* times of deletion go before everything */
	{"the same deletion", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(25)),
		FINDING_SEEN_AGAIN, FINDING_VANISHED, FINDING_DISPROVED},
	{"the same deletion, though the baseline claims to hold it", GONE(VISIBLE),
		JOB(30, 60, .deleted_at_us = H(25)), FINDING_SEEN_AGAIN, FINDING_ABSORBED,
		FINDING_DISPROVED},
	{"the same deletion, though it had vanished", GONE(VANISHED),
		JOB(20, 60, .deleted_at_us = H(25)), FINDING_SEEN_AGAIN, K, FINDING_DISPROVED},
	{"the same deletion, though an undo had closed it",
		GONE(UNDONE, .attention = ATTENTION_CLOSED), JOB(20, 60, .deleted_at_us = H(25)),
		FINDING_REOPENED, K, K},
	{"the same deletion, acknowledged and undone",
		GONE(UNDONE, .attention = ATTENTION_ACKNOWLEDGED),
		JOB(20, 60, .deleted_at_us = H(25)), FINDING_SEEN_AGAIN, K, K},
	{"the same deletion, closed by an undo that came later",
		GONE(UNDONE, .attention = ATTENTION_CLOSED), JOB(20, 50, .deleted_at_us = H(25)),
		FINDING_OLDER_SIGHT, K, K},
	{"the same deletion, closed from the start", GONE(VISIBLE, .attention = ATTENTION_CLOSED),
		JOB(20, 60, .deleted_at_us = H(25)), FINDING_SEEN_AGAIN, FINDING_VANISHED,
		FINDING_DISPROVED},
	{"the same deletion in an older job", GONE(VANISHED), JOB(20, 50, .deleted_at_us = H(25)),
		FINDING_OLDER_SIGHT, K, K},
	{"deleted another time", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(50)),
		FINDING_NEW_EPISODE, FINDING_VANISHED, FINDING_DISPROVED},
	{"deleted later, and it was absorbed", GONE(ABSORBED), JOB(20, 60, .deleted_at_us = H(50)),
		FINDING_NEW_EPISODE, K, FINDING_DISPROVED},
	{"deleted later, and it had vanished", GONE(VANISHED), JOB(20, 60, .deleted_at_us = H(50)),
		FINDING_NEW_EPISODE, K, FINDING_DISPROVED},
	{"deleted later, and that it was undone is known", GONE(UNDONE),
		JOB(20, 60, .deleted_at_us = H(50)), FINDING_NEW_EPISODE, K, K},
	{"deleted later, by an older job", GONE(VISIBLE), JOB(20, 52, .deleted_at_us = H(50)),
		FINDING_NEW_EPISODE, K, K},
	{"deleted earlier", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(22)), FINDING_NEW_EPISODE,
		FINDING_VANISHED, FINDING_DISPROVED},
	{"deleted another time, in an older job", GONE(VISIBLE),
		JOB(10, 50, .deleted_at_us = H(12)), FINDING_NEW_EPISODE, K, K},
	{"time not told this time", GONE(VISIBLE), JOB(20, 60), FINDING_SEEN_AGAIN,
		FINDING_VANISHED, FINDING_DISPROVED},
	{"time told for the first time", DIFFERENCE(VISIBLE), JOB(20, 60, .deleted_at_us = H(25)),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},

	/* what is older than what is known says less */
	{"an older job", DIFFERENCE(VISIBLE), JOB(10, 50), FINDING_OLDER_SIGHT, K, K},
	{"a job of the same instant", DIFFERENCE(VISIBLE), JOB(10, 54), FINDING_OLDER_SIGHT, K, K},
	{"an older job, though the baseline holds it", DIFFERENCE(VISIBLE), JOB(40, 50),
		FINDING_OLDER_SIGHT, K, K},
	{"an older job than the one that undid it", DIFFERENCE(UNDONE), JOB(10, 50),
		FINDING_OLDER_SIGHT, K, K},

	/* it was gone in between */
	{"shown after it was undone", DIFFERENCE(UNDONE), JOB(20, 60), FINDING_NEW_EPISODE, K, K},
	{"shown after it had vanished", GONE(VANISHED), JOB(20, 60), FINDING_NEW_EPISODE, K,
		FINDING_DISPROVED},
	{"deleted again after it was undone, at a time not told", GONE(UNDONE), JOB(20, 60),
		FINDING_NEW_EPISODE, K, K},

	/* what the baseline holds */
	{"a baseline within the margin", DIFFERENCE(VISIBLE), JOB(31, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"a baseline at the margin", DIFFERENCE(VISIBLE), JOB(32, 60), FINDING_NEW_EPISODE,
		FINDING_ABSORBED, FINDING_DISPROVED},
	{"a baseline after it", DIFFERENCE(VISIBLE), JOB(55, 60), FINDING_NEW_EPISODE,
		FINDING_ABSORBED, FINDING_DISPROVED},
	{"absorbed stays so", DIFFERENCE(ABSORBED), JOB(55, 60), FINDING_NEW_EPISODE, K,
		FINDING_DISPROVED},
	{"undone stays so", DIFFERENCE(UNDONE), JOB(55, 60), FINDING_NEW_EPISODE, K, K},
	{"a deletion at its time", GONE(VISIBLE), JOB(25, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"a deletion past its time", GONE(VISIBLE), JOB(26, 60), FINDING_NEW_EPISODE,
		FINDING_ABSORBED, FINDING_DISPROVED},

	/* silence where it was shown */
	{"the first baseline", DIFFERENCE(VISIBLE), JOB(10, 60), FINDING_SEEN_AGAIN, FINDING_UNDONE,
		FINDING_DISPROVED},
	{"the last baseline", DIFFERENCE(VISIBLE), JOB(20, 60), FINDING_SEEN_AGAIN, FINDING_UNDONE,
		FINDING_DISPROVED},
	{"the newest baseline", DIFFERENCE(VISIBLE, .lo_us = H(22)), JOB(22, 60),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},
	{"an absorbed one, through an old baseline", DIFFERENCE(ABSORBED), JOB(20, 60),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},
	{"an appearance", DIFFERENCE(VISIBLE, .about = ABOUT_APPEARANCE), JOB(20, 60),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},
	{"a word that nobody knows", DIFFERENCE(VISIBLE, .about = ABOUT_UNKNOWN), JOB(20, 60),
		FINDING_SEEN_AGAIN, K, FINDING_DISPROVED},
	{"an absorbed deletion", GONE(ABSORBED), JOB(20, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"a deletion past recovery", GONE(PAST_RECOVERY), JOB(20, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},

	/* silence where it never was shown proves nothing: the object may not have been there */
	{"an older baseline", DIFFERENCE(VISIBLE), JOB(5, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"a baseline between two that showed it", DIFFERENCE(VISIBLE), JOB(15, 60),
		FINDING_SEEN_AGAIN, K, FINDING_DISPROVED},
	{"a newer baseline before hi", DIFFERENCE(VISIBLE), JOB(22, 60), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"a deletion and a baseline older than any", GONE(VISIBLE), JOB(5, 60), FINDING_SEEN_AGAIN,
		K, FINDING_DISPROVED},

	/* but what has a time of deletion was there until then */
	{"a deletion and a newer baseline before it", GONE(VISIBLE), JOB(22, 60),
		FINDING_SEEN_AGAIN, FINDING_VANISHED, FINDING_DISPROVED},

	/* what else the job shows of the object */
	{"another value", DIFFERENCE(VISIBLE), JOB(20, 60, .another_way = true), FINDING_SEEN_AGAIN,
		K, FINDING_DISPROVED},
	{"another value, and the baseline holds this one", DIFFERENCE(VISIBLE),
		JOB(32, 60, .another_way = true), FINDING_NEW_EPISODE, FINDING_ABSORBED,
		FINDING_DISPROVED},
	{"a deleted object is modified", GONE(VISIBLE), JOB(20, 60, .exists = true),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},
	{"a deleted object by a word that nobody knows", GONE(VISIBLE),
		JOB(20, 60, .another_way = true), FINDING_SEEN_AGAIN, K, FINDING_DISPROVED},
	{"a deleted object is modified, and the baseline is without it", GONE(VISIBLE),
		JOB(26, 60, .exists = true), FINDING_NEW_EPISODE, FINDING_UNDONE,
		FINDING_DISPROVED},
	{"an absorbed deletion, and the object is modified", GONE(ABSORBED),
		JOB(55, 60, .exists = true), FINDING_NEW_EPISODE, FINDING_UNDONE,
		FINDING_DISPROVED},
	{"a vanished deletion, and the object is modified", GONE(VANISHED),
		JOB(20, 60, .exists = true), FINDING_NEW_EPISODE, FINDING_UNDONE,
		FINDING_DISPROVED},
	{"a deleted object is modified, by an older job", GONE(ABSORBED),
		JOB(20, 50, .exists = true), FINDING_OLDER_SIGHT, K, K},
	{"a deleted object is modified by a job of before the deletion",
		GONE(VISIBLE, .as_of_us = H(15)), JOB(20, 24, .exists = true), FINDING_SEEN_AGAIN,
		K, FINDING_DISPROVED},
	{"both deleted and modified", GONE(VISIBLE),
		JOB(20, 60, .exists = true, .another_way = true), FINDING_SEEN_AGAIN, K,
		FINDING_DISPROVED},
	{"it is known that the modified object exists", GONE(UNDONE), JOB(20, 60, .exists = true),
		FINDING_NEW_EPISODE, K, K},
	{"a deleted object is modified, newer baseline", GONE(VISIBLE), JOB(22, 60, .exists = true),
		FINDING_SEEN_AGAIN, FINDING_UNDONE, FINDING_DISPROVED},
};

static void check_move(
	const char *text, const char *what, enum finding_move got, enum finding_move wanted)
{
	ck_assert_msg(got == wanted, "%s: %s is %s, wanted %s", text, what, finding_move_name(got),
		finding_move_name(wanted));
}

START_TEST(transitions)
{
	const struct row *row = &rows[_i];
	const struct known_finding *known = row->known.episode ? &row->known : NULL;
	struct observation job = row->job;

	check_move(row->text, "shown", finding_observe(known, &job), row->shown);
	if (!known)
		return;
	job.deleted_at_us = NO;
	check_move(row->text, "silent", finding_silence(known, &job), row->silent);
	check_move(row->text, "opposed", finding_opposed(known, &job), row->opposed);
}
END_TEST

START_TEST(a_later_deletion_takes_back_the_earlier)
{
	static const struct {
		const char *text;
		struct known_finding known;
		struct observation job;
		enum finding_move move;
	} t[] = {
		{"visible", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(50)), FINDING_DISPROVED},
		{"absorbed", GONE(ABSORBED), JOB(20, 60, .deleted_at_us = H(50)),
			FINDING_DISPROVED},
		{"vanished", GONE(VANISHED), JOB(20, 60, .deleted_at_us = H(50)),
			FINDING_DISPROVED},
		{"past recovery", GONE(PAST_RECOVERY), JOB(20, 60, .deleted_at_us = H(50)),
			FINDING_DISPROVED},
		{"known to be undone", GONE(UNDONE), JOB(20, 60, .deleted_at_us = H(50)), K},
		{"the same", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(25)), K},
		{"an earlier one", GONE(VISIBLE), JOB(20, 60, .deleted_at_us = H(22)), K},
		{"at a time that is not told", GONE(VISIBLE), JOB(20, 60), K},
		{"its own time is not known", GONE(VISIBLE, .deleted_at_us = NO),
			JOB(20, 60, .deleted_at_us = H(50)), K},
		{"an older job", GONE(VISIBLE), JOB(20, 52, .deleted_at_us = H(50)), K},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		check_move(
			t[i].text, "repeated", finding_repeated(&t[i].known, &t[i].job), t[i].move);
}
END_TEST

#define DAYS(n) H(24 * (n))

START_TEST(recovery_ends_with_the_last_of_both)
{
	static const struct {
		const char *text, *type;
		struct known_finding known;
		int64_t oldest_us, now_us;
		enum finding_move move;
	} t[] = {
		{"both are over", "user", GONE(ABSORBED), H(25), DAYS(30) + H(25),
			FINDING_PAST_RECOVERY},
		{"a snapshot has it", "user", GONE(ABSORBED), H(24), DAYS(40), K},
		{"the recycle bin has it", "user", GONE(ABSORBED), H(25), DAYS(30) + H(24), K},
		{"no snapshot is known", "user", GONE(ABSORBED), NO, DAYS(40), K},
		{"no recycle bin", "appRoleAssignment", GONE(VISIBLE), H(25), H(60),
			FINDING_PAST_RECOVERY},
		{"vanished", "group", GONE(VANISHED), DAYS(8), DAYS(40), FINDING_PAST_RECOVERY},
		{"undone", "group", GONE(UNDONE), DAYS(8), DAYS(40), K},
		{"already", "group", GONE(PAST_RECOVERY), DAYS(8), DAYS(40), K},
		{"no deletion", "group", DIFFERENCE(ABSORBED), DAYS(8), DAYS(40), K},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		check_move(t[i].text, "lapse",
			finding_lapse(&t[i].known, t[i].type, t[i].oldest_us, t[i].now_us),
			t[i].move);
}
END_TEST

START_TEST(intervals)
{
#define SIGHT(baseline, end, deleted) \
	{ \
		.baseline_us = H(baseline), .start_us = H(end) - 5, .end_us = H(end), \
		.margin_us = H(1), .deleted_at_us = (deleted) \
	}
	static const struct {
		struct known_finding known;
		struct observation seen;
		int64_t lo, hi;
	} t[] = {
		{{0}, SIGHT(10, 30, NO), H(10), H(30)},
		{{0}, SIGHT(10, 30, H(25)), H(25) - 1, H(25)},
		/* it narrows from both sides and never widens */
		{DIFFERENCE(VISIBLE), SIGHT(22, 54, NO), H(22), H(31)},
		{DIFFERENCE(VISIBLE), SIGHT(2, 28, NO), H(20), H(28)},
		/* what would leave nothing of it is left out */
		{DIFFERENCE(VISIBLE), SIGHT(31, 54, NO), H(20), H(31)},
		{DIFFERENCE(VISIBLE), SIGHT(2, 19, NO), H(20), H(31)},
		/* a time that is told later makes it a point, and it stays one */
		{DIFFERENCE(VISIBLE), SIGHT(20, 54, H(25)), H(25) - 1, H(25)},
		{GONE(VISIBLE), SIGHT(22, 54, NO), H(25) - 1, H(25)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int64_t lo = 0, hi = 0;

		finding_interval(t[i].known.episode ? &t[i].known : NULL, &t[i].seen, &lo, &hi);
		ck_assert_msg(lo == t[i].lo && hi == t[i].hi, "row %zu", i);
	}
}
END_TEST

START_TEST(words)
{
	static const struct {
		const char *change;
		enum attention attention;
		enum fact fact;
		const char *words;
	} t[] = {
		{"deleted", ATTENTION_OPEN, FACT_VISIBLE,
			"open; in the recycle bin when last listed"},
		{"deleted", ATTENTION_OPEN, FACT_VANISHED,
			"open; listed no more: restored or gone for ever, not known"},
		{"deleted", ATTENTION_EXPECTED, FACT_UNDONE, "expected; it exists again"},
		{"appeared", ATTENTION_CLOSED, FACT_VISIBLE,
			"closed, it took back what was open; there when last listed"},
		{"link added", ATTENTION_ACKNOWLEDGED, FACT_ABSORBED,
			"acknowledged; newer snapshots contain it; not seen to change back since"},
		{"modified", ATTENTION_CLOSED, FACT_UNDONE,
			"closed; no longer differs from the snapshot; the object may be gone for "
			"ever"},
		{"merged", ATTENTION_OPEN, FACT_VISIBLE,
			"open; listed, and what it means is not known"},
		{"merged", _ATTENTION_MAX, FACT_VISIBLE, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT(1000);

		finding_words(t[i].change, t[i].attention, t[i].fact, &out);
		ck_assert_str_eq(buf_text(&out), t[i].words);
	}
	for (unsigned f = 0; f < _FACT_MAX; f++) {
		ck_assert_ptr_nonnull(finding_fact_words("deleted", (enum fact)f));
		ck_assert_ptr_nonnull(finding_fact_words("modified", (enum fact)f));
		ck_assert_ptr_nonnull(finding_fact_words("appeared", (enum fact)f));
		ck_assert_ptr_nonnull(finding_fact_words("merged", (enum fact)f));
	}
	ck_assert_ptr_null(finding_fact_words("deleted", _FACT_MAX));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("finding");
	TCase *tc = tcase_create("finding");

	tcase_add_test(tc, names_go_both_ways);
	tcase_add_test(tc, opposites);
	tcase_add_test(tc, what_changes_are_about);
	tcase_add_loop_test(tc, transitions, 0, (int)ARRAY_SIZE(rows));
	tcase_add_test(tc, a_later_deletion_takes_back_the_earlier);
	tcase_add_test(tc, recovery_ends_with_the_last_of_both);
	tcase_add_test(tc, intervals);
	tcase_add_test(tc, words);
	suite_add_tcase(s, tc);
	return s;
}
