/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second thread: it owns the store. Requests run one after another, each in one transaction, in
 * the order of posting; answers come back on the loop in the same order.
 *
 * When a transaction fails because the store cannot be written (-ENOSPC, -EROFS, -EIO, -EBUSY,
 * -EUCLEAN), nothing is answered: the thread pauses, tells the loop, and tries the same request
 * again (every STORE_RETRY_US) until it works. So a full disk loses nothing and needs no code in
 * the stages: whoever waits for an answer waits. Out of memory (-ENOMEM) is tried again in the same
 * way, but not for ever: a request that needs more than there is must not stop the others, so after
 * LIMIT_STORE_MEMORY_US it is answered. Therefore a work function must be repeatable: it
 * sets its outputs in arg from scratch each time it is called.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"

struct loop;
struct store;
struct store_thread;

/* Waiting between two tries: soon enough after somebody made room, seldom enough for a broken disk.
 */
#define STORE_RETRY_US (5 * USEC_PER_SEC)

/*
 * Runs on the store thread inside a transaction. 0 commits; anything else rolls back and is given
 * to done (positive: the work's own named outcome).
 */
typedef int (*store_work_fn)(struct store *s, void *arg);
/* Runs on the loop. arg belongs to the request until then and is the owner's again here. */
typedef void (*store_done_fn)(void *arg, int r);

/* Told on the loop: r < 0 when writing began to fail (detail for people), 0 when it works again. */
typedef void (*store_state_fn)(void *arg, int r, const char *detail);

/* Takes the store over (also when it fails) and closes it in store_thread_free(). */
int store_thread_new(struct loop *l, struct store *s, struct store_thread **ret);
/*
 * Finishes what is queued; if it cannot be written after one more try, the rest is dropped and
 * answered with -ECANCELED. Joins the thread, calls every done that is still to be called (so each
 * is called exactly once, here at the latest), closes the store. Not from a done.
 */
struct store_thread *store_thread_free(struct store_thread *t);
DEFINE_CLEANUP(struct store_thread, store_thread_free);

void store_thread_on_state(struct store_thread *t, store_state_fn fn, void *arg);

/*
 * Queues work. done may be NULL (then free what arg owns in work's caller's own way: arg is not
 * touched after). Never fails: running out of memory or of LIMIT_STORE_QUEUE aborts (a restart
 * resumes everything).
 */
void store_thread_post(struct store_thread *t, store_work_fn work, store_done_fn done, void *arg);

/* Do not wait for the next try: somebody made room. Nothing happens unless paused. */
void store_thread_retry(struct store_thread *t);

/*
 * Boot time of the thread's last sign of life, for the watchdog: now while it has nothing to do.
 * Any thread.
 */
int64_t store_thread_heartbeat_us(const struct store_thread *t);
bool store_thread_paused(const struct store_thread *t);
/* Work that may take minutes says now and then that it goes on. Called by work only. */
void store_thread_progress(struct store_thread *t);
