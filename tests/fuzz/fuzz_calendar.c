/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules, windows and durations as people write them, asked at any instant: what comes next lies
 * after it, a window contains exactly what lies between its ends, a duration reads back from what
 * is shown where nothing was cut.
 *
 * Eight bytes are the instant, the rest is the text.
 */
#include <errno.h>
#include <string.h>

#include "common/base/calendar.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/timefmt.h"
#include "tests/fuzz/fuzz.h"

static struct buf error = {.max = 8192};

static void check_refusal(int r)
{
	FUZZ_CHECK(r == -EINVAL && error.len > 0);
	fuzz_check_line(&error, 8191);
	buf_reset(&error);
}

static void check_schedule(const char *text, int64_t at_us)
{
	struct schedule *s = NULL;
	int r = schedule_parse(text, &s, &error);

	if (r < 0) {
		check_refusal(r);
		return;
	}
	FUZZ_CHECK(error.len == 0);
	int64_t next_us = schedule_next(s, at_us);
	if (schedule_kind(s) == SCHEDULE_AFTER_SNAPSHOT) {
		FUZZ_CHECK(next_us == TIME_NONE && schedule_delay_us(s) >= 0);
		FUZZ_CHECK(schedule_delay_us(s) <= LIMIT_SCHEDULE_DELAY_MAX_US);
	} else if (next_us != TIME_NONE) {
		FUZZ_CHECK(next_us > at_us);
		/* Nothing lies between: asked a moment before, the answer is the same. */
		FUZZ_CHECK(schedule_next(s, next_us - 1) == next_us);
		FUZZ_CHECK(schedule_next(s, next_us) > next_us ||
			   schedule_next(s, next_us) == TIME_NONE);
	}
	schedule_free(s);
}

static void check_window(const char *text, int64_t at_us)
{
	struct window *w = NULL;
	int r = window_parse(text, &w, &error);

	if (r < 0) {
		check_refusal(r);
		return;
	}
	FUZZ_CHECK(error.len == 0);
	int64_t end_us = window_end(w, at_us), start_us = window_next_start(w, at_us);
	FUZZ_CHECK(end_us >= at_us && (end_us > at_us) == window_contains(w, at_us));
	FUZZ_CHECK(!window_contains(w, end_us));
	FUZZ_CHECK(start_us == TIME_NONE || start_us >= at_us);
	if (start_us != TIME_NONE) {
		FUZZ_CHECK(window_contains(w, start_us));
		FUZZ_CHECK(start_us == at_us || !window_contains(w, start_us - 1));
	}
	window_free(w);
}

static void check_duration(const char *text)
{
	char shown[DURATION_TEXT_SIZE];
	int64_t us = 0, again = 0;

	if (parse_duration(text, 0, 100 * 366 * USEC_PER_DAY, &us) < 0)
		return;
	FUZZ_CHECK(us >= 0 && us <= 100 * 366 * USEC_PER_DAY && us % USEC_PER_SEC == 0);
	FUZZ_CHECK(parse_duration(duration_format(us, shown), 0, INT64_MAX, &again) == 0);
	FUZZ_CHECK(again <= us);
	FUZZ_CHECK(parse_duration(duration_format(again, shown), 0, INT64_MAX, &us) == 0);
	FUZZ_CHECK(us == again);
}

/* Fields of an instant and the instant of its fields. */
static void check_civil(int64_t at_us)
{
	struct civil c = civil_from_us(at_us);
	char text[TIME_TEXT_SIZE];
	int64_t us = 0;

	FUZZ_CHECK(c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31);
	FUZZ_CHECK(c.hour >= 0 && c.hour <= 23 && c.minute >= 0 && c.minute <= 59);
	FUZZ_CHECK(c.second >= 0 && c.second <= 59 && c.weekday >= 0 && c.weekday <= 6);
	us = civil_to_us(&c);
	FUZZ_CHECK(us == TIME_NONE || (us <= at_us && at_us - us < USEC_PER_SEC));
	if (*time_format(at_us, text))
		FUZZ_CHECK(time_parse(text, &us) == 0 && us == at_us);
	(void)duration_format(at_us, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint64_t bits = 0;
	char text[256];

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | fuzz_byte(&in);
	int64_t at_us = (int64_t)bits;
	(void)fuzz_line(&in, text, sizeof(text));
	check_civil(at_us);
	check_schedule(text, at_us);
	check_window(text, at_us);
	check_duration(text);
	return 0;
}
