/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says when a tenant is to be looked at: one timer for all tenants, spread by a fixed offset per
 * tenant so that many do not come at once. It knows times, nothing of what a look is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct loop;
struct tenant;
struct ticker;

typedef void (*ticker_due_fn)(void *arg, struct tenant *t);

int ticker_new(struct loop *l, ticker_due_fn due, void *arg, struct ticker **ret);
struct ticker *ticker_free(struct ticker *t);
DEFINE_CLEANUP(struct ticker, ticker_free);

/* A new tenant is due at once (plus its offset when there are several). */
void ticker_add(struct ticker *k, struct tenant *t);
void ticker_remove(struct ticker *k, struct tenant *t);
/*
 * Sets the next look; wall time (past: at once), to which the tenant's offset is added. It replaces
 * what was set before, nearer or not. A tenant that is due and not set again is due again after its
 * look_every. Unknown tenants are ignored.
 */
void ticker_set(struct ticker *k, struct tenant *t, int64_t at_us);
/* The wall clock was set: computes its timer anew. */
void ticker_clock_jumped(struct ticker *k);
