/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What outcomes mean for people: which of them is a condition that lasts, which is an event of its
 * own, how bad it is, and in what words. The stages only say what happened.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/timefmt.h"
#include "daemon/internal.h"

/* Clearly less than LIMIT_CLOCK_SKEW_US: a clock at the limit is not told of again and again. */
#define SKEW_GONE_US (4 * USEC_PER_MIN)

/* Outcomes that a person must mend: they hold until a call of this tenant works again. */
static const struct {
	enum graph_outcome why;
	enum alert_kind kind;
	enum verdict severity;
	const char *title;
} lasting[] = {
	{GRAPH_SIGN_IN, ALERT_SIGN_IN_REQUIRED, VERDICT_CRITICAL, "sign-in is required"},
	{GRAPH_CONFIG, ALERT_SIGN_IN_REQUIRED, VERDICT_CRITICAL,
		"the sign-in is not configured right"},
	{GRAPH_FORBIDDEN, ALERT_PERMISSION_MISSING, VERDICT_CRITICAL, "a permission is missing"},
	{GRAPH_THROTTLED, ALERT_THROTTLED, VERDICT_NOTICE, "the service throttles"},
};

/* "what went wrong; what to do about it" */
static const char *with_hint(struct buf *out, const char *text, const char *hint)
{
	buf_puts(out, text);
	if (hint)
		buf_printf(out, "; %s", hint);
	return buf_text(out);
}

/* The sign-in itself is told of by trouble_sign_in.c; this is what is left: a token that the
 * service issues and does not take, an address that cannot be trusted. */
static const char *subject_of(enum alert_kind kind)
{
	return kind == ALERT_SIGN_IN_REQUIRED ? "service" : "";
}

static bool is_told_of(const struct tenant *t, enum alert_kind kind)
{
	return kind == ALERT_SIGN_IN_REQUIRED && t->auth && auth_trouble(t->auth);
}

static void clear_lasting(struct daemon *d, struct tenant *t)
{
	alerts_condition_clear(d->alerts, t, ALERT_SIGN_IN_REQUIRED, "service");
	alerts_condition_clear(d->alerts, t, ALERT_PERMISSION_MISSING, "");
	alerts_condition_clear(d->alerts, t, ALERT_THROTTLED, "");
}

void trouble_outcome(struct daemon *d, struct tenant *t, enum graph_outcome why, const char *text,
	const char *hint)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	char title[160];

	if (!text) {
		clear_lasting(d, t);
		return;
	}
	(void)with_hint(&summary, text, hint);
	for (size_t i = 0; i < ARRAY_SIZE(lasting); i++) {
		if (lasting[i].why != why || is_told_of(t, lasting[i].kind))
			continue;
		(void)snprintf(title, sizeof(title), "%s: %s", t->conf->name, lasting[i].title);
		alerts_condition_set(d->alerts, t, lasting[i].kind, subject_of(lasting[i].kind),
			lasting[i].severity, title, buf_text(&summary));
	}
}

/* --- admission ----------------------------------------------------------------------------------
 */

/* A refused tenant has no row by which to tell it from others. */
static const char *refused_subject(const struct tenant *t, char *out, size_t size)
{
	(void)snprintf(out, size, "tenant %.64s", t->conf->name);
	return out;
}

void trouble_refused(struct daemon *d, struct tenant *t, const char *text)
{
	char title[160], subject[80];

	(void)snprintf(title, sizeof(title), "%s: the tenant is not watched", t->conf->name);
	alerts_condition_set(d->alerts, t, ALERT_STORE_ERROR,
		refused_subject(t, subject, sizeof(subject)), VERDICT_CRITICAL, title, text);
}

void trouble_admitted(struct daemon *d, struct tenant *t)
{
	char subject[80];

	alerts_condition_clear(
		d->alerts, NULL, ALERT_STORE_ERROR, refused_subject(t, subject, sizeof(subject)));
}

/* --- looks --------------------------------------------------------------------------------------
 */

