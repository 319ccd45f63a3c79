/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending a job at the service, and only one that we created. The wish is stored before the service
 * is asked, so that "abandoned" is known as ours after a crash. Success is what polling shows.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

#define BY_HAND "; cancel it in the Entra admin center, Backup and recovery, Difference reports"

void job_cancel_answer(struct job *j, const char *text)
{
	struct job_waiter *w = TAKE_PTR(j->waiters);

	while (w) {
		struct job_waiter *next = w->next;

		w->done(w->arg, text);
		free(w);
		w = next;
	}
}

void job_cancel_failed(struct job *j, const char *text)
{
	struct run *next = job_edit(j);
	struct log_ctx ctx = job_log_ctx(j);
	char words[512];

	(void)snprintf(
		words, sizeof(words), "the preview could not be cancelled: %s" BY_HAND, text);
	log_warning(&ctx, "%s", words);
	j->cancel_by = NULL;
	j->cancel_sent = false;
	j->cancel_given_up = true;
	job_cancel_answer(j, words);
	/* abandoned later on, it is somebody else's doing */
	job_set_text(&next->cancel_by, NULL);
	job_move(j, next, job_wait_next);
}

/* It may have ended meanwhile, and then there is nothing to refuse: the next poll tells. */
static void refused(struct job *j, const char *text)
{
	assert_fatal(run_set_text(&j->cancel_refusal, text) == 0);
	job_later(j, 0, job_poll);
}

/* The service was not reached: whoever waits is told, and each poll asks again. */
static void not_reached(struct job *j, const char *text)
{
	struct log_ctx ctx = job_log_ctx(j);
	char words[512];

	(void)snprintf(words, sizeof(words),
		"the preview could not be cancelled yet: %s; it is tried again" BY_HAND, text);
	log_warning(&ctx, "%s", words);
	j->cancel_sent = false;
	job_cancel_answer(j, words);
	job_later(j, j->poll_us, job_poll);
}

static void on_cancelled(void *arg, struct graph_reply *reply)
{
	struct job *j = arg;

	JOB_CALL_OVER(j);
	j->cancel_sent = true;
	j->cancel_sent_us = clock_boot_us();
	switch (reply->outcome) {
	case GRAPH_OK:
	case GRAPH_NOT_FOUND: /* these two: it has ended, polling tells how */
	case GRAPH_BUSY:
		job_later(j, 0, job_poll);
		break;
	case GRAPH_FORBIDDEN:
	case GRAPH_REFUSED:
		refused(j, reply->text ? reply->text : graph_outcome_name(reply->outcome));
		break;
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG:
	case GRAPH_THROTTLED:
	case GRAPH_NETWORK:
	case GRAPH_BAD_REPLY:
		not_reached(j, reply->text ? reply->text : graph_outcome_name(reply->outcome));
		break;
	}
}

static void ask(struct job *j)
{
	struct log_ctx ctx = job_log_ctx(j);

	log_notice(&ctx, "cancelling the preview for %s", j->run->cancel_by);
	if (graph_cancel_job(j->t->graph, j->run->service_id, on_cancelled, j, &j->call) < 0)
		job_cancel_failed(j, "out of memory");
}

static bool refuse_adopted(struct job *j)
{
	j->cancel_by = NULL;
	job_cancel_answer(j, "the preview that runs was found at the service after a restart or a "
			     "lost answer, so it may be somebody else's" BY_HAND);
	return false;
}

bool job_cancel_step(struct job *j)
{
	struct run *next;

	if (!j->cancel_by || j->cancel_sent)
		return false;
	if (j->run->adopted)
		return refuse_adopted(j);
	job_quiet(j);
	next = job_edit(j);
	job_set_text(&next->cancel_by, j->cancel_by);
	job_set_text(&j->cancel_refusal, NULL);
	job_move(j, next, ask);
	return true;
}

static void add_waiter(struct job *j, void (*done)(void *arg, const char *text), void *arg)
{
	struct job_waiter *w = mem_alloc(sizeof(*w));

	*w = (struct job_waiter){.next = j->waiters, .done = done, .arg = arg};
	j->waiters = w;
}

void job_cancel(struct job *j, const char *by, void (*done)(void *arg, const char *text), void *arg)
{
	if (!j->run || j->run->state > RUN_WAITING) {
		done(arg, NULL);
		return;
	}
	add_waiter(j, done, arg);
	if (j->cancel_by)
		return;
	job_set_text(&j->cancel_text, by);
	j->cancel_by = j->cancel_text;
	/* while the store or the create call is under way, what follows it looks at cancel_by */
	if (j->request)
		return;
	if (j->run->state == RUN_QUEUED)
		job_back(j, clock_wall_us(), false, true, "cancelled before it was created");
	else if (j->run->state == RUN_WAITING)
		(void)job_cancel_step(j);
}
