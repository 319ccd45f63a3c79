/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop on libevent. A turn is: what was deferred, then whatever descriptors and signals are
 * ready, then the timers that are due.
 *
 * Timers are ours, because libevent's run on CLOCK_MONOTONIC, which stands still in suspend: a
 * deadline of an hour would be late by a night. They sit in one heap ordered by clock_boot_us(),
 * and one timerfd on CLOCK_BOOTTIME wakes the loop for the first of them. The timerfd only wakes:
 * what is due is decided by clock.h alone, so a scaled clock needs nothing here but its conversion
 * of the delay.
 */
#include "daemon/engine/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "daemon/engine/loop_timer.h"

/* Of libevent: signals before descriptors, also when a turn is long. */
enum {
	PRIORITY_SIGNAL,
	PRIORITY_IO,
	PRIORITY_LATE,
	N_PRIORITIES,
};

/* Longest sleep: a second line of defence should a wake-up ever be lost. In kernel time. */
#define LONGEST_SLEEP_US (60 * USEC_PER_SEC)

struct deferred {
	loop_fn fn;
	void *arg;
};

struct loop {
	struct event_base *base;
	bool quit;

	struct timers timers;
	int wake_fd; /* CLOCK_BOOTTIME */
	struct event *wake;

	int jump_fd; /* CLOCK_REALTIME, cancelled when the clock is set */
	struct event *jump;
	loop_fn on_jump;
	void *on_jump_arg;

	struct deferred *deferred;
	size_t n_deferred, cap_deferred;

	int64_t cpu_since_us;  /* CPU time of the thread when this half of the turn began */
	int64_t busy_since_us; /* of its first callback; TIME_NONE before it */
	int64_t worst_cpu_us, worst_wall_us;
};

struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	loop_io_fn fn;
	void *arg;
};

struct loop_signal {
	struct loop *loop;
	struct event *event;
	loop_fn fn;
	void *arg;
};

/* The kernel's own clocks: how long the machine was kept busy has nothing to do with clock.h. */
static int64_t kernel_us(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static void busy(struct loop *l)
{
	if (l->busy_since_us == TIME_NONE)
		l->busy_since_us = kernel_us(CLOCK_MONOTONIC);
}

/* --- timers ------------------------------------------------------------------------------------
 */

int loop_timer_new(struct loop *l, const char *name, loop_fn fn, void *arg, struct loop_timer **ret)
{
	return loop_timer_add(&l->timers, name, fn, arg, ret);
}

static void run_timers(struct loop *l)
{
	uint64_t limit = l->timers.seq;
	int64_t now = clock_boot_us();
	struct timers_node *node;

	while ((node = timers_pop(&l->timers, now, limit))) {
		busy(l);
		loop_timer_of(node)->fn(loop_timer_of(node)->arg);
	}
}

/* Has the kernel wake us for the first timer; true when it is due already. */
static bool set_wake(struct loop *l)
{
	struct timers_node *first = timers_first(&l->timers);
	int64_t sleep_us = LONGEST_SLEEP_US;

	if (first) {
		int64_t left = first->due_us - clock_boot_us();

		if (left <= 0)
			return true;
		left = clock_kernel_delay_us(left);
		if (left < sleep_us)
			sleep_us = left < 1 ? 1 : left;
	}
	struct itimerspec when = {
		.it_value = {.tv_sec = sleep_us / USEC_PER_SEC,
			.tv_nsec = sleep_us % USEC_PER_SEC * 1000},
	};
	(void)timerfd_settime(l->wake_fd, 0, &when, NULL);
	return false;
}

static void woken(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	(void)arg;
	(void)!read(fd, &n, sizeof(n));
}

/* --- clock jumps -------------------------------------------------------------------------------
 */

/* A timer that never expires; it is read only to learn that somebody set the clock (ECANCELED). */
static int watch_clock(struct loop *l)
{
	struct itimerspec never = {
		.it_value.tv_sec = sizeof(time_t) == 8 ? (time_t)INT64_MAX : (time_t)INT32_MAX,
	};

	return timerfd_settime(
		       l->jump_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		       ? -errno
		       : 0;
}

static void jumped(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) >= 0 || errno != ECANCELED)
		return;
	/* armed again even though the call may report ECANCELED once more: timerfd_create(2) */
	(void)watch_clock(l);
	busy(l);
	if (l->on_jump)
		l->on_jump(l->on_jump_arg);
}

