/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of an enrolled person: the refresh-token grant. The token comes from somebody who signs in
 * (auth_adopt) or from credential TENANT.refresh_token once, and afterwards from the store, where
 * each rotated one replaces its predecessor before that is forgotten here. One that is refused is
 * kept: whoever asks is told so without a request, until its day has come, a person wants to know,
 * or a different one is there.
 */
#include "daemon/graph/auth_user.h"
#include "daemon/graph/id_token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/sign_in_scope.h"
#include "common/store/store_sign_in.h"
#include "daemon/engine/loop.h"

/* What is wrong here may be put right while we run. */
#define HOLD_LOCAL_US (60 * USEC_PER_SEC)
#define TEXT_BYTES 2048u

static const char hint_enrol[] = "sign in with 'snapwatch login TENANT'";

/* --- redeeming ---------------------------------------------------------------------------------
 */

static void redeem(struct user *u)
{
	struct buf form = BUF_INIT_SECRET(4 * LIMIT_SECRET_BYTES);

	auth_form_add(&form, "grant_type", "refresh_token");
	auth_form_add(&form, "refresh_token", u->token->data);
	auth_slot_send(u->slot, &form);
}

static void lost_refused(struct user *u)
{
	const struct sign_in *s = &u->sign_in;

	auth_slot_lost(u->slot, AUTH_SIGN_IN,
		s->refused_text ? s->refused_text : "the sign-in was refused",
		s->refused_hint ? s->refused_hint : hint_enrol, HOLD_LOCAL_US);
}

static void saved(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	struct user *u = user_job_back(job);

	if (!u)
		return;
	if (r != 0) {
		const struct log_ctx ctx = {.tenant = u->slot->auth->tenant->name};
		_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);

		/* the old one stays in the store and, at the service, valid */
		store_secret_error_text(r, u->slot->auth->tenant->name, &why);
		log_event(LOG_ERR, LOG_ID_STORE_ERROR, &ctx,
			"the new refresh token could not be kept: %s", buf_text(&why));
	}
	(void)secret_free(u->token);
	u->token = TAKE_PTR(job->token);

	struct auth_reply reply = job->reply;

	job->reply = (struct auth_reply){0};
	auth_slot_won(u->slot, &reply);
}

/* Whose token it is. What came by a credential file tells its name here for the first time. */
static void note_identity(struct user *u, const struct auth_reply *reply)
{
	struct auth *a = u->slot->auth;
	struct id_token who;

	if (!reply->id_token ||
		id_token_read(reply->id_token->data, reply->id_token->len, &who) != 0)
		return;
	free(a->token_tenant);
	a->token_tenant = TAKE_PTR(who.tenant_id);
	if (!u->sign_in.account)
		u->sign_in.account = TAKE_PTR(who.username);
	if (!u->sign_in.account_id)
		u->sign_in.account_id = TAKE_PTR(who.object_id);
	id_token_done(&who);
}

static void note_granted(struct user *u, struct auth_reply *reply)
{
	const struct log_ctx ctx = {.tenant = u->slot->auth->tenant->name};

	if (sign_in_refreshed(&u->sign_in, clock_wall_us()))
		log_notice(&ctx, "the sign-in works again");
	note_identity(u, reply);
	if (!reply->scopes)
		return;
	free(u->sign_in.scopes);
	u->sign_in.scopes = TAKE_PTR(reply->scopes);
}

/*
 * A reply without a refresh token leaves the old one in place. Whoever waits for a token waits
 * until a new one is on the disk: if it were lost, so would be the sign-in.
 */
static void granted(struct auth_slot *slot, struct auth_reply *reply)
{
	struct user *u = slot->state;
	struct user_job *job = NULL;

	note_granted(u, reply);
	if (!reply->refresh || secret_equal(reply->refresh, u->token)) {
		user_keep_row(u);
		auth_slot_won(slot, reply);
		return;
	}
	(void)mem_insist(user_job_new(u, &job));
	(void)mem_insist(sign_in_copy(&u->sign_in, &job->sign_in));
	job->enrolled = true;
	job->token = TAKE_PTR(reply->refresh);
	job->reply = *reply;
	user_job_post(u, job, user_save_work, saved);
}

