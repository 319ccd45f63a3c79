/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How calls begin: which addresses may answer, in which order. Every address that the service
 * handed out is compared with graph_url before a token goes there.
 */
#include "daemon/graph/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/graph_private.h"

/* --- starting ----------------------------------------------------------------------------------
 */

static int add_candidate(struct graph_call *c, int form, const char *url)
{
	for (size_t i = 0; i < c->n_candidates; i++) {
		if (strcmp(c->candidates[i].url, url) == 0)
			return 0;
	}
	int r = text_copy(url, &c->candidates[c->n_candidates].url);
	if (r < 0)
		return r;
	c->candidates[c->n_candidates++].form = form;
	return 0;
}

/* Told like any other failure, later and once. */
static int fail_early(struct graph_call *c, enum graph_outcome outcome, const char *why)
{
	c->failed = true;
	c->failed_outcome = outcome;
	buf_reset(&c->failed_text);
	buf_puts(&c->failed_text, why);
	return 0;
}

static int add_form(struct graph_call *c, int form, const char *snapshot_id, const char *job_id)
{
	struct buf url = BUF_INIT_SURE(LIMIT_URL_BYTES);
	int r = graph_op_url(
		c->op, (size_t)form, c->graph->tenant->graph_url, snapshot_id, job_id, &url);

	if (r == 0)
		r = add_candidate(c, form, buf_text(&url));
	else if (r != -ENOMEM)
		r = fail_early(c, GRAPH_BAD_REPLY,
			"the service named an object with an id that no address can hold");
	buf_done(&url);
	return r;
}

static int add_forms(
	struct graph_call *c, const char *snapshot_id, const char *job_id, const char *location)
{
	int winner = c->graph->winner[c->op];
	int n = (int)graph_op_forms(c->op);
	int r = 0;

	/* a function's name does not change: the one that worked is asked, and no other */
	if (c->op != GRAPH_GET_JOB && winner >= 0)
		return add_form(c, winner, snapshot_id, job_id);
	if (winner >= 0)
		r = add_form(c, winner, snapshot_id, job_id);
	if (r == 0 && location && http_same_origin(location, c->graph->tenant->graph_url))
		r = add_candidate(c, FORM_LINK, location);
	for (int form = 0; r == 0 && form < n; form++)
		r = add_form(c, form, snapshot_id, job_id);
	return r;
}

static int add_link(struct graph_call *c, const char *link)
{
	if (http_same_origin(link, c->graph->tenant->graph_url))
		return add_candidate(c, FORM_LINK, link);
	return fail_early(
		c, GRAPH_BAD_REPLY, "the service handed out a link to another host; not followed");
}

/* Creating and cancelling want a person's token: the service documents no other. */
static enum auth_kind kind_of(const struct graph *g, enum graph_op op)
{
	bool app = graph_op_row(op)->app != g->swapped[op];

	return app && g->tenant->sign_in == SIGN_IN_USER_APP ? AUTH_APP : AUTH_DELEGATED;
}

struct call_spec {
	enum graph_op op;
	const char *snapshot_id, *job_id;
	const char *link;     /* followed verbatim */
	const char *location; /* one more place where the answer may be */
	const char *body;
	bool young;
};

static int call_start(struct graph *g, const struct call_spec *spec, graph_done_fn done, void *arg,
	struct graph_call **ret)
{
	struct graph_call *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct graph_call){.graph = g,
		.op = spec->op,
		.row = graph_op_row(spec->op),
		.done = done,
		.arg = arg,
		.kind = kind_of(g, spec->op),
		.attempt = 1,
		.request_id = "-",
		.failed_text = BUF_INIT_SURE(GRAPH_TEXT_BYTES),
		.refused_text = BUF_INIT_SURE(GRAPH_TEXT_BYTES),
		.refused_hint = BUF_INIT_SURE(GRAPH_TEXT_BYTES)};
	c->policy = c->row->policy;
	c->policy.not_found_is_young = spec->young;
	int r = text_copy(spec->body, &c->body);
	if (r == 0)
		r = spec->link ? add_link(c, spec->link)
			       : add_forms(c, spec->snapshot_id, spec->job_id, spec->location);
	if (r == 0)
		r = loop_timer_new(g->loop, c->row->what, graph_call_step, c, &c->timer);
	if (r < 0) {
		graph_call_free(c);
		return -ENOMEM;
	}
	loop_timer_arm(c->timer, 0);
	TAILQ_INSERT_TAIL(&g->calls, c, entry);
	if (ret)
		*ret = c;
	return 0;
}

