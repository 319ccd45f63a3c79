/* SPDX-License-Identifier: Apache-2.0 */
/* The service's list of jobs, whole: creating, adopting and a last resort of polling look at it. */
#include <errno.h>

#include "common/base/limits.h"
#include "daemon/watch/job_steps.h"
#include "daemon/watch/tenant.h"

static void ask(struct job *j, const char *link);

static void finish(struct job *j, const struct graph_reply *failed)
{
	void (*then)(struct job *, const struct graph_reply *) = j->list_then;

	j->list_then = NULL;
	then(j, failed);
}

static void fail(struct job *j, enum graph_outcome why, const char *text)
{
	finish(j, &((struct graph_reply){.outcome = why, .text = text}));
}

static void on_page(void *arg, struct graph_reply *reply)
{
	_cleanup_(freep) char *next = NULL;
	struct job *j = arg;
	unsigned unknown;

	JOB_CALL_OVER(j);
	if (reply->outcome != GRAPH_OK) {
		finish(j, reply);
		return;
	}
	if (reply->date_us != TIME_NONE && j->list_date_us == TIME_NONE)
		j->list_date_us = reply->date_us;
	if (remote_job_list_parse(
		    &j->listed, buf_text(&reply->body), reply->body.len, &next, &unknown) < 0)
		fail(j, GRAPH_BAD_REPLY, "the list of jobs cannot be read");
	else if (!next)
		finish(j, NULL);
	else if (++j->list_pages >= LIMIT_LIST_PAGES)
		fail(j, GRAPH_BAD_REPLY, "the list of jobs does not end");
	else
		ask(j, next);
}

static void ask(struct job *j, const char *link)
{
	if (graph_list_jobs(j->t->graph, link, on_page, j, &j->call) < 0)
		fail(j, GRAPH_NETWORK, "out of memory");
}

void job_list(struct job *j, void (*then)(struct job *j, const struct graph_reply *failed))
{
	remote_job_list_done(&j->listed);
	j->list_pages = 0;
	j->list_date_us = TIME_NONE;
	j->list_then = then;
	ask(j, NULL);
}
