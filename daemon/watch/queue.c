/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs that wait, by tenant. What may go is decided by queue_pick() on one timer, so that calls
 * from inside a start never nest. What is kept in the store is in queue_store.c.
 */
#include "daemon/watch/queue.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "daemon/engine/loop.h"
#include "daemon/watch/queue_pick.h"
#include "daemon/watch/queue_private.h"
#include "daemon/watch/tenant.h"

/* Back-offs are shorter; one that is further ahead was set by a clock that has been set back. */
#define WAIT_MAX_US (2 * LIMIT_RETRY_AFTER_US)
/* When there was no memory to choose in. */
#define CHOOSE_AGAIN_US (5 * USEC_PER_SEC)

/* --- lanes --------------------------------------------------------------------------------------
 */

struct queue_lane *queue_lane(const struct queue *q, const struct tenant *t)
{
	for (struct queue_lane *l = q->lanes; l; l = l->next)
		if (l->t == t)
			return l;
	return NULL;
}

struct queue_lane *queue_lane_get(struct queue *q, struct tenant *t)
{
	struct queue_lane *l = queue_lane(q, t);

	if (l)
		return l;
	l = mem_alloc(sizeof(*l));
	l->t = t;
	l->not_before_us = TIME_NONE;
	l->next = q->lanes;
	q->lanes = l;
	q->n_lanes++;
	return l;
}

static void lane_free(struct queue_lane *l)
{
	run_list_done(&l->waiting);
	free(l);
}

void queue_runs_add(struct run_list *list, struct run *run)
{
	list->items = mem_grow(list->items, list->n + 1, sizeof(*list->items));
	list->items[list->n++] = run;
}

struct run *queue_runs_take(struct run_list *list, size_t at)
{
	struct run *run = list->items[at];

	memmove(&list->items[at], &list->items[at + 1], (--list->n - at) * sizeof(*list->items));
	return run;
}

void queue_kick(struct queue *q)
{
	loop_timer_arm(q->timer, 0);
}

/* --- start --------------------------------------------------------------------------------------
 */

/* From creating on, the service may know of it. */
static bool is_underway(const struct run *run)
{
	return run->state != RUN_QUEUED;
}

static bool needs_slot(const struct run *run)
{
	return run->state == RUN_QUEUED || run->state == RUN_CREATING || run->state == RUN_WAITING;
}

static int64_t later_of(int64_t from_us, int64_t not_before_us, int64_t now_us)
{
	return not_before_us > from_us && not_before_us <= now_us + WAIT_MAX_US ? not_before_us
										: from_us;
}

static int64_t earliest(const struct queue_lane *l, const struct run *run, int64_t now_us)
{
	int64_t from_us = later_of(now_us, run->not_before_us, now_us);

	from_us = later_of(from_us, l->not_before_us, now_us);
	return plan_start_allowed(l->t->conf, from_us, l->t->usual_job_us, l->t->hold_until_us);
}

/* A watch may leave the configuration, or get another filter, while its run waits. */
static bool still_wanted(const struct tenant *t, const struct run *run)
{
	const struct conf_watch *watch = conf_watch_find(t->conf, run->watch);

	return is_underway(run) || (watch && strcmp(watch->filter_hash, run->filter_hash) == 0);
}

static void drop_unwanted(struct queue *q, struct queue_lane *l)
{
	for (size_t i = 0; i < l->waiting.n;) {
		if (still_wanted(l->t, l->waiting.items[i]))
			i++;
		else
			queue_drop(q, l->t, queue_runs_take(&l->waiting, i));
	}
}

/* What queue_pick() is asked about. The arrays are as long as the lanes and their runs. */
struct choice {
	struct queue_candidate *candidates;
	struct queue_lane **lanes; /* of each lane number */
	struct run **runs;	   /* of each candidate */
	size_t *order;
	bool *busy;
	size_t n, n_lanes, n_busy;
};

static void choice_done(struct choice *c)
{
	free(c->candidates);
	free(c->lanes);
	free(c->runs);
	free(c->order);
	free(c->busy);
}

static int choice_make(struct queue *q, int64_t now_us, struct choice *c)
{
	size_t n = 0;

	for (struct queue_lane *l = q->lanes; l; l = l->next) {
		drop_unwanted(q, l);
		n += l->waiting.n;
	}
	c->candidates = calloc(n + 1, sizeof(*c->candidates));
	c->runs = calloc(n + 1, sizeof(struct run *));
	c->order = calloc(n + 1, sizeof(*c->order));
	c->lanes = calloc(q->n_lanes + 1, sizeof(struct queue_lane *));
	c->busy = calloc(q->n_lanes + 1, sizeof(*c->busy));
	if (!c->candidates || !c->runs || !c->order || !c->lanes || !c->busy)
		return -ENOMEM;
	for (struct queue_lane *l = q->lanes; l; l = l->next) {
		c->lanes[c->n_lanes] = l;
		c->busy[c->n_lanes] = l->holder != NULL;
		c->n_busy += l->holder != NULL;
		for (size_t i = 0; i < l->waiting.n && !l->t->leaving; i++) {
			struct run *run = l->waiting.items[i];

			c->runs[c->n] = run;
			c->candidates[c->n++] = (struct queue_candidate){
				.lane = c->n_lanes,
				.id = run->id,
				.due_us = run->due_us,
				.earliest_us = earliest(l, run, now_us),
				.underway = is_underway(run),
				.needs_slot = needs_slot(run),
			};
		}
		c->n_lanes++;
	}
	return 0;
}