/* The token is kept: what refuses it may pass. */
static void refused(struct auth_slot *slot, struct auth_reply *reply)
{
	struct user *u = slot->state;
	_cleanup_(buf_done) struct buf hint = BUF_INIT_SURE(TEXT_BYTES);

	if (!reply->dead)
		return;
	auth_hint(slot->auth, reply->hint ? reply->hint : hint_enrol, &hint);
	sign_in_refused(
		&u->sign_in, clock_wall_us(), reply->end, buf_text(&reply->text), buf_text(&hint));
	user_keep_row(u);
}

/* --- loading -----------------------------------------------------------------------------------
 */

/* A token that was brought in a file, or whose row was lost; ends that were seen still count. */
static int enrol_by_credential(struct store *s, struct user_job *job)
{
	struct sign_in fresh = SIGN_IN_INIT;

	fresh.how = SIGN_IN_BY_CREDENTIAL;
	fresh.enrolled_us = clock_wall_us();
	fresh.age_us = job->sign_in.age_us;
	fresh.idle_us = job->sign_in.idle_us;
	memcpy(fresh.tenant_id, job->tenant_id, sizeof(fresh.tenant_id));
	sign_in_done(&job->sign_in);
	job->sign_in = fresh;
	job->enrolled = true;
	return store_sign_in_put(s, &job->sign_in);
}

/* That a credential was taken is remembered by the job, too: the second try would not see it. */
static int load_token(struct store *s, struct user_job *job)
{
	int r = store_secret_get(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, &job->token);
	bool taken = false;

	if (!job->credential || r < 0 || r == STORE_SECRET_E_NO_KEY)
		return r;
	job->other_key |= r == STORE_SECRET_E_KEY;
	job->token = secret_free(job->token);
	r = store_secret_offer(
		s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, job->credential, &taken);
	if (r != 0)
		return r;
	job->taken |= taken;
	return store_secret_get(s, job->tenant_id, STORE_SECRET_REFRESH_TOKEN, &job->token);
}

static int load_work(struct store *s, void *arg)
{
	struct user_job *job = arg;

	job->token = secret_free(job->token);
	sign_in_done(&job->sign_in);

	int r = store_sign_in_get(s, job->tenant_id, &job->sign_in);
	if (r < 0)
		return r;
	job->enrolled = r > 0;
	r = load_token(s, job);
	if (r == 0 && (job->taken || !job->enrolled))
		r = enrol_by_credential(s, job);
	return r;
}

static void lost_store(struct user *u, int r)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);
	bool sign_in = r == STORE_SECRET_E_NONE || r == STORE_SECRET_E_BROKEN;

	store_secret_error_text(r, u->slot->auth->tenant->name, &why);
	auth_slot_lost(u->slot,
		sign_in ? AUTH_SIGN_IN
		: r > 0 ? AUTH_CONFIG
			: AUTH_NETWORK,
		buf_text(&why), sign_in ? hint_enrol : NULL, HOLD_LOCAL_US);
}

static void say_taken(const struct user_job *job, const char *tenant)
{
	const struct log_ctx ctx = {.tenant = tenant};

	/* fingerprints of taken files are keyed, too: for a new key each of them is new */
	if (job->taken && job->other_key)
		log_notice(&ctx,
			"the stored sign-in of '%s' was sealed with another %s; the credential "
			"%s.%s is used anew",
			tenant, STORE_KEY_CREDENTIAL, tenant, STORE_SECRET_REFRESH_TOKEN);
	else if (job->taken)
		log_notice(&ctx, "took a new refresh token from credential '%s.%s'", tenant,
			STORE_SECRET_REFRESH_TOKEN);
}

