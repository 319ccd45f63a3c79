/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/err.c */
#include "common/base/err.h"

#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/base/cleanup.h"

START_TEST(texts_of_errors)
{
	static const struct {
		int r;
		const char *want;
	} table[] = {
		{ENOSPC, "No space left on device"},
		{-ENOSPC, "No space left on device"},
		{-ENOMEM, "Cannot allocate memory"},
		{0, "Success"},
		{99999, "unknown error"},
		{-99999, "unknown error"},
		{INT_MAX, "unknown error"},
		{INT_MIN, "unknown error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_str_eq(err_text(table[i].r), table[i].want);
}
END_TEST

/* These numbers and names are an interface. */
START_TEST(exit_codes_are_stable)
{
	static const char *const names[] = {"ok", "usage", "config", "no_daemon", "sign_in",
		"network", "throttled", "slot_busy", "incomplete", "store", "refused"};

	ck_assert_uint_eq(ARRAY_SIZE(names), _EXIT_CODE_MAX);
	for (int i = 0; i < _EXIT_CODE_MAX; i++) {
		ck_assert_str_eq(exit_code_name(i), names[i]);
		ck_assert(islower((unsigned char)exit_code_text(i)[0]));
		ck_assert_ptr_null(strchr(exit_code_text(i), '\n'));
	}
	static const int unknown[] = {-1, _EXIT_CODE_MAX, INT_MIN, INT_MAX};
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		ck_assert_ptr_null(exit_code_name(unknown[i]));
		ck_assert_ptr_null(exit_code_text(unknown[i]));
	}
}
END_TEST

START_TEST(trace_passes_through)
{
	static const int results[] = {0, 1, 77, -EIO, INT_MIN};

	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		ck_assert_int_eq(err_trace(results[i]), results[i]);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("err");
	TCase *tc = tcase_create("err");

	tcase_add_test(tc, texts_of_errors);
	tcase_add_test(tc, exit_codes_are_stable);
	tcase_add_test(tc, trace_passes_through);
	suite_add_tcase(s, tc);
	return s;
}
