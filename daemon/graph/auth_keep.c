/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store keeps of a sign-in: taking one into use, forgetting one, and the row that says how
 * it goes. Requests to the store outlive the slot that made them; each is answered in the order of
 * posting, so whatever was posted before a sign-in was replaced cannot undo that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/store/store_sign_in.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth_user.h"

/* --- requests ------------------------------------------------------------------------------------
 */

struct user_job *user_job_free(struct user_job *job)
{
	if (!job)
		return NULL;
	(void)secret_free(job->credential);
	(void)secret_free(job->token);
	sign_in_done(&job->sign_in);
	auth_reply_done(&job->reply);
	free(job);
	return NULL;
}

int user_job_new(struct user *u, struct user_job **ret)
{
	const char *id = u->slot->auth->tenant->tenant_id;
	struct user_job *job = calloc(1, sizeof(*job));
	uint8_t guid[16];

	if (!job)
		return -ENOMEM;
	job->sign_in = SIGN_IN_INIT;
	if (parse_guid(id, guid) == 0)
		(void)guid_format(guid, job->tenant_id);
	*ret = job;
	return 0;
}

void user_job_post(struct user *u, struct user_job *job, store_work_fn work, store_done_fn done)
{
	job->user = u;
	LIST_INSERT_HEAD(&u->jobs, job, entry);
	store_thread_post(u->slot->auth->env.store, work, done, job);
}

struct user *user_job_back(struct user_job *job)
{
	if (job->user)
		LIST_REMOVE(job, entry);
	return job->stale ? NULL : job->user;
}

void user_jobs_forsake(struct user *u)
{
	struct user_job *job;

	LIST_FOREACH(job, &u->jobs, entry)
	{
		job->stale = true;
	}
}

/* --- the row -------------------------------------------------------------------------------------
 */

static int use_up_credential(struct store *s, const struct user_job *job)
{
	bool taken = false;

	if (!job->credential)
		return 0;
	return store_secret_offer(
		s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, job->credential, &taken);
}

int user_save_work(struct store *s, void *arg)
{
	struct user_job *job = arg;
	int r = use_up_credential(s, job);

	if (r == 0 && job->token)
		r = store_secret_put(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, job->token);
	if (r == 0 && job->enrolled)
		r = store_sign_in_put(s, &job->sign_in);
	return r;
}

static void row_kept(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	const struct user *u = user_job_back(job);

	if (r < 0 && u)
		log_error(&((struct log_ctx){.tenant = u->slot->auth->tenant->name}),
			"what the service said of the sign-in could not be kept: %s",
			db_error_meaning(r));
}

void user_keep_row(struct user *u)
{
	struct user_job *job = NULL;

	if (!u->enrolled)
		return;
	(void)mem_insist(user_job_new(u, &job));
	(void)mem_insist(sign_in_copy(&u->sign_in, &job->sign_in));
	job->enrolled = true;
	user_job_post(u, job, user_save_work, row_kept);
}

/* --- what is known at the start ------------------------------------------------------------------
 */

static int recall_work(struct store *s, void *arg)
{
	struct user_job *job = arg;

	sign_in_done(&job->sign_in);
	int r = store_sign_in_get(s, job->tenant_id, &job->sign_in);
	job->enrolled = r > 0;
	return r < 0 ? r : 0;
}

static void recalled(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	struct user *u = user_job_back(job);

	if (!u)
		return;
	/* somebody was faster, and knows more */
	if (r == 0 && job->enrolled && !u->enrolled) {
		u->sign_in = job->sign_in;
		job->sign_in = SIGN_IN_INIT;
		u->enrolled = true;
		if (u->sign_in.refused_us != TIME_NONE)
			auth_slot_recall(u->slot, u->sign_in.refused_text, u->sign_in.refused_hint);
		auth_changed(u->slot->auth);
	}
	/* all tenants that were down together are late together */
	if (!u->slot->auth->env.passive)
		loop_timer_arm(u->daily, (int64_t)random_below(LIMIT_AUTH_KEEP_AGAIN_US));
}

int user_recall(struct user *u)
{
	struct user_job *job = NULL;
	int r = user_job_new(u, &job);

	if (r == 0)
		user_job_post(u, job, recall_work, recalled);
	return r;
}

/* --- every day -----------------------------------------------------------------------------------
 */

void user_daily(struct user *u)
{
	int64_t now_us = clock_wall_us();
	int64_t in_us = LIMIT_AUTH_KEEP_AGAIN_US;

	if (u->slot->auth->env.passive)
		return;
	if (u->enrolled && (!u->slot->failed || u->sign_in.refused_us != TIME_NONE))
		in_us = sign_in_next_us(&u->sign_in, now_us) - now_us;
	if (in_us < LIMIT_AUTH_KEEP_AGAIN_US)
		in_us = LIMIT_AUTH_KEEP_AGAIN_US;
	loop_timer_arm(u->daily, in_us);
}

