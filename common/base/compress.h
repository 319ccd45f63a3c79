/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames for pages at rest. One context per thread is kept and reused. */
#pragma once

#include <stddef.h>

#include "common/base/buf.h"

/*
 * Appends one frame with size and checksum, as fast as can be. 0, -ENOMEM, -EIO or the buffer's
 * error.
 */
int compress_append(struct buf *out, const void *data, size_t len);
/*
 * Appends the content of one frame that compress_append() made. 0, -ENOMEM; -EBADMSG when it is not
 * one, is damaged or something follows it; -EFBIG past out->max, before memory is taken for it.
 */
int decompress_append(struct buf *out, const void *data, size_t len);
