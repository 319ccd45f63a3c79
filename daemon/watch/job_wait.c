/* SPDX-License-Identifier: Apache-2.0 */
/* Polling a job at the service until it ends there. What fails in between is waited out. */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/engine/loop.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

/* --- what was seen ------------------------------------------------------------------------------
 */

/* Everything that a listing or a single answer tells of our job. */
static struct run *with_seen(const struct job *j, const struct remote_job *seen)
{
	struct run *next = job_edit(j);

	job_set_text(&next->service_status, seen->status_text);
	if (seen->started_us != TIME_NONE)
		next->started_us = seen->started_us;
	return next;
}

static void successful(struct job *j)
{
	struct run *run = j->run;

	job_no_trouble(j);
	job_cancel_answer(j, NULL);
	j->env.ops->slot_free(j->env.arg, j->t, run);
	job_enter(j);
}

static void to_collecting(struct job *j, const struct remote_job *seen)
{
	struct run *next = with_seen(j, seen);

	job_quiet(j);
	next->state = RUN_COLLECTING;
	next->holds_slot = false;
	next->completed_us = seen->completed_us;
	/* the service never told its P: an earlier one claims less */
	if (next->started_us == TIME_NONE)
		next->started_us = next->intent_server_us != TIME_NONE ? next->intent_server_us
								       : next->intent_us;
	/* "trusted only when successful and not null" */
	next->objects = seen->objects;
	next->links = seen->links;
	job_move(j, next, successful);
}

static void abandoned(struct job *j)
{
	char text[160];

	if (!j->run->cancel_by) {
		job_end(j, RUN_CANCELLED_ELSEWHERE, "somebody cancelled the preview", NULL);
		return;
	}
	(void)snprintf(text, sizeof(text), "cancelled by %s", j->run->cancel_by);
	job_end(j, RUN_CANCELLED, text, NULL);
}

/* A word that is not documented never ends a job: it is said once and waited on. */
static void note_unknown(struct job *j, const struct remote_job *seen)
{
	struct log_ctx ctx = job_log_ctx(j);

	if (!j->run->service_status || !seen->status_text ||
		strcmp(j->run->service_status, seen->status_text) != 0)
		log_event(LOG_WARNING, LOG_ID_API_UNEXPECTED, &ctx,
			"the preview has the unknown status '%s'",
			seen->status_text ? seen->status_text : "");
}

static void goes_on(struct job *j, const struct remote_job *seen)
{
	struct run *next;

	if (seen->status == REMOTE_UNKNOWN)
		note_unknown(j, seen);
	next = with_seen(j, seen);
	if (next->started_us == j->run->started_us && next->service_status &&
		j->run->service_status &&
		strcmp(next->service_status, j->run->service_status) == 0) {
		(void)run_free(next);
		job_wait_next(j);
		return;
	}
	job_move(j, next, job_wait_next);
}

static void seen(struct job *j, const struct remote_job *job)
{
	j->misses = 0;
	job_no_trouble(j);
	switch (job->status) {
	case REMOTE_SUCCESSFUL:
		to_collecting(j, job);
		break;
	case REMOTE_FAILED:
		job_end(j, RUN_SERVICE_FAILED,
			"the service could not make the preview (it gives no reason)", NULL);
		break;
	case REMOTE_ABANDONED:
		abandoned(j);
		break;
	case REMOTE_INITIALIZED:
	case REMOTE_LOADING:
	case REMOTE_CALCULATING:
	case REMOTE_RUNNING:
	case REMOTE_UNKNOWN:
		goes_on(j, job);
		break;
	}
}

/* --- asking -------------------------------------------------------------------------------------
 */

static bool is_young(const struct job *j)
{
	return clock_boot_us() - j->waiting_since_us < LIMIT_JOB_YOUNG_US;
}

/*
 * Neither the job nor the list knows it. Right after creating that means nothing; later one more
 * look is granted, because lists are documented as incomplete for moments.
 */
static void missed(struct job *j)
{
	j->misses++;
	if (is_young(j) ? j->misses < LIMIT_JOB_YOUNG_MISSES : j->misses < 2)
		job_wait_next(j);
	else
		job_end(j, RUN_GONE, "the service no longer knows the preview", NULL);
}

static void wait_out(struct job *j, const struct graph_reply *reply)
{
	job_later(j,
		job_trouble(j, reply->outcome, reply->text, reply->hint, reply->retry_after_us,
			j->poll_us),
		job_poll);
}

static void on_listed(struct job *j, const struct graph_reply *failed)
{
	if (failed) {
		wait_out(j, failed);
		return;
	}
	for (size_t i = 0; i < j->listed.n; i++) {
		const struct remote_job *job = &j->listed.items[i];

		if (job->service_id && strcmp(job->service_id, j->run->service_id) == 0) {
			if (j->only_listed)
				graph_note_listed(j->t->graph);
			seen(j, job);
			return;
		}
	}
	missed(j);
}

