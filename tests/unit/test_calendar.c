/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of single dates, and decades of days against localtime_r(): this program sets TZ for
 * itself (each test is a process of its own).
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/calendar.h"
#include "common/base/timefmt.h"

Suite *suite(void);

static int64_t at(const char *text)
{
	int64_t us = TIME_NONE;

	ck_assert_msg(time_parse(text, &us) == 0, "%s", text);
	return us;
}

static struct schedule *schedule(const char *text)
{
	struct buf error = BUF_INIT(500);
	struct schedule *s = NULL;
	int r = schedule_parse(text, &s, &error);

	ck_assert_msg(r == 0 && error.len == 0, "%s: %s", text, buf_text(&error));
	buf_done(&error);
	return s;
}

static struct window *window(const char *text)
{
	struct buf error = BUF_INIT(500);
	struct window *w = NULL;
	int r = window_parse(text, &w, &error);

	ck_assert_msg(r == 0 && error.len == 0, "%s: %s", text, buf_text(&error));
	buf_done(&error);
	return w;
}

static const struct {
	const char *schedule, *after, *due;
} dues[] = {
	{"06:30", "2026-11-23T06:29:59.999999Z", "2026-11-23T06:30:00Z"},
	{"06:30", "2026-11-23T06:30:00Z", "2026-11-24T06:30:00Z"},
	{"daily 23:15 UTC", "2026-12-31T23:15:00Z", "2027-01-01T23:15:00Z"},
	{"DAILY 00:00", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"},
	{"  Mon..Fri\t06:30   Europe/Berlin ", "2026-11-27T12:00:00Z", "2026-11-30T05:30:00Z"},
	{"Mon..Fri 06:30 Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T04:30:00Z"},
	{"mon,WED,Sat 12:00", "2026-11-23T12:00:00Z", "2026-11-25T12:00:00Z"},
	{"Mon,Wed,Sat 12:00", "2026-11-25T12:00:00Z", "2026-11-28T12:00:00Z"},
	{"Sat..Mon 12:00", "2026-11-23T12:00:00Z", "2026-11-28T12:00:00Z"},
	{"Sat..Mon 12:00", "2026-11-28T12:00:00Z", "2026-11-29T12:00:00Z"},
	{"Tuesday..wednesday,Sun 12:00", "2026-11-22T12:00:00Z", "2026-11-24T12:00:00Z"},
	{"Sun 12:00", "2026-11-22T12:00:00Z", "2026-11-29T12:00:00Z"},
	{"Mon..Sun 12:00", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"},
	/* The day of the week is the local one. */
	{"Mon 00:30 Asia/Kolkata", "2026-11-20T00:00:00Z", "2026-11-22T19:00:00Z"},
	{"Sun 23:30 America/New_York", "2026-11-20T00:00:00Z", "2026-11-23T04:30:00Z"},
	/* A gap: once, right after it. */
	{"02:30 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
	{"02:30 Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
	{"Sun 02:00 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
	{"Sun 03:00 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
	{"02:10 Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
	/* An overlap: once, the first. */
	{"02:30 Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
	{"02:30 Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
	{"02:30 Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},
	{"01:45 Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"},
	/* Clocks went back at 00:01 to 23:01: the day after had begun before the old one ended. */
	{"00:00 America/St_Johns", "2006-10-28T12:00:00Z", "2006-10-29T02:30:00Z"},
	{"00:00 America/St_Johns", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z"},
	{"23:30 America/St_Johns", "2006-10-28T12:00:00Z", "2006-10-29T02:00:00Z"},
	/* A gap over midnight. */
	{"23:30 America/Nuuk", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
	/* Samoa had no 30 December 2011, which was to be a Friday. */
	{"Fri 12:00 Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-30T10:00:00Z"},
	{"Sat 12:00 Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-30T22:00:00Z"},
	/* Periods count from the epoch. */
	{"every 6h", "2026-11-23T06:00:00Z", "2026-11-23T12:00:00Z"},
	{"every 6h", "2026-11-23T05:59:59.999999Z", "2026-11-23T06:00:00Z"},
	{"every 1h 30m", "2026-11-23T00:00:00Z", "2026-11-23T01:30:00Z"},
	{"every 2d", "1970-01-01T00:00:00Z", "1970-01-03T00:00:00Z"},
	{"every 2d", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"},
	{"every 2d", "1969-12-29T12:00:00Z", "1969-12-30T00:00:00Z"},
	{"every 1m", "2026-11-23T05:59:59Z", "2026-11-23T06:00:00Z"},
	{"after snapshot +75m", "2026-11-23T05:59:59Z", ""},
	{"06:30", "9999-12-31T00:00:00Z", ""},
};

START_TEST(due)
{
	_cleanup_(schedule_freep) struct schedule *s = schedule(dues[_i].schedule);
	char text[TIME_TEXT_SIZE];

	ck_assert_str_eq(time_format(schedule_next(s, at(dues[_i].after)), text), dues[_i].due);
}
END_TEST

START_TEST(kinds)
{
	_cleanup_(schedule_freep) struct schedule *after = schedule("after snapshot +1h 15m");
	_cleanup_(schedule_freep) struct schedule *every = schedule("every 6h");
	_cleanup_(schedule_freep) struct schedule *weekly = schedule("06:30 Europe/Berlin");
	_cleanup_(schedule_freep) struct schedule *now = schedule("After Snapshot +0");

	ck_assert_int_eq(schedule_kind(after), SCHEDULE_AFTER_SNAPSHOT);
	ck_assert_int_eq(schedule_delay_us(after), 75 * USEC_PER_MIN);
	ck_assert_int_eq(schedule_delay_us(now), 0);
	ck_assert_int_eq(schedule_kind(every), SCHEDULE_EVERY);
	ck_assert_int_eq(schedule_kind(weekly), SCHEDULE_WEEKLY);
	ck_assert_int_ne(schedule_next(weekly, TIME_NONE), TIME_NONE);
	ck_assert_int_ne(schedule_next(every, TIME_NONE), TIME_NONE);
	ck_assert_int_eq(schedule_next(weekly, INT64_MAX), TIME_NONE);
	ck_assert_int_eq(schedule_next(every, INT64_MAX), TIME_NONE);
}
END_TEST

static const struct {
	const char *text, *error; /* what the message begins with */
} bad_schedules[] = {
	{"", "is empty"},
	{" \t", "is empty"},
	{"Foo 06:30", "'Foo' is not understood, expected a time (06:30), days"},
	{"Mon-Fri 06:30", "'Mon-Fri' is not understood"},
	{"Mon.Fri 06:30", "'Mon.Fri' is not understood"},
	{"Mon..Foo 06:30", "'Mon..Foo' is not understood"},
	{"Mon, 06:30", "'Mon,' is not understood"},
	{",Mon 06:30", "',Mon' is not understood"},
	{"Mon..Wed..Fri 06:30", "'Mon..Wed..Fri' is not understood"},
	{"Mon", "'Mon' needs a time such as 06:30 after it"},
	{"daily", "'daily' needs a time"},
	{"6:30", "'6:30' is not a time such as 06:30"},
	{"06:60", "'06:60' is not a time"},
	{"25:00", "'25:00' is not a time"},
	{"06:30:00", "'06:30:00' is not a time"},
	{"0630", "'0630' is not a time"},
	{"24:00", "'24:00' is not a start: the day begins at 00:00"},
	{"daily noon", "'noon' is not a time"},
	{"06:30 Mon", "'Mon' has to stand before the time"},
	{"06:30 18:30", "'18:30' is too much"},
	{"06:30 Berlin", "unknown zone 'Berlin', did you mean Europe/Berlin?"},
	{"06:30 \x1B[2J", "unknown zone '\\x1B[2J'"},
	{"06:30 UTC sharp", "'sharp' is too much after the zone"},
	{"after", "'after' needs more: write 'after snapshot +75m'"},
	{"after lunch +75m", "'lunch' is not known here"},
	{"after snapshot", "'snapshot' needs a delay"},
	{"after snapshot 75m", "'75m' is not a delay such as +75m"},
	{"after snapshot + 75m", "' 75m' is not a duration"},
	{"after snapshot +75", "'75' is not a duration"},
	{"after snapshot +-75m", "'-75m' is not a duration"},
	{"after snapshot +8d", "'8d' is too long"},
	{"every", "'every' needs a duration"},
	{"every day", "'day' is not a duration"},
	{"every 0", "'0' is too short"},
	{"every 59s", "'59s' is too short"},
	{"every 367d", "'367d' is too long"},
	{"every 6h UTC", "'6h UTC' is not a duration"},
	{"a b c d e f g h i", "'i' is too much"},
	{"Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,"
	 "Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon,Mon 06:30",
		"longer than any schedule can be"},
};

START_TEST(schedule_refused)
{
	struct buf error = BUF_INIT(500);
	struct schedule *s = NULL;
	const char *expected = bad_schedules[_i].error;

	ck_assert_int_eq(schedule_parse(bad_schedules[_i].text, &s, &error), -EINVAL);
	ck_assert_ptr_null(s);
	ck_assert_msg(
		strncmp(buf_text(&error), expected, strlen(expected)) == 0, "%s", buf_text(&error));
	ck_assert_ptr_null(strchr(buf_text(&error), '\n'));
	buf_done(&error);
}
END_TEST

static const char *const zones[] = {
	"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"};
static const char *const times[] = {"00:00", "01:45", "02:15"};

static struct tm local(int64_t us)
{
	time_t t = (time_t)(us / USEC_PER_SEC);
	struct tm tm;

	ck_assert_ptr_nonnull(localtime_r(&t, &tm));
	return tm;
}

static int minute_of(const struct tm *tm)
{
	return tm->tm_hour * 60 + tm->tm_min;
}

static void wrong(const char *what, const char *why, int64_t us)
{
	char text[TIME_TEXT_SIZE];

	ck_abort_msg("%s: %s: %s", what, why, time_format(us, text));
}

/* On its day at the wanted minute for the first time, or at the first instant after a gap. */
static void check_due(int64_t due_us, int64_t day, int minute, const char *what)
{
	struct tm tm = local(due_us), before = local(due_us - USEC_PER_SEC);

	if (civil_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) != day || tm.tm_sec != 0)
		wrong(what, "another day", due_us);
	if (minute_of(&tm) != minute) {
		if (minute_of(&before) >= minute || minute_of(&tm) <= minute)
			wrong(what, "another time without a gap", due_us);
		return;
	}
	for (int shift = 30; shift <= 120; shift += 30) {
		before = local(due_us - shift * USEC_PER_MIN);
		if (minute_of(&before) == minute)
			wrong(what, "not the first", due_us);
	}
}

/* 60 years: one due time for each civil day, none twice, none left out. */
START_TEST(one_for_each_day)
{
	const char *zone = zones[(size_t)_i / ARRAY_SIZE(times)];
	const char *time = times[(size_t)_i % ARRAY_SIZE(times)];
	int minute = (time[1] - '0') * 60 + (time[3] - '0') * 10 + (time[4] - '0');
	int64_t last = civil_days(2060, 1, 1), us;
	_cleanup_(schedule_freep) struct schedule *s = NULL;
	char text[64];

	setenv("TZ", zone, 1);
	tzset();
	(void)snprintf(text, sizeof(text), "%s %s", time, zone);
	s = schedule(text);
	us = schedule_next(s, civil_days(2000, 1, 1) * USEC_PER_DAY + 12 * USEC_PER_HOUR);
	for (int64_t day = local(us).tm_mday - 1 + civil_days(2000, 1, 1); day < last; day++) {
		int64_t next_us = schedule_next(s, us);

		check_due(us, day, minute, text);
		if (next_us <= us || (day % 5 == 0 && schedule_next(s, next_us - 1) != next_us))
			ck_abort_msg("%s: not strictly after %lld", text, (long long)us);
		us = next_us;
	}
}
END_TEST

/* Days of the week: those of the daily schedule that fall on them, and no other. */
START_TEST(weekdays_are_a_part_of_daily)
{
	_cleanup_(schedule_freep) struct schedule *daily = schedule("02:30 Europe/Berlin");
	_cleanup_(schedule_freep) struct schedule *some =
		schedule("Wed,Sat..Mon 02:30 Europe/Berlin");
	int64_t us = at("2020-01-01T12:00:00Z"), expected = schedule_next(some, us);

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	while (us < at("2032-01-01T00:00:00Z")) {
		int weekday;

		us = schedule_next(daily, us);
		weekday = local(us).tm_wday;
		if (weekday != 3 && weekday != 6 && weekday != 0 && weekday != 1)
			continue;
		ck_assert_int_eq(us, expected);
		expected = schedule_next(some, us);
	}
}
END_TEST

static const struct {
	const char *window, *t;
	bool inside;
	const char *end, *next_start;
} windows[] = {
	{"08:00-18:00", "2026-11-23T07:59:59.999999Z", false, "2026-11-23T07:59:59.999999Z",
		"2026-11-23T08:00:00Z"},
	{"08:00-18:00", "2026-11-23T08:00:00Z", true, "2026-11-23T18:00:00Z",
		"2026-11-23T08:00:00Z"},
	{"08:00-18:00", "2026-11-23T18:00:00Z", false, "2026-11-23T18:00:00Z",
		"2026-11-24T08:00:00Z"},
	{"Mon..Fri 08:00-18:00 Europe/Berlin", "2026-11-23T07:00:00Z", true, "2026-11-23T17:00:00Z",
		"2026-11-23T07:00:00Z"},
	{"Mon..Fri 08:00-18:00 Europe/Berlin", "2026-11-27T17:00:00Z", false,
		"2026-11-27T17:00:00Z", "2026-11-30T07:00:00Z"},
	/* Over midnight: it belongs to the day on which it starts. */
	{"22:00-06:00", "2026-11-23T03:00:00Z", true, "2026-11-23T06:00:00Z",
		"2026-11-23T03:00:00Z"},
	{"22:00-06:00", "2026-11-23T12:00:00Z", false, "2026-11-23T12:00:00Z",
		"2026-11-23T22:00:00Z"},
	{"Fri 22:00-06:00", "2026-11-28T03:00:00Z", true, "2026-11-28T06:00:00Z",
		"2026-11-28T03:00:00Z"},
	{"Fri 22:00-06:00", "2026-11-27T03:00:00Z", false, "2026-11-27T03:00:00Z",
		"2026-11-27T22:00:00Z"},
	/* Whole days, which touch. */
	{"Sat,Sun", "2026-11-28T00:00:00Z", true, "2026-11-30T00:00:00Z", "2026-11-28T00:00:00Z"},
	{"Sat,Sun Europe/Berlin", "2026-11-27T23:00:00Z", true, "2026-11-29T23:00:00Z",
		"2026-11-27T23:00:00Z"},
	{"Sat,Sun", "2026-11-27T23:59:59Z", false, "2026-11-27T23:59:59Z", "2026-11-28T00:00:00Z"},
	{"Mon..Sat", "2026-11-23T12:00:00Z", true, "2026-11-29T00:00:00Z", "2026-11-23T12:00:00Z"},
	{"Sat 20:00-24:00", "2026-11-28T23:00:00Z", true, "2026-11-29T00:00:00Z",
		"2026-11-28T23:00:00Z"},
	{"daily 00:00-23:59", "2026-11-28T23:58:00Z", true, "2026-11-28T23:59:00Z",
		"2026-11-28T23:58:00Z"},
	{"22:00-21:59", "2026-11-28T21:58:00Z", true, "2026-11-28T21:59:00Z",
		"2026-11-28T21:58:00Z"},
	{"Sun", "2026-11-23T00:00:00Z", false, "2026-11-23T00:00:00Z", "2026-11-29T00:00:00Z"},
	/* Daylight saving: a day of 23 and one of 25 hours. */
	{"Sun Europe/Berlin", "2026-03-28T23:00:00Z", true, "2026-03-29T22:00:00Z",
		"2026-03-28T23:00:00Z"},
	{"Sun Europe/Berlin", "2026-10-24T22:00:00Z", true, "2026-10-25T23:00:00Z",
		"2026-10-24T22:00:00Z"},
	/* Begins, or ends, in the gap; lies in it, and is left out that day. */
	{"02:30-04:00 Europe/Berlin", "2026-03-29T00:59:59Z", false, "2026-03-29T00:59:59Z",
		"2026-03-29T01:00:00Z"},
	{"01:00-02:30 Europe/Berlin", "2026-03-29T00:30:00Z", true, "2026-03-29T01:00:00Z",
		"2026-03-29T00:30:00Z"},
	{"02:10-02:50 Europe/Berlin", "2026-03-29T00:59:00Z", false, "2026-03-29T00:59:00Z",
		"2026-03-30T00:10:00Z"},
	{"Sun 02:10-02:50 Europe/Berlin", "2026-03-29T00:59:00Z", false, "2026-03-29T00:59:00Z",
		"2026-04-05T00:10:00Z"},
	/* In the overlap it lies in the first of the two hours. */
	{"02:10-02:50 Europe/Berlin", "2026-10-25T00:30:00Z", true, "2026-10-25T00:50:00Z",
		"2026-10-25T00:30:00Z"},
	{"02:10-02:50 Europe/Berlin", "2026-10-25T01:30:00Z", false, "2026-10-25T01:30:00Z",
		"2026-10-26T01:10:00Z"},
	{"02:30-04:00 Europe/Berlin", "2026-10-25T01:10:00Z", true, "2026-10-25T03:00:00Z",
		"2026-10-25T01:10:00Z"},
	/* 23:01 to 00:01 came twice: the new day had begun in the old one. */
	{"Sun America/St_Johns", "2006-10-29T02:45:00Z", true, "2006-10-30T03:30:00Z",
		"2006-10-29T02:45:00Z"},
	/* A year out of reach. */
	{"08:00-18:00", "9999-12-31T12:00:00Z", false, "9999-12-31T12:00:00Z", ""},
};

START_TEST(inside)
{
	_cleanup_(window_freep) struct window *w = window(windows[_i].window);
	char text[TIME_TEXT_SIZE];
	int64_t t = at(windows[_i].t);

	ck_assert_int_eq(window_contains(w, t), windows[_i].inside);
	ck_assert_str_eq(time_format(window_end(w, t), text), windows[_i].end);
	ck_assert_str_eq(time_format(window_next_start(w, t), text), windows[_i].next_start);
}
END_TEST

/* The three answers agree with each other at every step of some years. */
START_TEST(windows_agree)
{
	static const char *const texts[] = {"22:00-06:00 Europe/Berlin",
		"Sun 01:30-02:45 America/New_York", "Sat..Mon Australia/Lord_Howe",
		"Tue,Fri 23:00-01:30 Asia/Kolkata"};
	_cleanup_(window_freep) struct window *w = window(texts[_i]);

	for (int64_t t = at("2026-01-01T00:00:00Z"); t < at("2028-01-01T00:00:00Z");
		t += 53 * USEC_PER_MIN) {
		int64_t start = window_next_start(w, t), end = window_end(w, t);
		bool in = window_contains(w, t);

		if (in != (end > t) || in != (start == t) || window_contains(w, end))
			ck_abort_msg("%s at %lld", texts[_i], (long long)t);
		if (in && !window_contains(w, end - 1))
			ck_abort_msg("%s: early end at %lld", texts[_i], (long long)t);
		if (!in &&
			(start <= t || !window_contains(w, start) || window_contains(w, start - 1)))
			ck_abort_msg("%s: start after %lld", texts[_i], (long long)t);
	}
}
END_TEST

START_TEST(window_extremes)
{
	_cleanup_(window_freep) struct window *w = window("08:00-18:00 Europe/Berlin");

	ck_assert(!window_contains(w, TIME_NONE));
	ck_assert_int_eq(window_end(w, TIME_NONE), TIME_NONE);
	ck_assert_int_ne(window_next_start(w, TIME_NONE), TIME_NONE);
	ck_assert(!window_contains(w, INT64_MAX));
	ck_assert_int_eq(window_end(w, INT64_MAX), INT64_MAX);
	ck_assert_int_eq(window_next_start(w, INT64_MAX), TIME_NONE);
	/* The first Tuesday of the year 1 is inside as soon as there is a calendar. */
	window_free(TAKE_PTR(w));
	w = window("Mon..Fri Europe/Berlin");
	ck_assert_int_eq(window_next_start(w, TIME_NONE), -62135510400 * USEC_PER_SEC);
}
END_TEST

static const struct {
	const char *text, *error;
} bad_windows[] = {
	{"", "is empty"},
	{"Foo", "'Foo' is not understood, expected days (Mon..Fri; Sat,Sun), hours"},
	{"Europe/Berlin", "'Europe/Berlin' is not understood"},
	{"08:00", "'08:00' is not a span of time such as 08:00-18:00"},
	{"8:00-18:00", "'8:00-18:00' is not a span"},
	{"08:00-18:60", "'08:00-18:60' is not a span"},
	{"08:00..18:00", "'08:00..18:00' is not a span"},
	{"24:00-08:00", "'24:00-08:00' is not a span"},
	{"08:00-08:00", "'08:00-08:00' is empty; for whole days write the days without hours"},
	{"08:00-18:00 Mon", "'Mon' has to stand before the time"},
	{"Mon 08:00-12:00 13:00-18:00", "'13:00-18:00' is too much"},
	{"Sat Berlin", "unknown zone 'Berlin', did you mean Europe/Berlin?"},
	{"Sat UTC +1", "'+1' is too much after the zone"},
	{"daily", "'daily' is always: such a window never ends"},
	{"Mon..Sun", "'Mon..Sun' is always"},
	{"00:00-24:00", "'00:00-24:00' is always"},
};

START_TEST(window_refused)
{
	struct buf error = BUF_INIT(500);
	struct window *w = NULL;
	const char *expected = bad_windows[_i].error;

	ck_assert_int_eq(window_parse(bad_windows[_i].text, &w, &error), -EINVAL);
	ck_assert_ptr_null(w);
	ck_assert_msg(
		strncmp(buf_text(&error), expected, strlen(expected)) == 0, "%s", buf_text(&error));
	buf_done(&error);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("calendar");
	TCase *t = tcase_create("calendar");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, due, 0, ARRAY_SIZE(dues));
	tcase_add_test(t, kinds);
	tcase_add_loop_test(t, schedule_refused, 0, ARRAY_SIZE(bad_schedules));
	tcase_add_loop_test(t, one_for_each_day, 0, ARRAY_SIZE(zones) * ARRAY_SIZE(times));
	tcase_add_test(t, weekdays_are_a_part_of_daily);
	tcase_add_loop_test(t, inside, 0, ARRAY_SIZE(windows));
	tcase_add_loop_test(t, windows_agree, 0, 4);
	tcase_add_test(t, window_extremes);
	tcase_add_loop_test(t, window_refused, 0, ARRAY_SIZE(bad_windows));
	suite_add_tcase(s, t);
	return s;
}
