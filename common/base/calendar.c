/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of day are looked for day by day in local time: the instant of a wall time on one civil
 * day is one question to the zone, which knows about gaps and overlaps. Stepping from instant to
 * instant by 24 hours would be wrong twice a year.
 */
#include "common/base/calendar.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/base/zone.h"

#define ALL_DAYS 0x7Fu
#define MINUTES_PER_DAY (24 * 60)
/*
 * Days that a search looks at: a week until the weekday comes again, and as much once more for a
 * window that a gap skips, with room for the day that Samoa left out.
 */
#define SEARCH_DAYS 24
/* 0001-01-02 and 9999-12-01: the zone's offset leads to years of four digits on both sides. */
#define EARLIEST_US (-62135510400 * USEC_PER_SEC)
#define LATEST_US (253399622400 * USEC_PER_SEC)

struct schedule {
	enum schedule_kind kind;
	int64_t interval_us; /* the delay of SCHEDULE_AFTER_SNAPSHOT, the period of SCHEDULE_EVERY
			      */
	unsigned days;	     /* the rest: SCHEDULE_WEEKLY; bit 0 = Monday */
	int minute;	     /* of the day */
	struct zone *zone;
};

struct window {
	unsigned days;	/* on which it starts */
	int start, end; /* minutes of the day; the end may be 24:00, or lie on the next day */
	struct zone *zone;
};

/* --- words --- */

#define WORDS_MAX 8

struct words {
	char text[LIMIT_SCHEDULE_BYTES + 1];
	const char *word[WORDS_MAX + 1]; /* NULL after the last; points into text */
	size_t n;
};

/* Appends "'WORD' MESSAGE" and returns -EINVAL. */
static int complain(struct buf *error, const char *word, const char *message)
{
	buf_putc(error, '\'');
	text_append_visible(error, word, strlen(word));
	buf_puts(error, "' ");
	buf_puts(error, message);
	return -EINVAL;
}

static int complain_plain(struct buf *error, const char *message)
{
	buf_puts(error, message);
	return -EINVAL;
}

static int split_words(const char *text, struct words *ret, struct buf *error)
{
	char *p = ret->text;

	ret->n = 0;
	if (text_into(ret->text, sizeof(ret->text), text) < 0)
		return complain_plain(error, "longer than any schedule can be");
	for (;;) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		if (ret->n == WORDS_MAX)
			return complain(error, p, "is too much");
		ret->word[ret->n++] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
	ret->word[ret->n] = NULL;
	return ret->n > 0 ? 0 : complain_plain(error, "is empty");
}

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_day_names[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/* The day that the first len bytes of text name, or -1. */
static int day_index(const char *text, size_t len)
{
	for (int i = 0; i < 7; i++)
		if ((len == 3 && strncasecmp(text, day_names[i], len) == 0) ||
			(len == strlen(long_day_names[i]) &&
				strncasecmp(text, long_day_names[i], len) == 0))
			return i;
	return -1;
}

/* "Mon" or "Sat..Mon" of len bytes; 0 when it is neither. */
static unsigned day_range(const char *text, size_t len)
{
	const char *dots = memmem(text, len, "..", 2);
	size_t first_len = dots ? (size_t)(dots - text) : len;
	int first = day_index(text, first_len);
	int last = dots ? day_index(dots + 2, len - first_len - 2) : first;
	unsigned days;

	if (first < 0 || last < 0)
		return 0;
	days = 1u << last;
	for (int day = first; day != last; day = (day + 1) % 7)
		days |= 1u << day;
	return days;
}

/* The days of "Mon,Wed,Sat..Mon" or "daily"; 0 when it is not of that form. */
static unsigned day_list(const char *text)
{
	unsigned days = 0;

	if (strcasecmp(text, "daily") == 0)
		return ALL_DAYS;
	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned more = day_range(text, len);

		if (more == 0)
			return 0;
		days |= more;
		text += len;
		if (!*text)
			return days;
		text++;
	}
}

/* "06:30" of exactly five bytes; 24:00 is for those who want it. -1 when it is not of that form. */
static int time_of_day(const char *text)
{
	int hour, minute;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
			return -1;
	hour = (text[0] - '0') * 10 + (text[1] - '0');
	minute = (text[3] - '0') * 10 + (text[4] - '0');
	if (minute > 59 || hour * 60 + minute > MINUTES_PER_DAY)
		return -1;
	return hour * 60 + minute;
}

static bool begins_with_digit(const char *word)
{
	return word[0] >= '0' && word[0] <= '9';
}

/* The last word, if any: a zone, UTC when there is none. Takes all words from index on. */
static int take_zone(const struct words *words, size_t index, struct zone **ret, struct buf *error)
{
	const char *word = words->word[index];

	if (!word)
		return zone_load("UTC", ret, error);
	if (day_list(word))
		return complain(error, word, "has to stand before the time");
	if (begins_with_digit(word))
		return complain(error, word, "is too much: one time is all there can be");
	if (words->word[index + 1])
		return complain(error, words->word[index + 1], "is too much after the zone");
	return zone_load(word, ret, error);
}

