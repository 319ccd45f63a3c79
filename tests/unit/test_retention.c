/* SPDX-License-Identifier: Apache-2.0 */
/*
 * common/model/retention.c: histories of looks, made by a small service. A snapshot a day at hour
 * 0; looks every hour, half past.
 */
#include "common/model/retention.h"

#include <check.h>
#include <stdbool.h>

#include "common/base/limits.h"

Suite *suite(void);

#define H USEC_PER_HOUR
#define MAX 60

/* From hour to hour the service keeps snapshots for `kept` hours, or `number` of them; looking: we
 * are up. */
struct span {
	int from, to;
	int kept, number;
	bool looking;
};
#define DAYS(n) ((n)*24)
#define UP(f, t, k) \
	{ \
		DAYS(f), DAYS(t), k, MAX, true \
	}
#define UP_HOURS(f, t, k) \
	{ \
		f, t, k, MAX, true \
	}
#define NUMBER(f, t, n) \
	{ \
		DAYS(f), DAYS(t), DAYS(100), n, true \
	}
#define DOWN(f, t) \
	{ \
		DAYS(f), DAYS(t), 0, 0, false \
	}

static struct sighting seen[MAX];
static size_t n_seen;

/* Hours since the epoch of this test. */
static int64_t at(double hours)
{
	return INT64_C(1790000000) * USEC_PER_SEC + (int64_t)(hours * 60) * USEC_PER_MIN;
}

static void list(int64_t created_us, int64_t now_us)
{
	for (size_t i = 0; i < n_seen; i++)
		if (seen[i].created_us == created_us) {
			seen[i].last_us = now_us;
			return;
		}
	ck_assert_uint_lt(n_seen, MAX);
	seen[n_seen++] = (struct sighting){created_us, now_us, now_us};
}

static void look(const struct span *s, int hour, int first_day, int missing)
{
	int n = 0;

	for (int day = hour / 24; day >= first_day && n < s->number; day--) {
		if (day == missing || at(hour + 0.5) - at(DAYS(day)) >= s->kept * H)
			continue;
		list(at(DAYS(day)), at(hour + 0.5));
		n++;
	}
}

static const struct {
	const char *what;
	struct span spans[4];
	int first_day, missing;
	enum retention_state want;
	int want_hours; /* 0: not known */
} table[] = {
	{"never looked", {DOWN(0, 1)}, 0, -1, RETENTION_UNSURE, 0},
	{"one look at a tenant that is old", {UP_HOURS(167, 168, 168)}, 0, -1, RETENTION_WHOLE,
		167},
	{"one look at a tenant that is young", {UP_HOURS(72, 73, 168)}, 0, -1, RETENTION_WHOLE, 0},
	{"a tenant that grows", {UP(0, 5, 168)}, 0, -1, RETENTION_WHOLE, 0},
	{"a tenant that is a week old", {UP(0, 7, 168)}, 0, -1, RETENTION_WHOLE, 167},
	{"an ordinary fortnight", {UP(0, 14, 168)}, 0, -1, RETENTION_WHOLE, 167},
	{"five days are kept", {UP(0, 14, 120)}, 0, -1, RETENTION_WHOLE, 119},
	{"... which is not known before some went", {UP(0, 6, 120)}, 0, -1, RETENTION_WHOLE, 0},
	{"seven days became five, a day ago", {UP(0, 14, 168), UP(14, 15, 120)}, 0, -1,
		RETENTION_WHOLE, 167},
	{"... two days and an hour ago", {UP(0, 14, 168), UP_HOURS(336, 386, 120)}, 0, -1,
		RETENTION_SHRANK, 119},
	{"... a week ago", {UP(0, 14, 168), UP(14, 21, 120)}, 0, -1, RETENTION_SHRANK, 119},
	{"... more than a month ago", {UP(0, 14, 168), UP(14, 48, 120)}, 0, -1, RETENTION_WHOLE,
		119},
	{"seven became six", {UP(0, 14, 168), UP(14, 18, 144)}, 0, -1, RETENTION_SHRANK, 143},
	{"seven became five and seven", {UP(0, 14, 168), UP(14, 18, 120), UP(18, 22, 168)}, 0, -1,
		RETENTION_WHOLE, 167},
	{"five became seven", {UP(0, 14, 120), UP(14, 20, 168)}, 0, -1, RETENTION_WHOLE, 167},
	{"a list that is short now", {UP(0, 14, 168), UP_HOURS(336, 337, 24)}, 0, -1,
		RETENTION_WHOLE, 167},
	{"a list that is short for a day", {UP(0, 14, 168), UP(14, 15, 24)}, 0, -1, RETENTION_WHOLE,
		167},
	{"short, whole, short",
		{UP(0, 14, 168), UP_HOURS(336, 348, 24), UP_HOURS(348, 360, 168),
			UP_HOURS(360, 380, 24)},
		0, -1, RETENTION_WHOLE, 167},
	{"short for days, but for two hours",
		{UP(0, 14, 168), UP(14, 15, 24), UP_HOURS(360, 362, 168), UP_HOURS(362, 400, 24)},
		0, -1, RETENTION_UNSURE, 145},
	{"down for five days, then a short list",
		{UP(0, 14, 168), DOWN(14, 19), UP_HOURS(456, 462, 48)}, 0, -1, RETENTION_UNSURE,
		167},
	{"down for five days, whole lists", {UP(0, 14, 168), DOWN(14, 19), UP_HOURS(456, 458, 168)},
		0, -1, RETENTION_UNSURE, 167},
	{"the oldest day was never made", {UP(0, 15, 168)}, 0, 8, RETENTION_WHOLE, 167},
	{"a number is kept", {NUMBER(0, 14, 7)}, 0, -1, RETENTION_WHOLE, 167},
	{"a number is kept, a day is missing", {NUMBER(0, 14, 7)}, 0, 9, RETENTION_WHOLE, 191},
	{"... and some days later", {NUMBER(0, 20, 7)}, 0, 9, RETENTION_UNSURE, 167},
	{"seven became five of a number", {NUMBER(0, 14, 7), NUMBER(14, 20, 5)}, 0, -1,
		RETENTION_SHRANK, 119},
};

