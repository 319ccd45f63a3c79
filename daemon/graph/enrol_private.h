/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between enrol.c (one sign-in from its beginning to its end, and that by code), enrol_wait.c (that
 * by device) and enrol_granted.c (whether what was granted is what was wanted). Nobody else
 * includes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "daemon/engine/http.h"
#include "daemon/graph/auth_private.h"
#include "daemon/graph/enrol.h"
#include "daemon/graph/enrol_check.h"
#include "daemon/graph/enrol_device.h"

#define ENROL_TEXT_BYTES (64u * 1024)
#define ENROL_FORM_BYTES (4 * LIMIT_SECRET_BYTES)

enum enrol_state {
	ENROL_BEGINNING,
	ENROL_WAITING, /* for the person */
	ENROL_ASKING,  /* the service */
	ENROL_KEEPING, /* the store has the token, but has not said so yet */
	ENROL_OVER,
};

struct enrol {
	struct auth *auth;
	enum enrol_state state;
	enum sign_in_how how;
	bool allow_extra;
	char *redirect;
	char id[GUID_TEXT_SIZE];
	struct secret *token, *nonce, *verifier; /* token: the state of RFC 6749 */
	struct secret *answer;			 /* of the browser, to be read in the next turn */
	struct enrol_device device;
	struct enrol_pace pace;
	struct buf url;
	struct enrol_prompt prompt;
	int64_t expires_us; /* boot time */
	bool polling;

	struct loop_timer *timer; /* begins; reads the answer; polls; tells an end again */
	struct loop_timer *expiry;
	struct http_call *http;

	enrol_fn done;
	void *arg;
	/* of the end, which may come before somebody waits for it */
	struct sign_in who;
	struct enrol_verdict verdict;
	int code;
	struct buf text, hint;
};

/* enrol.c. It is over: the secrets are wiped, then whoever waits is told, and may free e: each is
 * the last call of its caller. */
void enrol_end(struct enrol *e, int code, const char *text, const char *hint);
void enrol_end_memory(struct enrol *e);
void enrol_end_reply(struct enrol *e, const struct auth_reply *reply);
/* What to tell, and telling it, while it goes on. The latter is a last call, too. */
void enrol_say(struct enrol *e, int code, const char *text, const char *hint);
void enrol_tell(struct enrol *e);
/* Sends form, which is finished and wiped here. What the answer is for, done knows. May end e. */
void enrol_ask(struct enrol *e, enum auth_endpoint endpoint, struct buf *form, http_done_fn done);
void enrol_add_scopes(struct enrol *e, struct buf *form);

/* enrol_granted.c: keeps a good reply, or ends e. */
void enrol_granted_examine(
	struct enrol *e, const struct auth_reply *reply, const struct http_result *result);

/* enrol_wait.c */
void enrol_wait_begin(struct enrol *e);
void enrol_wait_poll(struct enrol *e);
