/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/ticker.c, on the fake loop and the virtual clock. */
#include "daemon/watch/ticker.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"

Suite *suite(void);

#define MANY 2000

static struct loop *loop;
static struct ticker *ticker;
static struct conf_tenant confs[MANY];
static char names[MANY][16];
static struct tenant tenants[MANY];
static int64_t start_us; /* wall time at the beginning */
static struct buf trace; /* "name@seconds " */
static unsigned n_due;
static int64_t last_due_us;
static void (*react)(struct tenant *t);

static void due(void *arg, struct tenant *t)
{
	ck_assert_ptr_eq(arg, &trace);
	n_due++;
	last_due_us = clock_wall_us() - start_us;
	buf_printf(&trace, "%s@%lld ", t->conf->name, (long long)(last_due_us / USEC_PER_SEC));
	if (react)
		react(t);
}

static void setup(void)
{
	react = NULL;
	n_due = 0;
	trace = BUF_INIT(1000000);
	start_us = clock_wall_us();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(ticker_new(loop, due, &trace, &ticker), 0);
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "t%zu", i);
		confs[i] = (struct conf_tenant){.name = names[i], .look_every_us = USEC_PER_HOUR};
		tenants[i] = (struct tenant){.conf = &confs[i], .next_look_us = TIME_NONE};
	}
}

static void teardown(void)
{
	ticker = ticker_free(ticker);
	loop = loop_free(loop);
	buf_done(&trace);
}

static int64_t in(int64_t seconds)
{
	return clock_wall_us() + seconds * USEC_PER_SEC;
}

static void run_for(int64_t seconds)
{
	fake_loop_run_for(loop, seconds * USEC_PER_SEC);
}

START_TEST(a_new_tenant_is_due_at_once)
{
	fake_loop_settle(loop);
	ck_assert_uint_eq(n_due, 0);
	ticker_add(ticker, &tenants[0]);
	ck_assert_int_eq(tenants[0].next_look_us, start_us);
	fake_loop_settle(loop);
	ck_assert_str_eq(buf_text(&trace), "t0@0 ");
}
END_TEST

START_TEST(nobody_sets_it)
{
	ticker_add(ticker, &tenants[0]);
	run_for(3 * 3600 - 1);
	ck_assert_str_eq(buf_text(&trace), "t0@0 t0@3600 t0@7200 ");
	ck_assert_int_eq(tenants[0].next_look_us, start_us + 3 * USEC_PER_HOUR);
}
END_TEST

START_TEST(setting_replaces)
{
	ticker_add(ticker, &tenants[0]);
	ticker_set(ticker, &tenants[0], in(100));
	run_for(50);
	ck_assert_uint_eq(n_due, 0);
	ticker_set(ticker, &tenants[0], in(100));
	run_for(99);
	ck_assert_uint_eq(n_due, 0);
	run_for(1);
	ck_assert_str_eq(buf_text(&trace), "t0@150 ");
	ticker_set(ticker, &tenants[0], in(-100)); /* past: at once */
	ck_assert_int_eq(tenants[0].next_look_us, clock_wall_us());
	fake_loop_settle(loop);
	ck_assert_str_eq(buf_text(&trace), "t0@150 t0@150 ");
	ticker_set(ticker, &tenants[1], in(1)); /* not added: nothing */
	run_for(2);
	ck_assert_uint_eq(n_due, 2);
}
END_TEST

static void set_in_ten(struct tenant *t)
{
	ticker_set(ticker, t, in(10));
}

START_TEST(set_from_inside)
{
	react = set_in_ten;
	ticker_add(ticker, &tenants[0]);
	run_for(25);
	ck_assert_str_eq(buf_text(&trace), "t0@0 t0@10 t0@20 ");
}
END_TEST

static void remove_all(struct tenant *t)
{
	(void)t;
	for (size_t i = 0; i < 3; i++)
		ticker_remove(ticker, &tenants[i]);
}

