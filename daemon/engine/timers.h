/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which timer is due next: a binary heap on (due time, order of arming), without a clock and
 * without a callback, so that the real loop and the fake one order timers alike. Arming never
 * allocates: room is made when a node is added.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_IDLE SIZE_MAX

/* Embedded in its owner. Initialise with .at = TIMERS_IDLE. */
struct timers_node {
	int64_t due_us; /* boot time */
	uint64_t seq;	/* order of arming: equal due times run in it */
	size_t at;	/* place in the heap, TIMERS_IDLE when not armed */
};

struct timers {
	struct timers_node **heap; /* n armed ones, room for n_added */
	size_t n, n_added, cap;
	uint64_t seq; /* of the next arming */
};

/* Makes room for one more node. 0 or -ENOMEM. */
int timers_add(struct timers *t);
/* Disarms the node and gives its room back. */
void timers_remove(struct timers *t, struct timers_node *node);

/* Arms, or moves a node that is armed. */
void timers_arm(struct timers *t, struct timers_node *node, int64_t due_us);
void timers_disarm(struct timers *t, struct timers_node *node);

static inline bool timers_armed(const struct timers_node *node)
{
	return node->at != TIMERS_IDLE;
}

/* The next one, NULL when none is armed. */
struct timers_node *timers_first(const struct timers *t);

/*
 * Takes out the next node that is due at now_us and was armed before the sequence number limit,
 * NULL when there is none. With limit = t->seq from before the first call, a callback that arms
 * with zero delay gets its turn in the next round: no timer can starve the loop.
 */
struct timers_node *timers_pop(struct timers *t, int64_t now_us, uint64_t limit);

/* Frees the heap; nodes belong to their owners. */
void timers_done(struct timers *t);