int graph_list_snapshots(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call_start(
		g, &(struct call_spec){.op = GRAPH_LIST_SNAPSHOTS, .link = link}, done, arg, ret);
}

int graph_list_jobs(
	struct graph *g, const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call_start(
		g, &(struct call_spec){.op = GRAPH_LIST_JOBS, .link = link}, done, arg, ret);
}

/* Without a filter the pages show no body, yet ask for its Content-Type: {} is safe for both. */
int graph_create_preview(struct graph *g, const char *snapshot_id, const char *filter_json,
	graph_done_fn done, void *arg, struct graph_call **ret)
{
	struct buf body = BUF_INIT(LIMIT_REPLY_BYTES);

	if (text_empty(filter_json))
		buf_puts(&body, "{}");
	else
		buf_printf(&body, "{\"filteringCriteria\":%s}", filter_json);
	int r = buf_error(&body) ? -ENOMEM
				 : call_start(g,
					   &(struct call_spec){.op = GRAPH_CREATE_PREVIEW,
						   .snapshot_id = snapshot_id,
						   .body = buf_text(&body)},
					   done, arg, ret);
	buf_done(&body);
	return r;
}

int graph_get_job(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *location, bool young, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call_start(g,
		&(struct call_spec){.op = GRAPH_GET_JOB,
			.snapshot_id = snapshot_id,
			.job_id = job_id,
			.location = location,
			.young = young},
		done, arg, ret);
}

int graph_get_changes(struct graph *g, const char *snapshot_id, const char *job_id,
	const char *link, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call_start(g,
		&(struct call_spec){.op = GRAPH_GET_CHANGES,
			.snapshot_id = snapshot_id,
			.job_id = job_id,
			.link = link},
		done, arg, ret);
}

int graph_cancel_job(
	struct graph *g, const char *job_id, graph_done_fn done, void *arg, struct graph_call **ret)
{
	return call_start(
		g, &(struct call_spec){.op = GRAPH_CANCEL_JOB, .job_id = job_id}, done, arg, ret);
}

void graph_call_once(struct graph_call *c)
{
	c->policy.attempts = 1;
	c->policy.budget_us = 0;
}

void graph_call_cancel(struct graph_call *c)
{
	if (!c)
		return;
	TAILQ_REMOVE(&c->graph->calls, c, entry);
	graph_call_free(c);
}

/* --- the graph ----------------------------------------------------------------------------------
 */

int graph_new(struct loop *l, struct http *h, struct auth *auth, struct conf_tenant *tenant,
	struct graph **ret)
{
	struct graph *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	*g = (struct graph){.loop = l, .http = h, .auth = auth, .tenant = conf_tenant_ref(tenant)};
	TAILQ_INIT(&g->calls);
	for (size_t i = 0; i < _GRAPH_OP_MAX; i++)
		g->winner[i] = FORM_LINK;
	*ret = g;
	return 0;
}

struct graph *graph_free(struct graph *g)
{
	struct graph_call *c;

	if (!g)
		return NULL;
	while ((c = TAILQ_FIRST(&g->calls)))
		graph_call_cancel(c);
	(void)conf_tenant_unref(g->tenant);
	for (size_t i = 0; i < _GRAPH_OP_MAX; i++)
		free(g->told[i]);
	free(g->trouble);
	free(g);
	return NULL;
}

const char *graph_trouble(const struct graph *g)
{
	return g->trouble;
}

uint64_t graph_requests(const struct graph *g)
{
	return g->requests;
}
