/* SPDX-License-Identifier: Apache-2.0 */
/* The service's list of jobs, whole: creating, adopting and a last resort of polling look at it. */
#include "daemon/watch/job_steps.h"

static void on_list(
	void *arg, const struct graph_reply *failed, struct remote_job_list *jobs, int64_t date_us)
{
	struct job *j = arg;
	void (*then)(struct job *, const struct graph_reply *) = j->list_then;

	j->listing = NULL;
	j->listed = *jobs;
	*jobs = (struct remote_job_list){0};
	j->list_date_us = date_us;
	then(j, failed);
}

void job_list(struct job *j, void (*then)(struct job *j, const struct graph_reply *failed))
{
	remote_job_list_done(&j->listed);
	j->list_then = then;
	if (listing_start(j->t, on_list, j, &j->listing) < 0)
		then(j, &((struct graph_reply){.outcome = GRAPH_NETWORK, .text = "out of memory"}));
}
