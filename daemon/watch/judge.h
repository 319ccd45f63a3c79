/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a complete job to findings and alerts, in one transaction on the store thread: splits rows
 * into atoms, asks the rules, moves findings, moves coverage, writes alerts and their outbox rows,
 * marks the run done. Repeating it after a crash gives the same result.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/conf/conf.h"
#include "common/model/run.h"

struct judge;
struct store_thread;
struct tenant;

/* An object for the journal: deleted or appeared, and no rule expected it. */
struct judged_object {
	char *entity_type, *object_id, *display_name, *change, *rule;
	enum verdict severity;
	int64_t deleted_at_us;
};

struct judge_result {
	int r;						      /* 0 or -errno */
	int64_t n_deleted, n_appeared, n_modified, n_unknown; /* objects in the preview */
	int64_t n_new, n_again, n_expected, n_absorbed;	      /* findings */
	int64_t n_undone, n_vanished;			      /* of whatever attention */
	struct judged_object *objects; /* new unexpected ones, at most LIMIT_JOURNAL_OBJECTS */
	size_t n_objects, n_omitted;
	size_t n_alerts;	  /* written into the outbox */
	enum run_outcome outcome; /* RUN_OK or RUN_UNVERIFIED */
	int verified;
};
typedef void (*judge_done_fn)(
	void *arg, struct tenant *t, struct run *run, const struct judge_result *result);

int judge_new(struct store_thread *st, judge_done_fn done, void *arg, struct judge **ret);
struct judge *judge_free(struct judge *j);
DEFINE_CLEANUP(struct judge, judge_free);

/*
 * conf is borrowed until done (the daemon keeps a configuration alive until the store thread has
 * passed everything that was posted under it).
 */
void judge_start(struct judge *j, const struct conf *conf, struct tenant *t, struct run *run);
