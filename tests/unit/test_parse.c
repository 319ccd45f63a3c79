/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/parse.h"

Suite *suite(void);

#define UNTOUCHED 777

static const struct {
	const char *text;
	uint64_t min, max;
	int r;
	uint64_t value;
} u64_cases[] = {
	{"0", 0, 10, 0, 0},
	{"10", 0, 10, 0, 10},
	{"010", 0, 10, 0, 10},
	{"11", 0, 10, -ERANGE, 0},
	{"4", 5, 10, -ERANGE, 0},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999x", 0, UINT64_MAX, -EINVAL, 0},
	{"", 0, 10, -EINVAL, 0},
	{NULL, 0, 10, -EINVAL, 0},
	{" 1", 0, 10, -EINVAL, 0},
	{"1 ", 0, 10, -EINVAL, 0},
	{"+1", 0, 10, -EINVAL, 0},
	{"-1", 0, UINT64_MAX, -EINVAL, 0},
	{"0x1", 0, 10, -EINVAL, 0},
	{"1.0", 0, 10, -EINVAL, 0},
};

START_TEST(u64)
{
	uint64_t value = UNTOUCHED;

	ck_assert_int_eq(
		parse_u64(u64_cases[_i].text, u64_cases[_i].min, u64_cases[_i].max, &value),
		u64_cases[_i].r);
	ck_assert_uint_eq(value, u64_cases[_i].r ? UNTOUCHED : u64_cases[_i].value);
}
END_TEST

#define YEAR (365 * USEC_PER_DAY)

static const struct {
	const char *text;
	int64_t min, max;
	int r;
	int64_t us;
} duration_cases[] = {
	{"0", 0, YEAR, 0, 0},
	{"0s", 0, YEAR, 0, 0},
	{"0", 1, YEAR, -ERANGE, 0},
	{"90s", 0, YEAR, 0, 90 * USEC_PER_SEC},
	{"75m", 0, YEAR, 0, 75 * USEC_PER_MIN},
	{"26h", 0, YEAR, 0, 26 * USEC_PER_HOUR},
	{"400d", 0, 2 * YEAR, 0, 400 * USEC_PER_DAY},
	{"2w", 0, YEAR, 0, 14 * USEC_PER_DAY},
	{"3y", 0, 3 * YEAR, 0, 3 * YEAR},
	{"3y", 0, 3 * YEAR - 1, -ERANGE, 0},
	{"1h 30m", 0, YEAR, 0, 90 * USEC_PER_MIN},
	{"1h30m", 0, YEAR, 0, 90 * USEC_PER_MIN},
	{"1d  2h 3m 4s", 0, YEAR, 0, USEC_PER_DAY + 2 * USEC_PER_HOUR + 184 * USEC_PER_SEC},
	{"292271y", 0, INT64_MAX, 0, 292271 * YEAR},
	{"300000y", 0, INT64_MAX, -ERANGE, 0},
	{"292000y 292000y", 0, INT64_MAX, -ERANGE, 0},
	{"99999999999999999999s", 0, INT64_MAX, -ERANGE, 0},
	{"99999999999999999999x", 0, INT64_MAX, -EINVAL, 0},
	{"", 0, YEAR, -EINVAL, 0},
	{NULL, 0, YEAR, -EINVAL, 0},
	{"75", 0, YEAR, -EINVAL, 0},
	{"00", 0, YEAR, -EINVAL, 0},
	{"m", 0, YEAR, -EINVAL, 0},
	{"-5m", 0, YEAR, -EINVAL, 0},
	{"+5m", 0, YEAR, -EINVAL, 0},
	{"5 m", 0, YEAR, -EINVAL, 0},
	{"1.5h", 0, YEAR, -EINVAL, 0},
	{"5M", 0, YEAR, -EINVAL, 0},
	{"5m ", 0, YEAR, -EINVAL, 0},
	{" 5m", 0, YEAR, -EINVAL, 0},
	{"5min", 0, YEAR, -EINVAL, 0},
	{"1h 30", 0, YEAR, -EINVAL, 0},
};

START_TEST(duration)
{
	int64_t us = UNTOUCHED;

	ck_assert_int_eq(parse_duration(duration_cases[_i].text, duration_cases[_i].min,
				 duration_cases[_i].max, &us),
		duration_cases[_i].r);
	ck_assert_int_eq(us, duration_cases[_i].r ? UNTOUCHED : duration_cases[_i].us);
}
END_TEST

static const struct {
	const char *text;
	int r;
	bool value;
} bool_cases[] = {
	{"yes", 0, true},
	{"no", 0, false},
	{"true", 0, true},
	{"false", 0, false},
	{"on", 0, true},
	{"off", 0, false},
	{"Yes", -EINVAL, false},
	{"1", -EINVAL, false},
	{"", -EINVAL, false},
	{"yes ", -EINVAL, false},
	{NULL, -EINVAL, false},
};

START_TEST(boolean)
{
	bool value = !bool_cases[_i].value;

	ck_assert_int_eq(parse_bool(bool_cases[_i].text, &value), bool_cases[_i].r);
	ck_assert(value == (bool_cases[_i].r ? !bool_cases[_i].value : bool_cases[_i].value));
}
END_TEST

