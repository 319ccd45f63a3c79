/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look: lists snapshots and jobs, stores what was seen, and hands on what planning needs. Cheap;
 * never creates anything. One at a time per tenant. Only complete lists are stored or handed on. A
 * look that failed hands on what the store knows: watches are at risk also while nobody can look.
 *
 * A recovery of somebody else is handed on until the store knows that it was. That is written by a
 * request posted after the callback, so what the callback itself posts (the alert) is in the store
 * before; a crash in between repeats the alert, which is harmless because its outside id is the
 * same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/plan.h"
#include "common/model/remote_job.h"
#include "common/model/retention.h"
#include "daemon/graph/retry.h"

struct look;
struct loop;
struct store_thread;
struct tenant;

/* Foreign recovery jobs that nobody was told of yet. */
struct look_recovery {
	struct remote_job job;
	bool ended; /* over: counts are final. One that is over when first seen is told of once */
};

struct look_result {
	struct tenant *tenant;
	enum graph_outcome outcome; /* GRAPH_OK: everything below is there */
	const char *text, *hint;    /* what is wrong otherwise */
	/* plan.snapshots and plan.watches filled; now and server_now set. Of a look that failed
	 * tenant, now and watches; no watches when the store could not be read either. */
	struct plan_input plan;
	const struct sighting *sightings; /* of LIMIT_RETENTION_MEMORY_US; always there */
	size_t n_sightings;
	const struct remote_job_list *jobs; /* as listed */
	/* A job that is not ours and not over, or NULL. While a run of ours may have created one
	 * without knowing its id yet, an unknown preview counts as ours. */
	const struct remote_job *foreign;
	struct look_recovery *recoveries;
	size_t n_recoveries;
	unsigned unknown;	  /* entries or words that were not understood */
	const char *unknown_text; /* the first of them, visible; or NULL */
	int64_t retry_after_us;	  /* of a look that failed */
};
/* The result and all in it are valid during the callback. */
typedef void (*look_done_fn)(void *arg, const struct look_result *result);

int look_new(struct store_thread *st, look_done_fn done, void *arg, struct look **ret);
struct look *look_free(struct look *l);
DEFINE_CLEANUP(struct look, look_free);

/*
 * forced: a person asks for a run; watch NULL for all. A look that is going on is joined (forced is
 * kept; two different watches become all). The callback comes later.
 */
void look_start(struct look *l, struct tenant *t, bool forced, const char *watch);
/* Ends a look without a callback. Call it before the tenant, its graph or its configuration goes.
 */
void look_cancel(struct look *l, struct tenant *t);
