/* SPDX-License-Identifier: Apache-2.0 */
/* Times for people: how long ago, and when exactly. Pure. */
#pragma once

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"

/* "5m ago", "2d ago", "in 3h", "now"; nothing for TIME_NONE. One unit, cut. */
void when_append(struct buf *out, int64_t us, int64_t now_us);
/* "2026-07-12 03:15 UTC"; nothing for TIME_NONE. */
void when_append_exact(struct buf *out, int64_t us);
/* Both: "2h ago (2026-07-12 03:15 UTC)"; "never" for TIME_NONE. */
void when_append_both(struct buf *out, int64_t us, int64_t now_us);
