/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_store_thread.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/db.h"
#include "common/store/store.h"
#include "daemon/engine/loop.h"

struct request {
	struct request *next;
	store_work_fn work;
	store_done_fn done;
	void *arg;
	size_t number;
	bool ran;
	int64_t short_since_us; /* boot time; 0: memory is not short for it */
	int r;
	int64_t due_us; /* of the answer, boot time */
};

struct store_thread {
	struct loop *loop;
	struct store *store;
	struct loop_timer *timer;
	struct request *first, **last;
	size_t posted;
	int64_t delay_us;

	size_t fail_at, die_at; /* numbers of requests; 0: never */
	int fail_r;
	bool fail_whole; /* nothing of the work is done, not even in databases of its own */
	bool paused, dead;
	bool waiting;	  /* for memory */
	int64_t retry_us; /* a failed request is tried again after that; 0: by heal only */
	struct loop_timer *retry;
	enum fake_store_death die_when;
	void (*died)(void *arg);
	void *died_arg;
	store_state_fn state;
	void *state_arg;
};

static void die(struct store_thread *t)
{
	t->dead = true;
	if (t->died)
		t->died(t->died_arg);
}

static bool pauses(int r)
{
	return r == -ENOSPC || r == -EROFS || r == -EIO || r == -EBUSY || r == -EUCLEAN;
}

/* One transaction. What is committed is what a restarted daemon will find. */
static int transact(struct store_thread *t, struct request *q)
{
	bool dies = q->number == t->die_at;
	struct db *db = t->store ? t->store->db : NULL;
	int r = db ? db_begin(db) : 0;

	if (r < 0)
		return r;
	bool fails = t->fail_at && q->number >= t->fail_at;
	r = fails && t->fail_whole ? t->fail_r : q->work(t->store, q->arg);
	if (r == 0 && fails)
		r = t->fail_r;
	bool commits = r == 0 && !(dies && t->die_when == FAKE_STORE_DIE_BEFORE_COMMIT);
	if (db && commits)
		r = db_commit(db);
	if (db && (r != 0 || !commits))
		db_rollback(db);
	if (dies)
		die(t);
	return r;
}

static bool waits_for_memory(struct request *q)
{
	if (!q->short_since_us) {
		q->short_since_us = clock_boot_us();
		log_warning(NULL, "out of memory at work on the store; trying again");
	}
	return clock_boot_us() - q->short_since_us < LIMIT_STORE_MEMORY_US;
}

/* Runs what has not run yet, up to the first request that cannot be written. */
static void run_queue(struct store_thread *t)
{
	for (struct request *q = t->first; q && !t->dead; q = q->next) {
		if (q->ran)
			continue;
		q->r = transact(t, q);
		if (t->dead)
			return;
		if (q->r == -ENOMEM && t->retry_us && waits_for_memory(q)) {
			t->waiting = true;
			loop_timer_arm(t->retry, t->retry_us);
			return;
		}
		if (pauses(q->r)) {
			bool tell = !t->paused;

			t->paused = true;
			if (tell && t->state)
				t->state(t->state_arg, q->r,
					t->store ? db_error_text(t->store->db) : err_text(q->r));
			if (t->retry_us)
				loop_timer_arm(t->retry, t->retry_us);
			return;
		}
		q->ran = true;
		q->due_us = clock_boot_us() + t->delay_us;
	}
}

static void arm(struct store_thread *t)
{
	if (t->first && t->first->ran && !t->dead)
		loop_timer_arm(t->timer, t->first->due_us - clock_boot_us());
	else
		loop_timer_disarm(t->timer);
}

/* As many as are due; requests posted meanwhile are for the next turn. */
static void answer(void *arg)
{
	struct store_thread *t = arg;
	size_t limit = t->posted;

	while (t->first && t->first->ran && t->first->number <= limit && !t->dead &&
		t->first->due_us <= clock_boot_us()) {
		struct request *q = t->first;

		t->first = q->next;
		if (!t->first)
			t->last = &t->first;
		if (q->done)
			q->done(q->arg, q->r);
		free(q);
	}
	arm(t);
}

