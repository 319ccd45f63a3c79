/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread with a real thread and a real store; the loop is a poll() on its one descriptor.
 * Nothing waits for time: a paused thread is told to try again.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_meta.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/store_thread.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

/* --- the loop's part ---------------------------------------------------------------------------
 */

struct loop_io {
	int fd;
	loop_io_fn fn;
	void *arg;
};
static struct loop_io io;

int loop_io_new(struct loop *l, int fd, int events, loop_io_fn fn, void *arg, struct loop_io **ret)
{
	(void)l;
	ck_assert_int_eq(events, LOOP_READ);
	io = (struct loop_io){.fd = fd, .fn = fn, .arg = arg};
	*ret = &io;
	return 0;
}

struct loop_io *loop_io_free(struct loop_io *i)
{
	(void)i;
	return NULL;
}

static void turn(void)
{
	struct pollfd p = {.fd = io.fd, .events = POLLIN};

	ck_assert_int_eq(poll(&p, 1, 20000), 1); /* only a hanging thread waits that long */
	io.fn(io.arg, io.fd, LOOP_READ);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static struct store_thread *thread;
static char url[256];

static char order[512]; /* what was answered, in order */
static int answers;

struct ask {
	const char *name;
	int give; /* what work returns; changed by the test while the thread is paused */
	int tries;
};

static int work(struct store *s, void *arg)
{
	struct ask *a = arg;

	(void)__atomic_add_fetch(&a->tries, 1, __ATOMIC_SEQ_CST);
	int r = store_meta_set(s, "last", a->name);
	return r < 0 ? r : __atomic_load_n(&a->give, __ATOMIC_SEQ_CST);
}

static void done(void *arg, int r)
{
	struct ask *a = arg;
	size_t len = strlen(order);

	(void)snprintf(order + len, sizeof(order) - len, "%s:%d ", a->name, r);
	answers++;
}

static void on_state(void *arg, int r, const char *detail)
{
	size_t len = strlen(order);

	ck_assert_ptr_eq(arg, &io);
	ck_assert_int_eq(detail != NULL, r < 0);
	if (r == -ENOSPC)
		ck_assert_ptr_nonnull(strstr(detail, "full"));
	(void)snprintf(order + len, sizeof(order) - len, "state:%d ", r);
	answers++;
}

static void wait_answers(int n)
{
	while (answers < n)
		turn();
}

static void setup(void)
{
	struct store *s = NULL;

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("x.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	ck_assert_int_eq(store_thread_new(NULL, s, &thread), 0);
	store_thread_on_state(thread, on_state, &io);
	order[0] = '\0';
	answers = 0;
}

static void teardown(void)
{
	thread = store_thread_free(thread);
	tmpdir_remove();
}

static char *last_in_store(void)
{
	_cleanup_(store_closep) struct store *s = NULL;
	char *value = NULL;

	ck_assert_int_eq(store_open_reader(url, &s, NULL), 0);
	ck_assert_int_ge(store_meta_get(s, "last", &value), 0);
	return value;
}

/* --- tests -------------------------------------------------------------------------------------
 */

START_TEST(answers_come_in_order)
{
	struct ask asks[] = {{"a", 0, 0}, {"b", 5, 0}, {"c", -EINVAL, 0}, {"d", 0, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		store_thread_post(thread, work, done, &asks[i]);
	wait_answers(4);
	ck_assert_str_eq(order, "a:0 b:5 c:-22 d:0 ");
	_cleanup_(freep) char *last = last_in_store();
	ck_assert_str_eq(last, "d");
}
END_TEST

START_TEST(only_zero_commits)
{
	struct ask asks[] = {{"a", 0, 0}, {"b", 1, 0}, {"c", -EINVAL, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		store_thread_post(thread, work, done, &asks[i]);
	wait_answers(3);
	_cleanup_(freep) char *last = last_in_store();
	ck_assert_str_eq(last, "a");
}
END_TEST

START_TEST(trouble_pauses_and_nothing_is_lost)
{
	static const int troubles[] = {-ENOSPC, -EROFS, -EIO, -EBUSY, -EUCLEAN};
	struct ask first = {"a", troubles[_i], 0}, second = {"b", 0, 0};
	char want[64];

	store_thread_post(thread, work, done, &first);
	store_thread_post(thread, work, done, &second);
	wait_answers(1);
	ck_assert(store_thread_paused(thread));
	(void)snprintf(want, sizeof(want), "state:%d ", troubles[_i]);
	ck_assert_str_eq(order, want);

	/* the same trouble again is not news */
	int tries = __atomic_load_n(&first.tries, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	while (__atomic_load_n(&first.tries, __ATOMIC_SEQ_CST) == tries)
		(void)poll(NULL, 0, 1);
	__atomic_store_n(&first.give, 0, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	wait_answers(4);
	(void)snprintf(want, sizeof(want), "state:%d state:0 a:0 b:0 ", troubles[_i]);
	ck_assert_str_eq(order, want);
	ck_assert(!store_thread_paused(thread));
}
END_TEST

START_TEST(another_trouble_is_news)
{
	struct ask a = {"a", -ENOSPC, 0};

	store_thread_post(thread, work, done, &a);
	wait_answers(1);
	__atomic_store_n(&a.give, -EIO, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	wait_answers(2);
	__atomic_store_n(&a.give, 3, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	wait_answers(4);
	ck_assert_str_eq(order, "state:-28 state:-5 state:0 a:3 ");
}
END_TEST

START_TEST(stopping_finishes_what_is_queued)
{
	struct ask asks[] = {{"a", 0, 0}, {"b", 0, 0}, {"c", 0, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		store_thread_post(thread, work, i == 2 ? NULL : done, &asks[i]);
	thread = store_thread_free(thread);
	ck_assert_str_eq(order, "a:0 b:0 ");
	_cleanup_(freep) char *last = last_in_store();
	ck_assert_str_eq(last, "c");
}
END_TEST

START_TEST(stopping_while_paused_drops)
{
	struct ask asks[] = {{"a", -ENOSPC, 0}, {"b", 0, 0}};

	store_thread_post(thread, work, done, &asks[0]);
	store_thread_post(thread, work, done, &asks[1]);
	wait_answers(1);
	thread = store_thread_free(thread);
	ck_assert_str_eq(order, "state:-28 a:-125 b:-125 ");
	ck_assert_int_ge(asks[0].tries, 2);
	ck_assert_int_eq(asks[1].tries, 0);
	ck_assert_ptr_null(last_in_store());
}
END_TEST

START_TEST(stopping_tries_once_more)
{
	struct ask a = {"a", -ENOSPC, 0};

	store_thread_post(thread, work, done, &a);
	wait_answers(1);
	__atomic_store_n(&a.give, 0, __ATOMIC_SEQ_CST);
	thread = store_thread_free(thread);
	ck_assert_str_eq(order, "state:-28 state:0 a:0 ");
}
END_TEST

static void post_again(void *arg, int r)
{
	done(arg, r);
	if (r == 0)
		store_thread_post(thread, work, done, arg);
}

START_TEST(a_done_may_post)
{
	struct ask a = {"a", 0, 0};

	store_thread_post(thread, work, post_again, &a);
	wait_answers(2);
	store_thread_post(thread, work, post_again, &a);
	thread = store_thread_free(thread);
	ck_assert_str_eq(order, "a:0 a:0 a:0 a:-125 ");
}
END_TEST

START_TEST(heartbeat_shows_a_stuck_thread)
{
	struct ask a = {"a", -EIO, 0};

	clock_virtual_advance(USEC_PER_HOUR);
	ck_assert_int_eq(store_thread_heartbeat_us(thread), clock_boot_us());
	int64_t before = clock_boot_us();
	store_thread_post(thread, work, done, &a);
	wait_answers(1);
	clock_virtual_advance(USEC_PER_HOUR);
	ck_assert_int_eq(store_thread_heartbeat_us(thread), before);
	__atomic_store_n(&a.give, 0, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	wait_answers(3);
	ck_assert_int_eq(store_thread_heartbeat_us(thread), clock_boot_us());
}
END_TEST

static int nothing(struct store *s, void *arg)
{
	(void)s;
	((struct ask *)arg)->tries++;
	return 0;
}

/* The disk is full while as many tenants as there may be have something to store. */
START_TEST(everybody_waits_while_paused)
{
	static struct ask asks[4 * LIMIT_TENANTS];
	struct ask full = {.name = "full", .give = -ENOSPC};

	store_thread_post(thread, work, done, &full);
	wait_answers(1);
	ck_assert(store_thread_paused(thread));
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		asks[i].name = "x";
		store_thread_post(thread, nothing, done, &asks[i]);
	}
	__atomic_store_n(&full.give, 0, __ATOMIC_SEQ_CST);
	store_thread_retry(thread);
	wait_answers(3 + (int)ARRAY_SIZE(asks));
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		ck_assert_int_eq(asks[i].tries, 1);
}
END_TEST

/* Memory comes back; nothing is said of the store, whose fault it is not. */
START_TEST(memory_is_waited_for)
{
	struct ask a = {.name = "a", .give = -ENOMEM}, b = {.name = "b"};

	store_thread_post(thread, work, done, &a);
	while (__atomic_load_n(&a.tries, __ATOMIC_SEQ_CST) < 1)
		(void)poll(NULL, 0, 1);
	__atomic_store_n(&a.give, 0, __ATOMIC_SEQ_CST);
	store_thread_post(thread, work, done, &b); /* wakes it */
	wait_answers(2);
	ck_assert_str_eq(order, "a:0 b:0 ");
	ck_assert_int_ge(a.tries, 2);
	ck_assert(!store_thread_paused(thread));
}
END_TEST

/* What needs more than there is must not stop the others. */
START_TEST(memory_is_not_waited_for_for_ever)
{
	struct ask a = {.name = "a", .give = -ENOMEM}, b = {.name = "b"};

	store_thread_post(thread, work, done, &a);
	while (__atomic_load_n(&a.tries, __ATOMIC_SEQ_CST) < 1)
		(void)poll(NULL, 0, 1);
	clock_virtual_advance(LIMIT_STORE_MEMORY_US);
	store_thread_post(thread, work, done, &b);
	wait_answers(2);
	ck_assert_str_eq(order, "a:-12 b:0 ");
}
END_TEST

START_TEST(many_requests)
{
	static struct ask asks[1000];

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		asks[i].name = i % 2 ? "odd" : "even";
		store_thread_post(thread, work, done, &asks[i]);
	}
	wait_answers(1000);
	for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
		ck_assert_int_eq(asks[i].tries, 1);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store_thread");
	TCase *t = tcase_create("store_thread");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_come_in_order);
	tcase_add_test(t, only_zero_commits);
	tcase_add_loop_test(t, trouble_pauses_and_nothing_is_lost, 0, 5);
	tcase_add_test(t, another_trouble_is_news);
	tcase_add_test(t, stopping_finishes_what_is_queued);
	tcase_add_test(t, stopping_while_paused_drops);
	tcase_add_test(t, stopping_tries_once_more);
	tcase_add_test(t, a_done_may_post);
	tcase_add_test(t, heartbeat_shows_a_stuck_thread);
	tcase_add_test(t, everybody_waits_while_paused);
	tcase_add_test(t, memory_is_waited_for);
	tcase_add_test(t, memory_is_not_waited_for_for_ever);
	tcase_add_test(t, many_requests);
	suite_add_tcase(s, t);
	return s;
}
