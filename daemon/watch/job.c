/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a job and the one function that moves its run. What is done in a state is in job_*.c.
 */
#include "daemon/watch/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/conf/conf.h"
#include "common/store/store_job.h"
#include "common/store/store_page.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

#define DEADLINE_AGAIN_US (10 * USEC_PER_SEC)
#define MOVE_AGAIN_US (USEC_PER_MIN)

static int64_t deadline_fixed(const struct job *j, int64_t limit_us)
{
	(void)j;
	return limit_us;
}

/*
 * Counted from the intent, so that a restart does not make it longer; but a job that ended while
 * we were away is asked for first.
 */
static int64_t deadline_waiting(const struct job *j, int64_t limit_us)
{
	int64_t now_us = clock_wall_us(), left_us = j->t->conf->job_max_us;

	if (j->run->intent_us != TIME_NONE && j->run->intent_us < now_us)
		left_us -= now_us - j->run->intent_us;
	return left_us > limit_us ? left_us : limit_us;
}

/* What each state begins with, and until when it may last. */
static const struct {
	job_fn enter, late;
	int64_t (*deadline)(const struct job *j, int64_t limit_us);
	int64_t limit_us;
} states[_RUN_STATE_MAX] = {
	[RUN_QUEUED] = {job_create_enter, job_create_late, deadline_fixed, LIMIT_JOB_CREATE_US},
	[RUN_CREATING] = {job_create_enter, job_create_late, deadline_fixed, LIMIT_JOB_CREATE_US},
	[RUN_WAITING] = {job_wait_enter, job_wait_late, deadline_waiting, LIMIT_JOB_POLL_MAX_US},
	[RUN_COLLECTING] = {job_collect_enter, job_collect_late, deadline_fixed,
		LIMIT_JOB_COLLECT_US},
	[RUN_SETTLING] = {job_settle_enter, job_settle_late, deadline_fixed, LIMIT_JOB_SETTLE_US},
};

struct log_ctx job_log_ctx(const struct job *j)
{
	return (struct log_ctx){
		.tenant = j->t->conf->name,
		.job = j->run ? j->run->id : 0,
		.snapshot = j->run ? j->run->snapshot : NULL,
	};
}

/* --- timers -------------------------------------------------------------------------------------
 */

static void on_timer(void *arg)
{
	struct job *j = arg;

	j->step(j);
}

void job_later(struct job *j, int64_t delay_us, job_fn step)
{
	j->step = step;
	loop_timer_arm(j->timer, delay_us);
}

/* A late state is left by a move; one that is under way (the store may stand still) goes first. */
static void on_deadline(void *arg)
{
	struct job *j = arg;

	if (j->request)
		job_deadline(j, DEADLINE_AGAIN_US);
	else
		states[j->run->state].late(j);
}

void job_deadline(struct job *j, int64_t delay_us)
{
	loop_timer_arm(j->deadline, delay_us);
}

void job_quiet(struct job *j)
{
	graph_call_cancel(j->call);
	j->call = NULL;
	j->listing = listing_cancel(j->listing);
	j->env.reading->cancel(j->reading);
	j->reading = NULL;
	loop_timer_disarm(j->timer);
}

/* --- moving -------------------------------------------------------------------------------------
 */

/* A move under way. It outlives the job if it must, and then changes nothing in memory. */
struct job_request {
	struct job *j;	  /* NULL: the job is gone */
	struct run *next; /* owned */
	enum run_state from;
	job_fn then;
	bool posted; /* the store has it; else it waits to be posted again */
	bool told;   /* that the store does not take it */
};

static void request_free(struct job_request *q)
{
	(void)run_free(q->next);
	free(q);
}

static int move_work(struct store *s, void *arg)
{
	struct job_request *q = arg;
	struct run *next = q->next;
	bool more;

	if (q->from == RUN_COLLECTING && next->state == RUN_SETTLING) {
		int64_t distinct = -1;

		if (next->objects >= 0 && next->changes > next->objects) {
			int r = store_page_distinct(s, next->id, &distinct);
			if (r < 0)
				return r;
		}
		next->distinct_objects = distinct;
		next->verified = run_verify(next->objects, next->changes, distinct, &more);
	}
	return store_job_move(s, next, q->from);
}

