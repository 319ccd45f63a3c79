/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A visit goes through a table of steps. A step whose check is kept from being made by an earlier
 * result is left out. Every step ends: by its answer, or by the time that it may take.
 */
#include "daemon/doctor/doctor_visit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/snapshot.h"
#include "common/store/store_secret.h"
#include "common/store/store_view.h"
#include "daemon/doctor/doctor_judge.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/auth_jwt.h"
#include "daemon/graph/graph.h"
#include "daemon/watch/tenant.h"

/* Shorter than a step may take, and told apart from it. */
#define GREET_US (25 * USEC_PER_SEC)
/* A page that a HEAD is answered with does not come. */
#define HEAD_BYTES 4096u
/* Of the jobs in the store those that may still be listed. */
#define JOBS_LOOKED_AT 100u

static const char no_answer[] = "no answer within a minute";

struct question; /* to the store; outlives the visit */

struct host_call {
	struct visit *visit;
	struct doctor_host *host;
	struct http_call *http;
	char *url;
};

struct visit {
	struct visit_env env;
	struct tenant *t; /* NULL: it has gone */
	struct conf_tenant *conf;
	visit_done_fn done;
	void *arg;
	struct doctor_facts facts;
	size_t step;
	struct loop_timer *next, *limit;

	/* what the step that is under way waits for */
	struct host_call calls[_DOCTOR_HOSTS];
	struct auth_wait *auth;
	struct graph_call *graph;
	struct question *question;
	struct snapshot_list snapshots;
	struct remote_job_list jobs;
	unsigned n_pages;
};

static void step_done(struct visit *v)
{
	loop_timer_disarm(v->limit);
	v->step++;
	loop_timer_arm(v->next, 0);
}

static void set_answer(struct doctor_answer *a, int outcome, const char *text, const char *hint)
{
	free(a->text);
	free(a->hint);
	*a = (struct doctor_answer){
		.asked = true,
		.outcome = outcome,
		.text = mem_text(text ? text : ""),
		.hint = mem_text(hint),
	};
}

/* --- the store ----------------------------------------------------------------------------------
 */

struct question {
	struct visit *visit; /* NULL: nobody waits any more */
	char *tenant, *holder;
	int64_t previewed_us;
	bool ours;
};

static struct question *question_free(struct question *q)
{
	if (!q)
		return NULL;
	free(q->tenant);
	free(q->holder);
	free(q);
	return NULL;
}
DEFINE_CLEANUP(struct question, question_free);

static struct question *question_new(struct visit *v)
{
	struct question *q = mem_alloc(sizeof(*q));

	*q = (struct question){
		.visit = v,
		.tenant = mem_text(v->conf->name),
		.holder = mem_text(v->facts.holder.service_id),
		.previewed_us = TIME_NONE,
	};
	v->question = q;
	return q;
}

/* The visit that still waits for it, or NULL. */
static struct visit *question_back(struct question *q)
{
	if (q->visit)
		q->visit->question = NULL;
	return q->visit;
}

/* Answers come in the order of posting: when this one comes, the tenant was admitted or refused. */
static int opened_work(struct store *s, void *arg)
{
	(void)s;
	(void)arg;
	return 0;
}

static void opened(void *arg, int r)
{
	_cleanup_(question_freep) struct question *q = arg;
	struct visit *v = question_back(q);

	(void)r;
	if (v)
		step_done(v);
}

static bool ask_opened(struct visit *v)
{
	if (v->t->auth || v->t->look_trouble)
		return false;
	store_thread_post(v->env.store, opened_work, opened, question_new(v));
	return true;
}

static int jobs_work(struct store *s, void *arg)
{
	_cleanup_(view_jobs_done) struct view_jobs list = {0};
	struct question *q = arg;
	int r = store_view_jobs(s, q->tenant, VIEW_JOBS_ALL, VIEW_FIRST, JOBS_LOOKED_AT, &list);

	q->previewed_us = TIME_NONE;
	q->ours = false;
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		const struct view_job *j = &list.items[i];

		if (!j->service_id)
			continue;
		if (!j->adopted && q->previewed_us == TIME_NONE)
			q->previewed_us = j->started_us;
		if (q->holder && strcmp(j->service_id, q->holder) == 0)
			q->ours = true;
	}
	return r;
}

