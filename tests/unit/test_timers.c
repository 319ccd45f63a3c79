/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which timers run, against a plain list that is searched from end to end. */
#include <check.h>
#include <stdlib.h>

#include "daemon/engine/timers.h"

Suite *suite(void);

enum { N = 200 };

static struct timers_node *expected_first(struct timers_node *nodes)
{
	struct timers_node *first = NULL;

	for (size_t i = 0; i < N; i++) {
		if (!timers_armed(&nodes[i]))
			continue;
		if (!first || nodes[i].due_us < first->due_us ||
			(nodes[i].due_us == first->due_us && nodes[i].seq < first->seq))
			first = &nodes[i];
	}
	return first;
}

START_TEST(test_random_histories)
{
	struct timers t = {0};
	struct timers_node nodes[N];

	srand((unsigned)_i);
	for (size_t i = 0; i < N; i++) {
		nodes[i] = (struct timers_node){.at = TIMERS_IDLE};
		ck_assert_int_eq(timers_add(&t), 0);
	}
	for (int step = 0; step < 5000; step++) {
		struct timers_node *node = &nodes[rand() % N];

		if (rand() % 3)
			timers_arm(&t, node, rand() % 50);
		else
			timers_disarm(&t, node);
		ck_assert_ptr_eq(timers_first(&t), expected_first(nodes));
	}
	for (struct timers_node *first; (first = expected_first(nodes));)
		ck_assert_ptr_eq(timers_pop(&t, INT64_MAX, UINT64_MAX), first);
	ck_assert_ptr_null(timers_pop(&t, INT64_MAX, UINT64_MAX));
	timers_done(&t);
}
END_TEST

START_TEST(test_equal_times_keep_the_order_of_arming)
{
	struct timers t = {0};
	struct timers_node nodes[8];

	for (size_t i = 0; i < 8; i++) {
		nodes[i] = (struct timers_node){.at = TIMERS_IDLE};
		ck_assert_int_eq(timers_add(&t), 0);
		timers_arm(&t, &nodes[i], 7);
	}
	timers_arm(&t, &nodes[0], 7); /* arming again goes to the end */
	for (size_t i = 1; i < 8; i++)
		ck_assert_ptr_eq(timers_pop(&t, 7, t.seq), &nodes[i]);
	ck_assert_ptr_eq(timers_pop(&t, 7, t.seq), &nodes[0]);
	timers_done(&t);
}
END_TEST

START_TEST(test_pop_takes_neither_the_future_nor_the_new)
{
	struct timers t = {0};
	struct timers_node a = {.at = TIMERS_IDLE}, b = {.at = TIMERS_IDLE};

	ck_assert_int_eq(timers_add(&t), 0);
	ck_assert_int_eq(timers_add(&t), 0);
	timers_arm(&t, &a, 10);
	ck_assert_ptr_null(timers_pop(&t, 9, t.seq));

	uint64_t limit = t.seq;

	ck_assert_ptr_eq(timers_pop(&t, 10, limit), &a);
	timers_arm(&t, &b, 10); /* what a callback arms in this round */
	ck_assert_ptr_null(timers_pop(&t, 10, limit));
	ck_assert_ptr_eq(timers_pop(&t, 10, t.seq), &b);

	timers_arm(&t, &a, 1);
	timers_remove(&t, &a);
	ck_assert_ptr_null(timers_first(&t));
	ck_assert_uint_eq(t.n_added, 1);
	timers_done(&t);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("timers");
	TCase *tc = tcase_create("timers");

	tcase_add_loop_test(tc, test_random_histories, 0, 8);
	tcase_add_test(tc, test_equal_times_keep_the_order_of_arming);
	tcase_add_test(tc, test_pop_takes_neither_the_future_nor_the_new);
	suite_add_tcase(s, tc);
	return s;
}
