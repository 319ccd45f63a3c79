/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc is the oracle: this program sets TZ for itself (each test is a process of its own) and
 * compares with localtime_r().
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/timefmt.h"
#include "common/base/zone.h"
#include "common/base/zone_rule.h"

Suite *suite(void);

static struct zone *load(const char *name)
{
	struct buf error = BUF_INIT(500);
	struct zone *zone = NULL;
	int r = zone_load(name, &zone, &error);

	ck_assert_msg(r == 0, "%s: %s", name, buf_text(&error));
	ck_assert_uint_eq(error.len, 0);
	buf_done(&error);
	return zone;
}

static int64_t at(const char *text)
{
	int64_t us = TIME_NONE;

	ck_assert_msg(time_parse(text, &us) == 0, "%s", text);
	return us;
}

static const char *const zones[] = {
	"UTC",
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe", /* half an hour of daylight saving, over New Year */
	"Asia/Kolkata",
	"Europe/Dublin",     /* negative daylight saving */
	"America/Nuuk",	     /* changes on a Saturday evening, hour -1 of the rule */
	"Africa/Casablanca", /* by the moon */
	"Pacific/Apia",	     /* left out a whole day */
	"America/St_Johns",
	"Asia/Gaza",
	"Antarctica/Troll", /* two hours */
	"America/Argentina/Buenos_Aires",
};

static int64_t libc_offset_s(int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;

	ck_assert_ptr_nonnull(localtime_r(&t, &tm));
	return tm.tm_gmtoff;
}

/* Three times a day from 2000 to 2060, and the seconds around every change. */
START_TEST(as_libc)
{
	_cleanup_(zone_freep) struct zone *zone = load(zones[_i]);
	int64_t from = 946684800, to = 2871763200, step = 8 * 3600 + 7, before;

	setenv("TZ", zones[_i], 1);
	tzset();
	before = libc_offset_s(from);
	for (int64_t s = from; s < to; s += step) {
		int64_t offset = libc_offset_s(s), low = s - step, high = s;

		if (zone_offset_us(zone, s * USEC_PER_SEC) != offset * USEC_PER_SEC)
			ck_abort_msg("%s at %lld", zones[_i], (long long)s);
		if (offset == before)
			continue;
		while (high - low > 1) {
			int64_t mid = (low + high) / 2;

			*(libc_offset_s(mid) == before ? &low : &high) = mid;
		}
		ck_assert_int_eq(zone_offset_us(zone, high * USEC_PER_SEC - 1),
			libc_offset_s(low) * USEC_PER_SEC);
		ck_assert_int_eq(zone_offset_us(zone, high * USEC_PER_SEC),
			libc_offset_s(high) * USEC_PER_SEC);
		before = offset;
	}
}
END_TEST

/* From local time to the instant and back; three years have every kind of change. */
START_TEST(round_trip)
{
	_cleanup_(zone_freep) struct zone *zone = load(zones[_i]);
	int64_t end = at("2013-01-01T00:00:00Z");

	for (int64_t us = at("2010-01-01T00:00:00Z"); us < end; us += 29 * USEC_PER_MIN + 1) {
		int64_t local = zone_to_local_us(zone, us), back, local_back;
		enum zone_local kind = zone_to_utc_us(zone, local, &back);

		local_back = zone_to_local_us(zone, back);
		if (kind == ZONE_LOCAL_GAP || local_back != local)
			ck_abort_msg("%s at %lld", zones[_i], (long long)us);
		if (kind == ZONE_LOCAL_UNIQUE ? back != us : back > us)
			ck_abort_msg("%s at %lld: not the first", zones[_i], (long long)us);
	}
}
END_TEST

static const struct {
	const char *zone, *local; /* local written as if it were UTC */
	enum zone_local kind;
	const char *utc;
} locals[] = {
	{"UTC", "2026-03-29T02:30:00Z", ZONE_LOCAL_UNIQUE, "2026-03-29T02:30:00Z"},
	{"Z", "2026-03-29T02:30:00Z", ZONE_LOCAL_UNIQUE, "2026-03-29T02:30:00Z"},
	{"Europe/Berlin", "2026-03-29T01:59:59.999999Z", ZONE_LOCAL_UNIQUE,
		"2026-03-29T00:59:59.999999Z"},
	{"Europe/Berlin", "2026-03-29T02:00:00Z", ZONE_LOCAL_GAP, "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-03-29T02:30:00.5Z", ZONE_LOCAL_GAP, "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-03-29T03:00:00Z", ZONE_LOCAL_UNIQUE, "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-10-25T01:59:59Z", ZONE_LOCAL_UNIQUE, "2026-10-24T23:59:59Z"},
	{"Europe/Berlin", "2026-10-25T02:00:00Z", ZONE_LOCAL_OVERLAP, "2026-10-25T00:00:00Z"},
	{"Europe/Berlin", "2026-10-25T02:59:59.25Z", ZONE_LOCAL_OVERLAP,
		"2026-10-25T00:59:59.250000Z"},
	{"Europe/Berlin", "2026-10-25T03:00:00Z", ZONE_LOCAL_UNIQUE, "2026-10-25T02:00:00Z"},
	{"Europe/Berlin", "2057-03-25T02:30:00Z", ZONE_LOCAL_GAP, "2057-03-25T01:00:00Z"},
	{"America/New_York", "2026-03-08T02:15:00Z", ZONE_LOCAL_GAP, "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T01:15:00Z", ZONE_LOCAL_OVERLAP, "2026-11-01T05:15:00Z"},
	{"Australia/Lord_Howe", "2026-10-04T02:15:00Z", ZONE_LOCAL_GAP, "2026-10-03T15:30:00Z"},
	{"Australia/Lord_Howe", "2026-04-05T01:45:00Z", ZONE_LOCAL_OVERLAP, "2026-04-04T14:45:00Z"},
	{"Australia/Lord_Howe", "2027-01-01T00:15:00Z", ZONE_LOCAL_UNIQUE, "2026-12-31T13:15:00Z"},
	{"Pacific/Apia", "2011-12-30T12:00:00Z", ZONE_LOCAL_GAP, "2011-12-30T10:00:00Z"},
	{"Asia/Kolkata", "2026-06-01T05:30:00Z", ZONE_LOCAL_UNIQUE, "2026-06-01T00:00:00Z"},
};

