/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of an enrolled person: the refresh-token grant. The token comes from credential
 * TENANT.refresh_token once, and afterwards from the store, where each rotated one replaces its
 * predecessor before that is forgotten here. A refused one is kept aside and never sent
 * again; a different one, from a new credential file, ends that.
 *
 * Requests to the store belong to the store until they come back, so they outlive the slot: a job
 * whose slot is gone frees itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/store/store_secret.h"
#include "daemon/engine/store_thread.h"
#include "daemon/graph/auth_private.h"

/* What is wrong here may be put right while we run. */
#define HOLD_LOCAL_US (60 * USEC_PER_SEC)
#define TEXT_BYTES 2048u

static const char hint_enrol[] =
	"put a refresh token into the credential TENANT.refresh_token and restart snapwatchd";

struct user_job;

struct user {
	struct secret *token; /* the newest; NULL: not read yet, or refused */
	struct secret *refused;
	char *refused_text;
	const char *refused_hint;
	struct user_job *job; /* at the store; NULL */
};

struct user_job {
	struct auth_slot *slot; /* NULL when it is gone */
	char *tenant_id;
	struct secret *credential; /* load: of the file, NULL when there is none */
	struct secret *token;	   /* load: the result; save: what is to be kept */
	bool taken;		   /* load: the credential replaced what was there */
	bool other_key;		   /* load: which another store key had sealed */
	struct auth_reply reply;   /* save: delivered afterwards */
};

static struct user_job *job_free(struct user_job *job)
{
	if (!job)
		return NULL;
	(void)secret_free(job->credential);
	(void)secret_free(job->token);
	auth_reply_done(&job->reply);
	free(job->tenant_id);
	free(job);
	return NULL;
}
DEFINE_CLEANUP(struct user_job, job_free);

static int job_new(struct auth_slot *slot, struct user_job **ret)
{
	_cleanup_(job_freep) struct user_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->slot = slot;
	int r = text_copy(slot->auth->tenant->tenant_id, &job->tenant_id);
	if (r == 0)
		*ret = TAKE_PTR(job);
	return r;
}

static void post(
	struct auth_slot *slot, struct user_job *job, store_work_fn work, store_done_fn done)
{
	struct user *u = slot->state;

	u->job = job;
	store_thread_post(slot->auth->env.store, work, done, job);
}

/* The slot that the job came from, which waits for it; NULL when it is gone. */
static struct auth_slot *job_back(struct user_job *job)
{
	if (job->slot)
		((struct user *)job->slot->state)->job = NULL;
	return job->slot;
}

/* --- redeeming ---------------------------------------------------------------------------------
 */

static void redeem(struct auth_slot *slot)
{
	struct user *u = slot->state;
	struct buf form = BUF_INIT_SECRET(4 * LIMIT_SECRET_BYTES);

	auth_form_add(&form, "grant_type", "refresh_token");
	auth_form_add(&form, "refresh_token", u->token->data);
	auth_slot_send(slot, &form);
}

static void lost_refused(struct auth_slot *slot)
{
	struct user *u = slot->state;

	auth_slot_lost(slot, AUTH_SIGN_IN,
		u->refused_text ? u->refused_text : "the refresh token was refused",
		u->refused_hint, HOLD_LOCAL_US);
}

static int save_work(struct store *s, void *arg)
{
	struct user_job *job = arg;

	return store_secret_put(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, job->token);
}

static void save_done(void *arg, int r)
{
	_cleanup_(job_freep) struct user_job *job = arg;
	struct auth_slot *slot = job_back(job);

	if (!slot)
		return;

	struct user *u = slot->state;

	if (r != 0) {
		const struct log_ctx ctx = {.tenant = slot->auth->tenant->name};
		_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);

		/* the old one stays in the store and, at the service, valid */
		store_secret_error_text(r, slot->auth->tenant->name, &why);
		log_event(LOG_ERR, LOG_ID_STORE_ERROR, &ctx,
			"the new refresh token could not be kept: %s", buf_text(&why));
	}
	(void)secret_free(u->token);
	u->token = TAKE_PTR(job->token);

	struct auth_reply reply = job->reply;

	job->reply = (struct auth_reply){0};
	auth_slot_won(slot, &reply);
}

/* A reply without a refresh token leaves the old one in place. */
static void granted(struct auth_slot *slot, struct auth_reply *reply)
{
	struct user *u = slot->state;
	struct user_job *job = NULL;

	slot->auth->last_refresh_us = clock_wall_us();
	if (!reply->refresh || secret_equal(reply->refresh, u->token)) {
		auth_slot_won(slot, reply);
		return;
	}
	(void)mem_insist(job_new(slot, &job));
	job->token = TAKE_PTR(reply->refresh);
	job->reply = *reply;
	post(slot, job, save_work, save_done);
}

static void refused(struct auth_slot *slot, struct auth_reply *reply)
{
	struct user *u = slot->state;

	if (!reply->dead)
		return;
	(void)secret_free(u->refused);
	u->refused = TAKE_PTR(u->token);
	free(u->refused_text);
	u->refused_text = NULL;
	(void)text_copy(buf_text(&reply->text), &u->refused_text);
	u->refused_hint = reply->hint;
}

