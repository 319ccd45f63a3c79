/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts on their way into the outbox, the conditions that raise some of them, and the one case in
 * which the outbox itself cannot be written. Formats belong to sinks, waiting to the outbox.
 */
#include "daemon/alert/alert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store_alert.h"
#include "daemon/alert/alert_held.h"
#include "daemon/alert/outbox.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/tenant.h"

/* Rows of a sink that left the configuration are given up after the time that retries take. */
#define FORGET_AFTER_US (4 * USEC_PER_DAY)

/* The store cannot be written. Kept until it can, because then it has to be recorded. */
struct trouble {
	bool on;
	enum alert_kind kind;
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

static const char title_full[] = "the store is full: work pauses until there is room",
		  title_error[] = "the store cannot be written: work pauses until it can";

/* --- requests -----------------------------------------------------------------------------------
 */

static struct request *request_free(struct request *q)
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
DEFINE_CLEANUP(struct request, request_free);

static void alerts_unref(struct alerts *a)
{
	if (--a->refs == 0)
		free(a);
}

static void check_idle(struct alerts *a)
{
	if (!a->closing && a->idle && alerts_in_flight(a) == 0)
		a->idle(a->idle_arg);
}

/* True: nobody is there any more to whom it matters. */
static bool answered_late(struct alerts *a)
{
	a->posted--;
	return a->closing;
}

static void post(struct alerts *a, store_work_fn work, store_done_fn done, void *arg)
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

	if (!answered_late(a)) {
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
		check_idle(a);
	}
	alerts_unref(a);
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

static int request_make(struct alerts *a, const struct tenant *tenant, const struct alert *alert,
	const char *except, struct request **ret)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
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

void alerts_raise(struct alerts *a, const struct tenant *tenant, const struct alert *alert)
{
	struct request *q = NULL;
	int r = request_make(a, tenant, alert, NULL, &q);

	if (r < 0)
		log_error(&((struct log_ctx){
				  .tenant = alert->tenant, .kind = alert_kind_name(alert->kind)}),
			"cannot raise an alert: %s: %s", alert->title, err_text(r));
	else
		post(a, write_work, written, q);
}

/* --- conditions ---------------------------------------------------------------------------------
 */

static void condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary,
	const char *except)
{
	int64_t id = tenant ? tenant->id : 0, now_us = clock_wall_us();
	_cleanup_(buf_done) struct buf key = BUF_INIT(4096);
	char since[TIME_TEXT_SIZE];
	struct request *q = NULL;

	if (held_has(&a->held, id, alert_kind_name(kind), subject))
		return;
	/* the same trouble at another time is another alert */
	buf_printf(&key, "condition:%s:%s", subject, time_format(now_us, since));
	const struct alert alert = {
		.kind = kind,
		.severity = severity,
		.tenant = tenant ? tenant->conf->name : NULL,
		.tenant_id = tenant ? tenant->conf->tenant_id : NULL,
		.title = title,
		.summary = summary,
		.subject = buf_text(&key),
		.created_us = now_us,
		.baseline_us = TIME_NONE,
		.covered_from_us = TIME_NONE,
		.covered_to_us = TIME_NONE,
		.verified = -1,
	};
	int r = request_make(a, tenant, &alert, except, &q);
	if (r == 0) {
		q->condition = (struct condition){.is = true,
			.tenant = id,
			.kind = alert_kind_name(kind),
			.subject = strdup(subject),
			.at_us = now_us};
		r = q->condition.subject ? held_add(&a->held, id, alert_kind_name(kind), subject)
					 : -ENOMEM;
	}
	if (r < 0) {
		(void)request_free(q);
		log_error(
			&((struct log_ctx){.tenant = alert.tenant, .kind = alert_kind_name(kind)}),
			"cannot raise an alert: %s: %s", title, err_text(r));
		return;
	}
	post(a, write_work, written, q);
}

void alerts_condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary)
{
	condition_set(a, tenant, kind, subject, severity, title, summary, NULL);
}

static int clear_work(struct store *s, void *arg)
{
	struct request *q = arg;
	const struct condition *c = &q->condition;
	int r = store_condition_clear(s, c->tenant, c->kind, c->subject, c->at_us);

	q->happened = r > 0;
	return r < 0 ? r : 0;
}

static void cleared(void *arg, int r)
{
	_cleanup_(request_freep) struct request *q = arg;
	struct alerts *a = q->a;

	if (!answered_late(a)) {
		const struct log_ctx ctx = {.tenant = q->tenant_name, .kind = q->condition.kind};
		const char *subject = q->condition.subject;

		if (r < 0)
			log_error(&ctx, "cannot end a condition: %s", err_text(r));
		else if (q->happened)
			log_notice(&ctx, "no longer so: %s%s%s", q->condition.kind,
				*subject ? ": " : "", subject);
		check_idle(a);
	}
	alerts_unref(a);
}

void alerts_condition_clear(
	struct alerts *a, const struct tenant *tenant, enum alert_kind kind, const char *subject)
{
	int64_t id = tenant ? tenant->id : 0;
	const char *name = alert_kind_name(kind);
	struct request *q;

	if (!held_end(&a->held, id, name, subject))
		return;
	q = calloc(1, sizeof(*q));
	assert_fatal(q);
	*q = (struct request){.a = a};
	q->condition = (struct condition){.is = true,
		.tenant = id,
		.kind = name,
		.subject = strdup(subject),
		.at_us = clock_wall_us()};
	assert_fatal(q->condition.subject &&
		     text_copy(tenant ? tenant->conf->name : NULL, &q->tenant_name) >= 0);
	post(a, clear_work, cleared, q);
}

