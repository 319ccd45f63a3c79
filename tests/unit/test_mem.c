/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/mem.c; mem_end.c by what a child process leaves behind. */
#include "common/base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(gives_zeroed_memory)
{
	unsigned char *p = mem_alloc(1000);

	for (size_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(p[i], 0);
	free(p);
}
END_TEST

START_TEST(grows_and_copies)
{
	int *list = NULL;

	for (int i = 0; i < 100; i++) {
		list = mem_grow(list, (size_t)i + 1, sizeof(*list));
		list[i] = i;
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(list[i], i);
	free(list);

	char *text = mem_text("contoso");
	ck_assert_str_eq(text, "contoso");
	free(text);
	ck_assert_ptr_null(mem_text(NULL));
}
END_TEST

static int n_calls;

static int third_time(void)
{
	return ++n_calls < 3 ? -ENOMEM : 7;
}

START_TEST(insists)
{
	ck_assert_int_eq(mem_reserve(), 0);
	n_calls = 0;
	ck_assert_int_eq(mem_insist(third_time()), 7);
	ck_assert_int_eq(n_calls, 3);
}
END_TEST

static int never(void)
{
	return -ENOMEM;
}

/* The reserve is finite: then the process ends in order, not by a signal. */
START_TEST(ends_when_the_reserve_is_spent)
{
	ck_assert_int_eq(mem_reserve(), 0);
	(void)mem_insist(never());
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("mem");
	TCase *t = tcase_create("mem");

	tcase_add_test(t, gives_zeroed_memory);
	tcase_add_test(t, grows_and_copies);
	tcase_add_test(t, insists);
	tcase_add_exit_test(t, ends_when_the_reserve_is_spent, MEM_EXIT_STATUS);
	suite_add_tcase(s, t);
	return s;
}
