/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of alert.h share: the owner, and requests to the store. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/store/store_alert.h"
#include "daemon/alert/alert.h"
#include "daemon/alert/alert_held.h"
#include "daemon/alert/outbox.h"
#include "daemon/engine/store_thread.h"

/* The store cannot be written. Kept until it can, because then it has to be recorded. */
struct trouble {
	bool on;
	enum alert_kind kind;
	char id[33];
	char *summary;
	int64_t since_us;
	char **told; /* sinks that got it; n_told */
	size_t n_told;
};

struct alerts {
	unsigned refs; /* the owner's, and one per request to the store */
	bool closing;
	struct store_thread *store;
	const struct conf *conf; /* borrowed; NULL before the first configuration */
	struct outbox *outbox;
	struct held held;
	struct trouble trouble;
	unsigned posted;
	void (*idle)(void *arg);
	void *idle_arg;
};

/* A request to the store: write an alert, for a condition or by itself; or end a condition. */
struct request {
	struct alerts *a;
	struct store_alert row;
	struct store_delivery *to;
	size_t n_to;
	char *title, *body, **names;
	struct condition {
		bool is;
		int64_t tenant;
		const char *kind; /* static */
		char *subject;
		int64_t at_us;
	} condition;
	char *tenant_name;
	bool happened; /* written, begun or ended */
};

/* --- alert.c ------------------------------------------------------------------------------------
 */

/* An alert to be written with its deliveries; except: no delivery to that sink. 0 or < 0. */
int request_make(struct alerts *a, const struct tenant *tenant, const struct alert *alert,
	const char *except, struct request **ret);
struct request *request_free(struct request *q);
DEFINE_CLEANUP(struct request, request_free);
/* Posts it; it is freed when it is answered. */
void request_write(struct alerts *a, struct request *q);

/*
 * Everything posted holds a reference. Its done function begins with alerts_answered(): false means
 * that the owner is gone and nobody is to be told; and ends with alerts_release().
 */
void alerts_post(struct alerts *a, store_work_fn work, store_done_fn done, void *arg);
bool alerts_answered(struct alerts *a);
void alerts_release(struct alerts *a);
/* Tells who waits for it, if nothing is at work any more. */
void alerts_check_idle(struct alerts *a);

/* --- alert_condition.c --------------------------------------------------------------------------
 */

/* except: the sink that it is about, which does not get it; NULL for none. */
void condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary,
	const char *except);
/* Asks the store what holds. 0 or -ENOMEM. */
int condition_load(struct alerts *a);

/* --- alert_trouble.c ----------------------------------------------------------------------------
 */

void trouble_clear(struct trouble *t);
/* For struct outbox_ops. */
void trouble_direct_done(void *arg, const char *sink, const char *id, bool sent);
