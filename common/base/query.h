/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a query, "code=1.AX&state=x", as a browser brings them
 * (application/x-www-form-urlencoded). Pure; copies nothing but what is asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

enum query_error {
	QUERY_E_ABSENT = 1,
	QUERY_E_TWICE, /* two readers could take different ones */
	QUERY_E_BAD,   /* a percent sign without two hexadecimal digits, a control character, or no
			  UTF-8 */
};

/*
 * Appends the value of the field with that name, decoded; "" for a field without one. 0, an enum
 * query_error, or the buffer's error. Names are compared as they were decoded.
 */
int query_get(const char *query, size_t len, const char *name, struct buf *ret_value);

/* True when there is a field of that name, whatever its value. */
bool query_has(const char *query, size_t len, const char *name);
