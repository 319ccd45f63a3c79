/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/risk.c */
#include "common/model/risk.h"

#include <check.h>

#include "common/base/calendar.h"
#include "common/base/timefmt.h"

Suite *suite(void);

#define H USEC_PER_HOUR
#define WEEK (7 * 24)
#define NOT -1000
#define NEVER 1e9

/* Hours since Thursday, 2026-11-19T22:00:00Z, when the baseline was made. There is one a day. */
static int64_t at(double hours)
{
	static const struct civil thursday = {2026, 11, 19, 22, 0, 0, 0};

	return civil_to_us(&thursday) + (int64_t)(hours * 60) * USEC_PER_MIN;
}

#define AFTER "after snapshot +75m"

/* The last good run was at hour 1.25, except where it is said. */
static const struct {
	const char *what;
	const char *schedule, *quiet;
	double now, kept, covered_to, up_since, usual;
	int newest; /* days; snapshots are known up to it */
	enum watch_baseline baseline;
	int want; /* hours of the warning; NOT */
	double want_gone;
} table[] = {
	{"an hour after the run", AFTER, NULL, 2.5, WEEK, 1.25, -100, 1, 0, WATCH_COVERED, NOT, 0},
	{"the next run is due", AFTER, NULL, 25.25, WEEK, 1.25, -100, 1, 1, WATCH_COVERED, NOT, 0},
	{"three days, a week is kept", AFTER, NULL, 72, WEEK, 1.25, -100, 1, 2, WATCH_COVERED, NOT,
		0},
	{"a moment before 72", AFTER, NULL, 95.9, WEEK, 1.25, -100, 1, 3, WATCH_COVERED, NOT, 0},
	{"72", AFTER, NULL, 96, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, 72, WEEK},
	{"71", AFTER, NULL, 97, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, 72, WEEK},
	{"48", AFTER, NULL, 120, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, 48, WEEK},
	{"24", AFTER, NULL, 144, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, 24, WEEK},
	{"a minute left", AFTER, NULL, WEEK - 1 / 60.0, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, 24,
		WEEK},
	{"gone", AFTER, NULL, WEEK, WEEK, 1.25, -100, 1, 4, WATCH_COVERED, NOT, 0},
	{"nobody could look since", AFTER, NULL, 97, WEEK, 1.25, -100, 1, 0, WATCH_COVERED, 72,
		WEEK},
	{"five days are kept", AFTER, NULL, 49, 120, 1.25, -100, 1, 2, WATCH_COVERED, 72, 120},
	{"five days, the next run is due", AFTER, NULL, 25.25, 120, 1.25, -100, 1, 1, WATCH_COVERED,
		NOT, 0},
	{"four days, the next run is due", AFTER, NULL, 25.25, 96, 1.25, -100, 1, 1, WATCH_COVERED,
		NOT, 0},
	{"four days, it has taken its usual five hours", AFTER, NULL, 31, 96, 1.25, -100, 5, 1,
		WATCH_COVERED, NOT, 0},
	{"four days, it is late", AFTER, NULL, 37, 96, 1.25, -100, 5, 1, WATCH_COVERED, 72, 96},
	{"it is not known how long", AFTER, NULL, 120, NEVER, 1.25, -100, 1, 4, WATCH_COVERED, NOT,
		0},
	{"never run", AFTER, NULL, 120, WEEK, NEVER, -100, 1, 4, WATCH_COVERED, NOT, 0},
	{"a report of the oldest", AFTER, NULL, 120, WEEK, 1.25, -100, 1, 4, WATCH_OLDEST, NOT, 0},
	{"a report of the newest", AFTER, NULL, 120, WEEK, 1.25, -100, 1, 4, WATCH_NEWEST, NOT, 0},
	/* within the margin: the snapshot of the day before is needed, and goes a day earlier */
	{"a run right after a snapshot", AFTER, NULL, 73, WEEK, 0.5, -100, 1, 3, WATCH_COVERED, 72,
		WEEK - 24},
	/* we come back after four days: the first run has hardly begun */
	{"just started", AFTER, NULL, 100, WEEK, 1.25, 99.5, 1, 4, WATCH_COVERED, NOT, 0},
	{"started, and no run for hours", AFTER, NULL, 107, WEEK, 1.25, 99.5, 1, 4, WATCH_COVERED,
		72, WEEK},
	{"just started, a day is left", AFTER, NULL, 144, WEEK, 1.25, 143.5, 1, 4, WATCH_COVERED,
		24, WEEK},
	{"our start is in the future", AFTER, NULL, 97, WEEK, 1.25, 1000, 1, 4, WATCH_COVERED, NOT,
		0},
	/* Friday 06:30 is hour 8.5, Monday 06:30 is hour 80.5, six o'clock */
	{"over a weekend", "Mon..Fri 06:30 UTC", NULL, 80, WEEK, 8.5, -100, 1, 3, WATCH_COVERED,
		NOT, 0},
	{"over a weekend, five days", "Mon..Fri 06:30 UTC", NULL, 80, 120, 8.5, -100, 1, 3,
		WATCH_COVERED, NOT, 0},
	{"... and the run of Monday is late", "Mon..Fri 06:30 UTC", NULL, 88, 120, 8.5, -100, 1, 3,
		WATCH_COVERED, 48, 120},
	{"... four days are not enough", "Mon..Fri 06:30 UTC", NULL, 50, 96, 8.5, -100, 1, 2,
		WATCH_COVERED, 48, 96},
	{"once a week", "Fri 06:30 UTC", NULL, 97, WEEK, 8.5, -100, 1, 4, WATCH_COVERED, 72, WEEK},
	{"once a week, the first day", "Fri 06:30 UTC", NULL, 10, WEEK, 8.5, -100, 1, 0,
		WATCH_COVERED, NOT, 0},
	{"once a week, ten days are kept", "Fri 06:30 UTC", NULL, 170, 240, 8.5, -100, 1, 7,
		WATCH_COVERED, NOT, 0},
	/* it was planned by our clock, and the service's is two seconds behind */
	{"the due time that it ran for", "daily 23:15 UTC", NULL, 25, 96, 1.249, -100, 1, 1,
		WATCH_COVERED, NOT, 0},
	{"a run does not fit before quiet hours", AFTER, "Sat,Sun", 49, 96, 1.25, -100, 1, 1,
		WATCH_COVERED, 48, 96},
	{"after quiet hours is early enough", AFTER, "Fri 23:00-24:00 UTC", 26, 96, 1.25, -100, 1,
		1, WATCH_COVERED, NOT, 0},
};

