/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What http_start() takes, and how requests end that never reach the network: those that do are
 * looked at by the system tests.
 */
#include <check.h>
#include <errno.h>

#include "daemon/engine/http.h"
#include "daemon/engine/loop.h"

Suite *suite(void);

static struct loop *l;
static struct http *h;
static unsigned n_done;

static void setup(void)
{
	n_done = 0;
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
}

static void teardown(void)
{
	h = http_free(h);
	l = loop_free(l);
}

static void done(void *arg, struct http_result *result)
{
	(void)arg;
	(void)result;
	n_done++;
}

static const struct {
	const char *method, *url, *header, *bearer;
	int r;
} starts[] = {
	{"GET", "https://localhost/x", NULL, NULL, 0},
	{"GET", "https://localhost/x", "Accept: application/json", "eyJ0.e30.c2ln", 0},
	{"POST", "https://localhost/x", NULL, "eyJ0.e30.c2ln", 0},
	{"HEAD", "https://localhost/x", NULL, NULL, 0},
	{"DELETE", "https://localhost/x", NULL, NULL, -EINVAL},
	{"GET", "http://localhost/x", NULL, NULL, -EINVAL},
	{"GET", "ftp://localhost/x", NULL, NULL, -EINVAL},
	{"GET", "https://user@localhost/x", NULL, NULL, -EINVAL},
	{"GET", "https://localhost/x y", NULL, NULL, -EINVAL},
	{"GET", "", NULL, NULL, -EINVAL},
	/* would be headers of their own, or the beginning of a body */
	{"GET", "https://localhost/x", NULL, "token\r\nX-Evil: 1", -EINVAL},
	{"GET", "https://localhost/x", NULL, "token\nX-Evil: 1", -EINVAL},
	{"GET", "https://localhost/x", "X-Id: 1\r\nX-Evil: 1", NULL, -EINVAL},
	{"POST", "https://localhost/x", "X-Id: 1\r\n\r\n{}", NULL, -EINVAL},
};

START_TEST(test_start)
{
	const char *const headers[] = {starts[_i].header, NULL};
	const struct http_request request = {
		.method = starts[_i].method,
		.url = starts[_i].url,
		.headers = headers,
		.bearer = starts[_i].bearer,
		.max_bytes = 100,
	};
	struct http_call *call = NULL;

	ck_assert_int_eq(http_start(h, &request, done, NULL, &call), starts[_i].r);
	ck_assert_int_eq(call != NULL, starts[_i].r == 0);
	http_cancel(call);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

static void quit(void *arg)
{
	loop_quit(arg);
}

START_TEST(test_cancelled_calls_are_never_told)
{
	const struct http_request request = {
		.method = "GET", .url = "https://localhost/x", .max_bytes = 100};
	struct http_call *calls[3];

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(http_start(h, &request, done, NULL, &calls[i]), 0);
	http_cancel(calls[1]);
	http_cancel(calls[0]);
	http_cancel(calls[2]);
	http_cancel(NULL);
	loop_defer(l, quit, l);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

START_TEST(test_free_ends_what_waits)
{
	const struct http_request request = {
		.method = "POST", .url = "https://localhost/x", .max_bytes = 100};

	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(http_start(h, &request, done, NULL, NULL), 0);
	h = http_free(h);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("http");
	TCase *tc = tcase_create("http");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_start, 0, sizeof(starts) / sizeof(starts[0]));
	tcase_add_test(tc, test_cancelled_calls_are_never_told);
	tcase_add_test(tc, test_free_ends_what_waits);
	suite_add_tcase(s, tc);
	return s;
}