static void tell_recovery(struct daemon *d, struct tenant *t, const struct look_recovery *rec)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	_cleanup_(buf_done) struct buf subject = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	struct alert a =
		alert_about(ALERT_FOREIGN_RECOVERY_JOB, VERDICT_CRITICAL, t->conf, clock_wall_us());
	const struct remote_job *j = &rec->job;
	char title[200], started[TIME_TEXT_SIZE];

	(void)snprintf(title, sizeof(title), "%s: a recovery job %s", t->conf->name,
		rec->ended ? "has ended" : "was started by somebody");
	buf_printf(&subject, "%s:%s", j->service_id, rec->ended ? "end" : "start");
	buf_printf(&summary, "job %s, started %s, status %s", j->service_id,
		time_format(j->started_us, started), j->status_text);
	if (rec->ended && j->objects_modified >= 0)
		buf_printf(&summary, ": %lld objects and %lld links changed, %lld changes failed",
			(long long)j->objects_modified,
			(long long)(j->links_modified >= 0 ? j->links_modified : 0),
			(long long)(j->failed_changes >= 0 ? j->failed_changes : 0));
	else
		buf_puts(&summary, "; snapwatch never starts a recovery");
	a.title = title;
	a.summary = buf_text(&summary);
	a.subject = buf_text(&subject);
	a.baseline_us = j->target_us;
	alerts_raise(d->alerts, t, &a);
}

static void note_skew(struct daemon *d, struct tenant *t)
{
	char title[120], by[DURATION_TEXT_SIZE];
	int64_t skew_us = t->clock_offset_us < 0 ? -t->clock_offset_us : t->clock_offset_us;

	if (skew_us < SKEW_GONE_US)
		alerts_condition_clear(d->alerts, t, ALERT_CLOCK_SKEW, "");
	if (skew_us <= LIMIT_CLOCK_SKEW_US)
		return;
	(void)snprintf(title, sizeof(title), "%s: our clock is %s %s the service's", t->conf->name,
		duration_format(skew_us, by), t->clock_offset_us > 0 ? "behind" : "ahead of");
	alerts_condition_set(d->alerts, t, ALERT_CLOCK_SKEW, "", VERDICT_WARNING, title,
		"set this host's clock (NTP); schedules and tokens depend on it");
}

static void note_unexpected(struct daemon *d, struct tenant *t, const struct look_result *result)
{
	char title[160];

	if (result->unknown == 0 || !result->unknown_text)
		return;
	(void)snprintf(
		title, sizeof(title), "%s: the service sent something undocumented", t->conf->name);
	alerts_condition_set(d->alerts, t, ALERT_API_UNEXPECTED, result->unknown_text,
		VERDICT_NOTICE, title, result->unknown_text);
}

static bool is_told_loudly(enum graph_outcome why)
{
	for (size_t i = 0; i < ARRAY_SIZE(lasting); i++)
		if (lasting[i].why == why && lasting[i].severity == VERDICT_CRITICAL)
			return true;
	return false;
}

/* Who cannot look does not see that snapshots are late, so that is told as if they were. */
static void note_blind(struct daemon *d, struct entry *e, const char *text, const char *hint)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	const struct tenant *t = &e->t;
	int64_t now_us = clock_wall_us();
	char title[160], since[DURATION_TEXT_SIZE];

	if (e->blind_since_us == 0 || e->blind_since_us > now_us)
		e->blind_since_us = now_us;
	if (now_us - e->blind_since_us < t->conf->stale_after_us)
		return;
	(void)snprintf(title, sizeof(title), "%s: snapshots could not be listed for %s",
		t->conf->name, duration_format(now_us - e->blind_since_us, since));
	alerts_condition_set(d->alerts, t, ALERT_SNAPSHOT_LATE, "", VERDICT_WARNING, title,
		with_hint(&summary, text, hint));
}

static bool slot_is_free(const struct remote_job_list *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (!remote_job_ended(&jobs->items[i]))
			return false;
	return true;
}

void trouble_look(struct daemon *d, const struct look_result *result)
{
	const char *text = result->text ? result->text : graph_outcome_name(result->outcome);
	struct tenant *t = result->tenant;

	if (result->outcome != GRAPH_OK) {
		/* who asked the service has said it already, with the ids of the request */
		trouble_outcome(d, t, result->outcome, text, result->hint);
		if (!is_told_loudly(result->outcome))
			note_blind(d, entry_of(t), text, result->hint);
		return;
	}
	entry_of(t)->blind_since_us = 0;
	clear_lasting(d, t);
	/* while creating is refused the list is not believed */
	if (slot_is_free(result->jobs) && !t->slot_refused) {
		entry_of(t)->blocked = false;
		alerts_condition_clear(d->alerts, t, ALERT_SLOT_BLOCKED, "");
	}
	for (size_t i = 0; i < result->n_recoveries; i++)
		tell_recovery(d, t, &result->recoveries[i]);
	note_skew(d, t);
	note_unexpected(d, t, result);
}

/* --- plans --------------------------------------------------------------------------------------
 */