START_TEST(local_to_utc)
{
	_cleanup_(zone_freep) struct zone *zone = load(locals[_i].zone);
	char text[TIME_TEXT_SIZE];
	int64_t utc = 0;

	ck_assert_int_eq(zone_to_utc_us(zone, at(locals[_i].local), &utc), locals[_i].kind);
	ck_assert_str_eq(time_format(utc, text), locals[_i].utc);
}
END_TEST

START_TEST(extremes)
{
	_cleanup_(zone_freep) struct zone *zone = load("Europe/Berlin");
	int64_t utc;

	ck_assert_int_eq(zone_offset_us(zone, INT64_MIN), (53 * 60 + 28) * USEC_PER_SEC);
	(void)zone_offset_us(zone, INT64_MAX);
	ck_assert_int_eq(zone_to_local_us(zone, INT64_MAX), INT64_MAX);
	(void)zone_to_utc_us(zone, INT64_MIN, &utc);
	ck_assert_int_eq(utc, INT64_MIN);
	(void)zone_to_utc_us(zone, INT64_MAX, &utc);
	ck_assert_int_gt(utc, INT64_MAX - 3 * USEC_PER_HOUR);
}
END_TEST

static const struct {
	const char *name, *error;
} bad_names[] = {
	{"Berlin", "unknown zone 'Berlin', did you mean Europe/Berlin?"},
	{"New_York", "unknown zone 'New_York', did you mean America/New_York?"},
	{"Argentina", "unknown zone 'Argentina', expected UTC or a name"},
	{"Europe", "unknown zone 'Europe', expected UTC or a name"},
	{"Europe/", "unknown zone 'Europe/'"},
	{"", "unknown zone ''"},
	{"/etc/localtime", "unknown zone '/etc/localtime'"},
	{"../zoneinfo/Europe/Berlin", "unknown zone '../zoneinfo/Europe/Berlin'"},
	{"zone.tab", "unknown zone 'zone.tab'"},
	{"leapseconds", "zone 'leapseconds': /usr/share/zoneinfo/leapseconds is not a usable"},
	{"Europe/Berlin\n", "unknown zone 'Europe/Berlin\\n'"},
	{"Europe/Berlin/Mitte", "unknown zone 'Europe/Berlin/Mitte'"},
	{"A0123456789012345678901234567890123456789012345678901234567890123456789", "unknown zone"},
};

START_TEST(refused)
{
	struct buf error = BUF_INIT(500);
	struct zone *zone = NULL;

	ck_assert_int_eq(zone_load(bad_names[_i].name, &zone, &error), -EINVAL);
	ck_assert_ptr_null(zone);
	ck_assert_msg(
		strncmp(buf_text(&error), bad_names[_i].error, strlen(bad_names[_i].error)) == 0,
		"%s", buf_text(&error));
	buf_done(&error);
}
END_TEST

static size_t slurp(const char *path, unsigned char *data, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len;

	ck_assert_ptr_nonnull(f);
	len = fread(data, 1, size, f);
	fclose(f);
	ck_assert_uint_lt(len, size);
	return len;
}

/* A file that is cut anywhere is refused, from its first byte to the last but one. */
START_TEST(cut_file)
{
	unsigned char data[16384];
	size_t len = slurp("/usr/share/zoneinfo/Europe/Berlin", data, sizeof(data));
	struct zone *zone = NULL;

	for (size_t cut = 0; cut < len; cut++) {
		/* Copied so that reading past the end is seen. */
		_cleanup_(freep) unsigned char *copy = malloc(cut + 1);

		memcpy(copy, data, cut);
		copy = realloc(copy, cut ? cut : 1);
		ck_assert_int_eq(zone_from_tzif(copy, cut, &zone), -EINVAL);
	}
	ck_assert_int_eq(zone_from_tzif(data, len, &zone), 0);
	zone_free(zone);
}
END_TEST

