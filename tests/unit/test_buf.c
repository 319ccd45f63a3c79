/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/buf.c */
#include "common/base/buf.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

START_TEST(appends_in_order)
{
	struct buf b = BUF_INIT(1000);

	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "one");
	buf_putc(&b, ' ');
	buf_append(&b, "two\0three", 9);
	buf_printf(&b, " %d %s", 42, "four");
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_uint_eq(b.len, 3 + 1 + 9 + 8);
	ck_assert_mem_eq(b.data, "one two\0three 42 four", b.len + 1);
	buf_append(&b, NULL, 0);
	ck_assert_int_eq(buf_error(&b), 0);
	buf_done(&b);
}
END_TEST

/* Every way to append, at every distance from the maximum. */
START_TEST(maximum_is_exact)
{
	size_t max = (size_t)_i;

	for (int way = 0; way < 4; way++) {
		struct buf b = BUF_INIT(max);
		for (size_t i = 0; i <= max; i++) {
			ck_assert_int_eq(buf_error(&b), 0);
			ck_assert_uint_eq(b.len, i);
			if (way == 0)
				buf_putc(&b, 'x');
			else if (way == 1)
				buf_puts(&b, "x");
			else if (way == 2)
				buf_printf(&b, "%s", "x");
			else if (buf_reserve(&b, 1))
				buf_reserve(&b, 1)[0] = 'x', buf_commit(&b, 1);
		}
		ck_assert_int_eq(buf_error(&b), -EFBIG);
		ck_assert_uint_eq(b.len, max);
		ck_assert_uint_eq(strlen(buf_text(&b)), max);
		buf_done(&b);
	}
}
END_TEST

START_TEST(a_sure_one_has_its_maximum_all_the_same)
{
	_cleanup_(buf_done) struct buf b = BUF_INIT_SURE(5);

	buf_puts(&b, "12345");
	ck_assert_int_eq(buf_error(&b), 0);
	buf_puts(&b, "6");
	ck_assert_int_eq(buf_error(&b), -EFBIG);
	ck_assert_str_eq(buf_text(&b), "12345");
}
END_TEST

START_TEST(error_is_sticky_until_reset)
{
	struct buf b = BUF_INIT(4);

	buf_puts(&b, "abc");
	buf_puts(&b, "de");
	ck_assert_int_eq(buf_error(&b), -EFBIG);
	buf_putc(&b, 'x'); /* would fit */
	buf_printf(&b, "x");
	ck_assert_ptr_null(buf_reserve(&b, 0));
	ck_assert_str_eq(buf_text(&b), "abc");
	ck_assert_ptr_null(buf_take(&b));
	buf_reset(&b);
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "wxyz");
	ck_assert_str_eq(buf_text(&b), "wxyz");
	buf_done(&b);
}
END_TEST

START_TEST(absurd_sizes_are_refused)
{
	struct buf b = BUF_INIT(SIZE_MAX);

	buf_puts(&b, "ab");
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	ck_assert_int_eq(buf_error(&b), -EFBIG);
	buf_done(&b);

	b = BUF_INIT(0);
	buf_putc(&b, 'x');
	ck_assert_int_eq(buf_error(&b), -EFBIG);
	buf_done(&b);
}
END_TEST

START_TEST(printf_grows)
{
	struct buf b = BUF_INIT(100000);
	char want[300];

	memset(want, 'y', sizeof(want));
	want[299] = '\0';
	for (int i = 0; i < 100; i++) {
		buf_printf(&b, "%s", want);
		ck_assert_uint_eq(b.len, (size_t)(i + 1) * 299);
	}
	ck_assert_uint_eq(strspn(buf_text(&b), "y"), b.len);
	buf_done(&b);
}
END_TEST

/* A failed printf leaves no part of itself behind. */
START_TEST(printf_is_whole_or_nothing)
{
	struct buf b = BUF_INIT(10);

	buf_puts(&b, "12345678");
	buf_printf(&b, "%s", "abc");
	ck_assert_int_eq(buf_error(&b), -EFBIG);
	ck_assert_str_eq(buf_text(&b), "12345678");
	ck_assert_uint_eq(b.len, 8);
	buf_done(&b);
}
END_TEST

START_TEST(truncate_cuts_only)
{
	struct buf b = BUF_INIT(100);

	buf_truncate(&b, 0);
	buf_puts(&b, "hello");
	buf_truncate(&b, 9);
	ck_assert_str_eq(buf_text(&b), "hello");
	buf_truncate(&b, 2);
	ck_assert_str_eq(buf_text(&b), "he");
	ck_assert_uint_eq(b.len, 2);
	buf_done(&b);
}
END_TEST

START_TEST(take_hands_over)
{
	struct buf b = BUF_INIT(100);

	char *empty = buf_take(&b);
	ck_assert_str_eq(empty, "");
	free(empty);
	buf_puts(&b, "text");
	char *text = buf_take(&b);
	ck_assert_str_eq(text, "text");
	free(text);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(buf_text(&b), "");
	buf_puts(&b, "again");
	ck_assert_str_eq(buf_text(&b), "again");
	buf_done(&b);
	buf_done(&b);
}
END_TEST

START_TEST(secret_is_overwritten)
{
	struct buf b = BUF_INIT_SECRET(1000);

	buf_puts(&b, "password");
	const char *data = b.data;
	buf_truncate(&b, 4);
	ck_assert_mem_eq(data, "pass\0\0\0\0", 8);
	buf_reset(&b);
	ck_assert_mem_eq(data, "\0\0\0\0", 4);
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "0123456789");
	ck_assert_int_eq(buf_error(&b), 0);
	ck_assert_uint_eq(b.len, 1000);
	ck_assert_mem_eq(b.data + 990, "0123456789", 11);
	buf_wipe(&b);
	ck_assert(b.secret);
	ck_assert_uint_eq(b.max, 1000);
	buf_done(&b);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("buf");
	TCase *tc = tcase_create("buf");

	tcase_add_test(tc, appends_in_order);
	tcase_add_loop_test(tc, maximum_is_exact, 0, 140);
	tcase_add_test(tc, error_is_sticky_until_reset);
	tcase_add_test(tc, a_sure_one_has_its_maximum_all_the_same);
	tcase_add_test(tc, absurd_sizes_are_refused);
	tcase_add_test(tc, printf_grows);
	tcase_add_test(tc, printf_is_whole_or_nothing);
	tcase_add_test(tc, truncate_cuts_only);
	tcase_add_test(tc, take_hands_over);
	tcase_add_test(tc, secret_is_overwritten);
	suite_add_tcase(s, tc);
	return s;
}