static void jobs_told(void *arg, int r)
{
	_cleanup_(question_freep) struct question *q = arg;
	struct visit *v = question_back(q);

	if (!v)
		return;
	if (r == 0) {
		v->facts.previewed_us = q->previewed_us;
		v->facts.ours = q->ours;
	}
	step_done(v);
}

static bool ask_store(struct visit *v)
{
	store_thread_post(v->env.store, jobs_work, jobs_told, question_new(v));
	return true;
}

/* --- files --------------------------------------------------------------------------------------
 */

static struct secret *read_file(struct visit *v, size_t which, const char *name)
{
	struct doctor_credential *c = &v->facts.credentials[which];
	struct secret *secret = NULL;

	c->name = mem_text(name);
	c->r = credential_read(v->env.credentials_dir, name, &secret, &c->path);
	return secret;
}

static void read_certificate(struct visit *v)
{
	struct doctor_credential *c = &v->facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE];
	_cleanup_(auth_key_freep) struct auth_key *key = NULL;
	_cleanup_(secret_freep) struct secret *pem =
		read_file(v, DOCTOR_CREDENTIAL_CERTIFICATE, v->conf->certificate);

	if (!pem)
		return;
	int r = auth_key_parse(pem->data, pem->len, &key);
	if (r != 0)
		c->problem = mem_text(auth_key_error_text(r));
	else
		v->facts.certificate_us = auth_key_expires_us(key);
}

static bool ask_files(struct visit *v)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT_SURE(LIMIT_NAME_BYTES);
	_cleanup_(secret_freep) struct secret *token = NULL;

	v->facts.refused = mem_text(v->t->auth		 ? NULL
				    : v->t->look_trouble ? v->t->look_trouble
							 : "the store does not answer");
	buf_printf(&name, "%s.%s", v->conf->name, STORE_SECRET_REFRESH_TOKEN);
	token = read_file(v, DOCTOR_CREDENTIAL_TOKEN, buf_text(&name));
	if (*v->conf->certificate)
		read_certificate(v);
	return false;
}

/* --- hosts --------------------------------------------------------------------------------------
 */

static void host_answered(void *arg, struct http_result *result);

static bool greet(struct host_call *c, bool anybody)
{
	const struct conf_tenant *conf = c->visit->conf;
	struct http_request request = {
		.method = "HEAD",
		.url = c->url,
		.max_bytes = HEAD_BYTES,
		.timeout_us = GREET_US,
		.ca_file = conf->ca_file,
		.proxy = conf->proxy,
		.http1 = conf->http1,
		.peer = true,
		.greet = anybody,
		.anybody = anybody,
	};

	return http_start(c->visit->env.http, &request, host_answered, c, &c->http) == 0;
}

static void hosts_check(struct visit *v)
{
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++)
		if (v->calls[i].http)
			return;
	step_done(v);
}

static void host_answered(void *arg, struct http_result *result)
{
	struct host_call *c = arg;
	struct doctor_host *h = c->host;
	bool first = !h->asked;

	c->http = NULL;
	if (result->peer) {
		h->met = true;
		h->peer = *result->peer;
	}
	if (first) {
		h->asked = true;
		h->error = result->error;
		h->stage = result->stage;
		h->text = mem_text(result->error_text);
		h->off_us = result->date_us == TIME_NONE ? TIME_NONE
							 : result->date_us - result->wall_us;
	}
	/* whose certificate is it, then? */
	if (first && result->error == HTTP_E_TLS && !result->peer && greet(c, true))
		return;
	hosts_check(c->visit);
}

/* "login.microsoftonline.com" of "https://login.microsoftonline.com/". */
static char *host_of(const char *url)
{
	const char *at = strstr(url, "://");
	char *name = mem_text(at ? at + strlen("://") : url);

	name[strcspn(name, "/")] = '\0';
	return name;
}

