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

#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth_private.h"
#include "daemon/graph/retry.h"

#define TEXT_BYTES 2048u
/* For whoever asks when to come back and there is nothing better to say. */
#define COME_BACK_US (5 * USEC_PER_SEC)

/* Not handed out so shortly before its end: the request must arrive in time. */
static bool token_usable(const struct auth_slot *slot)
{
	return slot->token && clock_boot_us() < slot->end_us - USEC_PER_MIN / 4;
}

/* failed: probes hear of it, whatever the others get. */
static void tell(
	struct auth_slot *slot, const struct auth_result *result, const struct auth_result *failed)
{
	uint64_t limit =
		slot->next_number; /* who asks from inside of a callback is for the next turn */
	struct auth_wait *w;

	while ((w = TAILQ_FIRST(&slot->waits)) && w->number < limit) {
		const struct auth_result *his = w->probe && failed ? failed : result;
		auth_done_fn done = w->done;
		void *arg = w->arg;

		auth_wait_cancel(w);
		done(arg, his);
	}
}

static void tell_token(struct auth_slot *slot)
{
	struct auth_result result = {.outcome = AUTH_OK, .token = slot->token, .text = ""};

	tell(slot, &result, NULL);
}

static void tell_failure(struct auth_slot *slot)
{
	int64_t left_us = slot->hold_until_us - clock_boot_us();
	struct auth_result token = {.outcome = AUTH_OK, .token = slot->token, .text = ""};
	struct auth_result failed = {
		.outcome = slot->outcome,
		.text = buf_text(&slot->text),
		.hint = slot->hint.len ? buf_text(&slot->hint) : NULL,
		.retry_after_us = left_us > COME_BACK_US ? left_us : COME_BACK_US,
	};

	tell(slot, token_usable(slot) ? &token : &failed, &failed);
}

static void begin(struct auth_slot *slot, bool probe)
{
	slot->busy = true;
	slot->wanted = false;
	slot->provider->start(slot, probe);
}

static bool is_probed(const struct auth_slot *slot)
{
	const struct auth_wait *w;

	TAILQ_FOREACH(w, &slot->waits, entry)
	{
		if (w->probe)
			return true;
	}
	return false;
}

static void pump(void *arg)
{
	struct auth_slot *slot = arg;
	int64_t now_us = clock_boot_us();
	bool held = slot->failed && now_us < slot->hold_until_us;
	/* what the service asked for is kept, whoever is curious */
	bool probed = !(held && slot->outcome == AUTH_THROTTLED) && is_probed(slot);

	if (slot->busy)
		return;
	if (probed || (slot->wanted && !held)) {
		begin(slot, probed);
		return;
	}
	slot->wanted = false;
	if (TAILQ_EMPTY(&slot->waits))
		return;
	if (slot->token && now_us < slot->renew_us)
		tell_token(slot);
	else if (held)
		tell_failure(slot);
	else
		begin(slot, false);
}

void auth_changed(struct auth *a)
{
	if (a->env.changed)
		a->env.changed(a->env.arg);
}

static void ended(struct auth_slot *slot)
{
	slot->busy = false;
	if (slot->provider->ended)
		slot->provider->ended(slot);
	auth_changed(slot->auth);
}

void auth_slot_won(struct auth_slot *slot, struct auth_reply *reply)
{
	int64_t now_us = clock_boot_us();

	(void)secret_free(slot->token);
	slot->token = TAKE_PTR(reply->access);
	slot->renew_us = now_us + auth_renew_after_us(reply->lifetime_us);
	slot->end_us = now_us + reply->lifetime_us;
	slot->failed = false;
	slot->misses = 0;
	free(slot->claims);
	slot->claims = NULL;
	auth_reply_done(reply);
	ended(slot);
	tell_token(slot);
	loop_timer_arm(slot->pump, 0);
}

void auth_hint(const struct auth *a, const char *hint, struct buf *out)
{
	text_append_replaced(out, hint, "TENANT", a->tenant->name);
}

/* One that lasts is asked about less and less often, each tenant at times of its own: when the
 * endpoint is back, not all who need it come in the same second. */
static int64_t hold_for(struct auth_slot *slot, enum auth_outcome outcome, int64_t hold_us)
{
	if (outcome != AUTH_THROTTLED && outcome != AUTH_NETWORK) {
		slot->misses = 0;
		return hold_us;
	}
	int64_t wait_us = retry_backoff_us(LIMIT_AUTH_BACKOFF_US, LIMIT_AUTH_BACKOFF_MAX_US,
		slot->misses, random_below(UINT64_MAX));
	slot->misses++;
	return wait_us > hold_us ? wait_us : hold_us;
}

