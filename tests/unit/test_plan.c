/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/plan.c, plan_coverage.c, plan_schedule.c */
#include "common/model/plan.h"

#include <check.h>
#include <string.h>

#include "common/base/calendar.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"

#define H USEC_PER_HOUR
#define MIN USEC_PER_MIN
#define MARGIN H

/* Hours since the last snapshot of a Monday, 2026-11-23T22:00:00Z; snapshots are at -24, -48, ...
 */
static int64_t at(double hours)
{
	static const struct civil monday = {2026, 11, 23, 22, 0, 0, 0};

	return civil_to_us(&monday) + (int64_t)(hours * 60) * MIN;
}

static struct snapshot_list listed(const double *hours, size_t n)
{
	struct snapshot_list list = {0};

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(snapshot_list_add(&list, hours[i] == 0 ? "zero" : "other",
					 at(hours[i]), "x"),
			0);
	return list;
}

/* --- baselines -----------------------------------------------------------------------------------
 */

#define NEVER 1e9
#define NONE -1

static const struct {
	double hours[8];
	size_t n;
	enum watch_baseline policy;
	double covered_to;
	int want;
	bool gap;
} baselines[] = {
	{{0}, 0, WATCH_COVERED, NEVER, NONE, false},
	{{0}, 0, WATCH_COVERED, -3, NONE, false},
	{{0}, 0, WATCH_OLDEST, NEVER, NONE, false},
	{{0}, 0, WATCH_NEWEST, NEVER, NONE, false},
	/* the first run: everything that can be known */
	{{0}, 1, WATCH_COVERED, NEVER, 0, false},
	{{0, -24, -48}, 3, WATCH_COVERED, NEVER, 2, false},
	/* the ordinary day: yesterday's run was 75 minutes after yesterday's snapshot */
	{{0, -24, -48}, 3, WATCH_COVERED, -22.75, 1, false},
	/* exactly the margin, and a minute less */
	{{0, -24, -48}, 3, WATCH_COVERED, -23, 1, false},
	{{0, -24, -48}, 3, WATCH_COVERED, -23 - 1 / 60.0, 2, false},
	/* a run just after the newest snapshot must not be compared with it */
	{{0, -24, -48}, 3, WATCH_COVERED, 0.5, 1, false},
	{{0, -24, -48}, 3, WATCH_COVERED, 1, 0, false},
	/* two runs on one day take the same baseline */
	{{0, -24, -48}, 3, WATCH_COVERED, -12, 1, false},
	/* a day without a snapshot */
	{{0, -48, -72}, 3, WATCH_COVERED, -22.75, 1, false},
	/* long down: the oldest is within the margin (no gap), or behind (gap) */
	{{0, -24, -48}, 3, WATCH_COVERED, -47.5, 2, false},
	{{0, -24, -48}, 3, WATCH_COVERED, -48, 2, false},
	{{0, -24, -48}, 3, WATCH_COVERED, -48 - 1 / 60.0, 2, true},
	{{0, -24, -48}, 3, WATCH_COVERED, -200, 2, true},
	{{0}, 1, WATCH_COVERED, -22.75, 0, true},
	/* reports take what they are told, whatever is covered */
	{{0, -24, -48}, 3, WATCH_OLDEST, -22.75, 2, false},
	{{0, -24, -48}, 3, WATCH_NEWEST, -22.75, 0, false},
	{{0, -24, -48}, 3, WATCH_OLDEST, -200, 2, false},
	{{0, -24, -48}, 3, WATCH_NEWEST, NEVER, 0, false},
	{{30, 0, -24}, 3, WATCH_NEWEST, NEVER, 1, false},
	{{30}, 1, WATCH_NEWEST, NEVER, -1, false},
};

START_TEST(baseline_leaves_no_gap)
{
	struct snapshot_list list = listed(baselines[_i].hours, baselines[_i].n);
	int64_t to = baselines[_i].covered_to == NEVER ? TIME_NONE : at(baselines[_i].covered_to);
	bool gap = true;

	ck_assert_int_eq(plan_baseline(&list, baselines[_i].policy, to, MARGIN, at(0), &gap),
		baselines[_i].want);
	ck_assert_int_eq(gap, baselines[_i].gap);
	snapshot_list_done(&list);
}
END_TEST

