/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock that runs faster than the world, shared by all programs of a demo or system test:
 * $SNAPWATCH_TEST_CLOCK is "REAL_EPOCH_US SIM_EPOCH_US FACTOR". At real time REAL_EPOCH_US this
 * clock shows SIM_EPOCH_US, and from there FACTOR microseconds pass per microsecond. Without the
 * variable it is the real clock. Shipped programs do not link this file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"

static int64_t real_epoch, sim_epoch, factor = 1;

__attribute__((constructor)) static void read_environment(void)
{
	const char *spec = getenv("SNAPWATCH_TEST_CLOCK");

	if (spec && sscanf(spec, "%" SCNd64 " %" SCNd64 " %" SCNd64, &real_epoch, &sim_epoch,
			    &factor) != 3) {
		(void)fprintf(stderr, "SNAPWATCH_TEST_CLOCK: want 'REAL_US SIM_US FACTOR'\n");
		abort();
	}
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return sim_epoch + (read_clock(CLOCK_REALTIME) - real_epoch) * factor;
}

int64_t clock_boot_us(void)
{
	return read_clock(CLOCK_BOOTTIME) * factor;
}

int64_t clock_kernel_delay_us(int64_t delay_us)
{
	return delay_us / factor;
}
