/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of daemon/graph/graph.h without tokens, retries and http: a handler answers each
 * call. The handler runs when the answer is due, so a call that was cancelled before has not
 * reached it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/graph/graph.h"

enum graph_op {
	OP_SNAPSHOTS,
	OP_JOBS,
	OP_CREATE,
	OP_JOB,
	OP_CHANGES,
	OP_CANCEL,
	_OP_MAX,
};

/* NULL: not part of that call, or not given. */
struct graph_asked {
	enum graph_op op;
	const char *snapshot, *job, *location, *link, *filter;
	bool young;
};

/* The reply is GRAPH_OK with an empty body (room for LIMIT_PAGE_BYTES) and without a Date. */
typedef void (*graph_scripted_fn)(
	void *arg, const struct graph_asked *asked, struct graph_reply *reply);

struct graph *graph_scripted_new(struct loop *l, graph_scripted_fn fn, void *arg);
/* How long every call takes from now on; 1 ms at first. */
void graph_scripted_delay(struct graph *g, int64_t delay_us);
size_t graph_scripted_in_flight(const struct graph *g);