/* --- loading -----------------------------------------------------------------------------------
 */

static int load_work(struct store *s, void *arg)
{
	struct user_job *job = arg;

	job->token = secret_free(job->token);
	job->taken = job->other_key = false;

	int r = store_secret_get(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, &job->token);

	if (!job->credential || r < 0 || r == STORE_SECRET_E_NO_KEY)
		return r;
	job->other_key = r == STORE_SECRET_E_KEY;
	job->token = secret_free(job->token);
	r = store_secret_offer(
		s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, job->credential, &job->taken);
	if (r != 0)
		return r;
	return store_secret_get(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, &job->token);
}

static void lost_store(struct auth_slot *slot, int r)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);
	bool sign_in = r == STORE_SECRET_E_NONE || r == STORE_SECRET_E_BROKEN;

	store_secret_error_text(r, slot->auth->tenant->name, &why);
	auth_slot_lost(slot,
		sign_in ? AUTH_SIGN_IN
		: r > 0 ? AUTH_CONFIG
			: AUTH_NETWORK,
		buf_text(&why), sign_in ? hint_enrol : NULL, HOLD_LOCAL_US);
}

static void load_done(void *arg, int r)
{
	_cleanup_(job_freep) struct user_job *job = arg;
	struct auth_slot *slot = job_back(job);

	if (!slot)
		return;

	struct user *u = slot->state;
	const struct log_ctx ctx = {.tenant = slot->auth->tenant->name};

	if (r != 0) {
		lost_store(slot, r);
		return;
	}
	/* fingerprints of taken files are keyed, too: for a new key each of them is new */
	if (job->taken && job->other_key)
		log_notice(&ctx,
			"the stored sign-in of '%s' was sealed with another %s; the credential "
			"%s.%s is used anew",
			slot->auth->tenant->name, STORE_KEY_CREDENTIAL, slot->auth->tenant->name,
			STORE_SECRET_REFRESH_TOKEN);
	else if (job->taken)
		log_notice(&ctx, "took a new refresh token from credential '%s.%s'",
			slot->auth->tenant->name, STORE_SECRET_REFRESH_TOKEN);
	if (u->refused && secret_equal(u->refused, job->token)) {
		lost_refused(slot);
		return;
	}
	u->refused = secret_free(u->refused);
	u->token = TAKE_PTR(job->token);
	redeem(slot);
}

/* 0, or a result of credential_read() that the administrator must hear of. */
static int read_credential(struct auth_slot *slot, struct user_job *job, struct buf *why)
{
	const char *tenant = slot->auth->tenant->name;
	_cleanup_(freep) char *path = NULL;
	_cleanup_(buf_done) struct buf name = BUF_INIT_SURE(LIMIT_NAME_BYTES);

	buf_printf(&name, "%s.%s", tenant, STORE_SECRET_REFRESH_TOKEN);
	int r = buf_error(&name);
	if (r == 0)
		r = credential_read(
			slot->auth->credentials_dir, buf_text(&name), &job->credential, &path);
	/* an administrator may have emptied or removed the file once it was taken */
	if (r == CREDENTIAL_E_MISSING || r == CREDENTIAL_E_EMPTY)
		return 0;
	if (r != 0 && r != -ENOMEM)
		credential_error_text(r, buf_text(&name), path, why);
	return r;
}

static void load(struct auth_slot *slot)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);
	_cleanup_(job_freep) struct user_job *job = NULL;

	int r = job_new(slot, &job);
	if (r == 0)
		r = read_credential(slot, job, &why);
	if (r == -ENOMEM)
		auth_slot_lost(slot, AUTH_NETWORK, "out of memory", NULL, HOLD_LOCAL_US);
	else if (r != 0)
		auth_slot_lost(slot, AUTH_CONFIG, buf_text(&why), NULL, HOLD_LOCAL_US);
	else
		post(slot, TAKE_PTR(job), load_work, load_done);
}

static void start(struct auth_slot *slot)
{
	if (!slot->state)
		slot->state = calloc(1, sizeof(struct user));

	struct user *u = slot->state;

	if (!u)
		auth_slot_lost(slot, AUTH_NETWORK, "out of memory", NULL, HOLD_LOCAL_US);
	else if (u->token)
		redeem(slot);
	else
		load(slot);
}

static void stop(struct auth_slot *slot)
{
	struct user *u = slot->state;

	if (!u)
		return;
	if (u->job)
		u->job->slot = NULL;
	(void)secret_free(u->token);
	(void)secret_free(u->refused);
	free(u->refused_text);
	free(u);
	slot->state = NULL;
}

const struct auth_provider auth_user_provider = {
	.name = "sign-in",
	.scope = "EntraBackup.Read.All EntraBackup.ReadWrite.Preview offline_access openid",
	.start = start,
	.granted = granted,
	.refused = refused,
	.stop = stop,
};
