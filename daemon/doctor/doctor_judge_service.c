/* SPDX-License-Identifier: Apache-2.0 */
/* What the service lets us see: roles as far as reading shows them, snapshots, jobs, the slot. */
#include <stdio.h>

#include "common/base/err.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_private.h"

/* Said in one place, because the service does not say which of them it is. */
#define ROLE_OR_LICENCE \
	"give the account the role Entra Backup Administrator (Reader cannot create previews), " \
	"and the tenant a licence of Entra ID P1 or P2"

static const char *remedy_of(enum graph_outcome outcome)
{
	switch (outcome) {
	case GRAPH_FORBIDDEN:
		return ROLE_OR_LICENCE;
	case GRAPH_THROTTLED:
		return "wait: snapwatchd comes back by itself; if it lasts, look for another "
		       "program that asks Graph with this application";
	case GRAPH_NETWORK:
		return "wait: snapwatchd tries again by itself; if it lasts, ask "
		       "https://status.cloud.microsoft or whoever runs the proxy";
	case GRAPH_BAD_REPLY:
		return "look who answers there: a proxy's or a network's own page is no answer of "
		       "Graph";
	case GRAPH_OK:
	case GRAPH_SIGN_IN:
	case GRAPH_CONFIG:
	case GRAPH_NOT_FOUND:
	case GRAPH_BUSY:
	case GRAPH_REFUSED:
		break;
	}
	return "check graph_url";
}

static void fail_list(const struct doctor_facts *f, enum doctor_check check,
	const struct doctor_answer *a, struct doctor_report *out)
{
	enum graph_outcome outcome = (enum graph_outcome)a->outcome;

	doctor_fail(out, f->conf->name, check, graph_outcome_exit_code(outcome),
		doctor_hint(a, remedy_of(outcome)), "%s", a->text);
}

/*
 * Reading proves Reader at least. That previews may be created shows only when one is: asking
 * would start one.
 */
void doctor_judge_roles(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_answer *a = &f->snapshots;
	char when[TIME_TEXT_SIZE];

	if (!a->asked)
		return;
	if (a->outcome == GRAPH_FORBIDDEN) {
		doctor_fail(out, f->conf->name, DOCTOR_ROLES, EXIT_CODE_SIGN_IN, ROLE_OR_LICENCE,
			"reading is refused although the permission was granted: %s", a->text);
	} else if (a->outcome != GRAPH_OK) {
		doctor_none(out, f->conf->name, DOCTOR_ROLES, "nothing could be read");
	} else if (f->previewed_us != TIME_NONE) {
		doctor_ok(out, f->conf->name, DOCTOR_ROLES,
			"reading is allowed; a preview was created at %s",
			time_format(f->previewed_us, when));
	} else {
		doctor_ok(out, f->conf->name, DOCTOR_ROLES,
			"reading is allowed; whether creating is shows with the first preview");
	}
}

void doctor_judge_snapshots(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_answer *a = &f->snapshots;
	char age[DURATION_TEXT_SIZE];

	if (!a->asked)
		return;
	if (a->outcome != GRAPH_OK) {
		fail_list(f, DOCTOR_SNAPSHOTS, a, out);
		return;
	}
	if (f->n_snapshots == 0 || f->newest_us == TIME_NONE) {
		doctor_warn(out, f->conf->name, DOCTOR_SNAPSHOTS,
			ROLE_OR_LICENCE "; a new tenant has its first snapshot within a day",
			"the list is empty, and the service answers so too when a licence or a "
			"role "
			"is missing");
		return;
	}
	(void)duration_format(f->now_us - f->newest_us, age);
	if (f->now_us - f->newest_us > f->conf->stale_after_us)
		doctor_warn(out, f->conf->name, DOCTOR_SNAPSHOTS,
			"look into the portal (Entra admin center, Backup and recovery); the "
			"service "
			"takes them once a day",
			"%zu, the newest is %s old", f->n_snapshots, age);
	else
		doctor_ok(out, f->conf->name, DOCTOR_SNAPSHOTS, "%zu, the newest is %s old",
			f->n_snapshots, age);
}

void doctor_judge_jobs(const struct doctor_facts *f, struct doctor_report *out)
{
	if (!f->jobs.asked)
		return;
	if (f->jobs.outcome != GRAPH_OK)
		fail_list(f, DOCTOR_JOBS, &f->jobs, out);
	else
		doctor_ok(out, f->conf->name, DOCTOR_JOBS, "%zu in the list", f->n_jobs);
}

void doctor_judge_slot(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct remote_job *j = &f->holder;
	char since[TIME_TEXT_SIZE] = "";

	if (!f->jobs.asked)
		return;
	if (!j->service_id) {
		doctor_ok(out, f->conf->name, DOCTOR_SLOT, "free");
		return;
	}
	(void)time_format(j->started_us, since);
	if (f->ours)
		doctor_ok(
			out, f->conf->name, DOCTOR_SLOT, "a preview of ours runs since %s", since);
	else
		doctor_warn(out, f->conf->name, DOCTOR_SLOT,
			j->kind == REMOTE_RECOVERY
				? "let it end, if you know of it: previews wait for it. If you do "
				  "not, somebody is changing the directory right now"
				: "let it end, or cancel it in the portal: previews wait for it",
			"a %s of somebody else holds it since %s (%s)",
			j->kind_text ? j->kind_text : "job", since,
			j->status_text ? j->status_text : "");
}

void doctor_judge_polling(const struct doctor_facts *f, struct doctor_report *out)
{
	if (!f->jobs.asked)
		return;
	if (f->job_read.at != GRAPH_AT_UNKNOWN)
		doctor_ok(out, f->conf->name, DOCTOR_POLLING, "a job is read %s",
			graph_job_read_text(f->job_read));
	else if (f->polled.asked && f->polled.outcome != GRAPH_OK)
		doctor_warn(out, f->conf->name, DOCTOR_POLLING,
			"nothing: how far a preview is will be read from the list of jobs",
			"a job cannot be read by itself: %s", f->polled.text);
	else
		doctor_none(out, f->conf->name, DOCTOR_POLLING,
			"there is no preview that could be read");
}
