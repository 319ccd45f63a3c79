/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates without libc: gmtime_r() and timegm() differ between libraries at the edges, and strptime()
 * follows the locale.
 */
#include "common/base/timefmt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cleanup.h"

#define SEC_PER_DAY INT64_C(86400)
#define DAYS_PER_400_YEARS INT64_C(146097)
/* From 0000-03-01 to 1970-01-01. */
#define DAYS_TO_EPOCH INT64_C(719468)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Years begin in March here, so that the leap day is the last of its year and the lengths of months
 * follow one formula: (153 * m + 2) / 5 days lie before month m (0 = March).
 */
int64_t civil_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_400_YEARS + day_of_era - DAYS_TO_EPOCH + (day - 1);
}

int civil_weekday(int64_t days)
{
	int64_t since = days + 3; /* the epoch was a Thursday */

	return (int)(since - floor_div(since, 7) * 7);
}

static void date_from_days(int64_t days, struct civil *c)
{
	int64_t shifted = days + DAYS_TO_EPOCH;
	int64_t era = floor_div(shifted, DAYS_PER_400_YEARS);
	int64_t doe = shifted - era * DAYS_PER_400_YEARS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t m = (5 * doy + 2) / 153;

	c->day = (int)(doy - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = (int)(yoe + era * 400 + (c->month <= 2));
	c->weekday = civil_weekday(days);
}

struct civil civil_from_us(int64_t us)
{
	int64_t seconds = floor_div(us, USEC_PER_SEC);
	int64_t days = floor_div(seconds, SEC_PER_DAY);
	int of_day = (int)(seconds - days * SEC_PER_DAY);
	struct civil c = {
		.hour = of_day / 3600,
		.minute = of_day / 60 % 60,
		.second = of_day % 60,
	};

	date_from_days(days, &c);
	return c;
}

int64_t civil_to_us(const struct civil *c)
{
	int64_t seconds = civil_days(c->year, c->month, c->day) * SEC_PER_DAY +
			  (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
	int64_t us;

	if (__builtin_mul_overflow(seconds, USEC_PER_SEC, &us))
		return TIME_NONE;
	return us;
}

const char *time_format(int64_t us, char out[static TIME_TEXT_SIZE])
{
	struct civil c = civil_from_us(us);
	int fraction = (int)(us % USEC_PER_SEC);
	int n;

	out[0] = '\0';
	if (us == TIME_NONE || c.year < 1 || c.year > 9999)
		return out;
	if (fraction < 0)
		fraction += USEC_PER_SEC;
	n = snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
		c.hour, c.minute, c.second);
	if (fraction)
		(void)snprintf(out + n, TIME_TEXT_SIZE - (size_t)n, ".%06dZ", fraction);
	else
		(void)snprintf(out + n, TIME_TEXT_SIZE - (size_t)n, "Z");
	return out;
}

/* Each take_*() moves *p over what it read, or leaves it and returns false. */
static bool take_digits(const char **p, int count, int *ret)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*p += count;
	*ret = value;
	return true;
}

