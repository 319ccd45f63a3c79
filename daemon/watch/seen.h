/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a look saw, on its way through the store: one transaction writes the lists and reads what
 * planning needs. It lists nothing itself and knows no callback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/plan.h"
#include "common/model/remote_job.h"
#include "common/model/retention.h"
#include "common/model/snapshot.h"
#include "daemon/watch/look.h"

struct conf_tenant;
struct store;

struct seen {
	/* what was seen; complete lists, snapshots normalised */
	int64_t tenant;			/* row id */
	const struct conf_tenant *conf; /* borrowed; its watches are read */
	struct snapshot_list snapshots;
	struct remote_job_list jobs;
	int64_t at_us;	   /* wall clock, ours */
	int64_t newest_us; /* of snapshots; TIME_NONE */

	/* what the store made of it */
	size_t n_new; /* snapshots never listed before */
	int64_t retention_us;
	struct plan_watch *watches; /* one for each of conf's */
	struct sighting *sightings; /* of LIMIT_RETENTION_MEMORY_US, newest first */
	size_t n_sightings;
	size_t foreign; /* index of a job that holds the slot and is not ours; jobs.n: none */
	struct look_recovery *recoveries; /* to be told; their texts belong to jobs */
	size_t n_recoveries;
};
void seen_done(struct seen *s);

/* Writes and reads; repeatable. 0 or < 0 (-ESTALE: the tenant's lease is somebody else's). */
int seen_store(struct store *store, struct seen *s);
/* Only reads watches and sightings: a look has failed at at_us. Repeatable. 0 or < 0. */
int seen_recall(struct store *store, struct seen *s);
/* Notes that people were told of the recoveries. */
int seen_told(struct store *store, const struct seen *s);