static void tell_gap(
	struct daemon *d, struct tenant *t, const struct conf_watch *w, const struct plan_run *run)
{
	struct alert a = alert_about(ALERT_COVERAGE_GAP, VERDICT_WARNING, t->conf, clock_wall_us());
	char title[200], subject[160], from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	(void)time_format(run->gap_from_us, from);
	(void)time_format(run->gap_to_us, to);
	/* a later try may find that more of it is lost */
	(void)snprintf(subject, sizeof(subject), "%.64s:%s:%s", w->name, from, to);
	(void)snprintf(title, sizeof(title), "%s: what happened from %s to %s was not compared",
		t->conf->name, from, to);
	a.title = title;
	a.summary = "the snapshots that would show it are no longer kept; what was changed and "
		    "still stands is found only if a later snapshot does not contain it";
	a.subject = subject;
	a.covered_from_us = run->gap_from_us;
	a.covered_to_us = run->gap_to_us;
	alerts_raise(d->alerts, t, &a);
}

void trouble_plan(
	struct daemon *d, struct tenant *t, const struct plan_input *in, const struct plan *plan)
{
	char title[160], age[DURATION_TEXT_SIZE], newest[TIME_TEXT_SIZE];
	int64_t now_us = in->server_now_us != TIME_NONE ? in->server_now_us : in->now_us;

	if (plan->condition[PLAN_SNAPSHOT_MISSING]) {
		(void)snprintf(
			title, sizeof(title), "%s: the service lists no snapshot", t->conf->name);
		alerts_condition_set(d->alerts, t, ALERT_SNAPSHOT_MISSING, "", VERDICT_CRITICAL,
			title,
			"check the licence (Entra ID P1 or P2) and the roles of the signed-in "
			"account: missing "
			"prerequisites show as an empty list");
	} else {
		alerts_condition_clear(d->alerts, t, ALERT_SNAPSHOT_MISSING, "");
	}
	if (plan->condition[PLAN_SNAPSHOT_LATE]) {
		(void)snprintf(title, sizeof(title), "%s: no new snapshot for %s", t->conf->name,
			duration_format(now_us - plan->newest_us, age));
		char summary[200];
		(void)snprintf(summary, sizeof(summary), "the newest snapshot is of %s",
			time_format(plan->newest_us, newest));
		alerts_condition_set(
			d->alerts, t, ALERT_SNAPSHOT_LATE, "", VERDICT_WARNING, title, summary);
	} else {
		alerts_condition_clear(d->alerts, t, ALERT_SNAPSHOT_LATE, "");
	}
	for (size_t i = 0; i < plan->n_runs; i++)
		if (plan->runs[i].gap_from_us != TIME_NONE)
			tell_gap(d, t, in->watches[plan->runs[i].watch].conf, &plan->runs[i]);
}

/* --- runs ---------------------------------------------------------------------------------------
 */

/* How runs can fail, and what follows; the outcomes that are nobody's trouble raise nothing. */
static const struct {
	enum run_outcome outcome;
	enum alert_kind kind;
	int code;
	bool tell;
} failures[] = {
	{RUN_SERVICE_FAILED, ALERT_JOB_FAILED, EXIT_CODE_INCOMPLETE, true},
	{RUN_CANCELLED, ALERT_JOB_FAILED, EXIT_CODE_INCOMPLETE, false},
	{RUN_CANCELLED_ELSEWHERE, ALERT_JOB_CANCELLED_ELSEWHERE, EXIT_CODE_INCOMPLETE, true},
	{RUN_GONE, ALERT_JOB_FAILED, EXIT_CODE_INCOMPLETE, true},
	{RUN_BASELINE_GONE, ALERT_JOB_FAILED, EXIT_CODE_OK, false},
	{RUN_REFUSED, ALERT_JOB_FAILED, EXIT_CODE_INCOMPLETE, true},
	{RUN_NO_RESULT, ALERT_JOB_FAILED, EXIT_CODE_INCOMPLETE, true},
	{RUN_REMOVED, ALERT_JOB_FAILED, EXIT_CODE_OK, false},
};

/* Told once and not at every try: it holds until a run of the watch is judged. */
static void watch_fails(struct daemon *d, struct tenant *t, const struct run *run, const char *text)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	char title[200];

	(void)snprintf(title, sizeof(title), "%s: a preview ended without a result", t->conf->name);
	buf_printf(&summary,
		"watch '%s', job %lld: %s. It is tried again until it works; further tries that "
		"fail "
		"are in the journal only",
		run->watch, (long long)run->id, text);
	alerts_condition_set(d->alerts, t, ALERT_JOB_FAILED, run->watch, VERDICT_WARNING, title,
		buf_text(&summary));
}

static void tell_failed(struct daemon *d, struct tenant *t, const struct run *run,
	enum alert_kind kind, const char *text, const char *hint)
{
	_cleanup_(buf_done) struct buf summary = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	struct alert a = alert_about(kind, VERDICT_WARNING, t->conf, clock_wall_us());
	char title[200];

