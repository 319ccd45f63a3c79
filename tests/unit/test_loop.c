/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real loop. The virtual clock stands still, so every timer here has no delay or is moved by
 * the test; the kernel only ever has to deliver a pipe and a signal that are ready.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/engine/loop.h"
#include "tests/support/clock_virtual.h"

Suite *suite(void);

static struct loop *l;
static struct loop_timer *timers[3];
static char trace[64];
static size_t n_trace;

static void mark(char c)
{
	if (n_trace + 1 < sizeof(trace))
		trace[n_trace++] = c;
}

static void setup(void)
{
	ck_assert_int_eq(loop_new(&l), 0);
}

static void teardown(void)
{
	for (size_t i = 0; i < 3; i++)
		timers[i] = loop_timer_free(timers[i]);
	l = loop_free(l);
}

static void mark_arg(void *arg)
{
	mark(*(const char *)arg);
}

static void quit(void *arg)
{
	(void)arg;
	mark('q');
	loop_quit(l);
}

START_TEST(test_order)
{
	ck_assert_int_eq(loop_timer_new(l, "a", mark_arg, (void *)"a", &timers[0]), 0);
	ck_assert_int_eq(loop_timer_new(l, "b", mark_arg, (void *)"b", &timers[1]), 0);
	ck_assert_int_eq(loop_timer_new(l, "quit", quit, NULL, &timers[2]), 0);
	loop_timer_arm(timers[2], 5 * USEC_PER_HOUR);
	loop_timer_arm(timers[1], 2 * USEC_PER_HOUR);
	loop_timer_arm(timers[0], -1);
	loop_defer(l, mark_arg, (void *)"d");
	clock_virtual_advance(6 * USEC_PER_HOUR);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_str_eq(trace, "dabq");
	ck_assert(!loop_timer_armed(timers[0]));
}
END_TEST

static void free_the_others(void *arg)
{
	(void)arg;
	mark('f');
	timers[0] = loop_timer_free(timers[0]);
	timers[1] = loop_timer_free(timers[1]);
}

START_TEST(test_callback_frees_itself_and_a_due_one)
{
	ck_assert_int_eq(loop_timer_new(l, "a", free_the_others, NULL, &timers[0]), 0);
	ck_assert_int_eq(loop_timer_new(l, "b", mark_arg, (void *)"b", &timers[1]), 0);
	ck_assert_int_eq(loop_timer_new(l, "quit", quit, NULL, &timers[2]), 0);
	for (size_t i = 0; i < 3; i++)
		loop_timer_arm(timers[i], 0);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_str_eq(trace, "fq");
}
END_TEST

static void again(void *arg)
{
	(void)arg;
	mark('a');
	if (n_trace < 4) {
		loop_timer_arm(timers[0], 0);
		loop_defer(l, mark_arg, (void *)"d");
	} else {
		loop_quit(l);
	}
}

START_TEST(test_a_timer_without_delay_waits_for_the_next_turn)
{
	ck_assert_int_eq(loop_timer_new(l, "a", again, NULL, &timers[0]), 0);
	loop_timer_arm(timers[0], 0);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_str_eq(trace, "adada");
}
END_TEST

static struct loop_io *io;

static void readable(void *arg, int fd, int events)
{
	char c;

	(void)arg;
	ck_assert_int_eq(events, LOOP_READ);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	mark(c);
	io = loop_io_free(io);
	ck_assert_int_eq(raise(SIGUSR1), 0);
}

START_TEST(test_descriptor_and_signal)
{
	struct loop_signal *s = NULL;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(loop_signal_new(l, SIGUSR1, quit, NULL, &s), 0);
	ck_assert_int_eq(loop_io_new(l, fds[0], LOOP_READ, readable, NULL, &io), 0);
	ck_assert_int_eq(loop_io_set(io, 0), 0);
	ck_assert_int_eq(loop_io_set(io, LOOP_READ), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_str_eq(trace, "xq");

	int64_t cpu_us, wall_us;

	loop_stall(l, &cpu_us, &wall_us);
	ck_assert_int_ge(wall_us, 0);
	ck_assert_int_gt(cpu_us, 0);
	loop_stall(l, &cpu_us, &wall_us);
	ck_assert_int_eq(cpu_us, 0);
	(void)loop_signal_free(s);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

START_TEST(test_quit_before_run_and_deferred_at_the_end)
{
	loop_quit(l);
	ck_assert_int_eq(loop_run(l), 0);
	loop_defer(l, mark_arg, (void *)"d");
	l = loop_free(l);
	ck_assert_str_eq(trace, "d");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_callback_frees_itself_and_a_due_one);
	tcase_add_test(tc, test_a_timer_without_delay_waits_for_the_next_turn);
	tcase_add_test(tc, test_descriptor_and_signal);
	tcase_add_test(tc, test_quit_before_run_and_deferred_at_the_end);
	suite_add_tcase(s, tc);
	return s;
}