/* --- schedules --- */

struct schedule *schedule_free(struct schedule *s)
{
	if (s)
		zone_free(s->zone);
	free(s);
	return NULL;
}

/* The duration that is written from words->word[index] on, "1h 30m" being two words. */
static int take_duration(
	const struct words *words, size_t index, int64_t max_us, int64_t *ret_us, struct buf *error)
{
	struct buf text = BUF_INIT(LIMIT_SCHEDULE_BYTES);
	int r;

	for (size_t i = index; i < words->n; i++) {
		buf_puts(&text, i > index ? " " : "");
		buf_puts(&text, words->word[i]);
	}
	r = buf_error(&text) ? buf_error(&text)
			     : parse_duration(buf_text(&text), 0, max_us, ret_us);
	if (r == -EINVAL)
		(void)complain(error, buf_text(&text), "is not a duration such as 75m or 1h 30m");
	else if (r == -ERANGE)
		(void)complain(error, buf_text(&text), "is too long");
	buf_done(&text);
	return r == -ERANGE ? -EINVAL : r;
}

static int parse_after(const struct words *words, struct schedule *s, struct buf *error)
{
	const char *next = words->word[1];
	struct words rest = *words;

	s->kind = SCHEDULE_AFTER_SNAPSHOT;
	if (!next || strcasecmp(next, "snapshot") != 0)
		return complain(error, next ? next : "after",
			next ? "is not known here: write 'after snapshot +75m'"
			     : "needs more: write 'after snapshot +75m'");
	if (words->n < 3 || words->word[2][0] != '+')
		return complain(error, words->n < 3 ? next : words->word[2],
			words->n < 3 ? "needs a delay: write 'after snapshot +75m'"
				     : "is not a delay such as +75m");
	rest.word[2]++;
	return take_duration(&rest, 2, LIMIT_SCHEDULE_DELAY_MAX_US, &s->interval_us, error);
}

static int parse_every(const struct words *words, struct schedule *s, struct buf *error)
{
	int r;

	s->kind = SCHEDULE_EVERY;
	if (words->n < 2)
		return complain(error, words->word[0], "needs a duration such as 6h");
	r = take_duration(words, 1, LIMIT_SCHEDULE_EVERY_MAX_US, &s->interval_us, error);
	if (r < 0)
		return r;
	if (s->interval_us < LIMIT_SCHEDULE_EVERY_MIN_US)
		return complain(error, words->word[1], "is too short: at least 1m");
	return 0;
}

static int parse_weekly(const struct words *words, struct schedule *s, struct buf *error)
{
	const char *word = words->word[0];
	size_t index = 0;

	s->kind = SCHEDULE_WEEKLY;
	s->days = day_list(word);
	if (s->days)
		word = words->word[++index];
	else
		s->days = ALL_DAYS;
	if (!word)
		return complain(error, words->word[0], "needs a time such as 06:30 after it");
	s->minute = strlen(word) == 5 ? time_of_day(word) : -1;
	if (s->minute == MINUTES_PER_DAY)
		return complain(error, word, "is not a start: the day begins at 00:00");
	if (s->minute < 0 && (index > 0 || begins_with_digit(word)))
		return complain(error, word, "is not a time such as 06:30");
	if (s->minute < 0)
		return complain(error, word,
			"is not understood, expected a time (06:30), days (daily, Mon..Fri, "
			"Mon,Wed), 'every 6h' or 'after snapshot +75m'");
	return take_zone(words, index + 1, &s->zone, error);
}

