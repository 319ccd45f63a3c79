/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small service that keeps jobs, moves them with the clock and can be told to fail, and a daemon
 * around one job that writes down what it is told. For tests of daemon/watch/job*.c: each ends with
 * what was told, in order, and what the store has.
 */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/conf/conf.h"
#include "common/model/run.h"
#include "common/store/store.h"
#include "daemon/watch/job.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/graph_scripted.h"

#define NOW (INT64_C(1790000000) * USEC_PER_SEC)
#define SNAPSHOT (NOW - 10 * USEC_PER_HOUR)
#define MAX_JOBS 9 /* a list in pages counts them by a digit */
#define MAX_FORCED 8

struct service_job {
	char id[16];
	const char *type; /* of @odata.type */
	int64_t target_us, started_us;
	int64_t takes_us; /* until successful; 0: never ends */
	const char *word; /* a fixed status instead */
	bool created;	  /* by a POST to this service */
};

/* What a call answers instead of the usual; the effect may take place all the same. */
struct forced {
	enum graph_outcome outcome;
	bool effect;
};

extern struct service {
	struct service_job jobs[MAX_JOBS];
	size_t n_jobs;
	int64_t takes_us; /* of new jobs */
	struct forced forced[_OP_MAX][MAX_FORCED];
	size_t n_forced[_OP_MAX], at_forced[_OP_MAX];
	size_t calls[_OP_MAX], violations;
	const char *location; /* format with the id; NULL: none */
	const char *objects;  /* JSON of the total when successful */
	bool deaf;	      /* GET of one job: 404, as if not permitted */
	bool lost;	      /* the list does not show our jobs */
	bool cancel_lingers;
	bool no_start; /* jobStartDateTime is null */
	enum { LIST_WHOLE, LIST_IN_PAGES, LIST_ENDLESS, LIST_GARBAGE } list;
	int64_t polled_us[64];				  /* when one job was asked for */
	int64_t retry_after_us;				  /* of forced answers */
	bool all_fail;					  /* every forced answer repeats for ever */
	void (*on_call)(const struct graph_asked *asked); /* before each answer; may be NULL */
} sv;

struct service_job *add_job(const char *type, int64_t started_us, const char *word);
/* Successful, failed or abandoned: the slot is free of it. */
bool service_job_over(const struct service_job *j);
/* The next call of this kind (the n-th of several) answers so. */
void force(enum graph_op op, enum graph_outcome outcome, bool effect);

extern struct loop *l;
extern struct store_thread *st;
extern struct store *store; /* owned by st */
extern struct pages *pages;
extern struct job *job;
extern struct run *run;
extern struct conf_tenant conf;
extern struct conf_watch watch;
extern struct tenant tenant;
extern char told[2000]; /* what the job told, in order */
extern char last_text[300];
extern int64_t back_at_us;
extern int judge_result;

void setup(void); /* a stored run of tenant 1 and a daemon that is up */
void teardown(void);
void daemon_up(void);
/* Whatever is under way is forgotten, as when the process is killed. */
void daemon_down(void);
void start(void);
/* The run as it is in the store. */
void load(int64_t id);
/* Until the job is gone; a day and a half is more than anything lasts. */
void run_out(void);
/* The row as a restarted daemon would find it; what memory has of it is the same. */
struct run *stored(void);
/* A queued run of watch "all", not stored. */
struct run *wanted(void);
