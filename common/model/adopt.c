/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a listed job is. Conservative: what cannot be compared is not ours. */
#include "common/model/adopt.h"

#include "common/base/clock.h"

/* "targetStateDateTime equals the snapshot's createdDateTime"; the two may be written with another
 * number of digits, and snapshots are hours apart. */
static bool same_instant(int64_t a, int64_t b)
{
	if (a == TIME_NONE || b == TIME_NONE)
		return false;
	return (a > b ? a - b : b - a) < USEC_PER_SEC;
}

/* The service's clock where it was told, else ours. Date and start times have whole seconds. */
static bool started_after_intent(const struct run *run, const struct remote_job *job)
{
	int64_t intent =
		run->intent_server_us != TIME_NONE ? run->intent_server_us : run->intent_us;

	if (intent == TIME_NONE)
		return false;
	if (job->started_us == TIME_NONE) /* not started yet, so not before it either */
		return !remote_job_ended(job);
	return job->started_us > intent - USEC_PER_SEC;
}

static bool is_ours(const struct run *run, const struct remote_job *job)
{
	return job->kind == REMOTE_PREVIEW &&
	       (job->status == REMOTE_SUCCESSFUL || !remote_job_ended(job)) &&
	       same_instant(job->target_us, run->snapshot_created_us) &&
	       started_after_intent(run, job) &&
	       remote_filter_equal(job->filter ? job->filter : "", run->filter ? run->filter : "");
}

/* One that is going on goes before one that has ended, then the one that started last. */
static bool better(const struct remote_job *a, const struct remote_job *b)
{
	if (!b || remote_job_ended(a) != remote_job_ended(b))
		return !b || !remote_job_ended(a);
	return a->started_us > b->started_us;
}

enum adopt adopt_decide(const struct run *run, const struct remote_job_list *jobs,
	const struct remote_job **ret_job)
{
	const struct remote_job *ours = NULL, *holder = NULL;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct remote_job *job = &jobs->items[i];

		if (is_ours(run, job)) {
			if (better(job, ours))
				ours = job;
		} else if (!remote_job_ended(job) && !holder) {
			holder = job;
		}
	}
	*ret_job = ours ? ours : holder;
	return ours ? ADOPT_OURS : holder ? ADOPT_BUSY : ADOPT_FREE;
}