START_TEST(watch)
{
	struct sighting seen[32];
	struct schedule *schedule = NULL;
	struct window *quiet = NULL;
	struct buf error = BUF_INIT(1000);
	const struct conf_watch conf = {.name = (char *)"all", .baseline = table[_i].baseline};
	struct risk risk = {0};
	size_t n = 0;

	for (int day = table[_i].newest; day >= -7; day--)
		seen[n++] = (struct sighting){at(day * 24), at(day * 24), at(day * 24)};
	ck_assert_int_eq(schedule_parse(table[_i].schedule, &schedule, &error), 0);
	if (table[_i].quiet)
		ck_assert_msg(
			window_parse(table[_i].quiet, &quiet, &error) == 0, "%s", buf_text(&error));
	const struct conf_tenant tenant = {.schedule = &schedule,
		.n_schedule = 1,
		.quiet_hours = &quiet,
		.n_quiet_hours = quiet ? 1 : 0,
		.coverage_margin_us = H};
	const struct risk_input in = {
		.tenant = &tenant,
		.now_us = at(table[_i].now),
		.up_since_us = at(table[_i].up_since),
		.usual_us = (int64_t)table[_i].usual * H,
		.retention_us = table[_i].kept == NEVER ? TIME_NONE : (int64_t)table[_i].kept * H,
		.sightings = seen,
		.n_sightings = n,
	};
	const struct plan_watch w = {.conf = &conf,
		.covered_to_us =
			table[_i].covered_to == NEVER ? TIME_NONE : at(table[_i].covered_to)};
	bool told = risk_of(&in, &w, &risk);
	ck_assert_msg(told == (table[_i].want != NOT), "%s", table[_i].what);
	if (told) {
		ck_assert_msg(
			(int)risk.hours == table[_i].want, "%s: %u", table[_i].what, risk.hours);
		ck_assert_int_eq(risk.gone_us, at(table[_i].want_gone));
		ck_assert_int_eq(risk.left_us, risk.gone_us - in.now_us);
		ck_assert_int_eq(risk.baseline_us, risk.gone_us - in.retention_us);
	}
	(void)schedule_free(schedule);
	(void)window_free(quiet);
	buf_done(&error);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("risk");
	TCase *tc = tcase_create("risk");

	tcase_add_loop_test(tc, watch, 0, ARRAY_SIZE(table));
	suite_add_tcase(s, tc);
	return s;
}
