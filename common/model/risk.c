/* SPDX-License-Identifier: Apache-2.0 */
/* When the next run should have ended, and whether its baseline lives that long. */
#include "common/model/risk.h"

#include "common/base/calendar.h"
#include "common/base/clock.h"
#include "common/base/limits.h"

/* A due run may wait for another one, fail and be tried again; with this it is still on time. */
#define GRACE_US LIMIT_RUN_RETRY_MAX_US

/* A run that is to end that long before its baseline goes leaves time to do something about it. */
#define SPARE_US USEC_PER_DAY

/* Snapshots are a day apart: when the next one is to be expected. */
#define SNAPSHOT_SPACING_US USEC_PER_DAY

/* A due time so shortly after the last run is the one that it ran for: clocks differ. */
#define SAME_DUE_US USEC_PER_HOUR

static const unsigned warnings[] = {24, 48, 72};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	if (a == TIME_NONE || b == TIME_NONE)
		return a == TIME_NONE ? b : a;
	return a < b ? a : b;
}

/* The newest snapshot that leaves nothing out; TIME_NONE when the service has none any more. */
static int64_t baseline(const struct risk_input *in, int64_t covered_to_us)
{
	int64_t at_us = TIME_NONE;

	for (size_t i = 0; i < in->n_sightings; i++)
		if (in->sightings[i].created_us <= covered_to_us - in->tenant->coverage_margin_us)
			at_us = later(at_us, in->sightings[i].created_us);
	return at_us;
}

/* The first snapshot after the last run: known, or to be expected. */
static int64_t next_snapshot(const struct risk_input *in, int64_t covered_to_us)
{
	int64_t next_us = TIME_NONE, newest_us = TIME_NONE;

	for (size_t i = 0; i < in->n_sightings; i++) {
		int64_t created_us = in->sightings[i].created_us;
		if (created_us > in->now_us)
			continue;
		newest_us = later(newest_us, created_us);
		if (created_us > covered_to_us)
			next_us = earlier(next_us, created_us);
	}
	return next_us != TIME_NONE ? next_us : newest_us + SNAPSHOT_SPACING_US;
}

/* When the first run after the last good one was due, or will be; TIME_NONE: never. */
static int64_t next_due(const struct risk_input *in, int64_t covered_to_us)
{
	int64_t due_us = TIME_NONE;

	for (size_t i = 0; i < in->tenant->n_schedule; i++) {
		const struct schedule *s = in->tenant->schedule[i];
		due_us = earlier(
			due_us, schedule_kind(s) == SCHEDULE_AFTER_SNAPSHOT
					? next_snapshot(in, covered_to_us) + schedule_delay_us(s)
					: schedule_next(s, covered_to_us + SAME_DUE_US));
	}
	return due_us;
}

/* True when that run is on time: not late by now, and early enough for its baseline. */
static bool is_on_time(const struct risk_input *in, int64_t covered_to_us, int64_t gone_us)
{
	int64_t due_us = next_due(in, covered_to_us);

	if (due_us == TIME_NONE)
		return false;
	int64_t start_us = plan_start_allowed(in->tenant,
		later(due_us, earlier(in->up_since_us, in->now_us)), in->usual_us, TIME_NONE);
	int64_t end_us = start_us + in->usual_us + GRACE_US;
	return in->now_us < end_us && end_us + SPARE_US <= gone_us;
}

static unsigned warning(int64_t left_us)
{
	for (size_t i = 0; i < ARRAY_SIZE(warnings); i++)
		if (left_us <= warnings[i] * USEC_PER_HOUR)
			return warnings[i];
	return 0;
}

bool risk_of(const struct risk_input *in, const struct plan_watch *watch, struct risk *ret)
{
	int64_t covered_to_us = watch->covered_to_us;

	if (watch->conf->baseline != WATCH_COVERED || covered_to_us == TIME_NONE ||
		in->retention_us == TIME_NONE)
		return false;
	int64_t baseline_us = baseline(in, covered_to_us);
	if (baseline_us == TIME_NONE)
		return false;
	int64_t gone_us = baseline_us + in->retention_us, left_us = gone_us - in->now_us;
	unsigned hours = warning(left_us);
	/* What is gone already is told as a gap by the run that meets it. */
	if (hours == 0 || left_us <= 0 || is_on_time(in, covered_to_us, gone_us))
		return false;
	*ret = (struct risk){
		.baseline_us = baseline_us,
		.gone_us = gone_us,
		.left_us = left_us,
		.hours = hours,
	};
	return true;
}
