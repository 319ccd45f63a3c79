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
		.covered_to_us = j->seen.start_us,
		.verified = j->run->verified,
	};
}

/* The alert and a row of the outbox for each sink of the tenant. */
static int put(struct judging *j, const struct alert *a)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
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

static void summarise(const struct judging *j, struct buf *out)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	buf_printf(out, "Difference between the snapshot of %s and the directory at %s.",
		time_format(j->run->snapshot_created_us, from), time_format(j->seen.start_us, to));
	if (j->run->verified == 0)
		buf_printf(out,
			" The service listed %" PRId64 " changes but promised %" PRId64
			": there may be more, nothing is concluded from what is not listed, and "
			"the interval is compared again.",
			j->run->changes, j->run->objects);
}

static void put_hidden(const struct tally *t, struct buf *out)
{
	_cleanup_(buf_done) struct buf words = BUF_INIT_SURE(512);

	alert_words_children(t->n_hidden, &words);
	if (words.len)
		buf_printf(out, " With them: %s, shown under their objects and not counted.",
			buf_text(&words));
}

/* What became of earlier findings of the same objects. */
static void put_earlier(const struct tally *t, struct buf *out)
{
	if (t->n_repeated)
		buf_printf(out,
			" Open deletions of before that are closed by these: %" PRId64
			" (deleted again, so the object was back in between).",
			t->n_repeated);
	if (t->n_reopened)
		buf_printf(out,
			" Deletions that were told as undone, and are listed again with the same "
			"time: %" PRId64 ".",
			t->n_reopened);
}

static int put_tally(struct judging *j, const struct tally *t, struct alert *a,
	const struct buf *title, struct buf *summary)
{
	struct alert_object objects[LIMIT_ALERT_OBJECTS];

	put_hidden(t, summary);
	put_earlier(t, summary);
	for (size_t i = 0; i < t->n_shown; i++)
		objects[i] = *t->shown[i];
	a->title = buf_text(title);
	a->summary = buf_text(summary);
	a->n_deleted = t->n[TALLY_DELETED];
	a->n_appeared = t->n[TALLY_APPEARED];
	a->n_modified = t->n[TALLY_MODIFIED];
	a->n_undone = t->n[TALLY_UNDONE];
	a->n_vanished = t->n[TALLY_VANISHED];
	a->objects = objects;
	a->n_objects = t->n_shown;
	a->n_omitted = (size_t)t->n_offered - t->n_shown;
	return put(j, a);
}

static bool any_brought_back(const struct tally *t)
{
	for (size_t i = 0; i < t->n_shown; i++)
		if (t->shown[i]->brought_back)
			return true;
	return false;
}

static int put_changes(struct judging *j, const struct tally *t, enum verdict severity)
{
	struct alert a = alert_of(j, ALERT_CHANGES_UNEXPECTED, severity);
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(4096), summary = BUF_INIT_SURE(4096);

	alert_title_changes(j->tenant->name, t->counts, t->n_counts, &title);
	summarise(j, &summary);
	if (t->n[TALLY_DELETED])
		buf_puts(&summary, " What was deleted is in the recycle bin.");
	if (any_brought_back(t))
		buf_puts(&summary, " Objects marked as brought back had been deleted before.");
	return put_tally(j, t, &a, &title, &summary);
}

static int put_first(struct judging *j)
{
	struct alert a = alert_of(j, ALERT_FIRST_RUN, VERDICT_NOTICE);
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(4096), summary = BUF_INIT_SURE(4096);
	const struct tally *t = &j->first;

	a.initial = true;
	buf_printf(&title, "%s: first comparison: ", j->tenant->name);
	alert_words_changes(t->counts, t->n_counts, &title);
	summarise(j, &summary);
	if (t->n[TALLY_DELETED])
		buf_puts(&summary, " What was deleted is in the recycle bin.");
	buf_puts(&summary, " This was the first comparison: it shows what changed since the oldest "
			   "snapshot. Its findings are open and marked as initial; only the "
			   "critical ones are listed.");
	return put_tally(j, t, &a, &title, &summary);
}

static bool tally_has(const struct tally *t, const char *change)
{
	for (size_t i = 0; i < t->n_counts; i++)
		if (strcmp(t->counts[i].change, change) == 0)
			return true;
	return false;
}