static void on_job(void *arg, struct graph_reply *reply)
{
	struct job *j = arg;
	struct remote_job job = {0};

	JOB_CALL_OVER(j);
	j->only_listed = reply->outcome == GRAPH_FORBIDDEN || reply->outcome == GRAPH_REFUSED;
	switch (reply->outcome) {
	case GRAPH_OK:
		if (remote_job_parse(buf_text(&reply->body), reply->body.len, &job) < 0) {
			const struct log_ctx ctx = job_log_ctx(j);
			char text[] = "the answer about the preview cannot be read";

			log_info(&ctx, "%s; asking again", text);
			wait_out(j,
				&((struct graph_reply){.outcome = GRAPH_BAD_REPLY, .text = text}));
			break;
		}
		seen(j, &job);
		remote_job_done(&job);
		break;
	case GRAPH_NOT_FOUND:
	case GRAPH_REFUSED:
	case GRAPH_FORBIDDEN:
	case GRAPH_BUSY:
		/*
		 * The documents list no permission for reading one job, but reading all of them is
		 * known to work: the list has the last word.
		 */
		job_list(j, on_listed);
		break;
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG:
	case GRAPH_THROTTLED:
	case GRAPH_NETWORK:
	case GRAPH_BAD_REPLY:
		wait_out(j, reply);
		break;
	}
}

/* How long until quiet hours want it cancelled (0: now); INT64_MAX when they never do. */
static int64_t quiet_hours_in(const struct job *j)
{
	const struct conf_tenant *conf = j->t->conf;
	int64_t now_us = clock_wall_us(), in_us = INT64_MAX;

	if (conf->quiet_running != QUIET_CANCEL || j->run->adopted || j->cancel_given_up)
		return in_us;
	for (size_t i = 0; i < conf->n_quiet_hours; i++) {
		int64_t start_us = window_next_start(conf->quiet_hours[i], now_us);
		if (start_us != TIME_NONE && start_us - now_us < in_us)
			in_us = start_us - now_us;
	}
	return in_us;
}

void job_poll(struct job *j)
{
	if (!j->cancel_by && quiet_hours_in(j) == 0)
		j->cancel_by = "quiet hours";
	if (job_cancel_step(j))
		return;
	if (graph_job_read(j->t->graph).at == GRAPH_AT_LIST) {
		job_list(j, on_listed);
		return;
	}
	if (graph_get_job(j->t->graph, j->run->snapshot, j->run->service_id, j->run->location,
		    is_young(j), on_job, j, &j->call) < 0)
		job_later(j, j->poll_us, job_poll);
}

void job_wait_next(struct job *j)
{
	int64_t wait_us = j->poll_us, quiet_us = j->cancel_by ? INT64_MAX : quiet_hours_in(j);

	if (job_cancel_step(j))
		return;
	if (j->cancel_sent && j->cancel_refusal) {
		job_cancel_failed(j, j->cancel_refusal);
		return;
	}
	if (j->cancel_sent && clock_boot_us() - j->cancel_sent_us > LIMIT_JOB_CANCEL_US) {
		job_cancel_failed(j, "the service agreed, but it is still running");
		return;
	}
	if (j->cancel_sent)
		wait_us = LIMIT_JOB_POLL_CANCEL_US;
	else if (j->poll_us < LIMIT_JOB_POLL_MAX_US)
		j->poll_us += j->poll_us / 2;
	if (j->poll_us > LIMIT_JOB_POLL_MAX_US)
		j->poll_us = LIMIT_JOB_POLL_MAX_US;
	job_later(j, quiet_us < wait_us ? quiet_us : wait_us, job_poll);
}

void job_wait_enter(struct job *j)
{
	j->poll_us = j->t->conf->job_poll_us;
	j->misses = 0;
	j->waiting_since_us = clock_boot_us();
	/* cancelled before a restart: whether the service heard of it is not known */
	if (j->run->cancel_by && !j->cancel_by) {
		job_set_text(&j->cancel_text, j->run->cancel_by);
		j->cancel_by = j->cancel_text;
	}
	/* the hold was stored, and the host died before the wish to cancel was */
	if (!j->cancel_by && !j->run->adopted && j->t->hold_until_us > clock_wall_us())
		j->cancel_by = "snapwatch yield";
	if (j->asked)
		job_wait_next(j);
	else
		job_poll(j);
}

/* --- job_max ------------------------------------------------------------------------------------
 */

static void too_late(struct job *j)
{
	char text[160], max[DURATION_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "still running long after %s",
		duration_format(j->t->conf->job_max_us, max));
	job_end(j, j->run->adopted ? RUN_NO_RESULT : RUN_CANCELLED, text, NULL);
}

void job_wait_late(struct job *j)
{
	char text[160], max[DURATION_TEXT_SIZE];

	if (j->late) {
		too_late(j);
		return;
	}
	j->late = true;
	(void)snprintf(text, sizeof(text), "the preview takes longer than %s",
		duration_format(j->t->conf->job_max_us, max));
	j->env.ops->stuck(j->env.arg, j->t, j->run, text);
	if (j->run->adopted) {
		job_deadline(j, j->t->conf->job_max_us);
		return;
	}
	job_deadline(j, 2 * LIMIT_JOB_CANCEL_US);
	if (!j->cancel_by)
		j->cancel_by = "job_max";
	if (!j->cancel_sent)
		(void)job_cancel_step(j);
}
