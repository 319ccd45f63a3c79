/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/doctor/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/alert.h"
#include "daemon/alert/alert.h"
#include "daemon/doctor/doctor_judge.h"
#include "daemon/doctor/doctor_visit.h"
#include "daemon/engine/loop.h"

struct patient {
	struct doctor *d;
	struct tenant *t; /* NULL: it has gone before its turn */
	struct visit *visit;
	bool seen;
	struct doctor_report report;
};

struct sink_try {
	struct doctor *d;
	char *name, *problem, *text;
	bool waiting, good;
};

struct doctor {
	struct doctor_env env;
	char *credentials_dir;
	bool test_sinks;
	struct patient *patients;
	size_t n_patients, n_visits;
	struct sink_try *sinks;
	size_t n_sinks;
	struct loop_timer *next, *limit; /* limit: of the sinks */
	doctor_done_fn done;
	void *arg;
};

/* --- tenants ------------------------------------------------------------------------------------
 */

/* The visit is still on the stack: it is freed with the next turn. */
static void patient_seen(void *arg, const struct doctor_report *report)
{
	struct patient *p = arg;

	doctor_report_add(&p->report, report);
	p->seen = true;
	loop_timer_arm(p->d->next, 0);
}

static void patient_begin(struct doctor *d, struct patient *p)
{
	const struct visit_env env = {
		.loop = d->env.loop,
		.http = d->env.http,
		.store = d->env.store,
		.credentials_dir = d->credentials_dir,
	};

	if (visit_start(&env, p->t, patient_seen, p, &p->visit) < 0)
		p->seen = true;
	else
		d->n_visits++;
}

/* True when each of them was seen. */
static bool all_seen(struct doctor *d)
{
	bool all = true;

	for (size_t i = 0; i < d->n_patients; i++) {
		struct patient *p = &d->patients[i];

		if (p->seen && p->visit) {
			p->visit = visit_free(p->visit);
			d->n_visits--;
		}
	}
	for (size_t i = 0; i < d->n_patients; i++) {
		struct patient *p = &d->patients[i];

		if (!p->seen && !p->t)
			p->seen = true;
		if (!p->seen && !p->visit && d->n_visits < LIMIT_DOCTOR_PARALLEL)
			patient_begin(d, p);
		all = all && p->seen;
	}
	return all;
}

void doctor_leave(struct doctor *d, const struct tenant *t)
{
	for (size_t i = 0; i < d->n_patients; i++) {
		struct patient *p = &d->patients[i];

		if (p->t != t)
			continue;
		p->t = NULL;
		if (p->visit && !p->seen)
			visit_leave(p->visit);
		loop_timer_arm(d->next, 0);
	}
}

/* --- sinks --------------------------------------------------------------------------------------
 */

static void sink_ended(struct sink_try *s, bool good, const char *text)
{
	s->waiting = false;
	s->good = good;
	s->text = mem_text(text);
	loop_timer_arm(s->d->next, 0);
}

static void sink_told(void *arg, const struct sink_result *result)
{
	sink_ended(arg, result->outcome == SINK_SENT, result->text);
}

static void sink_begin(struct doctor *d, struct sink_try *s)
{
	s->problem = mem_text(alerts_problem(d->env.alerts, s->name));
	if (s->problem)
		return;
	s->waiting = true;
	int r = alerts_try(d->env.alerts, s->name, d->test_sinks, sink_told, s);
	if (r < 0)
		sink_ended(s, false, r == -EBUSY ? "another test goes on" : err_text(r));
}

static void sinks_late(void *arg)
{
	struct doctor *d = arg;

	for (size_t i = 0; i < d->n_sinks; i++) {
		if (!d->sinks[i].waiting)
			continue;
		alerts_try_cancel(d->env.alerts, d->sinks[i].name);
		sink_ended(&d->sinks[i], false, "no answer within a minute");
	}
}

static bool all_tried(const struct doctor *d)
{
	for (size_t i = 0; i < d->n_sinks; i++)
		if (d->sinks[i].waiting)
			return false;
	return true;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void report(const struct doctor *d, struct doctor_report *out)
{
	for (size_t i = 0; i < d->n_patients; i++)
		doctor_report_add(out, &d->patients[i].report);
	for (size_t i = 0; i < d->n_sinks; i++) {
		const struct sink_try *s = &d->sinks[i];

		doctor_judge_sink(
			&(struct doctor_sink){
				.name = s->name,
				.problem = s->problem,
				.test = d->test_sinks,
				.good = s->good,
				.text = s->text,
			},
			out);
	}
}

static void go_on(void *arg)
{
	_cleanup_(doctor_report_done) struct doctor_report out = {0};
	struct doctor *d = arg;
	bool seen = all_seen(d);

	if (!seen || !all_tried(d))
		return;
	report(d, &out);
	d->done(d->arg, &out);
}

static int make_patients(struct doctor *d, const struct doctor_wish *wish)
{
	d->patients = calloc(wish->n + 1, sizeof(*d->patients));
	if (!d->patients)
		return -ENOMEM;
	for (size_t i = 0; i < wish->n; i++)
		d->patients[i] = (struct patient){.d = d, .t = wish->tenants[i]};
	d->n_patients = wish->n;
	return 0;
}

static int make_sinks(struct doctor *d, const struct doctor_wish *wish)
{
	_cleanup_(freep) const char **names = calloc(d->env.conf->n_sinks + 1, sizeof(*names));

	d->sinks = calloc(d->env.conf->n_sinks + 1, sizeof(*d->sinks));
	if (!names || !d->sinks)
		return -ENOMEM;
	d->n_sinks = alert_route(d->env.conf, wish->only, NULL, names);
	for (size_t i = 0; i < d->n_sinks; i++)
		d->sinks[i] = (struct sink_try){.d = d, .name = mem_text(names[i])};
	return 0;
}

int doctor_start(const struct doctor_env *env, const struct doctor_wish *wish, doctor_done_fn done,
	void *arg, struct doctor **ret)
{
	_cleanup_(doctor_freep) struct doctor *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*d = (struct doctor){.env = *env, .test_sinks = wish->test_sinks, .done = done, .arg = arg};
	int r = text_copy(env->conf->credentials_dir, &d->credentials_dir);
	if (r == 0)
		r = make_patients(d, wish);
	if (r == 0)
		r = make_sinks(d, wish);
	if (r == 0)
		r = loop_timer_new(env->loop, "doctor", go_on, d, &d->next);
	if (r == 0)
		r = loop_timer_new(env->loop, "doctor sinks", sinks_late, d, &d->limit);
	if (r < 0)
		return r;
	for (size_t i = 0; i < d->n_sinks; i++)
		sink_begin(d, &d->sinks[i]);
	d->env.conf = NULL;
	loop_timer_arm(d->limit, LIMIT_DOCTOR_STEP_US);
	loop_timer_arm(d->next, 0);
	*ret = TAKE_PTR(d);
	return 0;
}

struct doctor *doctor_free(struct doctor *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->n_patients; i++) {
		(void)visit_free(d->patients[i].visit);
		doctor_report_done(&d->patients[i].report);
	}
	for (size_t i = 0; i < d->n_sinks; i++) {
		if (d->sinks[i].waiting)
			alerts_try_cancel(d->env.alerts, d->sinks[i].name);
		free(d->sinks[i].name);
		free(d->sinks[i].problem);
		free(d->sinks[i].text);
	}
	free(d->patients);
	free(d->sinks);
	free(d->credentials_dir);
	(void)loop_timer_free(d->next);
	(void)loop_timer_free(d->limit);
	free(d);
	return NULL;
}
