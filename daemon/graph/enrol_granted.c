/* SPDX-License-Identifier: Apache-2.0 */
/* What the service granted: whose it is and what it may (id_token.c, enrol_check.c), then into the
 * store, or nowhere. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/model/sign_in_scope.h"
#include "common/store/store_secret.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/enrol_private.h"
#include "daemon/graph/id_token.h"

/* It was granted, and is not what was wanted. The lines become one. */
static void over_unwanted(struct enrol *e, const char *why, const char *hint)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(2 * ENROL_TEXT_BYTES);

	while (*why) {
		size_t n = strcspn(why, "\n");

		buf_append(&text, why, n);
		why += n + (why[n] == '\n');
		buf_puts(&text, "; ");
	}
	buf_puts(&text, "nothing of it was kept");
	enrol_end(e, EXIT_CODE_SIGN_IN, buf_text(&text), hint);
}

static void kept(void *arg, int r)
{
	struct enrol *e = arg;
	_cleanup_(buf_done) struct buf text = BUF_INIT_SURE(ENROL_TEXT_BYTES);

	if (r != 0) {
		store_secret_error_text(r, e->auth->tenant->name, &text);
		enrol_end(e, EXIT_CODE_STORE, buf_text(&text), NULL);
		return;
	}
	buf_printf(&text, "tenant '%s' is signed in", e->auth->tenant->name);
	if (e->who.account) {
		buf_puts(&text, " as ");
		text_append_visible(&text, e->who.account, strlen(e->who.account));
	}
	enrol_end(e, EXIT_CODE_OK, buf_text(&text), NULL);
}

static int describe(struct enrol *e, const struct id_token *who, const char *scopes)
{
	e->who.how = e->how;
	e->who.guest = who->guest;
	e->who.enrolled_us = e->who.refreshed_us = clock_wall_us();
	int r = text_into(e->who.tenant_id, sizeof(e->who.tenant_id), e->auth->tenant->tenant_id);
	if (r == 0)
		r = text_copy(who->username, &e->who.account);
	if (r == 0)
		r = text_copy(who->object_id, &e->who.account_id);
	if (r == 0)
		r = text_copy(scopes ? scopes : sign_in_scope_request(e->auth->tenant->attribution),
			&e->who.scopes);
	return r;
}

static void keep(struct enrol *e, const struct id_token *who, const struct auth_reply *reply)
{
	if (describe(e, who, reply->scopes) < 0) {
		enrol_end_memory(e);
		return;
	}
	const struct auth_enrolment enrolment = {
		.how = e->how,
		.refresh = reply->refresh,
		.access = reply->access,
		.lifetime_us = reply->lifetime_us,
		.account = e->who.account,
		.account_id = e->who.account_id,
		.scopes = e->who.scopes,
		.guest = e->who.guest,
	};

	e->state = ENROL_KEEPING;
	loop_timer_disarm(e->expiry);
	auth_adopt(e->auth, &enrolment, kept, e);
}

/* False when it is over: nobody knows who that is. */
static bool read_who(
	struct enrol *e, const struct auth_reply *reply, int64_t now_us, struct id_token *ret)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT(ENROL_TEXT_BYTES);
	const struct conf_tenant *t = e->auth->tenant;
	const struct id_token_wanted wanted = {
		.authority = t->authority,
		.tenant_id = t->tenant_id,
		.client_id = t->client_id,
		.nonce = e->nonce ? e->nonce->data : NULL,
		.now_us = now_us,
	};
	int r = reply->id_token ? id_token_read(reply->id_token->data, reply->id_token->len, ret)
				: ID_TOKEN_E_FORM;

	if (r == 0) {
		r = id_token_check(ret, &wanted, &why);
		if (r > 0)
			over_unwanted(
				e, buf_text(&why), "check tenant_id, client_id and authority");
		return r == 0;
	}
	if (r < 0)
		enrol_end_memory(e);
	else
		over_unwanted(e, "the service did not say in a readable id token who signed in",
			"check authority and proxy");
	return false;
}

/* Whose clock says when the id token was made is the service's. */
static int64_t service_now_us(const struct http_result *result)
{
	return result->date_us != TIME_NONE ? result->date_us : result->wall_us;
}

void enrol_granted_examine(
	struct enrol *e, const struct auth_reply *reply, const struct http_result *result)
{
	_cleanup_(id_token_done) struct id_token who = {0};

	if (!reply->refresh) {
		over_unwanted(e,
			"the service gave no refresh token, so the sign-in would end within hours",
			"the application must be allowed offline_access, and its redirect must not "
			"be registered under single-page application");
		return;
	}
	if (!read_who(e, reply, service_now_us(result), &who))
		return;
	const struct enrol_granted granted = {
		.who = &who, .scopes = reply->scopes, .allow_extra = e->allow_extra};
	if (enrol_check(e->auth->tenant, &granted, &e->verdict) < 0)
		enrol_end_memory(e);
	else if (e->verdict.faults.len)
		over_unwanted(e, buf_text(&e->verdict.faults), buf_text(&e->verdict.hint));
	else
		keep(e, &who, reply);
}
