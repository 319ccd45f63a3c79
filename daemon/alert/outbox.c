/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each sink goes round by itself: it looks for its oldest message that is due, sends it, records
 * how that ended, and looks again. Where it stands is its step; at most one request to the store
 * and one message are on their way per sink. When a receiver that was given up for a while takes a
 * message, the others need not wait for their hour; one that it alone refuses is not tried more
 * often because others arrive.
 */
#include "daemon/alert/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store_alert.h"
#include "daemon/alert/message_copy.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"

/* After that many failures in a row it is worth a word: half an hour of trying. */
#define FAILURES_TOLD 3u
/* A timer never waits longer, so that a clock that was set is noticed. */
#define TIMER_MAX_US USEC_PER_HOUR
/* No try is put off for longer; one that is was written by a clock that has been set back since. */
#define WAIT_MAX_US (2 * USEC_PER_DAY)
/* After an error of the store that is nobody's fault here. */
#define STORE_AGAIN_US USEC_PER_MIN

enum step {
	STEP_IDLE,
	STEP_LOOKING,
	STEP_HELD, /* has a message, but the sink is busy with one past the store */
	STEP_SENDING,
	STEP_RECORDING,
};

/* One that somebody waits for. */
struct attempt {
	bool wanted, going;
	bool silent; /* without a message */
	struct message_copy message;
	sink_done_fn done; /* NULL: nobody waits any more */
	void *arg;
};

struct station {
	struct station *next;
	struct outbox *o; /* not to be touched when gone */
	char *name;
	char digest[65];
	const struct sink_type *type;
	void *sink; /* NULL: broken */
	bool broken, gone, kept;
	enum step step;
	bool again;		    /* poked while it was looking */
	bool waiting;		    /* the last look found messages that are not due yet */
	bool direct, direct_wanted; /* one past the store is on its way; is to be sent */
	char direct_id[40];
	struct attempt attempt;
	char *problem;	   /* why there is no sink */
	unsigned failures; /* in a row */
	bool doubted;	   /* what waits may have waited for a receiver that was away */
	struct loop_timer *timer;

	/* the request to the store; its own while it is there */
	struct {
		int64_t now_us, next_us;
		struct outbox_row row;
		enum sink_outcome outcome;
		bool dead, wake;
		char text[256];
	} req;
};

struct outbox {
	struct store_thread *store;
	struct sink_env env;
	const struct outbox_ops *ops;
	void *arg;
	struct station *stations;
	struct message_copy direct;
	bool resting;
};

static void look(struct station *s);
static bool send_waiting(struct station *s);
static void attempt_end(struct station *s, const struct sink_result *result);

int64_t outbox_delay_us(unsigned attempts)
{
	/* the schedule of Standard Webhooks; its first entry is the first attempt, at once */
	static const int64_t delays[] = {5 * USEC_PER_SEC, 5 * USEC_PER_MIN, 30 * USEC_PER_MIN,
		2 * USEC_PER_HOUR, 5 * USEC_PER_HOUR, 10 * USEC_PER_HOUR, 14 * USEC_PER_HOUR,
		20 * USEC_PER_HOUR, 24 * USEC_PER_HOUR};

	return attempts >= 1 && attempts <= ARRAY_SIZE(delays) ? delays[attempts - 1] : 0;
}

static void check_idle(struct outbox *o)
{
	if (outbox_in_flight(o) == 0)
		o->ops->idle(o->arg);
}

static void station_free(struct station *s)
{
	if (s->sink)
		s->type->destroy(s->sink);
	(void)loop_timer_free(s->timer);
	outbox_row_done(&s->req.row);
	message_copy_done(&s->attempt.message);
	free(s->problem);
	free(s->name);
	free(s);
}

static const struct sink_result interrupted = {
	SINK_LATER, TIME_NONE, "the configuration was changed meanwhile"};

