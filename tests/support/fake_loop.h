/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of engine/loop.h on the virtual clock: nothing sleeps, time passes only when there
 * is nothing left to do. Timers run in the real loop's order (they share its heap). Descriptors are
 * accepted and never ready; signals come from fake_loop_signal().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/loop.h"

/* One turn at the present virtual time: what was deferred, then the due timers. False when there
 * was nothing. */
bool fake_loop_turn(struct loop *l);
/* Turns until nothing is due at the present virtual time (or loop_quit()). */
void fake_loop_settle(struct loop *l);

/*
 * Runs everything that is due until boot_us of clock_boot_us(), the clock moving from timer to
 * timer and then to boot_us. Returns early after loop_quit(). fake_loop_run_for() counts from now.
 */
void fake_loop_run_until(struct loop *l, int64_t boot_us);
void fake_loop_run_for(struct loop *l, int64_t delta_us);

/* Boot time at which the next timer is due; TIME_NONE when none is armed. */
int64_t fake_loop_next_us(const struct loop *l);
/* Its name, for messages of a harness; NULL. */
const char *fake_loop_next_name(const struct loop *l);

/* True after loop_quit() until the next loop_run() or fake_loop_run_*(). */
bool fake_loop_has_quit(const struct loop *l);

/* Somebody sets the clock: the listener of loop_on_clock_jump() is told. */
void fake_loop_set_clock(struct loop *l, int64_t wall_us);
/* A signal arrives: its handlers run. */
void fake_loop_signal(struct loop *l, int signo);
/* What loop_stall() will answer. */
void fake_loop_set_stall(struct loop *l, int64_t cpu_us, int64_t wall_us);
