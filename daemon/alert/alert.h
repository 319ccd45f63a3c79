/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of alerts after they were decided: written to the outbox in the store, delivered by
 * sinks at least once with a stable id, retried with growing waits, given up loudly. Judging writes
 * its alerts itself (same transaction as its findings) and only pokes; operational trouble comes as
 * conditions that are raised once and cleared once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/alert.h"
#include "daemon/alert/sink.h"

struct alerts;
struct conf;
struct http;
struct loop;
struct store_thread;
struct tenant;

int alerts_new(struct loop *l, struct http *h, struct store_thread *st, struct alerts **ret);
struct alerts *alerts_free(struct alerts *a);
DEFINE_CLEANUP(struct alerts, alerts_free);

/* The sinks of this configuration from now on; conf is borrowed until the next call. 0 or -ENOMEM.
 */
int alerts_configure(struct alerts *a, const struct conf *conf);

/* Delivers nothing: what is raised waits in the outbox for the daemon that runs next. Call before
 * alerts_configure(). */
void alerts_rest(struct alerts *a);

/* There is something new in the outbox: deliver. */
void alerts_poke(struct alerts *a);

/*
 * Writes one alert (content is copied) with an outbox row per sink of its tenant, once per outside
 * id. tenant NULL: not about one tenant; goes to every sink.
 */
void alerts_raise(struct alerts *a, const struct tenant *tenant, const struct alert *alert);

/*
 * Lasting trouble. Set: raises one alert when the condition begins; further sets change nothing.
 * Clear: ends it, so that the next set raises again; logged, no alert. subject: "" or what it is
 * about.
 */
void alerts_condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary);
/* The same, and as long as it is set again: told anew every every_us since it began, also across
 * restarts. */
void alerts_condition_remind(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, int64_t every_us, enum verdict severity, const char *title,
	const char *summary);
void alerts_condition_clear(
	struct alerts *a, const struct tenant *tenant, enum alert_kind kind, const char *subject);

/* The store cannot be written: journal at once and one direct try per sink; recorded later (r 0:
 * works again). */
void alerts_store_trouble(struct alerts *a, int r, const char *detail);

/*
 * Whether a sink works: as outbox_try(), with an alert of kind "test", or (test false) without one.
 */
int alerts_try(struct alerts *a, const char *sink, bool test, sink_done_fn done, void *arg);
void alerts_try_cancel(struct alerts *a, const char *sink);
/* Why a sink cannot be made; NULL: it can. */
const char *alerts_problem(const struct alerts *a, const char *sink);

/* Pending deliveries, for draining before `--once` exits. */
unsigned alerts_in_flight(const struct alerts *a);
/* False: a message to a sink of this tenant did not get through, or none can. When at rest. */
bool alerts_get_through(const struct alerts *a, const struct tenant *tenant);
/* fn is called when nothing is pending that could be delivered now. One listener. */
void alerts_on_idle(struct alerts *a, void (*fn)(void *arg), void *arg);