static bool ask_hosts(struct visit *v)
{
	const char *urls[_DOCTOR_HOSTS] = {v->conf->authority, v->conf->graph_url};
	bool any = false;

	for (size_t i = 0; i < _DOCTOR_HOSTS; i++) {
		struct host_call *c = &v->calls[i];

		*c = (struct host_call){.visit = v, .host = &v->facts.hosts[i]};
		c->host->name = host_of(urls[i]);
		c->url = mem_text(urls[i]);
		if (greet(c, false)) {
			any = true;
			continue;
		}
		c->host->asked = true;
		c->host->error = HTTP_E_INTERNAL;
		c->host->stage = HTTP_AT_NAME;
		c->host->text = mem_text("the request could not be made");
	}
	return any;
}

/* --- tokens -------------------------------------------------------------------------------------
 */

static void token_told(struct visit *v, enum auth_kind kind, const struct auth_result *result)
{
	v->auth = NULL;
	set_answer(&v->facts.tokens[kind], (int)result->outcome, result->text, result->hint);
	step_done(v);
}

static void account_told(void *arg, const struct auth_result *result)
{
	token_told(arg, AUTH_DELEGATED, result);
}

static void app_told(void *arg, const struct auth_result *result)
{
	token_told(arg, AUTH_APP, result);
}

static bool ask_token(struct visit *v)
{
	return auth_probe(v->t->auth, AUTH_DELEGATED, account_told, v, &v->auth) == 0;
}

static bool ask_app_token(struct visit *v)
{
	return v->conf->sign_in == SIGN_IN_USER_APP &&
	       auth_probe(v->t->auth, AUTH_APP, app_told, v, &v->auth) == 0;
}

/* Known only now when it came with a credential file. */
static bool ask_sign_in(struct visit *v)
{
	const struct sign_in *s = auth_sign_in(v->t->auth);

	free(v->facts.token_tenant);
	v->facts.token_tenant = mem_text(auth_token_tenant(v->t->auth));
	v->facts.sign_in_known = s && sign_in_copy(s, &v->facts.sign_in) == 0;
	return false;
}

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
		set_answer(a, (int)reply->outcome, reply->text, reply->hint);
	} else if (k->parse(v, &reply->body, &next) < 0) {
		set_answer(a, GRAPH_BAD_REPLY, "the list cannot be read", NULL);
	} else if (next && ++v->n_pages < LIMIT_LIST_PAGES && ask_page(v, k, next)) {
		return;
	} else {
		set_answer(a, GRAPH_OK, NULL, NULL);
		k->listed(v);
	}
	step_done(v);
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

static bool ask_snapshots(struct visit *v)
{
	v->n_pages = 0;
	return ask_page(v, &list_snapshots, NULL);
}

static bool ask_jobs(struct visit *v)
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
	set_answer(&v->facts.polled, (int)reply->outcome, reply->text, reply->hint);
	v->facts.job_read = graph_job_read(v->t->graph);
	step_done(v);
}

/* The list of jobs names the time of the snapshot only. */
static const char *snapshot_of(const struct visit *v, const struct remote_job *j)
{
	for (size_t i = 0; i < v->snapshots.n; i++)
		if (v->snapshots.items[i].created_us == j->target_us)
			return v->snapshots.items[i].service_id;
	return NULL;
}

static bool ask_polled(struct visit *v)
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

/* --- steps --------------------------------------------------------------------------------------
 */