static void keep_failure(struct auth_slot *slot, enum auth_outcome outcome, const char *text,
	const char *hint, int64_t hold_us)
{
	/* text may be the slot's own */
	if (text != buf_text(&slot->text)) {
		buf_reset(&slot->text);
		buf_puts(&slot->text, text);
	}
	buf_reset(&slot->hint);
	if (hint)
		auth_hint(slot->auth, hint, &slot->hint);
	slot->failed = true;
	slot->outcome = outcome;
	slot->hold_until_us = clock_boot_us() + hold_us;
}

void auth_slot_lost(struct auth_slot *slot, enum auth_outcome outcome, const char *text,
	const char *hint, int64_t hold_us)
{
	const struct log_ctx ctx = {.tenant = slot->auth->tenant->name};
	bool news = !slot->failed || slot->outcome != outcome;

	keep_failure(slot, outcome, text, hint, hold_for(slot, outcome, hold_us));
	if (outcome == AUTH_SIGN_IN && news)
		log_event(LOG_WARNING, LOG_ID_SIGN_IN_REQUIRED, &ctx, "%s: %s%s%s",
			slot->provider->name, buf_text(&slot->text), hint ? "; " : "",
			buf_text(&slot->hint));
	else
		log_debug(&ctx, "%s: %s", slot->provider->name, buf_text(&slot->text));
	ended(slot);
	tell_failure(slot);
	loop_timer_arm(slot->pump, 0);
}

void auth_slot_recall(struct auth_slot *slot, const char *text, const char *hint)
{
	if (slot->failed || slot->token)
		return;
	keep_failure(slot, AUTH_SIGN_IN, text, hint, 0);
	auth_changed(slot->auth);
}

void auth_slot_take(struct auth_slot *slot)
{
	http_cancel(slot->http);
	slot->http = NULL;
	slot->busy = true;
	/* they were about the former sign-in */
	free(slot->claims);
	slot->claims = NULL;
}

void auth_slot_release(struct auth_slot *slot)
{
	slot->busy = false;
	loop_timer_arm(slot->pump, 0);
}

/* --- auth.h ------------------------------------------------------------------------------------
 */

static int wait_for(struct auth_slot *slot, bool probe, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait)
{
	struct auth_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct auth_wait){.slot = slot,
		.done = done,
		.arg = arg,
		.number = slot->next_number++,
		.probe = probe};
	TAILQ_INSERT_TAIL(&slot->waits, w, entry);
	loop_timer_arm(slot->pump, 0);
	if (ret_wait)
		*ret_wait = w;
	return 0;
}

int auth_get(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait)
{
	return wait_for(&a->slots[kind], false, done, arg, ret_wait);
}

int auth_probe(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait)
{
	return wait_for(&a->slots[kind], true, done, arg, ret_wait);
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
	*slot = (struct auth_slot){.auth = a,
		.provider = provider,
		.text = BUF_INIT_SURE(TEXT_BYTES),
		.hint = BUF_INIT_SURE(TEXT_BYTES)};
	TAILQ_INIT(&slot->waits);
	int r = loop_timer_new(a->env.loop, "token", pump, slot, &slot->pump);
	if (r == 0 && provider->init)
		r = provider->init(slot);
	return r;
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
	buf_done(&slot->hint);
}

int auth_new(const struct auth_env *env, struct conf_tenant *tenant, struct auth **ret)
{
	_cleanup_(auth_freep) struct auth *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->env = *env;
	a->tenant = conf_tenant_ref(tenant);
	a->certificate_ends_us = TIME_NONE;
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
	free(a->token_tenant);
	free(a->credentials_dir);
	free(a);
	return NULL;
}

/* Trouble on the way is no trouble with the sign-in. */
bool auth_fault(const struct auth *a, enum auth_kind kind, struct auth_fault *ret)
{
	const struct auth_slot *slot = &a->slots[kind];

	if (!slot->failed || (slot->outcome != AUTH_SIGN_IN && slot->outcome != AUTH_CONFIG))
		return false;
	*ret = (struct auth_fault){
		.outcome = slot->outcome,
		.text = buf_text(&slot->text),
		.hint = slot->hint.len ? buf_text(&slot->hint) : NULL,
	};
	return true;
}

const char *auth_trouble(const struct auth *a)
{
	struct auth_fault fault;

	if (auth_fault(a, AUTH_DELEGATED, &fault) || auth_fault(a, AUTH_APP, &fault))
		return fault.text;
	return NULL;
}

int64_t auth_last_refresh_us(const struct auth *a)
{
	const struct sign_in *s = auth_sign_in(a);

	return s ? s->refreshed_us : TIME_NONE;
}

int64_t auth_certificate_ends_us(const struct auth *a)
{
	return a->certificate_ends_us;
}

const char *auth_token_tenant(const struct auth *a)
{
	return a->token_tenant;
}
