/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/listing.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/conf/conf.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"

struct listing {
	struct tenant *t;
	listing_done_fn done;
	void *arg;
	struct graph_call *call;
	struct remote_job_list jobs;
	int64_t date_us;
	unsigned n_pages;
};

struct listing *listing_cancel(struct listing *l)
{
	if (!l)
		return NULL;
	graph_call_cancel(l->call);
	remote_job_list_done(&l->jobs);
	free(l);
	return NULL;
}

static void finish(struct listing *l, const struct graph_reply *failed)
{
	struct remote_job_list jobs = l->jobs;
	listing_done_fn done = l->done;
	int64_t date_us = l->date_us;
	void *arg = l->arg;

	l->jobs = (struct remote_job_list){0};
	(void)listing_cancel(l);
	done(arg, failed, &jobs, date_us);
	remote_job_list_done(&jobs);
}

static void fail(struct listing *l, enum graph_outcome outcome, const char *text)
{
	log_info(&((struct log_ctx){.tenant = l->t->conf->name}), "%s", text);
	finish(l, &((struct graph_reply){.outcome = outcome, .text = text}));
}

static void refused(struct listing *l, const struct graph_reply *reply)
{
	struct graph_reply failed = *reply;

	if (!failed.text)
		failed.text = graph_outcome_name(failed.outcome);
	finish(l, &failed);
}

static void on_page(void *arg, struct graph_reply *reply)
{
	_cleanup_(freep) char *next = NULL;
	struct listing *l = arg;
	unsigned unknown;

	l->call = NULL;
	if (reply->outcome != GRAPH_OK) {
		refused(l, reply);
		return;
	}
	if (l->date_us == TIME_NONE)
		l->date_us = reply->date_us;
	if (remote_job_list_parse(
		    &l->jobs, buf_text(&reply->body), reply->body.len, &next, &unknown) < 0)
		fail(l, GRAPH_BAD_REPLY, "the list of jobs cannot be read");
	else if (!next)
		finish(l, NULL);
	else if (++l->n_pages >= LIMIT_LIST_PAGES)
		fail(l, GRAPH_BAD_REPLY, "the list of jobs does not end");
	else if (graph_list_jobs(l->t->graph, next, on_page, l, &l->call) < 0)
		fail(l, GRAPH_NETWORK, "out of memory while listing jobs");
}

int listing_start(struct tenant *t, listing_done_fn done, void *arg, struct listing **ret)
{
	_cleanup_(listing_cancelp) struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct listing){.t = t, .done = done, .arg = arg, .date_us = TIME_NONE};
	int r = graph_list_jobs(t->graph, NULL, on_page, l, &l->call);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}
