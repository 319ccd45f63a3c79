/* SPDX-License-Identifier: Apache-2.0 */
/* The clock behind common/base/clock.h in tests: stands still until it is told to move. */
#pragma once

#include "common/base/clock.h"

/* Sets wall time without touching boot time, as somebody setting the clock would. */
void clock_virtual_set_wall(int64_t wall_us);
/* Lets time pass: wall and boot time both move. */
void clock_virtual_advance(int64_t delta_us);