START_TEST(newest_is_not_in_the_future)
{
	static const double hours[] = {1000, 0.05, 0, -24};
	struct snapshot_list list = listed(hours, 4), empty = {0};

	ck_assert_int_eq(plan_newest(&list, at(0)), 1);
	ck_assert_int_eq(plan_newest(&list, at(-1)), 3);
	ck_assert_int_eq(plan_newest(&list, at(-48)), -1);
	ck_assert_int_eq(plan_newest(&empty, at(0)), -1);
	snapshot_list_done(&list);
}
END_TEST

/* --- due -----------------------------------------------------------------------------------------
 */

static struct schedule *schedule(const char *text)
{
	struct buf error = BUF_INIT(1000);
	struct schedule *s = NULL;

	ck_assert_msg(schedule_parse(text, &s, &error) == 0, "%s", buf_text(&error));
	buf_done(&error);
	return s;
}

/* A tenant with one watch, three snapshots (0, -24, -48), and a run a day ago as usual. */
static struct conf_watch watch_conf;
static struct schedule *schedules[2];
static struct conf_tenant tenant;
static struct snapshot_list snapshots;
static struct plan_watch watch;
static struct plan_input input;

static void setup(void)
{
	static const double hours[] = {0, -24, -48};

	snapshots = listed(hours, 3);
	schedules[0] = schedule("after snapshot +75m");
	schedules[1] = NULL;
	watch_conf = (struct conf_watch){.name = (char *)"all", .baseline = WATCH_COVERED};
	tenant = (struct conf_tenant){
		.name = (char *)"contoso",
		.schedule = schedules,
		.n_schedule = 1,
		.look_every_us = H,
		.stale_after_us = 26 * H,
		.coverage_margin_us = MARGIN,
	};
	watch = (struct plan_watch){
		.conf = &watch_conf,
		.covered_from_us = at(-200),
		.covered_to_us = at(-22.75),
		.last_due_us = at(-22.75),
		.last_snapshot_us = at(-24),
		.failed_us = TIME_NONE,
	};
	input = (struct plan_input){
		.tenant = &tenant,
		.now_us = at(1.25),
		.server_now_us = TIME_NONE,
		.snapshots = &snapshots,
		.retention_us = TIME_NONE,
		.up_since_us = TIME_NONE,
		.watches = &watch,
		.n_watches = 1,
	};
}

static void teardown(void)
{
	schedule_free(schedules[0]);
	schedule_free(schedules[1]);
	snapshot_list_done(&snapshots);
}

static void use_schedule(size_t i, const char *text)
{
	schedule_free(schedules[i]);
	schedules[i] = schedule(text);
	tenant.n_schedule = i + 1;
}

static void expect_due(int64_t due_us, int64_t next_us)
{
	char got[TIME_TEXT_SIZE], want[TIME_TEXT_SIZE];
	int64_t due, next;

	plan_watch_due(&input, &watch, &due, &next);
	ck_assert_str_eq(time_format(due, got), time_format(due_us, want));
	ck_assert_str_eq(time_format(next, got), time_format(next_us, want));
}

START_TEST(after_a_snapshot)
{
	input.now_us = at(1);
	expect_due(TIME_NONE, at(1.25));
	input.now_us = at(1.25);
	expect_due(at(1.25), TIME_NONE);
	input.now_us = at(9);
	expect_due(at(1.25), TIME_NONE);
	/* planned: nothing until there is a newer one */
	watch.last_due_us = at(1.25);
	watch.last_snapshot_us = at(0);
	expect_due(TIME_NONE, TIME_NONE);
	input.now_us = at(40);
	expect_due(TIME_NONE, TIME_NONE);
	/* an entry far in the future neither starts nor stops a run */
	ck_assert_int_eq(snapshot_list_add(&snapshots, "future", at(1000), "x"), 0);
	snapshot_list_normalise(&snapshots);
	expect_due(TIME_NONE, TIME_NONE);
	watch.last_snapshot_us = at(-24);
	expect_due(at(1.25), TIME_NONE);
	snapshots.n = 0;
	expect_due(TIME_NONE, TIME_NONE);
	snapshots.n = 3;
}
END_TEST

