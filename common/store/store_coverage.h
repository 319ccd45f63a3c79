/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a watch with exactly one filter has been compared without a gap: (from, to]. Moved by
 * judging, in the transaction that stores the verdict. Inside the transaction of the caller.
 */
#pragma once

#include <stdint.h>

#include "common/store/db.h"

struct store;

struct store_coverage {
	int64_t from_us; /* baseline of the run with which the interval began */
	int64_t to_us;	 /* P of the last good run: the service's jobStartDateTime */
	int64_t job;	 /* that run */
};

/* 0, -ENOENT (never covered), or < 0. */
int store_coverage_get(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	struct store_coverage *ret);

/*
 * A good run has compared (run->from_us, run->to_us]. It continues the interval when it begins
 * inside of it, and begins a new one after a gap. It never moves coverage back, so that repeating
 * it changes nothing. 0, -ESTALE (the tenant's lease is somebody else's), or < 0.
 */
int store_coverage_put(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	const struct store_coverage *run);