/* What is known of each kind of change that the tally has. */
static void put_known(const struct tally *t, enum fact fact, struct buf *out)
{
	static const struct {
		const char *change, *words;
	} kinds[] = {
		{"deleted", "What was deleted"},
		{"appeared", "What appeared"},
		{"modified", "What was modified"},
	};

	if (tally_has(t, "deleted since"))
		buf_puts(out, " What appeared and was deleted since is in the recycle bin.");

	if (tally_has(t, "deleted again"))
		buf_puts(out, " What was deleted again is in the recycle bin, and was back in "
			      "between.");
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		if (tally_has(t, kinds[k].change))
			buf_printf(out, " %s: %s.", kinds[k].words,
				finding_fact_words(kinds[k].change, fact));
}

static int put_undone(struct judging *j)
{
	struct alert a = alert_of(j, ALERT_CHANGES_UNDONE, VERDICT_NOTICE);
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(4096), summary = BUF_INIT_SURE(4096);
	const struct tally *t = &j->undone;

	buf_printf(&title, "%s: ", j->tenant->name);
	alert_words_undone(t->counts, t->n_counts, &title);
	summarise(j, &summary);
	buf_puts(&summary, " These were open and are closed by this.");
	put_known(t, FACT_UNDONE, &summary);
	return put_tally(j, t, &a, &title, &summary);
}

static int put_vanished(struct judging *j)
{
	const struct tally *t = &j->vanished;
	struct alert a = alert_of(j, ALERT_DELETION_VANISHED, t->worst);
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(4096), summary = BUF_INIT_SURE(4096);

	buf_printf(&title, "%s: ", j->tenant->name);
	alert_words_vanished(t->counts, t->n_counts, &title);
	summarise(j, &summary);
	buf_puts(&summary, " An earlier comparison listed them in the recycle bin.");
	put_known(t, FACT_VANISHED, &summary);
	buf_puts(&summary, " Previews cannot tell which: look for them in the directory.");
	return put_tally(j, t, &a, &title, &summary);
}

static void describe_recovery(const struct store_recovery *job, struct buf *out)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	buf_printf(out, " The recovery job %.*s of somebody else, started at %s, ",
		(int)LIMIT_ID_BYTES, job->service_id, time_format(job->started_us, from));
	if (job->ended_us == TIME_NONE)
		buf_puts(out, "was still running when it was listed last");
	else
		buf_printf(out, "ended at %s", time_format(job->ended_us, to));
	buf_puts(out, ", could have made these changes. Whether it did is not known: what else was "
		      "done to the same objects is among them.");
}

static void count_effects(const struct tally *t, struct buf *out)
{
	static const char *const words[_TALLY_WHAT_MAX] = {"deleted", "appeared", "modified",
		"no longer so (undone)", "no longer listed as deleted (vanished)"};
	const char *between = " Objects: ";

	for (size_t i = 0; i < _TALLY_WHAT_MAX; i++) {
		if (t->n[i] == 0)
			continue;
		buf_printf(out, "%s%" PRId64 " %s", between, t->n[i], words[i]);
		between = ", ";
	}
	buf_putc(out, '.');
}

/* One alert for all that a recovery may have done, whatever it is. */
static int put_effects(struct judging *j, const struct recovery *recovery)
{
	const struct tally *t = &recovery->effects;
	struct alert a = alert_of(j, ALERT_CHANGES_UNEXPECTED, t->worst);
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(4096), summary = BUF_INIT_SURE(4096);
	_cleanup_(buf_done) struct buf subject = BUF_INIT_SURE(4096);

	buf_printf(&title, "%s: ", j->tenant->name);
	alert_words_objects(t->counts, t->n_counts, &title);
	buf_puts(&title, " changed in a window with a recovery job");
	summarise(j, &summary);
	count_effects(t, &summary);
	describe_recovery(&recovery->job, &summary);
	buf_printf(&subject, "%s recovery %s", run_subject(j->run), recovery->job.service_id);
	a.subject = buf_text(&subject);
	a.recovery = recovery->job.service_id;
	return put_tally(j, t, &a, &title, &summary);
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

static int put_all(struct judging *j)
{
	int r = j->initial ? put_first(j) : 0;

	for (unsigned v = VERDICT_NOTICE; r == 0 && v < _VERDICT_MAX; v++)
		if (tally_total(&j->tallies[v]))
			r = put_changes(j, &j->tallies[v], (enum verdict)v);
	for (size_t i = 0; r == 0 && i < j->n_recoveries; i++)
		if (tally_total(&j->recoveries[i].effects))
			r = put_effects(j, &j->recoveries[i]);
	if (r == 0 && tally_total(&j->vanished))
		r = put_vanished(j);
	if (r == 0 && tally_total(&j->undone))
		r = put_undone(j);
	return r;
}

int judge_alerts(struct judging *j)
{
	int r = put_all(j);

	return r == 0 && j->unknown ? put_unknown(j) : r;
}
