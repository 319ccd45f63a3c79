/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page after page of two lists, then one transaction, then one callback. While the store has the
 * request (posted), a cancelled look stays in memory without an owner until the answer comes.
 */
#include "daemon/watch/look.h"

#include <errno.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/store/store_tenant.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/seen.h"
#include "daemon/watch/tenant.h"

#define UNKNOWN_TEXT_BYTES 512u

/* One look at one tenant. */
struct glance {
	struct glance *next;
	struct look *look; /* NULL: cancelled while posted */
	struct tenant *tenant;
	struct conf_tenant *conf; /* a reference: the store thread reads it */
	bool posted;
	bool forced;
	char *forced_watch; /* NULL: all */

	struct graph_call *call;
	bool jobs_next;	   /* snapshots are complete; jobs are being listed */
	unsigned n_pages;  /* of the list at hand */
	int64_t server_us; /* Date of the first answer; TIME_NONE */
	unsigned unknown;
	struct buf unknown_text; /* the first of them */
	struct seen seen;

	/* the look has failed; text and hint are owned */
	enum graph_outcome why;
	char *text, *hint;
	int64_t retry_after_us;
};

struct look {
	struct store_thread *store;
	look_done_fn done;
	void *arg;
	struct glance *glances;
};

/* --- life ----------------------------------------------------------------------------------------
 */

int look_new(struct store_thread *st, look_done_fn done, void *arg, struct look **ret)
{
	struct look *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct look){.store = st, .done = done, .arg = arg};
	*ret = l;
	return 0;
}

static void glance_free(struct glance *g)
{
	graph_call_cancel(g->call);
	seen_done(&g->seen);
	buf_done(&g->unknown_text);
	free(g->forced_watch);
	free(g->text);
	free(g->hint);
	conf_tenant_unref(g->conf);
	free(g);
}

static void glance_unlink(struct glance *g)
{
	for (struct glance **at = &g->look->glances; *at; at = &(*at)->next)
		if (*at == g) {
			*at = g->next;
			break;
		}
	g->look = NULL;
	g->tenant->looking = false;
	g->tenant = NULL;
}

static void glance_cancel(struct glance *g)
{
	glance_unlink(g);
	if (!g->posted)
		glance_free(g);
}

struct look *look_free(struct look *l)
{
	if (!l)
		return NULL;
	while (l->glances)
		glance_cancel(l->glances);
	free(l);
	return NULL;
}

static struct glance *find(const struct look *l, const struct tenant *t)
{
	for (struct glance *g = l->glances; g; g = g->next)
		if (g->tenant == t)
			return g;
	return NULL;
}

void look_cancel(struct look *l, struct tenant *t)
{
	struct glance *g = find(l, t);

	if (g)
		glance_cancel(g);
}

/* --- the end -------------------------------------------------------------------------------------
 */

static int tell_failed(struct store *s, void *arg)
{
	const struct store_tenant *row = arg;

	return store_tenant_look_failed(s, row->id, row->last_look_error);
}

static void free_failed(void *arg, int r)
{
	struct store_tenant *row = arg;

	(void)r; /* for showing only; the next look writes it again */
	free(row->last_look_error);
	free(row);
}

/* So that a reader of the store sees why there is nothing new. */
static void store_failure(struct look *l, const struct tenant *t, const char *text)
{
	struct store_tenant *row = calloc(1, sizeof(*row));

	if (!row || text_copy(text, &row->last_look_error) < 0) {
		free(row);
		return;
	}
	row->id = t->id;
	store_thread_post(l->store, tell_failed, free_failed, row);
}

static void note_trouble(struct look *l, struct tenant *t, enum graph_outcome why, const char *text)
{
	switch (why) {
	case GRAPH_OK:
		t->look_outcome = LOOK_GOOD;
		break;
	case GRAPH_SIGN_IN:
		t->look_outcome = LOOK_SIGN_IN;
		break;
	case GRAPH_NETWORK:
		t->look_outcome = LOOK_NETWORK;
		break;
	case GRAPH_THROTTLED:
		t->look_outcome = LOOK_THROTTLED;
		break;
	case GRAPH_CONFIG:
	case GRAPH_FORBIDDEN:
	case GRAPH_NOT_FOUND:
	case GRAPH_BUSY:
	case GRAPH_REFUSED:
	case GRAPH_BAD_REPLY:
		t->look_outcome = LOOK_OTHER;
		break;
	}
	if (text && (!t->look_trouble || strcmp(text, t->look_trouble) != 0))
		store_failure(l, t, text);
	free(t->look_trouble);
	t->look_trouble = NULL;
	(void)text_copy(text, &t->look_trouble);
}

/* Consumes the glance. */
static void hand_on_failure(struct glance *g)
{
	struct look *l = g->look;
	struct tenant *t = g->tenant;
	const struct look_result result = {
		.tenant = t,
		.outcome = g->why,
		.text = g->text,
		.hint = g->hint,
		.plan =
			{
				.tenant = g->conf,
				.now_us = g->seen.at_us,
				.server_now_us = TIME_NONE,
				.retention_us = TIME_NONE,
				.up_since_us = TIME_NONE,
				.watches = g->seen.watches,
				.n_watches = g->seen.watches ? g->conf->n_watches : 0,
			},
		.sightings = g->seen.sightings,
		.n_sightings = g->seen.n_sightings,
		.retry_after_us = g->retry_after_us,
	};

	glance_unlink(g);
	note_trouble(l, t, g->why, g->text);
	l->done(l->arg, &result);
	glance_free(g);
}

