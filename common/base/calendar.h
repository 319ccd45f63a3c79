/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wall-clock schedules with a zone. Pure once parsed: no clock, no environment, thread safe. Zones
 * are read from the system's zoneinfo files at parse time (setting TZ would race with resolver
 * threads that read the environment).
 *
 * A time that a DST change skips happens once, at the first instant after the gap; a time that
 * happens twice counts once, the first time. A window that a change skips whole does not happen.
 *
 *	after snapshot +75m
 *	every 6h                       from 1970-01-01T00:00Z, so the same on every host
 *	daily 23:15 UTC
 *	Mon..Fri 06:30 Europe/Berlin   days: Mon, Mon..Fri, Sat..Mon, Mon,Wed,Sat..Sun
 *	06:30                          daily, zone UTC
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"

enum schedule_kind {
	SCHEDULE_AFTER_SNAPSHOT, /* due when a new snapshot is delay_us old */
	SCHEDULE_EVERY,
	SCHEDULE_WEEKLY, /* at a time of day on some weekdays */
};

struct schedule;

/* 0, -ENOMEM, or -EINVAL with one line for people appended to error ("unknown zone 'Berlin'"). */
int schedule_parse(const char *text, struct schedule **ret, struct buf *error);
struct schedule *schedule_free(struct schedule *s);
DEFINE_CLEANUP(struct schedule, schedule_free);

enum schedule_kind schedule_kind(const struct schedule *s);
/* SCHEDULE_AFTER_SNAPSHOT: the delay. */
int64_t schedule_delay_us(const struct schedule *s);

/*
 * The first due time strictly after after_us (taken as the year 1 when it is earlier, TIME_NONE
 * included). TIME_NONE for SCHEDULE_AFTER_SNAPSHOT and past the year 9999.
 */
int64_t schedule_next(const struct schedule *s, int64_t after_us);

/*
 * "Mon..Fri 08:00-18:00 Europe/Berlin", "22:00-06:00" (over midnight; belongs to the day on which
 * it starts), "Sat,Sun" (whole days), "18:00-24:00". The end is outside. A window without an end
 * ("Mon..Sun") is refused. Returns as schedule_parse().
 */
struct window;
int window_parse(const char *text, struct window **ret, struct buf *error);
struct window *window_free(struct window *w);
DEFINE_CLEANUP(struct window, window_free);
bool window_contains(const struct window *w, int64_t t_us);
/* The first instant at or after t_us that is outside (t_us itself when it is). */
int64_t window_end(const struct window *w, int64_t t_us);
/* The first instant at or after t_us that is inside; TIME_NONE past the year 9999. */
int64_t window_next_start(const struct window *w, int64_t t_us);
