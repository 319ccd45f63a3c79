/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alert: what leaves the house. Pure: made from facts, rendered as the "data" object of a
 * Standard Webhooks body. Adding a kind is a row of the table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/conf/conf.h"

/* X(constant, stable name, one line of meaning) */
#define ALERT_KINDS(X) \
	X(CHANGES_UNEXPECTED, "changes_unexpected", "objects were deleted or appeared") \
	X(CHANGES_UNDONE, "changes_undone", "what was open is no longer so") \
	X(DELETION_VANISHED, "deletion_vanished", \
		"a deletion is listed no more: restored or gone for ever") \
	X(FOREIGN_RECOVERY_JOB, "foreign_recovery_job", "somebody runs a recovery") \
	X(SNAPSHOT_LATE, "snapshot_late", "the newest snapshot is too old") \
	X(SNAPSHOT_MISSING, "snapshot_missing", "the service lists no snapshot") \
	X(RETENTION_SHRANK, "retention_shrank", "snapshots are kept for fewer days than before") \
	X(COVERAGE_AT_RISK, "coverage_at_risk", \
		"a snapshot that is still to be compared will be gone soon") \
	X(COVERAGE_GAP, "coverage_gap", "an interval can no longer be compared") \
	X(FIRST_RUN, "first_run", "what the first run of a watch found") \
	X(JOB_FAILED, "job_failed", "a preview ended without a result") \
	X(JOB_STUCK, "job_stuck", "a preview takes far too long") \
	X(JOB_CANCELLED_ELSEWHERE, "job_cancelled_elsewhere", "somebody cancelled our preview") \
	X(SLOT_BLOCKED, "slot_blocked", "somebody else holds the tenant's job slot") \
	X(SIGN_IN_REQUIRED, "sign_in_required", "nobody is signed in for a tenant") \
	X(SIGN_IN_EXPIRING, "sign_in_expiring", "a sign-in ends soon") \
	X(CERTIFICATE_EXPIRING, "certificate_expiring", "the app's certificate ends soon") \
	X(PERMISSION_MISSING, "permission_missing", "consent, role or licence is missing") \
	X(OVER_PRIVILEGED, "over_privileged", "a sign-in may do more than is needed") \
	X(THROTTLED, "throttled", "the service keeps throttling us") \
	X(STORE_FULL, "store_full", "the store's file system is full") \
	X(STORE_ERROR, "store_error", "the store cannot be written") \
	X(SINK_FAILING, "sink_failing", "alerts cannot be delivered") \
	X(CLOCK_SKEW, "clock_skew", "our clock and the service's differ") \
	X(API_UNEXPECTED, "api_unexpected", "the service sent something undocumented") \
	X(TEST, "test", "a test")

enum alert_kind {
#define X(id, name, text) ALERT_##id,
	ALERT_KINDS(X)
#undef X
		_ALERT_KIND_MAX,
};
const char *alert_kind_name(enum alert_kind k);
const char *alert_kind_text(enum alert_kind k);
int alert_kind_from_name(const char *name, enum alert_kind *ret);

/* What goes with an object that came or went is shown as a number. */
enum alert_child {
	ALERT_CHILD_GRANT,
	ALERT_CHILD_ASSIGNMENT,
	ALERT_CHILD_MEMBERSHIP,
	_ALERT_CHILD_MAX,
};

/*
 * One finding in an alert: an object, or one property or link of it; at most LIMIT_ALERT_OBJECTS
 * are shown, worst first. Borrowed texts; before and after are JSON.
 */
struct alert_object {
	const char *entity_type, *object_id, *display_name, *change, *property, *before, *after,
		*rule;
	const char *link_id, *link_name; /* the other end of a link that came or went; or NULL */
	const char *fact; /* what became of it, a literal; NULL: it is as it was found */
	enum verdict severity;
	bool brought_back;
	int64_t finding, deleted_at_us;
	int64_t n_children[_ALERT_CHILD_MAX];
};

struct alert {
	enum alert_kind kind;
	enum verdict severity;		/* NOTICE, WARNING or CRITICAL */
	const char *tenant, *tenant_id; /* configured name and GUID; NULL: not about one tenant */
	const char *title;		/* one line: "contoso: 20 users were deleted" */
	const char *summary;		/* one or a few lines; what is known and what is not */
	const char
		*subject; /* part of the natural key besides kind, tenant, job, severity; or NULL */
	int64_t job;	  /* 0: none */
	int64_t created_us;
	int64_t n_deleted, n_appeared, n_modified; /* all 0: leave out, and those below too */
	int64_t n_undone, n_vanished;		   /* 0: leave out */
	const char *recovery; /* service id of a recovery whose effects they may be; or NULL */
	const struct alert_object *objects;
	size_t n_objects, n_omitted;
	int64_t baseline_us, covered_from_us, covered_to_us; /* TIME_NONE: leave out */
	int verified;					     /* -1: leave out */
	bool initial;					     /* found by the first run of a watch */
};

/*
 * One that is about no comparison, with everything left out that may be; texts are the caller's.
 * tenant (borrowed names; NULL): whom it is about.
 */
struct alert alert_about(enum alert_kind kind, enum verdict severity,
	const struct conf_tenant *tenant, int64_t created_us);

/*
 * Outside id: 32 hexadecimal digits of SHA-256 over kind, tenant id, severity and subject; without
 * a subject over the job, without a job over the time. So what has a subject is raised once,
 * however often somebody says it. The number of a job is ours: it depends on which tenant was
 * planned first and begins anew with a new store, so what is about a job has run_subject() as its
 * subject.
 */
void alert_outside_id(const struct alert *a, char out[static 33]);

/*
 * Appends the "data" object. It is a little shorter than LIMIT_ALERT_BODY_BYTES, so that its
 * envelope fits as well: objects are left out (and counted) until it is, values and texts that are
 * too long are cut.
 */
void alert_render(const struct alert *a, struct buf *out);

/*
 * The sinks that alerts of this tenant go to, by name (borrowed from conf): those it names, or all.
 * tenant NULL: all. except (may be NULL) is left out. Returns how many; names has room for
 * conf->n_sinks.
 */
size_t alert_route(const struct conf *conf, const struct conf_tenant *tenant, const char *except,
	const char **names);

/* --- words (alert_words.c) ----------------------------------------------------------------------
 */

struct alert_count {
	const char *entity_type, *change;
	int64_t n;
};
/*
 * "contoso: 3 users and 1 group were deleted, 2 applications appeared" from counts per type and
 * change; the most numerous types of a change are named, the others counted. Appends.
 */
void alert_title_changes(
	const char *tenant, const struct alert_count *counts, size_t n, struct buf *out);
/* The same without the tenant; "nothing was deleted or appeared" when there is nothing. */
void alert_words_changes(const struct alert_count *counts, size_t n, struct buf *out);
/* "undone: the deletion of 2 users, the appearance of 1 application"; without the tenant. */
void alert_words_undone(const struct alert_count *counts, size_t n, struct buf *out);
/* "the deletion of 2 users is listed no more: restored or gone for ever" */
void alert_words_vanished(const struct alert_count *counts, size_t n, struct buf *out);
/* "2 users and 1 group", whatever happened to them. */
void alert_words_objects(const struct alert_count *counts, size_t n, struct buf *out);
/* "3 grants, 1 membership" of counts that are not 0. */
void alert_words_children(const int64_t counts[static _ALERT_CHILD_MAX], struct buf *out);
/* "user" -> "users", "conditionalAccessPolicy" -> "Conditional Access policies"; unknown types as
 * they came. */
const char *entity_type_words(const char *entity_type, bool plural);
