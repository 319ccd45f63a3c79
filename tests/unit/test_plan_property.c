/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coverage over years of bad luck. A model of the service makes daily snapshots that are sometimes
 * missing, late, listed twice, or hidden for a while, and keeps them for a week; the daemon is
 * sometimes down, and its runs sometimes fail. Whatever happens:
 *
 * - what runs covered and the gaps that were reported leave no hole, from the first baseline on;
 * - a gap is reported only where no listed snapshot could have closed it;
 * - no run that nobody forced is compared with the snapshot that was just made, which would find
 * nothing;
 * - when the daemon is up and the service answers, coverage is never older than a few days;
 * - a gap was told as coming, unless we were away or lists were short before it; and a watch is
 * told to be at risk only when the service really is about to drop its baseline.
 */
#include "common/model/plan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/calendar.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/model/retention.h"
#include "common/model/risk.h"
#include "tests/support/dice.h"

#define DAY USEC_PER_DAY
#define H USEC_PER_HOUR
#define MIN USEC_PER_MIN
#define YEARS 3
#define HISTORIES 24
#define MARGIN H

struct made {
	int64_t created_us; /* 0: never made */
	int64_t listed_us;  /* from when on the service lists it */
	bool twice;
	int64_t first_us, last_us; /* lists showed it to us; 0: never */
};

struct world {
	uint64_t random;
	struct made made[YEARS * 366 + 8];
	size_t n_made;
	int64_t start_us, now_us, retention_us;
	int64_t hidden_until_us; /* a short list: only the newest one is listed */

	struct schedule *schedule;
	struct conf_watch watch_conf;
	struct conf_tenant tenant;
	struct plan_watch watch;

	/* the run that is going on */
	bool running;
	int64_t run_from_us, run_started_us, run_ends_us;
	bool run_succeeds, run_forced, all_fail;
	int64_t run_gap_from_us, run_gap_to_us;

	/* proof: everything before is covered or reported */
	int64_t proven_us;
	int64_t seen_age_us; /* what the store would know of the retention */
	unsigned n_runs, n_good, n_gaps;

	/* warnings */
	int64_t warned_us;  /* the baseline that was told to be at risk; 0: none */
	int64_t up_us;	    /* since the last outage */
	int64_t trouble_us; /* since the last short list, or change of the retention */
	unsigned warned_hours;
	unsigned n_warned, n_shrank;
};

static int64_t below(struct world *w, int64_t bound)
{
	return dice_below(&w->random, bound);
}

static bool chance(struct world *w, unsigned percent)
{
	return below(w, 100) < percent;
}

/* --- the service ---------------------------------------------------------------------------------
 */

static void make_snapshots(struct world *w)
{
	w->n_made = YEARS * 366;
	for (size_t i = 0; i < w->n_made; i++) {
		int64_t at_us = w->start_us + ((int64_t)i - 7) * DAY;
		if (i > 8 && chance(w, 5))
			continue;
		if (chance(w, 10))
			at_us += below(w, 9 * H); /* drifts */
		w->made[i] = (struct made){
			.created_us = at_us,
			.listed_us =
				at_us + (chance(w, 10) ? below(w, 30 * H) : below(w, 20 * MIN)),
			.twice = chance(w, 5),
		};
	}
}

static void list_snapshots(const struct world *w, struct snapshot_list *list)
{
	size_t today = (size_t)((w->now_us - w->start_us) / DAY + 8);

	for (size_t i = today < w->n_made ? today + 1 : w->n_made; i-- > 0;) {
		const struct made *m = &w->made[i];
		if (m->created_us != 0 && m->created_us < w->now_us - 10 * DAY)
			break;
		if (m->created_us == 0 || m->listed_us > w->now_us ||
			m->created_us + w->retention_us <= w->now_us)
			continue;
		for (int copies = m->twice ? 2 : 1; copies > 0; copies--) {
			char id[48];
			(void)snprintf(id, sizeof(id), "%zu-%d", i, copies);
			ck_assert_int_eq(snapshot_list_add(list, id, m->created_us, "x"), 0);
		}
		if (w->now_us < w->hidden_until_us)
			break;
	}
	snapshot_list_normalise(list);
}

/* --- proof ---------------------------------------------------------------------------------------
 */

static void fail_at(const struct world *w, const char *what)
{
	char now[TIME_TEXT_SIZE], proven[TIME_TEXT_SIZE], from[TIME_TEXT_SIZE];

	ck_abort_msg("%s: now %s, proven to %s, run from %s", what, time_format(w->now_us, now),
		time_format(w->proven_us, proven), time_format(w->run_from_us, from));
}