/* The run is handed back; after this the job only waits to be freed. */
static struct run *hand_back(struct job *j)
{
	job_quiet(j);
	loop_timer_disarm(j->deadline);
	return TAKE_PTR(j->run);
}

/*
 * Somebody else drives this run. Going on would work on something that is not so; what the store
 * has is taken up at the next start.
 */
static void give_up(struct job *j)
{
	static const char text[] = "the store has this run in another state";
	struct log_ctx ctx = job_log_ctx(j);
	struct run *run = hand_back(j);

	log_error(&ctx, "cannot store a step of the preview: %s", text);
	run->state = RUN_FAILED;
	run->outcome = RUN_NO_RESULT;
	job_cancel_answer(j, "the store does not take it");
	j->env.ops->ended(j->env.arg, j->t, run, text, NULL);
}

static void slot_conflict(struct job *j)
{
	struct run *run = hand_back(j);

	job_cancel_answer(j, NULL);
	j->env.ops->back(j->env.arg, j->t, run, clock_wall_us() + run_back_off_us(1), false,
		"another run of the tenant is at the service");
}

static void move_post(struct job *j);

/*
 * The store could not, for want of memory as a rule. In it the run is still where it was, and may
 * hold the slot there: only the move itself leads on, so it is tried until it is taken.
 */
static void move_again(struct job *j, int r)
{
	struct log_ctx ctx = job_log_ctx(j);

	if (!j->request->told)
		log_error(
			&ctx, "cannot store a step of the preview: %s; trying again", err_text(r));
	j->request->told = true;
	job_later(j, MOVE_AGAIN_US, move_post);
}

static void move_done(void *arg, int r)
{
	struct job_request *q = arg;
	struct job *j = q->j;
	job_fn then = q->then;

	q->posted = false;
	if (j && r < 0 && r != -ECANCELED) {
		move_again(j, r);
		return;
	}
	if (j && r == 0) {
		/* the run stays where it is: others point at it */
		struct run old = *j->run;
		*j->run = *q->next;
		*q->next = old;
	}
	request_free(q);
	if (!j)
		return;
	j->request = NULL;
	if (r == 0)
		then(j);
	else if (r == STORE_JOB_E_SLOT)
		slot_conflict(j);
	else if (r > 0)
		give_up(j);
}

static void move_post(struct job *j)
{
	j->request->posted = true;
	store_thread_post(j->env.store, move_work, move_done, j->request);
}

void job_set_text(char **field, const char *text)
{
	(void)mem_insist(run_set_text(field, text));
}

struct run *job_edit(const struct job *j)
{
	struct run *next = NULL;

	(void)mem_insist(run_copy(j->run, &next));
	return next;
}

void job_move(struct job *j, struct run *next, job_fn then)
{
	struct job_request *q = mem_alloc(sizeof(*q));

	assert_fatal(!j->request && run_move_allowed(j->run->state, next->state));
	*q = (struct job_request){.j = j, .next = next, .from = j->run->state, .then = then};
	j->request = q;
	log_debug(&((struct log_ctx){.tenant = j->t->conf->name, .job = next->id}), "%s -> %s",
		run_state_name(j->run->state), run_state_name(next->state));
	move_post(j);
}

void job_enter(struct job *j)
{
	enum run_state s = j->run->state;

	assert_fatal(states[s].enter);
	job_deadline(j, states[s].deadline(j, states[s].limit_us));
	states[s].enter(j);
}

/* --- the ways out -------------------------------------------------------------------------------
 */

static void ended(struct job *j)
{
	_cleanup_(freep) char *detail = j->run->detail ? strdup(j->run->detail) : NULL;
	struct run *run = hand_back(j);

	job_cancel_answer(j, NULL);
	j->env.ops->ended(
		j->env.arg, j->t, run, detail ? detail : run_outcome_name(run->outcome), j->hint);
}

