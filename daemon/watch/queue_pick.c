/* SPDX-License-Identifier: Apache-2.0 */
/* Who goes first, and who goes now. It knows nothing of stores and loops. */
#include "daemon/watch/queue_pick.h"

#include <stdlib.h>

#include "common/base/clock.h"

static int compare(const void *a, const void *b, void *arg)
{
	const struct queue_candidate *candidates = arg;
	const struct queue_candidate *x = &candidates[*(const size_t *)a];
	const struct queue_candidate *y = &candidates[*(const size_t *)b];

	if (x->underway != y->underway)
		return x->underway ? -1 : 1;
	if (x->due_us != y->due_us)
		return x->due_us < y->due_us ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static bool may_go(
	const struct queue_candidate *c, const bool *lane_busy, size_t n_free, int64_t now_us)
{
	if (c->underway)
		return true;
	return n_free > 0 && !lane_busy[c->lane] && c->earliest_us <= now_us;
}

/* What waits for the slot or for room is asked about again when that changes. */
static int64_t next_time(
	const struct queue_candidate *c, size_t n, const bool *lane_busy, int64_t now_us)
{
	int64_t next_us = TIME_NONE;

	for (size_t i = 0; i < n; i++)
		if (!c[i].underway && !lane_busy[c[i].lane] && c[i].earliest_us > now_us &&
			(next_us == TIME_NONE || c[i].earliest_us < next_us))
			next_us = c[i].earliest_us;
	return next_us;
}

size_t queue_pick(const struct queue_candidate *candidates, size_t n, size_t *order,
	bool *lane_busy, size_t n_free, int64_t now_us, int64_t *ret_next_us)
{
	size_t n_picked = 0;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare, (void *)candidates);
	for (size_t i = 0; i < n; i++) {
		const struct queue_candidate *c = &candidates[order[i]];

		if (!may_go(c, lane_busy, n_free, now_us))
			continue;
		if (c->needs_slot) {
			lane_busy[c->lane] = true;
			n_free -= n_free > 0;
		}
		order[n_picked++] = order[i];
	}
	*ret_next_us = next_time(candidates, n, lane_busy, now_us);
	return n_picked;
}
