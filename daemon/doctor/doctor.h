/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks everything that `snapwatch doctor` wants to know of tenants and sinks, one question after
 * another for each tenant, some tenants at a time, and has it judged. Reads only: what it uses up
 * is a refresh of each token, which the daemon does by itself every day. Each question ends within
 * LIMIT_DOCTOR_STEP_US.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/cleanup.h"
#include "common/model/doctor.h"

struct alerts;
struct conf;
struct conf_tenant;
struct doctor;
struct http;
struct loop;
struct store_thread;
struct tenant;

struct doctor_env {
	struct loop *loop;
	struct http *http;
	struct store_thread *store;
	struct alerts *alerts;
	const struct conf *conf; /* not kept */
};
struct doctor_wish {
	struct tenant *const *tenants; /* n of them; borrowed, see doctor_leave() */
	size_t n;
	const struct conf_tenant *only; /* sinks of this one; NULL: all */
	bool test_sinks;		/* with a test alert; else only whether they are there */
};
/* The report is valid during the call, in which the doctor may be freed. */
typedef void (*doctor_done_fn)(void *arg, const struct doctor_report *report);

/* done is called later. 0 or -ENOMEM. */
int doctor_start(const struct doctor_env *env, const struct doctor_wish *wish, doctor_done_fn done,
	void *arg, struct doctor **ret);
/* A tenant goes, or its auth and graph are replaced: what is not known of it stays unknown. */
void doctor_leave(struct doctor *d, const struct tenant *t);
/* Ends it without a callback. */
struct doctor *doctor_free(struct doctor *d);
DEFINE_CLEANUP(struct doctor, doctor_free);