const struct sign_in *auth_sign_in(const struct auth *a)
{
	const struct user *u = a->slots[AUTH_DELEGATED].state;

	return u->enrolled ? &u->sign_in : NULL;
}

/* --- signing in and out --------------------------------------------------------------------------
 */

/* From here on only what is posted next says what is kept. */
static struct user_job *take_over(struct auth *a, auth_kept_fn done, void *arg)
{
	struct user *u = a->slots[AUTH_DELEGATED].state;
	struct user_job *job = NULL;

	_cleanup_(buf_done) struct buf ignored = BUF_INIT_SURE(LIMIT_URL_BYTES);

	auth_slot_take(u->slot);
	user_jobs_forsake(u);
	(void)mem_insist(user_job_new(u, &job));
	/* one that cannot be read cannot be taken later, either, without being mended first */
	(void)user_read_credential(u->slot, job, &ignored);
	job->kept = done;
	job->kept_arg = arg;
	return job;
}

/* The job's owner hears of it as long as there is an auth, also when somebody was faster since. */
static void tell_kept(const struct user_job *job, const struct user *still_there, int r)
{
	if (still_there && job->kept)
		job->kept(job->kept_arg, r);
}

static void adopted(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	struct user *owner = job->user, *u = user_job_back(job);
	struct auth_reply reply = job->reply;

	if (u && r == 0) {
		(void)secret_free(u->token);
		u->token = TAKE_PTR(job->token);
		sign_in_done(&u->sign_in);
		u->sign_in = job->sign_in;
		job->sign_in = SIGN_IN_INIT;
		u->enrolled = true;
		u->slot->token = secret_free(u->slot->token);
		u->slot->failed = false;
	}
	tell_kept(job, owner, r);
	if (!u)
		return;
	if (r == 0 && reply.access) {
		job->reply = (struct auth_reply){0};
		auth_slot_won(u->slot, &reply);
	} else {
		user_daily(u);
		auth_slot_release(u->slot);
		auth_changed(u->slot->auth);
	}
}

static int copy_enrolment(const struct auth_enrolment *e, struct user_job *job)
{
	struct sign_in *s = &job->sign_in;
	int r = secret_new(e->refresh->data, e->refresh->len, &job->token);

	if (r == 0 && e->access)
		r = secret_new(e->access->data, e->access->len, &job->reply.access);
	if (r == 0)
		r = text_copy(e->account, &s->account);
	if (r == 0)
		r = text_copy(e->account_id, &s->account_id);
	if (r == 0)
		r = text_copy(e->scopes, &s->scopes);
	return r;
}

static void uncopy(struct user_job *job)
{
	job->token = secret_free(job->token);
	auth_reply_done(&job->reply);
	sign_in_done(&job->sign_in);
}

void auth_adopt(struct auth *a, const struct auth_enrolment *e, auth_kept_fn done, void *arg)
{
	struct user_job *job = take_over(a, done, arg);
	struct user *u = a->slots[AUTH_DELEGATED].state;

	/* they came from outside, but are bounded by what an answer may have */
	while (copy_enrolment(e, job) == -ENOMEM) {
		uncopy(job);
		mem_spend();
	}
	struct sign_in *s = &job->sign_in;
	memcpy(s->tenant_id, job->tenant_id, sizeof(s->tenant_id));
	s->how = e->how;
	s->guest = e->guest;
	s->enrolled_us = s->refreshed_us = clock_wall_us();
	s->age_us = u->sign_in.age_us;
	s->idle_us = u->sign_in.idle_us;
	job->enrolled = true;
	job->reply.text = BUF_INIT_SURE(1);
	job->reply.lifetime_us = e->lifetime_us;
	user_job_post(u, job, user_save_work, adopted);
}

static int forget_work(struct store *s, void *arg)
{
	struct user_job *job = arg;
	int r = use_up_credential(s, job);

	/* without a key nothing can be taken, but everything be forgotten */
	if (r == 0 || r == STORE_SECRET_E_NO_KEY)
		r = store_secret_forget(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN);
	return r < 0 ? r : store_sign_in_forget(s, job->tenant_id);
}

static void forgotten(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	struct user *owner = job->user, *u = user_job_back(job);

	tell_kept(job, owner, r);
	if (!u)
		return;
	auth_slot_release(u->slot);
	auth_changed(u->slot->auth);
}

void auth_forget(struct auth *a, auth_kept_fn done, void *arg)
{
	struct user_job *job = take_over(a, done, arg);
	struct user *u = a->slots[AUTH_DELEGATED].state;

	/* in memory at once, whatever the store is busy with */
	u->token = secret_free(u->token);
	u->slot->token = secret_free(u->slot->token);
	u->slot->failed = false;
	sign_in_done(&u->sign_in);
	u->enrolled = false;
	user_job_post(u, job, forget_work, forgotten);
}
