/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only source of time. Which object file stands behind these symbols is decided at link time:
 * clock_real.c in everything that is shipped, a scaled clock in the demo, a virtual one in tests.
 * The shipped programs hold no hook to change it.
 *
 * Every time in the program is int64_t microseconds: *_us since 1970-01-01 UTC for wall time,
 * since boot for boot time. INT64_MIN is "not known" (TIME_NONE).
 */
#pragma once

#include <stdint.h>

#define TIME_NONE INT64_MIN
#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_MSEC INT64_C(1000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

/* Wall time, microseconds since the epoch, UTC. May jump. */
int64_t clock_wall_us(void);

/* Time since boot including suspend (CLOCK_BOOTTIME). Never jumps back. */
int64_t clock_boot_us(void);

/*
 * How long a kernel timer has to wait until delay_us of this clock have passed: delay_us itself
 * in shipped programs, less under a scaled clock. Only engine/loop.c calls it, and what waits in
 * the CLI for as long as the daemon does.
 */
int64_t clock_kernel_delay_us(int64_t delay_us);