START_TEST(history)
{
	struct retention got;
	int hour = 0;

	n_seen = 0;
	for (size_t i = 0; i < ARRAY_SIZE(table[_i].spans) && table[_i].spans[i].to; i++) {
		const struct span *s = &table[_i].spans[i];
		for (hour = s->from; hour < s->to; hour++)
			if (s->looking)
				look(s, hour, table[_i].first_day, table[_i].missing);
	}
	/* what the store hands out */
	size_t n = 0;
	for (size_t i = 0; i < n_seen; i++)
		if (seen[i].last_us >= at(hour) - LIMIT_RETENTION_MEMORY_US)
			seen[n++] = seen[i];
	retention_judge(seen, n, at(hour), &got);
	ck_assert_msg(got.state == table[_i].want, "%s: state %d", table[_i].what, got.state);
	if (table[_i].want_hours == 0)
		ck_assert_msg(
			got.us == TIME_NONE, "%s: %lld h", table[_i].what, (long long)(got.us / H));
	else
		ck_assert_msg(got.us / H == table[_i].want_hours, "%s: %lld h", table[_i].what,
			(long long)(got.us / H));
	/* nobody looks for a week: nothing is concluded from that */
	struct retention later;
	retention_judge(seen, n, at(hour + DAYS(7)), &later);
	ck_assert_int_eq(later.state, got.state);
	ck_assert_int_eq(later.us, got.us);
}
END_TEST

/* The host's clock was a year ahead for one look. */
START_TEST(the_future_does_not_count)
{
	const struct span week = UP(0, 14, 168);
	struct retention before, after;

	n_seen = 0;
	for (int hour = 0; hour < week.to; hour++)
		look(&week, hour, 0, -1);
	retention_judge(seen, n_seen, at(week.to), &before);
	seen[n_seen - 1].last_us = at(DAYS(365));
	retention_judge(seen, n_seen, at(week.to), &after);
	ck_assert_int_eq(after.us, before.us);
	ck_assert_int_eq(after.state, RETENTION_WHOLE);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("retention");
	TCase *tc = tcase_create("retention");

	tcase_add_loop_test(tc, history, 0, ARRAY_SIZE(table));
	tcase_add_test(tc, the_future_does_not_count);
	suite_add_tcase(s, tc);
	return s;
}
