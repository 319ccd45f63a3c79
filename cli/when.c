/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <inttypes.h>

#include "common/base/cleanup.h"
#include "common/base/timefmt.h"

void when_append(struct buf *out, int64_t us, int64_t now_us)
{
	static const struct {
		int64_t below_us, unit_us;
		const char *letter;
	} units[] = {
		{USEC_PER_MIN, USEC_PER_SEC, "s"},
		{USEC_PER_HOUR, USEC_PER_MIN, "m"},
		{2 * USEC_PER_DAY, USEC_PER_HOUR, "h"},
		{INT64_MAX, USEC_PER_DAY, "d"},
	};
	int64_t far_us;
	size_t i = 0;

	if (us == TIME_NONE)
		return;
	far_us = us < now_us ? now_us - us : us - now_us;
	if (far_us < USEC_PER_SEC) {
		buf_puts(out, "now");
		return;
	}
	while (far_us >= units[i].below_us)
		i++;
	buf_printf(out, us < now_us ? "%" PRId64 "%s ago" : "in %" PRId64 "%s",
		far_us / units[i].unit_us, units[i].letter);
}

void when_append_exact(struct buf *out, int64_t us)
{
	char text[TIME_TEXT_SIZE];

	/* "2026-07-12T03:15:00Z" */
	if (*time_format(us, text))
		buf_printf(out, "%.10s %.5s UTC", text, text + 11);
}

void when_append_both(struct buf *out, int64_t us, int64_t now_us)
{
	if (us == TIME_NONE) {
		buf_puts(out, "never");
		return;
	}
	when_append(out, us, now_us);
	buf_puts(out, " (");
	when_append_exact(out, us);
	buf_putc(out, ')');
}
