/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wiring, and nothing else:
 *
 *	ticker -> look -> plan -> queue -> job -> pages -> store -> judge -> findings -> alert ->
 *sinks
 *
 * Each on_*() below is one arrow: it takes what a stage says and hands it to the next. What a thing
 * means for people is in trouble.c, who waits for it in cycle.c.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/timefmt.h"
#include "common/store/store.h"
#include "daemon/internal.h"

/* After a look that came to nothing. */
#define LOOK_AGAIN_US (5 * USEC_PER_MIN)

/* --- ticker -> look -----------------------------------------------------------------------------
 */

static void on_tick(void *arg, struct tenant *t)
{
	struct daemon *d = arg;

	const struct cycle *c = &entry_of(t)->cycle;

	/* --once means now, whatever the schedule says */
	if (!d->stopping)
		look_start(d->look, t, d->options.once && c->wanted && !c->begun, NULL);
}

/* --- look -> plan -> queue ----------------------------------------------------------------------
 */

/* After a look that failed: soon again, at most at the usual pace, not before the service wants us.
 */
static int64_t look_again_us(const struct tenant *t, const struct look_result *result)
{
	int64_t wait = LOOK_AGAIN_US;

	if (wait > t->conf->look_every_us)
		wait = t->conf->look_every_us;
	if (result->retry_after_us > wait)
		wait = result->retry_after_us;
	return clock_wall_us() + wait;
}

static void on_look(void *arg, const struct look_result *result)
{
	struct daemon *d = arg;
	struct tenant *t = result->tenant;
	struct entry *e = entry_of(t);
	struct plan_input in = result->plan;
	struct plan plan = {0};

	in.up_since_us = e->since_us;
	trouble_look(d, result);
	trouble_risk(d, result);
	trouble_sign_in(d, t);
	if (result->outcome != GRAPH_OK) {
		cycle_note(e, graph_outcome_exit_code(result->outcome), result->text);
		cycle_begun(e);
		ticker_set(d->ticker, t, look_again_us(t, result));
		return;
	}
	int r = plan_make(&in, &plan);
	if (r < 0) {
		log_error(&((struct log_ctx){.tenant = t->conf->name}), "cannot plan: %s",
			err_text(r));
		cycle_note(e, EXIT_CODE_INCOMPLETE, err_text(r));
		cycle_begun(e);
		ticker_set(d->ticker, t, look_again_us(t, result));
		return;
	}
	trouble_plan(d, t, &in, &plan);
	ticker_set(d->ticker, t, plan.next_look_us);
	queue_add(d->queue, t, &in, &plan);
	plan_done(&plan);
}

static void on_queued(void *arg, struct tenant *t, size_t n, int r)
{
	struct daemon *d = arg;

	(void)n;
	if (r < 0) {
		cycle_note(entry_of(t), EXIT_CODE_STORE, err_text(r));
		ticker_set(d->ticker, t, clock_wall_us() + LOOK_AGAIN_US);
	}
	cycle_begun(entry_of(t));
}

/* --- queue -> job -------------------------------------------------------------------------------
 */

struct active *active_find(struct entry *e, const struct run *run)
{
	for (struct active *a = e->active; a; a = a->next)
		if (a->run == run)
			return a;
	return NULL;
}

static void free_job(void *arg)
{
	(void)job_free(arg);
}

/* The job is still on the stack when it says that it has ended: freed after this turn. */
void active_drop(struct entry *e, const struct run *run)
{
	for (struct active **at = &e->active; *at; at = &(*at)->next) {
		struct active *a = *at;

		if (a->run != run)
			continue;
		*at = a->next;
		if (a->job)
			loop_defer(e->d->loop, free_job, a->job);
		free(a);
		return;
	}
}

static void on_start(void *arg, struct tenant *t, struct run *run)
{
	struct daemon *d = arg;
	struct entry *e = entry_of(t);
	struct active *a = calloc(1, sizeof(*a));
	const struct job_env env = {
		.loop = d->loop,
		.store = d->store,
		.reading = &pages_reading,
		.pages = d->pages,
		.ops = &daemon_job_ops,
		.arg = d,
	};

	if (!a) {
		queue_back(d->queue, t, run, clock_wall_us() + USEC_PER_MIN);
		return;
	}
	a->run = run;
	a->next = e->active;
	e->active = a;
	int r = job_start(&env, t, run, &a->job);
	if (r < 0) {
		active_drop(e, run);
		queue_back(d->queue, t, run, clock_wall_us() + USEC_PER_MIN);
	}
}

