/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in and out through the daemon: it makes the request, redeems what the browser brought
 * and keeps the token; here is only what a person has to see and to bring. Blocks, and returns an
 * enum exit_code, as ctl.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"

/* How to sign in. Everything but state is made for a terminal; addresses are https, in ASCII. */
struct ctl_login {
	char *id; /* for ctl_login_finish() */
	/* with a browser: open url; the answer that belongs to it has this state */
	char *url, *state;
	/* with a code that is typed elsewhere; message is the service's own instruction, or NULL */
	char *verification_uri, *user_code, *message;
	int64_t expires_us; /* from now on */
	char *warnings;	    /* lines; NULL: none */
};
void ctl_login_done(struct ctl_login *l);

/* Who is signed in now. */
struct ctl_sign_in {
	char *tenant, *account, *account_id, *method;
	char *scopes;	/* separated by blanks */
	char *warnings; /* lines; NULL: none */
};
void ctl_sign_in_done(struct ctl_sign_in *s);

/*
 * POST /v1/login. redirect: "http://localhost:PORT", where the browser's answer is awaited; NULL
 * signs in with a device code. *ret is written on EXIT_CODE_OK only, and there is no text then.
 * Blocks as long as the daemon needs to ask the service for a device code.
 */
int ctl_login_begin(const char *socket_path, const char *tenant, const char *redirect,
	bool allow_extra_scopes, struct ctl_login *ret, char **ret_text);

/*
 * POST /v1/login/finish. answer: the query of the address that the browser was sent to, as it is
 * ("code=...&state=...", or "error=..."); copies of it are wiped here. NULL
 * waits until the device code is used, refused or too old. *ret is written on EXIT_CODE_OK only.
 */
int ctl_login_finish(const char *socket_path, const char *id, const char *answer,
	struct ctl_sign_in *ret, char **ret_text);

/* POST /v1/logout. The text says how to revoke the sign-in at the service. */
int ctl_logout(const char *socket_path, const char *tenant, char **ret_text);
