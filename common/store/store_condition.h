/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operational trouble that lasts: raised when it begins, cleared when it ends. Inside the
 * transaction of the caller.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/store/db.h"

struct store;

/*
 * It holds. 1: it begins now; 0: it held already; -ESTALE (lease), < 0.
 * tenant 0: not about one tenant.
 */
int store_condition_set(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t now_us);
/* It does not hold. 1: it ended now; 0: it did not hold. */
int store_condition_clear(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t now_us);
/* Which alert told of it. */
int store_condition_told(
	struct store *s, int64_t tenant, const char *kind, const char *subject, int64_t alert);

/* One that holds. */
struct store_condition {
	int64_t tenant;
	char *kind, *subject;
	int64_t since_us;
};
struct store_conditions {
	struct store_condition *items;
	size_t n;
};
int store_condition_load(struct store *s, struct store_conditions *ret);
void store_conditions_done(struct store_conditions *list);
