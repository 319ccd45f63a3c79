/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the wish to a job at the service. Look at the list; store the intent; POST. Whatever is not
 * a plain answer leads back to the list, where a job of ours is found if there is one: the POST is
 * only repeated when the list shows that there is none.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/model/adopt.h"
#include "common/model/plan.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

/* Between an answer that is none and the next look at the list. */
#define AGAIN_US (15 * USEC_PER_SEC)
/* The service cannot be asked at all: the queue's turn comes again then. */
#define AWAY_US (5 * USEC_PER_MIN)

static void on_listed(struct job *j, const struct graph_reply *failed);

static void look(struct job *j)
{
	job_list(j, on_listed);
}

/* --- somebody else's job ------------------------------------------------------------------------
 */

static void busy(struct job *j, const struct remote_job *holder)
{
	int64_t wait_us = run_back_off_us(j->run->backs + 1);
	char since[TIME_TEXT_SIZE], wait[DURATION_TEXT_SIZE], text[160];
	struct log_ctx ctx = job_log_ctx(j);

	if (holder)
		(void)snprintf(text, sizeof(text), "the slot is taken by a %s job%s%s",
			holder->kind == REMOTE_PREVIEW	  ? "preview"
			: holder->kind == REMOTE_RECOVERY ? "recovery"
							  : "backup",
			holder->started_us == TIME_NONE ? "" : " that started at ",
			time_format(holder->started_us, since));
	else
		(void)snprintf(text, sizeof(text), "the service says that the slot is taken");
	log_event(j->run->backs == 0 ? LOG_NOTICE : LOG_DEBUG, LOG_ID_SLOT_BUSY, &ctx,
		"%s; trying again in %s", text, duration_format(wait_us, wait));
	tenant_slot_taken(j->t, holder ? holder->started_us : TIME_NONE, clock_wall_us());
	j->t->slot_refused = !holder;
	/* a list that shows no job at all says nothing about a POST whose answer was lost */
	job_back(j, clock_wall_us() + wait_us, true, j->unsure && !holder, text);
}

/* --- ours ---------------------------------------------------------------------------------------
 */

static void log_begun(const struct job *j)
{
	struct log_ctx ctx = job_log_ctx(j);
	char created[TIME_TEXT_SIZE];

	log_event(LOG_INFO, j->run->adopted ? LOG_ID_JOB_ADOPTED : LOG_ID_JOB_STARTED, &ctx,
		"%s of watch '%s' against the snapshot of %s",
		j->run->adopted ? "took over the running preview" : "started a preview",
		j->run->watch, time_format(j->run->snapshot_created_us, created));
}

static void created(struct job *j)
{
	j->t->slot_foreign = false;
	j->t->slot_refused = false;
	j->run->backs = 0;
	log_begun(j);
	job_no_trouble(j);
	job_enter(j);
}

static void to_waiting(struct job *j, struct run *next)
{
	next->state = RUN_WAITING;
	next->holds_slot = true;
	if (next->intent_us == TIME_NONE)
		next->intent_us = clock_wall_us();
	job_move(j, next, created);
}

/*
 * Ours by the list. Unless the service said that it took our POST it may be a stranger's that was
 * faster: taken over, and never cancelled.
 */
static void found(struct job *j, const struct remote_job *job)
{
	struct run *next = job_edit(j);

	job_set_text(&next->service_id, job->service_id);
	job_set_text(&next->service_status, job->status_text);
	job_set_text(&next->location, NULL);
	next->adopted = !j->accepted;
	next->started_us = job->started_us;
	to_waiting(j, next);
}

/*
 * The job id is the last segment of Location, ".../recoveryPreviewJobs/{id}" or ".../jobs/{id}",
 * maybe with a query behind it.
 */
static char *id_of_location(const char *location)
{
	size_t len = location ? strcspn(location, "?#") : 0, start;

	while (len > 0 && location[len - 1] == '/')
		len--;
	for (start = len; start > 0 && location[start - 1] != '/'; start--)
		;
	if (start == len || start == 0 || len - start > LIMIT_ID_BYTES)
		return NULL;
	return strndup(location + start, len - start);
}

