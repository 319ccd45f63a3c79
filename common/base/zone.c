/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc's own zones hang on one global TZ. A zone here is a table of changes and a rule for the
 * time after the last one; both answer with the span of constant offset around an instant, and
 * everything else follows from spans.
 */
#include "common/base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/zone_rule.h"

#define ZONE_DIR "/usr/share/zoneinfo"
/* RFC 9636 3.2: an offset should be more than -25 and less than 26 hours. */
#define OFFSET_MIN_S (-25 * 3600 + 1)
#define OFFSET_MAX_S (26 * 3600 - 1)

struct change {
	int64_t at_s;
	int64_t offset_s; /* from there on */
};

struct zone {
	int64_t first_s; /* offset before the first change */
	bool has_rule;
	struct zone_rule rule; /* from the last change on */
	size_t n;
	struct change changes[]; /* strictly ascending */
};

struct zone *zone_free(struct zone *zone)
{
	free(zone);
	return NULL;
}

static struct zone *zone_new(size_t n)
{
	struct zone *zone = calloc(1, sizeof(*zone) + n * sizeof(zone->changes[0]));

	if (zone)
		zone->n = n;
	return zone;
}

/* --- the file --- */

struct header {
	size_t isut, isstd, leap, time, type, chars;
};

#define HEADER_BYTES 44

struct reader {
	const unsigned char *p;
	size_t left;
};

