/* SPDX-License-Identifier: Apache-2.0 */
/* What browsers ask for, and what people paste instead of what they were asked for. */
#include "cli/redirect.h"

#include <check.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/limits.h"

Suite *suite(void);

#define STATE "s7At_e-2"
#define GOOD "code=1.AX-y&state=" STATE "&session_state=9"
#define HOST "Host: localhost:4711\r\n\r\n"

static const struct {
	const char *text;
	int r;
	const char *query;
} requests[] = {
	{"GET /?" GOOD " HTTP/1.1\r\n" HOST, 0, GOOD},
	{"GET /?" GOOD " HTTP/1.0\n\n", 0, GOOD},
	{"GET /?error=access_denied&error_description=No+%26+no&state=" STATE " HTTP/1.1\r\n" HOST,
		0, "error=access_denied&error_description=No+%26+no&state=" STATE},
	{"GET /?state=" STATE "&code=x HTTP/1.1\r\n" HOST, 0, "state=" STATE "&code=x"},
	{"GET /?code=x&state=s7At%5Fe%2d2 HTTP/1.1\r\n" HOST, 0, "code=x&state=s7At%5Fe%2d2"},
	{"", REDIRECT_E_MORE, NULL},
	{"GET /?" GOOD " HTTP/1.1\r\n", REDIRECT_E_MORE, NULL},
	{"GET /?" GOOD " HTTP/1.1\r\nHost: localhost\r\n", REDIRECT_E_MORE, NULL},
	{"\r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET\r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET \r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET /\r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET / HTTP/2.0\r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET / HTTP/1.11\r\n\r\n", REDIRECT_E_HTTP, NULL},
	{"GET http://localhost/?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_HTTP, NULL},
	{"\x16\x03\x01\x02 \n\n", REDIRECT_E_HTTP, NULL}, /* TLS */
	{"POST /?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_METHOD, NULL},
	{"HEAD /?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_METHOD, NULL},
	{"get /?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_METHOD, NULL},
	{"GET /favicon.ico HTTP/1.1\r\n" HOST, REDIRECT_E_PATH, NULL},
	{"GET /x?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_PATH, NULL},
	{"GET //?" GOOD " HTTP/1.1\r\n" HOST, REDIRECT_E_PATH, NULL},
	{"GET / HTTP/1.1\r\n" HOST, REDIRECT_E_NOTHING, NULL},
	{"GET /? HTTP/1.1\r\n" HOST, REDIRECT_E_NOTHING, NULL},
	{"GET /?a=b HTTP/1.1\r\n" HOST, REDIRECT_E_NOTHING, NULL},
	{"GET /?code=x HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=&state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=%4&state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=x&state=%s HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=x&state=s7At HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=x&state= HTTP/1.1\r\n" HOST, REDIRECT_E_CUT, NULL},
	{"GET /?code=x&state=s7At_e-3 HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
	{"GET /?code=x&state=S7AT_E-2 HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
	{"GET /?code=x&state=s7Bt HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
	{"GET /?code=x&state=" STATE "4 HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
	{"GET /?code=x&state=" STATE "&state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_TWICE, NULL},
	{"GET /?code=x&code=y&state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_TWICE, NULL},
	{"GET /?code=x&error=y&state=" STATE " HTTP/1.1\r\n" HOST, REDIRECT_E_TWICE, NULL},
	/* nothing is told of an answer that has not the right state */
	{"GET /?code=x&code=y&state=no HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
	{"GET /?state=no HTTP/1.1\r\n" HOST, REDIRECT_E_STATE, NULL},
};

static void check_found(int r, const char *query, size_t len, int expected, const char *text)
{
	ck_assert_int_eq(r, expected);
	if (!text)
		ck_assert_ptr_null(query);
	else
		ck_assert(len == strlen(text) && memcmp(query, text, len) == 0);
	ck_assert_int_gt(strlen(redirect_error_text(r)), 10);
}

START_TEST(reads_requests)
{
	const char *query = NULL, *text = requests[_i].text;
	size_t len = 0;
	int r = redirect_request(text, strlen(text), STATE, &query, &len);

	check_found(r, query, len, requests[_i].r, requests[_i].query);
}
END_TEST

#define AT "http://localhost:4711/?"

static const struct {
	const char *text;
	int r;
	const char *query;
} pasted[] = {
	{AT GOOD, 0, GOOD},
	{"  \t" AT GOOD " \r\n", 0, GOOD},
	{"\"" AT GOOD "\"", 0, GOOD},
	{"<" AT GOOD ">\n", 0, GOOD},
	{"http://localhost:4711?" GOOD, 0, GOOD},
	{"http://localhost?" GOOD, 0, GOOD},
	{"HTTP://LOCALHOST:4711/?" GOOD, 0, GOOD},
	{"https://localhost:4711/?" GOOD, 0, GOOD},
	{"http://127.0.0.1:4711/?" GOOD, 0, GOOD},
	{"http://[::1]:4711/?" GOOD, 0, GOOD},
	{"localhost:4711/?" GOOD, 0, GOOD},
	{"/?" GOOD, 0, GOOD},
	{"?" GOOD, 0, GOOD},
	{GOOD, 0, GOOD},
	{AT GOOD "#", 0, GOOD},
	{AT GOOD "#_=_", 0, GOOD},
	{AT "error=access_denied&state=" STATE, 0, "error=access_denied&state=" STATE},
	{"", REDIRECT_E_EMPTY, NULL},
	{" \r\n", REDIRECT_E_EMPTY, NULL},
	{"\"\"", REDIRECT_E_EMPTY, NULL},
	{"\"", REDIRECT_E_NOTHING, NULL},
	{"yes", REDIRECT_E_NOTHING, NULL},
	{"http://localhost:4711/", REDIRECT_E_NOTHING, NULL},
	{"http://localhost:4711", REDIRECT_E_NOTHING, NULL},
	{"http://localhost:4711/#", REDIRECT_E_NOTHING, NULL},
	{AT, REDIRECT_E_NOTHING, NULL},
	{"https://login.example/t/oauth2/v2.0/authorize?client_id=1&state=" STATE, REDIRECT_E_SENT,
		NULL},
	{"login.example/t/oauth2/v2.0/authorize?client_id=1&state=" STATE, REDIRECT_E_SENT, NULL},
	{"client_id=1&state=" STATE, REDIRECT_E_SENT, NULL},
	{"https://login.example/common/login", REDIRECT_E_ELSEWHERE, NULL},
	{"https://login.example/kmsi?" GOOD, REDIRECT_E_ELSEWHERE, NULL},
	{"https://localhost.example/?" GOOD, REDIRECT_E_ELSEWHERE, NULL},
	{"http://localhost:4711.example/?" GOOD, REDIRECT_E_ELSEWHERE, NULL},
	{"http://localhost@example/?" GOOD, REDIRECT_E_ELSEWHERE, NULL},
	{"http://localhost:4711/#" GOOD, REDIRECT_E_FRAGMENT, NULL},
	{"http://localhost:4711#" GOOD, REDIRECT_E_FRAGMENT, NULL},
	{"#" GOOD, REDIRECT_E_FRAGMENT, NULL},
	{AT "x=1#" GOOD, REDIRECT_E_FRAGMENT, NULL},
	{"1.AXoA0123456789abcdefghijklmnop-_q", REDIRECT_E_CODE_ONLY, NULL},
	{AT "code=1.A X&state=" STATE, REDIRECT_E_BLANK, NULL},
	{AT "code=1.A\nX&state=" STATE, REDIRECT_E_BLANK, NULL},
	{AT "code=1.A\033[2J&state=" STATE, REDIRECT_E_BLANK, NULL},
	{AT "code=1.AX", REDIRECT_E_CUT, NULL},
	{AT "code=1.AX&sta", REDIRECT_E_CUT, NULL},
	{AT "code=1.AX&state=s7At_", REDIRECT_E_CUT, NULL},
	{AT "code=1.AX&state=s7At_e%2", REDIRECT_E_CUT, NULL},
	{"state=" STATE, REDIRECT_E_CUT, NULL},
	{AT GOOD AT GOOD, REDIRECT_E_TWICE, NULL},
	{AT "code=1.AX&state=other", REDIRECT_E_STATE, NULL},
};

START_TEST(reads_pasted)
{
	const char *query = NULL, *text = pasted[_i].text;
	size_t len = 0;
	int r = redirect_pasted(text, strlen(text), STATE, &query, &len);

	check_found(r, query, len, pasted[_i].r, pasted[_i].query);
}
END_TEST

START_TEST(keeps_limits)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(1u << 20);
	const char *query = NULL;
	size_t len = 0;

	buf_puts(&text, "GET /?" GOOD " HTTP/1.1\r\nCookie: ");
	while (text.len <= LIMIT_REDIRECT_HEADER_BYTES) {
		ck_assert_int_eq(redirect_request(text.data, text.len, STATE, &query, &len),
			REDIRECT_E_MORE);
		for (size_t i = 0; i < 4096; i++)
			buf_putc(&text, 'x');
	}
	ck_assert_int_eq(
		redirect_request(text.data, text.len, STATE, &query, &len), REDIRECT_E_LONG);
	buf_reset(&text);
	buf_puts(&text, "GET /?state=" STATE "&code=");
	for (size_t i = 0; i < LIMIT_LOGIN_ANSWER_BYTES; i++)
		buf_putc(&text, 'x');
	ck_assert_int_eq(
		redirect_pasted(text.data + 6, text.len - 6, STATE, &query, &len), REDIRECT_E_LONG);
	buf_puts(&text, " HTTP/1.1\r\n\r\n");
	ck_assert_int_eq(
		redirect_request(text.data, text.len, STATE, &query, &len), REDIRECT_E_LONG);
	ck_assert_ptr_null(query);
}
END_TEST

START_TEST(has_words)
{
	for (int i = -1; i <= _REDIRECT_E_MAX; i++)
		ck_assert_ptr_nonnull(redirect_error_text(i));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("redirect");
	TCase *t = tcase_create("redirect");

	tcase_add_loop_test(t, reads_requests, 0, ARRAY_SIZE(requests));
	tcase_add_loop_test(t, reads_pasted, 0, ARRAY_SIZE(pasted));
	tcase_add_test(t, keeps_limits);
	tcase_add_test(t, has_words);
	suite_add_tcase(s, t);
	return s;
}
