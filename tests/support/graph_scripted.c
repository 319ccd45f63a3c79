/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/graph_scripted.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "daemon/engine/loop.h"

struct graph_call {
	struct graph *g;
	struct loop_timer *timer;
	struct graph_asked asked;
	graph_done_fn done;
	void *arg;
};

struct graph {
	struct loop *loop;
	graph_scripted_fn fn;
	void *arg;
	int64_t delay_us;
	size_t in_flight;
};

struct graph *graph_scripted_new(struct loop *l, graph_scripted_fn fn, void *arg)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	*g = (struct graph){.loop = l, .fn = fn, .arg = arg, .delay_us = USEC_PER_MSEC};
	return g;
}

struct graph *graph_free(struct graph *g)
{
	if (g && g->in_flight > 0)
		abort();
	free(g);
	return NULL;
}

void graph_scripted_delay(struct graph *g, int64_t delay_us)
{
	g->delay_us = delay_us;
}

size_t graph_scripted_in_flight(const struct graph *g)
{
	return g->in_flight;
}

static void call_free(struct graph_call *c)
{
	c->g->in_flight--;
	(void)loop_timer_free(c->timer);
	free((char *)c->asked.snapshot);
	free((char *)c->asked.job);
	free((char *)c->asked.location);
	free((char *)c->asked.link);
	free((char *)c->asked.filter);
	free(c);
}

static void answer(void *arg)
{
	struct graph_call *c = arg;
	struct graph_reply reply = {
		.outcome = GRAPH_OK, .date_us = TIME_NONE, .body = BUF_INIT(LIMIT_PAGE_BYTES)};
	graph_done_fn done = c->done;
	void *done_arg = c->arg;

	c->g->fn(c->g->arg, &c->asked, &reply);
	call_free(c);
	done(done_arg, &reply);
	buf_done(&reply.body);
}

static const char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int call(struct graph *g, const struct graph_asked *asked, graph_done_fn done, void *arg,
	struct graph_call **ret)
{
	struct graph_call *c = calloc(1, sizeof(*c));

	if (!c || loop_timer_new(g->loop, "graph", answer, c, &c->timer) < 0)
		abort();
	c->g = g;
	c->asked = *asked;
	c->asked.snapshot = copy(asked->snapshot);
	c->asked.job = copy(asked->job);
	c->asked.location = copy(asked->location);
	c->asked.link = copy(asked->link);
	c->asked.filter = copy(asked->filter);
	c->done = done;
	c->arg = arg;
	g->in_flight++;
	loop_timer_arm(c->timer, g->delay_us);
	if (ret)
		*ret = c;
	return 0;
}

int graph_list_snapshots(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g, &((struct graph_asked){.op = OP_SNAPSHOTS, .link = link}), done, arg, ret);
}

int graph_list_jobs(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g, &((struct graph_asked){.op = OP_JOBS, .link = link}), done, arg, ret);
}

int graph_create_preview(struct graph *g, const char *snapshot_id, const char *filter_json,
	graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g,
		&((struct graph_asked){
			.op = OP_CREATE, .snapshot = snapshot_id, .filter = filter_json}),
		done, arg, ret);
}

int graph_get_job(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *location, bool young, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g,
		&((struct graph_asked){.op = OP_JOB,
			.snapshot = snapshot_id,
			.job = job_id,
			.location = location,
			.young = young}),
		done, arg, ret);
}

int graph_get_changes(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g,
		&((struct graph_asked){
			.op = OP_CHANGES, .snapshot = snapshot_id, .job = job_id, .link = link}),
		done, arg, ret);
}

int graph_cancel_job(
	struct graph *g, const char *job_id, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call(g, &((struct graph_asked){.op = OP_CANCEL, .job = job_id}), done, arg, ret);
}

void graph_call_cancel(struct graph_call *c)
{
	if (c)
		call_free(c);
}

/* What reads a job is not found out here. */
struct graph_job_read graph_job_read(const struct graph *g)
{
	(void)g;
	return (struct graph_job_read){GRAPH_BY_ANY, GRAPH_AT_UNKNOWN};
}

void graph_note_listed(struct graph *g)
{
	(void)g;
}
