/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_graph.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_check.h"
#include "tests/graphsim/sim_job.h"

#define FUNCTION_PREFIX "microsoft.graph.entraRecoveryServices."
#define MAX_PATTERN 5

/* "S", "J": any snapshot, any job; "F": the function of that row in one of its forms. */
static const struct route {
	const char *method;
	const char *pattern[MAX_PATTERN + 1];
	const char *function;
	enum sim_need need;
	enum sim_counter counter;
	bool enums; /* the answer has enum members newer than the sentinel */
	void (*handle)(struct sim_ctx *c);
} routes[] = {
	{"GET", {"snapshots"}, NULL, SIM_NEED_READ, SIM_COUNT_SNAPSHOTS, false, sim_list_snapshots},
	{"GET", {"snapshots", "S"}, NULL, SIM_NEED_READ, SIM_COUNT_SNAPSHOTS, false,
		sim_get_snapshot},
	{"GET", {"snapshots", "S", "recoveryPreviewJobs"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOBS,
		true, sim_list_preview_jobs},
	{"POST", {"snapshots", "S", "recoveryPreviewJobs"}, NULL, SIM_NEED_CREATE, SIM_COUNT_CREATE,
		false, sim_create_preview},
	{"GET", {"snapshots", "S", "recoveryPreviewJobs", "J"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOB,
		true, sim_get_job},
	{"GET", {"snapshots", "S", "recoveryPreviewJobs", "J", "F"}, "getChanges", SIM_NEED_READ,
		SIM_COUNT_CHANGES, true, sim_get_changes},
	{"GET", {"snapshots", "S", "recoveryJobs"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOBS, true,
		sim_list_recovery_jobs},
	{"POST", {"snapshots", "S", "recoveryJobs"}, NULL, SIM_NEED_NEVER, SIM_COUNT_CREATE, false,
		sim_refuse_recovery},
	{"GET", {"snapshots", "S", "recoveryJobs", "J"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOB, true,
		sim_get_job},
	{"GET", {"snapshots", "S", "recoveryJobs", "J", "F"}, "getFailedChanges", SIM_NEED_READ,
		SIM_COUNT_CHANGES, true, sim_get_failed_changes},
	{"GET", {"jobs"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOBS, true, sim_list_all_jobs},
	{"GET", {"jobs", "J"}, NULL, SIM_NEED_POLL, SIM_COUNT_JOB, true, sim_get_job},
	{"POST", {"jobs", "J", "F"}, "cancel", SIM_NEED_CREATE, SIM_COUNT_CANCEL, false,
		sim_cancel_job},
};

/* The bare name of a function segment, written into name; which of the forms it had is returned. */
static int function_form(const char *segment, char *name, size_t size)
{
	size_t prefix = strlen(FUNCTION_PREFIX), len = strlen(segment);
	int form = SIM_FUNCTION_PLAIN;

	if (strncmp(segment, FUNCTION_PREFIX, prefix) == 0) {
		form = SIM_FUNCTION_QUALIFIED;
		segment += prefix;
		len -= prefix;
	}
	if (len > 2 && strcmp(segment + len - 2, "()") == 0) {
		form = SIM_FUNCTION_PARENS;
		len -= 2;
	}
	(void)snprintf(name, size, "%.*s", (int)len, segment);
	return form;
}

static bool is_function(const char *segment, const char *function)
{
	char name[64];

	(void)function_form(segment, name, sizeof(name));
	return function && strcmp(name, function) == 0;
}

static bool matches(const struct route *r, char *const *segments, size_t n, struct sim_ctx *c)
{
	const char *snapshot = NULL, *job = NULL, *function = NULL;
	size_t i = 0;

	for (; i < n && r->pattern[i]; i++) {
		if (strcmp(r->pattern[i], "S") == 0)
			snapshot = segments[i];
		else if (strcmp(r->pattern[i], "J") == 0)
			job = segments[i];
		else if (strcmp(r->pattern[i], "F") == 0 && is_function(segments[i], r->function))
			function = segments[i];
		else if (strcmp(r->pattern[i], segments[i]) != 0)
			return false;
	}
	if (i != n || r->pattern[i])
		return false;
	c->snapshot = snapshot;
	c->job = job;
	c->function = function;
	return true;
}

/* Which form of the function's name works is an open question, so the others are no violation. */
static bool form_accepted(struct sim_ctx *c)
{
	int64_t accepted = sim_switch(c->s, c->tenant, SIM_SW_FUNCTION);
	char name[64];

	if (accepted == SIM_FUNCTION_DOCUMENTED)
		accepted = c->beta ? SIM_FUNCTION_PLAIN : SIM_FUNCTION_QUALIFIED;
	/* what is done by POST is an action, and never has them */
	if (accepted == SIM_FUNCTION_PARENS && strcmp(c->req->method, "POST") == 0)
		accepted = SIM_FUNCTION_QUALIFIED;

	if (!c->function || accepted == SIM_FUNCTION_ANY)
		return true;
	if (function_form(c->function, name, sizeof(name)) == accepted)
		return true;
	sim_reply_error(
		c, 400, "BadRequest", "Resource not found for the segment '%s'.", c->function);
	return false;
}

static const struct route *find_route(
	struct sim_ctx *c, char *const *segments, size_t n, bool *ret_known)
{
	*ret_known = false;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!matches(&routes[i], segments, n, c))
			continue;
		*ret_known = true;
		if (strcmp(routes[i].method, c->req->method) == 0)
			return &routes[i];
	}
	return NULL;
}

void sim_graph(struct sim_ctx *c, char *const *segments, size_t n)
{
	const struct route *r = NULL;
	bool known = false;

	c->beta = strcmp(segments[0], "beta") == 0;
	if (sim_me(c, segments + 1, n - 1))
		return;
	if (n > 3 && strcmp(segments[1], "directory") == 0 && strcmp(segments[2], "recovery") == 0)
		r = find_route(c, segments + 3, n - 3, &known);
	if (!r) {
		sim_violate(c->s, "%s %s: no such %s", c->req->method, c->path,
			known ? "method there" : "path");
		if (known)
			sim_reply_error(c, 405, "Request_BadRequest", "Method not allowed.");
		else
			sim_reply_error(c, 400, "BadRequest",
				"Resource not found for the segment '%s'.", segments[n - 1]);
		return;
	}
	sim_tally(c->s, c->tenant, r->counter);
	if (r->enums)
		sim_check_prefer(c);
	if (c->req->body_len && strcmp(r->method, "GET") == 0)
		sim_violate(c->s, "GET %s: with a body", c->path);
	if (sim_authorise(c, r->need) && form_accepted(c))
		r->handle(c);
}

/* A path below /snapshots must name the job's own snapshot, in whatever form of the id. */
static bool same_snapshot(const struct sim_ctx *c, const struct sim_job *j)
{
	int64_t us;

	return !c->snapshot ||
	       (sim_snapshot_decode(c->snapshot, &us) == 0 && us == j->snapshot.created_us);
}

static void check_foreign_tenant(struct sim_ctx *c)
{
	for (size_t i = 0; i < c->s->n_tenants; i++)
		if (c->s->tenants[i] != c->tenant &&
			sim_job_find(c->s->tenants[i], c->now_us, c->job))
			sim_violate(c->s, "%s %s: a job of %s asked for with a token of %s",
				c->req->method, c->path, c->s->tenants[i]->name, c->tenant->name);
}

struct sim_job *sim_path_job(struct sim_ctx *c)
{
	struct sim_job *j = sim_job_find(c->tenant, c->now_us, c->job);
	bool wants_recovery = strstr(c->path, "/recoveryJobs/") != NULL;

	if (j && same_snapshot(c, j) && (!c->snapshot || j->recovery == wants_recovery))
		return j;
	check_foreign_tenant(c);
	sim_reply_error(
		c, 404, "Request_ResourceNotFound", "Job with identifier %s not found", c->job);
	return NULL;
}

void sim_get_job(struct sim_ctx *c)
{
	struct sim_job *j = sim_path_job(c);
	struct buf body = BUF_INIT(SIM_LINE_MAX), context = BUF_INIT(SIM_LINE_MAX);
	char id[SIM_SNAP_ID_SIZE];
	bool bare = sim_switch(c->s, c->tenant, SIM_SW_CONTEXT) == SIM_CONTEXT_BARE;

	if (!j)
		return;
	sim_reply(c, 200, SIM_JSON);
	(void)sim_root(c, &context);
	if (c->snapshot)
		buf_printf(&context, "/$metadata#directory/recovery/snapshots('%s')/%s/$entity",
			sim_snapshot_id(c->tenant, j->snapshot.created_us, id),
			j->recovery ? "recoveryJobs" : "recoveryPreviewJobs");
	else
		buf_puts(&context, "/$metadata#directory/recovery/jobs/$entity");
	sim_job_write(&body, j, c->now_us, !c->snapshot, !c->newer_enums);
	/* the resource, with the context as its first member */
	buf_printf(&c->res->body, "{\"%s\":\"%s\",%s", bare ? "@context" : "@odata.context",
		buf_text(&context), buf_text(&body) + 1);
	buf_done(&body);
	buf_done(&context);
}
