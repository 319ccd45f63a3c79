/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on the store thread, except seen_done(). */
#include "daemon/watch/seen.h"

#include <errno.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "common/store/store_coverage.h"
#include "common/store/store_job.h"
#include "common/store/store_remote_job.h"
#include "common/store/store_snapshot.h"
#include "common/store/store_tenant.h"

/* Forgets what an earlier try in another transaction found. */
static void reset(struct seen *s)
{
	free(s->watches);
	free(s->recoveries);
	free(s->sightings);
	s->watches = NULL;
	s->sightings = NULL;
	s->n_sightings = 0;
	s->recoveries = NULL;
	s->n_recoveries = 0;
	s->foreign = s->jobs.n;
}

void seen_done(struct seen *s)
{
	reset(s);
	snapshot_list_done(&s->snapshots);
	remote_job_list_done(&s->jobs);
}

/* --- jobs ----------------------------------------------------------------------------------------
 */

static void take_recovery(
	struct seen *s, const struct remote_job *j, const struct store_remote_job_seen *known)
{
	bool ended = remote_job_ended(j);

	if (j->kind != REMOTE_RECOVERY || (ended ? known->told_end : known->told_start))
		return;
	s->recoveries[s->n_recoveries++] = (struct look_recovery){.job = *j, .ended = ended};
}

static int store_jobs(struct store *store, struct seen *s)
{
	bool creating;

	s->recoveries = calloc(s->jobs.n + 1, sizeof(*s->recoveries));
	if (!s->recoveries)
		return -ENOMEM;
	int r = store_remote_job_creating(store, s->tenant, &creating);
	for (size_t i = 0; r >= 0 && i < s->jobs.n; i++) {
		const struct remote_job *j = &s->jobs.items[i];
		struct store_remote_job_seen known;
		r = store_remote_job_note(store, s->tenant, j, s->at_us, &known);
		if (r < 0)
			break;
		take_recovery(s, j, &known);
		bool maybe_ours = known.ours || (creating && j->kind == REMOTE_PREVIEW);
		if (s->foreign == s->jobs.n && !maybe_ours && !remote_job_ended(j))
			s->foreign = i;
	}
	return r;
}

int seen_told(struct store *store, const struct seen *s)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->n_recoveries; i++)
		r = store_remote_job_told(
			store, s->tenant, s->recoveries[i].job.service_id, s->recoveries[i].ended);
	return r;
}

/* --- watches -------------------------------------------------------------------------------------
 */

static int read_watch(
	struct store *store, int64_t tenant, const struct conf_watch *conf, struct plan_watch *ret)
{
	struct store_coverage covered = {.from_us = TIME_NONE, .to_us = TIME_NONE};
	struct store_job_last last;

	int r = store_coverage_get(store, tenant, conf->name, conf->filter_hash, &covered);
	if (r < 0 && r != -ENOENT)
		return r;
	r = store_job_last(store, tenant, conf->name, conf->filter_hash, &last);
	if (r < 0)
		return r;
	*ret = (struct plan_watch){
		.conf = conf,
		.covered_from_us = covered.from_us,
		.covered_to_us = covered.to_us,
		.last_due_us = last.due_us,
		.last_snapshot_us = last.newest_snapshot_us,
		.pending = last.pending,
		.failures = last.failures,
		.failed_us = last.failed_us,
		.failed_how = last.failed_how,
	};
	return 0;
}

static int read_watches(struct store *store, struct seen *s)
{
	s->watches = calloc(s->conf->n_watches + 1, sizeof(*s->watches));
	if (!s->watches)
		return -ENOMEM;
	int r = 0;
	for (size_t i = 0; r >= 0 && i < s->conf->n_watches; i++)
		r = read_watch(store, s->tenant, &s->conf->watches[i], &s->watches[i]);
	return r;
}

static int recall(struct store *store, struct seen *s)
{
	int r = store_snapshot_sightings(store, s->tenant, s->at_us - LIMIT_RETENTION_MEMORY_US,
		&s->sightings, &s->n_sightings);

	return r < 0 ? r : read_watches(store, s);
}

int seen_recall(struct store *store, struct seen *s)
{
	reset(s);
	return recall(store, s);
}

int seen_store(struct store *store, struct seen *s)
{
	reset(s);
	int r = store_tenant_looked(store, s->tenant, s->at_us, s->newest_us);
	if (r >= 0)
		r = store_snapshot_seen(store, s->tenant, &s->snapshots, s->at_us, &s->n_new);
	if (r >= 0)
		r = store_snapshot_retention(
			store, s->tenant, s->at_us - LIMIT_RETENTION_MEMORY_US, &s->retention_us);
	if (r >= 0)
		r = store_jobs(store, s);
	if (r >= 0)
		r = recall(store, s);
	return r;
}