START_TEST(guid_round)
{
	static const uint8_t expected[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	static const char *const forms[] = {"00112233-4455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-AABBCCDDEEFF", "00112233-4455-6677-8899-AaBbCcDdEeFf"};
	char text[GUID_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		uint8_t guid[16] = {};

		ck_assert_int_eq(parse_guid(forms[i], guid), 0);
		ck_assert_mem_eq(guid, expected, 16);
	}
	ck_assert_str_eq(guid_format(expected, text), forms[0]);
}
END_TEST

static const char *const bad_guids[] = {
	NULL,
	"",
	"00112233-4455-6677-8899-aabbccddeef",
	"00112233-4455-6677-8899-aabbccddeeff0",
	"00112233-4455-6677-8899-aabbccddeefg",
	"0011223-34455-6677-8899-aabbccddeeff",
	"00112233445566778899aabbccddeeff",
	"{0112233-4455-6677-8899-aabbccddeef}",
	"00112233_4455_6677_8899_aabbccddeeff",
	"00112233-4455-6677-8899--abbccddeeff",
};

START_TEST(guid_refused)
{
	uint8_t guid[16] = {1, 2, 3}, before[16] = {1, 2, 3};

	ck_assert_int_eq(parse_guid(bad_guids[_i], guid), -EINVAL);
	ck_assert_mem_eq(guid, before, 16);
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool match;
} globs[] = {
	{"", "", true},
	{"", "a", false},
	{"*", "", true},
	{"*", "anything", true},
	{"?", "", false},
	{"?", "a", true},
	{"?", "ab", false},
	{"svc-*", "SVC-Backup", true},
	{"SVC-*", "svc-", true},
	{"svc-*", "svc", false},
	{"*-admin", "tier0-admin", true},
	{"*-admin", "tier0-admins", false},
	{"*admin*", "the admin of all", true},
	{"a*b*c", "a--b--c", true},
	{"a*b*c", "a--c--b", false},
	{"a*bc", "abcbcbc", true},
	{"*ab?", "aaabab", false},
	{"*ab?", "aaababx", true},
	{"a**b", "ab", true},
	{"**", "", true},
	/* One ? is one character, not one byte, also after a star had to give some back. */
	{"M?ller", "M\xC3\xBCller", true},
	{"M??ller", "M\xC3\xBCller", false},
	{"*??", "\xC3\xBC", false},
	{"*??", "a\xC3\xBC", true},
	{"*\xC3\xBC?", "\xC3\xBC\xC3\xBC\xE2\x82\xAC", true},
	/* Case is folded in ASCII only. */
	{"\xC3\x9C*", "\xC3\xBC", false},
	{"[a-z]", "[A-Z]", true},
	{"[a-z]", "b", false},
	{"a\\*", "a\\xyz", true},
};

START_TEST(glob)
{
	ck_assert_msg(glob_match(globs[_i].pattern, globs[_i].text) == globs[_i].match, "%s on %s",
		globs[_i].pattern, globs[_i].text);
}
END_TEST

/* Exponential matchers need longer than the age of the universe for this one. */
START_TEST(glob_hostile)
{
	char text[4096];
	char pattern[257];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < sizeof(pattern) - 1; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof(pattern) - 2] = 'b';
	pattern[sizeof(pattern) - 1] = '\0';
	ck_assert(!glob_match(pattern, text));
	pattern[sizeof(pattern) - 2] = 'a';
	ck_assert(glob_match(pattern, text));
}
END_TEST

static const struct {
	const char *text, *nearest;
} nearest_cases[] = {
	{"schedule", "schedule"},
	{"shedule", "schedule"},
	{"schedul", "schedule"},
	{"scheduel", "schedule"},
	{"SCHEDULE", "schedule"},
	{"sinsk", "sinks"},
	{"sink", "sinks"},
	{"snks", "sinks"},
	{"zincs", NULL},
	{"sikns", "sinks"},
	{"tenantid", "tenant_id"},
	{"tenant-id", "tenant_id"},
	{"ten", "tenant_id"},
	{"look", "look_every"},
	{"look_everything_here", "look_every"},
	{"lo", NULL},
	{"zzz", NULL},
	{"", NULL},
	{"x", NULL},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
};

START_TEST(nearest)
{
	static const char *const names[] = {"tenant_id", "schedule", "look_every", "sinks",
		"a_name_that_is_far_too_long_to_be_typed_wrongly_by_anybody_at_any_keyboard", NULL};
	const char *got = nearest_name(nearest_cases[_i].text, names);

	if (nearest_cases[_i].nearest)
		ck_assert_str_eq(got ? got : "(none)", nearest_cases[_i].nearest);
	else
		ck_assert_msg(!got, "%s: %s", nearest_cases[_i].text, got);
}
END_TEST

/* The closest one wins, whatever the order. */
START_TEST(nearest_best)
{
	static const char *const names[] = {"job_poll", "job_pool", "job_max", NULL};

	ck_assert_str_eq(nearest_name("job_pool", names), "job_pool");
	ck_assert_str_eq(nearest_name("jbo_poll", names), "job_poll");
	ck_assert_str_eq(nearest_name("job_mx", names), "job_max");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("parse");
	TCase *t = tcase_create("parse");

	tcase_add_loop_test(t, u64, 0, ARRAY_SIZE(u64_cases));
	tcase_add_loop_test(t, duration, 0, ARRAY_SIZE(duration_cases));
	tcase_add_loop_test(t, boolean, 0, ARRAY_SIZE(bool_cases));
	tcase_add_test(t, guid_round);
	tcase_add_loop_test(t, guid_refused, 0, ARRAY_SIZE(bad_guids));
	tcase_add_loop_test(t, glob, 0, ARRAY_SIZE(globs));
	tcase_add_test(t, glob_hostile);
	tcase_add_loop_test(t, nearest, 0, ARRAY_SIZE(nearest_cases));
	tcase_add_test(t, nearest_best);
	suite_add_tcase(s, t);
	return s;
}
