/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What property tests share: random numbers that are the same on every machine, histories by their
 * seeds, and cutting a history that fails down to what it takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* splitmix64; any state will do, a seed too. */
uint64_t dice_next(uint64_t *state);
/* From 0 to bound - 1. */
int64_t dice_below(uint64_t *state, int64_t bound);

/*
 * Plays the seeds 1 to n. In the environment PROPERTY_SEED=N plays that one alone, PROPERTY_RUNS=N
 * says how many. play: whatever fails ends the test.
 */
void dice_each(uint64_t n, void (*play)(uint64_t seed));

/*
 * Leaves out whatever is not needed of n items of size bytes for the history to fail, one at a
 * time, until each is needed. fails: whether it still does with n items as they stand; it may keep
 * what is said of that. Returns how many are left.
 */
size_t dice_cut(void *items, size_t n, size_t size, bool (*fails)(void *arg, size_t n), void *arg);
