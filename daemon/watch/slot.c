/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/slot.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"

struct slot_question {
	struct tenant *t;
	slot_done_fn done;
	void *arg;
	struct graph_call *call;
	struct remote_job_list listed;
	unsigned n_pages;
};

struct slot_question *slot_cancel(struct slot_question *q)
{
	if (!q)
		return NULL;
	graph_call_cancel(q->call);
	remote_job_list_done(&q->listed);
	free(q);
	return NULL;
}

static const struct remote_job *holder_of(const struct remote_job_list *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (!remote_job_ended(&jobs->items[i]))
			return &jobs->items[i];
	return NULL;
}

/* Consumes the question. */
static void answer(struct slot_question *q, enum graph_outcome outcome, const char *text)
{
	q->done(q->arg, outcome, text, outcome == GRAPH_OK ? holder_of(&q->listed) : NULL);
	(void)slot_cancel(q);
}

static void on_page(void *arg, struct graph_reply *reply)
{
	_cleanup_(freep) char *next = NULL;
	struct slot_question *q = arg;
	unsigned unknown;

	q->call = NULL;
	if (reply->outcome != GRAPH_OK)
		answer(q, reply->outcome,
			reply->text ? reply->text : graph_outcome_name(reply->outcome));
	else if (remote_job_list_parse(
			 &q->listed, buf_text(&reply->body), reply->body.len, &next, &unknown) < 0)
		answer(q, GRAPH_BAD_REPLY, "the list of jobs cannot be read");
	else if (!next)
		answer(q, GRAPH_OK, NULL);
	else if (++q->n_pages >= LIMIT_LIST_PAGES)
		answer(q, GRAPH_BAD_REPLY, "the list of jobs does not end");
	else if (graph_list_jobs(q->t->graph, next, on_page, q, &q->call) < 0)
		answer(q, GRAPH_NETWORK, "out of memory");
}

int slot_ask(struct tenant *t, slot_done_fn done, void *arg, struct slot_question **ret)
{
	_cleanup_(slot_cancelp) struct slot_question *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	*q = (struct slot_question){.t = t, .done = done, .arg = arg};
	int r = graph_list_jobs(t->graph, NULL, on_page, q, &q->call);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(q);
	return 0;
}
