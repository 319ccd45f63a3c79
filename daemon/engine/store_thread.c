/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread: a queue in, a queue out, one eventfd each. Requests and their answers are
 * shared under one mutex; the store itself belongs to the thread from its start to its end. It
 * knows nothing about what a request does.
 *
 * The thread waits in poll() rather than on a condition: its timeout is a duration, so that
 * no other clock than clock.h is needed.
 */
#include "daemon/engine/store_thread.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/store/store.h"
#include "daemon/engine/loop.h"

/* The log is moved into the database when there is nothing else to do, or when it is this large:
 * moving it late saves writing the same pages again and again in mid-job. */
#define LOG_IDLE_BYTES (1024 * 1024)
#define LOG_MAX_BYTES (32 * 1024 * 1024)

/* A request, then its answer; or news of the store's state (work is NULL). */
struct item {
	struct item *next;
	store_work_fn work;
	store_done_fn done;
	void *arg;
	int r;
	char *detail;
};

struct items {
	struct item *first, *last;
	size_t n;
};

struct store_thread {
	struct store *store; /* the thread's while it runs */
	struct loop_io *io;
	int wake_fd;   /* to the thread */
	int answer_fd; /* to the loop */
	pthread_t thread;
	bool started;
	bool delivering;
	store_state_fn on_state;
	void *on_state_arg;

	pthread_mutex_t lock; /* guards what follows */
	struct items pending, finished;
	bool stop;

	/* the thread's own */
	int trouble; /* why it is paused, 0 when it is not */
	bool dropping;

	/* atomic */
	int64_t progress_us;
	unsigned outstanding;
	int paused;
};

static void items_push(struct items *list, struct item *item)
{
	item->next = NULL;
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
	list->n++;
}

static struct item *items_pop(struct items *list)
{
	struct item *item = list->first;

	if (!item)
		return NULL;
	list->first = item->next;
	if (!list->first)
		list->last = NULL;
	list->n--;
	return item;
}

static void item_free(struct item *item)
{
	free(item->detail);
	free(item);
}

