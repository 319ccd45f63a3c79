/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a daemon did to its findings, one step after the other and judgement by judgement. Triggers
 * in the store of the test write it down in the daemon's own transactions, so that what never
 * happened is not there. Reads the store, decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"

enum audit_kind {
	AUDIT_NEW,    /* a finding was inserted */
	AUDIT_MOVED,  /* a finding was updated */
	AUDIT_JUDGED, /* a run is done: all before belongs to it */
};

/* Texts belong to the list. */
struct audit_step {
	enum audit_kind kind;
	int64_t finding, episode, last_job, job, parent;
	char *entity_type, *object_id, *change, *atom, *after, *attention, *was_attention, *fact,
		*was_fact, *severity;
	bool initial, brought_back;
};

struct audit_job {
	int64_t id, baseline_us, started_us, completed_us;
	char *service_id, *watch, *filter_hash, *policy, *outcome;
	int verified; /* -1: not known */
	bool initial;
};

struct audit_change {
	int64_t job;
	char *entity_type, *object_id, *change;
};

struct audit_alert {
	int64_t job; /* 0: of none */
	char *kind, *body;
};

struct audit {
	struct audit_step *steps;
	size_t n_steps;
	struct audit_job *jobs; /* those that are done */
	size_t n_jobs;
	struct audit_change *changes; /* by job */
	size_t n_changes;
	struct audit_alert *alerts;
	size_t n_alerts;
	int64_t undelivered; /* rows of the outbox that are not sent */
};

/* Begins to write down, in the store below dir, which exists. 0 or -EIO with words in error. */
int audit_begin(const char *dir, struct buf *error);
/* Everything so far. ret: audit_done() in any case. */
int audit_read(const char *dir, struct audit *ret, struct buf *error);
void audit_done(struct audit *a);
