/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_job.h"

#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "common/base/timefmt.h"

/* Ids of jobs are numbered apart from those of objects. */
#define JOB_IDS UINT64_C(0x6a6f620000)

static bool was_loaded(const struct sim_tenant *t, int64_t label_us)
{
	for (size_t i = 0; i < t->n_loaded; i++)
		if (t->loaded[i] == label_us)
			return true;
	return false;
}

static void plan_phases(struct sim_job *j)
{
	struct sim_tenant *t = j->tenant;
	const struct sim_preview_plan *p = &t->preview;
	/* the second report on a snapshot does not load it again */
	int64_t load_us = was_loaded(t, j->snapshot.created_us) ? 0 : p->load_us;

	j->loading_us = j->start_us + p->initial_us;
	j->working_us = j->loading_us + load_us;
	j->end_us = j->working_us + p->calculate_us;
	j->outcome = p->outcome;
	switch (sim_switch(t->sim, t, SIM_SW_CAPTURE)) {
	case SIM_CAPTURE_LOADED:
		j->capture_us = j->working_us;
		break;
	case SIM_CAPTURE_END:
		j->capture_us = j->end_us;
		break;
	default:
		j->capture_us = j->start_us;
	}
	if (load_us) {
		int64_t *slot = sim_grow(&t->loaded, &t->n_loaded, sizeof(*slot));
		*slot = j->snapshot.created_us;
	}
}

struct sim_job *sim_job_new(struct sim_tenant *t, int64_t at_us,
	const struct sim_snapshot *snapshot, bool recovery, struct sim_filter *filter,
	struct sim_job **ret_holder)
{
	*ret_holder = sim_job_running(t, at_us);
	if (*ret_holder)
		return NULL;
	struct sim_job *j = sim_alloc(sizeof(*j));
	struct sim_job **slot = sim_grow(&t->jobs, &t->n_jobs, sizeof(*slot));
	*slot = j;
	/* of the tenant's own count, so that a scenario has the same ids whatever was asked in it
	 */
	(void)sim_guid(
		sim_mix(sim_mix(t->seed, sim_hash_text(t->name)), JOB_IDS + t->n_jobs), j->id);
	j->tenant = t;
	j->recovery = recovery;
	j->snapshot = *snapshot;
	j->start_us = at_us;
	j->abandoned_us = TIME_NONE;
	j->filter = *filter;
	*filter = (struct sim_filter){0};
	plan_phases(j);
	return j;
}

struct sim_job *sim_job_free(struct sim_job *j)
{
	sim_filter_done(&j->filter);
	free(j->restores);
	free(j->fails);
	free(j->failed);
	free(j);
	return NULL;
}

enum sim_status sim_job_status(const struct sim_job *j, int64_t now_us)
{
	static const enum sim_status ends[] = {
		[SIM_OUTCOME_SUCCESSFUL] = SIM_STATUS_SUCCESSFUL,
		[SIM_OUTCOME_FAILED] = SIM_STATUS_FAILED,
		[SIM_OUTCOME_ABANDONED] = SIM_STATUS_ABANDONED,
	};

	if (j->abandoned_us != TIME_NONE && now_us >= j->abandoned_us)
		return SIM_STATUS_ABANDONED;
	if (now_us >= j->end_us && j->outcome != SIM_OUTCOME_STUCK)
		return ends[j->outcome];
	if (now_us >= j->working_us)
		return j->recovery || sim_switch(j->tenant->sim, j->tenant, SIM_SW_WORKING) ==
					       SIM_WORKING_RUNNING
			       ? SIM_STATUS_RUNNING
			       : SIM_STATUS_CALCULATING;
	return now_us >= j->loading_us ? SIM_STATUS_LOADING : SIM_STATUS_INITIALIZED;
}

const char *sim_status_name(enum sim_status status, bool sentinel)
{
	static const char *const names[] = {"initialized", "running", "successful", "failed",
		"abandoned", "calculating", "loadingData"};
	bool newer = status == SIM_STATUS_CALCULATING || status == SIM_STATUS_LOADING;

	return sentinel && newer ? "unknownFutureValue" : names[status];
}

bool sim_status_ended(enum sim_status status)
{
	return status == SIM_STATUS_SUCCESSFUL || status == SIM_STATUS_FAILED ||
	       status == SIM_STATUS_ABANDONED;
}

int64_t sim_job_ended_us(const struct sim_job *j, int64_t now_us)
{
	if (!sim_status_ended(sim_job_status(j, now_us)))
		return TIME_NONE;
	return j->abandoned_us != TIME_NONE ? j->abandoned_us : j->end_us;
}

bool sim_job_listed(const struct sim_job *j, int64_t now_us)
{
	int64_t ended_us = sim_job_ended_us(j, now_us);

	return ended_us == TIME_NONE || now_us < ended_us + j->tenant->preview.jobs_keep_us;
}

void sim_job_cancel(struct sim_job *j, int64_t at_us)
{
	if (j->outcome == SIM_OUTCOME_STUCK || at_us < j->end_us)
		j->abandoned_us = at_us;
}

