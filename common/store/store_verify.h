/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what is stored still what was stored? The engine's own check; then, job by job, that rows,
 * pages and counters fit each other; and, unless it is to be quick, the hash of every page. Reads
 * only, a job or a page at a time, so that it never holds a long view of the store. What is damaged
 * is named and stepped over: the rest is looked at all the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/store/store.h"

/* One thing that is wrong. Valid during the call. */
struct store_damage {
	const char *part;   /* "database", "rows", "page", "reference" */
	const char *tenant; /* NULL: not known, or not about one */
	int64_t job, page;  /* 0: not about one */
	const char *text;   /* what is wrong, for people */
};
typedef void (*store_damage_fn)(void *arg, const struct store_damage *damage);

struct store_verified {
	int64_t jobs, pages, damages; /* pages: whose hash was compared */
};

/* 0 whether or not damage was found; < 0 (as in db.h) when looking itself was not possible. */
int store_verify(
	struct store *s, bool quick, store_damage_fn found, void *arg, struct store_verified *ret);