static void start(struct queue *q, struct queue_lane *l, struct run *run)
{
	for (size_t i = 0; i < l->waiting.n; i++)
		if (l->waiting.items[i] == run)
			(void)queue_runs_take(&l->waiting, i);
	if (needs_slot(run))
		l->holder = run;
	q->env.start(q->env.arg, l->t, run);
}

static void on_timer(void *arg)
{
	_cleanup_(choice_done) struct choice c = {0};
	struct queue *q = arg;
	int64_t now_us = clock_wall_us(), next_us;

	if (q->draining)
		return;
	if (choice_make(q, now_us, &c) < 0) {
		log_warning(NULL, "out of memory while choosing the next run; trying again");
		loop_timer_arm(q->timer, CHOOSE_AGAIN_US);
		return;
	}
	size_t n_free = q->env.parallel > c.n_busy ? q->env.parallel - c.n_busy : 0;
	size_t n = queue_pick(c.candidates, c.n, c.order, c.busy, n_free, now_us, &next_us);

	/* armed first: what is started may ask for another turn at once */
	if (next_us != TIME_NONE)
		loop_timer_arm(q->timer, next_us - now_us);
	for (size_t i = 0; i < n; i++)
		start(q, c.lanes[c.candidates[c.order[i]].lane], c.runs[c.order[i]]);
}

/* --- what was started comes back ----------------------------------------------------------------
 */

static void release(struct queue *q, const struct tenant *t, const struct run *run)
{
	struct queue_lane *l = queue_lane(q, t);

	if (l && l->holder == run) {
		l->holder = NULL;
		queue_kick(q);
	}
}

void queue_slot_free(struct queue *q, struct tenant *t, struct run *run)
{
	release(q, t, run);
	queue_learn_usual(q, t);
}

void queue_ended(struct queue *q, struct tenant *t, struct run *run)
{
	release(q, t, run);
	(void)run_free(run);
}

void queue_back(struct queue *q, struct tenant *t, struct run *run, int64_t not_before_us)
{
	struct queue_lane *l = queue_lane(q, t);

	release(q, t, run);
	if (!l) {
		(void)run_free(run);
		return;
	}
	run->not_before_us = not_before_us;
	l->not_before_us = not_before_us;
	queue_runs_add(&l->waiting, run);
	queue_kick(q);
}

/* --- life and questions -------------------------------------------------------------------------
 */

int queue_new(const struct queue_env *env, struct queue **ret)
{
	_cleanup_(queue_freep) struct queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return -ENOMEM;
	q->env = *env;
	r = loop_timer_new(env->loop, "queue", on_timer, q, &q->timer);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(q);
	return 0;
}

struct queue *queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	queue_requests_orphan(q);
	while (q->lanes) {
		struct queue_lane *l = q->lanes;

		q->lanes = l->next;
		lane_free(l);
	}
	(void)loop_timer_free(q->timer);
	free(q);
	return NULL;
}

void queue_set_parallel(struct queue *q, unsigned parallel)
{
	q->env.parallel = parallel;
	queue_kick(q);
}

void queue_drain(struct queue *q)
{
	q->draining = true;
	loop_timer_disarm(q->timer);
}

void queue_remove(struct queue *q, struct tenant *t)
{
	for (struct queue_lane **at = &q->lanes; *at; at = &(*at)->next) {
		struct queue_lane *l = *at;

		if (l->t != t)
			continue;
		*at = l->next;
		q->n_lanes--;
		lane_free(l);
		queue_kick(q);
		return;
	}
}

size_t queue_waiting(const struct queue *q, const struct tenant *t, int64_t *ret_next_us)
{
	const struct queue_lane *l = queue_lane(q, t);
	int64_t now_us = clock_wall_us();

	*ret_next_us = TIME_NONE;
	if (!l)
		return 0;
	for (size_t i = 0; i < l->waiting.n && !l->holder; i++) {
		int64_t at_us = earliest(l, l->waiting.items[i], now_us);

		if (*ret_next_us == TIME_NONE || at_us < *ret_next_us)
			*ret_next_us = at_us;
	}
	return l->waiting.n;
}

void queue_clock_jumped(struct queue *q)
{
	queue_kick(q);
}
