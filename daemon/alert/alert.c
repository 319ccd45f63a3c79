/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts on their way into the outbox, and what sinks say of themselves. Formats belong to sinks,
 * waiting to the outbox.
 */
#include "daemon/alert/alert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/store/store_condition.h"
#include "daemon/alert/alert_private.h"
#include "daemon/engine/loop.h"
#include "daemon/watch/tenant.h"

/* Rows of a sink that left the configuration are given up after the time that retries take. */
#define FORGET_AFTER_US (4 * USEC_PER_DAY)

/* --- requests -----------------------------------------------------------------------------------
 */

struct request *request_free(struct request *q)
{
	if (!q)
		return NULL;
	for (size_t i = 0; i < q->n_to; i++)
		free(q->names[i]);
	free(q->names);
	free(q->to);
	free(q->title);
	free(q->body);
	free(q->condition.subject);
	free(q->tenant_name);
	free(q);
	return NULL;
}

void alerts_release(struct alerts *a)
{
	if (--a->refs == 0)
		free(a);
}

void alerts_check_idle(struct alerts *a)
{
	if (!a->closing && a->idle && alerts_in_flight(a) == 0)
		a->idle(a->idle_arg);
}

bool alerts_answered(struct alerts *a)
{
	a->posted--;
	return !a->closing;
}

void alerts_post(struct alerts *a, store_work_fn work, store_done_fn done, void *arg)
{
	a->refs++;
	a->posted++;
	store_thread_post(a->store, work, done, arg);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static int write_work(struct store *s, void *arg)
{
	struct request *q = arg;
	const struct condition *c = &q->condition;
	int64_t id = 0;
	int r;

	q->happened = false;
	if (c->is) {
		r = store_condition_set(s, c->tenant, c->kind, c->subject, c->at_us);
		if (r <= 0)
			return r;
	}
	r = store_alert_put(s, &q->row, q->to, q->n_to, &id);
	if (r == 0 && c->is)
		r = store_condition_told(s, c->tenant, c->kind, c->subject, id);
	if (r < 0)
		return r;
	q->happened = r == 0;
	return 0;
}

static void written(void *arg, int r)
{
	_cleanup_(request_freep) struct request *q = arg;
	struct alerts *a = q->a;

	if (alerts_answered(a) && r == -ENOMEM) {
		/* it has nobody else who would raise it again */
		log_error(&((struct log_ctx){.tenant = q->tenant_name, .kind = q->row.kind}),
			"cannot store an alert: %s; trying again", err_text(r));
		request_write(a, TAKE_PTR(q));
	} else if (!a->closing) {
		if (r < 0) {
			log_error(
				&((struct log_ctx){.tenant = q->tenant_name, .kind = q->row.kind}),
				"cannot store an alert: %s", err_text(r));
			if (q->condition.is)
				held_remove(&a->held, q->condition.tenant, q->condition.kind,
					q->condition.subject);
		}
		if (q->happened)
			outbox_poke(a->outbox);
		alerts_check_idle(a);
	}
	alerts_release(a);
}

/* To whom it goes; except: the sink that it is about. */
static int request_route(struct request *q, const struct conf *conf,
	const struct conf_tenant *tenant, const char *except)
{
	_cleanup_(freep) const char **names = calloc(conf->n_sinks + 1, sizeof(*names));

	q->names = calloc(conf->n_sinks + 1, sizeof(*q->names));
	q->to = calloc(conf->n_sinks + 1, sizeof(*q->to));
	if (!names || !q->names || !q->to)
		return -ENOMEM;
	size_t n = alert_route(conf, tenant, except, names);
	for (; q->n_to < n; q->n_to++) {
		if (!(q->names[q->n_to] = strdup(names[q->n_to])))
			return -ENOMEM;
		q->to[q->n_to] = (struct store_delivery){q->names[q->n_to], TIME_NONE};
	}
	return 0;
}

int request_make(struct alerts *a, const struct tenant *tenant, const struct alert *alert,
	const char *except, struct request **ret)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	_cleanup_(request_freep) struct request *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->a = a;
	alert_render(alert, &body);
	if (buf_error(&body))
		return buf_error(&body);
	q->body = buf_take(&body);
	q->title = strdup(alert->title);
	if (!q->body || !q->title)
		return -ENOMEM;
	q->row = (struct store_alert){
		.tenant = tenant ? tenant->id : 0,
		.kind = alert_kind_name(alert->kind),
		.severity = verdict_name(alert->severity),
		.job = alert->job,
		.created_us = alert->created_us,
		.title = q->title,
		.body = q->body,
	};
	alert_outside_id(alert, q->row.outside_id);
	int r = text_copy(alert->tenant, &q->tenant_name);
	if (r >= 0)
		r = request_route(q, a->conf, tenant ? tenant->conf : NULL, except);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(q);
	return 0;
}

void request_write(struct alerts *a, struct request *q)
{
	alerts_post(a, write_work, written, q);
}

void alerts_raise(struct alerts *a, const struct tenant *tenant, const struct alert *alert)
{
	struct request *q = NULL;
	int r = mem_insist(request_make(a, tenant, alert, NULL, &q));

	if (r < 0)
		log_error(&((struct log_ctx){
				  .tenant = alert->tenant, .kind = alert_kind_name(alert->kind)}),
			"cannot raise an alert: %s: %s", alert->title, err_text(r));
	else
		request_write(a, q);
}

