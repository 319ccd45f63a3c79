/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers of loop.h on the heap of timers.h: what the loop and the fake one have in common, and
 * nobody else includes. Which loop turns the heap is not known here.
 */
#pragma once

#include "daemon/engine/loop.h"
#include "daemon/engine/timers.h"

struct loop_timer {
	struct timers *timers;	 /* of its loop */
	struct timers_node node; /* in there; see loop_timer_of() */
	const char *name;	 /* borrowed */
	loop_fn fn;
	void *arg;
};

/* As loop_timer_new(). */
int loop_timer_add(
	struct timers *timers, const char *name, loop_fn fn, void *arg, struct loop_timer **ret);
/* The timer in which a node is embedded. */
struct loop_timer *loop_timer_of(struct timers_node *node);
