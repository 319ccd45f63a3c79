/* SPDX-License-Identifier: Apache-2.0 */
/* A job that is successful at the service: has its pages read and verified, then judged. */
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

#define AGAIN_US (USEC_PER_MIN)

static void read_on(struct job *j);

/* --- settling -----------------------------------------------------------------------------------
 */

void job_settle_enter(struct job *j)
{
	j->env.ops->settle(j->env.arg, j->t, j->run);
}

void job_settle_late(struct job *j)
{
	/* nothing has failed: judging waits for a store that cannot be written */
	if (j->judge_again_us == 0)
		job_deadline(j, LIMIT_JOB_SETTLE_US);
	else
		job_end(j, RUN_NO_RESULT, "the changes cannot be judged", NULL);
}

static void verified(struct job *j)
{
	const struct run *run = j->run;
	struct log_ctx ctx = job_log_ctx(j);
	bool more;

	(void)run_verify(run->objects, run->changes, run->distinct_objects, &more);
	if (more)
		log_event(LOG_WARNING, LOG_ID_API_UNEXPECTED, &ctx,
			"the service promised %lld changed objects and sent %lld changes",
			(long long)run->objects, (long long)run->changes);
	job_enter(j);
}

/* --- collecting ---------------------------------------------------------------------------------
 */

static void to_settling(struct job *j)
{
	struct run *next = job_edit(j);

	job_no_trouble(j);
	next->state = RUN_SETTLING;
	job_move(j, next, verified);
}

static bool too_often(struct job *j, const char *text)
{
	if (++j->readings < LIMIT_JOB_READINGS)
		return false;
	job_end(j, RUN_NO_RESULT, text, NULL);
	return true;
}

static void on_reset(void *arg, int r)
{
	struct job *j = arg;

	j->reading = NULL;
	if (r < 0)
		job_later(j, AGAIN_US, read_on);
	else
		read_on(j);
}

static void read_anew(struct job *j)
{
	struct log_ctx ctx = job_log_ctx(j);

	if (too_often(j, "the service keeps refusing its own links"))
		return;
	log_notice(&ctx, "the service refuses the stored link; reading the changes anew");
	if (j->env.reading->reset(j->env.pages, j->run, on_reset, j, &j->reading) < 0)
		job_later(j, AGAIN_US, read_on);
}

static void on_pages(void *arg, enum reading_outcome outcome, enum graph_outcome why,
	const char *text, const char *hint, int64_t retry_after_us)
{
	struct job *j = arg;

	j->reading = NULL;
	switch (outcome) {
	case READING_COMPLETE:
		to_settling(j);
		break;
	case READING_GONE:
		job_end(j, RUN_GONE, text ? text : "the service no longer has the changes", hint);
		break;
	case READING_BAD:
		job_end(j, RUN_NO_RESULT, text, hint);
		break;
	case READING_LINK_REFUSED:
		read_anew(j);
		break;
	case READING_LATER:
		/* "must have completed successfully": the service is behind itself, for a while */
		if (why == GRAPH_REFUSED && too_often(j, text))
			break;
		job_later(j, job_trouble(j, why, text, hint, retry_after_us, AGAIN_US), read_on);
		break;
	}
}

static void read_on(struct job *j)
{
	if (j->env.reading->start(j->env.pages, j->t, j->run, on_pages, j, &j->reading) < 0)
		job_later(j, AGAIN_US, read_on);
}

void job_collect_enter(struct job *j)
{
	read_on(j);
}

void job_collect_late(struct job *j)
{
	job_end(j, RUN_GONE, "the changes could not be read while the service kept them", NULL);
}
