/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/sign_in.c: facts to state, end, warnings, the next use. */
#include "common/model/sign_in.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

Suite *suite(void);

#define CONTOSO "11111111-1111-4111-8111-111111111111"
#define FABRIKAM "22222222-2222-4222-8222-222222222222"
#define NEVER (-1000)

/* Days since the epoch of this test. */
static int64_t day(double days)
{
	return INT64_C(1790000000) * USEC_PER_SEC + (int64_t)(days * 86400) * USEC_PER_SEC;
}

static int64_t when(double days)
{
	return days == NEVER ? TIME_NONE : day(days);
}

static int64_t life(double days)
{
	return days == NEVER ? TIME_NONE : (int64_t)(days * 86400) * USEC_PER_SEC;
}

static struct sign_in of(double enrolled, double refreshed, double refused, double age, double idle)
{
	struct sign_in s = SIGN_IN_INIT;

	ck_assert_int_eq(text_into(s.tenant_id, sizeof(s.tenant_id), CONTOSO), 0);
	s.enrolled_us = when(enrolled);
	s.refreshed_us = when(refreshed);
	s.refused_us = when(refused);
	s.age_us = life(age);
	s.idle_us = life(idle);
	return s;
}

static const struct {
	double enrolled, refreshed, refused, age, idle, now;
	double ends;
	int left;
	const char *state;
} lives[] = {
	{0, 0, NEVER, NEVER, NEVER, 0, 90, 90, "good"},
	{0, NEVER, NEVER, NEVER, NEVER, 1, 90, 89, "good"},
	/* sliding */
	{0, 40, NEVER, NEVER, NEVER, 41, 130, 89, "good"},
	{0, 40, NEVER, NEVER, NEVER, 115.9, 130, 14, "good"},
	{0, 40, NEVER, NEVER, NEVER, 116, 130, 14, "expiring"},
	{0, 40, NEVER, NEVER, NEVER, 129.5, 130, 0, "expiring"},
	{0, 40, NEVER, NEVER, NEVER, 130, 130, 0, "over"},
	{0, 40, NEVER, NEVER, NEVER, 500, 130, 0, "over"},
	/* signed in anew after that */
	{50, 40, NEVER, NEVER, NEVER, 51, 140, 89, "good"},
	/* a policy wants a sign-in every 30 days, however often the token is used */
	{0, 20, NEVER, 30, NEVER, 20, 30, 10, "expiring"},
	{0, 10, NEVER, 30, NEVER, 10, 30, 20, "good"},
	{0, 10, NEVER, 300, NEVER, 10, 100, 90, "good"},
	/* tokens that went after 20 unused days */
	{0, 10, NEVER, NEVER, 20, 10, 30, 20, "good"},
	{0, 10, NEVER, NEVER, 120, 10, 100, 90, "good"},
	{0, 10, NEVER, 25, 20, 10, 25, 15, "good"},
	{0, 10, NEVER, 35, 20, 10, 30, 20, "good"},
	/* refused is refused, however much is left */
	{0, 40, 41, NEVER, NEVER, 42, 130, 88, "refused"},
	{0, 40, 41, NEVER, NEVER, 300, 130, 0, "refused"},
	/* a clock that was a year ahead when it was used */
	{0, 365, NEVER, NEVER, NEVER, 1, 455, 90, "good"},
	/* nothing known */
	{NEVER, NEVER, NEVER, NEVER, NEVER, 1, NEVER, -1, "good"},
};

START_TEST(its_life)
{
	struct sign_in s = of(lives[_i].enrolled, lives[_i].refreshed, lives[_i].refused,
		lives[_i].age, lives[_i].idle);

	ck_assert_int_eq(sign_in_ends_us(&s), when(lives[_i].ends));
	ck_assert_int_eq(sign_in_days_left(&s, day(lives[_i].now)), lives[_i].left);
	ck_assert_int_eq(sign_in_ends_by_age(&s),
		lives[_i].age != NEVER && lives[_i].ends == lives[_i].enrolled + lives[_i].age);
	ck_assert_str_eq(
		sign_in_state_name(sign_in_state(&s, day(lives[_i].now))), lives[_i].state);
}
END_TEST

START_TEST(nobody)
{
	ck_assert_str_eq(sign_in_state_name(sign_in_state(NULL, day(1))), "nobody");
}
END_TEST

