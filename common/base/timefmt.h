/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text and back. Pure; thread safe; no locale. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"

/* "2026-11-23T18:00:00.123456Z" and its NUL. */
#define TIME_TEXT_SIZE 40
/* "3d 04h", "75m", "12s" and its NUL. */
#define DURATION_TEXT_SIZE 32

/*
 * RFC 3339 in UTC, whole seconds unless there is a fraction. Returns out. TIME_NONE and what lies
 * outside of the years 0001 to 9999 become "".
 */
const char *time_format(int64_t us, char out[static TIME_TEXT_SIZE]);

/*
 * Reads RFC 3339 with any number of fractional digits (Graph sends up to 7; those past
 * microseconds are cut) and Z or a numeric offset; also the malformed "2023-03-30T12-01-03.45Z"
 * that published Graph examples contain. The whole text must be used.
 * 0, or -EINVAL (also for dates that do not exist and years outside of 1 to 9999).
 */
int time_parse(const char *text, int64_t *ret_us);

/* An HTTP date (RFC 9110 IMF-fixdate, and the two obsolete forms). 0 or -EINVAL. */
int time_parse_http(const char *text, int64_t *ret_us);

/* Civil date arithmetic on the proleptic Gregorian calendar, UTC. */
struct civil {
	int year, month, day; /* month 1 to 12 */
	int hour, minute, second;
	int weekday; /* 0 = Monday ... 6 = Sunday; ignored by civil_to_us() */
};
struct civil civil_from_us(int64_t us);
int64_t civil_to_us(const struct civil *c); /* second precision; fields are not normalised */

/* For people: "3d 4h", "75m" is "1h 15m", "12s", "0s"; at most two units. Returns out. */
const char *duration_format(int64_t us, char out[static DURATION_TEXT_SIZE]);
