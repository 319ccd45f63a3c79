/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values for people. Pure. */
#pragma once

#include "common/base/buf.h"

/* A text without its quotes, anything else as it is; "(null)"; "(not told)" for NULL. Not visible
 * yet. */
void value_append(const char *json, struct buf *out);
