/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of engine/store_thread.h without a thread: work runs inline in store_thread_post(),
 * each in its transaction, and is answered in order on the next turn of the fake loop. Without a
 * store (NULL) work runs without a transaction. It can answer late, fail, or die, as a host does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/engine/store_thread.h"

/* Answers come that much later (0: on the next turn). */
void fake_store_thread_delay(struct store_thread *t, int64_t delay_us);

/*
 * The n-th request from now (1: the next) meets error r (-ENOSPC, ...) instead of being committed,
 * and so do its repetitions until fake_store_thread_heal(): the thread is paused like the real one.
 */
void fake_store_thread_fail(struct store_thread *t, size_t n, int r);
/* The same, and nothing of the work is done: secrets.db, which commits by itself, is full too. */
void fake_store_thread_fail_whole(struct store_thread *t, size_t n, int r);
void fake_store_thread_heal(struct store_thread *t);
/* What fails is tried again by itself, that often, as the real thread does. 0 or -ENOMEM. */
int fake_store_thread_retry(struct store_thread *t, int64_t every_us);

/* The machine stops at the n-th request from now: after it nothing is run or answered any more. */
enum fake_store_death {
	FAKE_STORE_DIE_BEFORE_COMMIT,
	FAKE_STORE_DIE_AFTER_COMMIT,
};
/* died (may be NULL) is called at that moment to end the loop; it must not free the thread. */
void fake_store_thread_die(struct store_thread *t, size_t n, enum fake_store_death when,
	void (*died)(void *arg), void *arg);
bool fake_store_thread_dead(const struct store_thread *t);

/* Requests so far. */
size_t fake_store_thread_posted(const struct store_thread *t);
/* The one that was made last, for harnesses of whole daemons; NULL when it is gone. */
struct store_thread *fake_store_thread_newest(void);