static bool take_text(const char **p, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*p, text, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool take_char(const char **p, char c)
{
	char text[] = {c, '\0'};

	return take_text(p, text);
}

/* The index of the entry of names that comes next. */
static bool take_name(const char **p, const char *const *names, int count, int *ret)
{
	for (int i = 0; i < count; i++) {
		if (take_text(p, names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool take_clock(const char **p, char separator, struct civil *c)
{
	return take_digits(p, 2, &c->hour) && take_char(p, separator) &&
	       take_digits(p, 2, &c->minute) && take_char(p, separator) &&
	       take_digits(p, 2, &c->second);
}

/* A point and at least one digit, to microseconds; nothing when there is no point. */
static bool take_fraction(const char **p, int64_t *ret_us)
{
	int64_t unit = USEC_PER_SEC / 10;
	int64_t us = 0;

	if (**p != '.') {
		*ret_us = 0;
		return true;
	}
	(*p)++;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
		us += unit * (**p - '0');
	*ret_us = us;
	return true;
}

/* Z or +hh:mm: what has to be subtracted from local time. */
static bool take_offset(const char **p, int64_t *ret_us)
{
	int hours, minutes, sign = **p == '-' ? -1 : 1;

	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		*ret_us = 0;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	(*p)++;
	if (!take_digits(p, 2, &hours) || !take_char(p, ':') || !take_digits(p, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*ret_us = sign * (hours * USEC_PER_HOUR + minutes * USEC_PER_MIN);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Checks every field, then the leap second: it exists only as the last one of a UTC day. */
static int civil_checked(const struct civil *c, int64_t offset_us, int64_t *ret_us)
{
	int64_t us;

	if (c->month < 1 || c->month > 12 || c->day < 1)
		return -EINVAL;
	if (c->day > days_in_month(c->year, c->month))
		return -EINVAL;
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return -EINVAL;
	us = civil_to_us(c) - offset_us;
	if (c->second == 60 && us % USEC_PER_DAY != 0)
		return -EINVAL;
	if (civil_from_us(us).year < 1 || civil_from_us(us).year > 9999)
		return -EINVAL;
	*ret_us = us;
	return 0;
}

int time_parse(const char *text, int64_t *ret_us)
{
	struct civil c = {};
	int64_t fraction_us, offset_us, us;
	const char *p = text;
	bool dashes;

	if (!text || !take_digits(&p, 4, &c.year) || !take_char(&p, '-') ||
		!take_digits(&p, 2, &c.month) || !take_char(&p, '-') ||
		!take_digits(&p, 2, &c.day) || (*p != 'T' && *p != 't'))
		return -EINVAL;
	p++;
	/* learn.microsoft.com shows "2023-03-30T12-01-03.45Z" for a snapshot. */
	dashes = strnlen(p, 3) == 3 && p[2] == '-';
	if (!take_clock(&p, dashes ? '-' : ':', &c) || !take_fraction(&p, &fraction_us) ||
		!take_offset(&p, &offset_us) || *p != '\0')
		return -EINVAL;
	if (civil_checked(&c, offset_us, &us) < 0)
		return -EINVAL;
	*ret_us = us + fraction_us;
	return 0;
}

static const char *const month_names[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool take_month(const char **p, struct civil *c)
{
	if (!take_name(p, month_names, ARRAY_SIZE(month_names), &c->month))
		return false;
	c->month++;
	return true;
}

/* "06 Nov 1994" and "06-Nov-94", each with its clock and zone. */
static bool take_day_first(const char **p, char separator, int year_digits, struct civil *c)
{
	if (!take_text(p, ", ") || !take_digits(p, 2, &c->day) || !take_char(p, separator) ||
		!take_month(p, c) || !take_char(p, separator) ||
		!take_digits(p, year_digits, &c->year))
		return false;
	if (year_digits == 2)
		c->year += c->year < 70 ? 2000 : 1900;
	return take_char(p, ' ') && take_clock(p, ':', c) && take_text(p, " GMT");
}

/* "Nov  6 08:49:37 1994": asctime() pads the day with a blank. */
static bool take_asctime(const char **p, struct civil *c)
{
	if (!take_char(p, ' ') || !take_month(p, c) || !take_char(p, ' ') ||
		!take_digits(p, take_char(p, ' ') ? 1 : 2, &c->day) || !take_char(p, ' '))
		return false;
	return take_clock(p, ':', c) && take_char(p, ' ') && take_digits(p, 4, &c->year);
}

int time_parse_http(const char *text, int64_t *ret_us)
{
	static const char *const long_days[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	struct civil c = {};
	const char *p = text;
	int ignored;
	bool ok;

	if (!text)
		return -EINVAL;
	if (take_name(&p, long_days, ARRAY_SIZE(long_days), &ignored))
		ok = take_day_first(&p, '-', 2, &c);
	else if (!take_name(&p, days, ARRAY_SIZE(days), &ignored))
		return -EINVAL;
	else if (*p == ',')
		ok = take_day_first(&p, ' ', 4, &c);
	else
		ok = take_asctime(&p, &c);
	if (!ok || *p != '\0')
		return -EINVAL;
	return civil_checked(&c, 0, ret_us);
}

const char *duration_format(int64_t us, char out[static DURATION_TEXT_SIZE])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{SEC_PER_DAY, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	const char *sign = us <= -USEC_PER_SEC ? "-" : "";
	int64_t seconds = us == TIME_NONE ? 0 : (us < 0 ? -us : us) / USEC_PER_SEC;
	size_t i = 0;
	int64_t rest;

	out[0] = '\0';
	if (us == TIME_NONE)
		return out;
	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	rest = i + 1 < ARRAY_SIZE(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
	if (rest)
		(void)snprintf(out, DURATION_TEXT_SIZE, "%s%lld%c %lld%c", sign,
			(long long)(seconds / units[i].seconds), units[i].letter, (long long)rest,
			units[i + 1].letter);
	else
		(void)snprintf(out, DURATION_TEXT_SIZE, "%s%lld%c", sign,
			(long long)(seconds / units[i].seconds), units[i].letter);
	return out;
}
