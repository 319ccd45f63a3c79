/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest history that fails like a given one: delta debugging over its lines. */
#pragma once

#include "tests/property/trial.h"

/* h fails now and fails afterwards; check is how. t->verdict is about the result. */
void shrink(struct trial *t, const char *check, struct history *h);