/* --- job -> queue, judge ------------------------------------------------------------------------
 */

static void on_slot_free(void *arg, struct tenant *t, struct run *run)
{
	struct daemon *d = arg;

	entry_of(t)->blocked = false;
	alerts_condition_clear(d->alerts, t, ALERT_SLOT_BLOCKED, "");
	queue_slot_free(d->queue, t, run);
	status_line(d);
}

static void on_back(void *arg, struct tenant *t, struct run *run, int64_t not_before_us,
	bool foreign, const char *text)
{
	struct daemon *d = arg;
	struct entry *e = entry_of(t);

	active_drop(e, run);
	queue_back(d->queue, t, run, not_before_us);
	if (foreign) {
		trouble_slot(d, e, run, text);
		cycle_slot_taken(e, text);
	}
	cycle_check(e);
}

static void on_settle(void *arg, struct tenant *t, struct run *run)
{
	struct daemon *d = arg;

	judge_start(d->judge, d->conf, t, run);
}

static void on_ended(
	void *arg, struct tenant *t, struct run *run, const char *text, const char *hint)
{
	struct daemon *d = arg;
	struct entry *e = entry_of(t);

	alerts_condition_clear(d->alerts, t, ALERT_JOB_STUCK, "");
	if (run->state == RUN_FAILED) {
		trouble_run(d, t, run, text, hint);
		if (run->outcome == RUN_BASELINE_GONE)
			e->cycle.begun = false; /* whoever waits, waits for the next plan */
		ticker_set(d->ticker, t, clock_wall_us()); /* planned again */
	} else if (run->outcome == RUN_UNVERIFIED) {
		cycle_note(e, EXIT_CODE_INCOMPLETE, text);
	}
	active_drop(e, run);
	queue_ended(d->queue, t, run);
	status_line(d);
	cycle_check(e);
}

static void on_trouble(void *arg, struct tenant *t, struct run *run, enum graph_outcome why,
	const char *text, const char *hint)
{
	(void)run;
	trouble_outcome(arg, t, why, text, hint);
}

static void on_stuck(void *arg, struct tenant *t, struct run *run, const char *text)
{
	struct daemon *d = arg;

	(void)run;
	alerts_condition_set(d->alerts, t, ALERT_JOB_STUCK, "", VERDICT_WARNING, text,
		"the preview is cancelled and planned again");
}

const struct job_ops daemon_job_ops = {
	.slot_free = on_slot_free,
	.back = on_back,
	.settle = on_settle,
	.ended = on_ended,
	.trouble = on_trouble,
	.stuck = on_stuck,
};

/* --- judge -> findings -> alert -----------------------------------------------------------------
 */

static void log_objects(
	const struct tenant *t, const struct run *run, const struct judge_result *result)
{
	for (size_t i = 0; i < result->n_objects; i++) {
		const struct judged_object *o = &result->objects[i];
		const struct log_ctx ctx = {
			.tenant = t->conf->name,
			.job = run->id,
			.snapshot = run->snapshot,
			.severity = verdict_name(o->severity),
			.entity = o->entity_type,
			.object_id = o->object_id,
			.change = o->change,
			.rule = o->rule,
		};
		log_event(o->severity == VERDICT_CRITICAL ? LOG_ERR : LOG_WARNING,
			LOG_ID_OBJECT_UNEXPECTED, &ctx, "%s %s %s",
			entity_type_words(o->entity_type, false),
			o->display_name ? o->display_name : o->object_id, o->change);
	}
	if (result->n_omitted)
		log_event(LOG_WARNING, LOG_ID_OBJECTS_MORE,
			&((struct log_ctx){.tenant = t->conf->name, .job = run->id}),
			"%zu more unexpected objects", result->n_omitted);
}

static void log_run(
	const struct tenant *t, const struct run *run, const struct judge_result *result)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	log_event(result->verified == 0 ? LOG_WARNING : LOG_INFO, LOG_ID_JOB_DONE,
		&((struct log_ctx){
			.tenant = t->conf->name, .job = run->id, .snapshot = run->snapshot}),
		"compared %s with %s: %lld deleted, %lld appeared, %lld modified; %lld new, %lld "
		"expected, %lld undone, %lld vanished%s",
		time_format(run->snapshot_created_us, from), time_format(run->started_us, to),
		(long long)result->n_deleted, (long long)result->n_appeared,
		(long long)result->n_modified, (long long)result->n_new,
		(long long)result->n_expected, (long long)result->n_undone,
		(long long)result->n_vanished,
		result->verified == 0 ? "; fewer changes than the service promised" : "");
}

