/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `snapwatch doctor` says: checks in the order in which things break, each with what was seen
 * and what to do about it. Here are the words, which check needs which, and the way through the
 * control socket; what makes a check fail is with whoever knows the facts. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/jsonw.h"

/* In the order in which things break, and are shown. */
enum doctor_check {
	/* of the host: before the tenants */
	DOCTOR_CONFIGURATION,
	DOCTOR_SERVICE,	  /* snapwatchd runs, or could be started for these questions */
	DOCTOR_STORE_KEY, /* the credential that seals the tokens */
	/* of each tenant */
	DOCTOR_CREDENTIALS,
	DOCTOR_WATCHED, /* the store takes the tenant */
	DOCTOR_CERTIFICATE,
	DOCTOR_DNS,
	DOCTOR_CONNECTION,
	DOCTOR_TLS,
	DOCTOR_CLOCK,
	DOCTOR_TOKEN, /* of the account */
	DOCTOR_APP_TOKEN,
	DOCTOR_TENANT, /* of the token */
	DOCTOR_SCOPES,
	DOCTOR_SIGN_IN, /* how long it lives */
	DOCTOR_ROLES,
	DOCTOR_SNAPSHOTS,
	DOCTOR_JOBS,
	DOCTOR_SLOT,
	DOCTOR_POLLING, /* which credential may read a job */
	/* of the host: behind them */
	DOCTOR_STORE,
	DOCTOR_DISK,
	DOCTOR_SINK, /* one for each */
	_DOCTOR_CHECK_MAX,
};
/* "store_key": stable. */
const char *doctor_check_name(enum doctor_check c);
/* Whether it is made once for each tenant. */
bool doctor_check_of_tenant(enum doctor_check c);

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARN,
	DOCTOR_FAIL,
	DOCTOR_SKIPPED,
	_DOCTOR_RESULT_MAX,
};
/* "ok", "warn", "fail", "skipped": stable. */
const char *doctor_result_name(enum doctor_result r);

#define DOCTOR_NOTHING (-1) /* there was nothing to check */

struct doctor_item {
	char *tenant; /* NULL: not about one */
	char *sink;   /* DOCTOR_SINK: its name */
	enum doctor_check check;
	enum doctor_result result;
	int code;	/* DOCTOR_FAIL: the exit status that it means */
	int because;	/* DOCTOR_SKIPPED: the check that failed, or DOCTOR_NOTHING */
	char *evidence; /* may quote the service: hostile */
	char *remedy;	/* what to do; NULL: nothing */
};
struct doctor_report {
	struct doctor_item *items;
	size_t n;
};
void doctor_report_done(struct doctor_report *r);

/*
 * Appends one result; the format makes the evidence. Texts are copied. tenant is for checks of
 * tenants, NULL for others.
 */
void doctor_ok(struct doctor_report *r, const char *tenant, enum doctor_check check,
	const char *fmt, ...) _printf_(4, 5);
void doctor_warn(struct doctor_report *r, const char *tenant, enum doctor_check check,
	const char *remedy, const char *fmt, ...) _printf_(5, 6);
void doctor_fail(struct doctor_report *r, const char *tenant, enum doctor_check check, int code,
	const char *remedy, const char *fmt, ...) _printf_(6, 7);
/* There is nothing to check, and why. */
void doctor_none(struct doctor_report *r, const char *tenant, enum doctor_check check,
	const char *fmt, ...) _printf_(4, 5);
/* It could not be made, because that one failed. */
void doctor_skip(struct doctor_report *r, const char *tenant, enum doctor_check check,
	enum doctor_check because);
/* The last one that was appended is about this sink. */
void doctor_of_sink(struct doctor_report *r, const char *sink);

/* Appends a copy of all of another. */
void doctor_report_add(struct doctor_report *r, const struct doctor_report *other);

/* The result of a check that was made; NULL when it was not. */
const struct doctor_item *doctor_find(
	const struct doctor_report *r, const char *tenant, enum doctor_check check);

/*
 * True when something that the check needs has failed, or was itself kept from being made:
 * *ret_because is what began it. What was not checked keeps nobody from anything.
 */
bool doctor_blocked(const struct doctor_report *r, const char *tenant, enum doctor_check check,
	enum doctor_check *ret_because);
/* The same, and says so in the report. */
bool doctor_skips(struct doctor_report *r, const char *tenant, enum doctor_check check);

/* The host first, then tenant by tenant (in the order of their first item), the host again. */
void doctor_sort(struct doctor_report *r);
/* The exit status: what the first failure means; EXIT_CODE_OK when there is none. */
int doctor_exit_code(const struct doctor_report *r);

/* Key "doctor" and the list; the object around it is open. */
void doctor_write(const struct doctor_report *r, struct jsonw *w);
/* Appends the list of a document. 0, -EINVAL (not such a list; nothing is appended) or -ENOMEM. */
int doctor_read(struct doctor_report *r, const struct json *document);
