/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_loop.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "daemon/engine/loop_timer.h"
#include "tests/support/clock_virtual.h"

struct deferred {
	struct deferred *next;
	loop_fn fn;
	void *arg;
};

struct loop {
	bool quit;
	struct timers timers;
	struct deferred *first, **last;
	loop_fn on_jump;
	void *on_jump_arg;
	struct loop_signal *signals;
	int64_t cpu_us, wall_us;
};

struct loop_io {
	int fd, events;
};

struct loop_signal {
	struct loop_signal *next;
	struct loop *loop;
	int signo;
	loop_fn fn;
	void *arg;
};

static void *must_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

/* --- what a harness drives ---------------------------------------------------------------------
 */

static bool run_deferred(struct loop *l)
{
	struct deferred *list = l->first;
	bool any = list;

	l->first = NULL;
	l->last = &l->first;
	while (list) {
		struct deferred *d = list;

		list = d->next;
		d->fn(d->arg);
		free(d);
	}
	return any;
}

bool fake_loop_turn(struct loop *l)
{
	bool any = run_deferred(l);
	uint64_t limit = l->timers.seq;
	struct timers_node *node;

	while (!l->quit && (node = timers_pop(&l->timers, clock_boot_us(), limit))) {
		loop_timer_of(node)->fn(loop_timer_of(node)->arg);
		any = true;
	}
	return any;
}

void fake_loop_settle(struct loop *l)
{
	while (!l->quit && fake_loop_turn(l))
		;
}

int64_t fake_loop_next_us(const struct loop *l)
{
	const struct timers_node *node = timers_first(&l->timers);

	return node ? node->due_us : TIME_NONE;
}

const char *fake_loop_next_name(const struct loop *l)
{
	struct timers_node *node = timers_first(&l->timers);

	return node ? loop_timer_of(node)->name : NULL;
}

void fake_loop_run_until(struct loop *l, int64_t boot_us)
{
	l->quit = false;
	for (;;) {
		fake_loop_settle(l);
		if (l->quit)
			return;

		int64_t next = fake_loop_next_us(l);

		if (next == TIME_NONE || next > boot_us)
			break;
		clock_virtual_advance(next - clock_boot_us());
	}
	if (boot_us > clock_boot_us())
		clock_virtual_advance(boot_us - clock_boot_us());
}

void fake_loop_run_for(struct loop *l, int64_t delta_us)
{
	fake_loop_run_until(l, clock_boot_us() + delta_us);
}

bool fake_loop_has_quit(const struct loop *l)
{
	return l->quit;
}

void fake_loop_set_clock(struct loop *l, int64_t wall_us)
{
	clock_virtual_set_wall(wall_us);
	if (l->on_jump)
		l->on_jump(l->on_jump_arg);
}

void fake_loop_signal(struct loop *l, int signo)
{
	for (struct loop_signal *s = l->signals, *next; s; s = next) {
		next = s->next;
		if (s->signo == signo)
			s->fn(s->arg);
	}
}

void fake_loop_set_stall(struct loop *l, int64_t cpu_us, int64_t wall_us)
{
	l->cpu_us = cpu_us;
	l->wall_us = wall_us;
}

/* --- engine/loop.h -----------------------------------------------------------------------------
 */

int loop_new(struct loop **ret)
{
	struct loop *l = must_alloc(sizeof(*l));

	l->last = &l->first;
	*ret = l;
	return 0;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	while (run_deferred(l))
		;
	timers_done(&l->timers);
	free(l);
	return NULL;
}

/* Until loop_quit(); -EDEADLK when nothing is left that could ever happen. */
int loop_run(struct loop *l)
{
	while (!l->quit) {
		fake_loop_settle(l);
		if (l->quit)
			break;

		int64_t next = fake_loop_next_us(l);

		if (next == TIME_NONE)
			return -EDEADLK;
		clock_virtual_advance(next - clock_boot_us());
	}
	l->quit = false;
	return 0;
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}

int loop_timer_new(struct loop *l, const char *name, loop_fn fn, void *arg, struct loop_timer **ret)
{
	return loop_timer_add(&l->timers, name, fn, arg, ret);
}

void loop_defer(struct loop *l, loop_fn fn, void *arg)
{
	struct deferred *d = must_alloc(sizeof(*d));

	*d = (struct deferred){.fn = fn, .arg = arg};
	*l->last = d;
	l->last = &d->next;
}

void loop_on_clock_jump(struct loop *l, loop_fn fn, void *arg)
{
	l->on_jump = fn;
	l->on_jump_arg = arg;
}

int loop_io_new(struct loop *l, int fd, int events, loop_io_fn fn, void *arg, struct loop_io **ret)
{
	struct loop_io *io = must_alloc(sizeof(*io));

	(void)l;
	(void)fn;
	(void)arg;
	*io = (struct loop_io){.fd = fd, .events = events};
	*ret = io;
	return 0;
}

int loop_io_set(struct loop_io *io, int events)
{
	io->events = events;
	return 0;
}

struct loop_io *loop_io_free(struct loop_io *io)
{
	free(io);
	return NULL;
}

int loop_signal_new(struct loop *l, int signo, loop_fn fn, void *arg, struct loop_signal **ret)
{
	struct loop_signal *s = must_alloc(sizeof(*s));

	*s = (struct loop_signal){
		.next = l->signals, .loop = l, .signo = signo, .fn = fn, .arg = arg};
	l->signals = s;
	*ret = s;
	return 0;
}

struct loop_signal *loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return NULL;
	for (struct loop_signal **p = &s->loop->signals; *p; p = &(*p)->next) {
		if (*p == s) {
			*p = s->next;
			break;
		}
	}
	free(s);
	return NULL;
}

void loop_stall(struct loop *l, int64_t *ret_cpu_us, int64_t *ret_wall_us)
{
	*ret_cpu_us = l->cpu_us;
	*ret_wall_us = l->wall_us;
	l->cpu_us = l->wall_us = 0;
}

struct event_base *loop_event_base(struct loop *l)
{
	(void)l;
	return NULL;
}