/* start: false when there is nothing to wait for. late: what is known when no answer came. */
static const struct {
	enum doctor_check check;
	bool (*start)(struct visit *v);
	ptrdiff_t answer; /* in struct doctor_facts, of what was asked; -1: none */
	int late;
} steps[] = {
	{DOCTOR_WATCHED, ask_opened, -1, 0},
	{DOCTOR_CREDENTIALS, ask_files, -1, 0},
	{DOCTOR_DNS, ask_hosts, -1, 0},
	{DOCTOR_TOKEN, ask_token, offsetof(struct doctor_facts, tokens[AUTH_DELEGATED]),
		AUTH_NETWORK},
	{DOCTOR_APP_TOKEN, ask_app_token, offsetof(struct doctor_facts, tokens[AUTH_APP]),
		AUTH_NETWORK},
	{DOCTOR_SIGN_IN, ask_sign_in, -1, 0},
	{DOCTOR_SNAPSHOTS, ask_snapshots, offsetof(struct doctor_facts, snapshots), GRAPH_NETWORK},
	{DOCTOR_JOBS, ask_jobs, offsetof(struct doctor_facts, jobs), GRAPH_NETWORK},
	{DOCTOR_POLLING, ask_polled, offsetof(struct doctor_facts, polled), GRAPH_NETWORK},
	{DOCTOR_SLOT, ask_store, -1, 0},
};

static void stop_step(struct visit *v)
{
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++) {
		http_cancel(v->calls[i].http);
		v->calls[i].http = NULL;
	}
	auth_wait_cancel(v->auth);
	v->auth = NULL;
	graph_call_cancel(v->graph);
	v->graph = NULL;
	if (v->question)
		v->question->visit = NULL;
	v->question = NULL;
}

static void late(void *arg)
{
	struct visit *v = arg;
	ptrdiff_t at = steps[v->step].answer;

	stop_step(v);
	if (at >= 0)
		set_answer((struct doctor_answer *)((char *)&v->facts + at), steps[v->step].late,
			no_answer, NULL);
	step_done(v);
}

/* Something that is known by now makes the question pointless. */
static bool pointless(struct visit *v, enum doctor_check check)
{
	_cleanup_(doctor_report_done) struct doctor_report report = {0};
	enum doctor_check because;

	doctor_judge(&v->facts, &report);
	return doctor_blocked(&report, v->conf->name, check, &because);
}

static void finish(struct visit *v)
{
	_cleanup_(doctor_report_done) struct doctor_report report = {0};

	v->facts.now_us = clock_wall_us();
	doctor_judge(&v->facts, &report);
	v->done(v->arg, &report);
}

static void advance(void *arg)
{
	struct visit *v = arg;

	for (; v->t && v->step < ARRAY_SIZE(steps); v->step++) {
		if (pointless(v, steps[v->step].check))
			continue;
		if (!steps[v->step].start(v))
			continue;
		loop_timer_arm(v->limit, LIMIT_DOCTOR_STEP_US);
		return;
	}
	finish(v);
}

int visit_start(const struct visit_env *env, struct tenant *t, visit_done_fn done, void *arg,
	struct visit **ret)
{
	_cleanup_(visit_freep) struct visit *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	*v = (struct visit){
		.env = *env,
		.t = t,
		.conf = conf_tenant_ref(t->conf),
		.done = done,
		.arg = arg,
		.facts = {.conf = t->conf,
			.now_us = clock_wall_us(),
			.certificate_us = TIME_NONE,
			.newest_us = TIME_NONE,
			.previewed_us = TIME_NONE,
			.sign_in = SIGN_IN_INIT},
	};
	int r = loop_timer_new(env->loop, "doctor", advance, v, &v->next);
	if (r == 0)
		r = loop_timer_new(env->loop, "doctor limit", late, v, &v->limit);
	if (r < 0)
		return r;
	loop_timer_arm(v->next, 0);
	*ret = TAKE_PTR(v);
	return 0;
}

void visit_leave(struct visit *v)
{
	stop_step(v);
	v->t = NULL;
	free(v->facts.refused);
	v->facts.refused = mem_text("its configuration was changed meanwhile; ask again");
	loop_timer_disarm(v->limit);
	loop_timer_arm(v->next, 0);
}

struct visit *visit_free(struct visit *v)
{
	if (!v)
		return NULL;
	stop_step(v);
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++)
		free(v->calls[i].url);
	snapshot_list_done(&v->snapshots);
	remote_job_list_done(&v->jobs);
	doctor_facts_done(&v->facts);
	(void)loop_timer_free(v->next);
	(void)loop_timer_free(v->limit);
	(void)conf_tenant_unref(v->conf);
	free(v);
	return NULL;
}
