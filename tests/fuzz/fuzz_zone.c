/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone files and the rules in them. Whatever a file says, an instant goes to local time and back:
 * to itself, or to the first of the instants that share its local time.
 *
 * The first byte tells a rule alone from a file; eight bytes are the instant.
 */
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/zone.h"
#include "common/base/zone_rule.h"
#include "tests/fuzz/fuzz.h"

/* The years 1 to 9999, outside of which nothing asks. */
static int64_t instant(struct fuzz_input *in)
{
	const int64_t first_s = -62135510400, last_s = 253399622400;
	uint64_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | fuzz_byte(in);
	return (first_s + (int64_t)(bits % (uint64_t)(last_s - first_s))) * USEC_PER_SEC;
}

static void check_rule(const char *text, int64_t at_us)
{
	struct zone_rule rule;
	int64_t at_s = at_us / USEC_PER_SEC;

	if (zone_rule_parse(text, &rule) < 0)
		return;
	struct zone_span span = zone_rule_span(&rule, at_s);
	FUZZ_CHECK(span.start_s <= at_s && at_s < span.end_s);
	FUZZ_CHECK(span.offset_s == rule.standard_s ||
		   (rule.has_daylight && span.offset_s == rule.daylight_s));
	if (span.end_s != INT64_MAX) {
		struct zone_span next = zone_rule_span(&rule, span.end_s);

		FUZZ_CHECK(next.start_s <= span.end_s && next.end_s > span.end_s);
	}
}

static void check_zone(const struct zone *zone, int64_t at_us)
{
	int64_t local_us = zone_to_local_us(zone, at_us), back_us = 0, again_us = 0;

	FUZZ_CHECK(local_us - at_us == zone_offset_us(zone, at_us));
	switch (zone_to_utc_us(zone, local_us, &back_us)) {
	case ZONE_LOCAL_UNIQUE:
		FUZZ_CHECK(back_us == at_us);
		break;
	case ZONE_LOCAL_OVERLAP:
		FUZZ_CHECK(back_us <= at_us && zone_to_local_us(zone, back_us) == local_us);
		break;
	case ZONE_LOCAL_GAP:
		fuzz_broken("a local time that an instant has is not skipped", __FILE__, __LINE__);
	}
	/* The first instant after a gap shows a later time. */
	if (zone_to_utc_us(zone, at_us, &again_us) == ZONE_LOCAL_GAP)
		FUZZ_CHECK(zone_to_local_us(zone, again_us) > at_us);
	else
		FUZZ_CHECK(zone_to_local_us(zone, again_us) == at_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	bool alone = fuzz_byte(&in) & 1;
	int64_t at_us = instant(&in);
	struct zone *zone = NULL;
	char text[256];

	if (alone) {
		check_rule(fuzz_line(&in, text, sizeof(text)), at_us);
		return 0;
	}
	int r = zone_from_tzif(in.data, in.len, &zone);
	FUZZ_CHECK(r == 0 || r == -EINVAL);
	if (r == 0)
		check_zone(zone, at_us);
	zone_free(zone);
	return 0;
}
