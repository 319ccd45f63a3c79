/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by queue.c (lanes, who goes when) and queue_store.c (what is kept in the store) only.
 */
#pragma once

#include "common/store/store_job.h"
#include "daemon/watch/queue.h"

struct loop_timer;
struct queue_request;

/* One tenant. */
struct queue_lane {
	struct queue_lane *next;
	struct tenant *t;
	struct run_list waiting;  /* owned */
	const struct run *holder; /* at the service, or about to be; owned by who was started */
	int64_t not_before_us;	  /* the slot is taken, or the service away: for all runs */
	bool hold_said;		  /* by a person, since: newer than what is being loaded */
};

struct queue {
	struct queue_env env;
	struct queue_lane *lanes;
	size_t n_lanes;
	struct loop_timer *timer;
	struct queue_request *requests; /* under way to the store */
	bool draining;
};

/* NULL: the tenant is not here (any more). */
struct queue_lane *queue_lane(const struct queue *q, const struct tenant *t);
struct queue_lane *queue_lane_get(struct queue *q, struct tenant *t);
void queue_runs_add(struct run_list *list, struct run *run);
struct run *queue_runs_take(struct run_list *list, size_t at);
/* Picks on the next turn. */
void queue_kick(struct queue *q);

/* Ends a queued run (consumed) that the configuration no longer has. */
void queue_drop(struct queue *q, struct tenant *t, struct run *run);
/* Asks the store how long previews of the tenant take. */
void queue_learn_usual(struct queue *q, struct tenant *t);
/* The queue goes: answers of the store find nobody. */
void queue_requests_orphan(struct queue *q);