/* Our clock is 2 h ahead: ages go by the service's, what comes out is ours. */
START_TEST(the_service_has_its_own_clock)
{
	input.now_us = at(3);
	input.server_now_us = at(1);
	expect_due(TIME_NONE, at(3.25));
	input.now_us = at(3.5);
	input.server_now_us = at(1.5);
	expect_due(at(3.25), TIME_NONE);
}
END_TEST

START_TEST(by_the_wall_clock)
{
	use_schedule(0, "daily 06:00 UTC"); /* at 8, 32, ... */
	input.now_us = at(7);
	watch.last_due_us = at(-16);
	expect_due(TIME_NONE, at(8));
	input.now_us = at(8);
	expect_due(at(8), at(32));
	watch.last_due_us = at(8);
	expect_due(TIME_NONE, at(32));
	/* missed for a week and for a year: once, and then no more */
	input.now_us = at(8 + 7 * 24 + 1);
	expect_due(at(8 + 7 * 24), at(8 + 8 * 24));
	input.now_us = at(8 + 365 * 24 + 1);
	expect_due(at(8 + 365 * 24), at(8 + 366 * 24));
	watch.last_due_us = at(8 + 365 * 24);
	expect_due(TIME_NONE, at(8 + 366 * 24));
	/* the clock was set back after the last run was planned */
	input.now_us = at(7);
	expect_due(TIME_NONE, at(8));
}
END_TEST

START_TEST(rare_and_frequent)
{
	use_schedule(0, "every 30d");
	int64_t first = schedule_next(schedules[0], at(0));
	watch.last_due_us = first;
	input.now_us = first + 29 * 24 * H;
	expect_due(TIME_NONE, first + 30 * 24 * H);
	input.now_us = first + 30 * 24 * H;
	expect_due(first + 30 * 24 * H, first + 60 * 24 * H);
	input.now_us = first + 95 * 24 * H;
	expect_due(first + 90 * 24 * H, first + 120 * 24 * H);
	use_schedule(0, "every 1h");
	watch.last_due_us = at(0);
	input.now_us = at(0.5);
	expect_due(TIME_NONE, at(1));
	input.now_us = at(300.5);
	expect_due(at(300), at(301));
}
END_TEST

START_TEST(several_schedules)
{
	use_schedule(1, "daily 22:30 UTC"); /* at 0.5 */
	watch.last_due_us = at(-22.75);
	input.now_us = at(0.25);
	expect_due(TIME_NONE, at(0.5));
	input.now_us = at(0.75);
	expect_due(at(0.5), at(1.25));
	watch.last_due_us = at(0.5);
	watch.last_snapshot_us = at(0);
	input.now_us = at(2);
	expect_due(TIME_NONE, at(24.5));
}
END_TEST

START_TEST(the_first_run_is_due_at_once)
{
	watch = (struct plan_watch){
		.conf = &watch_conf,
		.covered_from_us = TIME_NONE,
		.covered_to_us = TIME_NONE,
		.last_due_us = TIME_NONE,
		.last_snapshot_us = TIME_NONE,
		.failed_us = TIME_NONE,
	};
	input.now_us = at(0.1);
	expect_due(at(0.1), at(1.25));
	use_schedule(0, "daily 06:00 UTC");
	expect_due(at(0.1), at(8));
	/* it is planned, then judged without moving coverage: no loop */
	watch.pending = true;
	expect_due(TIME_NONE, at(8));
	watch.pending = false;
	watch.last_due_us = at(0.1);
	input.now_us = at(2);
	expect_due(TIME_NONE, at(8));
}
END_TEST

