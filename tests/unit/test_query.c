/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a query as browsers, proxies and people bring them. */
#include "common/base/query.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/cleanup.h"

Suite *suite(void);

static const struct {
	const char *query, *name;
	int r;
	const char *value;
} fields[] = {
	{"code=1.AX&state=x", "code", 0, "1.AX"},
	{"code=1.AX&state=x", "state", 0, "x"},
	{"code=1.AX&state=x", "stat", QUERY_E_ABSENT, ""},
	{"code=1.AX&state=x", "statement", QUERY_E_ABSENT, ""},
	{"", "code", QUERY_E_ABSENT, ""},
	{"&&&", "code", QUERY_E_ABSENT, ""},
	{"=x", "", 0, "x"},
	{"code", "code", 0, ""},
	{"code=", "code", 0, ""},
	{"code==", "code", 0, "="},
	{"a=1&code=a=b&c=2", "code", 0, "a=b"},
	{"code=a%2Fb%2bc+d", "code", 0, "a/b+c d"},
	{"code=%C3%A4", "code", 0, "\xc3\xa4"},
	{"c%6Fde=x", "code", 0, "x"},
	{"c%6fde=x&code=y", "code", QUERY_E_TWICE, ""},
	{"code=1&code=1", "code", QUERY_E_TWICE, ""},
	{"code&code=1", "code", QUERY_E_TWICE, ""},
	{"c%6=x", "c", QUERY_E_ABSENT, ""},
	{"code=%", "code", QUERY_E_BAD, ""},
	{"code=%4", "code", QUERY_E_BAD, ""},
	{"code=%4&state=1", "code", QUERY_E_BAD, ""},
	{"code=%zz", "code", QUERY_E_BAD, ""},
	{"code=a%00b", "code", QUERY_E_BAD, ""},
	{"code=a%0d%0ab", "code", QUERY_E_BAD, ""},
	{"code=a\x7f", "code", QUERY_E_BAD, ""},
	{"code=%ff", "code", QUERY_E_BAD, ""},
	{"code=%4&state=good", "state", 0, "good"},
};

START_TEST(gets)
{
	_cleanup_(buf_done) struct buf value = BUF_INIT(64);
	size_t len = strlen(fields[_i].query);

	ck_assert_int_eq(query_get(fields[_i].query, len, fields[_i].name, &value), fields[_i].r);
	ck_assert_str_eq(buf_text(&value), fields[_i].value);
	ck_assert_int_eq(
		query_has(fields[_i].query, len, fields[_i].name), fields[_i].r != QUERY_E_ABSENT);
}
END_TEST

START_TEST(appends_within_the_limit)
{
	_cleanup_(buf_done) struct buf value = BUF_INIT(4);

	buf_puts(&value, "x");
	ck_assert_int_eq(query_get("a=%", 3, "a", &value), QUERY_E_BAD);
	ck_assert_str_eq(buf_text(&value), "x");
	ck_assert_int_eq(query_get("a=123", 5, "a", &value), 0);
	ck_assert_str_eq(buf_text(&value), "x123");
	ck_assert_int_eq(query_get("a=1", 3, "a", &value), -EFBIG);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("query");
	TCase *t = tcase_create("query");

	tcase_add_loop_test(t, gets, 0, ARRAY_SIZE(fields));
	tcase_add_test(t, appends_within_the_limit);
	suite_add_tcase(s, t);
	return s;
}
