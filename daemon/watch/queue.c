/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs that wait, by tenant. What may go is decided by queue_pick() on one timer, so that calls
 * from inside a start never nest; this file moves runs about and keeps them in the store.
 */
#include "daemon/watch/queue.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/store/store_hold.h"
#include "common/store/store_job.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/queue_pick.h"
#include "daemon/watch/tenant.h"

/* One tenant. */
struct lane {
	struct lane *next;
	struct tenant *t;
	struct run_list waiting;  /* owned */
	const struct run *holder; /* at the service, or about to be; owned by who was started */
	int64_t not_before_us;	  /* the slot is taken, or the service away: for all runs */
};

/* What is under way to the store. It outlives the queue if it must, and then changes nothing. */
struct request {
	struct request *next, **prev;
	struct queue *q; /* NULL: the queue is gone */
	struct tenant *t;
	int64_t tenant;
	struct run_list runs; /* load: out; add: in; drop: the one */
	size_t n_new;
	int64_t hold_until_us, usual_us;
	char *by;
	void (*done)(void *arg);
	void *arg;
};

struct queue {
	struct queue_env env;
	struct lane *lanes;
	size_t n_lanes;
	struct loop_timer *timer;
	struct request *requests;
	bool draining;
};

/* --- lanes --------------------------------------------------------------------------------------
 */

static struct lane *lane_find(const struct queue *q, const struct tenant *t)
{
	for (struct lane *l = q->lanes; l; l = l->next)
		if (l->t == t)
			return l;
	return NULL;
}

static struct lane *lane_get(struct queue *q, struct tenant *t)
{
	struct lane *l = lane_find(q, t);

	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	assert_fatal(l);
	l->t = t;
	l->not_before_us = TIME_NONE;
	l->next = q->lanes;
	q->lanes = l;
	q->n_lanes++;
	return l;
}

static void lane_free(struct lane *l)
{
	run_list_done(&l->waiting);
	free(l);
}

static void runs_add(struct run_list *list, struct run *run)
{
	struct run **items = reallocarray(list->items, list->n + 1, sizeof(*items));

	assert_fatal(items);
	list->items = items;
	items[list->n++] = run;
}

static struct run *runs_take(struct run_list *list, size_t at)
{
	struct run *run = list->items[at];

	memmove(&list->items[at], &list->items[at + 1], (--list->n - at) * sizeof(*list->items));
	return run;
}

/* --- the store ----------------------------------------------------------------------------------
 */

static struct request *request_new(struct queue *q, struct tenant *t)
{
	struct request *r = calloc(1, sizeof(*r));

	assert_fatal(r);
	*r = (struct request){.q = q, .t = t, .tenant = t->id, .next = q->requests};
	r->prev = &q->requests;
	if (r->next)
		r->next->prev = &r->next;
	q->requests = r;
	return r;
}

static void request_free(struct request *r)
{
	if (r->q) {
		*r->prev = r->next;
		if (r->next)
			r->next->prev = r->prev;
	}
	run_list_done(&r->runs);
	free(r->by);
	free(r);
}

/* The lane that an answer is for; NULL: nobody wants it any more. */
static struct lane *answered(struct request *r, int result, const char *what)
{
	if (!r->q)
		return NULL;
	if (result < 0)
		log_error(&((struct log_ctx){.tenant = r->t->conf->name}), "cannot %s: %s", what,
			err_text(result));
	return lane_find(r->q, r->t);
}

static void kick(struct queue *q)
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

static int64_t earliest(const struct lane *l, const struct run *run, int64_t now_us)
{
	int64_t from_us = now_us;

	if (run->not_before_us > from_us)
		from_us = run->not_before_us;
	if (l->not_before_us > from_us)
		from_us = l->not_before_us;
	return plan_start_allowed(l->t->conf, from_us, l->t->usual_job_us, l->t->hold_until_us);
}

/* A watch may leave the configuration, or get another filter, while its run waits. */
static bool still_wanted(const struct tenant *t, const struct run *run)
{
	const struct conf_watch *watch = conf_watch_find(t->conf, run->watch);

	return is_underway(run) || (watch && strcmp(watch->filter_hash, run->filter_hash) == 0);
}

static int drop_work(struct store *s, void *arg)
{
	struct request *r = arg;

	return store_job_move(s, r->runs.items[0], RUN_QUEUED);
}

static void drop_done(void *arg, int result)
{
	(void)answered(arg, result, "end a run that is not wanted any more");
	request_free(arg);
}

