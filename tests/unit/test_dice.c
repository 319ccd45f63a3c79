/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/dice.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite(void);

START_TEST(the_same_everywhere)
{
	uint64_t state = 0;

	/* as published with the algorithm */
	ck_assert_uint_eq(dice_next(&state), UINT64_C(0xe220a8397b1dcdaf));
	ck_assert_uint_eq(dice_next(&state), UINT64_C(0x6e789e6aa1b965f4));
	for (int i = 0; i < 1000; i++) {
		int64_t n = dice_below(&state, 7);

		ck_assert(n >= 0 && n < 7);
	}
}
END_TEST

static uint64_t n_played, last_played;

static void play(uint64_t seed)
{
	n_played++;
	last_played = seed;
}

START_TEST(seeds)
{
	static const struct {
		const char *seed, *runs;
		uint64_t n, last;
	} asked[] = {{NULL, NULL, 5, 5}, {"77", NULL, 1, 77}, {NULL, "9", 9, 9}, {"3", "9", 1, 3}};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		n_played = 0;
		(void)unsetenv("PROPERTY_SEED");
		(void)unsetenv("PROPERTY_RUNS");
		if (asked[i].seed)
			(void)setenv("PROPERTY_SEED", asked[i].seed, 1);
		if (asked[i].runs)
			(void)setenv("PROPERTY_RUNS", asked[i].runs, 1);
		dice_each(5, play);
		ck_assert_uint_eq(n_played, asked[i].n);
		ck_assert_uint_eq(last_played, asked[i].last);
	}
}
END_TEST

struct cutting {
	const char *items, *needed;
	unsigned n_asked;
};

/* With all that is needed, in that order. */
static bool fails(void *arg, size_t n)
{
	struct cutting *c = arg;
	const char *at = c->needed;

	c->n_asked++;
	for (size_t i = 0; i < n; i++)
		at += c->items[i] == *at;
	return *at == '\0';
}

START_TEST(what_it_takes)
{
	static const struct {
		const char *items, *needed;
	} cuts[] = {{"", ""}, {"abc", ""}, {"abc", "abc"}, {"abcdef", "be"}, {"aaaa", "aa"},
		{"xaybzc", "abc"}};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		char items[16];
		struct cutting c = {.items = items, .needed = cuts[i].needed};
		size_t n = strlen(cuts[i].items);

		memcpy(items, cuts[i].items, n);
		n = dice_cut(items, n, 1, fails, &c);
		ck_assert_uint_eq(n, strlen(cuts[i].needed));
		ck_assert_mem_eq(items, cuts[i].needed, n);
		ck_assert_uint_ge(c.n_asked, n);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("dice");
	TCase *tc = tcase_create("dice");

	tcase_add_test(tc, the_same_everywhere);
	tcase_add_test(tc, seeds);
	tcase_add_test(tc, what_it_takes);
	suite_add_tcase(s, tc);
	return s;
}
