/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets a token, and when one is asked for. Waiting callers are served by one timer without
 * delay, so that nobody is called back from inside of auth_get() and all who come in one turn share
 * one exchange.
 *
 * A failure is remembered for as long as asking again would be rude or useless, and told to those
 * who come meanwhile. While a token is still good, trouble with renewing it is nobody's trouble.
 */
#include "daemon/graph/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth_private.h"

#define TEXT_BYTES 2048u
/* For whoever asks when to come back and there is nothing better to say. */
#define COME_BACK_US (5 * USEC_PER_SEC)

/* Not handed out so shortly before its end: the request must arrive in time. */
static bool token_usable(const struct auth_slot *slot)
{
	return slot->token && clock_boot_us() < slot->end_us - USEC_PER_MIN / 4;
}

static void tell(struct auth_slot *slot, const struct auth_result *result)
{
	uint64_t limit =
		slot->next_number; /* who asks from inside of a callback is for the next turn */
	struct auth_wait *w;

	while ((w = TAILQ_FIRST(&slot->waits)) && w->number < limit) {
		auth_done_fn done = w->done;
		void *arg = w->arg;

		auth_wait_cancel(w);
		done(arg, result);
	}
}

static void tell_token(struct auth_slot *slot)
{
	struct auth_result result = {.outcome = AUTH_OK, .token = slot->token, .text = ""};

	tell(slot, &result);
}

static void tell_failure(struct auth_slot *slot)
{
	int64_t left_us = slot->hold_until_us - clock_boot_us();
	struct auth_result result = {
		.outcome = slot->outcome,
		.text = buf_text(&slot->text),
		.hint = slot->hint,
		.retry_after_us = left_us > COME_BACK_US ? left_us : COME_BACK_US,
	};

	tell(slot, &result);
}

static void pump(void *arg)
{
	struct auth_slot *slot = arg;
	int64_t now_us = clock_boot_us();
	bool held = slot->failed && now_us < slot->hold_until_us;

	if (slot->busy || TAILQ_EMPTY(&slot->waits))
		return;
	if (slot->token && now_us < slot->renew_us) {
		tell_token(slot);
	} else if (held && token_usable(slot)) {
		tell_token(slot);
	} else if (held) {
		tell_failure(slot);
	} else {
		slot->busy = true;
		slot->provider->start(slot);
	}
}

void auth_slot_won(struct auth_slot *slot, struct auth_reply *reply)
{
	struct auth *a = slot->auth;
	const struct log_ctx ctx = {.tenant = a->tenant->name};
	int64_t now_us = clock_boot_us();

	(void)secret_free(slot->token);
	slot->token = TAKE_PTR(reply->access);
	slot->renew_us = now_us + auth_renew_after_us(reply->lifetime_us);
	slot->end_us = now_us + reply->lifetime_us;
	slot->busy = slot->failed = false;
	free(slot->claims);
	slot->claims = NULL;
	if (reply->recovery && !a->warned_recovery) {
		a->warned_recovery = true;
		log_warning(&ctx, "the account's token may start recoveries; remove the consent "
				  "to EntraBackup.ReadWrite.Recovery");
	}
	auth_reply_done(reply);
	tell_token(slot);
	loop_timer_arm(slot->pump, 0);
}

void auth_slot_lost(struct auth_slot *slot, enum auth_outcome outcome, const char *text,
	const char *hint, int64_t hold_us)
{
	const struct log_ctx ctx = {.tenant = slot->auth->tenant->name};
	bool news = !slot->failed || slot->outcome != outcome;

	/* text may be the slot's own */
	if (text != buf_text(&slot->text)) {
		buf_reset(&slot->text);
		buf_puts(&slot->text, text);
	}
	slot->busy = false;
	slot->failed = true;
	slot->outcome = outcome;
	slot->hint = hint;
	slot->hold_until_us = clock_boot_us() + hold_us;
	if (outcome == AUTH_SIGN_IN && news)
		log_event(LOG_WARNING, LOG_ID_SIGN_IN_REQUIRED, &ctx, "%s: %s%s%s",
			slot->provider->name, buf_text(&slot->text), hint ? "; " : "",
			hint ? hint : "");
	else
		log_debug(&ctx, "%s: %s", slot->provider->name, buf_text(&slot->text));
	if (token_usable(slot))
		tell_token(slot);
	else
		tell_failure(slot);
	loop_timer_arm(slot->pump, 0);
}

