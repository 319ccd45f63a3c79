/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recovery job of somebody else may have done in the window of the run. A preview does not
 * say who did a thing, so nothing is proven here and nothing is silenced: it is told together.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/watch/judge_work.h"

/* One at a time, and hours each: more in one window are told with these. */
#define RECOVERIES 16u

int judge_recoveries_load(struct judging *j)
{
	struct store_recovery jobs[RECOVERIES];
	size_t n = 0;
	int r = store_remote_job_recoveries(j->store, j->run->tenant, j->run->covered_from_us,
		j->seen.end_us, jobs, RECOVERIES, &n);

	if (r < 0 || n == 0)
		return r;
	j->recoveries = calloc(n, sizeof(*j->recoveries));
	for (size_t i = 0; i < n; i++) {
		if (!j->recoveries) {
			store_recovery_done(&jobs[i]);
			continue;
		}
		j->recoveries[i].job = jobs[i];
		j->n_recoveries++;
	}
	if (!j->recoveries)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = remote_filter_new(j->recoveries[i].job.filter, &j->recoveries[i].filter);
	return r;
}

void judge_recoveries_done(struct judging *j)
{
	for (size_t i = 0; i < j->n_recoveries; i++) {
		store_recovery_done(&j->recoveries[i].job);
		(void)remote_filter_free(j->recoveries[i].filter);
		tally_done(&j->recoveries[i].effects);
	}
	free(j->recoveries);
	j->recoveries = NULL;
	j->n_recoveries = 0;
}

static bool at_its_time(const struct store_recovery *job, int64_t deleted_at_us)
{
	return deleted_at_us == TIME_NONE ||
	       (deleted_at_us >= job->started_us &&
		       (job->ended_us == TIME_NONE || deleted_at_us <= job->ended_us));
}

struct tally *judge_effects(
	struct judging *j, const char *entity_type, const char *object_id, int64_t deleted_at_us)
{
	for (size_t i = 0; i < j->n_recoveries; i++) {
		struct recovery *r = &j->recoveries[i];

		if (at_its_time(&r->job, deleted_at_us) &&
			remote_filter_asked(r->filter, entity_type, object_id) !=
				REMOTE_FILTER_EXCLUDES)
			return &r->effects;
	}
	return NULL;
}
