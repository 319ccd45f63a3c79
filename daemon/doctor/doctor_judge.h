/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found out about one tenant, and what it means: facts in, results with evidence and
 * remedy out. Pure: it asks nobody. Called again after each fact, so it can also say what is worth
 * asking next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/doctor.h"
#include "common/model/remote_job.h"
#include "common/model/sign_in.h"
#include "daemon/engine/http.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/graph.h"
#include "daemon/graph/retry.h"

struct conf_tenant;

/* One of the two hosts. Texts are owned. */
struct doctor_host {
	char *name;
	bool asked;
	enum http_error error;
	enum http_stage stage;
	char *text; /* what libcurl says of an error */
	bool met;   /* peer says who answered, trusted or not */
	struct http_peer peer;
	int64_t off_us; /* its clock minus ours; TIME_NONE */
};
enum {
	DOCTOR_AUTHORITY,
	DOCTOR_GRAPH,
	_DOCTOR_HOSTS,
};

/* A credential file. */
struct doctor_credential {
	char *name;
	int r;	       /* of credential_read() */
	char *path;    /* that was tried */
	char *problem; /* with its content; NULL: none */
};
enum {
	DOCTOR_CREDENTIAL_TOKEN, /* TENANT.refresh_token: may be absent */
	DOCTOR_CREDENTIAL_CERTIFICATE,
	_DOCTOR_CREDENTIALS,
};

/* How an answer ended: text and hint say what was wrong. */
struct doctor_answer {
	bool asked;
	int outcome; /* enum auth_outcome, enum graph_outcome */
	char *text, *hint;
};

struct doctor_facts {
	const struct conf_tenant *conf; /* borrowed */
	int64_t now_us;
	char *refused; /* why the store does not take the tenant; NULL */
	struct doctor_credential credentials[_DOCTOR_CREDENTIALS];
	int64_t certificate_us; /* its end; TIME_NONE: there is none, or it cannot be told */
	struct doctor_host hosts[_DOCTOR_HOSTS];
	struct doctor_answer tokens[2]; /* by enum auth_kind */
	bool sign_in_known;
	struct sign_in sign_in; /* of the account */
	char *token_tenant;	/* which the token is of; NULL: it does not say */
	struct doctor_answer snapshots;
	size_t n_snapshots;
	int64_t newest_us;    /* TIME_NONE */
	int64_t previewed_us; /* a preview of ours was created last then; TIME_NONE: never */
	struct doctor_answer jobs;
	size_t n_jobs;
	struct remote_job holder;	/* of the slot; service_id NULL: nobody */
	bool ours;			/* the holder is */
	struct doctor_answer polled;	/* one that is listed */
	struct graph_job_read job_read; /* how they can be read, as far as it is known */
};
void doctor_facts_done(struct doctor_facts *f);

/* Appends what can be said now: a result for each check whose facts are there, and for each that
 * cannot be made because of another. */
void doctor_judge(const struct doctor_facts *f, struct doctor_report *out);

/* A sink, and how it was tried. */
struct doctor_sink {
	const char *name;
	const char *problem; /* why it cannot be made; NULL: it can */
	bool test;	     /* with a test alert */
	bool good;
	const char *text; /* what went wrong */
};
void doctor_judge_sink(const struct doctor_sink *s, struct doctor_report *out);