/* A run was planned: what it promises must be true at that moment. */
static void check_run(
	const struct world *w, const struct plan_run *run, const struct snapshot_list *list)
{
	int64_t baseline_us = list->items[run->snapshot].created_us;
	bool gap = run->gap_from_us != TIME_NONE;

	if (run->covered_from_us != baseline_us)
		fail_at(w, "covers something else than its baseline");
	if (run->due_us > w->now_us)
		fail_at(w, "due in the future");
	if (run->initial != (w->watch.covered_to_us == TIME_NONE))
		fail_at(w, "initial is wrong");
	if (run->initial)
		return;
	if (gap != (baseline_us > w->watch.covered_to_us))
		fail_at(w, "a gap that is none, or none that is one");
	if (gap && (run->gap_from_us != w->watch.covered_to_us || run->gap_to_us != baseline_us))
		fail_at(w, "another interval is reported");
	for (size_t i = 0; i < list->n; i++) {
		int64_t us = list->items[i].created_us;
		if (us <= w->watch.covered_to_us - MARGIN && us > baseline_us)
			fail_at(w, "a newer snapshot would have done");
		if (us <= w->watch.covered_to_us - MARGIN &&
			baseline_us > w->watch.covered_to_us - MARGIN)
			fail_at(w, "an older snapshot would have kept the margin");
	}
}

/* A run was judged: extends the proof by what it reported and what it covered. */
static void prove(struct world *w)
{
	if (w->proven_us == TIME_NONE)
		w->proven_us = w->run_from_us;
	if (w->run_gap_from_us != TIME_NONE) {
		if (w->run_gap_from_us > w->proven_us)
			fail_at(w, "a hole before the gap");
		if (w->run_gap_to_us > w->proven_us)
			w->proven_us = w->run_gap_to_us;
		w->n_gaps++;
	}
	if (w->run_from_us > w->proven_us)
		fail_at(w, "a hole before the run");
	if (w->run_started_us - w->run_from_us < MARGIN && !w->run_forced)
		fail_at(w, "compared with the snapshot that was just made");
	w->proven_us = w->run_started_us;
}

/* --- the daemon ----------------------------------------------------------------------------------
 */

static void start_run(
	struct world *w, const struct plan_run *run, const struct snapshot_list *list, bool forced)
{
	check_run(w, run, list);
	w->run_forced = forced;
	w->running = true;
	w->run_from_us = run->covered_from_us;
	w->run_gap_from_us = run->gap_from_us;
	w->run_gap_to_us = run->gap_to_us;
	/* The queue may hold it back: quiet hours, somebody else's job. */
	w->run_started_us = w->now_us + (chance(w, 10) ? below(w, 20 * H) : below(w, MIN));
	w->run_ends_us = w->run_started_us + H + below(w, 2 * H);
	w->run_succeeds = !chance(w, 15) && !w->all_fail;
	w->watch.pending = true;
	w->watch.last_due_us = run->due_us;
	w->watch.last_snapshot_us = list->items[plan_newest(list, w->now_us)].created_us;
	w->n_runs++;
}

static void end_run(struct world *w)
{
	static const enum run_outcome hows[] = {RUN_SERVICE_FAILED, RUN_CANCELLED, RUN_GONE,
		RUN_CANCELLED_ELSEWHERE, RUN_BASELINE_GONE, RUN_NO_RESULT};

	w->running = false;
	w->watch.pending = false;
	/* Creating it is refused when the baseline has aged out while the run was waiting. */
	bool gone = w->run_from_us + w->retention_us <= w->run_started_us;
	if (!w->run_succeeds || gone) {
		w->watch.failures++;
		w->watch.failed_us = w->now_us;
		w->watch.failed_how =
			gone ? RUN_BASELINE_GONE : hows[below(w, (int64_t)ARRAY_SIZE(hows))];
		return;
	}
	prove(w);
	w->n_good++;
	w->warned_us = 0;
	w->warned_hours = 0;
	w->watch.failures = 0;
	if (w->watch.covered_to_us == TIME_NONE || w->run_from_us > w->watch.covered_to_us)
		w->watch.covered_from_us = w->run_from_us;
	w->watch.covered_to_us = w->run_started_us;
}

static void remember_ages(struct world *w, const struct snapshot_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (w->now_us - list->items[i].created_us > w->seen_age_us)
			w->seen_age_us = w->now_us - list->items[i].created_us;
}

