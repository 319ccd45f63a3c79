/* SPDX-License-Identifier: Apache-2.0 */
/* The fake engines keep the promises of the real ones that stages rely on. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "daemon/engine/http.h"
#include "daemon/engine/store_thread.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"

Suite *suite(void);

#define SEC(n) ((n)*USEC_PER_SEC)

static struct loop *l;
static struct http *h;
static struct store_thread *thread;
static char trace[64];

static void mark(const char *text)
{
	size_t len = strlen(trace);

	ck_assert_uint_lt(len + strlen(text), sizeof(trace));
	memcpy(trace + len, text, strlen(text) + 1);
}

static void mark_arg(void *arg)
{
	mark(arg);
}

static void setup(void)
{
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
	ck_assert_int_eq(store_thread_new(l, NULL, &thread), 0);
}

static void teardown(void)
{
	thread = store_thread_free(thread);
	h = http_free(h);
	l = loop_free(l);
}

START_TEST(test_time_passes_from_timer_to_timer)
{
	struct loop_timer *a = NULL, *b = NULL;
	int64_t start = clock_boot_us(), wall = clock_wall_us();

	ck_assert_int_eq(loop_timer_new(l, "a", mark_arg, (void *)"a", &a), 0);
	ck_assert_int_eq(loop_timer_new(l, "b", mark_arg, (void *)"b", &b), 0);
	loop_timer_arm(a, SEC(20));
	loop_timer_arm(b, SEC(10));
	ck_assert_str_eq(fake_loop_next_name(l), "b");
	ck_assert_int_eq(fake_loop_next_us(l), start + SEC(10));
	loop_defer(l, mark_arg, (void *)"d");
	fake_loop_run_for(l, SEC(15));
	ck_assert_str_eq(trace, "db");
	ck_assert_int_eq(clock_boot_us(), start + SEC(15));
	ck_assert_int_eq(clock_wall_us(), wall + SEC(15));
	/* with nothing but that timer left, loop_run() ends where the real one would sleep for ever
	 */
	ck_assert_int_eq(loop_run(l), -EDEADLK);
	ck_assert_str_eq(trace, "dba");
	(void)loop_timer_free(a);
	(void)loop_timer_free(b);
}
END_TEST

START_TEST(test_clock_and_signals)
{
	struct loop_signal *s = NULL;

	loop_on_clock_jump(l, mark_arg, (void *)"j");
	fake_loop_set_clock(l, SEC(INT64_C(2000000000)));
	ck_assert_int_eq(clock_wall_us(), SEC(INT64_C(2000000000)));
	ck_assert_int_eq(loop_signal_new(l, SIGHUP, mark_arg, (void *)"h", &s), 0);
	fake_loop_signal(l, SIGTERM);
	fake_loop_signal(l, SIGHUP);
	(void)loop_signal_free(s);
	fake_loop_signal(l, SIGHUP);
	ck_assert_str_eq(trace, "jh");
}
END_TEST

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	(void)arg;
	mark(q->method);
	result->status = 200;
	result->location = "/x";
	buf_puts(&result->body, "12345");
	*delay_us = SEC(2);
}

static void replied(void *arg, struct http_result *result)
{
	(void)arg;
	ck_assert_str_eq(result->error_text, result->error ? result->error_text : "");
	mark(http_error_name(result->error));
	if (result->error == HTTP_OK)
		ck_assert_str_eq(result->location, "/x");
}

START_TEST(test_http)
{
	struct http_request q = {.method = "GET", .url = "https://x/", .max_bytes = 5};
	struct http_call *call = NULL;

	fake_http_handler(h, serve, NULL);
	ck_assert_int_eq(http_start(h, &q, replied, NULL, NULL), 0);
	q.max_bytes = 4;
	ck_assert_int_eq(http_start(h, &q, replied, NULL, NULL), 0);
	q.timeout_us = SEC(1);
	ck_assert_int_eq(http_start(h, &q, replied, NULL, NULL), 0);
	ck_assert_int_eq(http_start(h, &q, replied, NULL, &call), 0);
	q.url = "http://x/";
	ck_assert_int_eq(http_start(h, &q, replied, NULL, NULL), -EINVAL);
	ck_assert_str_eq(trace, "");
	fake_loop_run_for(l, 0);
	ck_assert_str_eq(trace, "GETGETGETGET");
	http_cancel(call);
	trace[0] = '\0';
	fake_loop_run_for(l, SEC(5));
	ck_assert_str_eq(trace, "timeoutoktoo_large");
	ck_assert_uint_eq(fake_http_started(h), 4);
	ck_assert_uint_eq(fake_http_in_flight(h), 0);
}
END_TEST

static int work(struct store *s, void *arg)
{
	ck_assert_ptr_null(s);
	mark(arg);
	return *(const char *)arg == 'x' ? 7 : 0;
}

static void worked(void *arg, int r)
{
	(void)arg;
	mark(r == 7 ? "7" : ".");
}

static void state(void *arg, int r, const char *detail)
{
	(void)arg;
	ck_assert_ptr_nonnull(detail);
	mark(r ? "!" : "+");
}

START_TEST(test_store_thread)
{
	store_thread_on_state(thread, state, NULL);
	store_thread_post(thread, work, worked, (void *)"a");
	store_thread_post(thread, work, worked, (void *)"x");
	store_thread_post(thread, work, NULL, (void *)"b");
	ck_assert_str_eq(trace, "axb");
	fake_loop_settle(l);
	ck_assert_str_eq(trace, "axb.7");
	trace[0] = '\0';
	fake_store_thread_fail(thread, 2, -ENOSPC);
	store_thread_post(thread, work, worked, (void *)"c");
	store_thread_post(thread, work, worked, (void *)"d");
	store_thread_post(thread, work, worked, (void *)"e");
	fake_loop_run_for(l, SEC(60));
	ck_assert(store_thread_paused(thread));
	ck_assert_str_eq(trace, "cd!.");
	fake_store_thread_heal(thread);
	fake_loop_settle(l);
	ck_assert_str_eq(trace, "cd!.de+..");
	ck_assert_uint_eq(fake_store_thread_posted(thread), 6);
}
END_TEST

START_TEST(test_death)
{
	fake_store_thread_die(thread, 2, FAKE_STORE_DIE_AFTER_COMMIT, mark_arg, (void *)"X");
	store_thread_post(thread, work, worked, (void *)"a");
	store_thread_post(thread, work, worked, (void *)"b");
	store_thread_post(thread, work, worked, (void *)"c");
	fake_loop_run_for(l, SEC(60));
	ck_assert_str_eq(trace, "abX");
	ck_assert(fake_store_thread_dead(thread));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("fakes");
	TCase *tc = tcase_create("fakes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_time_passes_from_timer_to_timer);
	tcase_add_test(tc, test_clock_and_signals);
	tcase_add_test(tc, test_http);
	tcase_add_test(tc, test_store_thread);
	tcase_add_test(tc, test_death);
	suite_add_tcase(s, tc);
	return s;
}
