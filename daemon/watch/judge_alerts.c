/* SPDX-License-Identifier: Apache-2.0 */
/* What a judgement tells people: one alert per severity, or one notice for a first run. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/store/store_alert.h"
#include "daemon/watch/judge_work.h"

static struct alert alert_of(const struct judging *j, enum alert_kind kind, enum verdict severity)
{
	return (struct alert){
		.kind = kind,
		.severity = severity,
		.tenant = j->tenant->name,
		.tenant_id = j->tenant->tenant_id,
		.subject = run_subject(j->run),
		.job = j->run->id,
		.created_us = j->now_us,
		.baseline_us = j->run->snapshot_created_us,
		.covered_from_us = j->run->covered_from_us,
		.covered_to_us = j->p_us,
		.verified = j->run->verified,
		.initial = j->initial,
	};
}

/* The alert and a row of the outbox for each sink of the tenant. */
static int put(struct judging *j, const struct alert *a)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	_cleanup_(freep) const char **names = calloc(j->conf->n_sinks + 1, sizeof(*names));
	_cleanup_(freep) struct store_delivery *to = calloc(j->conf->n_sinks + 1, sizeof(*to));
	struct store_alert row = {
		.tenant = j->run->tenant,
		.kind = alert_kind_name(a->kind),
		.severity = verdict_name(a->severity),
		.job = a->job,
		.created_us = a->created_us,
		.title = a->title,
	};
	int64_t id;

	if (!names || !to)
		return -ENOMEM;
	alert_render(a, &body);
	if (buf_error(&body))
		return buf_error(&body);
	row.body = buf_text(&body);
	alert_outside_id(a, row.outside_id);
	size_t n = alert_route(j->conf, j->tenant, NULL, names);
	for (size_t i = 0; i < n; i++)
		to[i] = (struct store_delivery){names[i], TIME_NONE};
	int r = store_alert_put(j->store, &row, to, n, &id);
	if (r == 0)
		j->result->n_alerts++;
	return r < 0 ? r : 0;
}

static void summarise(const struct judging *j, const struct tally *t, struct buf *out)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	buf_printf(out, "Difference between the snapshot of %s and the directory at %s.",
		time_format(j->run->snapshot_created_us, from), time_format(j->p_us, to));
	if (j->run->verified == 0)
		buf_printf(out,
			" The service listed %" PRId64 " changes but promised %" PRId64
			": there may be more, nothing is concluded from what is not listed, and "
			"the interval is compared again.",
			j->run->changes, j->run->objects);
	if (t->n_deleted)
		buf_puts(out, " What was deleted is in the recycle bin.");
	if (j->initial)
		buf_puts(out, " This was the first comparison: it shows what changed since the "
			      "oldest snapshot. Its findings are open and marked as initial; only "
			      "the critical ones are listed.");
}

static int put_changes(struct judging *j, const struct tally *t, struct alert *a)
{
	_cleanup_(buf_done) struct buf title = BUF_INIT(4096), summary = BUF_INIT(4096);
	struct alert_object objects[LIMIT_ALERT_OBJECTS];

	if (a->kind == ALERT_FIRST_RUN) {
		buf_printf(&title, "%s: first comparison: ", j->tenant->name);
		alert_words_changes(t->counts, t->n_counts, &title);
	} else {
		alert_title_changes(j->tenant->name, t->counts, t->n_counts, &title);
	}
	summarise(j, t, &summary);
	for (size_t i = 0; i < t->n_shown; i++)
		objects[i] = *t->shown[i];
	a->title = buf_text(&title);
	a->summary = buf_text(&summary);
	a->n_deleted = t->n_deleted;
	a->n_appeared = t->n_appeared;
	a->n_modified = t->n_modified;
	a->objects = objects;
	a->n_objects = t->n_shown;
	a->n_omitted = (size_t)t->n_offered - t->n_shown;
	return put(j, a);
}

/* Told once per word, whatever the number of previews that use it. */
static int put_unknown(struct judging *j)
{
	struct alert a = alert_of(j, ALERT_API_UNEXPECTED, VERDICT_NOTICE);
	char title[160], subject[LIMIT_ENUM_BYTES + 32];

	(void)snprintf(title, sizeof(title), "%s: the service sent something undocumented",
		j->tenant->name);
	(void)snprintf(
		subject, sizeof(subject), "change '%.*s'", (int)LIMIT_ENUM_BYTES, j->unknown);
	a.title = title;
	a.subject = subject;
	a.summary = subject;
	a.job = 0;
	return put(j, &a);
}

int judge_alerts(struct judging *j)
{
	int r = 0;

	if (j->initial) {
		struct alert a = alert_of(j, ALERT_FIRST_RUN, VERDICT_NOTICE);

		r = put_changes(j, &j->tallies[VERDICT_NOTICE], &a);
	}
	for (unsigned v = VERDICT_NOTICE; r == 0 && !j->initial && v < _VERDICT_MAX; v++) {
		struct alert a = alert_of(j, ALERT_CHANGES_UNEXPECTED, (enum verdict)v);

		if (tally_total(&j->tallies[v]))
			r = put_changes(j, &j->tallies[v], &a);
	}
	if (r == 0 && j->unknown)
		r = put_unknown(j);
	return r;
}
