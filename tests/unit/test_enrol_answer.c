/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser brings back: one answer of the right sign-in, or nothing. */
#include <check.h>
#include <string.h>

#include "daemon/graph/enrol_answer.h"

Suite *suite(void);

#define STATE "s-._~1"

static const struct {
	const char *query;
	int r;
	const char *code, *error, *description; /* "" : none */
} rows[] = {
	{"code=abc&state=" STATE, 0, "abc", "", ""},
	{"state=" STATE "&session_state=1%2B2&code=0.A-b%2Fc", 0, "0.A-b/c", "", ""},
	{"code=a+b%20c&state=s%2D._%7e1", 0, "a b c", "", ""},
	{"&&code=abc&&state=" STATE "&", 0, "abc", "", ""},
	{"codex=1&xcode=2&code=abc&state=" STATE, 0, "abc", "", ""},
	{"error=access_denied&state=" STATE, 0, "", "access_denied", ""},
	{"error=access_denied&error_description=AADSTS65004%3a+no&state=" STATE, 0, "",
		"access_denied", "AADSTS65004: no"},
	/* a description is for people only */
	{"error=x&error_description=%zz&state=" STATE, 0, "", "x", ""},
	{"error=x&error_description=a&error_description=b&state=" STATE, 0, "", "x", ""},

	/* whose is it? */
	{"", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=s-._~2", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=s-._~", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=" STATE "1", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=S-._~1", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&State=" STATE, ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=" STATE "&state=" STATE, ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=" STATE "%00", ENROL_ANSWER_E_STATE, "", "", ""},
	{"code=abc&state=" STATE "%0", ENROL_ANSWER_E_STATE, "", "", ""},
	{"error=access_denied", ENROL_ANSWER_E_STATE, "", "", ""},
	{"error=access_denied&state=x", ENROL_ANSWER_E_STATE, "", "", ""},

	/* what is it? */
	{"state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"error=&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=a&code=a&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=a&error=b&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=a&error=&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=a%00b&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=a%2&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"code=%g0&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
	{"error=a&error=b&state=" STATE, ENROL_ANSWER_E_FORM, "", "", ""},
};

START_TEST(reads)
{
	struct enrol_answer a = {0};
	struct secret *state = NULL;
	const char *query = rows[_i].query;

	ck_assert_int_eq(secret_new(STATE, strlen(STATE), &state), 0);
	ck_assert_int_eq(enrol_answer_read(query, strlen(query), state, &a), rows[_i].r);
	ck_assert_str_eq(a.code ? a.code->data : "", rows[_i].code);
	ck_assert_str_eq(a.error ? a.error : "", rows[_i].error);
	ck_assert_str_eq(a.description ? a.description : "", rows[_i].description);
	ck_assert(rows[_i].r != 0 || !a.code == !!a.error);
	enrol_answer_done(&a);
	(void)secret_free(state);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("enrol_answer");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, reads, 0, (int)ARRAY_SIZE(rows));
	suite_add_tcase(s, t);
	return s;
}
