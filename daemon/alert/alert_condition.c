/* SPDX-License-Identifier: Apache-2.0 */
/* Trouble that lasts: told when it begins, again while it holds only where that was asked for, not
 * when it ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store_condition.h"
#include "daemon/alert/alert_private.h"
#include "daemon/watch/tenant.h"

/* --- conditions ---------------------------------------------------------------------------------
 */

void condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary,
	const char *except)
{
	int64_t id = tenant ? tenant->id : 0, now_us = clock_wall_us();
	_cleanup_(buf_done) struct buf key = BUF_INIT_SURE(4096);
	char since[TIME_TEXT_SIZE];
	struct request *q = NULL;

	if (held_has(&a->held, id, alert_kind_name(kind), subject))
		return;
	/* the same trouble at another time is another alert */
	buf_printf(&key, "condition:%s:%s", subject, time_format(now_us, since));
	struct alert alert = alert_about(kind, severity, tenant ? tenant->conf : NULL, now_us);
	alert.title = title;
	alert.summary = summary;
	alert.subject = buf_text(&key);
	int r = mem_insist(request_make(a, tenant, &alert, except, &q));
	if (r == 0) {
		q->condition = (struct condition){.is = true,
			.tenant = id,
			.kind = alert_kind_name(kind),
			.subject = mem_text(subject),
			.at_us = now_us};
		r = mem_insist(held_add(&a->held, id, alert_kind_name(kind), subject, now_us));
	}
	if (r < 0) {
		(void)request_free(q);
		log_error(
			&((struct log_ctx){.tenant = alert.tenant, .kind = alert_kind_name(kind)}),
			"cannot raise an alert: %s: %s", title, err_text(r));
		return;
	}
	request_write(a, q);
}

void alerts_condition_set(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, enum verdict severity, const char *title, const char *summary)
{
	condition_set(a, tenant, kind, subject, severity, title, summary, NULL);
}

void alerts_condition_remind(struct alerts *a, const struct tenant *tenant, enum alert_kind kind,
	const char *subject, int64_t every_us, enum verdict severity, const char *title,
	const char *summary)
{
	int64_t id = tenant ? tenant->id : 0, now_us = clock_wall_us(), since_us = 0;
	_cleanup_(buf_done) struct buf key = BUF_INIT_SURE(4096);
	char since[TIME_TEXT_SIZE];

	condition_set(a, tenant, kind, subject, severity, title, summary, NULL);
	int64_t n = held_remind(
		&a->held, id, alert_kind_name(kind), subject, every_us, now_us, &since_us);
	if (n == 0)
		return;
	/* by what the store knows of it, so that each is told once whoever was there in between */
	buf_printf(
		&key, "reminder:%s:%s:%lld", subject, time_format(since_us, since), (long long)n);
	struct alert alert = alert_about(kind, severity, tenant ? tenant->conf : NULL, now_us);
	alert.title = title;
	alert.summary = summary;
	alert.subject = buf_text(&key);
	alerts_raise(a, tenant, &alert);
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

	if (alerts_answered(a)) {
		const struct log_ctx ctx = {.tenant = q->tenant_name, .kind = q->condition.kind};
		const char *subject = q->condition.subject;

		if (r < 0)
			log_error(&ctx, "cannot end a condition: %s%s", err_text(r),
				r == -ENOMEM ? "; trying again" : "");
		if (r == -ENOMEM) { /* or its next beginning would be no news */
			alerts_post(a, clear_work, cleared, TAKE_PTR(q));
		} else if (r < 0) {
			/* it holds in the store: the next to say that it has ended tries again */
			(void)held_add(&a->held, q->condition.tenant, q->condition.kind, subject,
				q->condition.at_us);
		} else if (q->happened) {
			log_notice(&ctx, "no longer so: %s%s%s", q->condition.kind,
				*subject ? ": " : "", subject);
		}
		alerts_check_idle(a);
	}
	alerts_release(a);
}

void alerts_condition_clear(
	struct alerts *a, const struct tenant *tenant, enum alert_kind kind, const char *subject)
{
	int64_t id = tenant ? tenant->id : 0;
	const char *name = alert_kind_name(kind);
	struct request *q;

	if (!held_end(&a->held, id, name, subject))
		return;
	q = mem_alloc(sizeof(*q));
	*q = (struct request){.a = a};
	q->condition = (struct condition){.is = true,
		.tenant = id,
		.kind = name,
		.subject = mem_text(subject),
		.at_us = clock_wall_us()};
	q->tenant_name = mem_text(tenant ? tenant->conf->name : NULL);
	alerts_post(a, clear_work, cleared, q);
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

	if (alerts_answered(a)) {
		if (r == 0)
			again = !held_load(&a->held, &l->list);
		else
			log_error(NULL, "cannot read what conditions hold: %s", err_text(r));
	}
	if (again) {
		alerts_post(a, load_work, loaded, l);
	} else {
		store_conditions_done(&l->list);
		free(l);
		alerts_check_idle(a);
	}
	alerts_release(a);
}

int condition_load(struct alerts *a)
{
	struct loading *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->a = a;
	alerts_post(a, load_work, loaded, l);
	return 0;
}
