/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of looks are wall times, timers count on the boot clock. Each entry keeps both: it is due
 * when the wall clock has reached its time, or when as much time has passed as there was to wait
 * for when it was set. So a clock that is set back never delays a look, and one that is set forward
 * does not skip any.
 */
#include "daemon/watch/ticker.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/conf/conf.h"
#include "daemon/engine/loop.h"
#include "daemon/watch/tenant.h"

/* Looks started in one turn of the loop; the rest follow in the next ones. */
#define DUE_PER_TURN 16u

struct tick {
	struct tenant *tenant;
	uint32_t place; /* of the tenant in the spread: 0 to UINT32_MAX */
	int64_t at_wall_us, at_boot_us;
};

struct ticker {
	struct loop_timer *timer;
	ticker_due_fn due;
	void *arg;
	struct tick *ticks;
	size_t n, cap;
};

/* --- spread --------------------------------------------------------------------------------------
 */

/* FNV-1a: a place that is the same on every start and every host. */
static uint32_t place_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	return h;
}

/* A second for each tenant but one: a few do not wait, many do not come at once. */
static int64_t offset_us(const struct ticker *k, const struct tick *tick)
{
	int64_t spread_us = (int64_t)(k->n - 1) * USEC_PER_SEC;

	if (spread_us > LIMIT_TICKER_SPREAD_US)
		spread_us = LIMIT_TICKER_SPREAD_US;
	return (int64_t)(((uint64_t)spread_us * tick->place) >> 32);
}

/* --- the timer -----------------------------------------------------------------------------------
 */

/* The first to be due, and how long until then (0 or less: now). NULL when there are none. */
static struct tick *first(struct ticker *k, int64_t *ret_wait_us)
{
	int64_t wall_us = clock_wall_us(), boot_us = clock_boot_us();
	struct tick *found = NULL;

	for (struct tick *t = k->ticks; t < k->ticks + k->n; t++) {
		int64_t by_wall_us = t->at_wall_us - wall_us;
		int64_t by_boot_us = t->at_boot_us - boot_us;
		int64_t wait_us = by_wall_us < by_boot_us ? by_wall_us : by_boot_us;
		if (!found || wait_us < *ret_wait_us) {
			found = t;
			*ret_wait_us = wait_us;
		}
	}
	return found;
}

static void arm(struct ticker *k)
{
	int64_t wait_us;

	if (first(k, &wait_us))
		loop_timer_arm(k->timer, wait_us);
	else
		loop_timer_disarm(k->timer);
}

static void set(struct ticker *k, struct tick *tick, int64_t at_us)
{
	int64_t now_us = clock_wall_us();

	tick->at_wall_us = (at_us > now_us ? at_us : now_us) + offset_us(k, tick);
	tick->at_boot_us = clock_boot_us() + (tick->at_wall_us - now_us);
	tick->tenant->next_look_us = tick->at_wall_us;
}

static void expired(void *arg)
{
	struct ticker *k = arg;
	int64_t wait_us;

	for (unsigned i = 0; i < DUE_PER_TURN; i++) {
		struct tick *tick = first(k, &wait_us);
		if (!tick || wait_us > 0)
			break;
		struct tenant *t = tick->tenant;
		/* Whatever becomes of the look: there will be another one. */
		set(k, tick, clock_wall_us() + t->conf->look_every_us);
		k->due(k->arg, t);
	}
	arm(k);
}

/* --- life ----------------------------------------------------------------------------------------
 */

int ticker_new(struct loop *l, ticker_due_fn due, void *arg, struct ticker **ret)
{
	_cleanup_(ticker_freep) struct ticker *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->due = due;
	k->arg = arg;
	int r = loop_timer_new(l, "ticker", expired, k, &k->timer);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(k);
	return 0;
}

struct ticker *ticker_free(struct ticker *k)
{
	if (!k)
		return NULL;
	loop_timer_free(k->timer);
	free(k->ticks);
	free(k);
	return NULL;
}

static struct tick *find(struct ticker *k, const struct tenant *t)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->ticks[i].tenant == t)
			return &k->ticks[i];
	return NULL;
}

void ticker_add(struct ticker *k, struct tenant *t)
{
	if (k->n == k->cap) {
		size_t cap = k->cap > 0 ? 2 * k->cap : 16;
		/* a tenant that is never looked at would be worse than a restart */
		k->ticks = mem_grow(k->ticks, cap, sizeof(*k->ticks));
		k->cap = cap;
	}
	struct tick *tick = &k->ticks[k->n++];
	*tick = (struct tick){.tenant = t, .place = place_of(t->conf->name)};
	set(k, tick, clock_wall_us());
	arm(k);
}

void ticker_remove(struct ticker *k, struct tenant *t)
{
	struct tick *tick = find(k, t);

	if (!tick)
		return;
	*tick = k->ticks[--k->n];
	t->next_look_us = TIME_NONE;
	arm(k);
}

void ticker_set(struct ticker *k, struct tenant *t, int64_t at_us)
{
	struct tick *tick = find(k, t);

	if (!tick)
		return;
	set(k, tick, at_us);
	arm(k);
}

void ticker_clock_jumped(struct ticker *k)
{
	arm(k);
}