/* Frees it now, or when the store has answered. */
static void station_drop(struct station *s)
{
	s->gone = true;
	attempt_end(s, &interrupted);
	if (s->sink)
		s->type->destroy(s->sink);
	s->sink = NULL;
	s->timer = loop_timer_free(s->timer);
	if (s->step != STEP_LOOKING && s->step != STEP_RECORDING)
		station_free(s);
}

/* --- recording ----------------------------------------------------------------------------------
 */

static int record_work(struct store *store, void *arg)
{
	struct station *s = arg;
	int r;

	if (s->req.outcome == SINK_SENT) {
		r = store_outbox_sent(store, s->req.row.id, s->req.now_us);
		return r == 0 && s->req.wake ? store_outbox_wake(store, s->name, s->req.now_us) : r;
	}
	if (s->req.dead)
		return store_outbox_dead(store, s->req.row.id, s->req.text);
	return store_outbox_later(store, s->req.row.id, s->req.next_us, s->req.text);
}

static void wait_for(struct station *s, int64_t wall_us)
{
	int64_t delay_us = wall_us - clock_wall_us();

	loop_timer_arm(s->timer, delay_us < TIMER_MAX_US ? delay_us : TIMER_MAX_US);
}

static void recorded(void *arg, int r)
{
	struct station *s = arg;
	struct outbox *o = s->o;

	if (s->gone) {
		station_free(s);
		return;
	}
	outbox_row_done(&s->req.row);
	s->step = STEP_IDLE;
	if (r == 0) {
		s->doubted = s->doubted && !s->req.wake;
		look(s);
		return;
	}
	log_error(NULL, "cannot record what became of an alert for sink '%s': %s", s->name,
		err_text(r));
	wait_for(s, clock_wall_us() + STORE_AGAIN_US);
	check_idle(o);
}

static void tell_success(struct station *s)
{
	struct outbox *o = s->o;

	if (s->failures)
		log_event(LOG_NOTICE, LOG_ID_SINK_OK, NULL, "sink '%s' works again", s->name);
	s->failures = 0;
	o->ops->failing(o->arg, s->name, NULL);
}

static void tell_failure(struct station *s)
{
	struct outbox *o = s->o;
	const struct log_ctx ctx = {.tenant = s->req.row.tenant,
		.kind = s->req.row.kind,
		.alert = s->req.row.outside_id};
	char wait[DURATION_TEXT_SIZE];

	if (s->req.dead)
		log_event(LOG_ERR, LOG_ID_SINK_FAILED, &ctx,
			"alert was not delivered to sink '%s' and is given up: %s", s->name,
			s->req.text);
	else
		log_event(s->failures ? LOG_INFO : LOG_WARNING, LOG_ID_SINK_FAILED, &ctx,
			"alert was not delivered to sink '%s': %s; trying again in %s", s->name,
			s->req.text, duration_format(s->req.next_us - s->req.now_us, wait));
	s->failures++;
	s->doubted = s->doubted || s->failures >= FAILURES_TOLD;
	if (s->req.dead || s->failures >= FAILURES_TOLD)
		o->ops->failing(o->arg, s->name, s->req.text);
}

/* What the receiver wishes counts when it is longer than our own wait. */
static int64_t next_try_us(const struct station *s, int64_t own_us, int64_t wish_us)
{
	int64_t wait_us = own_us + (int64_t)random_below((uint64_t)own_us / 5 + 1);

	if (wish_us > LIMIT_RETRY_AFTER_US)
		wish_us = LIMIT_RETRY_AFTER_US;
	return s->req.now_us + (wish_us > wait_us ? wish_us : wait_us);
}