void loop_on_clock_jump(struct loop *l, loop_fn fn, void *arg)
{
	l->on_jump = fn;
	l->on_jump_arg = arg;
}

/* --- deferred ----------------------------------------------------------------------------------
 */

void loop_defer(struct loop *l, loop_fn fn, void *arg)
{
	if (l->n_deferred == l->cap_deferred) {
		size_t cap = l->cap_deferred ? 2 * l->cap_deferred : 32;

		/* a caller that frees has nowhere to report to */
		l->deferred = mem_grow(l->deferred, cap, sizeof(*l->deferred));
		l->cap_deferred = cap;
	}
	l->deferred[l->n_deferred++] = (struct deferred){fn, arg};
}

/* What these defer in turn belongs to the next turn. */
static void run_deferred(struct loop *l)
{
	struct deferred *list = l->deferred;
	size_t n = l->n_deferred;

	if (!n)
		return;
	l->deferred = NULL;
	l->n_deferred = l->cap_deferred = 0;
	for (size_t i = 0; i < n; i++) {
		busy(l);
		list[i].fn(list[i].arg);
	}
	free(list);
}

/* --- descriptors and signals -------------------------------------------------------------------
 */

static void io_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;
	int events = (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0);

	busy(io->loop);
	io->fn(io->arg, fd, events);
}

int loop_io_set(struct loop_io *io, int events)
{
	short what = EV_PERSIST;

	what |= events & LOOP_READ ? EV_READ : 0;
	what |= events & LOOP_WRITE ? EV_WRITE : 0;
	(void)event_del(io->event);
	if (!(events & (LOOP_READ | LOOP_WRITE)))
		return 0;
	if (event_assign(io->event, io->loop->base, io->fd, what, io_ready, io) < 0 ||
		event_priority_set(io->event, PRIORITY_IO) < 0 || event_add(io->event, NULL) < 0)
		return -EIO;
	return 0;
}

int loop_io_new(struct loop *l, int fd, int events, loop_io_fn fn, void *arg, struct loop_io **ret)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (!io)
		return -ENOMEM;
	*io = (struct loop_io){.loop = l, .fd = fd, .fn = fn, .arg = arg};
	io->event = event_new(l->base, fd, EV_PERSIST, io_ready, io);
	int r = io->event ? loop_io_set(io, events) : -ENOMEM;
	if (r < 0) {
		(void)loop_io_free(io);
		return r;
	}
	*ret = io;
	return 0;
}

struct loop_io *loop_io_free(struct loop_io *io)
{
	if (!io)
		return NULL;
	if (io->event)
		event_free(io->event);
	free(io);
	return NULL;
}

static void signal_came(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)signo;
	(void)what;
	busy(s->loop);
	s->fn(s->arg);
}

int loop_signal_new(struct loop *l, int signo, loop_fn fn, void *arg, struct loop_signal **ret)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct loop_signal){.loop = l, .fn = fn, .arg = arg};
	s->event = evsignal_new(l->base, signo, signal_came, s);
	if (!s->event || event_priority_set(s->event, PRIORITY_SIGNAL) < 0 ||
		event_add(s->event, NULL) < 0) {
		(void)loop_signal_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

struct loop_signal *loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return NULL;
	if (s->event)
		event_free(s->event);
	free(s);
	return NULL;
}

/* --- the loop ----------------------------------------------------------------------------------
 */

static void libevent_log(int severity, const char *text)
{
	log_event(severity >= EVENT_LOG_ERR    ? LOG_ERR
		  : severity >= EVENT_LOG_WARN ? LOG_WARNING
					       : LOG_DEBUG,
		NULL, NULL, "libevent: %s", text);
}

