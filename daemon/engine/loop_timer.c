/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine/loop_timer.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/base/clock.h"

int loop_timer_add(
	struct timers *timers, const char *name, loop_fn fn, void *arg, struct loop_timer **ret)
{
	_cleanup_(freep) struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct loop_timer){
		.timers = timers, .node.at = TIMERS_IDLE, .name = name, .fn = fn, .arg = arg};
	int r = timers_add(timers);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(t);
	return 0;
}

struct loop_timer *loop_timer_of(struct timers_node *node)
{
	return (struct loop_timer *)(void *)((char *)node - offsetof(struct loop_timer, node));
}

struct loop_timer *loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return NULL;
	timers_remove(t->timers, &t->node);
	free(t);
	return NULL;
}

void loop_timer_arm(struct loop_timer *t, int64_t delay_us)
{
	int64_t due;

	if (delay_us < 0)
		delay_us = 0;
	if (__builtin_add_overflow(clock_boot_us(), delay_us, &due))
		due = INT64_MAX;
	timers_arm(t->timers, &t->node, due);
}

void loop_timer_disarm(struct loop_timer *t)
{
	timers_disarm(t->timers, &t->node);
}

bool loop_timer_armed(const struct loop_timer *t)
{
	return timers_armed(&t->node);
}