void fake_store_thread_delay(struct store_thread *t, int64_t delay_us)
{
	t->delay_us = delay_us;
}

void fake_store_thread_fail(struct store_thread *t, size_t n, int r)
{
	t->fail_at = t->posted + n;
	t->fail_r = r;
	t->fail_whole = false;
}

void fake_store_thread_fail_whole(struct store_thread *t, size_t n, int r)
{
	fake_store_thread_fail(t, n, r);
	t->fail_whole = true;
}

/* The real one tries by itself; what works then is told. */
static void retry(void *arg)
{
	struct store_thread *t = arg;
	bool tell = t->paused;

	t->waiting = false;
	if (tell) {
		t->paused = false;
		run_queue(t);
		if (t->paused)
			return;
		if (t->state)
			t->state(t->state_arg, 0, "");
	} else {
		run_queue(t);
	}
	arm(t);
}

int fake_store_thread_retry(struct store_thread *t, int64_t every_us)
{
	t->retry_us = every_us;
	return t->retry ? 0 : loop_timer_new(t->loop, "store retry", retry, t, &t->retry);
}

void fake_store_thread_heal(struct store_thread *t)
{
	bool tell = t->paused;

	t->fail_at = 0;
	t->paused = false;
	run_queue(t);
	arm(t);
	if (tell && !t->paused && t->state)
		t->state(t->state_arg, 0, "");
}

void fake_store_thread_die(struct store_thread *t, size_t n, enum fake_store_death when,
	void (*died)(void *arg), void *arg)
{
	t->die_at = t->posted + n;
	t->die_when = when;
	t->died = died;
	t->died_arg = arg;
}

bool fake_store_thread_dead(const struct store_thread *t)
{
	return t->dead;
}

size_t fake_store_thread_posted(const struct store_thread *t)
{
	return t->posted;
}

/* --- engine/store_thread.h ---------------------------------------------------------------------
 */

static struct store_thread *newest;

struct store_thread *fake_store_thread_newest(void)
{
	return newest;
}

int store_thread_new(struct loop *l, struct store *s, struct store_thread **ret)
{
	struct store_thread *t = calloc(1, sizeof(*t));

	if (!t || loop_timer_new(l, "store", answer, t, &t->timer) < 0)
		abort();
	t->loop = l;
	t->store = s;
	t->last = &t->first;
	newest = t;
	*ret = t;
	return 0;
}

/* As the real one: each done is called once, here at the latest. */
struct store_thread *store_thread_free(struct store_thread *t)
{
	if (!t)
		return NULL;
	while (t->first) {
		struct request *q = t->first;

		t->first = q->next;
		if (!t->first)
			t->last = &t->first;
		if (q->done)
			q->done(q->arg, q->ran ? q->r : -ECANCELED);
		free(q);
	}
	if (newest == t)
		newest = NULL;
	(void)loop_timer_free(t->timer);
	(void)loop_timer_free(t->retry);
	(void)store_close(t->store);
	free(t);
	return NULL;
}

void store_thread_on_state(struct store_thread *t, store_state_fn fn, void *arg)
{
	t->state = fn;
	t->state_arg = arg;
}

void store_thread_post(struct store_thread *t, store_work_fn work, store_done_fn done, void *arg)
{
	struct request *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	*q = (struct request){.work = work, .done = done, .arg = arg, .number = ++t->posted};
	*t->last = q;
	t->last = &q->next;
	if (!t->paused && !t->waiting)
		run_queue(t);
	arm(t);
}

int64_t store_thread_heartbeat_us(const struct store_thread *t)
{
	(void)t;
	return clock_boot_us();
}

void store_thread_progress(struct store_thread *t)
{
	(void)t;
}

bool store_thread_paused(const struct store_thread *t)
{
	return t->paused;
}