static int recall_work(struct store *store, void *arg)
{
	struct glance *g = arg;

	return seen_recall(store, &g->seen);
}

static void recalled(void *arg, int r)
{
	struct glance *g = arg;

	g->posted = false;
	if (!g->look) {
		glance_free(g);
		return;
	}
	if (r < 0) {
		seen_done(&g->seen);
		log_error(&((struct log_ctx){.tenant = g->conf->name}),
			"cannot read what is known of it: %s", err_text(r));
	}
	hand_on_failure(g);
}

static void set_failure(struct glance *g, enum graph_outcome why, const char *text,
	const char *hint, int64_t retry_after_us)
{
	g->why = why;
	/* without memory the outcome alone has to say it */
	(void)text_copy(text, &g->text);
	(void)text_copy(hint, &g->hint);
	g->retry_after_us = retry_after_us;
}

/* Of lists that are not complete nothing is kept. */
static void fail(struct glance *g, enum graph_outcome why, const char *text, const char *hint,
	int64_t retry_after_us)
{
	set_failure(g, why, text, hint, retry_after_us);
	seen_done(&g->seen);
	g->seen.tenant = g->tenant->id;
	g->seen.conf = g->conf;
	g->seen.at_us = clock_wall_us();
	g->posted = true;
	store_thread_post(g->look->store, recall_work, recalled, g);
}

static int told_work(struct store *s, void *arg)
{
	const struct glance *g = arg;

	return seen_told(s, &g->seen);
}

static void told_done(void *arg, int r)
{
	(void)r; /* told again by the next look */
	glance_free(arg);
}

static void note_good(struct glance *g, struct tenant *t, const struct remote_job *foreign)
{
	t->last_look_us = g->seen.at_us;
	if (g->server_us != TIME_NONE)
		t->clock_offset_us = g->server_us - g->seen.at_us;
	if (g->seen.newest_us != TIME_NONE)
		t->newest_snapshot_us = g->seen.newest_us;
	if (foreign) {
		tenant_slot_taken(t, foreign->started_us, g->seen.at_us);
	} else {
		t->slot_foreign = false;
		t->slot_foreign_since_us = TIME_NONE;
	}
}

static void hand_on(struct glance *g)
{
	struct look *l = g->look;
	struct tenant *t = g->tenant;
	struct seen *s = &g->seen;
	const struct remote_job *foreign =
		s->foreign < s->jobs.n ? &s->jobs.items[s->foreign] : NULL;
	const struct look_result result = {
		.tenant = t,
		.outcome = GRAPH_OK,
		.plan =
			{
				.tenant = g->conf,
				.now_us = s->at_us,
				.server_now_us = g->server_us,
				.snapshots = &s->snapshots,
				.retention_us = s->retention_us,
				.up_since_us = TIME_NONE,
				.watches = s->watches,
				.n_watches = g->conf->n_watches,
				.forced = g->forced,
				.forced_watch = g->forced_watch,
			},
		.sightings = s->sightings,
		.n_sightings = s->n_sightings,
		.jobs = &s->jobs,
		.foreign = foreign,
		.recoveries = s->recoveries,
		.n_recoveries = s->n_recoveries,
		.unknown = g->unknown,
		.unknown_text = g->unknown > 0 ? buf_text(&g->unknown_text) : NULL,
	};

	glance_unlink(g);
	note_trouble(l, t, GRAPH_OK, NULL);
	note_good(g, t, foreign);
	if (s->n_new > 0)
		log_event(LOG_DEBUG, LOG_ID_SNAPSHOT_NEW,
			&((struct log_ctx){.tenant = t->conf->name,
				.snapshot = s->snapshots.items[0].service_id}),
			"%zu new snapshots are listed", s->n_new);
	l->done(l->arg, &result);
	if (s->n_recoveries > 0)
		store_thread_post(l->store, told_work, told_done, g);
	else
		glance_free(g);
}

/* --- the store -----------------------------------------------------------------------------------
 */

static int store_work(struct store *store, void *arg)
{
	struct glance *g = arg;

	return seen_store(store, &g->seen);
}

static void stored(void *arg, int r)
{
	struct glance *g = arg;

	g->posted = false;
	if (!g->look) {
		glance_free(g);
		return;
	}
	if (r == 0) {
		hand_on(g);
		return;
	}
	log_error(&((struct log_ctx){.tenant = g->conf->name}), "cannot store what was listed: %s",
		err_text(r));
	set_failure(g, GRAPH_NETWORK, "the store refused what was listed", NULL, 0);
	seen_done(&g->seen);
	hand_on_failure(g);
}