/* Whatever one byte becomes: refused, or a zone that answers. */
START_TEST(damaged_file)
{
	unsigned char data[16384];
	size_t len = slurp("/usr/share/zoneinfo/Australia/Lord_Howe", data, sizeof(data));
	int64_t utc;

	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct zone *zone = NULL;

			data[i] ^= (unsigned char)(1 << bit);
			if (zone_from_tzif(data, len, &zone) == 0) {
				(void)zone_to_utc_us(zone, at("2026-04-05T01:45:00Z"), &utc);
				(void)zone_to_utc_us(zone, at("1985-04-05T01:45:00Z"), &utc);
			}
			zone_free(zone);
			data[i] ^= (unsigned char)(1 << bit);
		}
	}
}
END_TEST

static const struct {
	const char *rule;
	const char *utc;
	int64_t offset_s;
} rules[] = {
	{"UTC0", "2026-06-01T00:00:00Z", 0},
	{"<-03>3", "2026-06-01T00:00:00Z", -10800},
	{"<+0545>-5:45", "2026-06-01T00:00:00Z", 20700},
	{"ABC-1:02:03", "2026-06-01T00:00:00Z", 3723},
	{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
	{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
	{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
	{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
	/* South: daylight saving over New Year. */
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2027-01-01T00:00:00Z", 39600},
	{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-07-01T00:00:00Z", 37800},
	/* Negative daylight saving in winter. */
	{"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0},
	{"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-06-01T00:00:00Z", 3600},
	/* Daylight saving all year (RFC 9636 3.3.2). */
	{"EST5EDT,0/0,J365/25", "2026-01-01T04:30:00Z", -14400},
	{"EST5EDT,0/0,J365/25", "2026-12-31T23:59:59Z", -14400},
	{"EST5EDT,0/0,J365/25", "2028-02-29T12:00:00Z", -14400},
	/* Days of the year: J60 is always 1 March, 59 is 29 February in leap years. */
	{"AAA0BBB,J60/0,J61/0", "2028-02-29T23:59:59Z", 0},
	{"AAA0BBB,J60/0,J61/0", "2028-03-01T00:00:00Z", 3600},
	{"AAA0BBB,59/0,60/0", "2028-02-29T00:00:00Z", 3600},
	{"AAA0BBB,59/0,60/0", "2027-03-01T00:00:00Z", 3600},
	{"AAA0BBB,59/0,60/0", "2027-02-28T23:59:59Z", 0},
	/* Times outside of the day, into the next year and out of the one before. */
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
	{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
	{"AAA0BBB,J1/-24,J2/0", "2026-12-31T12:00:00Z", 3600},
	{"AAA0BBB,J364/0,J365/72", "2027-01-02T12:00:00Z", 3600},
	{"AAA0BBB,J364/0,J365/72", "2027-01-02T23:00:00Z", 0},
};

START_TEST(rule_offsets)
{
	struct zone_rule rule;
	struct zone_span span;
	int64_t t = at(rules[_i].utc) / USEC_PER_SEC;

	ck_assert_int_eq(zone_rule_parse(rules[_i].rule, &rule), 0);
	span = zone_rule_span(&rule, t);
	ck_assert_int_eq(span.offset_s, rules[_i].offset_s);
	ck_assert_int_le(span.start_s, t);
	ck_assert_int_gt(span.end_s, t);
}
END_TEST

static const char *const bad_rules[] = {
	"",
	"UTC",
	"UT0",
	"0",
	"UTC25",
	"UTC0:60",
	"UTC0:00:60",
	"<+03-3",
	"<+0>-3",
	"UTC0 ",
	"CET-1CEST",
	"CET-1CEST,M3.5.0",
	"CET-1CEST,M3.5.0,",
	"CET-1CEST,M13.5.0,M10.5.0",
	"CET-1CEST,M3.6.0,M10.5.0",
	"CET-1CEST,M3.5.7,M10.5.0",
	"CET-1CEST,J0,J365",
	"CET-1CEST,J366,J1",
	"CET-1CEST,366,1",
	"CET-1CEST,M3.5.0/168,M10.5.0",
	"CET-1CEST,M3.5.0,M10.5.0/3x",
	"CET-1CEST,M3.5.0,M10.5.0,M1.1.1",
	"CET-99999999999999999999",
};

START_TEST(rule_refused)
{
	struct zone_rule rule;

	ck_assert_msg(zone_rule_parse(bad_rules[_i], &rule) == -EINVAL, "%s", bad_rules[_i]);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("zone");
	TCase *t = tcase_create("zone");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, as_libc, 0, ARRAY_SIZE(zones));
	tcase_add_loop_test(t, round_trip, 0, ARRAY_SIZE(zones));
	tcase_add_loop_test(t, local_to_utc, 0, ARRAY_SIZE(locals));
	tcase_add_test(t, extremes);
	tcase_add_loop_test(t, refused, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(t, cut_file);
	tcase_add_test(t, damaged_file);
	tcase_add_loop_test(t, rule_offsets, 0, ARRAY_SIZE(rules));
	tcase_add_loop_test(t, rule_refused, 0, ARRAY_SIZE(bad_rules));
	suite_add_tcase(s, t);
	return s;
}
