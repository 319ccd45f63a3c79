/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives one run at the service: looks whether the slot is free, stores the intent, creates (or
 * adopts) the preview job, polls it, has its pages read, hands it to judging. job_move() is the
 * only writer of a run's state; every state is in the store before its effect is relied on, so a
 * crash at any point resumes. It never cancels what it did not start, and never starts a recovery.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/run.h"
#include "daemon/graph/retry.h"
#include "daemon/watch/reading.h"

struct job;
struct job_env;
struct loop;
struct store_thread;
struct tenant;

/*
 * What a job tells; wired in daemon.c. back and ended are its last words: the run is the receiver's
 * again, and the job is freed after they have returned (loop_defer), not inside.
 */
struct job_ops {
	/* the slot is free again at the service */
	void (*slot_free)(void *arg, struct tenant *t, struct run *run);
	/* could not start now: back into the queue, not before that wall time; foreign: somebody
	 * else's job runs */
	void (*back)(void *arg, struct tenant *t, struct run *run, int64_t not_before_us,
		bool foreign, const char *text);
	/* every page is stored and counted: judge it, then call job_judged() */
	void (*settle)(void *arg, struct tenant *t, struct run *run);
	/* ended; the run goes back to the queue, which frees it. text for people */
	void (*ended)(
		void *arg, struct tenant *t, struct run *run, const char *text, const char *hint);
	/* trouble that lasts (job_stuck, sign-in, throttling): set; or cleared (text NULL) */
	void (*trouble)(void *arg, struct tenant *t, struct run *run, enum graph_outcome why,
		const char *text, const char *hint);
	/* the run takes longer than job_max: is being cancelled */
	void (*stuck)(void *arg, struct tenant *t, struct run *run, const char *text);
};

struct job_env {
	struct loop *loop;
	struct store_thread *store;
	const struct reading_ops *reading; /* how pages are read, and by whom */
	struct pages *pages;
	const struct job_ops *ops;
	void *arg;
};

/* Takes the run on; begins in whatever state it is. */
int job_start(const struct job_env *env, struct tenant *t, struct run *run, struct job **ret);
/* The judge's answer: r 0 judged (done), else -errno. */
void job_judged(struct job *j, int r);
/*
 * Ask for its end: cancels at the service if it is ours and not yet successful there. done is
 * called once, maybe before this returns: when the service shows it ended (text NULL: the slot is
 * free of it), when the attempt has failed (text says what to do by hand), or by job_free().
 */
void job_cancel(
	struct job *j, const char *by, void (*done)(void *arg, const char *text), void *arg);
/* Stops working on it and frees it; ops hear nothing. The store has all that is needed to go on. */
struct job *job_free(struct job *j);

struct run *job_run(const struct job *j);
/* What it is doing now, for status: "loading data for 12m", "page 7, 6993 changes". Appends. */
struct buf;
void job_describe(const struct job *j, struct buf *out);