/* --- auth.h ------------------------------------------------------------------------------------
 */

int auth_get(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait)
{
	struct auth_slot *slot = &a->slots[kind];
	struct auth_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct auth_wait){
		.slot = slot, .done = done, .arg = arg, .number = slot->next_number++};
	TAILQ_INSERT_TAIL(&slot->waits, w, entry);
	loop_timer_arm(slot->pump, 0);
	if (ret_wait)
		*ret_wait = w;
	return 0;
}

void auth_wait_cancel(struct auth_wait *w)
{
	if (!w)
		return;
	TAILQ_REMOVE(&w->slot->waits, w, entry);
	free(w);
}

/* The token itself stays until another is there: a callback up the stack may still hold it. */
void auth_refused(
	struct auth *a, enum auth_kind kind, const struct secret *token, const char *claims)
{
	struct auth_slot *slot = &a->slots[kind];

	if (!slot->token || !secret_equal(slot->token, token))
		return; /* somebody else has renewed it since */
	slot->renew_us = slot->end_us = INT64_MIN / 2;
	free(slot->claims);
	slot->claims = NULL;
	(void)text_copy(claims, &slot->claims);
}

static int slot_init(struct auth_slot *slot, struct auth *a, const struct auth_provider *provider)
{
	*slot = (struct auth_slot){
		.auth = a, .provider = provider, .text = BUF_INIT_SURE(TEXT_BYTES)};
	TAILQ_INIT(&slot->waits);
	return loop_timer_new(a->env.loop, "token", pump, slot, &slot->pump);
}

static void slot_done(struct auth_slot *slot)
{
	struct auth_wait *w;

	if (!slot->auth)
		return;
	while ((w = TAILQ_FIRST(&slot->waits)))
		auth_wait_cancel(w);
	http_cancel(slot->http);
	slot->provider->stop(slot);
	(void)loop_timer_free(slot->pump);
	(void)secret_free(slot->token);
	free(slot->claims);
	buf_done(&slot->text);
}

int auth_new(const struct auth_env *env, struct conf_tenant *tenant, struct auth **ret)
{
	_cleanup_(auth_freep) struct auth *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->env = *env;
	a->tenant = conf_tenant_ref(tenant);
	a->last_refresh_us = TIME_NONE;
	int r = text_copy(env->credentials_dir, &a->credentials_dir);
	if (r == 0)
		r = slot_init(&a->slots[AUTH_DELEGATED], a, &auth_user_provider);
	if (r == 0)
		r = slot_init(&a->slots[AUTH_APP], a, &auth_app_provider);
	if (r == 0)
		*ret = TAKE_PTR(a);
	return r;
}

struct auth *auth_free(struct auth *a)
{
	if (!a)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(a->slots); i++)
		slot_done(&a->slots[i]);
	(void)conf_tenant_unref(a->tenant);
	free(a->credentials_dir);
	free(a);
	return NULL;
}

/* Trouble on the way is no trouble with the sign-in. */
const char *auth_trouble(const struct auth *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->slots); i++) {
		const struct auth_slot *slot = &a->slots[i];

		if (slot->failed && (slot->outcome == AUTH_SIGN_IN || slot->outcome == AUTH_CONFIG))
			return buf_text(&slot->text);
	}
	return NULL;
}

int64_t auth_last_refresh_us(const struct auth *a)
{
	return a->last_refresh_us;
}
