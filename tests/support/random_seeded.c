/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes that are the same in every process, for tests that have to play a scenario again as
 * it was played before. Linked with -Wl,--wrap=RAND_bytes.
 */
#include <stdint.h>

int __wrap_RAND_bytes(unsigned char *out, int len);

/* splitmix64 */
int __wrap_RAND_bytes(unsigned char *out, int len)
{
	static uint64_t state;

	for (int i = 0; i < len; i++) {
		uint64_t z = (state += 0x9e3779b97f4a7c15u);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		out[i] = (unsigned char)(z >> 56);
	}
	return 1;
}