int schedule_parse(const char *text, struct schedule **ret, struct buf *error)
{
	_cleanup_(schedule_freep) struct schedule *s = calloc(1, sizeof(*s));
	struct words words;
	int r;

	if (!s)
		return -ENOMEM;
	r = split_words(text, &words, error);
	if (r < 0)
		return r;
	if (strcasecmp(words.word[0], "after") == 0)
		r = parse_after(&words, s, error);
	else if (strcasecmp(words.word[0], "every") == 0)
		r = parse_every(&words, s, error);
	else
		r = parse_weekly(&words, s, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

enum schedule_kind schedule_kind(const struct schedule *s)
{
	return s->kind;
}

int64_t schedule_delay_us(const struct schedule *s)
{
	return s->interval_us;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The number of the civil day that it is in the zone. */
static int64_t local_day(const struct zone *zone, int64_t t_us)
{
	return floor_div(zone_to_local_us(zone, t_us), USEC_PER_DAY);
}

/* The instant of a minute of a civil day; minutes past 24:00 are on the days after. */
static int64_t instant_of(const struct zone *zone, int64_t day, int minute)
{
	int64_t us;

	(void)zone_to_utc_us(zone, day * USEC_PER_DAY + minute * USEC_PER_MIN, &us);
	return us;
}

static bool on_day(unsigned days, int64_t day)
{
	return days & 1u << civil_weekday(day);
}

/* The day before is looked at as well: a gap may carry its time over midnight. */
static int64_t next_weekly(const struct schedule *s, int64_t after_us)
{
	int64_t first = local_day(s->zone, after_us) - 1;

	for (int64_t day = first; day < first + SEARCH_DAYS; day++) {
		int64_t due_us;

		if (!on_day(s->days, day))
			continue;
		due_us = instant_of(s->zone, day, s->minute);
		if (due_us > after_us)
			return due_us;
	}
	return TIME_NONE;
}

int64_t schedule_next(const struct schedule *s, int64_t after_us)
{
	if (after_us < EARLIEST_US)
		after_us = EARLIEST_US;
	if (after_us > LATEST_US)
		return TIME_NONE;
	switch (s->kind) {
	case SCHEDULE_EVERY:
		return (floor_div(after_us, s->interval_us) + 1) * s->interval_us;
	case SCHEDULE_WEEKLY:
		return next_weekly(s, after_us);
	case SCHEDULE_AFTER_SNAPSHOT:
	default:
		return TIME_NONE;
	}
}

/* --- windows --- */

struct window *window_free(struct window *w)
{
	if (w)
		zone_free(w->zone);
	free(w);
	return NULL;
}

/* "08:00-18:00" */
static int parse_hours(const char *word, struct window *w, struct buf *error)
{
	if (strlen(word) != 11 || word[5] != '-')
		return complain(error, word, "is not a span of time such as 08:00-18:00");
	w->start = time_of_day(word);
	w->end = time_of_day(word + 6);
	if (w->start < 0 || w->start == MINUTES_PER_DAY || w->end < 0)
		return complain(error, word, "is not a span of time such as 08:00-18:00");
	if (w->start == w->end)
		return complain(
			error, word, "is empty; for whole days write the days without hours");
	if (w->end < w->start)
		w->end += MINUTES_PER_DAY;
	return 0;
}

static int parse_window(const struct words *words, struct window *w, struct buf *error)
{
	size_t index = 0;
	int r;

	w->end = MINUTES_PER_DAY;
	w->days = day_list(words->word[0]);
	if (w->days)
		index++;
	else
		w->days = ALL_DAYS;
	if (words->word[index] && begins_with_digit(words->word[index])) {
		r = parse_hours(words->word[index++], w, error);
		if (r < 0)
			return r;
	}
	if (index == 0)
		return complain(error, words->word[0],
			"is not understood, expected days (Mon..Fri; Sat,Sun), hours "
			"(08:00-18:00) or both");
	if (w->days == ALL_DAYS && w->end - w->start == MINUTES_PER_DAY)
		return complain(error, words->word[0], "is always: such a window never ends");
	return take_zone(words, index, &w->zone, error);
}

int window_parse(const char *text, struct window **ret, struct buf *error)
{
	_cleanup_(window_freep) struct window *w = calloc(1, sizeof(*w));
	struct words words;
	int r;

	if (!w)
		return -ENOMEM;
	r = split_words(text, &words, error);
	if (r < 0)
		return r;
	r = parse_window(&words, w, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(w);
	return 0;
}

/*
 * The latest end of an occurrence around t_us, or TIME_NONE. Those of the two days before count
 * too: one runs over midnight, and a gap may carry it on. So does that of the day after: when
 * clocks go back at 00:01 to 23:01, it has begun already in the second hour of the old day.
 */
static int64_t end_around(const struct window *w, int64_t t_us)
{
	int64_t today, found = TIME_NONE;

	if (t_us < EARLIEST_US || t_us > LATEST_US)
		return TIME_NONE;
	today = local_day(w->zone, t_us);
	for (int64_t day = today - 2; day <= today + 1; day++) {
		int64_t end_us;

		if (!on_day(w->days, day) || instant_of(w->zone, day, w->start) > t_us)
			continue;
		end_us = instant_of(w->zone, day, w->end);
		if (end_us > t_us && end_us > found)
			found = end_us;
	}
	return found;
}

bool window_contains(const struct window *w, int64_t t_us)
{
	return end_around(w, t_us) != TIME_NONE;
}

/* Occurrences that touch (Sat,Sun) are followed to the end of the last. */
int64_t window_end(const struct window *w, int64_t t_us)
{
	int64_t end_us = t_us;

	for (int i = 0; i < SEARCH_DAYS; i++) {
		int64_t later_us = end_around(w, end_us);

		if (later_us == TIME_NONE)
			break;
		end_us = later_us;
	}
	return end_us;
}

int64_t window_next_start(const struct window *w, int64_t t_us)
{
	int64_t first;

	if (t_us < EARLIEST_US)
		t_us = EARLIEST_US;
	if (t_us > LATEST_US)
		return TIME_NONE;
	if (window_contains(w, t_us))
		return t_us;
	first = local_day(w->zone, t_us) - 1;
	for (int64_t day = first; day < first + SEARCH_DAYS; day++) {
		int64_t start_us = instant_of(w->zone, day, w->start);

		if (on_day(w->days, day) && start_us >= t_us &&
			instant_of(w->zone, day, w->end) > start_us)
			return start_us;
	}
	return TIME_NONE;
}
