/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found out about this host, and what it means: facts in, results out. Pure. Tenants and
 * sinks are with whoever can ask the service.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/doctor.h"

/* The configuration: errors and warnings are lines; "" for none. */
struct doctor_configuration {
	const char *path;
	int r; /* of conf_load() */
	const char *errors, *warnings;
	size_t n_tenants, n_sinks;
};
void doctor_judge_configuration(const struct doctor_configuration *c, struct doctor_report *out);

/* Who answers the questions about tenants. */
struct doctor_service {
	enum {
		DOCTOR_SERVICE_RUNS,
		DOCTOR_SERVICE_BORROWED, /* started for the time of the questions */
		DOCTOR_SERVICE_NONE,
	} who;
	int code; /* NONE: why, as an exit status and in words */
	const char *text;
};
/* After store key and store: what is their fault is told there. */
void doctor_judge_service(const struct doctor_service *s, struct doctor_report *out);

/* The credential that seals the tokens. */
struct doctor_store_key {
	int r;		  /* of credential_read() */
	const char *path; /* that was tried; may be NULL */
	bool good;	  /* STORE_KEY_SIZE bytes in base64 */
};
void doctor_judge_store_key(const struct doctor_store_key *k, struct doctor_report *out);

struct doctor_store {
	const char *path;
	enum {
		DOCTOR_STORE_OPEN,    /* as a reader */
		DOCTOR_STORE_MISSING, /* there is none yet */
		DOCTOR_STORE_CLOSED,  /* it could not be opened: r, detail */
	} state;
	int r;		    /* < 0; OPEN: of looking for damage, > 0 when time was over first */
	const char *detail; /* words; may be NULL */
	int schema;
	int64_t bytes; /* of its files; -1: not known */
};
void doctor_judge_store(const struct doctor_store *s, struct doctor_report *out);

/* bytes: available where the store is; -errno. */
void doctor_judge_disk(const char *path, int64_t bytes, struct doctor_report *out);
