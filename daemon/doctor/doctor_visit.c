/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A visit goes through a table of steps. A step whose check is kept from being made by an earlier
 * result is left out. Every step ends: by its answer, or by the time that it may take.
 */
#include "daemon/doctor/doctor_visit.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_visit_private.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"

static const char no_answer[] = "no answer within a minute";

void visit_step_done(struct visit *v)
{
	loop_timer_disarm(v->limit);
	v->step++;
	loop_timer_arm(v->next, 0);
}

void visit_answer(struct doctor_answer *a, int outcome, const char *text, const char *hint)
{
	free(a->text);
	free(a->hint);
	*a = (struct doctor_answer){
		.asked = true,
		.outcome = outcome,
		.text = mem_text(text ? text : ""),
		.hint = mem_text(hint),
	};
}

/* --- steps --------------------------------------------------------------------------------------
 */

/* start: false when there is nothing to wait for. late: what is known when no answer came. */
static const struct {
	enum doctor_check check;
	bool (*start)(struct visit *v);
	ptrdiff_t answer; /* in struct doctor_facts, of what was asked; -1: none */
	int late;
} steps[] = {
	{DOCTOR_WATCHED, visit_ask_opened, -1, 0},
	{DOCTOR_CREDENTIALS, visit_ask_files, -1, 0},
	{DOCTOR_DNS, visit_ask_hosts, -1, 0},
	{DOCTOR_TOKEN, visit_ask_token, offsetof(struct doctor_facts, tokens[AUTH_DELEGATED]),
		AUTH_NETWORK},
	{DOCTOR_APP_TOKEN, visit_ask_app_token, offsetof(struct doctor_facts, tokens[AUTH_APP]),
		AUTH_NETWORK},
	{DOCTOR_SIGN_IN, visit_ask_sign_in, -1, 0},
	{DOCTOR_SNAPSHOTS, visit_ask_snapshots, offsetof(struct doctor_facts, snapshots),
		GRAPH_NETWORK},
	{DOCTOR_JOBS, visit_ask_jobs, offsetof(struct doctor_facts, jobs), GRAPH_NETWORK},
	{DOCTOR_POLLING, visit_ask_polled, offsetof(struct doctor_facts, polled), GRAPH_NETWORK},
	{DOCTOR_SLOT, visit_ask_store, -1, 0},
};

static void stop_step(struct visit *v)
{
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++) {
		http_cancel(v->calls[i].http);
		v->calls[i].http = NULL;
	}
	auth_wait_cancel(v->auth);
	v->auth = NULL;
	graph_call_cancel(v->graph);
	v->graph = NULL;
	visit_forget_question(v);
}

static void late(void *arg)
{
	struct visit *v = arg;
	ptrdiff_t at = steps[v->step].answer;

	stop_step(v);
	if (at >= 0)
		visit_answer((struct doctor_answer *)((char *)&v->facts + at), steps[v->step].late,
			no_answer, NULL);
	visit_step_done(v);
}

/* Something that is known by now makes the question pointless. */
static bool pointless(struct visit *v, enum doctor_check check)
{
	_cleanup_(doctor_report_done) struct doctor_report report = {0};
	enum doctor_check because;

	doctor_judge(&v->facts, &report);
	return doctor_blocked(&report, v->conf->name, check, &because);
}

static void finish(struct visit *v)
{
	_cleanup_(doctor_report_done) struct doctor_report report = {0};

	v->facts.now_us = clock_wall_us();
	doctor_judge(&v->facts, &report);
	v->done(v->arg, &report);
}

static void advance(void *arg)
{
	struct visit *v = arg;

	for (; v->t && v->step < ARRAY_SIZE(steps); v->step++) {
		if (pointless(v, steps[v->step].check))
			continue;
		if (!steps[v->step].start(v))
			continue;
		loop_timer_arm(v->limit, LIMIT_DOCTOR_STEP_US);
		return;
	}
	finish(v);
}

int visit_start(const struct visit_env *env, struct tenant *t, visit_done_fn done, void *arg,
	struct visit **ret)
{
	_cleanup_(visit_freep) struct visit *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	*v = (struct visit){
		.env = *env,
		.t = t,
		.conf = conf_tenant_ref(t->conf),
		.done = done,
		.arg = arg,
		.facts = {.conf = t->conf,
			.now_us = clock_wall_us(),
			.certificate_us = TIME_NONE,
			.newest_us = TIME_NONE,
			.previewed_us = TIME_NONE,
			.sign_in = SIGN_IN_INIT},
	};
	int r = loop_timer_new(env->loop, "doctor", advance, v, &v->next);
	if (r == 0)
		r = loop_timer_new(env->loop, "doctor limit", late, v, &v->limit);
	if (r < 0)
		return r;
	loop_timer_arm(v->next, 0);
	*ret = TAKE_PTR(v);
	return 0;
}

void visit_leave(struct visit *v)
{
	stop_step(v);
	v->t = NULL;
	free(v->facts.refused);
	v->facts.refused = mem_text("its configuration was changed meanwhile; ask again");
	loop_timer_disarm(v->limit);
	loop_timer_arm(v->next, 0);
}

struct visit *visit_free(struct visit *v)
{
	if (!v)
		return NULL;
	stop_step(v);
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++)
		free(v->calls[i].url);
	snapshot_list_done(&v->snapshots);
	remote_job_list_done(&v->jobs);
	doctor_facts_done(&v->facts);
	(void)loop_timer_free(v->next);
	(void)loop_timer_free(v->limit);
	(void)conf_tenant_unref(v->conf);
	free(v);
	return NULL;
}
