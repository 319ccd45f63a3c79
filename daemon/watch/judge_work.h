/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the judge share: one judgement, on the store thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/alert.h"
#include "common/model/atom.h"
#include "common/model/finding.h"
#include "common/model/remote_job.h"
#include "common/model/run.h"
#include "common/store/store.h"
#include "common/store/store_element.h"
#include "common/store/store_finding.h"
#include "common/store/store_remote_job.h"
#include "daemon/watch/judge.h"
#include "daemon/watch/judge_tally.h"

/* A request to the store thread; belongs to it until it is answered. */
struct judgement {
	struct judge *judge;
	struct store_thread *thread;
	const struct conf *conf;    /* borrowed */
	struct conf_tenant *tenant; /* one reference */
	struct tenant *t;	    /* loop thread only, like run */
	struct run *run;
	int64_t job;
	struct judge_result result;
};

/* A recovery of somebody else in the window of the run, and what it may have done. */
struct recovery {
	struct store_recovery job;
	struct remote_filter *filter;
	struct tally effects;
};

/* A finding that was open, and is undone or has vanished. */
struct gone {
	int64_t id, parent;
	enum tally_what what;
	bool silent;	       /* an alert tells of it in its own words */
	struct observation by; /* if seen */
	bool seen;
};

/* A deletion that was closed as undone, stands after all, and is told of once more. */
struct reopened {
	int64_t id;
	struct tally *told;
};

/* The same while it is at work. */
struct judging {
	struct store *store;
	const struct conf *conf;
	const struct conf_tenant *tenant;
	struct judge_result *result;
	struct run *run;	 /* as stored */
	struct observation seen; /* what the job is worth as a witness; no time of deletion */
	int64_t now_us;
	bool initial; /* of a first run that is only noted */
	char who[32]; /* "job 7", for histories */
	struct store_elements elements;
	struct atoms looked;		    /* of the row that silence was last held against */
	int64_t looked_ordinal;		    /* 0: none */
	struct remote_filter *filter;	    /* of the run */
	struct tally tallies[_VERDICT_MAX]; /* new unexpected ones */
	struct tally first;		    /* those of a first run that is only noted */
	struct tally undone, vanished;	    /* what was open */
	struct gone *gone;		    /* what others may hang on, or hangs on others */
	size_t n_gone;
	struct reopened *reopened;
	size_t n_reopened;
	struct recovery *recoveries; /* latest first */
	size_t n_recoveries;
	char *unknown;	   /* the first word for a change that nobody here knows */
	int64_t oldest_us; /* created time of the oldest snapshot; TIME_NONE */
};

/* A row that is judged, and what came of an atom of it. */
struct judge_outcome {
	int64_t id; /* a new finding that nobody expected; else 0 */
	enum verdict verdict;
	const struct conf_rule *rule; /* NULL: the built-in default */
	bool initial, brought_back;
	bool reopened;	     /* it was told before, and as undone since */
	int64_t parent;	     /* finding that it is shown under; 0: it stands for itself */
	struct tally *under; /* where that one is told */
};

/* --- judge_row.c: findings of one row and what becomes of them -----------------------------------
 */

int judge_row(struct judging *j, const struct store_change *row);
/* Atoms of a modified row. ret: atoms_done(). */
int judge_atoms(struct judging *j, const struct store_change *row, struct atoms *ret);

/* --- judge_episode.c: findings as they are written -----------------------------------------------
 */

/* What this sight takes back, or was taken back before: episodes of the opposite, seen earlier. */
struct evidence {
	bool known;    /* there is one */
	bool was_open; /* the newest one was open, and is closed by this sight */
	bool settled;  /* it was undone before, and people were told of that */
};
/* The row shows the atom: nothing of the key is known, or it happened again. */
int judge_begin(struct judging *j, const struct store_change *row, const struct atom *atom,
	const struct finding_key *key, const struct observation *seen, int64_t episode,
	const struct evidence *evidence, struct judge_outcome *o);
/* The same event in a later preview; one that an undo had closed is told once more. */
int judge_see_again(struct judging *j, const struct store_change *row,
	const struct known_finding *known, const struct observation *seen, enum finding_move move,
	struct judge_outcome *o);
int judge_tighten(
	struct judging *j, const struct known_finding *known, const struct observation *seen);

/* --- judge_evidence.c: a row takes back what was found before ------------------------------------
 */

/* before: the episode of the finding itself, or NULL. atoms: of the row, when there are more. */
int judge_evidence(struct judging *j, const struct finding_key *key, const char *name,
	const struct observation *seen, const struct known_finding *before,
	const struct atoms *atoms, struct evidence *ret);
/*
 * The row shows a deletion: earlier ones of the same object were undone before it. told: of the
 * alert that tells of this one, which tells of them too; NULL: there is none.
 */
int judge_repeated(struct judging *j, const struct finding_key *key, const char *name,
	const struct observation *seen, struct tally *told);
/*
 * The finding is undone, by the sight of something else or (by NULL) by silence. When it was open
 * it is told of: in the alert of told, or (NULL) in a notice.
 */
int judge_undo(struct judging *j, const struct finding_item *item, const char *why,
	const struct observation *by, struct tally *told);

/* --- judge_silence.c: what the job does not show, and what time takes away -----------------------
 */

/* Deleted objects that it lists as modified exist. */
int judge_existing(struct judging *j, struct store_thread *thread);
int judge_silence(struct judging *j, struct store_thread *thread);
int judge_lapse(struct judging *j, struct store_thread *thread);

/* --- judge_parent.c: what hangs on an object that came or went in the same job -------------------
 */

/* Fills parent and under of a new finding. */
int judge_parent(struct judging *j, const struct store_change *row, const struct atom *atom,
	struct judge_outcome *o);

/* An open finding is undone or has vanished: it is told now, or with what it hangs on. */
int judge_gone(struct judging *j, const struct finding_item *item, enum tally_what what,
	const struct observation *by, struct tally *told);
/* A deletion is open again, and told in that tally. */
int judge_reopened(struct judging *j, int64_t id, struct tally *told);
/* When all rows and all silence was heard: what hangs on what was closed is closed too, and what
 * was closed with what is open again comes back with it. */
int judge_children(struct judging *j);

/* --- judge_effects.c: recoveries of others -------------------------------------------------------
 */

int judge_recoveries_load(struct judging *j);
void judge_recoveries_done(struct judging *j);
/* The tally of the recovery that may have done it; NULL: none. */
struct tally *judge_effects(
	struct judging *j, const char *entity_type, const char *object_id, int64_t deleted_at_us);

/* --- judge_tell.c: what goes into which alert ----------------------------------------------------
 */

/* Where a new finding of this row is told. */
struct tally *judge_tally(
	struct judging *j, const struct store_change *row, bool initial, enum verdict severity);
int judge_tell_new(struct judging *j, const struct store_change *row, const struct atom *atoms,
	const struct judge_outcome *outcomes, size_t n);
/* Where it is told that a finding is undone or has vanished. */
struct tally *judge_tally_gone(
	struct judging *j, const struct finding_item *item, enum tally_what what);
int judge_tell_gone(struct judging *j, const struct finding_item *item, enum tally_what what,
	const struct observation *by);

/* --- judge_alerts.c ------------------------------------------------------------------------------
 */

/* Alerts and their rows in the outbox. 0 or < 0. */
int judge_alerts(struct judging *j);

void judge_result_done(struct judge_result *result);
/* The whole of it; a store_work_fn. */
int judge_work(struct store *s, void *arg);
