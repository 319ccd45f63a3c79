/* SPDX-License-Identifier: Apache-2.0 */
/* What is mended of a text that was refused, byte for byte, and what is left alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/json_mend.h"

Suite *suite(void);

static const struct {
	const char *text, *want; /* NULL: nothing to mend */
} cases[] = {
	{"{\"a\":\"x\\u0000y\"}", "{\"a\":\"x\\ufffdy\"}"},
	{"\"\\\\u0000\"", NULL},
	{"\"\\\\\\u0000\"", "\"\\\\\\ufffd\""},
	{"\"\\u0041\\n\\\"\"", NULL},
	/* surrogates: a pair, halves of one, the wrong way round */
	{"\"\\uD83d\\uDe00\"", NULL},
	{"\"\\ud83d\"", "\"\\ufffd\""},
	{"\"\\ude00\\ud83d\"", "\"\\ufffd\\ufffd\""},
	{"\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""},
	{"\"\\ud83d\\u0041\"", "\"\\ufffd\\u0041\""},
	/* cut off, or no escape at all */
	{"\"\\u000", NULL},
	{"\"\\u00g0\"", NULL},
	{"\"\\ud83d\\ude0", "\"\\ufffd\\ude0"},
	{"\\", NULL},
	/* bytes */
	{"\"a\x01\tb\"", "\"a  b\""},
	{"\"\xff\xc3\xab\xc3\"", "\"?\xc3\xab?\""},
	{"\"\xed\xa0\x80\"", "\"\?\?\?\""},
	{"", NULL},
};

START_TEST(mends)
{
	const char *text = cases[_i].text;
	int r = JSON_E_SYNTAX;
	char *copy = json_mended_copy(text, strlen(text), &r);

	ck_assert_int_eq(r, JSON_E_SYNTAX);
	if (!cases[_i].want) {
		ck_assert_ptr_null(copy);
		return;
	}
	ck_assert_ptr_nonnull(copy);
	ck_assert_str_eq(copy, cases[_i].want);
	ck_assert_uint_eq(strlen(copy), strlen(text));
	/* once is enough */
	ck_assert_ptr_null(json_mended_copy(copy, strlen(copy), &r));
	free(copy);
}
END_TEST

START_TEST(only_what_was_refused_for_it)
{
	static const int others[] = {0, -12, JSON_E_DEPTH};
	static const int such[] = {JSON_E_NUL, JSON_E_UTF8, JSON_E_SYNTAX};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		int r = others[i];

		ck_assert_ptr_null(json_mended_copy("\x01", 1, &r));
		ck_assert_int_eq(r, others[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(such); i++) {
		int r = such[i];
		char *copy = json_mended_copy("\x01", 1, &r);

		ck_assert_ptr_nonnull(copy);
		ck_assert_str_eq(copy, " ");
		free(copy);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("json_mend");
	TCase *tc = tcase_create("json_mend");

	tcase_add_loop_test(tc, mends, 0, ARRAY_SIZE(cases));
	tcase_add_test(tc, only_what_was_refused_for_it);
	suite_add_tcase(s, tc);
	return s;
}
