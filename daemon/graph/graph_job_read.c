/* SPDX-License-Identifier: Apache-2.0 */
/* How a job can be read: words for it, and the memory of it. */
#include <string.h>

#include "common/base/cleanup.h"
#include "daemon/graph/graph_private.h"

static const struct {
	struct graph_job_read how;
	const char *name, *text;
} words[] = {
	{{GRAPH_BY_USER, GRAPH_AT_LOCATION}, "user location",
		"with the account's token, where the service says that it is"},
	{{GRAPH_BY_USER, GRAPH_AT_SNAPSHOT}, "user snapshot",
		"with the account's token, below its snapshot"},
	{{GRAPH_BY_USER, GRAPH_AT_JOBS}, "user jobs",
		"with the account's token, below /directory/recovery/jobs"},
	{{GRAPH_BY_APP, GRAPH_AT_LOCATION}, "app location",
		"with the app's own token, where the service says that it is"},
	{{GRAPH_BY_APP, GRAPH_AT_SNAPSHOT}, "app snapshot",
		"with the app's own token, below its snapshot"},
	{{GRAPH_BY_APP, GRAPH_AT_JOBS}, "app jobs",
		"with the app's own token, below /directory/recovery/jobs"},
	{{GRAPH_BY_ANY, GRAPH_AT_LIST}, "list", "only in the list of all jobs"},
	{{GRAPH_BY_ANY, GRAPH_AT_UNKNOWN}, "unknown", "not found out yet"},
};

static bool same(struct graph_job_read a, struct graph_job_read b)
{
	return a.by == b.by && a.at == b.at;
}

const char *graph_job_read_name(struct graph_job_read how)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (same(words[i].how, how))
			return words[i].name;
	return "unknown";
}

const char *graph_job_read_text(struct graph_job_read how)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (same(words[i].how, how))
			return words[i].text;
	return "not found out yet";
}

struct graph_job_read graph_job_read_parse(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return words[i].how;
	return (struct graph_job_read){GRAPH_BY_ANY, GRAPH_AT_UNKNOWN};
}

/* --- memory --------------------------------------------------------------------------------------
 */

struct graph_job_read graph_job_read(const struct graph *g)
{
	return g->job_read;
}

/* The same as if it had just been found out. */
void graph_recall_job_read(struct graph *g, struct graph_job_read how)
{
	g->job_read = how;
	if (how.by != GRAPH_BY_ANY)
		g->swapped[GRAPH_GET_JOB] =
			(how.by == GRAPH_BY_APP) != graph_op_row(GRAPH_GET_JOB)->app;
	if (how.at == GRAPH_AT_SNAPSHOT)
		g->winner[GRAPH_GET_JOB] = 0;
	else if (how.at == GRAPH_AT_JOBS)
		g->winner[GRAPH_GET_JOB] = 1;
}

void graph_on_job_read(struct graph *g, void (*fn)(void *arg, struct graph_job_read how), void *arg)
{
	g->on_job_read = fn;
	g->on_job_read_arg = arg;
}

void graph_note_job_read(struct graph *g, struct graph_job_read how)
{
	if (same(g->job_read, how))
		return;
	g->job_read = how;
	if (g->on_job_read)
		g->on_job_read(g->on_job_read_arg, how);
}

void graph_note_listed(struct graph *g)
{
	graph_note_job_read(g, (struct graph_job_read){GRAPH_BY_ANY, GRAPH_AT_LIST});
}
