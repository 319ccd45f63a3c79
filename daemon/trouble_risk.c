/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coverage that will be lost if nothing is done. Told after every look, good or failed, from what
 * the store knows; what is at risk is decided in common/model.
 */
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/timefmt.h"
#include "common/model/retention.h"
#include "common/model/risk.h"
#include "daemon/internal.h"

static enum verdict severity_of(unsigned hours)
{
	if (hours > 48)
		return VERDICT_NOTICE;
	return hours > 24 ? VERDICT_WARNING : VERDICT_CRITICAL;
}

/* What keeps the run away, as far as a look can tell. */
static const char *cause(const struct tenant *t, int64_t now_us)
{
	if (t->look_trouble)
		return t->look_trouble;
	if (t->slot_foreign)
		return "somebody else's job holds the tenant's slot";
	if (t->hold_until_us > now_us)
		return "no preview is started because somebody asked for it (snapwatch yield)";
	return "no preview has ended well since, or none is scheduled before; see 'snapwatch jobs'";
}

static void tell_risk(struct daemon *d, struct tenant *t, const struct plan_watch *w,
	const struct risk *risk, int64_t now_us)
{
	char title[200], summary[600], subject[160], left[DURATION_TEXT_SIZE];
	char baseline[TIME_TEXT_SIZE], covered[TIME_TEXT_SIZE], gone[TIME_TEXT_SIZE];
	struct alert a =
		alert_about(ALERT_COVERAGE_AT_RISK, severity_of(risk->hours), t->conf, now_us);

	(void)time_format(risk->baseline_us, baseline);
	/* each warning once per baseline, however often its watch is found at risk */
	(void)snprintf(
		subject, sizeof(subject), "%.64s:%s:%u", w->conf->name, baseline, risk->hours);
	(void)snprintf(title, sizeof(title), "%s: watch '%.64s' has %s left to be compared",
		t->conf->name, w->conf->name, duration_format(risk->left_us, left));
	(void)snprintf(summary, sizeof(summary),
		"compared until %s; the next preview needs the snapshot of %s, which the service "
		"will probably not have after %s, and then what happened in between can no longer "
		"be compared; %.200s",
		time_format(w->covered_to_us, covered), baseline, time_format(risk->gone_us, gone),
		cause(t, now_us));
	a.title = title;
	a.summary = summary;
	a.subject = subject;
	a.baseline_us = risk->baseline_us;
	a.covered_to_us = w->covered_to_us;
	alerts_raise(d->alerts, t, &a);
}

static void note_retention(struct daemon *d, struct tenant *t, const struct retention *kept)
{
	char title[200], before[DURATION_TEXT_SIZE], lately[DURATION_TEXT_SIZE];

	if (kept->state == RETENTION_WHOLE)
		alerts_condition_clear(d->alerts, t, ALERT_RETENTION_SHRANK, "");
	if (kept->state != RETENTION_SHRANK)
		return;
	(void)snprintf(title, sizeof(title), "%s: snapshots are listed for %s only, before for %s",
		t->conf->name, duration_format(kept->lately_us, lately),
		duration_format(kept->before_us, before));
	alerts_condition_set(d->alerts, t, ALERT_RETENTION_SHRANK, "", VERDICT_WARNING, title,
		"so it has been for two days; previews that do not run cost coverage so much "
		"earlier");
}

void trouble_risk(struct daemon *d, const struct look_result *result)
{
	struct tenant *t = result->tenant;
	const struct plan_input *plan = &result->plan;
	struct retention kept;

	retention_judge(result->sightings, result->n_sightings, plan->now_us, &kept);
	note_retention(d, t, &kept);
	const struct risk_input in = {
		.tenant = plan->tenant,
		.now_us = plan->now_us,
		.up_since_us = entry_of(t)->since_us,
		.usual_us = t->usual_job_us,
		.retention_us = kept.us,
		.sightings = result->sightings,
		.n_sightings = result->n_sightings,
	};
	for (size_t i = 0; i < plan->n_watches; i++) {
		struct risk risk;
		if (risk_of(&in, &plan->watches[i], &risk))
			tell_risk(d, t, &plan->watches[i], &risk, plan->now_us);
	}
}
