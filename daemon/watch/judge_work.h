/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the judge share: one judgement, on the store thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/alert.h"
#include "common/model/run.h"
#include "common/store/store.h"
#include "common/store/store_element.h"
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

/* The same while it is at work. */
struct judging {
	struct store *store;
	const struct conf *conf;
	const struct conf_tenant *tenant;
	struct judge_result *result;
	struct run *run; /* as stored */
	int64_t p_us;	 /* the instant that the preview is good for */
	int64_t now_us;
	bool initial; /* of a first run that is only noted */
	char who[32]; /* "job 7", for histories */
	struct store_elements elements;
	struct tally tallies[_VERDICT_MAX]; /* new unexpected ones; of a first run all in one */
	char *unknown;			    /* the first word for a change that nobody here knows */
};

/* Findings of one row and what becomes of them. 0 or < 0. */
int judge_row(struct judging *j, const struct store_change *row);
/* Alerts and their rows in the outbox. 0 or < 0. */
int judge_alerts(struct judging *j);
void judge_result_done(struct judge_result *result);
/* The whole of it; a store_work_fn. */
int judge_work(struct store *s, void *arg);
