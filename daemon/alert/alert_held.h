/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conditions that hold, in memory, so that what every look says again is not asked of the store
 * each time. The store decides: until its list has come, everything is passed on to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/store/store_condition.h"

struct held_item;
struct held {
	struct held_item *first;
	bool loaded;
	bool ended_early; /* one ended before the list came: it may be in it still */
};

bool held_has(const struct held *h, int64_t tenant, const char *kind, const char *subject);
/* since_us: what the store says counts. 0 or -ENOMEM. */
int held_add(
	struct held *h, int64_t tenant, const char *kind, const char *subject, int64_t since_us);
/*
 * The number of whole every_us that it has held until now, and *ret_since_us, when that number is
 * more than 0 and was not asked for before; else 0.
 */
int64_t held_remind(struct held *h, int64_t tenant, const char *kind, const char *subject,
	int64_t every_us, int64_t now_us, int64_t *ret_since_us);
void held_remove(struct held *h, int64_t tenant, const char *kind, const char *subject);
/* It does not hold (any more). True: the store must be told. */
bool held_end(struct held *h, int64_t tenant, const char *kind, const char *subject);
/* The store's list. False: it may be out of date, ask again. */
bool held_load(struct held *h, const struct store_conditions *list);
void held_done(struct held *h);