static void accepted(struct job *j, const struct graph_reply *reply)
{
	_cleanup_(freep) char *id = id_of_location(reply->location);
	struct run *next;

	if (!id) { /* the list knows it */
		j->accepted = j->unsure = true;
		job_later(j, 0, look);
		return;
	}
	next = job_edit(j);
	job_set_text(&next->service_id, id);
	job_set_text(&next->location, reply->location);
	next->adopted = false;
	/* until the service tells jobStartDateTime */
	next->started_us = reply->date_us != TIME_NONE ? reply->date_us : next->intent_server_us;
	to_waiting(j, next);
}

/* --- the POST -----------------------------------------------------------------------------------
 */

static void on_posted(void *arg, struct graph_reply *reply)
{
	struct job *j = arg;

	JOB_CALL_OVER(j);
	switch (reply->outcome) {
	case GRAPH_OK:
		accepted(j, reply);
		break;
	case GRAPH_BUSY: /* by somebody who was faster, or by an earlier POST of ours */
		j->refused = true;
		job_later(j, 0, look);
		break;
	case GRAPH_NOT_FOUND:
		job_end(j, RUN_BASELINE_GONE, "the service no longer has the snapshot", NULL);
		break;
	case GRAPH_REFUSED:
	case GRAPH_FORBIDDEN:
		job_end(j, RUN_REFUSED, reply->text, reply->hint);
		break;
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG: /* this try never got there; one before it may have */
		job_back(j,
			clock_wall_us() + job_trouble(j, reply->outcome, reply->text, reply->hint,
						  reply->retry_after_us, AWAY_US),
			false, true, reply->text);
		break;
	case GRAPH_THROTTLED:
	case GRAPH_NETWORK:
	case GRAPH_BAD_REPLY: /* it may have got there */
		j->unsure = true;
		job_later(j,
			job_trouble(j, reply->outcome, reply->text, reply->hint,
				reply->retry_after_us, AGAIN_US),
			look);
		break;
	}
}

static void post(struct job *j)
{
	j->asked = true;
	if (graph_create_preview(
		    j->t->graph, j->run->snapshot, j->run->filter, on_posted, j, &j->call) < 0)
		job_later(j, AGAIN_US, look);
}

static void store_intent(struct job *j)
{
	struct run *next = job_edit(j);

	next->state = RUN_CREATING;
	next->holds_slot = true;
	next->attempts++;
	/* the first one counts: any job of ours started after it */
	if (next->intent_us == TIME_NONE)
		next->intent_us = clock_wall_us();
	if (next->intent_server_us == TIME_NONE)
		next->intent_server_us = j->list_date_us;
	job_move(j, next, post);
}

/*
 * Nobody has the slot. A person, quiet hours or a hold may have come in between; until when they
 * last is the queue's to say, for they may be lifted.
 */
static void slot_is_free(struct job *j)
{
	int64_t now_us = clock_wall_us();

	if (j->cancel_by)
		job_back(j, now_us, false, true, "cancelled before it was created");
	else if (plan_start_allowed(j->t->conf, now_us, j->t->usual_job_us, j->t->hold_until_us) >
		 now_us)
		job_back(j, now_us, false, true, "not now");
	else
		store_intent(j);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static void no_list(struct job *j, const struct graph_reply *failed)
{
	int64_t wait_us = job_trouble(
		j, failed->outcome, failed->text, failed->hint, failed->retry_after_us, AGAIN_US);

	if (j->run->state == RUN_CREATING) {
		job_later(j, wait_us, look);
		return;
	}
	job_back(j, clock_wall_us() + (wait_us > AWAY_US ? wait_us : AWAY_US), false, true,
		failed->text);
}

static void on_listed(struct job *j, const struct graph_reply *failed)
{
	const struct remote_job *job;

	if (failed) {
		no_list(j, failed);
		return;
	}
	job_no_trouble(j);
	switch (adopt_decide(j->run, &j->listed, &job)) {
	case ADOPT_OURS:
		found(j, job);
		break;
	case ADOPT_BUSY:
		busy(j, job);
		break;
	case ADOPT_FREE:
		if (j->refused) /* it has just ended, or the list is behind */
			busy(j, NULL);
		else
			slot_is_free(j);
		break;
	}
}

void job_create_enter(struct job *j)
{
	/* an intent without a job: of an earlier turn, or of a process that is gone */
	j->unsure = j->run->intent_us != TIME_NONE;
	look(j);
}

/* The next turn looks for the job that may have come into being. */
void job_create_late(struct job *j)
{
	job_back(j, clock_wall_us() + AWAY_US, false, true, "the service did not answer");
}