static void on_judged(
	void *arg, struct tenant *t, struct run *run, const struct judge_result *result)
{
	struct daemon *d = arg;
	struct active *a = active_find(entry_of(t), run);

	if (result->r == 0) {
		log_objects(t, run, result);
		log_run(t, run, result);
	}
	/* on its way out: alerts are stored and leave after the next start */
	if (result->r == 0 && d->alerts) {
		trouble_judged(d, t, run, result);
		if (result->n_alerts)
			alerts_poke(d->alerts);
	}
	if (a && a->job)
		job_judged(a->job, result->r);
}

/* --- engines' news ------------------------------------------------------------------------------
 */

static void on_store_state(void *arg, int r, const char *detail)
{
	struct daemon *d = arg;

	d->store_failing = r < 0;
	if (r == -ENOSPC)
		log_event(LOG_CRIT, LOG_ID_STORE_FULL, NULL, "the store is full, work pauses: %s",
			detail);
	else if (r < 0)
		log_event(LOG_CRIT, LOG_ID_STORE_ERROR, NULL, "the store fails, work pauses: %s",
			detail);
	else
		log_event(LOG_NOTICE, LOG_ID_STORE_OK, NULL, "the store works again");
	if (!d->alerts) /* on its way out */
		return;
	alerts_store_trouble(d->alerts, r, detail);
	status_line(d);
}

static void on_clock_jump(void *arg)
{
	struct daemon *d = arg;

	log_event(LOG_NOTICE, LOG_ID_CLOCK_JUMPED, NULL, "the wall clock was set");
	ticker_clock_jumped(d->ticker);
	queue_clock_jumped(d->queue);
	alerts_poke(d->alerts);
}

static void on_alerts_idle(void *arg)
{
	struct daemon *d = arg;

	for (struct entry *e = d->entries; e; e = e->next)
		cycle_check(e);
}

/* The loop itself asks; the store thread must have moved lately, unless it says why it does not. */
static int is_alive(void *arg)
{
	struct daemon *d = arg;
	int64_t silent_us = clock_boot_us() - store_thread_heartbeat_us(d->store);

	return silent_us < USEC_PER_MIN || store_thread_paused(d->store);
}

/* --- signals ------------------------------------------------------------------------------------
 */

static void on_hangup(void *arg)
{
	_cleanup_(buf_done) struct buf errors = BUF_INIT(LIMIT_CONFIG_BYTES);

	(void)daemon_reload(arg, &errors);
}

static void on_terminate(void *arg)
{
	struct daemon *d = arg;

	if (d->stopping)
		_exit(d->exit_code); /* the second one: at once; the store has what matters */
	if (d->options.once && d->exit_code == EXIT_CODE_OK)
		d->exit_code = EXIT_CODE_INCOMPLETE; /* a cycle is not through */
	daemon_stop(d);
}

/* --- life cycle ---------------------------------------------------------------------------------
 */

static int make_engines(struct daemon *d, struct store **store)
{
	/* first: libcurl wants to be initialised while there is one thread */
	int r = http_new(d->loop, &d->http);

	if (r == 0)
		r = store_thread_new(d->loop, TAKE_PTR(*store), &d->store);
	if (r < 0)
		return err_trace(r);
	store_thread_on_state(d->store, on_store_state, d);
	return err_trace(service_new(d->loop, is_alive, d, &d->service));
}

static int make_stages(struct daemon *d)
{
	const struct queue_env queue_env = {
		.loop = d->loop,
		.store = d->store,
		.start = on_start,
		.queued = on_queued,
		.arg = d,
		.parallel = d->conf->parallel_tenants,
	};
	int r = ticker_new(d->loop, on_tick, d, &d->ticker);

	if (r == 0)
		r = look_new(d->store, on_look, d, &d->look);
	if (r == 0)
		r = queue_new(&queue_env, &d->queue);
	if (r == 0)
		r = pages_new(d->loop, d->store, &d->pages);
	if (r == 0)
		r = judge_new(d->store, on_judged, d, &d->judge);
	if (r == 0)
		r = alerts_new(d->loop, d->http, d->store, &d->alerts);
	if (r == 0)
		alerts_on_idle(d->alerts, on_alerts_idle, d);
	return err_trace(r);
}

