/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of a visit only: doctor_visit.c (its way through the steps), doctor_ask.c and
 * doctor_ask_graph.c (the questions of each).
 */
#pragma once

#include <stdbool.h>

#include "common/model/remote_job.h"
#include "common/model/snapshot.h"
#include "daemon/doctor/doctor_judge.h"
#include "daemon/doctor/doctor_visit.h"

struct auth_wait;
struct graph_call;
struct http_call;
struct loop_timer;
struct question; /* to the store; outlives the visit */

struct host_call {
	struct visit *visit;
	struct doctor_host *host;
	struct http_call *http;
	char *url;
};

struct visit {
	struct visit_env env;
	struct tenant *t; /* NULL: it has gone */
	struct conf_tenant *conf;
	visit_done_fn done;
	void *arg;
	struct doctor_facts facts;
	size_t step;
	struct loop_timer *next, *limit;

	/* what the step that is under way waits for */
	struct host_call calls[_DOCTOR_HOSTS];
	struct auth_wait *auth;
	struct graph_call *graph;
	struct question *question;

	/* what the lists have shown so far */
	struct snapshot_list snapshots;
	struct remote_job_list jobs;
	unsigned n_pages;
};

/* The step that is under way has its answer. */
void visit_step_done(struct visit *v);
void visit_answer(struct doctor_answer *a, int outcome, const char *text, const char *hint);

/* Each asks; false when there is nothing to wait for: the facts are there, or stay unknown. */
bool visit_ask_opened(struct visit *v);
bool visit_ask_files(struct visit *v);
bool visit_ask_hosts(struct visit *v);
bool visit_ask_token(struct visit *v);
bool visit_ask_app_token(struct visit *v);
bool visit_ask_sign_in(struct visit *v);
bool visit_ask_snapshots(struct visit *v);
bool visit_ask_jobs(struct visit *v);
bool visit_ask_polled(struct visit *v);
bool visit_ask_store(struct visit *v);
/* Nobody waits for the store any more. */
void visit_forget_question(struct visit *v);