	(void)with_hint(&summary, text ? text : run_outcome_name(run->outcome), hint);
	if (kind == ALERT_JOB_FAILED) {
		watch_fails(d, t, run, buf_text(&summary));
		return;
	}
	(void)snprintf(title, sizeof(title), "%s: a preview ended without a result", t->conf->name);
	a.title = title;
	a.summary = buf_text(&summary);
	a.subject = run_subject(run);
	a.job = run->id;
	a.baseline_us = run->snapshot_created_us;
	alerts_raise(d->alerts, t, &a);
}

void trouble_run(struct daemon *d, struct tenant *t, const struct run *run, const char *text,
	const char *hint)
{
	const struct log_ctx ctx = {
		.tenant = t->conf->name, .job = run->id, .snapshot = run->snapshot};

	log_event(LOG_WARNING, LOG_ID_JOB_FAILED, &ctx, "preview ended without a result (%s): %s",
		run_outcome_name(run->outcome), text ? text : "");
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		if (failures[i].outcome != run->outcome)
			continue;
		cycle_note(entry_of(t), failures[i].code, text);
		if (failures[i].tell)
			tell_failed(d, t, run, failures[i].kind, text, hint);
	}
}

static void tell_latest(struct daemon *d, struct tenant *t, const struct run *run)
{
	if (run->state == RUN_DONE || !conf_watch_find(t->conf, run->watch)) {
		alerts_condition_clear(d->alerts, t, ALERT_JOB_FAILED, run->watch);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].outcome == run->outcome && failures[i].tell)
			tell_failed(d, t, run, failures[i].kind, run->detail, NULL);
}

void trouble_latest(struct daemon *d, struct tenant *t, const struct run_list *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		tell_latest(d, t, runs->items[i]);
}

/* More rows than were promised; fewer make the run unverified, which its alerts say. */
static bool has_too_many(const struct run *run)
{
	bool more = false;

	(void)run_verify(run->objects, run->changes, run->distinct_objects, &more);
	return more;
}

/* A new word for what happened is told by the judge, each once. */
void trouble_judged(struct daemon *d, struct tenant *t, const struct run *run,
	const struct judge_result *result)
{
	int64_t n_unknown = run->unknown - result->n_unknown;
	char title[160], summary[300], subject[160];

	alerts_condition_clear(d->alerts, t, ALERT_JOB_FAILED, run->watch);
	(void)snprintf(subject, sizeof(subject), "changes of watch %.64s", run->watch);
	if (n_unknown <= 0 && !has_too_many(run)) {
		alerts_condition_clear(d->alerts, t, ALERT_API_UNEXPECTED, subject);
		return;
	}
	(void)snprintf(
		title, sizeof(title), "%s: the service sent something undocumented", t->conf->name);
	if (n_unknown > 0)
		(void)snprintf(summary, sizeof(summary),
			"%lld words or fields in the changes of job %lld are not known to this "
			"version; they are kept as they came, and the journal has the first of "
			"each page",
			(long long)n_unknown, (long long)run->id);
	else
		(void)snprintf(summary, sizeof(summary),
			"job %lld promised %lld changed objects and listed %lld changes",
			(long long)run->id, (long long)run->objects, (long long)run->changes);
	alerts_condition_set(
		d->alerts, t, ALERT_API_UNEXPECTED, subject, VERDICT_NOTICE, title, summary);
}

/*
 * Since when a run waits and the slot is taken. Both outlive us, in the store and at the service,
 * so patience does not begin anew with each start; only of a job before the present one nothing is
 * known then.
 */
static int64_t blocked_since(const struct tenant *t, const struct run *run)
{
	return run->queued_us > t->slot_foreign_since_us ? run->queued_us
							 : t->slot_foreign_since_us;
}

void trouble_slot(struct daemon *d, struct entry *e, const struct run *run, const char *text)
{
	const struct tenant *t = &e->t;
	int64_t now_us = clock_wall_us();
	char title[160], since[DURATION_TEXT_SIZE];

	if (!e->blocked) {
		e->blocked = true;
		e->blocked_since_us = blocked_since(t, run);
	}
	if (now_us - e->blocked_since_us < t->conf->slot_patience_us)
		return;
	(void)snprintf(title, sizeof(title), "%s: somebody else has held the job slot for %s",
		t->conf->name, duration_format(now_us - e->blocked_since_us, since));
	alerts_condition_set(d->alerts, t, ALERT_SLOT_BLOCKED, "", VERDICT_WARNING, title, text);
}
