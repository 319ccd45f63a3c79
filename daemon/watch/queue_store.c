/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue's side of the store: runs and holds go there before they count, and come back from
 * there after a restart. It decides nothing about who goes when.
 */
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/store/store_hold.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/queue_private.h"
#include "daemon/watch/tenant.h"

/* What is under way to the store. It outlives the queue if it must, and then changes nothing. */
struct queue_request {
	struct queue_request *next, **prev;
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

static struct queue_request *request_new(struct queue *q, struct tenant *t)
{
	struct queue_request *r = mem_alloc(sizeof(*r));

	*r = (struct queue_request){.q = q, .t = t, .tenant = t->id, .next = q->requests};
	r->prev = &q->requests;
	if (r->next)
		r->next->prev = &r->next;
	q->requests = r;
	return r;
}

static void request_free(struct queue_request *r)
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
static struct queue_lane *answered(struct queue_request *r, int result, const char *what)
{
	if (!r->q)
		return NULL;
	if (result < 0)
		log_error(&((struct log_ctx){.tenant = r->t->conf->name}), "cannot %s: %s", what,
			err_text(result));
	return queue_lane(r->q, r->t);
}

void queue_requests_orphan(struct queue *q)
{
	for (struct queue_request *r = q->requests; r; r = r->next)
		r->q = NULL;
}

/* --- dropping -----------------------------------------------------------------------------------
 */

static int drop_work(struct store *s, void *arg)
{
	struct queue_request *r = arg;

	return store_job_move(s, r->runs.items[0], RUN_QUEUED);
}

static void drop_done(void *arg, int result)
{
	(void)answered(arg, result, "end a run that is not wanted any more");
	request_free(arg);
}

void queue_drop(struct queue *q, struct tenant *t, struct run *run)
{
	struct queue_request *r = request_new(q, t);

	log_info(&((struct log_ctx){.tenant = t->conf->name, .job = run->id}),
		"run of watch '%s' is dropped: the configuration no longer has it", run->watch);
	run->state = RUN_FAILED;
	run->outcome = RUN_REMOVED;
	run->ended_us = clock_wall_us();
	queue_runs_add(&r->runs, run);
	store_thread_post(q->env.store, drop_work, drop_done, r);
}

/* --- loading ------------------------------------------------------------------------------------
 */

static int load_work(struct store *s, void *arg)
{
	struct queue_request *r = arg;
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
	struct queue_request *r = arg;
	struct queue_lane *l = answered(r, result, "load the tenant's runs");

	if (l && result == 0) {
		if (!l->hold_said)
			l->t->hold_until_us = r->hold_until_us;
		l->t->usual_job_us = r->usual_us;
		while (r->runs.n > 0)
			queue_runs_add(&l->waiting, queue_runs_take(&r->runs, 0));
		queue_kick(r->q);
	}
	request_free(r);
}

void queue_load(struct queue *q, struct tenant *t)
{
	t->hold_until_us = TIME_NONE;
	(void)queue_lane_get(q, t);
	store_thread_post(q->env.store, load_work, load_done, request_new(q, t));
}

/* --- adding -------------------------------------------------------------------------------------
 */

static struct run *make_run(
	const struct tenant *t, const struct plan_input *in, const struct plan *plan, size_t i)
{
	const struct plan_run *p = &plan->runs[i];
	const struct conf_watch *watch = in->watches[p->watch].conf;
	const struct snapshot *snapshot = &in->snapshots->items[p->snapshot];
	struct run *run;

	while (!(run = run_new()))
		mem_spend();
	run->tenant = t->id;
	run->initial = p->initial;
	run->due_us = p->due_us;
	run->queued_us = clock_wall_us();
	run->snapshot_created_us = snapshot->created_us;
	run->covered_from_us = p->covered_from_us;
	run->newest_snapshot_us = plan->newest_us;
	run->watch = mem_text(watch->name);
	run->filter_hash = mem_text(watch->filter_hash);
	run->filter = mem_text(watch->filter_json);
	run->baseline = mem_text(watch_baseline_name(watch->baseline));
	run->snapshot = mem_text(snapshot->service_id);
	return run;
}

/* Those that were pending already keep id 0. */
static int add_work(struct store *s, void *arg)
{
	struct queue_request *r = arg;

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
	struct queue_request *r = arg;
	struct queue_lane *l = answered(r, result, "store the planned runs");
	struct queue *q = r->q;
	struct tenant *t = r->t;
	size_t n_new = result == 0 ? r->n_new : 0;

	while (l && result == 0 && r->runs.n > 0) {
		struct run *run = queue_runs_take(&r->runs, 0);

		if (run->id)
			queue_runs_add(&l->waiting, run);
		else
			(void)run_free(run);
	}
	request_free(r);
	if (!l)
		return;
	queue_kick(q);
	q->env.queued(q->env.arg, t, n_new, result);
}

void queue_add(
	struct queue *q, struct tenant *t, const struct plan_input *input, const struct plan *plan)
{
	struct queue_request *r = request_new(q, t);

	(void)queue_lane_get(q, t);
	for (size_t i = 0; i < plan->n_runs; i++)
		queue_runs_add(&r->runs, make_run(t, input, plan, i));
	store_thread_post(q->env.store, add_work, add_done, r);
}

/* --- how long previews take ---------------------------------------------------------------------
 */

static int usual_work(struct store *s, void *arg)
{
	struct queue_request *r = arg;

	return store_job_usual(s, r->tenant, &r->usual_us);
}

static void usual_done(void *arg, int result)
{
	struct queue_request *r = arg;
	struct queue_lane *l = answered(r, result, "tell how long previews take");

	if (l && result == 0)
		l->t->usual_job_us = r->usual_us;
	request_free(r);
}

void queue_learn_usual(struct queue *q, struct tenant *t)
{
	store_thread_post(q->env.store, usual_work, usual_done, request_new(q, t));
}

/* --- hold ---------------------------------------------------------------------------------------
 */

static int hold_work(struct store *s, void *arg)
{
	struct queue_request *r = arg;

	return store_hold_set(s, r->tenant, r->hold_until_us, r->by);
}

static void hold_done(void *arg, int result)
{
	struct queue_request *r = arg;

	(void)answered(r, result, "store the hold");
	if (r->done) /* whoever asked owns arg, not the queue */
		r->done(r->arg);
	request_free(r);
}

void queue_hold(struct queue *q, struct tenant *t, int64_t until_us, const char *by,
	void (*done)(void *arg), void *arg)
{
	struct queue_request *r = request_new(q, t);

	queue_lane_get(q, t)->hold_said = true;
	t->hold_until_us = until_us;
	r->hold_until_us = until_us;
	r->by = by ? strdup(by) : NULL;
	r->done = done;
	r->arg = arg;
	store_thread_post(q->env.store, hold_work, hold_done, r);
	queue_kick(q);
}
