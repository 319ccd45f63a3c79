/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people look at, for readers: jobs, findings, alerts and objects with the names of their
 * tenants. Read-only. Lists come in batches by a key ("before this id"), each read whole before it
 * is given, so that whoever shows it may take any time. A full batch means that there may be more.
 * All return 0 or as in db.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/store/store_view_rows.h"

struct store;

#define VIEW_FIRST INT64_MAX /* the key before the first batch */

/* --- jobs: newest first -------------------------------------------------------------------------
 */

enum view_job_which {
	VIEW_JOBS_ALL,
	VIEW_JOBS_DONE,	      /* judged */
	VIEW_JOBS_ENDED,      /* done and failed */
	VIEW_JOBS_UNFINISHED, /* neither */
};
struct view_job {
	int64_t id;
	const char *tenant, *tenant_id, *watch, *baseline, *state;
	const char *outcome, *detail; /* NULL while it goes on */
	const char *snapshot_id, *service_id, *service_status, *cancel_by;
	bool initial, adopted;
	int64_t due_us, queued_us, snapshot_us, covered_from_us, started_us, completed_us, ended_us;
	int64_t not_before_us;
	int64_t objects, links, distinct_objects; /* -1: not known */
	int64_t pages, changes, unknown, attempts;
	int verified; /* -1: not known */
};
struct view_jobs {
	struct view_job *items;
	size_t n;
	struct view_rows rows; /* owns the items and their texts */
};
/* tenant: a name, NULL for all. */
int store_view_jobs(struct store *s, const char *tenant, enum view_job_which which,
	int64_t before_id, size_t limit, struct view_jobs *ret);
/* One job: ret->n is 0 when there is none. */
int store_view_job(struct store *s, int64_t id, struct view_jobs *ret);
void view_jobs_done(struct view_jobs *list);

/* --- objects of a job ---------------------------------------------------------------------------
 */

struct view_objects {
	char **ids; /* different ones, as object_id_decode() gives them */
	size_t n;
};
/* Those whose id begins with text. */
int store_view_objects_by_id(
	struct store *s, int64_t job, const char *text, size_t limit, struct view_objects *ret);
/* Those with exactly this name. Walks the rows of the job. */
int store_view_objects_by_name(
	struct store *s, int64_t job, const char *name, size_t limit, struct view_objects *ret);
void view_objects_done(struct view_objects *list);

/* The entity types that a job's rows have, in alphabetical order; one text column. Walks the rows.
 */
int store_view_types(struct store *s, int64_t job, size_t limit, struct view_rows *ret);

/* --- findings: by severity, newest first ---------------------------------------------------------
 */

enum view_severity {
	VIEW_CRITICAL,
	VIEW_WARNING,
	VIEW_NOTICE,
	VIEW_LESSER, /* whatever else */
	_VIEW_SEVERITY_MAX,
};
struct view_finding {
	int64_t id;
	const char *tenant, *tenant_id, *watch, *entity_type;
	char object_id[257]; /* LIMIT_ID_BYTES and a NUL */
	const char *change, *atom, *attention, *fact, *severity;
	const char *rule, *name, *before, *after; /* or NULL; before, after: JSON */
	int64_t episode, lo_us, hi_us, deleted_at_us, first_seen_us, last_seen_us;
	int64_t first_job, last_job;
	int64_t parent; /* 0: none */
	bool initial, brought_back;
};
struct view_findings {
	struct view_finding *items;
	size_t n;
	struct view_rows rows;
};
/* open: only those that store_view_open() counts. */
int store_view_findings(struct store *s, const char *tenant, bool open, enum view_severity severity,
	int64_t before_id, size_t limit, struct view_findings *ret);
/* Of one object (id as it came), newest first. */
int store_view_findings_of(struct store *s, const char *tenant, const char *object_id, size_t limit,
	struct view_findings *ret);
void view_findings_done(struct view_findings *list);

/* Open findings of a tenant, those shown under another one left out. */
int store_view_open(struct store *s, const char *tenant, int64_t ret[static _VIEW_SEVERITY_MAX]);

/* --- alerts: newest first ------------------------------------------------------------------------
 */

struct view_alert {
	int64_t id;
	const char *tenant; /* NULL: not about one tenant */
	const char *outside_id, *kind, *severity, *title, *body;
	int64_t job, created_us; /* job 0: none */
};
struct view_alerts {
	struct view_alert *items;
	size_t n;
	struct view_rows rows;
};
int store_view_alerts(struct store *s, const char *tenant, int64_t before_id, size_t limit,
	struct view_alerts *ret);
void view_alerts_done(struct view_alerts *list);

struct view_delivery {
	const char *sink, *state, *error; /* error NULL: none, or it was sent */
	int64_t attempts, next_us, sent_us;
};
struct view_deliveries {
	struct view_delivery *items;
	size_t n;
	struct view_rows rows;
};
int store_view_deliveries(struct store *s, int64_t alert, struct view_deliveries *ret);
void view_deliveries_done(struct view_deliveries *list);
