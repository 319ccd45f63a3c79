/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/clock_virtual.h"

static int64_t wall = INT64_C(1767225600) * USEC_PER_SEC; /* 2026-01-01 */
static int64_t boot = USEC_PER_HOUR;

int64_t clock_wall_us(void)
{
	return __atomic_load_n(&wall, __ATOMIC_SEQ_CST);
}

int64_t clock_boot_us(void)
{
	return __atomic_load_n(&boot, __ATOMIC_SEQ_CST);
}

int64_t clock_kernel_delay_us(int64_t delay_us)
{
	return delay_us;
}

void clock_virtual_set_wall(int64_t wall_us)
{
	__atomic_store_n(&wall, wall_us, __ATOMIC_SEQ_CST);
}

void clock_virtual_advance(int64_t delta_us)
{
	(void)__atomic_add_fetch(&wall, delta_us, __ATOMIC_SEQ_CST);
	(void)__atomic_add_fetch(&boot, delta_us, __ATOMIC_SEQ_CST);
}
