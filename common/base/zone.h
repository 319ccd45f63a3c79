/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones from the system's zoneinfo files (TZif, RFC 9636). Only zone_load() reads a file;
 * everything else is pure and thread safe. Nothing reads or sets TZ.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"

struct zone;

/*
 * "UTC" and "Z" need no file. Blocks on a small local file. 0, -ENOMEM, or -EINVAL with one line
 * for people appended to error ("unknown zone 'Berlin', did you mean Europe/Berlin?").
 */
int zone_load(const char *name, struct zone **ret, struct buf *error);

/* The same from the bytes of a file (not kept). 0, -ENOMEM or -EINVAL. */
int zone_from_tzif(const void *data, size_t len, struct zone **ret);

struct zone *zone_free(struct zone *zone);
DEFINE_CLEANUP(struct zone, zone_free);

/* Local time minus UTC at that instant. */
int64_t zone_offset_us(const struct zone *zone, int64_t utc_us);

/* Local time is written as if it were UTC: civil_from_us(zone_to_local_us()) are its fields. */
int64_t zone_to_local_us(const struct zone *zone, int64_t utc_us);

enum zone_local {
	ZONE_LOCAL_UNIQUE,
	ZONE_LOCAL_GAP,	    /* skipped by a change of the offset */
	ZONE_LOCAL_OVERLAP, /* happens more than once */
};

/*
 * The instant of a local time: the first of several in an overlap, the first instant after the gap
 * in a gap. *ret_utc_us is always written.
 */
enum zone_local zone_to_utc_us(const struct zone *zone, int64_t local_us, int64_t *ret_utc_us);
