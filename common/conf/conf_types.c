/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to the field of a struct and back to nothing, for every type of key. Knows no single
 * key: what is particular about one is in its row.
 */
#include <errno.h>
#include <string.h>

#include "common/base/calendar.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf_keys.h"
#include "common/conf/conf_text.h"

static void *field(const struct conf_key *k, void *base)
{
	return (char *)base + k->offset;
}

static size_t *field_n(const struct conf_key *k, void *base)
{
	return (size_t *)(void *)((char *)base + k->offset_n);
}

/* --- lists of strings ------------------------------------------------------------------------- */

int strv_take(struct strv *v, char *text)
{
	char **more = text ? reallocarray(v->items, v->n + 2, sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		return -ENOMEM;
	}
	v->items = more;
	v->items[v->n++] = text;
	v->items[v->n] = NULL;
	return 0;
}

int strv_add(struct strv *v, const char *text)
{
	return strv_take(v, strdup(text));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->n > 1)
		qsort(v->items, v->n, sizeof(*v->items), compare_texts);
}

bool strv_has(const struct strv *v, const char *text)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->items[i], text) == 0)
			return true;
	return false;
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){0};
}

/* --- numbers ---------------------------------------------------------------------------------- */

static int set_duration(const struct conf_key *k, void *out, const char *text, struct buf *error)
{
	char low[DURATION_TEXT_SIZE], high[DURATION_TEXT_SIZE];
	int64_t us = 0;
	int r = parse_duration(text, k->min, k->max, &us);

	if (r == 0) {
		memcpy(out, &us, sizeof(us));
		return 0;
	}
	conf_quote(error, text);
	if (r == -ERANGE)
		buf_printf(error, " is out of range: %s to %s", duration_format(k->min, low),
			duration_format(k->max, high));
	else
		buf_puts(error, " is not a duration (\"90s\", \"75m\", \"26h\", \"400d\")");
	return 1;
}

static int set_count(const struct conf_key *k, void *out, const char *text, struct buf *error)
{
	uint64_t n = 0;
	unsigned count;
	int r = parse_u64(text, (uint64_t)k->min, (uint64_t)k->max, &n);

	if (r == 0) {
		count = (unsigned)n;
		memcpy(out, &count, sizeof(count));
		return 0;
	}
	conf_quote(error, text);
	if (r == -ERANGE)
		buf_printf(error, " is out of range: %lld to %lld", (long long)k->min,
			(long long)k->max);
	else
		buf_puts(error, " is not a number (\"64\")");
	return 1;
}

static int set_bool(void *out, const char *text, struct buf *error)
{
	bool b = false;

	if (parse_bool(text, &b) == 0) {
		memcpy(out, &b, sizeof(b));
		return 0;
	}
	conf_quote(error, text);
	buf_puts(error, " is neither \"yes\" nor \"no\"");
	return 1;
}

static int set_enum(const struct conf_key *k, void *out, const char *text, struct buf *error)
{
	_Static_assert(sizeof(enum verdict) == sizeof(int), "enums are stored as int");

	for (int i = 0; k->names[i]; i++) {
		int value = (int)k->min + i;

		if (strcmp(k->names[i], text) == 0) {
			memcpy(out, &value, sizeof(value));
			return 0;
		}
	}
	conf_quote(error, text);
	buf_puts(error, " is not one of ");
	for (size_t i = 0; k->names[i]; i++)
		buf_printf(error, "%s\"%s\"", i ? ", " : "", k->names[i]);
	conf_suggest(error, text, k->names);
	return 1;
}

static int set_until(void *out, const char *text, struct buf *error)
{
	int64_t us = TIME_NONE;
	char midnight[TIME_TEXT_SIZE];

	if (strlen(text) == strlen("2026-12-31")) {
		memcpy(midnight, text, strlen("2026-12-31"));
		memcpy(midnight + strlen("2026-12-31"), "T00:00:00Z", sizeof("T00:00:00Z"));
		if (time_parse(midnight, &us) == 0)
			us += USEC_PER_DAY;
	} else if (time_parse(text, &us) < 0) {
		us = TIME_NONE;
	}
	if (us != TIME_NONE) {
		memcpy(out, &us, sizeof(us));
		return 0;
	}
	conf_quote(error, text);
	buf_puts(error, " is neither a date (\"2026-12-31\") nor a time "
			"(\"2026-12-31T18:00:00Z\")");
	return 1;
}

/* --- schedules and windows -------------------------------------------------------------------- */

static int parse_object(const struct conf_key *k, const char *text, void **ret, struct buf *error)
{
	struct schedule *schedule = NULL;
	struct window *window = NULL;
	int r;

	if (k->type == CONF_SCHEDULE) {
		r = schedule_parse(text, &schedule, error);
		*ret = schedule;
	} else {
		r = window_parse(text, &window, error);
		*ret = window;
	}
	return r == -EINVAL ? 1 : r;
}

