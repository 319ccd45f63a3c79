/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/dice.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

uint64_t dice_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int64_t dice_below(uint64_t *state, int64_t bound)
{
	return (int64_t)(dice_next(state) % (uint64_t)bound);
}

void dice_each(uint64_t n, void (*play)(uint64_t seed))
{
	const char *one = getenv("PROPERTY_SEED"), *runs = getenv("PROPERTY_RUNS");

	if (runs)
		n = strtoull(runs, NULL, 10);
	if (one)
		play(strtoull(one, NULL, 10));
	for (uint64_t seed = 1; !one && seed <= n; seed++)
		play(seed);
}

size_t dice_cut(void *items, size_t n, size_t size, bool (*fails)(void *arg, size_t n), void *arg)
{
	char *left_out = malloc(size);

	ck_assert_ptr_nonnull(left_out);
	for (size_t i = 0; i < n;) {
		char *at = (char *)items + i * size;
		size_t behind = (n - i - 1) * size;

		memcpy(left_out, at, size);
		memmove(at, at + size, behind);
		if (fails(arg, n - 1)) {
			n--;
			i = 0;
			continue;
		}
		memmove(at + size, at, behind);
		memcpy(at, left_out, size);
		i++;
	}
	free(left_out);
	return n;
}
