/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an id token says about who signed in. Pure. Its signature is not looked at: "If the ID Token
 * is received via direct communication between the Client and the Token Endpoint (which it is in
 * this flow), the TLS server validation MAY be used to validate the issuer in place of checking the
 * token signature" (OpenID Connect Core 1.0, 3.1.3.7, point 6). So nothing here may be fed with a
 * token that came in another way, through a browser for instance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"

/* Texts are owned, NULL where the token has none, and somebody else's words: not visible yet. */
struct id_token {
	char *issuer, *audience;
	char *party;	  /* azp: for whom it was made, of several audiences */
	size_t audiences; /* how many there are; audience is the first */
	char *tenant_id;  /* tid */
	char *object_id;  /* oid */
	char *username;	  /* preferred_username, for people only: it can be changed */
	char *nonce;
	char *home;	    /* idp: where the account is at home, when it is not the issuer */
	int64_t expires_us; /* TIME_NONE: not said */
	int64_t starts_us;  /* nbf */
	int guest;	    /* acct: 1, 0; -1 not said */
	char **roles;	    /* wids: template ids of directory roles; n_roles of them */
	size_t n_roles;
};
void id_token_done(struct id_token *t);

enum id_token_error {
	ID_TOKEN_E_FORM = 1, /* not three parts in base64url with an object in the middle */
	ID_TOKEN_E_CLAIM,    /* a claim that counts is of another type, too long, or no plain text
			      */
};
/* text: the token as it came. 0, -ENOMEM, or an enum id_token_error. */
int id_token_read(const char *text, size_t len, struct id_token *ret);

/* What it must say. */
struct id_token_wanted {
	const char *authority; /* as configured, without a slash at its end or with one */
	const char *tenant_id; /* GUID, lower case */
	const char *client_id;
	const char *nonce; /* NULL: none was sent */
	int64_t now_us;	   /* of the service, where it said */
};
/*
 * 0, or 1 with why it is not for us appended: a line for people. Who signed in is not judged here
 * (enrol_check.h).
 */
int id_token_check(const struct id_token *t, const struct id_token_wanted *wanted, struct buf *why);
