/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/run.c */
#include "common/model/run.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"

Suite *suite(void);

START_TEST(names_go_both_ways)
{
	enum run_state s;
	enum run_outcome o;

	for (unsigned i = 0; i < _RUN_STATE_MAX; i++) {
		ck_assert_int_eq(run_state_from_name(run_state_name((enum run_state)i), &s), 0);
		ck_assert_int_eq(s, i);
	}
	for (unsigned i = 0; i < _RUN_OUTCOME_MAX; i++) {
		ck_assert_int_eq(
			run_outcome_from_name(run_outcome_name((enum run_outcome)i), &o), 0);
		ck_assert_int_eq(o, i);
	}
	ck_assert_int_eq(run_state_from_name("Queued", &s), -EINVAL);
	ck_assert_int_eq(run_state_from_name(NULL, &s), -EINVAL);
	ck_assert_int_eq(run_outcome_from_name("", &o), -EINVAL);
	ck_assert_int_eq(run_outcome_from_name(NULL, &o), -EINVAL);
	ck_assert_str_eq(run_state_name(_RUN_STATE_MAX), "unknown");
	ck_assert_str_eq(run_outcome_name(_RUN_OUTCOME_MAX), "unknown");
}
END_TEST

/* One line per state; columns in the order of the enum. */
START_TEST(moves)
{
	static const char *const allowed[_RUN_STATE_MAX] = {
		/* to:		  Q C W C S D F */
		[RUN_QUEUED] = "xxx...x",
		[RUN_CREATING] = "xxx...x",
		[RUN_WAITING] = "..xx..x",
		[RUN_COLLECTING] = "...xx.x",
		[RUN_SETTLING] = "....xxx",
		[RUN_DONE] = ".......",
		[RUN_FAILED] = ".......",
	};

	for (unsigned from = 0; from < _RUN_STATE_MAX; from++)
		for (unsigned to = 0; to < _RUN_STATE_MAX; to++)
			ck_assert_msg(run_move_allowed((enum run_state)from, (enum run_state)to) ==
					      (allowed[from][to] == 'x'),
				"%s -> %s", run_state_name((enum run_state)from),
				run_state_name((enum run_state)to));
	ck_assert(!run_move_allowed(_RUN_STATE_MAX, RUN_QUEUED));
	ck_assert(!run_move_allowed(RUN_QUEUED, _RUN_STATE_MAX));
}
END_TEST

/* From each state that has not ended there is a way to done and a way to failed. */
START_TEST(every_state_can_end)
{
	for (unsigned i = 0; i < _RUN_STATE_MAX; i++) {
		enum run_state s = (enum run_state)i;

		if (run_state_ended(s))
			continue;
		ck_assert(run_move_allowed(s, RUN_FAILED));
		for (unsigned steps = 0; s != RUN_DONE; steps++) {
			ck_assert_uint_lt(steps, _RUN_STATE_MAX);
			ck_assert(run_move_allowed(s, (enum run_state)(s + 1)));
			s = (enum run_state)(s + 1);
		}
	}
}
END_TEST

START_TEST(copies_are_whole)
{
	struct run *a = run_new(), *b = NULL;

	ck_assert_ptr_nonnull(a);
	ck_assert_int_eq(a->started_us, TIME_NONE);
	ck_assert_int_eq(a->objects, -1);
	ck_assert_int_eq(a->verified, -1);
	ck_assert_ptr_null(a->next_link);
	ck_assert_int_eq(run_set_text(&a->watch, "all"), 0);
	ck_assert_int_eq(run_set_text(&a->next_link, ""), 0);
	a->id = 7;
	ck_assert_int_eq(run_copy(a, &b), 0);
	ck_assert_int_eq(b->id, 7);
	ck_assert_str_eq(b->watch, "all");
	ck_assert_ptr_ne(a->watch, b->watch);
	ck_assert_str_eq(b->next_link, "");
	ck_assert_ptr_null(b->service_id);
	ck_assert_int_eq(run_set_text(&b->watch, NULL), 0);
	ck_assert_ptr_null(b->watch);
	ck_assert_ptr_null(run_free(a));
	ck_assert_ptr_null(run_free(b));
	ck_assert_ptr_null(run_free(NULL));
}
END_TEST

START_TEST(verification)
{
	static const struct {
		int64_t total, rows, distinct;
		int verified;
		bool more;
	} t[] = {
		{-1, 10, -1, -1, false}, /* no total */
		{0, 0, -1, 1, false},	 /* a quiet day */
		{10, 10, -1, 1, false},	 /* rows agree, nobody counted objects */
		{8, 10, 8, 1, false},	 /* an object in several rows */
		{10, 9, 9, 0, false},
		{10, 0, 0, 0, false},
		{10, 11, 11, 1, true},
		{10, 12, 9, 1, true},
		{0, 1, 1, 1, true},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool more = !t[i].more;

		ck_assert_int_eq(
			run_verify(t[i].total, t[i].rows, t[i].distinct, &more), t[i].verified);
		ck_assert_int_eq(more, t[i].more);
	}
}
END_TEST

START_TEST(back_off_doubles_to_its_end)
{
	static const int64_t minutes[] = {1, 1, 2, 4, 8, 16, 30, 30};

	for (unsigned n = 0; n < sizeof(minutes) / sizeof(minutes[0]); n++)
		ck_assert_int_eq(run_back_off_us(n), minutes[n] * USEC_PER_MIN);
	ck_assert_int_eq(run_back_off_us(UINT32_MAX), 30 * USEC_PER_MIN);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("run");
	TCase *tc = tcase_create("run");

	tcase_add_test(tc, names_go_both_ways);
	tcase_add_test(tc, moves);
	tcase_add_test(tc, every_state_can_end);
	tcase_add_test(tc, copies_are_whole);
	tcase_add_test(tc, verification);
	tcase_add_test(tc, back_off_doubles_to_its_end);
	suite_add_tcase(s, tc);
	return s;
}
