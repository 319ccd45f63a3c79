/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One judgement from the first row to the verdict. It runs in one transaction, so what it did
 * before it failed never was.
 */
#include "daemon/watch/judge_work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store_coverage.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "daemon/engine/store_thread.h"

/* Rows that are in memory at a time. */
#define BATCH 500u
/* Clocks differ, but not by more: a service's time that is further ahead of ours is no time. */
#define AHEAD_MAX_US USEC_PER_DAY

static void result_reset(struct judge_result *result)
{
	judge_result_done(result);
	*result = (struct judge_result){.verified = -1};
}

void judge_result_done(struct judge_result *result)
{
	for (size_t i = 0; i < result->n_objects; i++) {
		struct judged_object *o = &result->objects[i];

		free(o->entity_type);
		free(o->object_id);
		free(o->display_name);
		free(o->change);
		free(o->rule);
	}
	free(result->objects);
	result->objects = NULL;
	result->n_objects = 0;
}

static void judging_done(struct judging *j)
{
	for (size_t i = 0; i < ARRAY_SIZE(j->tallies); i++)
		tally_done(&j->tallies[i]);
	tally_done(&j->first);
	tally_done(&j->undone);
	tally_done(&j->vanished);
	judge_recoveries_done(j);
	free(j->gone);
	free(j->reopened);
	(void)remote_filter_free(j->filter);
	store_elements_done(&j->elements);
	atoms_done(&j->looked);
	(void)run_free(j->run);
	free(j->unknown);
}

static bool reports_only(const struct run *run)
{
	return strcmp(run->baseline, watch_baseline_name(WATCH_COVERED)) != 0;
}

/*
 * The service's start of the job; without one the last time it told us before, which is earlier and
 * so leaves no gap. One that is far ahead would cover what has not happened yet, and from then on
 * every comparison would be with the snapshot that was just made.
 */
static int64_t instant_of(const struct run *run, int64_t now_us)
{
	const int64_t candidates[] = {run->started_us, run->intent_server_us, run->intent_us};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
		if (candidates[i] != TIME_NONE && candidates[i] <= now_us + AHEAD_MAX_US)
			return candidates[i];
	return run->snapshot_created_us + 1; /* no interval is empty */
}

/*
 * The service may look at the directory as late as the end of a job. Without its word for that:
 * now, for the result is here.
 */
static int64_t end_of(const struct run *run, int64_t start_us, int64_t now_us)
{
	int64_t end_us = run->completed_us;

	if (end_us == TIME_NONE || end_us > now_us + AHEAD_MAX_US)
		end_us = now_us;
	return end_us < start_us ? start_us : end_us;
}

static struct observation witness(const struct judging *j)
{
	int64_t start_us = instant_of(j->run, j->now_us);

	return (struct observation){
		.baseline_us = j->run->snapshot_created_us,
		.start_us = start_us,
		.end_us = end_of(j->run, start_us, j->now_us),
		.margin_us = j->tenant->coverage_margin_us,
		.deleted_at_us = TIME_NONE,
	};
}

static int count_row(struct judging *j, const struct store_change *row)
{
	switch (change_kind_from_name(row->change)) {
	case CHANGE_DELETED:
		j->result->n_deleted++;
		break;
	case CHANGE_APPEARED:
		j->result->n_appeared++;
		break;
	case CHANGE_MODIFIED:
		j->result->n_modified++;
		break;
	case CHANGE_OTHER:
	case _CHANGE_KIND_MAX:
		j->result->n_unknown++;
		if (!j->unknown && !(j->unknown = strdup(row->change)))
			return -ENOMEM;
		break;
	}
	return 0;
}

static int judge_rows(struct judging *j, struct store_thread *thread)
{
	int64_t after = 0;
	size_t n;

	do {
		_cleanup_(store_changes_done) struct store_changes list = {0};
		int r = store_change_list(j->store, j->run->id, after, NULL, NULL, BATCH, &list);

		for (size_t i = 0; r == 0 && i < list.n; i++) {
			r = count_row(j, &list.items[i]);
			if (r == 0 && !reports_only(j->run))
				r = judge_row(j, &list.items[i]);
			after = list.items[i].ordinal;
		}
		if (r < 0)
			return r;
		n = list.n;
		store_thread_progress(thread);
	} while (n == BATCH);
	return 0;
}

static int move_coverage(struct judging *j)
{
	const struct run *run = j->run;

	return store_coverage_put(j->store, run->tenant, run->watch, run->filter_hash,
		&(struct store_coverage){.from_us = run->covered_from_us,
			.to_us = j->seen.start_us,
			.job = run->id});
}

static int judge_findings(struct judging *j, struct store_thread *thread)
{
	int r = judge_recoveries_load(j);

	if (r == 0)
		r = remote_filter_new(j->run->filter, &j->filter);
	if (r == 0)
		r = store_job_set_instant(j->store, j->run->id, j->seen.start_us);
	if (r == 0)
		r = judge_rows(j, thread);
	if (r == 0)
		r = judge_existing(j, thread);
	if (r == 0 && j->run->verified == 1)
		r = judge_silence(j, thread);
	if (r == 0)
		r = judge_children(j);
	if (r == 0)
		r = judge_lapse(j, thread);
	if (r == 0 && j->run->verified != 0)
		r = move_coverage(j);
	return r < 0 ? r : judge_alerts(j);
}

static int judge_run(struct judging *j, struct store_thread *thread)
{
	int r = reports_only(j->run) ? judge_rows(j, thread) : judge_findings(j, thread);

	if (r == 0)
		r = store_job_judged(j->store, j->run->id, j->result->outcome, j->now_us);
	return r == STORE_JOB_E_STALE ? -ESTALE : r;
}

int judge_work(struct store *s, void *arg)
{
	struct judgement *w = arg;
	_cleanup_(judging_done) struct judging j = {
		.store = s,
		.conf = w->conf,
		.tenant = w->tenant,
		.result = &w->result,
		.now_us = clock_wall_us(),
		.elements = {.store = s},
	};

	result_reset(&w->result);
	int r = store_fence_job(s, w->job);
	if (r == 0)
		r = store_job_load(s, w->job, &j.run);
	if (r < 0)
		return r;
	w->result.verified = j.run->verified;
	w->result.outcome = j.run->verified == 0 ? RUN_UNVERIFIED : RUN_OK;
	if (j.run->state == RUN_DONE) /* judged before we were stopped */
		return 0;
	j.seen = witness(&j);
	j.initial = j.run->initial && j.tenant->first_run == FIRST_RUN_NOTICE;
	(void)snprintf(j.who, sizeof(j.who), "job %" PRId64, j.run->id);
	return judge_run(&j, w->thread);
}
