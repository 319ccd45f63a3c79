/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames for pages at rest. One context per thread is kept and reused. */
#pragma once

#include <stddef.h>

#include "common/base/buf.h"

/* Appends one frame (level 3: fastest within a few percent of the best ratio, performance.md). 0, -ENOMEM, buf error. */
int compress_append(struct buf *out, const void *data, size_t len);
/* Appends the content of one frame; -EBADMSG when it is not one, -EFBIG past out->max. */
int decompress_append(struct buf *out, const void *data, size_t len);