START_TEST(pending_and_forced)
{
	watch.pending = true;
	input.now_us = at(2);
	expect_due(TIME_NONE, TIME_NONE);
	input.forced = true;
	expect_due(TIME_NONE, TIME_NONE);
	watch.pending = false;
	watch.last_snapshot_us = at(0);
	expect_due(at(2), TIME_NONE);
	input.forced_watch = "other";
	expect_due(TIME_NONE, TIME_NONE);
	input.forced_watch = "all";
	expect_due(at(2), TIME_NONE);
}
END_TEST

START_TEST(a_failed_run_is_made_again)
{
	watch.last_snapshot_us = at(0);
	watch.last_due_us = at(1.25);
	watch.failures = 1;
	watch.failed_us = at(3);
	watch.failed_how = RUN_SERVICE_FAILED;
	input.now_us = at(3.2);
	expect_due(TIME_NONE, at(3.25));
	input.now_us = at(3.25);
	expect_due(at(3.25), TIME_NONE);
	input.now_us = at(30);
	expect_due(at(3.25), TIME_NONE);
	/* a new snapshot does not wait for it */
	watch.failures = 10;
	watch.last_snapshot_us = at(-24);
	input.now_us = at(3.1);
	expect_due(at(1.25), at(9));
	/* its end was written by a clock that was ahead */
	watch.last_snapshot_us = at(0);
	watch.failures = 1;
	watch.failed_us = at(500);
	expect_due(TIME_NONE, at(3.1) + 15 * MIN);
}
END_TEST

static const struct {
	unsigned failures;
	enum run_outcome how;
	int64_t want_us;
} retries[] = {
	{1, RUN_SERVICE_FAILED, 15 * MIN},
	{2, RUN_SERVICE_FAILED, 30 * MIN},
	{3, RUN_CANCELLED, 60 * MIN},
	{4, RUN_GONE, 120 * MIN},
	{5, RUN_NO_RESULT, 240 * MIN},
	{6, RUN_REFUSED, 6 * H},
	{7, RUN_REFUSED, 6 * H},
	{4000000000u, RUN_REFUSED, 6 * H},
	{0, RUN_SERVICE_FAILED, 15 * MIN},
	{1, RUN_BASELINE_GONE, 0},
	{2, RUN_BASELINE_GONE, 30 * MIN},
	{1, RUN_REMOVED, 0},
	{1, RUN_CANCELLED_ELSEWHERE, 1 * H},
	{2, RUN_CANCELLED_ELSEWHERE, 2 * H},
	{9, RUN_CANCELLED_ELSEWHERE, 6 * H},
};

START_TEST(retries_grow)
{
	ck_assert_int_eq(
		plan_retry_after_us(retries[_i].failures, retries[_i].how), retries[_i].want_us);
}
END_TEST

/* --- the whole plan ------------------------------------------------------------------------------
 */

START_TEST(an_ordinary_day)
{
	struct plan p;

	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 1);
	ck_assert_uint_eq(p.runs[0].watch, 0);
	ck_assert_uint_eq(p.runs[0].snapshot, 1);
	ck_assert_int_eq(p.runs[0].due_us, at(1.25));
	ck_assert(!p.runs[0].initial);
	ck_assert_int_eq(p.runs[0].covered_from_us, at(-24));
	ck_assert_int_eq(p.runs[0].gap_from_us, TIME_NONE);
	ck_assert_int_eq(p.runs[0].gap_to_us, TIME_NONE);
	ck_assert(!p.condition[PLAN_SNAPSHOT_MISSING]);
	ck_assert(!p.condition[PLAN_SNAPSHOT_LATE]);
	ck_assert_int_eq(p.newest_us, at(0));
	ck_assert_int_eq(p.next_look_us, at(2.25));
	ck_assert_int_eq(p.next_due_us, TIME_NONE);
	plan_done(&p);
	ck_assert_ptr_null(p.runs);
}
END_TEST

