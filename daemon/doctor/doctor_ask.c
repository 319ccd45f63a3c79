/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the store, of files, of the two hosts and of the token endpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "common/conf/conf.h"
#include "common/store/store_secret.h"
#include "common/store/store_view.h"
#include "daemon/doctor/doctor_visit_private.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/auth_jwt.h"
#include "daemon/watch/tenant.h"

/* Shorter than a step may take, and told apart from it. */
#define GREET_US (25 * USEC_PER_SEC)
/* A page that a HEAD is answered with does not come. */
#define HEAD_BYTES 4096u
/* Of the jobs in the store those that may still be listed. */
#define JOBS_LOOKED_AT 100u

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
		visit_step_done(v);
}

bool visit_ask_opened(struct visit *v)
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
	visit_step_done(v);
}

bool visit_ask_store(struct visit *v)
{
	store_thread_post(v->env.store, jobs_work, jobs_told, question_new(v));
	return true;
}

void visit_forget_question(struct visit *v)
{
	if (v->question)
		v->question->visit = NULL;
	v->question = NULL;
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

bool visit_ask_files(struct visit *v)
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
	visit_step_done(v);
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

bool visit_ask_hosts(struct visit *v)
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
	visit_answer(&v->facts.tokens[kind], (int)result->outcome, result->text, result->hint);
	visit_step_done(v);
}

static void account_told(void *arg, const struct auth_result *result)
{
	token_told(arg, AUTH_DELEGATED, result);
}

static void app_told(void *arg, const struct auth_result *result)
{
	token_told(arg, AUTH_APP, result);
}

bool visit_ask_token(struct visit *v)
{
	return auth_probe(v->t->auth, AUTH_DELEGATED, account_told, v, &v->auth) == 0;
}

bool visit_ask_app_token(struct visit *v)
{
	return v->conf->sign_in == SIGN_IN_USER_APP &&
	       auth_probe(v->t->auth, AUTH_APP, app_told, v, &v->auth) == 0;
}

/* Known only now when it came with a credential file. */
bool visit_ask_sign_in(struct visit *v)
{
	const struct sign_in *s = auth_sign_in(v->t->auth);

	free(v->facts.token_tenant);
	v->facts.token_tenant = mem_text(auth_token_tenant(v->t->auth));
	v->facts.sign_in_known = s && sign_in_copy(s, &v->facts.sign_in) == 0;
	return false;
}
