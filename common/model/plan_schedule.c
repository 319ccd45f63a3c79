/* SPDX-License-Identifier: Apache-2.0 */
/* When a watch is due, and when a run may start. Nothing here knows coverage beyond "never run". */
#include "common/model/plan.h"

#include <string.h>

#include "common/base/calendar.h"
#include "common/base/clock.h"
#include "common/base/limits.h"

/* Weekly schedules come at least once in that time, so a missed one is found from there. */
#define LOOK_BACK_US (8 * USEC_PER_DAY)

/* Keeps the shift in range; LIMIT_RUN_RETRY_MAX_US is reached long before. */
#define RETRY_MAX_DOUBLINGS 16u

/* The earlier of two times of which either may be unknown. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (a == TIME_NONE || b == TIME_NONE)
		return a == TIME_NONE ? b : a;
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* TIME_NONE is the smallest */
}

int64_t plan_retry_after_us(unsigned failures, enum run_outcome how)
{
	/* The snapshot aged out while the run waited, or the watch came back: nothing is wrong. */
	if (failures <= 1 && (how == RUN_BASELINE_GONE || how == RUN_REMOVED))
		return 0;
	/* Whoever cancelled it may want the slot: leave them time to take it. */
	int64_t base = how == RUN_CANCELLED_ELSEWHERE ? LIMIT_RUN_RETRY_CANCELLED_US
						      : LIMIT_RUN_RETRY_MIN_US;
	unsigned doublings = failures > 1 ? failures - 1 : 0;
	int64_t wait = base << (doublings < RETRY_MAX_DOUBLINGS ? doublings : RETRY_MAX_DOUBLINGS);
	return wait < LIMIT_RUN_RETRY_MAX_US ? wait : LIMIT_RUN_RETRY_MAX_US;
}

/* The last due time after after_us that has passed (TIME_NONE: none), so that missed ones count
 * once. */
static int64_t last_passed(const struct schedule *s, int64_t after_us, int64_t now_us)
{
	int64_t due = schedule_next(s, later(after_us, now_us - LOOK_BACK_US));

	/* Rarer than the look-back ("every 30d"). */
	if (due == TIME_NONE || due > now_us)
		due = schedule_next(s, later(after_us, 0));
	if (due == TIME_NONE || due > now_us)
		return TIME_NONE;
	for (int64_t next = schedule_next(s, due); next != TIME_NONE && next <= now_us;
		next = schedule_next(s, due))
		due = next;
	return due;
}

static void after_snapshot(const struct plan_input *in, const struct plan_watch *w,
	int64_t delay_us, int64_t *due_us, int64_t *next_us)
{
	int64_t server_now_us = in->server_now_us == TIME_NONE ? in->now_us : in->server_now_us;
	int newest = plan_newest(in->snapshots, server_now_us);

	if (newest < 0 || in->snapshots->items[newest].created_us <= w->last_snapshot_us)
		return;
	/* By our clock: planning and people go by it. */
	int64_t at =
		in->snapshots->items[newest].created_us + delay_us + in->now_us - server_now_us;
	if (at <= in->now_us)
		*due_us = later(*due_us, at);
	else
		*next_us = earlier(*next_us, at);
}

static void wall_clock(const struct schedule *s, int64_t last_due_us, int64_t now_us,
	int64_t *due_us, int64_t *next_us)
{
	*due_us = later(*due_us, last_passed(s, last_due_us, now_us));
	*next_us = earlier(*next_us, schedule_next(s, now_us));
}

static void by_schedules(
	const struct plan_input *in, const struct plan_watch *w, int64_t *due_us, int64_t *next_us)
{
	/* Planned before the clock was set back: what is ahead of now has not happened. */
	int64_t last_due_us = w->last_due_us > in->now_us ? in->now_us : w->last_due_us;

	for (size_t i = 0; i < in->tenant->n_schedule; i++) {
		const struct schedule *s = in->tenant->schedule[i];
		if (schedule_kind(s) == SCHEDULE_AFTER_SNAPSHOT)
			after_snapshot(in, w, schedule_delay_us(s), due_us, next_us);
		else
			wall_clock(s, last_due_us, in->now_us, due_us, next_us);
	}
}

static void by_failure(
	const struct plan_input *in, const struct plan_watch *w, int64_t *due_us, int64_t *next_us)
{
	/* A failure ahead of now was written by a clock that was set back since. */
	int64_t failed_us = w->failed_us > in->now_us ? in->now_us : w->failed_us;
	int64_t at = failed_us + plan_retry_after_us(w->failures, w->failed_how);

	if (at <= in->now_us)
		*due_us = later(*due_us, at);
	else
		*next_us = earlier(*next_us, at);
}

static bool is_forced(const struct plan_input *in, const struct plan_watch *w)
{
	return in->forced && (!in->forced_watch || strcmp(in->forced_watch, w->conf->name) == 0);
}

void plan_watch_due(const struct plan_input *in, const struct plan_watch *watch,
	int64_t *ret_due_us, int64_t *ret_next_us)
{
	int64_t due_us = TIME_NONE, next_us = TIME_NONE;

	if (watch->failures > 0)
		by_failure(in, watch, &due_us, &next_us);
	else if (watch->last_due_us == TIME_NONE)
		due_us = in->now_us;
	by_schedules(in, watch, &due_us, &next_us);
	if (is_forced(in, watch))
		due_us = in->now_us;
	*ret_due_us = watch->pending ? TIME_NONE : due_us;
	*ret_next_us = next_us;
}

/* --- quiet hours ---------------------------------------------------------------------------------
 */

/* t_us itself when a run of usual_us may start there, else the end of the quiet hours in its way.
 */
static int64_t quiet_until(const struct conf_tenant *tenant, int64_t t_us, int64_t usual_us)
{
	for (size_t i = 0; i < tenant->n_quiet_hours; i++) {
		const struct window *w = tenant->quiet_hours[i];
		int64_t start_us = window_next_start(w, t_us);
		if (start_us != TIME_NONE && (start_us == t_us || start_us < t_us + usual_us))
			return window_end(w, start_us);
	}
	return t_us;
}

/* The first such instant up to limit_us; limit_us when there is none. */
static int64_t first_pause(
	const struct conf_tenant *tenant, int64_t from_us, int64_t usual_us, int64_t limit_us)
{
	int64_t t_us = from_us;

	while (t_us < limit_us) {
		int64_t until_us = quiet_until(tenant, t_us, usual_us);
		if (until_us == t_us)
			return t_us;
		if (until_us < t_us) /* quiet hours without an end */
			break;
		t_us = until_us;
	}
	return limit_us;
}

int64_t plan_start_allowed(
	const struct conf_tenant *tenant, int64_t now_us, int64_t usual_us, int64_t hold_until_us)
{
	int64_t from_us = later(now_us, hold_until_us);
	int64_t limit_us = from_us + LOOK_BACK_US;
	int64_t at_us = first_pause(tenant, from_us, usual_us, limit_us);

	return at_us < limit_us ? at_us : first_pause(tenant, from_us, 0, limit_us);
}
