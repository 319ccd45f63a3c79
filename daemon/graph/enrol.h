/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sign-in of a person, from the address that a browser opens (or the code that somebody types
 * elsewhere) to the refresh token in the store. Verifier, nonce, codes and tokens never leave this
 * file and what it calls; of the secrets only the state is shown, because the browser's answer is
 * recognised by it.
 *
 * A sign-in that is not the wanted one is refused after the service has granted it: nothing of it
 * is kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/sign_in.h"

struct auth;
struct enrol;

struct enrol_options {
	enum sign_in_how how; /* SIGN_IN_BY_CODE or SIGN_IN_BY_DEVICE */
	const char *redirect; /* by code: "http://localhost:PORT" */
	bool allow_extra_scopes;
};

/* For the person. By code url and state are set, by device the rest; message may be NULL. */
struct enrol_prompt {
	const char *id; /* of this sign-in: a GUID */
	const char *url, *state;
	const char *verification_uri, *user_code, *message;
	int64_t left_us; /* until it is too late */
};

/* Valid during the callback. */
struct enrol_result {
	int code;		   /* enum exit_code */
	const char *text, *hint;   /* hint: what to do; NULL: nothing */
	const char *warnings;	   /* lines, each with its line feed; "" for none */
	const struct sign_in *who; /* at a good end; NULL */
};
typedef void (*enrol_fn)(void *arg, const struct enrol_result *result);

/* True when a browser may be sent there: http, this host by name or 127.0.0.1, and a port. */
bool enrol_redirect_valid(const char *redirect);

/*
 * Begins one. a is borrowed and outlives it; options are copied. begun is called once, later, never
 * from inside: with EXIT_CODE_OK there is a prompt, otherwise it is over. 0 or -ENOMEM, -EIO.
 */
int enrol_new(struct auth *a, const struct enrol_options *options, enrol_fn begun, void *arg,
	struct enrol **ret);
/* NULL until it has begun. Valid as long as e is. */
const struct enrol_prompt *enrol_prompt(struct enrol *e);
const char *enrol_id(const struct enrol *e);

/*
 * answer: by code, the query with which the browser came back (its owner wipes it). By device NULL:
 * this waits until the person has decided, and asks the service meanwhile. done is called once,
 * later, never from inside; a second call replaces the first one's done. 0, -ENOMEM or -EMSGSIZE.
 *
 * After done it is over, unless the answer was not one to this sign-in (EXIT_CODE_USAGE): then
 * another may be given. An end that came before anybody waited is told to who asks for it.
 */
int enrol_finish(struct enrol *e, const char *answer, enrol_fn done, void *arg);
/* Nothing more can come of it. */
bool enrol_over(const struct enrol *e);
/* It is granted, and on its way into the store: too late to change anything. */
bool enrol_keeping(const struct enrol *e);

/* Whoever waits is not told. Allowed from inside of begun and done; while it is being kept only
 * together with its auth. */
struct enrol *enrol_free(struct enrol *e);
DEFINE_CLEANUP(struct enrol, enrol_free);
