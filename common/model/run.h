/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: one preview job from the wish to the verdict, as it is in the store. Its states and the
 * allowed moves are one table; daemon/watch/job.c holds the only function that moves one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

enum run_state {
	RUN_QUEUED,	/* waits for its turn: slot, quiet hours, hold, back-off */
	RUN_CREATING,	/* intent stored; the POST may or may not have reached the service */
	RUN_WAITING,	/* exists at the service; polled */
	RUN_COLLECTING, /* successful at the service; pages are read */
	RUN_SETTLING,	/* every page stored; to be judged */
	RUN_DONE,	/* judged */
	RUN_FAILED,	/* ended without a verdict; outcome says how */
	_RUN_STATE_MAX,
};
const char *run_state_name(enum run_state s);
int run_state_from_name(const char *name, enum run_state *ret);
/* A move to the same state stores progress and is allowed for every state that has not ended. */
bool run_move_allowed(enum run_state from, enum run_state to);
static inline bool run_state_ended(enum run_state s)
{
	return s == RUN_DONE || s == RUN_FAILED;
}

/* How a run ended. Names are stable: they are shown, stored and part of the JSON. */
enum run_outcome {
	RUN_OK,
	RUN_UNVERIFIED,		 /* read to the end, but fewer rows than the service promised */
	RUN_SERVICE_FAILED,	 /* status failed */
	RUN_CANCELLED,		 /* by us: yield, quiet hours, job_max */
	RUN_CANCELLED_ELSEWHERE, /* abandoned by somebody else */
	RUN_GONE,		 /* 404 for the job or its changes */
	RUN_BASELINE_GONE,	 /* 404 when creating: the snapshot aged out; planned again */
	RUN_REFUSED,		 /* 400, 403, 405: the service does not want it */
	RUN_NO_RESULT,		 /* pages that cannot be read: bad JSON, foreign or looping link */
	RUN_REMOVED, /* the tenant or watch left the configuration before it was created */
	_RUN_OUTCOME_MAX,
};
const char *run_outcome_name(enum run_outcome o);
int run_outcome_from_name(const char *name, enum run_outcome *ret);

struct run {
	int64_t id;			    /* 0 before it is stored */
	int64_t tenant;			    /* row id */
	char *watch, *filter_hash, *filter; /* filter: JSON or "" */
	char *baseline;			    /* watch_baseline_name() */
	bool initial;
	int64_t due_us, queued_us;
	enum run_state state;
	bool holds_slot;
	enum run_outcome outcome; /* when ended */
	char *detail;
	char *snapshot; /* service id of the baseline */
	int64_t snapshot_created_us;
	int64_t covered_from_us;
	int64_t newest_snapshot_us; /* newest one listed when the run was planned */
	int64_t intent_us, intent_server_us;
	char *service_id, *location;
	bool adopted;
	char *service_status;
	int64_t started_us, completed_us;
	int64_t objects, links; /* -1 not known */
	char *next_link;	/* NULL: nothing read yet; "": the chain has ended */
	int64_t pages, changes, distinct_objects; /* distinct_objects -1 not known */
	int verified;				  /* -1 not known, 0, 1 */
	int64_t unknown, attempts, not_before_us;
	char *cancel_by;
	int64_t ended_us;
	unsigned backs; /* not stored: how often in a row it found the slot taken */
};

/* Queued, nothing known, nothing read. NULL: out of memory. */
struct run *run_new(void);
struct run *run_free(struct run *r);
DEFINE_CLEANUP(struct run, run_free);
/*
 * What tells its alerts from those of a run with the same number in another store: the service's id
 * of the job, or of the snapshot when none was created.
 */
static inline const char *run_subject(const struct run *run)
{
	return run->service_id ? run->service_id : run->snapshot;
}
/* 0 or -ENOMEM. */
int run_copy(const struct run *from, struct run **ret);
/* Replaces a text of the run by a copy; NULL is allowed. 0 or -ENOMEM (the old text stays). */
int run_set_text(char **field, const char *text);

/*
 * Compares what was read with the service's total (-1: not given): 1 it agrees with the rows or the
 * distinct objects, 0 fewer than promised, -1 there is nothing to compare with. More than
 * promised is 1 too, and *ret_more. distinct is only looked at when rows and total differ.
 */
int run_verify(int64_t total, int64_t rows, int64_t distinct, bool *ret_more);

/* How long to leave a taken slot alone after the n-th attempt in a row (1, 2, ...). */
int64_t run_back_off_us(unsigned n);
