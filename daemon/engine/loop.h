/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop; the only user of libevent besides the control socket. Everything here belongs to
 * the thread that runs the loop, except where a function says otherwise. A fake with the same
 * symbols runs on a virtual clock in replay tests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct loop;
struct loop_timer;
struct loop_io;
struct loop_signal;
struct event_base;

typedef void (*loop_fn)(void *arg);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *l);
DEFINE_CLEANUP(struct loop, loop_free);

/* Runs until loop_quit(). 0 or -errno. */
int loop_run(struct loop *l);
/* Ends loop_run() when the current callback returns; at its start, when it is not running yet. */
void loop_quit(struct loop *l);

/*
 * One-shot timers on the boot clock (they count suspend). The callback may arm it again, free it or
 * free others. name is for debug output and is borrowed.
 */
int loop_timer_new(
	struct loop *l, const char *name, loop_fn fn, void *arg, struct loop_timer **ret);
struct loop_timer *loop_timer_free(struct loop_timer *t);
DEFINE_CLEANUP(struct loop_timer, loop_timer_free);
/* Replaces a pending expiry; 0 or less expires on the next turn. */
void loop_timer_arm(struct loop_timer *t, int64_t delay_us);
void loop_timer_disarm(struct loop_timer *t);
bool loop_timer_armed(const struct loop_timer *t);

/* Calls fn after the current turn, before the next: for freeing what a callback may still touch. */
void loop_defer(struct loop *l, loop_fn fn, void *arg);

/* fn is called when the wall clock was set (not when it merely drifts). One listener; NULL removes
 * it. */
void loop_on_clock_jump(struct loop *l, loop_fn fn, void *arg);

/* Descriptors. events: LOOP_READ | LOOP_WRITE. The descriptor is not consumed; free before closing
 * it. */
enum {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
};
typedef void (*loop_io_fn)(void *arg, int fd, int events);
int loop_io_new(struct loop *l, int fd, int events, loop_io_fn fn, void *arg, struct loop_io **ret);
int loop_io_set(struct loop_io *io, int events);
struct loop_io *loop_io_free(struct loop_io *io);

int loop_signal_new(struct loop *l, int signo, loop_fn fn, void *arg, struct loop_signal **ret);
struct loop_signal *loop_signal_free(struct loop_signal *s);

/* Longest time that one turn kept the loop since the last call, in CPU and wall microseconds. */
void loop_stall(struct loop *l, int64_t *ret_cpu_us, int64_t *ret_wall_us);

/* libevent's base, for evhttp in daemon/control only. NULL in the fake. */
struct event_base *loop_event_base(struct loop *l);
