/* SPDX-License-Identifier: Apache-2.0 */
/* Between inject.c and the seams. */
#pragma once

#include "tests/fault/inject.h"

enum strike {
	STRIKE_NOT,
	STRIKE_FIRST,
	STRIKE_LASTS,
};

/* True when the calls of a seam are to be counted: the gate is open, and one of these is armed. */
bool seam_watches(enum fault_kind once, enum fault_kind lasting);
/* Counts one; says whether the fault meets it. once: the kind that strikes only once. */
enum strike seam_strike(enum fault_kind once);
