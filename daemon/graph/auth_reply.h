/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the token endpoint answered, and what that means. Pure. Numbers (AADSTS) are for people:
 * decisions go by "error" and status, as the platform asks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "daemon/engine/http.h"
#include "daemon/graph/auth.h"

struct auth_reply {
	enum auth_outcome outcome;
	/* AUTH_OK */
	struct secret *access;
	struct secret *refresh;	 /* NULL when none came: the old one goes on */
	int64_t lifetime_us;	 /* of access */
	struct secret *id_token; /* NULL when none came, or none that can be one */
	char *scopes;		 /* granted, as it came; NULL when not said */
	/* otherwise */
	char error[LIMIT_ENUM_BYTES]; /* the service's word, to branch on; "" when there is none */
	bool dead;		      /* the grant was refused, and will be for a while */
	enum sign_in_end end;	      /* of a dead one: what that says of its life */
	int number;		      /* AADSTS, 0 unknown */
	struct buf text;	      /* one visible line */
	const char *hint;	      /* static; may be NULL; TENANT stands for its name */
	int64_t hold_us;	      /* the same question is not to be asked again before */
};

void auth_reply_read(const struct http_result *result, struct auth_reply *ret);
/*
 * The same of an error that came through a browser: its name, and the description with which the
 * platform gives the number. Never AUTH_OK.
 */
void auth_reply_error(const char *error, const char *description, struct auth_reply *ret);
void auth_reply_done(struct auth_reply *reply);
/* How much of a hint holds for a new sign-in, too, of which nothing is kept that could go on. */
size_t auth_reply_hint_new(const char *hint);

/* The part of lifetime_us after which a token is renewed: before its end if short, at half if long.
 */
int64_t auth_renew_after_us(int64_t lifetime_us);