START_TEST(a_gap_is_named)
{
	struct plan p;

	watch.covered_to_us = at(-100);
	watch.last_due_us = at(-100);
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 1);
	ck_assert_uint_eq(p.runs[0].snapshot, 2);
	ck_assert_int_eq(p.runs[0].gap_from_us, at(-100));
	ck_assert_int_eq(p.runs[0].gap_to_us, at(-48));
	ck_assert_int_eq(p.runs[0].covered_from_us, at(-48));
	plan_done(&p);
}
END_TEST

/* Only the newest is listed today, a week of them yesterday: wait for the rest, but not for ever.
 */
START_TEST(a_short_list_is_waited_out)
{
	static const struct {
		double now;
		int64_t retention_us;
		double last_due, covered_to;
		bool forced, run;
		double up_since; /* 0: for ever */
	} table[] = {
		{1.25, 7 * 24 * H, -22.75, -22.75, false, false, 0},
		{7, 7 * 24 * H, -22.75, -22.75, false, false, 0},
		{7.25, 7 * 24 * H, -22.75, -22.75, false, true, 0},
		{1.25, 7 * 24 * H, -22.75, -22.75, true, true, 0},
		{1.25, TIME_NONE, -22.75, -22.75, false, true, 0},
		/* nobody looked for two days: the list has its time to be whole again */
		{20, 7 * 24 * H, -22.75, -22.75, false, false, 19},
		{50, 7 * 24 * H, -22.75, -22.75, false, true, 19},
		{20, 7 * 24 * H, -22.75, -22.75, false, true, 21},
		/* the service does not keep them that long */
		{1.25, 2 * 24 * H, -22.75, -22.75, false, true, 0},
		/* planned by a clock that was ahead */
		{1.25, 7 * 24 * H, 10, -22.75, false, true, 0},
		/* the last run was planned lately, but coverage is older than anything kept */
		{1.25, 7 * 24 * H, -22.75, -150, false, true, 0},
	};

	snapshots.n = 1;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct plan p;
		input.now_us = at(table[i].now);
		input.retention_us = table[i].retention_us;
		input.up_since_us = table[i].up_since > 0 ? at(table[i].up_since) : TIME_NONE;
		input.forced = table[i].forced;
		watch.last_due_us = at(table[i].last_due);
		watch.covered_to_us = at(table[i].covered_to);
		ck_assert_int_eq(plan_make(&input, &p), 0);
		ck_assert_msg(p.n_runs == table[i].run, "row %zu", i);
		ck_assert(p.n_runs == 0 || p.runs[0].gap_to_us == at(0));
		plan_done(&p);
	}
	snapshots.n = 3;
}
END_TEST

/* A tenant's very first snapshot: compared with when there can be something to see. */
START_TEST(a_fresh_baseline_is_waited_for)
{
	struct plan p;

	snapshots.n = 1;
	watch.covered_from_us = watch.covered_to_us = TIME_NONE;
	watch.last_due_us = watch.last_snapshot_us = TIME_NONE;
	input.now_us = at(0.5);
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 0);
	ck_assert_int_eq(p.next_due_us, at(1));
	ck_assert_int_eq(p.next_look_us, at(1) + 2 * USEC_PER_SEC);
	plan_done(&p);
	input.now_us = at(1);
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 1);
	plan_done(&p);
	input.now_us = at(0.5);
	input.forced = true;
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 1);
	plan_done(&p);
	input.forced = false;
	watch_conf.baseline = WATCH_NEWEST;
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 1);
	plan_done(&p);
	snapshots.n = 3;
}
END_TEST

