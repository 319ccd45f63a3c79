/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <time.h>

#include "common/base/cleanup.h"
#include "common/base/timefmt.h"

Suite *suite(void);

#define UNTOUCHED 777
#define T0 (INT64_C(1700000000) * USEC_PER_SEC) /* 2023-11-14T22:13:20Z */

static const struct {
	int64_t us;
	const char *text;
} formats[] = {
	{0, "1970-01-01T00:00:00Z"},
	{T0, "2023-11-14T22:13:20Z"},
	{T0 + 1, "2023-11-14T22:13:20.000001Z"},
	{T0 + 123456, "2023-11-14T22:13:20.123456Z"},
	{T0 + 500000, "2023-11-14T22:13:20.500000Z"},
	{-1, "1969-12-31T23:59:59.999999Z"},
	{-62135596800 * USEC_PER_SEC, "0001-01-01T00:00:00Z"},
	{-62135596800 * USEC_PER_SEC - 1, ""},
	{253402300800 * USEC_PER_SEC - 1, "9999-12-31T23:59:59.999999Z"},
	{253402300800 * USEC_PER_SEC, ""},
	{TIME_NONE, ""},
	{TIME_NONE + 1, ""},
	{INT64_MAX, ""},
};

/* What is written is read back as the same. */
START_TEST(format)
{
	char text[TIME_TEXT_SIZE];
	int64_t back = UNTOUCHED;

	ck_assert_str_eq(time_format(formats[_i].us, text), formats[_i].text);
	if (*text) {
		ck_assert_int_eq(time_parse(text, &back), 0);
		ck_assert_int_eq(back, formats[_i].us);
	}
}
END_TEST

