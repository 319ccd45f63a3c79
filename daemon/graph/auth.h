/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens for one tenant, behind one small interface: who wants a token says for what, not
 * how it is won. One refresh at a time; callers that come meanwhile wait for the same one. Tokens
 * are renewed early (five minutes before their end, or at half of a life of two hours and more).
 * Access tokens are in memory only; a rotated refresh token is committed to the store before the
 * old one is forgotten.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct auth;
struct auth_wait;
struct conf_tenant;
struct http;
struct loop;
struct secret;
struct store_thread;

enum auth_kind {
	AUTH_DELEGATED, /* an enrolled user, by refresh token */
	AUTH_APP,	/* client credentials with a certificate */
};

enum auth_outcome {
	AUTH_OK,
	AUTH_SIGN_IN, /* a person must sign in: grant revoked, expired, never given */
	AUTH_CONFIG,  /* client, certificate or scope is wrong: trying again will not help */
	AUTH_THROTTLED,
	AUTH_NETWORK,
};

/* token is valid during the callback (AUTH_OK); text says what is wrong otherwise, hint what to do.
 */
struct auth_result {
	enum auth_outcome outcome;
	const struct secret *token;
	const char *text;
	const char *hint;
	int64_t retry_after_us; /* for THROTTLED and NETWORK: a sensible wait */
};
typedef void (*auth_done_fn)(void *arg, const struct auth_result *result);

/* What a provider is told to do, and all it can: win one token by one exchange with the token
 * endpoint. */
struct auth_env {
	struct loop *loop;
	struct http *http;
	struct store_thread *store;
	const char *credentials_dir;
};

/* Takes a reference of the tenant; env is copied. */
int auth_new(const struct auth_env *env, struct conf_tenant *tenant, struct auth **ret);
/* Waiting callers get no callback. Not from inside of one. */
struct auth *auth_free(struct auth *a);
DEFINE_CLEANUP(struct auth, auth_free);

/* done is called later, never from inside. ret_wait (may be NULL) is valid until then. */
int auth_get(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait);
void auth_wait_cancel(struct auth_wait *w);

/*
 * The service answered 401 to this token: the next auth_get() wins a new one. claims: the decoded
 * JSON of a claims challenge, or NULL.
 */
void auth_refused(
	struct auth *a, enum auth_kind kind, const struct secret *token, const char *claims);

/* For status: NULL when signed in or not tried yet, else why not. */
const char *auth_trouble(const struct auth *a);
/* When the refresh token was last redeemed with success; TIME_NONE. */
int64_t auth_last_refresh_us(const struct auth *a);