/* --- warnings ------------------------------------------------------------------------------------
 */

static size_t sightings(const struct world *w, struct sighting *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_made && n < max; i++)
		if (w->made[i].last_us != 0 &&
			w->made[i].last_us >= w->now_us - LIMIT_RETENTION_MEMORY_US)
			ret[n++] = (struct sighting){
				w->made[i].created_us, w->made[i].first_us, w->made[i].last_us};
	return n;
}

static void remember(struct world *w, const struct snapshot_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct made *m = &w->made[strtoul(list->items[i].service_id, NULL, 10)];
		if (m->first_us == 0)
			m->first_us = w->now_us;
		m->last_us = w->now_us;
	}
}

/* Nothing happened lately that hides how long snapshots are kept. */
static bool is_calm(const struct world *w)
{
	return w->now_us - w->trouble_us > 9 * DAY && w->now_us - w->up_us > 9 * DAY;
}

static void warn(struct world *w)
{
	struct sighting known[64];
	struct retention kept;
	struct risk risk;
	size_t n = sightings(w, known, ARRAY_SIZE(known));

	retention_judge(known, n, w->now_us, &kept);
	if (kept.state == RETENTION_SHRANK) {
		w->n_shrank++;
		if (w->retention_us == 7 * DAY && is_calm(w))
			fail_at(w, "snapshots are kept for a week, and that shrank");
	}
	const struct risk_input in = {
		.tenant = &w->tenant,
		.now_us = w->now_us,
		.up_since_us = w->up_us,
		.usual_us = 2 * H,
		.retention_us = kept.us,
		.sightings = known,
		.n_sightings = n,
	};
	if (!risk_of(&in, &w->watch, &risk))
		return;
	w->n_warned++;
	if (risk.baseline_us == w->warned_us && risk.hours > w->warned_hours)
		fail_at(w, "a warning of more time than before");
	w->warned_us = risk.baseline_us;
	w->warned_hours = risk.hours;
	/* what is told is so: an hour of looks, and half a day of retention that was seen */
	if (is_calm(w) && risk.baseline_us + w->retention_us > w->now_us + 84 * H)
		fail_at(w, "at risk, and it has days");
}

/* A gap is planned. It was told, or nobody could. */
static void check_warned(const struct world *w)
{
	if (w->warned_us == 0 && is_calm(w))
		fail_at(w, "a gap that nobody was warned of");
}

static void look(struct world *w)
{
	struct snapshot_list list = {0};
	struct plan plan;

	if (w->running && w->run_ends_us <= w->now_us)
		end_run(w);
	list_snapshots(w, &list);
	remember_ages(w, &list);
	remember(w, &list);
	warn(w);
	const struct plan_input in = {
		.tenant = &w->tenant,
		.now_us = w->now_us,
		.server_now_us = TIME_NONE,
		.snapshots = &list,
		.retention_us = w->seen_age_us,
		.watches = &w->watch,
		.n_watches = 1,
		.forced = chance(w, 1),
	};
	ck_assert_int_eq(plan_make(&in, &plan), 0);
	if (plan.n_runs > 0 && plan.runs[0].gap_from_us != TIME_NONE)
		check_warned(w);
	if (plan.n_runs > 0)
		start_run(w, &plan.runs[0], &list, in.forced);
	if (plan.next_look_us <= w->now_us || plan.next_look_us > w->now_us + 2 * H)
		fail_at(w, "the next look is not within look_every");
	w->now_us = plan.next_look_us + below(w, 10 * USEC_PER_SEC);
	plan_done(&plan);
	snapshot_list_done(&list);
}

/* From time to time the host is off, for hours or for weeks; a run goes on at the service
 * meanwhile. */
static void outage(struct world *w)
{
	if (!chance(w, 1))
		return;
	w->now_us += chance(w, 10) ? below(w, 20 * DAY) : below(w, 30 * H);
	w->up_us = w->now_us;
}

/* A list that is short for some hours, or a retention that changes. */
static void service_trouble(struct world *w)
{
	if (w->now_us > w->hidden_until_us + 10 * DAY && chance(w, 1))
		w->hidden_until_us = w->now_us + below(w, 10 * H);
	if (chance(w, 1) && chance(w, 2)) {
		w->retention_us = (5 + below(w, 3)) * DAY;
		w->trouble_us = w->now_us;
	}
	if (w->now_us < w->hidden_until_us)
		w->trouble_us = w->now_us;
}