static const struct {
	const unsigned *days;
	double left;
	unsigned told, due;
} warnings[] = {
	{sign_in_warn_days, 90, 0, 0},
	{sign_in_warn_days, 14.001, 0, 0},
	{sign_in_warn_days, 14, 0, 14},
	{sign_in_warn_days, 14, 14, 0},
	{sign_in_warn_days, 8, 14, 0},
	{sign_in_warn_days, 7, 14, 7},
	{sign_in_warn_days, 7, 7, 0},
	{sign_in_warn_days, 3, 7, 3},
	{sign_in_warn_days, 1, 3, 1},
	{sign_in_warn_days, 0.5, 1, 0},
	/* away meanwhile: the last one only */
	{sign_in_warn_days, 2, 0, 3},
	{sign_in_warn_days, 0.5, 14, 1},
	{sign_in_warn_days, -3, 0, 1},
	{sign_in_warn_days, -3, 1, 0},
	/* the clock went back: nothing that is larger than what was said */
	{sign_in_warn_days, 13, 3, 0},
	{certificate_warn_days, 30.5, 0, 0},
	{certificate_warn_days, 30, 0, 30},
	{certificate_warn_days, 20, 30, 0},
	{certificate_warn_days, 14, 30, 14},
	{certificate_warn_days, 7, 14, 7},
	{certificate_warn_days, 1, 7, 1},
	{certificate_warn_days, 0, 1, 0},
};

START_TEST(a_warning)
{
	ck_assert_uint_eq(
		sign_in_warning(life(warnings[_i].left), warnings[_i].days, warnings[_i].told),
		warnings[_i].due);
}
END_TEST

static const struct {
	double enrolled, refreshed, refused, probed, now;
	double next; /* NEVER: now */
	double most; /* of days after next */
} uses[] = {
	{0, 5, NEVER, NEVER, 5, 6, 0.042},
	{0, 5, NEVER, NEVER, 5.9, 6, 0.042},
	{0, NEVER, NEVER, NEVER, 0.5, 1, 0.042},
	{0, 5, NEVER, NEVER, 6.05, NEVER, 0},
	{0, 5, NEVER, NEVER, 80, NEVER, 0},
	/* refused: within a day after it was tried last */
	{0, 5, 7, 7, 7.5, 7.958, 0.042},
	{0, 5, 7, 9, 9.5, 9.958, 0.042},
	{0, 5, 7, NEVER, 7.5, 7.958, 0.042},
	{0, 5, 7, 9, 12, NEVER, 0},
	/* noted by a clock that was ahead */
	{0, 400, NEVER, NEVER, 5, 6, 0.042},
	{NEVER, NEVER, NEVER, NEVER, 5, NEVER, 0},
};

START_TEST(its_next_use)
{
	struct sign_in s =
		of(uses[_i].enrolled, uses[_i].refreshed, uses[_i].refused, NEVER, NEVER);

	s.probed_us = when(uses[_i].probed);

	int64_t next_us = sign_in_next_us(&s, day(uses[_i].now));
	if (uses[_i].next == NEVER) {
		ck_assert_int_eq(next_us, day(uses[_i].now));
		return;
	}
	ck_assert_int_ge(next_us, day(uses[_i].next));
	ck_assert_int_le(next_us, day(uses[_i].next) + life(uses[_i].most));
}
END_TEST

/* Sixty tenants that were enrolled in the same second are not refreshed in the same minute. */
START_TEST(tenants_part)
{
	struct sign_in s = of(0, 5, NEVER, NEVER, NEVER);
	int in_minute[61] = {0};

	for (int i = 0; i < 60; i++) {
		(void)snprintf(s.tenant_id, sizeof(s.tenant_id), "%08x-1111-4111-8111-111111111111",
			(unsigned)i);
		int64_t later_us = sign_in_next_us(&s, day(5)) - day(6);
		ck_assert_int_lt(later_us, USEC_PER_HOUR);
		ck_assert_int_le(++in_minute[later_us / USEC_PER_MIN], 6);
	}
}
END_TEST

/* --- facts --------------------------------------------------------------------------------------
 */

START_TEST(refused_and_well_again)
{
	struct sign_in s = of(0, 40, NEVER, NEVER, NEVER);

	sign_in_refused(&s, day(41), SIGN_IN_END_OTHER, "a policy", "wait");
	ck_assert_int_eq(s.refused_us, day(41));
	ck_assert_int_eq(s.probed_us, day(41));
	ck_assert_str_eq(s.refused_text, "a policy");
	ck_assert_str_eq(s.refused_hint, "wait");
	ck_assert_int_eq(s.age_us, TIME_NONE);
	ck_assert_int_eq(s.idle_us, TIME_NONE);
	/* another reason: it began when it began */
	sign_in_refused(&s, day(42), SIGN_IN_END_AGE, "revoked", NULL);
	ck_assert_int_eq(s.refused_us, day(41));
	ck_assert_int_eq(s.probed_us, day(42));
	ck_assert_str_eq(s.refused_text, "revoked");
	ck_assert_ptr_null(s.refused_hint);
	ck_assert_int_eq(s.age_us, TIME_NONE);
	ck_assert(sign_in_refreshed(&s, day(43)));
	ck_assert(!sign_in_refreshed(&s, day(44)));
	ck_assert_int_eq(s.refused_us, TIME_NONE);
	ck_assert_int_eq(s.probed_us, TIME_NONE);
	ck_assert_ptr_null(s.refused_text);
	ck_assert_int_eq(s.refreshed_us, day(44));
	sign_in_done(&s);
}
END_TEST

