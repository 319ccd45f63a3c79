/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in the store. Each row belongs to the stage that drives the run; its state is only moved by
 * store_job_move() and store_job_judged(), which check the old state and this process's lease.
 * The columns about pages (next_link, pages, changes, unknown) belong to store_page. Everything
 * runs inside the transaction of its caller. -ESTALE: the tenant's lease is somebody else's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/run.h"
#include "common/store/db.h"

struct store;

enum store_job_error {
	STORE_JOB_E_STALE = 1, /* the row is in another state */
	STORE_JOB_E_SLOT,      /* another run of the tenant is at the service */
	STORE_JOB_E_PENDING,   /* an unfinished run of the same tenant, watch and filter exists */
};

/* Sets run->id. 0, STORE_JOB_E_PENDING, or < 0. */
int store_job_insert(struct store *s, struct run *run);

/*
 * Writes everything of the run but its page columns, if it is still in state from. 0,
 * STORE_JOB_E_STALE, STORE_JOB_E_SLOT (run->holds_slot, but another one has it), or < 0.
 */
int store_job_move(struct store *s, const struct run *run, enum run_state from);

/* For the judge's transaction, before its findings: P as it counts for them. */
int store_job_set_instant(struct store *s, int64_t job, int64_t instant_us);
/* For the judge's transaction: settling to done. 0, STORE_JOB_E_STALE, or < 0. */
int store_job_judged(struct store *s, int64_t job, enum run_outcome outcome, int64_t ended_us);

/* 0, -ENOENT, or < 0. */
int store_job_load(struct store *s, int64_t job, struct run **ret);
/* Unfinished runs of a tenant, oldest first; run_list_done() frees them. */
struct run_list {
	struct run **items;
	size_t n;
};
int store_job_load_unfinished(struct store *s, int64_t tenant, struct run_list *ret);
/*
 * Of each watch of a tenant the last run that ended, if that was since then: what is so now,
 * however much of it was told before the daemon died. Those that we cancelled, dropped, or plan
 * again at once say nothing.
 */
int store_job_load_latest(struct store *s, int64_t tenant, int64_t since_us, struct run_list *ret);
void run_list_done(struct run_list *list);

/*
 * What planning needs to know of the runs of this watch and filter so far; one that was removed
 * from the configuration before its turn does not count.
 */
struct store_job_last {
	int64_t due_us;		    /* TIME_NONE: never planned */
	int64_t newest_snapshot_us; /* newest one listed then; TIME_NONE */
	bool pending;		    /* the last one is unfinished */
	unsigned failures;	    /* how many in a row ended without a verdict (32 at most) */
	int64_t failed_us;	    /* failures > 0: when the last of them ended */
	enum run_outcome failed_how;
};
int store_job_last(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	struct store_job_last *ret);

/* Median duration at the service of the tenant's last previews; 0 when there is none. */
int store_job_usual(struct store *s, int64_t tenant, int64_t *ret_us);
