/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a sign-in is the one that was wanted: identity and permissions, against configuration.
 * Pure. A browser that is signed in already enrols whoever sits before it, and an account or an
 * application may have been given more than the daemon should ever hold.
 */
#pragma once

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/conf/conf.h"
#include "daemon/graph/id_token.h"

/* What is asked for at a sign-in, separated by blanks. */
void enrol_scopes_wanted(const struct conf_tenant *t, struct buf *out);

struct enrol_granted {
	const struct id_token *who;
	const char *scopes; /* of the answer; NULL, not said: as asked (RFC 6749, 5.1) */
	bool allow_extra;   /* more than what is needed was said to be right */
};

/* Visible lines, separated by line feeds: what a person must know. */
struct enrol_verdict {
	struct buf faults; /* any: not to be kept */
	struct buf hint;   /* what to do about the faults; one line */
	struct buf warnings;
};
void enrol_verdict_done(struct enrol_verdict *v);

/* Always writes *ret. 0 or -ENOMEM. */
int enrol_check(const struct conf_tenant *wanted, const struct enrol_granted *granted,
	struct enrol_verdict *ret);