/* An eventfd refuses only when its counter is full, and then the other side is awake anyway. */
static void signal_fd(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void clear_fd(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static void stamp(struct store_thread *t)
{
	__atomic_store_n(&t->progress_us, clock_boot_us(), __ATOMIC_SEQ_CST);
}

/* --- on the thread -----------------------------------------------------------------------------
 */

static void answer(struct store_thread *t, struct item *item)
{
	(void)pthread_mutex_lock(&t->lock);
	items_push(&t->finished, item);
	(void)pthread_mutex_unlock(&t->lock);
	signal_fd(t->answer_fd);
}

static void tell_state(struct store_thread *t, int r)
{
	struct item *item = mem_alloc(sizeof(*item));

	item->r = r;
	if (r < 0 && asprintf(&item->detail, "%s: %s (%s)", t->store->path, db_error_meaning(r),
			     db_error_text(t->store->db)) < 0)
		item->detail = NULL;
	t->trouble = r;
	__atomic_store_n(&t->paused, r < 0, __ATOMIC_SEQ_CST);
	answer(t, item);
}

/* What waiting can help against; everything else is the requester's. */
static bool store_trouble(int r)
{
	return r == -ENOSPC || r == -EROFS || r == -EIO || r == -EBUSY || r == -EUCLEAN;
}

static int attempt(struct store *s, const struct item *item)
{
	int r = db_begin(s->db);

	if (r < 0)
		return r;
	r = item->work(s, item->arg);
	if (r == 0)
		r = db_commit(s->db);
	if (r != 0)
		db_rollback(s->db);
	return r;
}

static bool stopping(struct store_thread *t)
{
	(void)pthread_mutex_lock(&t->lock);
	bool stop = t->stop;
	(void)pthread_mutex_unlock(&t->lock);
	return stop;
}

/* Until somebody wakes us or the delay is over; < 0: no delay. */
static void pause_for(struct store_thread *t, int64_t delay_us)
{
	struct pollfd p = {.fd = t->wake_fd, .events = POLLIN};
	int64_t ms = delay_us < 0 ? -1 : clock_kernel_delay_us(delay_us) / USEC_PER_MSEC + 1;

	(void)poll(&p, 1, (int)ms);
	clear_fd(t->wake_fd);
}

/* False when it has lasted too long. */
static bool waits_for_memory(int64_t *since_us)
{
	if (*since_us == TIME_NONE) {
		*since_us = clock_boot_us();
		log_event(LOG_WARNING, LOG_ID_MEMORY_SHORT, NULL,
			"out of memory at work on the store; trying again");
	}
	return clock_boot_us() - *since_us < LIMIT_STORE_MEMORY_US;
}

static int run_item(struct store_thread *t, const struct item *item)
{
	int64_t short_since_us = TIME_NONE;

	for (;;) {
		if (t->dropping)
			return -ECANCELED;
		bool last = stopping(t);
		stamp(t);
		int r = attempt(t->store, item);
		if (r == -ENOMEM && !last && waits_for_memory(&short_since_us)) {
			pause_for(t, STORE_RETRY_US);
			continue;
		}
		if (!store_trouble(r)) {
			if (t->trouble)
				tell_state(t, 0);
			return r;
		}
		if (t->trouble != r)
			tell_state(t, r);
		if (last)
			t->dropping = true;
		else
			pause_for(t, STORE_RETRY_US);
	}
}

/*
 * A failing checkpoint loses nothing: the next transaction meets the same trouble and tells. When
 * so much was written and there is nothing more to do, a job has ended: what it needed of memory
 * is given back, or a daemon of a thousand tenants keeps the peak of its busiest minute.
 */
static void maintain(struct store_thread *t, bool idle)
{
	if (db_log_bytes(t->store->db) < (idle ? LOG_IDLE_BYTES : LOG_MAX_BYTES))
		return;
	(void)db_checkpoint(t->store->db);
	if (idle)
		(void)malloc_trim(0);
}

static struct item *next_item(struct store_thread *t, bool *ret_stop)
{
	(void)pthread_mutex_lock(&t->lock);
	struct item *item = items_pop(&t->pending);
	*ret_stop = t->stop;
	(void)pthread_mutex_unlock(&t->lock);
	return item;
}

static void *thread_main(void *arg)
{
	struct store_thread *t = arg;

	for (;;) {
		bool stop = false;
		struct item *item = next_item(t, &stop);
		if (!item && stop)
			return NULL;
		if (!item) {
			maintain(t, true);
			pause_for(t, -1);
			continue;
		}
		item->r = run_item(t, item);
		maintain(t, false);
		stamp(t);
		(void)__atomic_sub_fetch(&t->outstanding, 1, __ATOMIC_SEQ_CST);
		answer(t, item);
	}
}

/* --- on the loop -------------------------------------------------------------------------------
 */

static void deliver(struct store_thread *t)
{
	(void)pthread_mutex_lock(&t->lock);
	struct items list = t->finished;
	t->finished = (struct items){0};
	(void)pthread_mutex_unlock(&t->lock);

	t->delivering = true;
	for (struct item *item = items_pop(&list); item; item = items_pop(&list)) {
		if (item->work && item->done)
			item->done(item->arg, item->r);
		else if (!item->work && t->on_state)
			t->on_state(t->on_state_arg, item->r, item->detail);
		item_free(item);
	}
	t->delivering = false;
}

static void on_answer(void *arg, int fd, int events)
{
	(void)events;
	clear_fd(fd);
	deliver(arg);
}

void store_thread_on_state(struct store_thread *t, store_state_fn fn, void *arg)
{
	t->on_state = fn;
	t->on_state_arg = arg;
}

void store_thread_post(struct store_thread *t, store_work_fn work, store_done_fn done, void *arg)
{
	struct item *item = mem_alloc(sizeof(*item));

	*item = (struct item){.work = work, .done = done, .arg = arg};
	if (__atomic_fetch_add(&t->outstanding, 1, __ATOMIC_SEQ_CST) == 0)
		stamp(t);
	(void)pthread_mutex_lock(&t->lock);
	items_push(&t->pending, item);
	size_t n = t->pending.n;
	(void)pthread_mutex_unlock(&t->lock);
	assert_fatal(n <= LIMIT_STORE_QUEUE);
	if (!store_thread_paused(t)) /* more work is no reason to try again earlier */
		signal_fd(t->wake_fd);
}

void store_thread_retry(struct store_thread *t)
{
	if (store_thread_paused(t))
		signal_fd(t->wake_fd);
}

int64_t store_thread_heartbeat_us(const struct store_thread *t)
{
	if (__atomic_load_n(&t->outstanding, __ATOMIC_SEQ_CST) == 0)
		return clock_boot_us();
	return __atomic_load_n(&t->progress_us, __ATOMIC_SEQ_CST);
}

void store_thread_progress(struct store_thread *t)
{
	stamp(t);
}

bool store_thread_paused(const struct store_thread *t)
{
	return __atomic_load_n(&t->paused, __ATOMIC_SEQ_CST);
}

/* Signals are the loop's. */
static int start(struct store_thread *t)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	int r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r == 0) {
		r = pthread_create(&t->thread, NULL, thread_main, t);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (r != 0)
		return -r;
	t->started = true;
	(void)pthread_setname_np(t->thread, "store");
	return 0;
}

int store_thread_new(struct loop *l, struct store *s, struct store_thread **ret)
{
	_cleanup_(store_thread_freep) struct store_thread *t = calloc(1, sizeof(*t));

	if (!t) {
		(void)store_close(s);
		return -ENOMEM;
	}
	*t = (struct store_thread){.store = s, .wake_fd = -1, .answer_fd = -1};
	(void)pthread_mutex_init(&t->lock, NULL);
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->answer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake_fd < 0 || t->answer_fd < 0)
		return -errno;
	int r = loop_io_new(l, t->answer_fd, LOOP_READ, on_answer, t, &t->io);
	if (r >= 0)
		r = start(t);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(t);
	return 0;
}

/* What a done posted while the last answers went out comes too late. */
static void cancel_pending(struct store_thread *t)
{
	struct items late = t->pending;

	t->pending = (struct items){0};
	for (struct item *item = items_pop(&late); item; item = items_pop(&late)) {
		item->r = -ECANCELED;
		items_push(&t->finished, item);
	}
	deliver(t);
}

struct store_thread *store_thread_free(struct store_thread *t)
{
	if (!t)
		return NULL;
	assert_fatal(!t->delivering);
	if (t->started) {
		(void)pthread_mutex_lock(&t->lock);
		t->stop = true;
		(void)pthread_mutex_unlock(&t->lock);
		signal_fd(t->wake_fd);
		(void)pthread_join(t->thread, NULL);
		deliver(t);
		cancel_pending(t);
	}
	(void)loop_io_free(t->io);
	closep(&t->wake_fd);
	closep(&t->answer_fd);
	(void)pthread_mutex_destroy(&t->lock);
	(void)store_close(t->store);
	free(t);
	return NULL;
}
