/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hold: a person asked that no run of a tenant is started before some time. Inside the transaction
 * of the caller.
 */
#pragma once

#include <stdint.h>

#include "common/store/db.h"

struct store;

/* until_us TIME_NONE lifts it; by (who asked) may be NULL. 0, -ENOENT (no such tenant), or < 0. */
int store_hold_set(struct store *s, int64_t tenant, int64_t until_us, const char *by);
/* TIME_NONE when there is none. 0, -ENOENT, or < 0. */
int store_hold_get(struct store *s, int64_t tenant, int64_t *ret_until_us);