static void sent(void *arg, const struct sink_result *result)
{
	struct station *s = arg;
	int64_t own_us = outbox_delay_us(s->req.row.attempts + 1);

	s->req.now_us = clock_wall_us();
	s->req.outcome = result->outcome;
	s->req.dead =
		result->outcome == SINK_NEVER || (result->outcome == SINK_LATER && own_us == 0);
	s->req.next_us = next_try_us(s, own_us, result->retry_after_us);
	s->req.wake = s->doubted && result->outcome == SINK_SENT;
	(void)snprintf(s->req.text, sizeof(s->req.text), "%s", result->text);
	s->step = STEP_RECORDING;
	store_thread_post(s->o->store, record_work, recorded, s);
	if (result->outcome == SINK_SENT)
		tell_success(s);
	else
		tell_failure(s);
	(void)send_waiting(s);
}

/* --- sending ------------------------------------------------------------------------------------
 */

static void send_row(struct station *s)
{
	const struct outbox_row *row = &s->req.row;
	const struct sink_message message = {
		.id = row->outside_id,
		.kind = row->kind,
		.severity = row->severity,
		.tenant = row->tenant,
		.title = row->title,
		.data = row->body,
		.created_us = row->created_us,
		.attempt = row->attempts,
	};

	s->step = STEP_SENDING;
	int r = s->type->send(s->sink, &message, sent, s);
	if (r < 0)
		sent(s, &(struct sink_result){SINK_LATER, TIME_NONE, err_text(r)});
}

/* --- looking ------------------------------------------------------------------------------------
 */

static int look_work(struct store *store, void *arg)
{
	struct station *s = arg;
	int r;

	outbox_row_done(&s->req.row);
	s->req.next_us = TIME_NONE;
	r = store_outbox_due(store, s->name, s->req.now_us, &s->req.row);
	if (r == 0)
		r = store_outbox_next(store, s->name, &s->req.next_us);
	if (r == 0 && s->req.next_us != TIME_NONE && s->req.next_us > s->req.now_us + WAIT_MAX_US)
		r = store_outbox_due(store, s->name, s->req.next_us, &s->req.row);
	return r < 0 ? r : 0;
}

static void found_nothing(struct station *s)
{
	struct outbox *o = s->o;

	s->step = STEP_IDLE;
	if (s->again) {
		look(s);
		return;
	}
	s->waiting = s->req.next_us != TIME_NONE;
	if (s->waiting)
		wait_for(s, s->req.next_us);
	check_idle(o);
}

static void looked(void *arg, int r)
{
	struct station *s = arg;

	if (s->gone) {
		station_free(s);
		return;
	}
	if (r < 0) {
		log_error(NULL, "cannot look into the outbox for sink '%s': %s", s->name,
			err_text(r));
		s->req.next_us = clock_wall_us() + STORE_AGAIN_US;
	}
	if (r < 0 || !s->req.row.id || !s->sink) {
		outbox_row_done(&s->req.row);
		found_nothing(s);
	} else if (s->direct || s->attempt.going) {
		s->step = STEP_HELD;
	} else {
		send_row(s);
	}
}

static void look(struct station *s)
{
	s->again = s->step != STEP_IDLE;
	if (s->step != STEP_IDLE || !s->sink || s->o->resting)
		return;
	loop_timer_disarm(s->timer);
	s->step = STEP_LOOKING;
	s->req.now_us = clock_wall_us();
	store_thread_post(s->o->store, look_work, looked, s);
}

static void timer_fired(void *arg)
{
	look(arg);
}

void outbox_rest(struct outbox *o)
{
	o->resting = true;
}

void outbox_poke(struct outbox *o)
{
	for (struct station *s = o->stations; s; s = s->next)
		look(s);
}

/* --- past the store -----------------------------------------------------------------------------
 */

static void direct_sent(void *arg, const struct sink_result *result)
{
	struct station *s = arg;
	struct outbox *o = s->o;

	s->direct = false;
	if (result->outcome != SINK_SENT)
		log_event(LOG_WARNING, LOG_ID_SINK_FAILED, NULL,
			"alert was not delivered to sink '%s': %s; it follows when the store "
			"works again",
			s->name, result->text);
	o->ops->direct_done(o->arg, s->name, s->direct_id, result->outcome == SINK_SENT);
	if (!send_waiting(s) && s->step == STEP_HELD)
		send_row(s);
	check_idle(o);
}