int daemon_new(struct loop *l, struct conf *conf, struct store *store,
	const struct daemon_options *options, struct daemon **ret)
{
	_cleanup_(daemon_freep) struct daemon *d = calloc(1, sizeof(*d));
	int r = -ENOMEM;

	if (d) {
		d->loop = l;
		d->conf = conf;
		d->options = *options;
		r = make_engines(d, &store);
		if (r == 0)
			r = make_stages(d);
	} else {
		(void)conf_free(conf);
	}
	(void)store_close(store);
	if (r < 0)
		return err_trace(r);
	*ret = TAKE_PTR(d);
	return 0;
}

struct daemon *daemon_free(struct daemon *d)
{
	if (!d)
		return NULL;
	d->control = control_free(d->control);
	examine_cancel(d);
	for (size_t i = 0; i < ARRAY_SIZE(d->signals); i++)
		d->signals[i] = loop_signal_free(d->signals[i]);
	d->lifeline = loop_io_free(d->lifeline);
	if (d->loop)
		loop_on_clock_jump(d->loop, NULL, NULL);
	if (d->judge)
		tenants_stop(d);
	d->alerts = alerts_free(d->alerts);
	d->queue = queue_free(d->queue);
	d->look = look_free(d->look);
	d->ticker = ticker_free(d->ticker);
	d->pages = pages_free(d->pages);
	d->http = http_free(d->http);
	d->service = service_free(d->service);
	d->store = store_thread_free(d->store);
	tenants_free(d);
	d->judge = judge_free(d->judge);
	d->conf = conf_free(d->conf);
	free(d);
	return NULL;
}

static int listen_signals(struct daemon *d)
{
	static const struct {
		int signo;
		loop_fn fn;
	} table[] = {
		{SIGHUP, on_hangup},
		{SIGTERM, on_terminate},
		{SIGINT, on_terminate},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(table); i++)
		r = loop_signal_new(d->loop, table[i].signo, table[i].fn, d, &d->signals[i]);
	return err_trace(r);
}

int daemon_listen(struct daemon *d)
{
	const char *path = d->conf->control_socket;
	int r = 0;

	if (d->options.listen_fd)
		r = control_new_on(
			d->loop, d->options.listen_fd, &daemon_control_ops, d, &d->control);
	else if (d->options.control && !text_empty(path))
		r = control_new(d->loop, path, &daemon_control_ops, d, &d->control);
	if (r < 0)
		log_error(NULL, "cannot listen on %s: %s",
			d->options.listen_fd ? "the socket that was handed over" : path,
			err_text(r));
	return r;
}

static void begin_work(struct daemon *d)
{
	size_t n_tenants = 0;

	loop_on_clock_jump(d->loop, on_clock_jump, d);
	for (struct entry *e = d->entries; e; e = e->next) {
		n_tenants++;
		if (d->options.once)
			cycle_want(e, d->options.wait_us, NULL);
	}
	alerts_poke(d->alerts);
	service_ready(d->service);
	status_line(d);
	log_event(LOG_INFO, LOG_ID_STARTED, NULL, "watching %zu tenant%s", n_tenants,
		n_tenants == 1 ? "" : "s");
}

int daemon_start(struct daemon *d)
{
	int r = listen_signals(d);

	if (d->options.assist)
		alerts_rest(d->alerts);
	if (r == 0)
		r = alerts_configure(d->alerts, d->conf);
	if (r == 0)
		r = tenants_sync(d, d->conf);
	if (r == 0)
		r = d->options.assist ? assist_start(d) : daemon_listen(d);
	if (r < 0)
		return err_trace(r);
	if (!d->options.assist)
		begin_work(d);
	return 0;
}

void daemon_stop(struct daemon *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	service_stopping(d->service);
	queue_drain(d->queue);
	if (!d->options.assist)
		log_event(
			LOG_INFO, LOG_ID_STOPPED, NULL, "stopping; what runs is kept in the store");
	loop_quit(d->loop);
}

int daemon_exit_code(const struct daemon *d)
{
	return d->exit_code;
}
