/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into the daemon that is measured, and into no other: when the loop ends, what it says of
 * its longest turn goes into the file $SNAPWATCH_BENCH_STALL. The linker puts it in the place of
 * loop_run() (--wrap), so the objects are those that are shipped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "daemon/engine/loop.h"

/* Names that the linker makes. */
// NOLINTBEGIN
int __real_loop_run(struct loop *l);
int __wrap_loop_run(struct loop *l);
// NOLINTEND

int __wrap_loop_run(struct loop *l)
{
	const char *path = getenv("SNAPWATCH_BENCH_STALL");
	int64_t cpu_us = 0, wall_us = 0;
	int r = __real_loop_run(l);
	FILE *out = path ? fopen(path, "we") : NULL;

	loop_stall(l, &cpu_us, &wall_us);
	if (out) {
		(void)fprintf(out, "max_stall_ms %.1f\nmax_stall_wall_ms %.1f\n",
			(double)cpu_us / USEC_PER_MSEC, (double)wall_us / USEC_PER_MSEC);
		(void)fclose(out);
	}
	return r;
}