/* --- sinks --------------------------------------------------------------------------------------
 */

static void on_failing(void *arg, const char *sink, const char *text)
{
	struct alerts *a = arg;
	char title[160];

	if (!text) {
		alerts_condition_clear(a, NULL, ALERT_SINK_FAILING, sink);
		return;
	}
	(void)snprintf(title, sizeof(title), "sink '%.64s' does not deliver alerts", sink);
	condition_set(a, NULL, ALERT_SINK_FAILING, sink, VERDICT_CRITICAL, title, text, sink);
}

/* Apart from failing deliveries: it ends when the configuration is mended, not with a delivery. */
static void on_broken(void *arg, const char *sink, const char *text)
{
	struct alerts *a = arg;
	char title[160], subject[160];

	(void)snprintf(subject, sizeof(subject), "%.64s (configuration)", sink);
	if (!text) {
		alerts_condition_clear(a, NULL, ALERT_SINK_FAILING, subject);
		return;
	}
	(void)snprintf(title, sizeof(title), "sink '%.64s' cannot deliver alerts", sink);
	condition_set(a, NULL, ALERT_SINK_FAILING, subject, VERDICT_CRITICAL, title, text, sink);
}

static void on_outbox_idle(void *arg)
{
	alerts_check_idle(arg);
}

struct forgetting {
	struct alerts *a;
	char **names;
	size_t n;
	int64_t before_us, n_forgotten;
};

static void forgetting_free(struct forgetting *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->names[i]);
	free(f->names);
	free(f);
}

static int forget_work(struct store *s, void *arg)
{
	struct forgetting *f = arg;

	return store_outbox_forget(
		s, (const char *const *)f->names, f->n, f->before_us, &f->n_forgotten);
}

static void forgotten(void *arg, int r)
{
	struct forgetting *f = arg;
	struct alerts *a = f->a;

	if (alerts_answered(a)) {
		if (r == 0 && f->n_forgotten)
			log_event(LOG_WARNING, LOG_ID_SINK_FAILED, NULL,
				"%lld deliver%s given up: the sinks are no longer configured",
				(long long)f->n_forgotten, f->n_forgotten == 1 ? "y" : "ies");
		alerts_check_idle(a);
	}
	forgetting_free(f);
	alerts_release(a);
}

static int forget_strangers(struct alerts *a)
{
	struct forgetting *f = calloc(1, sizeof(*f));

	if (f)
		f->names = calloc(a->conf->n_sinks + 1, sizeof(*f->names));
	if (!f || !f->names) {
		free(f);
		return -ENOMEM;
	}
	f->a = a;
	f->before_us = clock_wall_us() - FORGET_AFTER_US;
	for (; f->n < a->conf->n_sinks; f->n++) {
		f->names[f->n] = strdup(a->conf->sinks[f->n].name);
		if (!f->names[f->n]) {
			forgetting_free(f);
			return -ENOMEM;
		}
	}
	alerts_post(a, forget_work, forgotten, f);
	return 0;
}

int alerts_configure(struct alerts *a, const struct conf *conf)
{
	a->conf = conf;
	int r = outbox_configure(a->outbox, conf);
	return r < 0 ? r : forget_strangers(a);
}

void alerts_rest(struct alerts *a)
{
	outbox_rest(a->outbox);
}

void alerts_poke(struct alerts *a)
{
	outbox_poke(a->outbox);
}

/* --- life cycle ---------------------------------------------------------------------------------
 */

static const struct outbox_ops outbox_ops = {
	.broken = on_broken,
	.failing = on_failing,
	.direct_done = trouble_direct_done,
	.idle = on_outbox_idle,
};

int alerts_new(struct loop *l, struct http *h, struct store_thread *st, struct alerts **ret)
{
	const struct sink_env env = {.loop = l, .http = h};
	_cleanup_(alerts_freep) struct alerts *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->refs = 1;
	a->store = st;
	int r = outbox_new(st, &env, &outbox_ops, a, &a->outbox);
	if (r == 0)
		r = condition_load(a);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(a);
	return 0;
}

struct alerts *alerts_free(struct alerts *a)
{
	if (!a)
		return NULL;
	a->closing = true;
	a->outbox = outbox_free(a->outbox);
	held_done(&a->held);
	trouble_clear(&a->trouble);
	alerts_release(a);
	return NULL;
}

unsigned alerts_in_flight(const struct alerts *a)
{
	return a->posted + outbox_in_flight(a->outbox);
}

bool alerts_get_through(const struct alerts *a, const struct tenant *tenant)
{
	_cleanup_(freep) const char **names = calloc(a->conf->n_sinks + 1, sizeof(*names));

	if (!names)
		return false;
	for (size_t n = alert_route(a->conf, tenant->conf, NULL, names); n > 0; n--)
		if (!outbox_gets_through(a->outbox, names[n - 1]))
			return false;
	return true;
}

void alerts_on_idle(struct alerts *a, void (*fn)(void *arg), void *arg)
{
	a->idle = fn;
	a->idle_arg = arg;
}