static bool take(struct reader *r, size_t len, const unsigned char **ret)
{
	if (len > r->left)
		return false;
	*ret = r->p;
	r->p += len;
	r->left -= len;
	return true;
}

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool take_header(struct reader *r, struct header *ret)
{
	const unsigned char *p;

	if (!take(r, HEADER_BYTES, &p) || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	*ret = (struct header){
		.isut = be32(p + 20),
		.isstd = be32(p + 24),
		.leap = be32(p + 28),
		.time = be32(p + 32),
		.type = be32(p + 36),
		.chars = be32(p + 40),
	};
	/* Counts that cannot fit would overflow the sums below. */
	return ret->isut <= LIMIT_ZONE_BYTES && ret->isstd <= LIMIT_ZONE_BYTES &&
	       ret->leap <= LIMIT_ZONE_BYTES && ret->time <= LIMIT_ZONE_BYTES &&
	       ret->type <= LIMIT_ZONE_BYTES && ret->chars <= LIMIT_ZONE_BYTES;
}

/* Steps over the block with 32-bit times that is only there for old readers. */
static bool skip_old_block(struct reader *r)
{
	const unsigned char *ignored;
	struct header h;

	return take_header(r, &h) &&
	       take(r, h.time * 5 + h.type * 6 + h.chars + h.leap * 8 + h.isstd + h.isut, &ignored);
}

static bool type_offset(const unsigned char *types, size_t n, size_t index, int64_t *ret_s)
{
	int32_t offset;

	if (index >= n)
		return false;
	offset = (int32_t)be32(types + index * 6);
	if (offset < OFFSET_MIN_S || offset > OFFSET_MAX_S)
		return false;
	*ret_s = offset;
	return true;
}

static bool fill_changes(struct zone *zone, const unsigned char *times,
	const unsigned char *indices, const unsigned char *types, size_t n_types)
{
	if (!type_offset(types, n_types, 0, &zone->first_s))
		return false;
	for (size_t i = 0; i < zone->n; i++) {
		struct change *c = &zone->changes[i];

		c->at_s = be64(times + i * 8);
		if (i > 0 && c->at_s <= c[-1].at_s)
			return false;
		if (!type_offset(types, n_types, indices[i], &c->offset_s))
			return false;
	}
	return true;
}

/* "\n" rule "\n"; an empty rule means that the last offset stays. */
static bool fill_rule(struct zone *zone, struct reader *r)
{
	char text[128];
	size_t len;

	if (r->left < 2 || r->p[0] != '\n' || r->p[r->left - 1] != '\n')
		return false;
	len = r->left - 2;
	if (len >= sizeof(text) || memchr(r->p + 1, '\0', len))
		return false;
	memcpy(text, r->p + 1, len);
	text[len] = '\0';
	zone->has_rule = len > 0;
	return len == 0 || zone_rule_parse(text, &zone->rule) == 0;
}

int zone_from_tzif(const void *data, size_t len, struct zone **ret)
{
	struct reader r = {.p = data, .left = len};
	_cleanup_(zone_freep) struct zone *zone = NULL;
	const unsigned char *times, *indices, *types, *ignored;
	struct header h;

	if (len > LIMIT_ZONE_BYTES || !skip_old_block(&r) || !take_header(&r, &h))
		return -EINVAL;
	/* Leap seconds are in the "right/" files only, whose times are not POSIX times. */
	if (h.leap > 0 || h.type == 0)
		return -EINVAL;
	if (!take(&r, h.time * 8, &times) || !take(&r, h.time, &indices) ||
		!take(&r, h.type * 6, &types) || !take(&r, h.chars + h.isstd + h.isut, &ignored))
		return -EINVAL;
	zone = zone_new(h.time);
	if (!zone)
		return -ENOMEM;
	if (!fill_changes(zone, times, indices, types, h.type) || !fill_rule(zone, &r))
		return -EINVAL;
	*ret = TAKE_PTR(zone);
	return 0;
}

/* Names go into a path: no way up, no absolute path, nothing hidden, no control characters. */
static bool name_valid(const char *name)
{
	size_t len = strnlen(name, LIMIT_ZONE_NAME_BYTES + 1);

	if (len == 0 || len > LIMIT_ZONE_NAME_BYTES || name[0] == '/' || name[len - 1] == '/')
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_+-/") == len;
}

/* 0, -ENOENT (not a regular file), -EFBIG or -errno. */
static int read_zone_file(const char *path, unsigned char *data, size_t size, size_t *ret_len)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t len = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	for (;;) {
		ssize_t n = read(fd, data + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	*ret_len = len;
	return 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void append_unknown(struct buf *error, const char *name)
{
	static const char *const regions[] = {"Europe", "America", "Asia", "Africa", "Australia",
		"Pacific", "Atlantic", "Indian", "America/Argentina", "America/Indiana"};
	char path[sizeof(ZONE_DIR) + LIMIT_ZONE_NAME_BYTES + 32];

	buf_puts(error, "unknown zone '");
	text_append_visible(error, name, strlen(name));
	buf_puts(error, "'");
	for (size_t i = 0; name_valid(name) && i < ARRAY_SIZE(regions); i++) {
		(void)snprintf(path, sizeof(path), ZONE_DIR "/%s/%s", regions[i], name);
		if (is_file(path)) {
			buf_printf(error, ", did you mean %s/%s?", regions[i], name);
			return;
		}
	}
	if (access(ZONE_DIR, R_OK) == 0)
		buf_puts(error, ", expected UTC or a name of " ZONE_DIR " such as Europe/Berlin");
	else
		buf_puts(error, ", " ZONE_DIR " cannot be read: install tzdata, or use UTC");
}

static int load_file(const char *name, struct zone **ret, struct buf *error)
{
	_cleanup_(freep) unsigned char *data = malloc(LIMIT_ZONE_BYTES + 1);
	char path[sizeof(ZONE_DIR) + LIMIT_ZONE_NAME_BYTES + 2];
	size_t len = 0;
	int r;

	if (!data)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), ZONE_DIR "/%s", name);
	r = read_zone_file(path, data, LIMIT_ZONE_BYTES + 1, &len);
	if (r == -ENOENT || r == -ENOTDIR) {
		append_unknown(error, name);
		return -EINVAL;
	}
	if (r < 0) {
		buf_printf(error, "zone '%s': %s: %s", name, path, err_text(r));
		return -EINVAL;
	}
	r = zone_from_tzif(data, len, ret);
	if (r == -EINVAL)
		buf_printf(error, "zone '%s': %s is not a usable zoneinfo file", name, path);
	return r;
}

int zone_load(const char *name, struct zone **ret, struct buf *error)
{
	if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) {
		struct zone *utc = zone_new(0);

		if (!utc)
			return -ENOMEM;
		*ret = utc;
		return 0;
	}
	if (!name_valid(name)) {
		append_unknown(error, name);
		return -EINVAL;
	}
	return load_file(name, ret, error);
}