/* The day has come, or somebody wants to know. */
static bool is_worth_a_try(const struct user *u)
{
	int64_t now_us = clock_wall_us();

	return u->probe || u->sign_in.refused_us == TIME_NONE ||
	       sign_in_next_us(&u->sign_in, now_us) <= now_us;
}

static void loaded(void *arg, int r)
{
	_cleanup_(user_job_freep) struct user_job *job = arg;
	struct user *u = user_job_back(job);

	if (!u)
		return;
	(void)secret_free(u->token);
	u->token = TAKE_PTR(job->token);
	sign_in_done(&u->sign_in);
	u->sign_in = job->sign_in;
	job->sign_in = SIGN_IN_INIT;
	u->enrolled = job->enrolled && r == 0;
	if (r != 0) {
		lost_store(u, r);
		return;
	}
	say_taken(job, u->slot->auth->tenant->name);
	if (is_worth_a_try(u))
		redeem(u);
	else
		lost_refused(u);
}

int user_read_credential(struct auth_slot *slot, struct user_job *job, struct buf *why)
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

static void load(struct user *u)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);
	_cleanup_(user_job_freep) struct user_job *job = NULL;

	int r = user_job_new(u, &job);
	if (r == 0)
		r = user_read_credential(u->slot, job, &why);
	if (r == -ENOMEM)
		auth_slot_lost(u->slot, AUTH_NETWORK, "out of memory", NULL, HOLD_LOCAL_US);
	else if (r != 0)
		auth_slot_lost(u->slot, AUTH_CONFIG, buf_text(&why), NULL, HOLD_LOCAL_US);
	else
		user_job_post(u, TAKE_PTR(job), load_work, loaded);
}

/* --- the provider --------------------------------------------------------------------------------
 */

static void start(struct auth_slot *slot, bool probe)
{
	struct user *u = slot->state;

	u->probe = probe;
	if (u->token && u->sign_in.refused_us == TIME_NONE)
		redeem(u);
	else
		load(u);
}

static void ended(struct auth_slot *slot)
{
	user_daily(slot->state);
}

/* The day has come; or what failed last was on the way or of this host, and may be mended. */
static bool is_due(const struct user *u)
{
	int64_t now_us = clock_wall_us();

	if (!u->enrolled)
		return false;
	if (u->slot->failed && u->sign_in.refused_us == TIME_NONE)
		return true;
	return sign_in_next_us(&u->sign_in, now_us) <= now_us;
}

static void use_daily(void *arg)
{
	struct user *u = arg;

	if (is_due(u)) {
		u->slot->wanted = true;
		loop_timer_arm(u->slot->pump, 0);
	}
	user_daily(u);
}

static int init(struct auth_slot *slot)
{
	struct user *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->slot = slot;
	u->sign_in = SIGN_IN_INIT;
	LIST_INIT(&u->jobs);
	slot->state = u;
	int r = loop_timer_new(slot->auth->env.loop, "daily use", use_daily, u, &u->daily);
	return r < 0 ? r : user_recall(u);
}

static void stop(struct auth_slot *slot)
{
	struct user *u = slot->state;
	struct user_job *job;

	if (!u)
		return;
	while ((job = LIST_FIRST(&u->jobs))) {
		LIST_REMOVE(job, entry);
		job->user = NULL;
	}
	(void)loop_timer_free(u->daily);
	(void)secret_free(u->token);
	sign_in_done(&u->sign_in);
	free(u);
	slot->state = NULL;
}

static const char *scope(const struct conf_tenant *tenant)
{
	return sign_in_scope_request(tenant->attribution);
}

const struct auth_provider auth_user_provider = {
	.name = "sign-in",
	.scope = scope,
	.init = init,
	.start = start,
	.granted = granted,
	.refused = refused,
	.ended = ended,
	.stop = stop,
};