START_TEST(removed_from_inside)
{
	for (size_t i = 0; i < 3; i++)
		ticker_add(ticker, &tenants[i]);
	react = remove_all;
	run_for(7200);
	ck_assert_uint_eq(n_due, 1);
	ck_assert_int_eq(tenants[0].next_look_us, TIME_NONE);
	ticker_remove(ticker, &tenants[0]);
	ck_assert_int_eq(fake_loop_next_us(loop), TIME_NONE);
}
END_TEST

/* Set forward: due when the clock says so. Set back: not later than it would have been. */
START_TEST(the_clock_is_set)
{
	ticker_add(ticker, &tenants[0]);
	ticker_set(ticker, &tenants[0], in(1000));
	clock_virtual_set_wall(clock_wall_us() + 999 * USEC_PER_SEC);
	ticker_clock_jumped(ticker);
	run_for(0);
	ck_assert_uint_eq(n_due, 0);
	run_for(1);
	ck_assert_uint_eq(n_due, 1);
	ticker_set(ticker, &tenants[0], in(1000));
	clock_virtual_set_wall(clock_wall_us() - 365 * USEC_PER_DAY);
	ticker_clock_jumped(ticker);
	run_for(999);
	ck_assert_uint_eq(n_due, 1);
	run_for(1);
	ck_assert_uint_eq(n_due, 2);
	/* nobody tells it of a jump: the timer still comes */
	ticker_set(ticker, &tenants[0], in(1000));
	clock_virtual_set_wall(clock_wall_us() - 365 * USEC_PER_DAY);
	run_for(1000);
	ck_assert_uint_eq(n_due, 3);
}
END_TEST

/* Where a tenant stands in the spread is the same whenever and in what company it is added. */
START_TEST(many_are_spread)
{
	static const size_t numbers[] = {2, 3, 100, MANY};

	for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
		size_t n = numbers[k];
		int64_t first = INT64_MAX, last = 0, again[MANY];
		int64_t limit = (int64_t)(n - 1) * USEC_PER_SEC;
		if (limit > LIMIT_TICKER_SPREAD_US)
			limit = LIMIT_TICKER_SPREAD_US;
		for (size_t i = 0; i < n; i++)
			ticker_add(ticker, &tenants[i]);
		for (size_t i = 0; i < n; i++) {
			ticker_set(ticker, &tenants[i], in(3600));
			again[i] = tenants[i].next_look_us - in(3600);
			first = again[i] < first ? again[i] : first;
			last = again[i] > last ? again[i] : last;
		}
		ck_assert_int_ge(first, 0);
		ck_assert_int_lt(last, limit);
		if (n >= 100) {
			ck_assert_int_lt(first, limit / 20);
			ck_assert_int_gt(last, limit - limit / 20);
		}
		for (size_t i = n; i-- > 0;) {
			ticker_set(ticker, &tenants[i], in(3600));
			ck_assert_int_eq(tenants[i].next_look_us - in(3600), again[i]);
		}
		n_due = 0;
		run_for(3600 + LIMIT_TICKER_SPREAD_US / USEC_PER_SEC);
		ck_assert_uint_eq(n_due, n);
		for (size_t i = 0; i < n; i++)
			ticker_remove(ticker, &tenants[i]);
	}
}
END_TEST

/* A turn of the loop does not start hundreds of looks; the next turns do. */
START_TEST(all_due_at_once)
{
	for (size_t i = 0; i < 100; i++)
		ticker_add(ticker, &tenants[i]);
	clock_virtual_set_wall(clock_wall_us() + USEC_PER_HOUR / 2);
	ticker_clock_jumped(ticker);
	(void)fake_loop_turn(loop);
	ck_assert_uint_gt(n_due, 0);
	ck_assert_uint_le(n_due, 16);
	fake_loop_settle(loop);
	ck_assert_uint_eq(n_due, 100);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("ticker");
	TCase *tc = tcase_create("ticker");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_new_tenant_is_due_at_once);
	tcase_add_test(tc, nobody_sets_it);
	tcase_add_test(tc, setting_replaces);
	tcase_add_test(tc, set_from_inside);
	tcase_add_test(tc, removed_from_inside);
	tcase_add_test(tc, the_clock_is_set);
	tcase_add_test(tc, many_are_spread);
	tcase_add_test(tc, all_due_at_once);
	suite_add_tcase(s, tc);
	return s;
}
