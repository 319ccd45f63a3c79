/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What snapwatch asks of the recovery API: one row per operation, and the addresses that rows and
 * ids make. Pure. Creating a recovery is not among them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "daemon/graph/retry.h"

enum graph_op {
	GRAPH_LIST_SNAPSHOTS,
	GRAPH_LIST_JOBS,
	GRAPH_CREATE_PREVIEW,
	GRAPH_GET_JOB,
	GRAPH_GET_CHANGES,
	GRAPH_CANCEL_JOB,
	_GRAPH_OP_MAX,
};

enum { GRAPH_FORMS_MAX = 3 };

struct graph_op_row {
	const char *what;      /* for messages: "listing snapshots" */
	const char *failed_id; /* MESSAGE_ID of the record of a failure; NULL for none */
	const char *method;
	bool app;	 /* the service takes app-only tokens for it */
	bool either;	 /* reads only: whoever is refused, the other token is worth a try */
	bool wants_json; /* an answer without a JSON object is none */
	size_t max_bytes;
	/* Below graph_url, {s} the snapshot, {j} the job; the documented form first. */
	const char *forms[GRAPH_FORMS_MAX];
	/* Statuses after which another form is worth a try; 0 ends. */
	int fallback[4];
	struct retry_policy policy;
};

const struct graph_op_row *graph_op_row(enum graph_op op);
size_t graph_op_forms(enum graph_op op);
bool graph_op_falls_back(enum graph_op op, long status);

/* Appends the address of a form. 0, -EINVAL when an id cannot be part of a path, or the buffer's
 * error. */
int graph_op_url(enum graph_op op, size_t form, const char *base, const char *snapshot_id,
	const char *job_id, struct buf *out);