struct sim_job *sim_job_running(const struct sim_tenant *t, int64_t now_us)
{
	for (size_t i = t->n_jobs; i > 0; i--)
		if (!sim_status_ended(sim_job_status(t->jobs[i - 1], now_us)))
			return t->jobs[i - 1];
	return NULL;
}

struct sim_job *sim_job_find(const struct sim_tenant *t, int64_t now_us, const char *id)
{
	for (size_t i = 0; i < t->n_jobs; i++)
		if (strcasecmp(t->jobs[i]->id, id) == 0)
			return sim_job_listed(t->jobs[i], now_us) ? t->jobs[i] : NULL;
	return NULL;
}

bool sim_job_splits(const struct sim_job *j)
{
	return sim_switch(j->tenant->sim, j->tenant, SIM_SW_ROWS) == SIM_ROWS_SPLIT;
}

bool sim_job_next(const struct sim_job *j, struct sim_row *row)
{
	return sim_diff_next(
		j->tenant->dir, j->snapshot.content_us, j->capture_us, &j->filter, row);
}

void sim_job_count(struct sim_job *j)
{
	if (j->counted)
		return;
	j->counted = true;
	sim_diff_count(j->tenant->dir, j->snapshot.content_us, j->capture_us, &j->filter,
		&j->objects, &j->links);
	j->rows = j->objects;
	for (struct sim_row row = {0}; sim_job_splits(j) && sim_job_next(j, &row); row.pos++)
		j->rows += sim_diff_divides(
			j->tenant->dir, j->snapshot.content_us, j->capture_us, &row);
}

static void put_filter(struct jsonw *w, const struct sim_filter *f, bool sentinel)
{
#define FILTER_TYPE(name) "#microsoft.graph.entraRecoveryServices.recoveryJob" name "Filter"
	jsonw_key(w, "filteringCriteria");
	if (!f->by_type && !f->by_id) {
		jsonw_null(w);
		return;
	}
	jsonw_object(w);
	jsonw_kv_string(w, "@odata.type",
		f->by_type ? FILTER_TYPE("EntityNames") : FILTER_TYPE("EntityNameAndIds"));
	jsonw_key(w, f->by_type ? "entityTypes" : "filterValues");
	jsonw_array(w);
	for (int type = 0; type < _SIM_TYPE_MAX; type++) {
		const struct sim_type_info *info = sim_type_info((enum sim_type)type);
		const char *name = sentinel && info->starred ? "unknownFutureValue" : info->name;

		if (!f->types[type])
			continue;
		if (f->by_type) {
			jsonw_string(w, name);
			continue;
		}
		jsonw_object(w);
		jsonw_kv_string(w, "entityType", name);
		jsonw_key(w, "entityIds");
		jsonw_array(w);
		for (size_t i = 0; i < f->n_ids; i++)
			if ((int)f->ids[i].type == type)
				jsonw_string(w, f->ids[i].id);
		jsonw_array_end(w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
#undef FILTER_TYPE
}

static void put_time(struct jsonw *w, const char *key, int64_t us)
{
	jsonw_key(w, key);
	jsonw_time(w, us == TIME_NONE ? us : us - us % USEC_PER_SEC);
}

static void put_total(
	struct jsonw *w, const struct sim_job *j, const char *key, bool known, uint64_t n)
{
	int64_t totals = sim_switch(j->tenant->sim, j->tenant, SIM_SW_TOTALS);

	if (totals == SIM_TOTALS_NEVER || (!known && totals == SIM_TOTALS_NULL)) {
		jsonw_key(w, key);
		jsonw_null(w);
		return;
	}
	jsonw_kv_int(w, key, known ? (int64_t)n : 0);
}

void sim_job_write(struct buf *out, struct sim_job *j, int64_t now_us, bool typed, bool sentinel)
{
	struct jsonw w = JSONW_INIT(out);
	enum sim_status status = sim_job_status(j, now_us);
	bool known = status == SIM_STATUS_SUCCESSFUL;

	if (known && !j->recovery)
		sim_job_count(j);
	jsonw_object(&w);
	if (typed)
		jsonw_kv_string(&w, "@odata.type",
			j->recovery ? "#microsoft.graph.entraRecoveryServices.recoveryJob"
				    : "#microsoft.graph.entraRecoveryServices.recoveryPreviewJob");
	jsonw_kv_string(&w, "id", j->id);
	jsonw_kv_string(&w, "status", sim_status_name(status, sentinel));
	put_time(&w, "targetStateDateTime", j->snapshot.created_us);
	put_time(&w, "jobStartDateTime", j->start_us);
	put_time(&w, "jobCompletionDateTime", sim_job_ended_us(j, now_us));
	put_filter(&w, &j->filter, sentinel);
	put_total(&w, j, "totalChangedObjectsCalculated", known,
		sim_switch(j->tenant->sim, j->tenant, SIM_SW_TOTALS_COUNT) == SIM_TOTALS_COUNT_ROWS
			? j->rows
			: j->objects);
	put_total(&w, j, "totalChangedLinksCalculated", known, j->links);
	if (j->recovery) {
		put_total(&w, j, "totalObjectsModified", known, j->modified);
		put_total(&w, j, "totalLinksModified", known, 0);
		put_total(&w, j, "totalFailedChanges", known, j->n_failed);
	}
	jsonw_object_end(&w);
}