static void send_direct(struct station *s)
{
	const struct sink_message message = message_copy_view(&s->o->direct);

	s->direct_wanted = false;
	s->direct = true;
	(void)snprintf(s->direct_id, sizeof(s->direct_id), "%s", message.id);
	int r = s->type->send(s->sink, &message, direct_sent, s);
	if (r < 0)
		direct_sent(s, &(struct sink_result){SINK_LATER, TIME_NONE, err_text(r)});
}

/* --- one that somebody waits for ----------------------------------------------------------------
 */

/* Tells whoever waits, who may free the outbox. */
static void attempt_end(struct station *s, const struct sink_result *result)
{
	sink_done_fn done = s->attempt.done;
	void *arg = s->attempt.arg;

	message_copy_done(&s->attempt.message);
	s->attempt = (struct attempt){0};
	if (done)
		done(arg, result);
}

static void attempted(void *arg, const struct sink_result *result)
{
	struct station *s = arg;
	struct outbox *o = s->o;

	s->attempt.going = false;
	if (!send_waiting(s) && s->step == STEP_HELD)
		send_row(s);
	attempt_end(s, result);
	check_idle(o);
}

static void send_attempt(struct station *s)
{
	const struct sink_message message = message_copy_view(&s->attempt.message);

	s->attempt.wanted = false;
	s->attempt.going = true;
	int r = s->attempt.silent ? s->type->reach(s->sink, attempted, s)
				  : s->type->send(s->sink, &message, attempted, s);
	if (r < 0)
		attempted(s, &(struct sink_result){SINK_LATER, TIME_NONE, err_text(r)});
}

/* What goes past the store has its turn when the sink is free. True when something was sent. */
static bool send_waiting(struct station *s)
{
	if (s->direct || s->attempt.going)
		return false;
	if (s->direct_wanted)
		send_direct(s);
	else if (s->attempt.wanted)
		send_attempt(s);
	else
		return false;
	return true;
}

void outbox_direct(struct outbox *o, const struct sink_message *message)
{
	message_copy_done(&o->direct);
	if (o->resting)
		return;
	if (message_copy(message, &o->direct) < 0)
		return;
	for (struct station *s = o->stations; s; s = s->next) {
		if (!s->sink)
			continue;
		s->direct_wanted = true;
		if (s->step != STEP_SENDING)
			(void)send_waiting(s);
	}
}

/* --- life cycle ---------------------------------------------------------------------------------
 */

unsigned outbox_in_flight(const struct outbox *o)
{
	unsigned n = 0;

	for (const struct station *s = o->stations; s; s = s->next)
		n += s->step != STEP_IDLE || s->direct || s->attempt.going;
	return n;
}

static struct station *station_find(const struct outbox *o, const char *name)
{
	for (struct station *s = o->stations; s; s = s->next)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

bool outbox_gets_through(const struct outbox *o, const char *sink)
{
	const struct station *s = station_find(o, sink);

	return s && !s->broken && !s->failures && !s->waiting;
}

const char *outbox_problem(const struct outbox *o, const char *sink)
{
	const struct station *s = station_find(o, sink);

	return s ? s->problem : NULL;
}

int outbox_try(struct outbox *o, const char *sink, const struct sink_message *message,
	sink_done_fn done, void *arg)
{
	struct station *s = station_find(o, sink);

	if (!s)
		return -ENOENT;
	if (!s->sink)
		return -EINVAL;
	if (s->attempt.wanted || s->attempt.going)
		return -EBUSY;
	if (message && message_copy(message, &s->attempt.message) < 0)
		return -ENOMEM;
	s->attempt.wanted = true;
	s->attempt.silent = !message;
	s->attempt.done = done;
	s->attempt.arg = arg;
	if (s->step != STEP_SENDING)
		(void)send_waiting(s);
	return 0;
}

void outbox_try_cancel(struct outbox *o, const char *sink)
{
	struct station *s = station_find(o, sink);

	if (!s)
		return;
	s->attempt.done = NULL;
	s->attempt.wanted = false;
}

int outbox_new(struct store_thread *st, const struct sink_env *env, const struct outbox_ops *ops,
	void *arg, struct outbox **ret)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->store = st;
	o->env = *env;
	o->ops = ops;
	o->arg = arg;
	*ret = o;
	return 0;
}

