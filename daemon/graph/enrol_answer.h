/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The query that a browser was sent back with: "code=...&state=..." or "error=...&state=...". Pure.
 * Anybody can send a browser here, so nothing of it is read before its state was found to be the
 * one that this sign-in began with (RFC 6749, 10.12).
 */
#pragma once

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/secret.h"

/* Exactly one of code and error is set. */
struct enrol_answer {
	struct secret *code;
	/* as it came, not visible yet; "" without a description */
	char *error, *description;
};
void enrol_answer_done(struct enrol_answer *a);

enum enrol_answer_error {
	ENROL_ANSWER_E_STATE = 1, /* it has none, or that of another sign-in */
	ENROL_ANSWER_E_FORM,	  /* neither a code nor an error, or one of them twice */
};
/* state: compared in constant time. 0, -ENOMEM, or an enum enrol_answer_error. */
int enrol_answer_read(
	const char *query, size_t len, const struct secret *state, struct enrol_answer *ret);
