/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recovery API of one tenant: paths, headers, tokens, retries, error bodies. A call ends in one
 * callback with one outcome; what the outcome means for a job is the caller's business. It does
 * not parse what it was asked for, except to know whether it is usable.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "daemon/graph/retry.h"

struct auth;
struct conf_tenant;
struct graph;
struct graph_call;
struct http;
struct loop;

/* Takes a reference of the tenant; borrows auth, which must live longer. */
int graph_new(struct loop *l, struct http *h, struct auth *auth, struct conf_tenant *tenant,
	struct graph **ret);
/* Calls in flight end without a callback. Not from inside of one. */
struct graph *graph_free(struct graph *g);
DEFINE_CLEANUP(struct graph, graph_free);

/* Valid during the callback; body may be taken by swapping the buf. */
struct graph_reply {
	enum graph_outcome outcome;
	long status;	      /* of the last answer; 0 when there was none */
	struct buf body;      /* GRAPH_OK: JSON, decoded */
	const char *location; /* create: absolute, of our Graph host; NULL when absent or foreign */
	int64_t date_us;      /* the service's clock; TIME_NONE */
	const char *request_id; /* or NULL */
	const char *text;	/* not GRAPH_OK: one line for people, already visible */
	const char *hint;	/* what to do, or NULL */
	int64_t retry_after_us; /* THROTTLED, NETWORK: when it makes sense to come back */
};
typedef void (*graph_done_fn)(void *arg, struct graph_reply *reply);

/*
 * Each starts a call; done comes later, never from inside. 0 or -ENOMEM. link: a nextLink to follow
 * verbatim (checked: same host as graph_url), or NULL for the first page. ret may be NULL.
 */
int graph_list_snapshots(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret);
int graph_list_jobs(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret);
/* filter_json: the value of filteringCriteria, "" for none. One attempt that reaches the service,
 * no more: network trouble is GRAPH_NETWORK at once, because the job may exist. */
int graph_create_preview(struct graph *g, const char *snapshot_id, const char *filter_json,
	graph_done_fn done, void *arg, struct graph_call **ret);
/* location: as the service gave it, or NULL. young: just created, 404 is tried a few times. */
int graph_get_job(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *location, bool young, graph_done_fn done, void *arg, struct graph_call **ret);
/* First page with $top=999; the qualified function name first, the other forms once on 400/404. */
int graph_get_changes(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *link, graph_done_fn done, void *arg, struct graph_call **ret);
int graph_cancel_job(struct graph *g, const char *job_id, graph_done_fn done, void *arg,
	struct graph_call **ret);
/* The first answer decides: nothing is waited for. For who asks only how things are. */
void graph_call_once(struct graph_call *c);
/* Ends a call without a callback. NULL is allowed. */
void graph_call_cancel(struct graph_call *c);

/*
 * How a job can be read is not documented alike everywhere: which token, at which address, or only
 * in the list of all jobs. It is tried in that order (graph_op.c) and remembered.
 */
enum graph_job_read_token { GRAPH_BY_ANY, GRAPH_BY_USER, GRAPH_BY_APP };
enum graph_job_read_where {
	GRAPH_AT_UNKNOWN,  /* not found out yet */
	GRAPH_AT_LOCATION, /* where the service said that it is */
	GRAPH_AT_SNAPSHOT, /* below its snapshot */
	GRAPH_AT_JOBS,	   /* below the jobs */
	GRAPH_AT_LIST,	   /* nowhere; the list of jobs shows it */
};
struct graph_job_read {
	enum graph_job_read_token by; /* ANY with UNKNOWN and LIST */
	enum graph_job_read_where at;
};
/* A stable word for the store ("user jobs"), and back ({ANY, UNKNOWN} for what is none). */
const char *graph_job_read_name(struct graph_job_read how);
struct graph_job_read graph_job_read_parse(const char *name);
/* In words, for people. */
const char *graph_job_read_text(struct graph_job_read how);

/* What was found out so far; what is to be taken for found out; who is told when it changes. */
struct graph_job_read graph_job_read(const struct graph *g);
void graph_recall_job_read(struct graph *g, struct graph_job_read how);
void graph_on_job_read(
	struct graph *g, void (*fn)(void *arg, struct graph_job_read how), void *arg);
/* graph_get_job() is refused and the list has shown the job: asking for it alone is a waste. */
void graph_note_listed(struct graph *g);

/* For status: trouble of the last call that ended, NULL when it was good; requests sent so far. */
const char *graph_trouble(const struct graph *g);
uint64_t graph_requests(const struct graph *g);
