/* SPDX-License-Identifier: Apache-2.0 */
/* Responses of the control socket: whole, cut at every byte, contradictory, endless. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/ctl/ctl_http.h"

Suite *suite(void);

static const struct {
	const char *text;
	int r;
	unsigned status;
	const char *body;
} cases[] = {
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, 200, "{}"},
	{"HTTP/1.1 409 Refused\r\ncontent-length:  3 \r\n\r\nabcd", 0, 409, "abc"},
	{"HTTP/1.1 204\r\n\r\n", 0, 204, ""},
	{"HTTP/1.0 200 OK\n\nuntil the end", 0, 200, "until the end"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n"
	 "0\r\nTrailer: x\r\n\r\n",
		0, 200, "abc0123456789"},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 0, 200, "x"},

	{"", CTL_HTTP_E_CUT, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", CTL_HTTP_E_CUT, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", CTL_HTTP_E_CUT, 0, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CTL_HTTP_E_CUT, 0,
		"abc"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", CTL_HTTP_E_CUT, 0, ""},

	{"SSH-2.0-OpenSSH_9.2\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/2 200\r\n\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 2000 OK\r\n\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", CTL_HTTP_E_BAD, 0,
		""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", CTL_HTTP_E_BAD, 0,
		""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
		CTL_HTTP_E_BAD, 0, "a"},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
		CTL_HTTP_E_BAD, 0, ""},
	{"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n012345678901234567890123456789012", -EFBIG,
		0, ""},
};

START_TEST(responses)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(32);
	unsigned status = 0;

	ck_assert_int_eq(ctl_http_response(cases[_i].text, strlen(cases[_i].text), &status, &body),
		cases[_i].r);
	ck_assert_uint_eq(status, cases[_i].status);
	ck_assert_str_eq(buf_text(&body), cases[_i].body);
}
END_TEST

/* A connection that ends early is never taken for an answer. */
START_TEST(cut_anywhere)
{
	static const char *const whole[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	};
	const char *text = whole[_i];

	for (size_t len = 0; len < strlen(text); len++) {
		_cleanup_(buf_done) struct buf body = BUF_INIT(32);
		_cleanup_(freep) char *part = strndup(text, len);
		unsigned status = 0;

		ck_assert_int_eq(ctl_http_response(part, len, &status, &body), CTL_HTTP_E_CUT);
	}
}
END_TEST

START_TEST(requests)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);

	ctl_http_request(&out, "GET", "/v1/status", NULL);
	ck_assert_ptr_eq(strstr(buf_text(&out), "GET /v1/status HTTP/1.1\r\nHost: "), out.data);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\r\nConnection: close\r\n"));
	ck_assert_ptr_null(strstr(buf_text(&out), "Content-Length"));
	buf_reset(&out);
	ctl_http_request(&out, "POST", "/v1/run", "{\"a\":1}");
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("ctl_http");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, responses, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(t, cut_anywhere, 0, 2);
	tcase_add_test(t, requests);
	suite_add_tcase(s, t);
	return s;
}
