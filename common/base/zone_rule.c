/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/zone_rule.h"

#include <errno.h>
#include <string.h>

#include "common/base/timefmt.h"

#define SEC_PER_DAY INT64_C(86400)
/* RFC 9636 3.3.2: the hour of a rule may be -167 to 167; POSIX: the hour of an offset 0 to 24. */
#define RULE_HOURS_MAX 167
#define OFFSET_HOURS_MAX 24

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Each take_*() moves *p over what it read; false leaves it anywhere. */
static bool take_int(const char **p, int min, int max, int *ret)
{
	int value = 0;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p) && value <= max; (*p)++)
		value = value * 10 + (**p - '0');
	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* "CET" or "<+0330>": at least three characters. */
static bool take_name(const char **p)
{
	bool quoted = take_char(p, '<');
	const char *start = *p;
	size_t len;

	while (is_letter(**p) || (quoted && (is_digit(**p) || **p == '+' || **p == '-')))
		(*p)++;
	len = (size_t)(*p - start);
	return len >= 3 && (!quoted || take_char(p, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **p, int hours_max, int64_t *ret_s)
{
	int hours, minutes = 0, seconds = 0, sign = 1;

	if (take_char(p, '-'))
		sign = -1;
	else
		(void)take_char(p, '+');
	if (!take_int(p, 0, hours_max, &hours))
		return false;
	if (take_char(p, ':')) {
		if (!take_int(p, 0, 59, &minutes))
			return false;
		if (take_char(p, ':') && !take_int(p, 0, 59, &seconds))
			return false;
	}
	*ret_s = sign * ((int64_t)hours * 3600 + minutes * 60 + seconds);
	return true;
}

/* ,date[/time] */
static bool take_date(const char **p, struct zone_date *ret)
{
	struct zone_date date = {.time_s = 2 * 3600};

	if (!take_char(p, ','))
		return false;
	if (take_char(p, 'M')) {
		date.kind = ZONE_DATE_WEEKDAY;
		if (!take_int(p, 1, 12, &date.month) || !take_char(p, '.') ||
			!take_int(p, 1, 5, &date.week) || !take_char(p, '.') ||
			!take_int(p, 0, 6, &date.day))
			return false;
	} else if (take_char(p, 'J')) {
		date.kind = ZONE_DATE_JULIAN;
		if (!take_int(p, 1, 365, &date.day))
			return false;
	} else {
		date.kind = ZONE_DATE_DAY;
		if (!take_int(p, 0, 365, &date.day))
			return false;
	}
	if (take_char(p, '/') && !take_time(p, RULE_HOURS_MAX, &date.time_s))
		return false;
	*ret = date;
	return true;
}

int zone_rule_parse(const char *text, struct zone_rule *ret)
{
	struct zone_rule rule = {};
	const char *p = text;
	int64_t west_s;

	if (!take_name(&p) || !take_time(&p, OFFSET_HOURS_MAX, &west_s))
		return -EINVAL;
	rule.standard_s = -west_s;
	if (*p) {
		rule.has_daylight = true;
		rule.daylight_s = rule.standard_s + 3600;
		if (!take_name(&p))
			return -EINVAL;
		if (*p != ',') {
			if (!take_time(&p, OFFSET_HOURS_MAX, &west_s))
				return -EINVAL;
			rule.daylight_s = -west_s;
		}
		if (!take_date(&p, &rule.start) || !take_date(&p, &rule.end) || *p)
			return -EINVAL;
	}
	*ret = rule;
	return 0;
}

/* The local time at which the date falls in that year, as if it were UTC. */
static int64_t date_in_year(const struct zone_date *date, int year)
{
	int64_t days, next_month, sunday_based;

	switch (date->kind) {
	case ZONE_DATE_WEEKDAY:
		days = civil_days(year, date->month, 1);
		next_month = civil_days(year + date->month / 12, date->month % 12 + 1, 1);
		sunday_based = (civil_weekday(days) + 1) % 7;
		days += (date->day - sunday_based + 7) % 7 + 7 * (date->week - 1);
		if (days >= next_month)
			days -= 7;
		break;
	case ZONE_DATE_JULIAN:
		/* From 1 March on count from there, which steps over 29 February. */
		days = date->day < 60 ? civil_days(year, 1, date->day)
				      : civil_days(year, 3, date->day - 59);
		break;
	case ZONE_DATE_DAY:
	default:
		days = civil_days(year, 1, date->day + 1);
		break;
	}
	return days * SEC_PER_DAY + date->time_s;
}

/* Takes a change at at_s into account when it is the last one up to utc_s or the first one after
 * it. */
static void narrow(struct zone_span *span, int64_t utc_s, int64_t at_s, int64_t offset_s)
{
	if (at_s > utc_s) {
		if (at_s < span->end_s)
			span->end_s = at_s;
	} else if (at_s >= span->start_s) {
		span->start_s = at_s;
		span->offset_s = offset_s;
	}
}

static int year_at(int64_t utc_s)
{
	int64_t us;

	/* Seconds reach further than microseconds; 290,000 years from now nobody will notice. */
	if (__builtin_mul_overflow(utc_s, USEC_PER_SEC, &us))
		us = utc_s < 0 ? INT64_MIN : INT64_MAX;
	return civil_from_us(us).year;
}

/*
 * A rule may reach over the border of a year (a week in RULE_HOURS_MAX, daylight saving over New
 * Year in the south), so its neighbours are looked at as well. Ends come before starts: where both
 * fall together ("0/0,J365/25", daylight saving all year), the start wins.
 */
struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t utc_s)
{
	struct zone_span span = {
		.start_s = INT64_MIN, .end_s = INT64_MAX, .offset_s = rule->standard_s};
	int year;

	if (!rule->has_daylight)
		return span;
	year = year_at(utc_s);
	for (int y = year - 1; y <= year + 1; y++)
		narrow(&span, utc_s, date_in_year(&rule->end, y) - rule->daylight_s,
			rule->standard_s);
	for (int y = year - 1; y <= year + 1; y++)
		narrow(&span, utc_s, date_in_year(&rule->start, y) - rule->standard_s,
			rule->daylight_s);
	return span;
}
