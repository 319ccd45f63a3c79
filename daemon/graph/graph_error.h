/* SPDX-License-Identifier: Apache-2.0 */
/* What the service says when it does not give what was asked for. Pure; everything read here is
 * hostile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

/*
 * Appends one visible line: "HTTP 403: CODE: message" as far as the body has them, "HTTP 502 (not
 * an error of Graph)" when it is something else.
 */
void graph_error_text(long status, const char *body, size_t len, struct buf *out);

/*
 * True when the error says that the job must have ended first. Its code is not documented, so this
 * looks at the message; it is only used to not ask the same thing in another spelling.
 */
bool graph_error_not_finished(const char *body, size_t len);

/* Cheap test for a whole JSON object: begins and ends as one. The page itself is parsed elsewhere.
 */
bool graph_body_usable(const char *body, size_t len);

/*
 * The claims of a WWW-Authenticate header ("error=insufficient_claims", claims in base64), decoded
 * into claims. False when there are none or they are not a JSON object.
 */
bool graph_claims(const char *www_authenticate, struct buf *claims);

/* Finds the parameter name="value" or name=value of a challenge, never inside of another's quotes.
 */
bool graph_auth_param(const char *header, const char *name, struct buf *value);