/* --- what held when we started ------------------------------------------------------------------
 */

struct loading {
	struct alerts *a;
	struct store_conditions list;
};

static int load_work(struct store *s, void *arg)
{
	struct loading *l = arg;

	store_conditions_done(&l->list);
	return store_condition_load(s, &l->list);
}

static void loaded(void *arg, int r)
{
	struct loading *l = arg;
	struct alerts *a = l->a;
	bool again = false;

	if (!answered_late(a)) {
		if (r == 0)
			again = !held_load(&a->held, &l->list);
		else
			log_error(NULL, "cannot read what conditions hold: %s", err_text(r));
	}
	if (again) {
		post(a, load_work, loaded, l);
	} else {
		store_conditions_done(&l->list);
		free(l);
		check_idle(a);
	}
	alerts_unref(a);
}

static int load(struct alerts *a)
{
	struct loading *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->a = a;
	post(a, load_work, loaded, l);
	return 0;
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
	check_idle(arg);
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

	if (!answered_late(a)) {
		if (r == 0 && f->n_forgotten)
			log_event(LOG_WARNING, LOG_ID_SINK_FAILED, NULL,
				"given up, because the sinks are no longer configured: %lld "
				"deliveries",
				(long long)f->n_forgotten);
		check_idle(a);
	}
	forgetting_free(f);
	alerts_unref(a);
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
	post(a, forget_work, forgotten, f);
	return 0;
}

int alerts_configure(struct alerts *a, const struct conf *conf)
{
	a->conf = conf;
	int r = outbox_configure(a->outbox, conf);
	return r < 0 ? r : forget_strangers(a);
}

void alerts_poke(struct alerts *a)
{
	outbox_poke(a->outbox);
}

/* --- when the store cannot be written -----------------------------------------------------------
 */

static struct alert trouble_alert(const struct trouble *t)
{
	return (struct alert){
		.kind = t->kind,
		.severity = VERDICT_CRITICAL,
		.title = t->kind == ALERT_STORE_FULL ? title_full : title_error,
		.summary = t->summary,
		.created_us = t->since_us,
		.baseline_us = TIME_NONE,
		.covered_from_us = TIME_NONE,
		.covered_to_us = TIME_NONE,
		.verified = -1,
	};
}

static void trouble_clear(struct trouble *t)
{
	for (size_t i = 0; i < t->n_told; i++)
		free(t->told[i]);
	free(t->told);
	free(t->summary);
	*t = (struct trouble){0};
}

static void trouble_begin(struct alerts *a, int r, const char *detail)
{
	struct trouble *t = &a->trouble;
	_cleanup_(buf_done) struct buf data = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	char id[33];

	trouble_clear(t);
	t->on = true;
	t->kind = r == -ENOSPC ? ALERT_STORE_FULL : ALERT_STORE_ERROR;
	t->since_us = clock_wall_us();
	(void)text_copy(detail, &t->summary);
	const struct alert alert = trouble_alert(t);
	alert_render(&alert, &data);
	alert_outside_id(&alert, id);
	outbox_direct(a->outbox, &(struct sink_message){
					 .id = id,
					 .kind = alert_kind_name(alert.kind),
					 .severity = verdict_name(alert.severity),
					 .title = alert.title,
					 .data = buf_text(&data),
					 .created_us = alert.created_us,
				 });
}

static void on_direct_done(void *arg, const char *sink, bool sent)
{
	struct trouble *t = &((struct alerts *)arg)->trouble;

	if (!sent || !t->on)
		return;
	char **told = realloc(t->told, (t->n_told + 1) * sizeof(*told));
	if (!told)
		return;
	t->told = told;
	told[t->n_told] = strdup(sink);
	t->n_told += told[t->n_told] != NULL;
}

/* Recorded as delivered where it was; the others get it now. */
static void trouble_end(struct alerts *a)
{
	struct trouble *t = &a->trouble;
	const struct alert alert = trouble_alert(t);
	struct request *q = NULL;

	if (request_make(a, NULL, &alert, NULL, &q) == 0) {
		for (size_t i = 0; i < q->n_to; i++)
			for (size_t k = 0; k < t->n_told; k++)
				if (strcmp(q->to[i].sink, t->told[k]) == 0)
					q->to[i].sent_us = t->since_us;
		post(a, write_work, written, q);
	}
	trouble_clear(t);
}

void alerts_store_trouble(struct alerts *a, int r, const char *detail)
{
	if (r < 0 && !a->trouble.on)
		trouble_begin(a, r, detail);
	else if (r == 0 && a->trouble.on)
		trouble_end(a);
}

/* --- life cycle ---------------------------------------------------------------------------------
 */

static const struct outbox_ops outbox_ops = {
	.broken = on_broken,
	.failing = on_failing,
	.direct_done = on_direct_done,
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
		r = load(a);
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
	alerts_unref(a);
	return NULL;
}

unsigned alerts_in_flight(const struct alerts *a)
{
	return a->posted + outbox_in_flight(a->outbox);
}

void alerts_on_idle(struct alerts *a, void (*fn)(void *arg), void *arg)
{
	a->idle = fn;
	a->idle_arg = arg;
}