struct outbox *outbox_free(struct outbox *o)
{
	if (!o)
		return NULL;
	while (o->stations) {
		struct station *s = o->stations;

		o->stations = s->next;
		station_drop(s);
	}
	message_copy_done(&o->direct);
	free(o);
	return NULL;
}

static int station_add(struct outbox *o, const char *name, struct station **ret)
{
	struct station *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->o = o;
	s->doubted = true; /* nobody knows what happened before the start */
	s->name = strdup(name);
	int r = s->name ? loop_timer_new(o->env.loop, "outbox", timer_fired, s, &s->timer)
			: -ENOMEM;
	if (r < 0) {
		station_free(s);
		return r;
	}
	s->next = o->stations;
	o->stations = s;
	*ret = s;
	return 0;
}

/* What it was sending is still in the outbox. */
static void station_stop(struct station *s)
{
	if (s->sink)
		s->type->destroy(s->sink);
	s->sink = NULL;
	s->direct = s->direct_wanted = false;
	attempt_end(s, &interrupted);
	if (s->step == STEP_SENDING || s->step == STEP_HELD) {
		outbox_row_done(&s->req.row);
		s->step = STEP_IDLE;
	}
}

static int station_make(struct station *s, const struct conf_sink *conf)
{
	struct outbox *o = s->o;
	_cleanup_(freep) char *error = NULL;
	bool was_broken = s->broken || !s->type;
	void *sink = NULL;

	if (s->sink && strcmp(s->digest, conf->digest) == 0 &&
		(s->step == STEP_SENDING || s->direct || s->attempt.going))
		return 0;
	station_stop(s);
	s->type = sink_type_find(conf->type);
	int r = s->type ? s->type->create(&o->env, conf, &sink, &error) : -EINVAL;
	if (r == -ENOMEM)
		return r;
	s->sink = sink;
	s->broken = r < 0;
	free(s->problem);
	s->problem = r < 0 ? mem_text(error ? error : err_text(r)) : NULL;
	memcpy(s->digest, conf->digest, sizeof(s->digest));
	if (r < 0) {
		log_event(LOG_ERR, LOG_ID_SINK_FAILED, NULL,
			"sink '%s' cannot deliver: %s; its alerts wait until a reload", s->name,
			error ? error : err_text(r));
		o->ops->broken(o->arg, s->name, error ? error : err_text(r));
	} else if (was_broken) {
		o->ops->broken(o->arg, s->name, NULL);
	}
	return 0;
}

static void drop_unkept(struct outbox *o)
{
	for (struct station **at = &o->stations; *at;) {
		struct station *s = *at;

		if (s->kept) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		/* there is nothing left to mend; a sink of that name is a new one */
		o->ops->broken(o->arg, s->name, NULL);
		o->ops->failing(o->arg, s->name, NULL);
		station_drop(s);
	}
}

int outbox_configure(struct outbox *o, const struct conf *conf)
{
	o->env.credentials_dir = conf->credentials_dir;
	for (struct station *s = o->stations; s; s = s->next)
		s->kept = false;
	for (size_t i = 0; i < conf->n_sinks; i++) {
		struct station *s = station_find(o, conf->sinks[i].name);
		int r = s ? 0 : station_add(o, conf->sinks[i].name, &s);

		if (r == 0)
			r = station_make(s, &conf->sinks[i]);
		if (r < 0)
			return r;
		s->kept = true;
	}
	drop_unkept(o);
	outbox_poke(o);
	return 0;
}
