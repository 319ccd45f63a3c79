/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens for one tenant, behind one small interface: who wants a token says for what, not
 * how it is won. One refresh at a time; callers that come meanwhile wait for the same one. Tokens
 * are renewed early (five minutes before their end, or at half of a life of two hours and more).
 * Access tokens are in memory only; a rotated refresh token is committed to the store before the
 * old one is forgotten.
 *
 * What the service refuses is not thrown away, because a mistake in a Conditional Access policy
 * refuses everybody and revokes nobody: it is remembered, told to all who ask, and tried again once
 * a day and by auth_probe(). Only auth_forget() wipes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/sign_in.h"

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

/* token is valid during the callback (AUTH_OK); text says what is wrong otherwise, hint what to do
 * (with the command to type; NULL: nothing). */
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
	/* Only does what it is told: no daily use of a token that nobody asks for. */
	bool passive;
	/* Something below this line of auth.h may have changed; called from anywhere, so it must
	 * not call back. NULL: nobody wants to know. */
	void (*changed)(void *arg);
	void *arg;
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

/*
 * As auth_get(), but a token is won in any case: also when one is at hand, or when the last answer
 * was a refusal. Only a wait that the service asked for is kept. For doctor.
 */
int auth_probe(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait);

/* --- signing in and out --------------------------------------------------------------------------
 */

/* What a sign-in has brought. Everything is copied. Texts may be NULL. */
struct auth_enrolment {
	enum sign_in_how how;
	const struct secret *refresh;
	const struct secret *access; /* used at once; NULL: the first who asks wins one */
	int64_t lifetime_us;	     /* of access */
	const char *account, *account_id, *scopes;
	int guest; /* 1, 0; -1 not known */
};
/* r: 0 (it is in the store and in use), an enum store_secret_error, or -errno. Not called any more
 * after auth_free(). */
typedef void (*auth_kept_fn)(void *arg, int r);

/*
 * Takes a sign-in into use, in place of the former one; an exchange that is under way is given up
 * and whoever waits for it gets a token of the new one. When it cannot be kept, nothing changes.
 * A credential file that is there counts as taken, here and in auth_forget(): it never comes back.
 * done is called later.
 */
void auth_adopt(struct auth *a, const struct auth_enrolment *e, auth_kept_fn done, void *arg);

/* Signs out: wipes the refresh token in store and memory, and what is known of who signed in. Also
 * when nobody is. done is called later. */
void auth_forget(struct auth *a, auth_kept_fn done, void *arg);

/* --- for status, doctor and alerts ---------------------------------------------------------------
 */

/* Who is signed in, as it was remembered before the start until it is used. NULL: nobody, or (very
 * shortly after the start) not known yet. Valid until the loop turns. */
const struct sign_in *auth_sign_in(const struct auth *a);

/* What keeps this kind of token away, if it is more than trouble on the way; false: nothing, or it
 * was not tried. Texts are valid until the loop turns. */
struct auth_fault {
	enum auth_outcome outcome; /* AUTH_SIGN_IN or AUTH_CONFIG */
	const char *text, *hint;   /* hint may be NULL */
};
bool auth_fault(const struct auth *a, enum auth_kind kind, struct auth_fault *ret);

/* The text of the first of both kinds; NULL when signed in or not tried yet. */
const char *auth_trouble(const struct auth *a);
/* When the refresh token was last redeemed with success; TIME_NONE. */
int64_t auth_last_refresh_us(const struct auth *a);
/* When the certificate ends that was read last; TIME_NONE: none is configured, or not read yet. */
int64_t auth_certificate_ends_us(const struct auth *a);
/* Which tenant the last identity token was of, as it says (hostile); NULL: none came yet. Valid
 * until the loop turns. */
const char *auth_token_tenant(const struct auth *a);