/* --- questions --- */

/* How many changes lie at or before utc_s. */
static size_t changes_until(const struct zone *zone, int64_t utc_s)
{
	size_t low = 0, high = zone->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (zone->changes[mid].at_s <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct zone_span zone_span(const struct zone *zone, int64_t utc_s)
{
	size_t i = changes_until(zone, utc_s);
	struct zone_span span = {
		.start_s = i > 0 ? zone->changes[i - 1].at_s : INT64_MIN,
		.end_s = i < zone->n ? zone->changes[i].at_s : INT64_MAX,
		.offset_s = i > 0 ? zone->changes[i - 1].offset_s : zone->first_s,
	};

	if (i == zone->n && zone->has_rule) {
		struct zone_span by_rule = zone_rule_span(&zone->rule, utc_s);

		span.offset_s = by_rule.offset_s;
		span.end_s = by_rule.end_s;
		if (by_rule.start_s > span.start_s)
			span.start_s = by_rule.start_s;
	}
	return span;
}

static int64_t floor_seconds(int64_t us)
{
	return us / USEC_PER_SEC - (us % USEC_PER_SEC < 0);
}

int64_t zone_offset_us(const struct zone *zone, int64_t utc_us)
{
	return zone_span(zone, floor_seconds(utc_us)).offset_s * USEC_PER_SEC;
}

int64_t zone_to_local_us(const struct zone *zone, int64_t utc_us)
{
	int64_t local_us;

	if (__builtin_add_overflow(utc_us, zone_offset_us(zone, utc_us), &local_us))
		return utc_us < 0 ? INT64_MIN : INT64_MAX;
	return local_us;
}

static int64_t join_us(int64_t seconds, int64_t fraction_us)
{
	int64_t us;

	if (__builtin_mul_overflow(seconds, USEC_PER_SEC, &us) ||
		__builtin_add_overflow(us, fraction_us, &us))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return us;
}

/*
 * Looks through every span that could hold the local time. Two changes may lie close together, so
 * it does not rely on the offsets just before and after.
 */
enum zone_local zone_to_utc_us(const struct zone *zone, int64_t local_us, int64_t *ret_utc_us)
{
	int64_t local_s = floor_seconds(local_us);
	int64_t fraction_us = local_us - local_s * USEC_PER_SEC;
	int64_t last_s = local_s - OFFSET_MIN_S;
	int64_t found_s = 0, after_gap_s = 0;
	int found = 0;
	bool gap_seen = false;

	for (int64_t at = local_s - OFFSET_MAX_S; at <= last_s;) {
		struct zone_span span = zone_span(zone, at);
		int64_t utc_s = local_s - span.offset_s;

		if (utc_s >= span.start_s && utc_s < span.end_s) {
			if (found++ == 0)
				found_s = utc_s;
		} else if (utc_s < span.start_s && !gap_seen) {
			after_gap_s = span.start_s;
			gap_seen = true;
		}
		if (span.end_s > last_s)
			break;
		at = span.end_s;
	}
	if (found == 0) {
		*ret_utc_us = join_us(after_gap_s, 0);
		return ZONE_LOCAL_GAP;
	}
	*ret_utc_us = join_us(found_s, fraction_us);
	return found > 1 ? ZONE_LOCAL_OVERLAP : ZONE_LOCAL_UNIQUE;
}