START_TEST(several_watches)
{
	struct conf_watch confs[] = {
		{.name = (char *)"all", .baseline = WATCH_COVERED},
		{.name = (char *)"new", .baseline = WATCH_COVERED},
		{.name = (char *)"weekly", .baseline = WATCH_OLDEST},
		{.name = (char *)"daily", .baseline = WATCH_NEWEST},
		{.name = (char *)"busy", .baseline = WATCH_COVERED},
	};
	struct plan_watch watches[5];
	struct plan p;

	for (size_t i = 0; i < 5; i++) {
		watches[i] = watch;
		watches[i].conf = &confs[i];
	}
	watches[1].covered_from_us = watches[1].covered_to_us = TIME_NONE;
	watches[1].last_due_us = watches[1].last_snapshot_us = TIME_NONE;
	watches[2].covered_to_us = watches[3].covered_to_us = TIME_NONE;
	watches[4].pending = true;
	input.watches = watches;
	input.n_watches = 5;
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 4);
	static const struct {
		size_t watch, snapshot;
		bool initial;
	} want[] = {{0, 1, false}, {1, 2, true}, {2, 2, false}, {3, 0, false}};
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(p.runs[i].watch, want[i].watch);
		ck_assert_uint_eq(p.runs[i].snapshot, want[i].snapshot);
		ck_assert_int_eq(p.runs[i].initial, want[i].initial);
		ck_assert_int_eq(p.runs[i].gap_from_us, TIME_NONE);
	}
	plan_done(&p);
}
END_TEST

START_TEST(nothing_listed)
{
	struct plan p;

	snapshots.n = 0;
	input.forced = true;
	ck_assert_int_eq(plan_make(&input, &p), 0);
	ck_assert_uint_eq(p.n_runs, 0);
	ck_assert(p.condition[PLAN_SNAPSHOT_MISSING]);
	ck_assert(!p.condition[PLAN_SNAPSHOT_LATE]);
	ck_assert_int_eq(p.newest_us, TIME_NONE);
	ck_assert_int_eq(p.next_look_us, at(2.25));
	plan_done(&p);
	snapshots.n = 3;
}
END_TEST

#define SLACK (2 * USEC_PER_SEC)