static void post(struct glance *g)
{
	struct seen *s = &g->seen;

	snapshot_list_normalise(&s->snapshots);
	int newest =
		plan_newest(&s->snapshots, g->server_us == TIME_NONE ? s->at_us : g->server_us);
	s->newest_us = newest < 0 ? TIME_NONE : s->snapshots.items[newest].created_us;
	s->tenant = g->tenant->id;
	s->conf = g->conf;
	g->posted = true;
	store_thread_post(g->look->store, store_work, stored, g);
}

/* --- the lists -----------------------------------------------------------------------------------
 */

static void on_page(void *arg, struct graph_reply *reply);

static void fetch(struct glance *g, const char *link)
{
	struct graph *graph = g->tenant->graph;
	int r = g->jobs_next ? graph_list_jobs(graph, link, on_page, g, &g->call)
			     : graph_list_snapshots(graph, link, on_page, g, &g->call);

	if (r < 0)
		fail(g, GRAPH_NETWORK, err_text(r), NULL, 0);
}

static void unknown(struct glance *g, unsigned n, const char *what, const char *word)
{
	if (n == 0)
		return;
	if (g->unknown == 0) {
		buf_puts(&g->unknown_text, what);
		text_append_visible(&g->unknown_text, word, strnlen(word, LIMIT_ENUM_BYTES));
	}
	g->unknown += n;
}

static void note_unknown_words(struct glance *g)
{
	for (size_t i = 0; i < g->seen.jobs.n; i++) {
		const struct remote_job *j = &g->seen.jobs.items[i];
		unknown(g, j->kind == REMOTE_OTHER, "job of type ", j->kind_text);
		unknown(g, j->status == REMOTE_UNKNOWN, "job status ", j->status_text);
	}
}

/* What cannot be read is either an answer of somebody else, or too much. */
static const char *unreadable(int r, bool jobs)
{
	if (r == -ENOMEM)
		return "out of memory";
	if (r == -EFBIG)
		return jobs ? "the list of jobs does not end"
			    : "the list of snapshots does not end";
	return jobs ? "the list of jobs cannot be read" : "the list of snapshots cannot be read";
}

static int parse(struct glance *g, const struct buf *body, char **ret_next)
{
	unsigned n = 0;
	int r;

	if (g->jobs_next)
		r = remote_job_list_parse(&g->seen.jobs, buf_text(body), body->len, ret_next, &n);
	else
		r = snapshot_list_parse(
			&g->seen.snapshots, buf_text(body), body->len, ret_next, &n);
	if (r >= 0 && *ret_next && ++g->n_pages >= LIMIT_LIST_PAGES)
		r = -EFBIG;
	unknown(g, n, g->jobs_next ? "a job without an id" : "a snapshot without id or time", "");
	return r;
}

/* Ages are taken from the first answer: it is the one that lists the newest snapshot. */
static void note_time(struct glance *g, const struct graph_reply *reply)
{
	if (g->jobs_next || g->n_pages > 0)
		return;
	g->seen.at_us = clock_wall_us();
	g->server_us = reply->date_us;
}

static void on_page(void *arg, struct graph_reply *reply)
{
	struct glance *g = arg;
	_cleanup_(freep) char *next = NULL;

	g->call = NULL;
	if (reply->outcome != GRAPH_OK) {
		fail(g, reply->outcome,
			reply->text ? reply->text : "the service gave no usable answer",
			reply->hint, reply->retry_after_us);
		return;
	}
	note_time(g, reply);
	int r = parse(g, &reply->body, &next);
	if (r < 0) {
		const char *text = unreadable(r, g->jobs_next);

		log_info(&((struct log_ctx){.tenant = g->conf->name}), "%s; looking again later",
			text);
		fail(g, r == -ENOMEM ? GRAPH_NETWORK : GRAPH_BAD_REPLY, text, NULL, 0);
		return;
	}
	if (!next && g->jobs_next) {
		note_unknown_words(g);
		post(g);
		return;
	}
	if (!next) {
		g->jobs_next = true;
		g->n_pages = 0;
	}
	fetch(g, next);
}

static void force(struct glance *g, const char *watch)
{
	if (!g->forced && watch && text_copy(watch, &g->forced_watch) < 0)
		g->forced_watch = NULL; /* out of memory: all of them */
	if (g->forced && g->forced_watch && (!watch || strcmp(watch, g->forced_watch) != 0)) {
		free(g->forced_watch);
		g->forced_watch = NULL;
	}
	g->forced = true;
}

void look_start(struct look *l, struct tenant *t, bool forced, const char *watch)
{
	struct glance *g = find(l, t);

	if (!g) {
		g = mem_alloc(sizeof(*g));
		*g = (struct glance){
			.next = l->glances,
			.look = l,
			.tenant = t,
			.conf = conf_tenant_ref(t->conf),
			.server_us = TIME_NONE,
			.unknown_text = BUF_INIT_SURE(UNKNOWN_TEXT_BYTES),
			.seen = {.at_us = TIME_NONE, .newest_us = TIME_NONE},
		};
		l->glances = g;
		t->looking = true;
		if (forced)
			force(g, watch);
		fetch(g, NULL);
	} else if (forced) {
		force(g, watch);
	}
}