static const struct {
	const char *text, *utc; /* utc NULL: refused */
} parses[] = {
	{"2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"},
	{"2023-11-14t22:13:20z", "2023-11-14T22:13:20Z"},
	{"2026-02-28T02:00:00.1Z", "2026-02-28T02:00:00.100000Z"},
	{"2026-02-28T02:00:00.1234567Z", "2026-02-28T02:00:00.123456Z"},
	{"2026-02-28T02:00:00.9999999Z", "2026-02-28T02:00:00.999999Z"},
	{"2026-02-28T02:00:00.00000000000000000000001Z", "2026-02-28T02:00:00Z"},
	{"2023-03-30T12-01-03.45Z", "2023-03-30T12:01:03.450000Z"},
	{"2023-03-30T12-01-03Z", "2023-03-30T12:01:03Z"},
	{"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"},
	{"2025-12-31T18:30:00.5-05:30", "2026-01-01T00:00:00.500000Z"},
	{"2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z"},
	{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
	{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
	{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
	{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
	{"2017-01-01T00:59:60.25+01:00", "2017-01-01T00:00:00.250000Z"},
	{"2016-12-31T23:58:60Z", NULL},
	{"2016-12-31T23:59:60+01:00", NULL},
	{"2023-02-29T00:00:00Z", NULL},
	{"1900-02-29T00:00:00Z", NULL},
	{"2023-04-31T00:00:00Z", NULL},
	{"2023-00-10T00:00:00Z", NULL},
	{"2023-13-10T00:00:00Z", NULL},
	{"2023-01-00T00:00:00Z", NULL},
	{"2023-01-32T00:00:00Z", NULL},
	{"2023-01-01T24:00:00Z", NULL},
	{"2023-01-01T00:60:00Z", NULL},
	{"2023-01-01T00:00:61Z", NULL},
	{"0000-01-01T00:00:00Z", NULL},
	{"0001-01-01T00:00:00+01:00", NULL},
	{"9999-12-31T23:59:59-01:00", NULL},
	{"2023-01-01T00:00:00", NULL},
	{"2023-01-01T00:00:00.Z", NULL},
	{"2023-01-01T00:00:00,5Z", NULL},
	{"2023-01-01T00:00:00+0100", NULL},
	{"2023-01-01T00:00:00+01", NULL},
	{"2023-01-01T00:00:00+24:00", NULL},
	{"2023-01-01T00:00:00+01:60", NULL},
	{"2023-01-01T00:00:00Z ", NULL},
	{" 2023-01-01T00:00:00Z", NULL},
	{"2023-01-01 00:00:00Z", NULL},
	{"2023-01-01T00-00:00Z", NULL},
	{"2023-1-01T00:00:00Z", NULL},
	{"+023-01-01T00:00:00Z", NULL},
	{"2023-01-01T", NULL},
	{"2023-01-01", NULL},
	{"", NULL},
	{NULL, NULL},
};

START_TEST(parse)
{
	int64_t us = UNTOUCHED;
	char text[TIME_TEXT_SIZE];
	int r = time_parse(parses[_i].text, &us);

	if (parses[_i].utc) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(time_format(us, text), parses[_i].utc);
	} else {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_int_eq(us, UNTOUCHED);
	}
}
END_TEST

static const struct {
	const char *text, *utc;
} http_dates[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
	{"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
	{"Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},
	{"Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"},
	{"Wednesday, 01-Jan-69 00:00:00 GMT", "2069-01-01T00:00:00Z"},
	{"Thursday, 01-Jan-70 00:00:00 GMT", "1970-01-01T00:00:00Z"},
	{"Tue, 01 Dec 2026 23:59:59 GMT", "2026-12-01T23:59:59Z"},
	{"Sun, 06 Nov 1994 08:49:37 UTC", NULL},
	{"Sun, 06 Nov 1994 08:49:37 +0000", NULL},
	{"Sun, 06 Nov 1994 08:49:37", NULL},
	{"Sun, 6 Nov 1994 08:49:37 GMT", NULL},
	{"Sun, 31 Nov 1994 08:49:37 GMT", NULL},
	{"Sun, 06 Now 1994 08:49:37 GMT", NULL},
	{"Son, 06 Nov 1994 08:49:37 GMT", NULL},
	{"Sun, 06 Nov 1994 24:49:37 GMT", NULL},
	{"Sun, 06 Nov 1994 08:49:37 GMT, 1", NULL},
	{"Sun Nov 6 08:49:37 1994", NULL},
	{"Sun Nov", NULL},
	{"Sunday", NULL},
	{"120", NULL},
	{"", NULL},
	{NULL, NULL},
};

START_TEST(parse_http)
{
	int64_t us = UNTOUCHED;
	char text[TIME_TEXT_SIZE];
	int r = time_parse_http(http_dates[_i].text, &us);

	if (http_dates[_i].utc) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(time_format(us, text), http_dates[_i].utc);
	} else {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_int_eq(us, UNTOUCHED);
	}
}
END_TEST

/* glibc is the oracle, every 37 days and some seconds from the year -300 to 10300. */
START_TEST(civil_as_libc)
{
	for (int64_t s = -71631300000; s < 262869000000; s += 37 * 86400 + 12345) {
		time_t t = (time_t)s;
		struct civil c = civil_from_us(s * USEC_PER_SEC);
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
			c.day != tm.tm_mday || c.hour != tm.tm_hour || c.minute != tm.tm_min ||
			c.second != tm.tm_sec || c.weekday != (tm.tm_wday + 6) % 7)
			ck_abort_msg("at %lld", (long long)s);
		if (civil_to_us(&c) != s * USEC_PER_SEC)
			ck_abort_msg("back at %lld", (long long)s);
	}
}
END_TEST

static const struct {
	struct civil c;
	const char *utc;
} overruns[] = {
	{{.year = 2026, .month = 12, .day = 32}, "2027-01-01T00:00:00Z"},
	{{.year = 2024, .month = 3, .day = 0}, "2024-02-29T00:00:00Z"},
	{{.year = 2026, .month = 1, .day = 1, .hour = -1}, "2025-12-31T23:00:00Z"},
	{{.year = 2026, .month = 1, .day = 1, .minute = 1441}, "2026-01-02T00:01:00Z"},
};

START_TEST(civil_overrun)
{
	char text[TIME_TEXT_SIZE];

	ck_assert_str_eq(time_format(civil_to_us(&overruns[_i].c), text), overruns[_i].utc);
}
END_TEST

START_TEST(civil_extremes)
{
	struct civil far = {.year = 2000000000, .month = 1, .day = 1};
	struct civil first = civil_from_us(INT64_MIN), last = civil_from_us(INT64_MAX);

	ck_assert_int_eq(civil_to_us(&far), TIME_NONE);
	ck_assert_int_eq(first.year, -290308);
	ck_assert_int_eq(last.year, 294247);
	ck_assert_int_eq(civil_to_us(&last), INT64_MAX / USEC_PER_SEC * USEC_PER_SEC);
}
END_TEST

static const struct {
	int64_t us;
	const char *text;
} durations[] = {
	{0, "0s"},
	{USEC_PER_SEC - 1, "0s"},
	{-(USEC_PER_SEC - 1), "0s"},
	{12 * USEC_PER_SEC, "12s"},
	{60 * USEC_PER_SEC, "1m"},
	{61 * USEC_PER_SEC, "1m 1s"},
	{75 * USEC_PER_MIN, "1h 15m"},
	{75 * USEC_PER_MIN + 59 * USEC_PER_SEC, "1h 15m"},
	{24 * USEC_PER_HOUR, "1d"},
	{26 * USEC_PER_HOUR, "1d 2h"},
	{24 * USEC_PER_HOUR + 5 * USEC_PER_MIN, "1d"},
	{76 * USEC_PER_HOUR, "3d 4h"},
	{400 * USEC_PER_DAY, "400d"},
	{-5 * USEC_PER_MIN, "-5m"},
	{-76 * USEC_PER_HOUR, "-3d 4h"},
	{INT64_MAX, "106751991d 4h"},
	{INT64_MIN + 1, "-106751991d 4h"},
	{TIME_NONE, ""},
};

START_TEST(duration)
{
	char text[DURATION_TEXT_SIZE];

	ck_assert_str_eq(duration_format(durations[_i].us, text), durations[_i].text);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("timefmt");
	TCase *t = tcase_create("timefmt");

	tcase_add_loop_test(t, format, 0, ARRAY_SIZE(formats));
	tcase_add_loop_test(t, parse, 0, ARRAY_SIZE(parses));
	tcase_add_loop_test(t, parse_http, 0, ARRAY_SIZE(http_dates));
	tcase_add_test(t, civil_as_libc);
	tcase_add_loop_test(t, civil_overrun, 0, ARRAY_SIZE(overruns));
	tcase_add_test(t, civil_extremes);
	tcase_add_loop_test(t, duration, 0, ARRAY_SIZE(durations));
	suite_add_tcase(s, t);
	return s;
}
