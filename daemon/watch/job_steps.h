/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of job*.c only: the job and its steps. Each state has a file: job_create.c
 * (queued, creating), job_wait.c (waiting), job_collect.c (collecting, settling); job_cancel.c may
 * cut in. At most one thing is under way at a time: a store request, a call, a reading, or the
 * timer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/model/remote_job.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/job.h"
#include "daemon/watch/listing.h"

struct conf_tenant;
struct loop_timer;

typedef void (*job_fn)(struct job *j);

/* Somebody waits for the end of the job at the service. */
struct job_waiter {
	struct job_waiter *next;
	void (*done)(void *arg, const char *text);
	void *arg;
};

struct job {
	struct job_env env;
	struct tenant *t;
	struct run *run; /* borrowed; NULL once it was handed back */

	/* what is under way */
	struct job_request *request;
	struct graph_call *call;
	struct reading *reading;
	struct loop_timer *timer;
	job_fn step; /* what the timer is for */

	struct loop_timer *deadline; /* of the state */
	enum graph_outcome trouble;  /* that was told and still holds; GRAPH_OK: none */

	/* the service's list of jobs */
	struct listing *listing;
	struct remote_job_list listed;
	int64_t list_date_us;
	void (*list_then)(struct job *j, const struct graph_reply *failed);

	/* creating */
	bool asked;    /* this process has sent the POST */
	bool accepted; /* the service took it: what the list shows is ours, whatever it is called */
	bool unsure;   /* a POST may have made a job although no answer said so */
	bool refused;  /* the service said that the slot is taken */

	/* waiting */
	int64_t poll_us, waiting_since_us;
	unsigned misses;  /* answers in a row that do not know the job */
	bool only_listed; /* asking for the job alone was refused */
	bool late;	  /* job_max has passed, job_stuck was told */

	/* collecting and settling */
	unsigned readings;
	int64_t judge_again_us;

	/* cancelling */
	const char *cancel_by; /* who wants it; NULL: nobody. A literal or cancel_text */
	char *cancel_text;
	bool cancel_sent;     /* the service has answered */
	char *cancel_refusal; /* what it said when it did not agree; NULL */
	bool cancel_given_up; /* it did not work once */
	int64_t cancel_sent_us;
	struct job_waiter *waiters;

	char *hint; /* for ops.ended */
};

/* --- job.c: what all steps use ------------------------------------------------------------------
 */

/* A copy of the run to change and hand to job_move(). */
struct run *job_edit(const struct job *j);
/* run_set_text() that is never refused. */
void job_set_text(char **field, const char *text);
/*
 * The only writer of a run's state. Stores next (consumed) if the run is still in its state, then
 * makes it the run, then calls then. A refusal ends the job's work here.
 */
void job_move(struct job *j, struct run *next, job_fn then);
/* Begins with what its state asks for. */
void job_enter(struct job *j);
/* Calls step later. */
void job_later(struct job *j, int64_t delay_us, job_fn step);
void job_deadline(struct job *j, int64_t delay_us);
/* Stops what is under way, except a store request. */
void job_quiet(struct job *j);

/* Ends the run without a verdict. detail and hint are copied. */
void job_end(struct job *j, enum run_outcome outcome, const char *detail, const char *hint);
/* Gives the run back to the queue. keep_intent: a job of ours may exist all the same. */
void job_back(
	struct job *j, int64_t not_before_us, bool foreign, bool keep_intent, const char *text);

/* A call failed in a way that may pass: tells it once, and says how long to wait (at least
 * least_us). */
int64_t job_trouble(struct job *j, enum graph_outcome why, const char *text, const char *hint,
	int64_t retry_after_us, int64_t least_us);
void job_no_trouble(struct job *j);
/* The call that delivered this is over. */
#define JOB_CALL_OVER(j) ((j)->call = NULL)

/* Lists all jobs of the tenant into j->listed, then calls then; failed: NULL, or why there is no
 * list. */
void job_list(struct job *j, void (*then)(struct job *j, const struct graph_reply *failed));

struct log_ctx job_log_ctx(const struct job *j);

/* --- steps --------------------------------------------------------------------------------------
 */

void job_create_enter(struct job *j);
void job_create_late(struct job *j);
void job_wait_enter(struct job *j);
void job_wait_late(struct job *j);
/* Polls after the usual wait, unless the job is to be cancelled. */
void job_wait_next(struct job *j);
void job_poll(struct job *j);
void job_collect_enter(struct job *j);
void job_collect_late(struct job *j);
void job_settle_enter(struct job *j);
void job_settle_late(struct job *j);

/* Asks the service to cancel, if that is wanted and not done yet. False: nothing to do. */
bool job_cancel_step(struct job *j);
/* The job is polled as running although cancelling was tried and failed. */
void job_cancel_failed(struct job *j, const char *text);
/* Answers everybody who waits for the slot; text NULL: it is free. */
void job_cancel_answer(struct job *j, const char *text);