static void open_world(struct world *w, uint64_t seed, const char *schedule)
{
	static const struct civil start = {2026, 1, 8, 22, 0, 0, 0};
	struct buf error = BUF_INIT(1000);

	*w = (struct world){
		.random = seed,
		.start_us = civil_to_us(&start),
		.retention_us = 7 * DAY,
		.watch_conf = {.name = (char *)"all", .baseline = WATCH_COVERED},
		.watch = {.covered_from_us = TIME_NONE,
			.covered_to_us = TIME_NONE,
			.last_due_us = TIME_NONE,
			.last_snapshot_us = TIME_NONE},
		.up_us = civil_to_us(&start),
		.proven_us = TIME_NONE,
		.seen_age_us = TIME_NONE,
	};
	ck_assert_int_eq(schedule_parse(schedule, &w->schedule, &error), 0);
	buf_done(&error);
	w->tenant = (struct conf_tenant){
		.schedule = &w->schedule,
		.n_schedule = 1,
		.look_every_us = 2 * H,
		.stale_after_us = 26 * H,
		.coverage_margin_us = MARGIN,
	};
	w->watch.conf = &w->watch_conf;
	w->now_us = w->start_us;
	make_snapshots(w);
}

static const char *const schedule_texts[] = {
	"after snapshot +75m",
	"daily 23:15 UTC",
	"every 6h",
	"Mon..Fri 06:30 Europe/Berlin",
};

START_TEST(no_unreported_gap)
{
	struct world *w = calloc(1, sizeof(*w));
	int64_t end_us;
	bool trouble = _i >= (int)ARRAY_SIZE(schedule_texts); /* the first ones are quiet years */

	ck_assert_ptr_nonnull(w);
	open_world(w, (uint64_t)_i, schedule_texts[(size_t)_i % ARRAY_SIZE(schedule_texts)]);
	end_us = w->start_us + YEARS * 360 * DAY;
	while (w->now_us < end_us) {
		look(w);
		if (trouble) {
			outage(w);
			service_trouble(w);
		}
	}
	/* It did what it is for, and the bad luck was real. */
	if (!trouble)
		ck_assert_uint_eq(w->n_shrank, 0);
	ck_assert_uint_gt(w->n_good, YEARS * (_i % 4 == 3 ? 100 : 200));
	ck_assert_int_gt(w->proven_us, end_us - 25 * DAY);
	if (trouble)
		ck_assert_uint_gt(w->n_runs, w->n_good);
	else
		ck_assert_uint_eq(w->n_gaps, 0);
	schedule_free(w->schedule);
	free(w);
}
END_TEST

/* A week off always costs coverage, so the histories above must have had gaps to report. */
START_TEST(a_long_outage_is_reported)
{
	struct world *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	open_world(w, 7, schedule_texts[0]);
	while (w->now_us < w->start_us + 30 * DAY)
		look(w);
	ck_assert_uint_eq(w->n_gaps, 0);
	w->now_us += 15 * DAY;
	w->up_us = w->now_us;
	while (w->now_us < w->start_us + 60 * DAY)
		look(w);
	ck_assert_uint_ge(w->n_gaps, 1);
	ck_assert_int_gt(w->proven_us, w->start_us + 57 * DAY);
	schedule_free(w->schedule);
	free(w);
}
END_TEST

/* Runs that fail for ten days: told in time, down to the last day. */
START_TEST(failures_are_told_before_they_cost)
{
	struct world *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	open_world(w, 5, schedule_texts[(size_t)_i]);
	while (w->now_us < w->start_us + 30 * DAY)
		look(w);
	ck_assert_uint_eq(w->n_gaps, 0);
	w->n_warned = 0;
	w->all_fail = true;
	while (w->now_us < w->start_us + 40 * DAY)
		look(w);
	ck_assert_uint_gt(w->n_warned, 2 * 12); /* looks are two hours apart at most */
	ck_assert_uint_eq(w->warned_hours, 24);
	w->all_fail = false;
	while (w->now_us < w->start_us + 60 * DAY)
		look(w);
	ck_assert_uint_ge(w->n_gaps, 1);
	schedule_free(w->schedule);
	free(w);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("plan_property");
	TCase *tc = tcase_create("plan_property");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, no_unreported_gap, 0, HISTORIES);
	tcase_add_test(tc, a_long_outage_is_reported);
	tcase_add_loop_test(tc, failures_are_told_before_they_cost, 0, ARRAY_SIZE(schedule_texts));
	suite_add_tcase(s, tc);
	return s;
}
