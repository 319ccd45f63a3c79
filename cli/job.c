/* SPDX-License-Identifier: Apache-2.0 */
/* A job in words and in JSON. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "common/base/timefmt.h"
#include "common/store/store_view.h"

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

void job_append_outcome(const struct view_job *j, struct buf *out)
{
	if (is(j->state, "done")) {
		if (j->verified == 0)
			buf_puts(out, "unverified: fewer changes than the service promised");
		else
			buf_printf(out, "%s%s", j->outcome ? j->outcome : "done",
				j->verified == 1 ? ", verified" : "");
	} else if (is(j->state, "failed")) {
		buf_printf(out, "failed: %s", j->outcome ? j->outcome : "");
		if (j->detail)
			buf_printf(out, " (%s)", j->detail);
	} else {
		buf_puts(out, j->state);
		if (is(j->state, "waiting") && j->service_status)
			buf_printf(out, ": %s at the service", j->service_status);
		else if (is(j->state, "collecting"))
			buf_printf(out, ": %" PRId64 " changes so far", j->changes);
	}
}

enum tone job_tone(const struct view_job *j)
{
	if (is(j->state, "failed"))
		return TONE_BAD;
	if (!is(j->state, "done"))
		return TONE_PLAIN;
	return j->verified == 0 ? TONE_WARN : TONE_GOOD;
}

void job_append_duration(const struct view_job *j, struct buf *out)
{
	char text[DURATION_TEXT_SIZE];

	if (j->started_us != TIME_NONE && j->completed_us != TIME_NONE)
		buf_puts(out, duration_format(j->completed_us - j->started_us, text));
}

static void kv_known(struct jsonw *w, const char *key, int64_t n)
{
	if (n >= 0)
		jsonw_kv_int(w, key, n);
}

void job_write(const struct view_job *j, struct jsonw *w)
{
	jsonw_kv_int(w, "job", j->id);
	jsonw_kv_string(w, "tenant", j->tenant);
	jsonw_kv_string(w, "tenant_id", j->tenant_id);
	jsonw_kv_string(w, "watch", j->watch);
	jsonw_kv_string(w, "state", j->state);
	jsonw_kv_string(w, "outcome", j->outcome);
	jsonw_kv_string(w, "detail", j->detail);
	jsonw_kv_bool(w, "initial", j->initial);
	jsonw_kv_string(w, "baseline_policy", j->baseline);
	jsonw_kv_time(w, "snapshot", j->snapshot_us);
	jsonw_kv_string(w, "snapshot_id", j->snapshot_id);
	jsonw_kv_time(w, "covered_from", j->covered_from_us);
	jsonw_kv_time(w, "covered_to", j->started_us);
	jsonw_kv_time(w, "due", j->due_us);
	jsonw_kv_time(w, "queued", j->queued_us);
	jsonw_kv_time(w, "not_before", j->not_before_us);
	jsonw_kv_time(w, "started", j->started_us);
	jsonw_kv_time(w, "completed", j->completed_us);
	jsonw_kv_time(w, "ended", j->ended_us);
	jsonw_kv_string(w, "service_id", j->service_id);
	jsonw_kv_string(w, "service_status", j->service_status);
	jsonw_kv_bool(w, "adopted", j->adopted);
	jsonw_kv_string(w, "cancel_by", j->cancel_by);
	kv_known(w, "objects", j->objects);
	kv_known(w, "links", j->links);
	kv_known(w, "distinct_objects", j->distinct_objects);
	jsonw_kv_int(w, "pages", j->pages);
	jsonw_kv_int(w, "changes", j->changes);
	jsonw_kv_int(w, "unknown", j->unknown);
	jsonw_kv_int(w, "attempts", j->attempts);
	if (j->verified >= 0)
		jsonw_kv_bool(w, "verified", j->verified);
}
