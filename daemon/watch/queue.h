/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs wait here for their turn: one job per tenant at the service, a limit over all tenants, hold
 * (`snapwatch yield`), quiet hours, back-off after a taken slot. Any number may wait. It starts a
 * run by handing it on; it does not know what a job does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/plan.h"
#include "common/model/run.h"

struct loop;
struct queue;
struct store_thread;
struct tenant;

/* The run is owned by the receiver until it says queue_ended() or queue_back(). */
typedef void (*queue_start_fn)(void *arg, struct tenant *t, struct run *run);

struct queue_env {
	struct loop *loop;
	struct store_thread *store;
	queue_start_fn start;
	/* every planned run of this batch is stored (r 0; n new ones, 0 when they were pending
	 * already), or none is (-errno; the next look plans again) */
	void (*queued)(void *arg, struct tenant *t, size_t n, int r);
	void *arg;
	unsigned parallel; /* limit over all tenants; runs between creating and ended at the service
			    */
};
int queue_new(const struct queue_env *env, struct queue **ret);
struct queue *queue_free(struct queue *q);
DEFINE_CLEANUP(struct queue, queue_free);
void queue_set_parallel(struct queue *q, unsigned parallel);

/* Loads unfinished runs, hold and usual duration of a tenant from the store and starts what may
 * start. */
void queue_load(struct queue *q, struct tenant *t);
/* Stores planned runs (one transaction) and queues them. The plan is copied. */
void queue_add(
	struct queue *q, struct tenant *t, const struct plan_input *input, const struct plan *plan);

/* The job no longer holds the slot at the service (it may still be read and judged): the next may
 * start. */
void queue_slot_free(struct queue *q, struct tenant *t, struct run *run);
/* The run has ended; the queue frees it. */
void queue_ended(struct queue *q, struct tenant *t, struct run *run);
/* The slot is somebody else's, or the service does not answer: try again at not_before (wall time).
 */
void queue_back(struct queue *q, struct tenant *t, struct run *run, int64_t not_before_us);

/* Nothing is started before until (kept across restarts); TIME_NONE lifts it. done (may be NULL)
 * when stored, or when the store thread ends without; also after queue_free(). */
void queue_hold(struct queue *q, struct tenant *t, int64_t until_us, const char *by,
	void (*done)(void *arg), void *arg);
/* No more starts (daemon is stopping). */
void queue_drain(struct queue *q);
/* Forgets a tenant's waiting runs in memory; the store keeps them. */
void queue_remove(struct queue *q, struct tenant *t);
/* Waiting runs of a tenant, and when the first may start (wall time; TIME_NONE when none waits or
 * it is blocked by the slot). */
size_t queue_waiting(const struct queue *q, const struct tenant *t, int64_t *ret_next_us);
/* Clock jumps and quiet hours: compute timers anew. */
void queue_clock_jumped(struct queue *q);