void job_end(struct job *j, enum run_outcome outcome, const char *detail, const char *hint)
{
	struct run *next = job_edit(j);

	job_set_text(&next->detail, detail);
	job_set_text(&j->hint, hint);
	job_quiet(j);
	next->state = RUN_FAILED;
	next->outcome = outcome;
	next->holds_slot = false;
	next->ended_us = clock_wall_us();
	job_move(j, next, ended);
}

static void gave_back(struct job *j)
{
	_cleanup_(freep) char *text = j->hint;
	bool foreign = j->refused;
	struct run *run = hand_back(j);

	j->hint = NULL;
	job_cancel_answer(j, NULL);
	j->env.ops->back(j->env.arg, j->t, run, run->not_before_us, foreign, text ? text : "");
}

void job_back(
	struct job *j, int64_t not_before_us, bool foreign, bool keep_intent, const char *text)
{
	struct run *next = job_edit(j);

	job_set_text(&j->hint, text);
	job_quiet(j);
	j->refused = foreign;
	next->state = RUN_QUEUED;
	next->holds_slot = false;
	next->not_before_us = not_before_us;
	next->backs = foreign ? next->backs + 1 : 0;
	if (!keep_intent)
		next->intent_us = next->intent_server_us = TIME_NONE;
	job_move(j, next, gave_back);
}

void job_judged(struct job *j, int r)
{
	struct run *run = j->run;

	if (!run || run->state != RUN_SETTLING)
		return;
	if (r < 0) {
		j->judge_again_us = j->judge_again_us ? j->judge_again_us * 2 : USEC_PER_MIN;
		if (j->judge_again_us > USEC_PER_HOUR)
			j->judge_again_us = USEC_PER_HOUR;
		log_error(&((struct log_ctx){.tenant = j->t->conf->name, .job = run->id}),
			"cannot judge the preview: %s", err_text(r));
		job_later(j, j->judge_again_us, job_settle_enter);
		return;
	}
	/* the judge's transaction has moved the row */
	run->state = RUN_DONE;
	run->outcome = run->verified == 0 ? RUN_UNVERIFIED : RUN_OK;
	run->ended_us = clock_wall_us();
	job_set_text(&run->detail,
		run->verified == 0 ? "fewer changes than the service promised" : NULL);
	ended(j);
}

/* --- trouble ------------------------------------------------------------------------------------
 */

int64_t job_trouble(struct job *j, enum graph_outcome why, const char *text, const char *hint,
	int64_t retry_after_us, int64_t least_us)
{
	if (j->trouble != why) {
		j->trouble = why;
		j->env.ops->trouble(
			j->env.arg, j->t, j->run, why, text ? text : graph_outcome_name(why), hint);
	}
	return retry_after_us > least_us ? retry_after_us : least_us;
}

void job_no_trouble(struct job *j)
{
	if (j->trouble == GRAPH_OK)
		return;
	j->env.ops->trouble(j->env.arg, j->t, j->run, j->trouble, NULL, NULL);
	j->trouble = GRAPH_OK;
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void begin(struct job *j)
{
	job_enter(j);
}

int job_start(const struct job_env *env, struct tenant *t, struct run *run, struct job **ret)
{
	struct job *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	j->env = *env;
	j->t = t;
	j->run = run;
	r = loop_timer_new(env->loop, "job", on_timer, j, &j->timer);
	if (r == 0)
		r = loop_timer_new(env->loop, "job deadline", on_deadline, j, &j->deadline);
	if (r < 0) {
		(void)job_free(j);
		return r;
	}
	/* on the next turn: the caller has no job to speak of before this returns */
	job_later(j, 0, begin);
	*ret = j;
	return 0;
}

struct job *job_free(struct job *j)
{
	if (!j)
		return NULL;
	if (j->timer)
		job_quiet(j);
	if (j->request && !j->request->posted)
		request_free(j->request);
	else if (j->request)
		j->request->j = NULL;
	(void)loop_timer_free(j->timer);
	(void)loop_timer_free(j->deadline);
	remote_job_list_done(&j->listed);
	job_cancel_answer(j, "the daemon has stopped working on it");
	free(j->cancel_text);
	free(j->cancel_refusal);
	free(j->hint);
	free(j);
	return NULL;
}

struct run *job_run(const struct job *j)
{
	return j->run;
}
