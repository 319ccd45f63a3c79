/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule that a zoneinfo file gives for all times after its table: a POSIX TZ string with the
 * extensions of RFC 9636 ("CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0").
 * Pure. Times are seconds since the epoch.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A stretch of time with one offset: start_s <= t < end_s; INT64_MIN and INT64_MAX are open ends.
 */
struct zone_span {
	int64_t start_s, end_s;
	int64_t offset_s; /* local time minus UTC */
};

enum zone_date_kind {
	ZONE_DATE_WEEKDAY, /* Mm.w.d */
	ZONE_DATE_JULIAN,  /* Jn: 1 to 365, 29 February is never counted */
	ZONE_DATE_DAY,	   /* n: 0 to 365 */
};

struct zone_date {
	enum zone_date_kind kind;
	int month, week; /* of ZONE_DATE_WEEKDAY; week 5 is the last */
	int day;	 /* 0 = Sunday for ZONE_DATE_WEEKDAY */
	int64_t time_s;	 /* of local time; may be negative or more than a day */
};

struct zone_rule {
	int64_t standard_s, daylight_s; /* local time minus UTC */
	bool has_daylight;
	struct zone_date start, end; /* of daylight saving */
};

/* 0 or -EINVAL. */
int zone_rule_parse(const char *text, struct zone_rule *ret);

/* The span around utc_s. */
struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t utc_s);
