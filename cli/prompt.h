/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line from the terminal that is not shown while it is typed or pasted, and may be longer than
 * the 4095 bytes to which a terminal cuts its lines. The terminal is as before when the call
 * returns, and also when a signal ends the program meanwhile.
 */
#pragma once

#include <stdint.h>

#include "common/base/buf.h"

/*
 * Reads standard input, terminal or not, up to a line feed or its end; appends the line without its
 * line feed. 0; 1 at the end of the input without a line; -ETIMEDOUT after timeout_us of clock.h;
 * -errno; -EFBIG when line is full.
 */
int prompt_read(int64_t timeout_us, struct buf *line);