static const struct {
	double enrolled, refreshed, age, idle, refused;
	enum sign_in_end end;
	double want_age, want_idle;
} observed[] = {
	{0, 30, NEVER, NEVER, 30.5, SIGN_IN_END_AGE, 30.5, NEVER},
	{0, 30, 20, NEVER, 30.5, SIGN_IN_END_AGE, 20, NEVER},
	{0, 30, 60, NEVER, 30.5, SIGN_IN_END_AGE, 30.5, NEVER},
	{0, 10, NEVER, NEVER, 30, SIGN_IN_END_IDLE, NEVER, 20},
	{0, NEVER, NEVER, NEVER, 30, SIGN_IN_END_IDLE, NEVER, 30},
	{0, 10, NEVER, 15, 30, SIGN_IN_END_IDLE, NEVER, 15},
	{0, 10, NEVER, NEVER, 30, SIGN_IN_END_OTHER, NEVER, NEVER},
	/* too short to be one, and clocks */
	{0, 0.1, NEVER, NEVER, 0.5, SIGN_IN_END_AGE, NEVER, NEVER},
	{0, 10, NEVER, NEVER, 10.2, SIGN_IN_END_IDLE, NEVER, NEVER},
	{50, 50, NEVER, NEVER, 30, SIGN_IN_END_AGE, NEVER, NEVER},
	{NEVER, NEVER, NEVER, NEVER, 30, SIGN_IN_END_AGE, NEVER, NEVER},
};

START_TEST(an_end_is_remembered)
{
	struct sign_in s = of(observed[_i].enrolled, observed[_i].refreshed, NEVER,
		observed[_i].age, observed[_i].idle);

	sign_in_refused(&s, day(observed[_i].refused), observed[_i].end, "x", "y");
	ck_assert_int_eq(s.age_us, life(observed[_i].want_age));
	ck_assert_int_eq(s.idle_us, life(observed[_i].want_idle));
	sign_in_done(&s);
}
END_TEST

/* It is older now than the age at which one ended: that age was none. */
START_TEST(an_age_is_outlived)
{
	struct sign_in s = of(0, 20, NEVER, 30, NEVER);

	(void)sign_in_refreshed(&s, day(30));
	ck_assert_int_eq(s.age_us, life(30));
	(void)sign_in_refreshed(&s, day(30.1));
	ck_assert_int_eq(s.age_us, TIME_NONE);
}
END_TEST

START_TEST(names)
{
	static const char *const words[] = {"unknown", "credential", "code", "device"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		ck_assert_int_eq(sign_in_how_parse(words[i]), (enum sign_in_how)i);
		ck_assert_str_eq(sign_in_how_name((enum sign_in_how)i), words[i]);
	}
	ck_assert_int_eq(sign_in_how_parse("federated"), SIGN_IN_BY_UNKNOWN);
	ck_assert_int_eq(sign_in_how_parse(NULL), SIGN_IN_BY_UNKNOWN);
}
END_TEST

START_TEST(a_copy_is_its_own)
{
	struct sign_in s = of(0, 1, NEVER, 2, 3), copy = SIGN_IN_INIT;

	s.guest = 1;
	ck_assert_int_eq(text_copy("anna@contoso.example", &s.account), 0);
	ck_assert_int_eq(text_copy(FABRIKAM, &s.account_id), 0);
	ck_assert_int_eq(text_copy("a b", &s.scopes), 0);
	sign_in_refused(&s, day(2), SIGN_IN_END_OTHER, "text", "hint");
	ck_assert_int_eq(sign_in_copy(&s, &copy), 0);
	ck_assert_str_eq(copy.tenant_id, CONTOSO);
	ck_assert_ptr_ne(copy.account, s.account);
	sign_in_done(&s);
	ck_assert_str_eq(copy.account, "anna@contoso.example");
	ck_assert_str_eq(copy.account_id, FABRIKAM);
	ck_assert_str_eq(copy.scopes, "a b");
	ck_assert_str_eq(copy.refused_text, "text");
	ck_assert_str_eq(copy.refused_hint, "hint");
	ck_assert_int_eq(copy.guest, 1);
	ck_assert_int_eq(copy.idle_us, life(3));
	sign_in_done(&copy);
	ck_assert_ptr_null(copy.account);
	ck_assert_int_eq(copy.enrolled_us, TIME_NONE);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("sign_in");
	TCase *t = tcase_create("sign_in");

	tcase_add_loop_test(t, its_life, 0, ARRAY_SIZE(lives));
	tcase_add_test(t, nobody);
	tcase_add_loop_test(t, a_warning, 0, ARRAY_SIZE(warnings));
	tcase_add_loop_test(t, its_next_use, 0, ARRAY_SIZE(uses));
	tcase_add_test(t, tenants_part);
	tcase_add_test(t, refused_and_well_again);
	tcase_add_loop_test(t, an_end_is_remembered, 0, ARRAY_SIZE(observed));
	tcase_add_test(t, an_age_is_outlived);
	tcase_add_test(t, names);
	tcase_add_test(t, a_copy_is_its_own);
	suite_add_tcase(s, t);
	return s;
}