START_TEST(the_next_look)
{
	static const struct {
		double now, server; /* server: NEVER none */
		const char *also;   /* another schedule */
		int64_t slack;
		double want;
		bool late;
	} table[] = {
		{0.1, NEVER, NULL, 0, 1.1, false},
		{0.5, NEVER, NULL, SLACK, 1.25, false}, /* newest + delay */
		{1.5, NEVER, NULL, 0, 2.5, false},
		{25.5, NEVER, NULL, SLACK, 26, false}, /* newest + stale_after */
		{26, NEVER, NULL, SLACK, 26, false},
		{26.1, NEVER, NULL, 0, 27.1, true},
		{7.5, NEVER, "daily 06:00 UTC", SLACK, 8, false},
		{8, NEVER, "daily 06:00 UTC", 0, 9, false},
		{27.5, 25.5, NULL, SLACK, 28, false}, /* our clock is ahead */
		{27.5, 26.1, NULL, 0, 28.5, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct plan p;
		tenant.n_schedule = 1;
		if (table[i].also)
			use_schedule(1, table[i].also);
		input.now_us = at(table[i].now);
		input.server_now_us = table[i].server == NEVER ? TIME_NONE : at(table[i].server);
		ck_assert_int_eq(plan_make(&input, &p), 0);
		ck_assert_msg(p.next_look_us == at(table[i].want) + table[i].slack, "row %zu: %f",
			i, (double)(p.next_look_us - at(0)) / (double)H);
		ck_assert_int_eq(p.condition[PLAN_SNAPSHOT_LATE], table[i].late);
		plan_done(&p);
	}
}
END_TEST

/* --- quiet hours ---------------------------------------------------------------------------------
 */

#define MONDAY(h) (at(0) + (int64_t)(((h)-22) * 60) * MIN) /* hours of that Monday, UTC */

static const struct {
	const char *windows[3];
	double now, usual, hold; /* hold: NEVER none */
	double want;
} quiet[] = {
	{{NULL}, 10, 2, NEVER, 10},
	{{NULL}, 10, 2, 12, 12},
	{{NULL}, 10, 2, 9, 10},
	{{"08:00-18:00"}, 7, 0, NEVER, 7},
	{{"08:00-18:00"}, 8, 0, NEVER, 18},
	{{"08:00-18:00"}, 12, 0, NEVER, 18},
	{{"08:00-18:00"}, 18, 0, NEVER, 18},
	/* it would run into them; it would just not */
	{{"08:00-18:00"}, 7, 1.5, NEVER, 18},
	{{"08:00-18:00"}, 7, 1, NEVER, 7},
	{{"08:00-18:00"}, 7, 14, NEVER, 18},
	/* the pause is too short: the next one is taken */
	{{"08:00-18:00"}, 7, 20, NEVER, 7},
	{{"08:00-18:00"}, 12, 20, NEVER, 18},
	/* hold first, then quiet hours */
	{{"08:00-18:00"}, 5, 1, 9, 18},
	{{"08:00-18:00"}, 5, 1, 19, 19},
	/* one after the other, and overlapping */
	{{"08:00-12:00", "12:00-18:00"}, 9, 0, NEVER, 18},
	{{"12:00-18:00", "08:00-13:00"}, 9, 0, NEVER, 18},
	{{"08:00-12:00", "14:00-18:00"}, 9, 1, NEVER, 12},
	{{"08:00-12:00", "14:00-18:00"}, 9, 3, NEVER, 18},
	{{"08:00-12:00", "14:00-18:00", "19:00-20:00"}, 9, 3, NEVER, 20},
	/* over midnight; whole days */
	{{"22:00-06:00"}, 23, 2, NEVER, 30},
	{{"22:00-06:00"}, 21, 2, NEVER, 30},
	{{"Mon,Tue,Wed"}, 12, 1, NEVER, 72},
	/* no pause at all: asked again after eight days */
	{{"00:00-13:00", "12:00-24:00"}, 12, 1, NEVER, 12 + 8 * 24},
	{{"Mon..Thu", "Fri..Sun"}, 12, 1, NEVER, 12 + 8 * 24},
};

START_TEST(quiet_hours_are_kept)
{
	struct window *windows[3] = {NULL};
	struct conf_tenant t = {.quiet_hours = windows};
	struct buf error = BUF_INIT(1000);
	char got[TIME_TEXT_SIZE], want[TIME_TEXT_SIZE];

	for (; t.n_quiet_hours < 3 && quiet[_i].windows[t.n_quiet_hours]; t.n_quiet_hours++)
		ck_assert_msg(window_parse(quiet[_i].windows[t.n_quiet_hours],
				      &windows[t.n_quiet_hours], &error) == 0,
			"%s", buf_text(&error));
	int64_t us =
		plan_start_allowed(&t, MONDAY(quiet[_i].now), (int64_t)(quiet[_i].usual * 60) * MIN,
			quiet[_i].hold == NEVER ? TIME_NONE : MONDAY(quiet[_i].hold));
	ck_assert_str_eq(time_format(us, got), time_format(MONDAY(quiet[_i].want), want));
	for (size_t i = 0; i < 3; i++)
		window_free(windows[i]);
	buf_done(&error);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("plan");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, baseline_leaves_no_gap, 0, ARRAY_SIZE(baselines));
	tcase_add_test(tc, newest_is_not_in_the_future);
	tcase_add_test(tc, after_a_snapshot);
	tcase_add_test(tc, the_service_has_its_own_clock);
	tcase_add_test(tc, by_the_wall_clock);
	tcase_add_test(tc, rare_and_frequent);
	tcase_add_test(tc, several_schedules);
	tcase_add_test(tc, the_first_run_is_due_at_once);
	tcase_add_test(tc, pending_and_forced);
	tcase_add_test(tc, a_failed_run_is_made_again);
	tcase_add_loop_test(tc, retries_grow, 0, ARRAY_SIZE(retries));
	tcase_add_test(tc, an_ordinary_day);
	tcase_add_test(tc, a_gap_is_named);
	tcase_add_test(tc, a_short_list_is_waited_out);
	tcase_add_test(tc, a_fresh_baseline_is_waited_for);
	tcase_add_test(tc, several_watches);
	tcase_add_test(tc, nothing_listed);
	tcase_add_test(tc, the_next_look);
	tcase_add_loop_test(tc, quiet_hours_are_kept, 0, ARRAY_SIZE(quiet));
	suite_add_tcase(s, tc);
	return s;
}
