/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preview and recovery jobs of a tenant. A job's state is a function of the time; only what
 * somebody decides (creation, cancellation) is stored. One job per tenant at a time.
 */
#pragma once

#include "tests/graphsim/sim_core.h"
#include "tests/graphsim/sim_dir.h"
#include "tests/graphsim/sim_snap.h"

enum sim_status {
	SIM_STATUS_INITIALIZED,
	SIM_STATUS_RUNNING,
	SIM_STATUS_SUCCESSFUL,
	SIM_STATUS_FAILED,
	SIM_STATUS_ABANDONED,
	SIM_STATUS_CALCULATING,
	SIM_STATUS_LOADING,
};

struct sim_job {
	char id[SIM_GUID_SIZE];
	struct sim_tenant *tenant; /* borrowed */
	bool recovery;
	bool foreign; /* started by somebody else than the client */
	struct sim_snapshot snapshot;
	int64_t start_us, loading_us, working_us, end_us; /* begin of each phase, and the end */
	enum sim_outcome outcome;
	int64_t abandoned_us; /* TIME_NONE: nobody cancelled it */
	int64_t capture_us;   /* whose state is the current one */
	struct sim_filter filter;
	bool counted;
	/* once counted: objects that differ, rows that show them, links in them */
	uint64_t objects, rows, links;
	/* recovery */
	char *restores, *fails; /* references to objects, as written */
	uint64_t modified;
	struct sim_row *failed; /* what could not be recovered */
	size_t n_failed;
};

/* Creates a job that starts at at_us; its filter is taken over. NULL when the slot is taken
 * (*ret_holder). */
struct sim_job *sim_job_new(struct sim_tenant *t, int64_t at_us,
	const struct sim_snapshot *snapshot, bool recovery, struct sim_filter *filter,
	struct sim_job **ret_holder);
struct sim_job *sim_job_free(struct sim_job *j);

enum sim_status sim_job_status(const struct sim_job *j, int64_t now_us);
const char *sim_status_name(enum sim_status status, bool sentinel);
bool sim_status_ended(enum sim_status status);
/* When it ended, TIME_NONE while it has not. */
int64_t sim_job_ended_us(const struct sim_job *j, int64_t now_us);
/* False once the service has forgotten it. */
bool sim_job_listed(const struct sim_job *j, int64_t now_us);

/* The job that holds the slot, or NULL. */
struct sim_job *sim_job_running(const struct sim_tenant *t, int64_t now_us);
struct sim_job *sim_job_find(const struct sim_tenant *t, int64_t now_us, const char *id);

/* Ends it at at_us, unless it ends by itself before that. */
void sim_job_cancel(struct sim_job *j, int64_t at_us);

/* Whether an object whose properties and links have changed is two rows. */
bool sim_job_splits(const struct sim_job *j);
/* The first object that differs at or after row->pos. */
bool sim_job_next(const struct sim_job *j, struct sim_row *row);
/* Computes the totals once. */
void sim_job_count(struct sim_job *j);
/* Appends the resource. typed: with @odata.type, as in lists of both kinds. */
void sim_job_write(struct buf *out, struct sim_job *j, int64_t now_us, bool typed, bool sentinel);
