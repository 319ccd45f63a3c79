/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permissions that a sign-in asks for, and what was granted instead. Pure. Names are compared
 * without case, as they come: "EntraBackup.Read.All", or with "https://graph.microsoft.com/" in
 * front.
 */
#pragma once

#include <stdbool.h>

#include "common/base/buf.h"

/* What is asked for, separated by blanks; static. */
const char *sign_in_scope_request(bool attribution);

/*
 * Appends, separated by blanks, what is missing of it and what was granted beyond it. The scopes of
 * OpenID Connect are neither: answers may leave them out, and they let nobody do anything. granted
 * NULL (not said): as asked. True when both are nothing.
 */
bool sign_in_scope_compare(
	const char *granted, bool attribution, struct buf *missing, struct buf *extra);

/* The name (len bytes) allows to change something, or to start a recovery. */
bool sign_in_scope_writes(const char *name, size_t len);
