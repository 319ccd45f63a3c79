/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text and back. Pure; thread safe; no locale. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"

/* "2026-11-23T18:00:00.123456Z" and its NUL. */
#define TIME_TEXT_SIZE 40
/* "3d 4h", "1h 15m", "12s" and its NUL. */
#define DURATION_TEXT_SIZE 40

/*
 * RFC 3339 in UTC, whole seconds unless there is a fraction (then six digits). Returns out.
 * TIME_NONE and what lies outside of the years 0001 to 9999 become "".
 */
const char *time_format(int64_t us, char out[static TIME_TEXT_SIZE]);

/*
 * Reads RFC 3339 with any number of fractional digits (Graph sends up to 7; those past
 * microseconds are cut) and Z or a numeric offset; also the malformed "2023-03-30T12-01-03.45Z"
 * that published Graph examples contain. The whole text must be used. A leap second (23:59:60 UTC)
 * is the first second of the next day.
 * 0, or -EINVAL (also for dates that do not exist and years outside of 1 to 9999).
 */
int time_parse(const char *text, int64_t *ret_us);

/*
 * An HTTP date (RFC 9110 IMF-fixdate, and the two obsolete forms; two-digit years are 1970 to
 * 2069). The name of the day is not compared with the date. 0 or -EINVAL.
 */
int time_parse_http(const char *text, int64_t *ret_us);

/* Civil date arithmetic on the proleptic Gregorian calendar, UTC. */
struct civil {
	int year, month, day; /* month 1 to 12 */
	int hour, minute, second;
	int weekday; /* 0 = Monday ... 6 = Sunday; ignored by civil_to_us() */
};
struct civil civil_from_us(int64_t us);
/*
 * Second precision. The month must be 1 to 12; the other fields may run over (day 32, hour -1) and
 * are simply added up. TIME_NONE for what int64_t microseconds cannot hold.
 */
int64_t civil_to_us(const struct civil *c);
/* Days from 1970-01-01 to that date; day may run over. 0 = Monday for the weekday of such a day. */
int64_t civil_days(int year, int month, int day);
int civil_weekday(int64_t days);

/*
 * For people: "3d 4h", "75m" is "1h 15m", "12s", "0s"; at most two neighbouring units, the rest is
 * cut; "-5m" when negative; TIME_NONE is "". Returns out.
 */
const char *duration_format(int64_t us, char out[static DURATION_TEXT_SIZE]);
