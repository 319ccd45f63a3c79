/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts and the outbox that delivers them. An alert and its rows in the outbox are written
 * together, once per outside id; a row then goes pending -> sent | dead. Inside the transaction of
 * the caller.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/store/db.h"

struct store;

struct store_alert {
	char outside_id[33];
	int64_t tenant; /* row id; 0: not about one tenant */
	const char *kind, *severity;
	int64_t job; /* 0: none */
	int64_t created_us;
	const char *title, *body; /* body: the "data" object */
};
/* One sink that it goes to. */
struct store_delivery {
	const char *sink;
	int64_t sent_us; /* TIME_NONE: to be delivered; else it was, before it could be stored */
};

enum store_alert_error {
	STORE_ALERT_E_KNOWN = 1, /* an alert of that outside id is there already */
};
/* 0, KNOWN (nothing is written), -ESTALE (the tenant's lease is somebody else's), or < 0. */
int store_alert_put(struct store *s, const struct store_alert *a,
	const struct store_delivery *deliveries, size_t n, int64_t *ret_id);

/* A row of the outbox with its alert. */
struct outbox_row {
	int64_t id;
	unsigned attempts; /* so far */
	int64_t created_us;
	char *outside_id, *kind, *severity, *title, *body;
	char *tenant; /* configured name or NULL */
};
void outbox_row_done(struct outbox_row *row);

/* The oldest pending row of a sink that is due. 1, 0 none, < 0. */
int store_outbox_due(struct store *s, const char *sink, int64_t now_us, struct outbox_row *ret);
/* When the next pending row of a sink is due; TIME_NONE: there is none. */
int store_outbox_next(struct store *s, const char *sink, int64_t *ret_us);

/* How an attempt ended. error: for people, without secrets. */
int store_outbox_sent(struct store *s, int64_t id, int64_t at_us);
int store_outbox_later(struct store *s, int64_t id, int64_t next_us, const char *error);
int store_outbox_dead(struct store *s, int64_t id, const char *error);
/* The receiver takes something again: whatever waits for it is due at now_us at the latest. */
int store_outbox_wake(struct store *s, const char *sink, int64_t now_us);

/*
 * Gives up rows of sinks that are none of names, if they waited since before_us: the sink left the
 * configuration for good. ret_n: how many.
 */
int store_outbox_forget(
	struct store *s, const char *const *names, size_t n, int64_t before_us, int64_t *ret_n);