/* Takes the run. */
static void drop(struct queue *q, struct tenant *t, struct run *run)
{
	struct request *r = request_new(q, t);

	log_info(&((struct log_ctx){.tenant = t->conf->name, .job = run->id}),
		"run of watch '%s' is dropped: the configuration no longer has it", run->watch);
	run->state = RUN_FAILED;
	run->outcome = RUN_REMOVED;
	run->ended_us = clock_wall_us();
	runs_add(&r->runs, run);
	store_thread_post(q->env.store, drop_work, drop_done, r);
}

static void drop_unwanted(struct queue *q, struct lane *l)
{
	for (size_t i = 0; i < l->waiting.n;) {
		if (still_wanted(l->t, l->waiting.items[i]))
			i++;
		else
			drop(q, l->t, runs_take(&l->waiting, i));
	}
}

/* What queue_pick() is asked about. The arrays are as long as the lanes and their runs. */
struct choice {
	struct queue_candidate *candidates;
	struct lane **lanes; /* of each lane number */
	struct run **runs;   /* of each candidate */
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

static void choice_make(struct queue *q, int64_t now_us, struct choice *c)
{
	size_t n = 0;

	for (struct lane *l = q->lanes; l; l = l->next) {
		drop_unwanted(q, l);
		n += l->waiting.n;
	}
	c->candidates = calloc(n + 1, sizeof(*c->candidates));
	c->runs = calloc(n + 1, sizeof(struct run *));
	c->order = calloc(n + 1, sizeof(*c->order));
	c->lanes = calloc(q->n_lanes + 1, sizeof(struct lane *));
	c->busy = calloc(q->n_lanes + 1, sizeof(*c->busy));
	assert_fatal(c->candidates && c->runs && c->order && c->lanes && c->busy);
	for (struct lane *l = q->lanes; l; l = l->next) {
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
}

static void start(struct queue *q, struct lane *l, struct run *run)
{
	for (size_t i = 0; i < l->waiting.n; i++)
		if (l->waiting.items[i] == run)
			(void)runs_take(&l->waiting, i);
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
	choice_make(q, now_us, &c);
	size_t n_free = q->env.parallel > c.n_busy ? q->env.parallel - c.n_busy : 0;
	size_t n = queue_pick(c.candidates, c.n, c.order, c.busy, n_free, now_us, &next_us);

	/* armed first: what is started may ask for another turn at once */
	if (next_us != TIME_NONE)
		loop_timer_arm(q->timer, next_us - now_us);
	for (size_t i = 0; i < n; i++)
		start(q, c.lanes[c.candidates[c.order[i]].lane], c.runs[c.order[i]]);
}

/* --- load ---------------------------------------------------------------------------------------
 */

static int load_work(struct store *s, void *arg)
{
	struct request *r = arg;
	int result;

	run_list_done(&r->runs);
	result = store_job_load_unfinished(s, r->tenant, &r->runs);
	if (result == 0)
		result = store_hold_get(s, r->tenant, &r->hold_until_us);
	if (result == 0)
		result = store_job_usual(s, r->tenant, &r->usual_us);
	return result;
}

static void load_done(void *arg, int result)
{
	struct request *r = arg;
	struct lane *l = answered(r, result, "load the tenant's runs");

	if (l && result == 0) {
		l->t->hold_until_us = r->hold_until_us;
		l->t->usual_job_us = r->usual_us;
		while (r->runs.n > 0)
			runs_add(&l->waiting, runs_take(&r->runs, 0));
		kick(r->q);
	}
	request_free(r);
}

void queue_load(struct queue *q, struct tenant *t)
{
	t->hold_until_us = TIME_NONE;
	(void)lane_get(q, t);
	store_thread_post(q->env.store, load_work, load_done, request_new(q, t));
}

/* --- add ----------------------------------------------------------------------------------------
 */

static struct run *make_run(
	const struct tenant *t, const struct plan_input *in, const struct plan *plan, size_t i)
{
	const struct plan_run *p = &plan->runs[i];
	const struct conf_watch *watch = in->watches[p->watch].conf;
	const struct snapshot *snapshot = &in->snapshots->items[p->snapshot];
	struct run *run = run_new();

	assert_fatal(run);
	run->tenant = t->id;
	run->initial = p->initial;
	run->due_us = p->due_us;
	run->queued_us = clock_wall_us();
	run->snapshot_created_us = snapshot->created_us;
	run->covered_from_us = p->covered_from_us;
	run->newest_snapshot_us = plan->newest_us;
	assert_fatal(run_set_text(&run->watch, watch->name) == 0 &&
		     run_set_text(&run->filter_hash, watch->filter_hash) == 0 &&
		     run_set_text(&run->filter, watch->filter_json) == 0 &&
		     run_set_text(&run->baseline, watch_baseline_name(watch->baseline)) == 0 &&
		     run_set_text(&run->snapshot, snapshot->service_id) == 0);
	return run;
}

/* Those that were pending already keep id 0. */
static int add_work(struct store *s, void *arg)
{
	struct request *r = arg;

	r->n_new = 0;
	for (size_t i = 0; i < r->runs.n; i++) {
		r->runs.items[i]->id = 0;
		int result = store_job_insert(s, r->runs.items[i]);
		if (result < 0)
			return result;
		if (result == 0)
			r->n_new++;
	}
	return 0;
}

static void add_done(void *arg, int result)
{
	struct request *r = arg;
	struct lane *l = answered(r, result, "store the planned runs");
	struct queue *q = r->q;
	struct tenant *t = r->t;
	size_t n_new = result == 0 ? r->n_new : 0;

	while (l && result == 0 && r->runs.n > 0) {
		struct run *run = runs_take(&r->runs, 0);

		if (run->id)
			runs_add(&l->waiting, run);
		else
			(void)run_free(run);
	}
	request_free(r);
	if (!l)
		return;
	kick(q);
	q->env.queued(q->env.arg, t, n_new);
}

void queue_add(
	struct queue *q, struct tenant *t, const struct plan_input *input, const struct plan *plan)
{
	struct request *r = request_new(q, t);

	(void)lane_get(q, t);
	for (size_t i = 0; i < plan->n_runs; i++)
		runs_add(&r->runs, make_run(t, input, plan, i));
	store_thread_post(q->env.store, add_work, add_done, r);
}

/* --- what was started comes back ----------------------------------------------------------------
 */

static int usual_work(struct store *s, void *arg)
{
	struct request *r = arg;

	return store_job_usual(s, r->tenant, &r->usual_us);
}

static void usual_done(void *arg, int result)
{
	struct request *r = arg;
	struct lane *l = answered(r, result, "tell how long previews take");

	if (l && result == 0)
		l->t->usual_job_us = r->usual_us;
	request_free(r);
}

static void release(struct queue *q, const struct tenant *t, const struct run *run)
{
	struct lane *l = lane_find(q, t);

	if (l && l->holder == run) {
		l->holder = NULL;
		kick(q);
	}
}

void queue_slot_free(struct queue *q, struct tenant *t, struct run *run)
{
	release(q, t, run);
	store_thread_post(q->env.store, usual_work, usual_done, request_new(q, t));
}

void queue_ended(struct queue *q, struct tenant *t, struct run *run)
{
	release(q, t, run);
	(void)run_free(run);
}

void queue_back(struct queue *q, struct tenant *t, struct run *run, int64_t not_before_us)
{
	struct lane *l = lane_find(q, t);

	release(q, t, run);
	if (!l) {
		(void)run_free(run);
		return;
	}
	run->not_before_us = not_before_us;
	l->not_before_us = not_before_us;
	runs_add(&l->waiting, run);
	kick(q);
}

/* --- hold ---------------------------------------------------------------------------------------
 */

static int hold_work(struct store *s, void *arg)
{
	struct request *r = arg;

	return store_hold_set(s, r->tenant, r->hold_until_us, r->by);
}

static void hold_done(void *arg, int result)
{
	struct request *r = arg;

	(void)answered(r, result, "store the hold");
	if (r->q && r->done)
		r->done(r->arg);
	request_free(r);
}

void queue_hold(struct queue *q, struct tenant *t, int64_t until_us, const char *by,
	void (*done)(void *arg), void *arg)
{
	struct request *r = request_new(q, t);

	t->hold_until_us = until_us;
	r->hold_until_us = until_us;
	r->by = by ? strdup(by) : NULL;
	r->done = done;
	r->arg = arg;
	store_thread_post(q->env.store, hold_work, hold_done, r);
	kick(q);
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
	for (struct request *r = q->requests; r; r = r->next)
		r->q = NULL;
	while (q->lanes) {
		struct lane *l = q->lanes;

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
	kick(q);
}

void queue_drain(struct queue *q)
{
	q->draining = true;
	loop_timer_disarm(q->timer);
}

void queue_remove(struct queue *q, struct tenant *t)
{
	for (struct lane **at = &q->lanes; *at; at = &(*at)->next) {
		struct lane *l = *at;

		if (l->t != t)
			continue;
		*at = l->next;
		q->n_lanes--;
		lane_free(l);
		kick(q);
		return;
	}
}

size_t queue_waiting(const struct queue *q, const struct tenant *t, int64_t *ret_next_us)
{
	const struct lane *l = lane_find(q, t);
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
	kick(q);
}