static void free_objects(const struct conf_key *k, void **objects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (k->type == CONF_SCHEDULE)
			(void)schedule_free(objects[i]);
		else
			(void)window_free(objects[i]);
	}
	free(objects);
}

static int set_objects(
	const struct conf_key *k, void *base, const struct strv *texts, struct buf *error)
{
	size_t n = 0;

	if (k->type == CONF_SCHEDULE && texts->n == 0) {
		buf_puts(error, "is empty; without a schedule nothing would ever be compared");
		return 1;
	}

	void **objects = calloc(texts->n + 1, sizeof(*objects));
	int r = objects ? 0 : -ENOMEM;

	for (; r == 0 && n < texts->n; n++)
		r = parse_object(k, texts->items[n], &objects[n], error);
	if (r != 0) {
		/* The one that failed is NULL or was never made. */
		if (objects)
			free_objects(k, objects, n ? n - 1 : 0);
		return r;
	}
	conf_key_clear(k, base);
	memcpy(field(k, base), &objects, sizeof(objects));
	*field_n(k, base) = n;
	return 0;
}

/* --- texts ------------------------------------------------------------------------------------ */

static int set_texts(
	const struct conf_key *k, void *base, const struct strv *texts, struct buf *error)
{
	struct strv *out = field(k, base);
	struct strv made = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < texts->n; i++) {
		char *text = NULL;

		r = conf_text_check(k, texts->items[i], &text, error);
		if (r == 0 && strv_has(&made, text)) {
			conf_quote(error, text);
			buf_puts(error, " is given twice");
			free(text);
			r = 1;
		} else if (r == 0) {
			r = strv_take(&made, text);
		}
	}
	if (r != 0) {
		strv_done(&made);
		return r;
	}
	conf_key_clear(k, base);
	*out = made;
	return 0;
}

static int set_text(const struct conf_key *k, void *base, const char *text, struct buf *error)
{
	char **out = field(k, base);
	char *made = NULL;
	int r = conf_text_check(k, text, &made, error);

	if (r != 0)
		return r;
	free(*out);
	*out = made;
	return 0;
}

/* ---------------------------------------------------------------------------------------------- */

int conf_key_set(const struct conf_key *k, void *base, const struct strv *texts, struct buf *error)
{
	if (k->type == CONF_SCHEDULE || k->type == CONF_WINDOW)
		return set_objects(k, base, texts, error);
	if (k->flags & CONF_LIST)
		return set_texts(k, base, texts, error);
	assert_fatal(texts->n == 1);

	const char *text = texts->items[0];
	switch ((int)k->type) {
	case CONF_DURATION:
		return set_duration(k, field(k, base), text, error);
	case CONF_COUNT:
		return set_count(k, field(k, base), text, error);
	case CONF_BOOL:
		return set_bool(field(k, base), text, error);
	case CONF_ENUM:
		return set_enum(k, field(k, base), text, error);
	case CONF_UNTIL:
		return set_until(field(k, base), text, error);
	default:
		return set_text(k, base, text, error);
	}
}

int conf_key_set_fallback(const struct conf_key *k, void *base)
{
	struct strv one = {.items = (char *[]){(char *)k->fallback, NULL}, .n = 1};
	struct buf error = BUF_INIT(4096);
	int64_t forever = TIME_NONE;
	int r;

	conf_key_clear(k, base);
	if (k->type == CONF_UNTIL) {
		memcpy(field(k, base), &forever, sizeof(forever));
		return 0;
	}
	if (!k->fallback) {
		if ((k->flags & CONF_LIST) || k->type >= CONF_DURATION)
			return 0;
		return text_copy("", (char **)field(k, base));
	}
	r = conf_key_set(k, base, &one, &error);
	buf_done(&error);
	assert_fatal(r <= 0); /* a default that its own row refuses */
	return r;
}

static size_t number_size(enum conf_type type)
{
	switch ((int)type) {
	case CONF_DURATION:
	case CONF_UNTIL:
		return sizeof(int64_t);
	case CONF_BOOL:
		return sizeof(bool);
	default:
		return sizeof(int);
	}
}

void conf_key_clear(const struct conf_key *k, void *base)
{
	if (k->type == CONF_SCHEDULE || k->type == CONF_WINDOW) {
		void **objects;

		memcpy(&objects, field(k, base), sizeof(objects));
		free_objects(k, objects, *field_n(k, base));
		memset(field(k, base), 0, sizeof(objects));
		*field_n(k, base) = 0;
	} else if (k->type >= CONF_DURATION) {
		memset(field(k, base), 0, number_size(k->type));
	} else if (k->flags & CONF_LIST) {
		strv_done(field(k, base));
	} else {
		char **text = field(k, base);

		free(*text);
		*text = NULL;
	}
}
