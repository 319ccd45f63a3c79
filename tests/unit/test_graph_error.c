/* SPDX-License-Identifier: Apache-2.0 */
/* Error bodies as gateways and Graph send them, and challenges. */
#include <check.h>
#include <string.h>

#include "common/base/limits.h"
#include "daemon/graph/graph_error.h"

Suite *suite(void);

static const struct {
	const char *body, *text;
} texts[] = {
	{"{\"error\":{\"code\":\"c\",\"message\":\"m\"}}", "HTTP 400: c: m"},
	{"{\"error\":{\"code\":\"\",\"message\":\"m\",\"innerError\":{\"code\":\"inner\"}}}",
		"HTTP 400: inner: m"},
	{"{\"error\":{\"code\":\"\",\"innererror\":{\"code\":\"\",\"innerError\":{\"code\":"
	 "\"deep\"}}}}",
		"HTTP 400: deep"},
	{"{\"error\":{\"message\":\"a\\u001b[31m\\nb\"}}", "HTTP 400: a\\x1B[31m\\nb"},
	{"{\"error\":{}}", "HTTP 400"},
	{"{\"error\":\"invalid\"}", "HTTP 400"},
	{"{\"error\":{\"code\":7,\"message\":[]}}", "HTTP 400"},
	{"", "HTTP 400"},
	{"<html>Bad Gateway</html>", "HTTP 400 (not an error of Graph)"},
	{"{\"error\":{\"code\":\"c\"", "HTTP 400 (not an error of Graph)"},
};

START_TEST(test_text)
{
	struct buf out = BUF_INIT(4096);

	graph_error_text(400, texts[_i].body, strlen(texts[_i].body), &out);
	ck_assert_str_eq(buf_text(&out), texts[_i].text);
	buf_done(&out);
}
END_TEST

START_TEST(test_long_text_is_cut)
{
	struct buf body = BUF_INIT(20000), out = BUF_INIT(4096);

	buf_puts(&body, "{\"error\":{\"message\":\"");
	for (int i = 0; i < 10000; i++)
		buf_putc(&body, 'x');
	buf_puts(&body, "\"}}");
	graph_error_text(400, buf_text(&body), body.len, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	ck_assert_uint_lt(out.len, 300);
	buf_done(&body);
	buf_done(&out);
}
END_TEST

static const struct {
	const char *body;
	bool usable;
} bodies[] = {
	{"{}", true},
	{" \r\n{\"value\":[]}\n", true},
	{"", false},
	{"{", false},
	{"}", false},
	{"[]", false},
	{"{\"value\":[", false},
	{"<html></html>", false},
	{"null", false},
};

START_TEST(test_usable)
{
	ck_assert(graph_body_usable(bodies[_i].body, strlen(bodies[_i].body)) == bodies[_i].usable);
}
END_TEST

START_TEST(test_not_finished)
{
	const char *yes = "{\"error\":{\"message\":\"Job with identifier `k` must have completed "
			  "successfully prior to enumerating changes.\"}}";
	const char *no = "{\"error\":{\"message\":\"Resource not found for the segment\"}}";

	ck_assert(graph_error_not_finished(yes, strlen(yes)));
	ck_assert(!graph_error_not_finished(no, strlen(no)));
	ck_assert(!graph_error_not_finished("", 0));
}
END_TEST

/* {"a":1} is eyJhIjoxfQ== */
static const struct {
	const char *header, *claims; /* claims NULL: none */
} challenges[] = {
	{NULL, NULL},
	{"", NULL},
	{"Bearer", NULL},
	{"Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"", "{\"a\":1}"},
	{"Bearer claims=\"eyJhIjoxfQ\", realm=\"x\"", "{\"a\":1}"},
	{"Bearer CLAIMS = eyJhIjoxfQ==", "{\"a\":1}"},
	{"Basic realm=\"x\", Bearer claims=\"eyJhIjoxfQ==\"", "{\"a\":1}"},
	{"Bearer note=\"claims=\\\"eyJhIjoxfQ\\\"\"", NULL},
	{"Bearer note=\"claims=eyJhIjoxfQ\"", NULL},
	{"Bearer claims=\"\"", NULL},
	{"Bearer claims=\"!!!\"", NULL},
	{"Bearer claims=\"WzFd\"", NULL},	       /* [1] */
	{"Bearer claims=\"eyJhIjox\"", NULL},	       /* {"a":1 */
	{"Bearer claims=\"eyJhIjoxfQ==", "{\"a\":1}"}, /* the closing quote is cut off */
	{"Bearer x_claims=\"eyJhIjoxfQ==\"", NULL},
};

START_TEST(test_claims)
{
	struct buf claims = BUF_INIT(LIMIT_HEADER_BYTES);
	bool found = graph_claims(challenges[_i].header, &claims);

	ck_assert(found == (challenges[_i].claims != NULL));
	ck_assert_str_eq(buf_text(&claims), challenges[_i].claims ? challenges[_i].claims : "");
	buf_done(&claims);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("graph_error");
	TCase *tc = tcase_create("graph_error");

	tcase_add_loop_test(tc, test_text, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, test_long_text_is_cut);
	tcase_add_loop_test(tc, test_usable, 0, sizeof(bodies) / sizeof(bodies[0]));
	tcase_add_test(tc, test_not_finished);
	tcase_add_loop_test(tc, test_claims, 0, sizeof(challenges) / sizeof(challenges[0]));
	suite_add_tcase(s, tc);
	return s;
}
