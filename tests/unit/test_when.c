/* SPDX-License-Identifier: Apache-2.0 */
/* Times and values in the words of the CLI. */
#include "cli/when.h"

#include <check.h>

#include "cli/value.h"
#include "common/base/cleanup.h"

Suite *suite(void);

#define NOW INT64_C(1783829700000000) /* 2026-07-12 04:15 UTC */

static const struct {
	int64_t us;
	const char *ago, *both;
} times[] = {
	{NOW, "now", "now (2026-07-12 04:15 UTC)"},
	{NOW - 999999, "now", "now (2026-07-12 04:14 UTC)"},
	{NOW - 42 * USEC_PER_SEC, "42s ago", "42s ago (2026-07-12 04:14 UTC)"},
	{NOW - 5 * USEC_PER_MIN, "5m ago", "5m ago (2026-07-12 04:10 UTC)"},
	{NOW - 119 * USEC_PER_MIN, "1h ago", "1h ago (2026-07-12 02:16 UTC)"},
	{NOW - 47 * USEC_PER_HOUR, "47h ago", "47h ago (2026-07-10 05:15 UTC)"},
	{NOW - 48 * USEC_PER_HOUR, "2d ago", "2d ago (2026-07-10 04:15 UTC)"},
	{NOW - 400 * USEC_PER_DAY, "400d ago", "400d ago (2025-06-07 04:15 UTC)"},
	{NOW + 3 * USEC_PER_HOUR, "in 3h", "in 3h (2026-07-12 07:15 UTC)"},
	{TIME_NONE, "", "never"},
};

START_TEST(ago)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(256);

	when_append(&out, times[_i].us, NOW);
	ck_assert_str_eq(buf_text(&out), times[_i].ago);
	buf_reset(&out);
	when_append_both(&out, times[_i].us, NOW);
	ck_assert_str_eq(buf_text(&out), times[_i].both);
}
END_TEST

static const struct {
	const char *json, *text;
} values[] = {
	{NULL, "(not told)"},
	{"null", "(null)"},
	{"\"enabled\"", "enabled"},
	{"\"a\\\\b \\\"c\\\"\"", "a\\b \"c\""},
	{"\"\"", "\"\""},
	{"true", "true"},
	{"[1,\"a\"]", "[1,\"a\"]"},
	{"{\"a\":null}", "{\"a\":null}"},
	{"not json", "not json"},
};

START_TEST(words)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(256);

	value_append(values[_i].json, &out);
	ck_assert_str_eq(buf_text(&out), values[_i].text);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("when");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, ago, 0, (int)ARRAY_SIZE(times));
	tcase_add_loop_test(t, words, 0, (int)ARRAY_SIZE(values));
	suite_add_tcase(s, t);
	return s;
}