static void libevent_fatal(int error)
{
	(void)error;
	log_fatal_at(__FILE__, __LINE__, "libevent gave up");
}

static int base_new(struct event_base **ret)
{
	struct event_config *config = event_config_new();
	struct timeval slice = {.tv_usec = 50 * USEC_PER_MSEC};

	event_set_log_callback(libevent_log);
	event_set_fatal_callback(libevent_fatal);
	if (!config)
		return -ENOMEM;
	/* a long row of ready descriptors is interrupted to see whether a signal came */
	(void)event_config_set_max_dispatch_interval(config, &slice, -1, PRIORITY_IO);
	struct event_base *base = event_base_new_with_config(config);
	event_config_free(config);
	if (!base)
		return -ENOMEM;
	if (event_base_priority_init(base, N_PRIORITIES) < 0) {
		event_base_free(base);
		return -EIO;
	}
	*ret = base;
	return 0;
}

static int own_event(struct loop *l, int fd, event_callback_fn fn, struct event **ret)
{
	if (fd < 0)
		return -errno;
	*ret = event_new(l->base, fd, EV_READ | EV_PERSIST, fn, l);
	if (!*ret || event_priority_set(*ret, PRIORITY_SIGNAL) < 0 || event_add(*ret, NULL) < 0)
		return -ENOMEM;
	return 0;
}

int loop_new(struct loop **ret)
{
	_cleanup_(loop_freep) struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->wake_fd = l->jump_fd = -1;
	/* a peer that went away is an error of write(), not the end of the process */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	int r = base_new(&l->base);
	if (r < 0)
		return r;
	l->wake_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if ((r = own_event(l, l->wake_fd, woken, &l->wake)) < 0)
		return err_trace(r);
	l->jump_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if ((r = own_event(l, l->jump_fd, jumped, &l->jump)) < 0 || (r = watch_clock(l)) < 0)
		return err_trace(r);
	*ret = TAKE_PTR(l);
	return 0;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (l->n_deferred)
		run_deferred(l);
	if (l->wake)
		event_free(l->wake);
	if (l->jump)
		event_free(l->jump);
	closep(&l->wake_fd);
	closep(&l->jump_fd);
	if (l->base)
		event_base_free(l->base);
	timers_done(&l->timers);
	free(l);
	return NULL;
}

static void stall_begin(struct loop *l)
{
	l->busy_since_us = TIME_NONE;
	l->cpu_since_us = kernel_us(CLOCK_THREAD_CPUTIME_ID);
}

/* Sleep costs no CPU, and wall time counts from the first callback: neither sees the waiting. */
static void stall_end(struct loop *l)
{
	int64_t cpu_us = kernel_us(CLOCK_THREAD_CPUTIME_ID) - l->cpu_since_us;

	if (cpu_us > l->worst_cpu_us)
		l->worst_cpu_us = cpu_us;
	if (l->busy_since_us == TIME_NONE)
		return;

	int64_t wall_us = kernel_us(CLOCK_MONOTONIC) - l->busy_since_us;

	if (wall_us > l->worst_wall_us)
		l->worst_wall_us = wall_us;
}

static int turn(struct loop *l)
{
	stall_begin(l);
	run_deferred(l);
	stall_end(l);
	if (l->quit)
		return 0;

	bool due = set_wake(l) || l->n_deferred > 0;

	stall_begin(l);
	if (event_base_loop(l->base,
		    EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | (due ? EVLOOP_NONBLOCK : 0)) < 0)
		return -EIO;
	run_timers(l);
	stall_end(l);
	return 0;
}

int loop_run(struct loop *l)
{
	int r = 0;

	while (r == 0 && !l->quit)
		r = turn(l);
	l->quit = false;
	return r;
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}

void loop_stall(struct loop *l, int64_t *ret_cpu_us, int64_t *ret_wall_us)
{
	*ret_cpu_us = l->worst_cpu_us;
	*ret_wall_us = l->worst_wall_us;
	l->worst_cpu_us = l->worst_wall_us = 0;
}

struct event_base *loop_event_base(struct loop *l)
{
	return l->base;
}
