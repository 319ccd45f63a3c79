/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the recovery API: its lists, and one job. */
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_visit_private.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"

/* --- lists --------------------------------------------------------------------------------------
 */

static void snapshots_listed(struct visit *v)
{
	snapshot_list_normalise(&v->snapshots);
	v->facts.n_snapshots = v->snapshots.n;
	v->facts.newest_us = v->snapshots.n ? v->snapshots.items[0].created_us : TIME_NONE;
}

/* The job that holds the slot leaves the list for the facts. */
static void jobs_listed(struct visit *v)
{
	v->facts.n_jobs = v->jobs.n;
	for (size_t i = 0; i < v->jobs.n; i++) {
		if (remote_job_ended(&v->jobs.items[i]))
			continue;
		v->facts.holder = v->jobs.items[i];
		v->jobs.items[i] = v->jobs.items[--v->jobs.n];
		return;
	}
}

struct list_kind {
	int (*ask)(struct graph *g, const char *link, graph_done_fn done, void *arg,
		struct graph_call **ret);
	size_t answer; /* offset in struct doctor_facts */
	int (*parse)(struct visit *v, const struct buf *body, char **ret_next);
	void (*listed)(struct visit *v);
	graph_done_fn done;
};

static int parse_snapshots(struct visit *v, const struct buf *body, char **ret_next)
{
	unsigned unknown;

	return snapshot_list_parse(&v->snapshots, buf_text(body), body->len, ret_next, &unknown);
}

static int parse_jobs(struct visit *v, const struct buf *body, char **ret_next)
{
	unsigned unknown;

	return remote_job_list_parse(&v->jobs, buf_text(body), body->len, ret_next, &unknown);
}

static bool ask_page(struct visit *v, const struct list_kind *k, const char *link)
{
	if (k->ask(v->t->graph, link, k->done, v, &v->graph) < 0)
		return false;
	graph_call_once(v->graph);
	return true;
}

static void page_told(struct visit *v, const struct list_kind *k, const struct graph_reply *reply)
{
	struct doctor_answer *a = (struct doctor_answer *)((char *)&v->facts + k->answer);
	_cleanup_(freep) char *next = NULL;

	v->graph = NULL;
	if (reply->outcome != GRAPH_OK) {
		visit_answer(a, (int)reply->outcome, reply->text, reply->hint);
	} else if (k->parse(v, &reply->body, &next) < 0) {
		visit_answer(a, GRAPH_BAD_REPLY, "the list cannot be read", NULL);
	} else if (next && ++v->n_pages < LIMIT_LIST_PAGES && ask_page(v, k, next)) {
		return;
	} else {
		visit_answer(a, GRAPH_OK, NULL, NULL);
		k->listed(v);
	}
	visit_step_done(v);
}

static void snapshots_told(void *arg, struct graph_reply *reply);
static void jobs_page_told(void *arg, struct graph_reply *reply);

static const struct list_kind list_snapshots = {
	.ask = graph_list_snapshots,
	.answer = offsetof(struct doctor_facts, snapshots),
	.parse = parse_snapshots,
	.listed = snapshots_listed,
	.done = snapshots_told,
};
static const struct list_kind list_jobs = {
	.ask = graph_list_jobs,
	.answer = offsetof(struct doctor_facts, jobs),
	.parse = parse_jobs,
	.listed = jobs_listed,
	.done = jobs_page_told,
};

static void snapshots_told(void *arg, struct graph_reply *reply)
{
	page_told(arg, &list_snapshots, reply);
}

static void jobs_page_told(void *arg, struct graph_reply *reply)
{
	page_told(arg, &list_jobs, reply);
}

bool visit_ask_snapshots(struct visit *v)
{
	v->n_pages = 0;
	return ask_page(v, &list_snapshots, NULL);
}

bool visit_ask_jobs(struct visit *v)
{
	v->n_pages = 0;
	return ask_page(v, &list_jobs, NULL);
}

/* --- reading a job ------------------------------------------------------------------------------
 */

static void polled(void *arg, struct graph_reply *reply)
{
	struct visit *v = arg;

	v->graph = NULL;
	visit_answer(&v->facts.polled, (int)reply->outcome, reply->text, reply->hint);
	v->facts.job_read = graph_job_read(v->t->graph);
	visit_step_done(v);
}

/* The list of jobs names the time of the snapshot only. */
static const char *snapshot_of(const struct visit *v, const struct remote_job *j)
{
	for (size_t i = 0; i < v->snapshots.n; i++)
		if (v->snapshots.items[i].created_us == j->target_us)
			return v->snapshots.items[i].service_id;
	return NULL;
}

bool visit_ask_polled(struct visit *v)
{
	v->facts.job_read = graph_job_read(v->t->graph);
	if (v->facts.job_read.at != GRAPH_AT_UNKNOWN)
		return false;
	for (size_t i = 0; i < v->jobs.n; i++) {
		const struct remote_job *j = &v->jobs.items[i];
		const char *snapshot = snapshot_of(v, j);

		if (j->kind != REMOTE_PREVIEW || !snapshot)
			continue;
		if (graph_get_job(v->t->graph, snapshot, j->service_id, NULL, false, polled, v,
			    &v->graph) < 0)
			return false;
		graph_call_once(v->graph);
		return true;
	}
	return false;
}
