/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by graph.c (the graph, how calls begin) and graph_call.c (their way to an end) only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/base/buf.h"
#include "common/base/parse.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/graph.h"
#include "daemon/graph/graph_op.h"

struct auth_wait;
struct http_call;
struct loop_timer;
struct secret;

#define GRAPH_TEXT_BYTES 2048u

/* An address that may answer: a form of graph_op.c, or what the service handed out. */
enum { FORM_LINK = -1 };
struct candidate {
	char *url;
	int form;
};

enum { N_CANDIDATES = GRAPH_FORMS_MAX + 1 };

struct graph_call {
	TAILQ_ENTRY(graph_call) entry;
	struct graph *graph;
	enum graph_op op;
	const struct graph_op_row *row;
	struct retry_policy policy;
	graph_done_fn done;
	void *arg;

	struct candidate candidates[N_CANDIDATES];
	size_t n_candidates, at;
	char *body; /* of a POST; NULL */

	/* what it waits for: exactly one of these */
	struct loop_timer *timer;
	struct auth_wait *auth;
	struct http_call *http;

	struct secret *token;
	enum auth_kind kind;
	bool token_renewed, fresh;
	unsigned attempt;
	int64_t waited_us;
	char request_id[GUID_TEXT_SIZE]; /* ours, of the request in flight */

	/* of the documented form, kept while other forms are tried; also what was wrong from the
	 * start */
	bool failed;
	long failed_status;
	enum graph_outcome failed_outcome;
	struct buf failed_text;

	/* the first credential was refused like this, and the other has its turn */
	bool refused;
	long refused_status;
	enum graph_outcome refused_outcome;
	struct buf refused_text, refused_hint; /* hint empty: none */
	bool stands_in; /* ... because it could not be won: that proves nothing for the next call */
};

struct graph {
	struct loop *loop;
	struct http *http;
	struct auth *auth;
	struct conf_tenant *tenant;
	TAILQ_HEAD(, graph_call) calls;
	int winner[_GRAPH_OP_MAX];   /* form that has worked; FORM_LINK: none yet */
	bool swapped[_GRAPH_OP_MAX]; /* the other credential has worked where the first was refused
				      */
	struct graph_job_read job_read;
	void (*on_job_read)(void *arg, struct graph_job_read how);
	void *on_job_read_arg;
	char *told[_GRAPH_OP_MAX]; /* trouble that was logged, until the operation works */
	char *trouble;		   /* of the call that ended last */
	uint64_t requests;
};

/* It was found out; tells who wants to know if that is news. graph_job_read.c. */
void graph_note_job_read(struct graph *g, struct graph_job_read how);

/* Of a call's own timer: the first step, and the next attempt. */
void graph_call_step(void *arg);
/* Frees a call that is in no list; whatever it waits for is cancelled. NULL is allowed. */
void graph_call_free(struct graph_call *c);
