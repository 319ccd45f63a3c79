/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may get a token, and where relative ones lead. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "daemon/engine/http.h"

Suite *suite(void);

#define GRAPH "https://graph.microsoft.com/v1.0"

static const struct {
	const char *url, *base;
	bool same;
} origins[] = {
	{"https://graph.microsoft.com/v1.0/x?$skiptoken=a", GRAPH, true},
	{"https://graph.microsoft.com", GRAPH, true},
	{"https://graph.microsoft.com:443/beta", GRAPH, true},
	{"HTTPS://Graph.Microsoft.COM/x", GRAPH, true},
	{"https://localhost:8443/v1.0/x", "https://localhost:8443/v1.0", true},
	{"https://[::1]:8443/x", "https://[::1]:8443/", true},
	{"http://graph.microsoft.com/x", GRAPH, false},
	{"https://[::1%25eth0]:8443/x", "https://[::1]:8443/", false},
	{"https://[::1%00]:8443/x", "https://[::1]:8443/", false},
	{"https://graph.microsoft.com:444/x", GRAPH, false},
	{"https://localhost/v1.0/x", "https://localhost:8443/v1.0", false},
	{"https://graph.microsoft.com.evil.example/x", GRAPH, false},
	{"https://evilgraph.microsoft.com/x", GRAPH, false},
	{"https://graph.microsoft.com@evil.example/x", GRAPH, false},
	{"https://user@graph.microsoft.com/x", GRAPH, false},
	{"https://user:pw@graph.microsoft.com/x", GRAPH, false},
	{"https://@graph.microsoft.com/x", GRAPH, false},
	{"https://evil.example\\@graph.microsoft.com/x", GRAPH, false},
	{"https://evil.example/https://graph.microsoft.com/x", GRAPH, false},
	{"https://evil.example#@graph.microsoft.com/x", GRAPH, false},
	{"https://graph.microsoft.com/a b", GRAPH, false},
	{"https://graph.microsoft.com/a\r\nX: y", GRAPH, false},
	{"https://graph.microsoft.com/\x01", GRAPH, false},
	{"https://gr\xc3\xa4ph.microsoft.com/", GRAPH, false},
	{"https://graph.microsoft.com./x", GRAPH, false},
	{" https://graph.microsoft.com/x", GRAPH, false},
	{"//graph.microsoft.com/x", GRAPH, false},
	{"/v1.0/x", GRAPH, false},
	{"graph.microsoft.com/x", GRAPH, false},
	{"file:///etc/passwd", GRAPH, false},
	{"", GRAPH, false},
	{GRAPH, "", false},
};

START_TEST(test_origin)
{
	ck_assert_msg(http_same_origin(origins[_i].url, origins[_i].base) == origins[_i].same,
		"'%s' against '%s'", origins[_i].url, origins[_i].base);
}
END_TEST

START_TEST(test_too_long)
{
	char url[LIMIT_URL_BYTES + 2];

	memset(url, 'a', sizeof(url));
	memcpy(url, "https://graph.microsoft.com/", 28);
	url[LIMIT_URL_BYTES + 1] = '\0';
	ck_assert(!http_same_origin(url, GRAPH));
	url[LIMIT_URL_BYTES] = '\0';
	ck_assert(http_same_origin(url, GRAPH));
}
END_TEST

static const struct {
	const char *base, *reference, *out; /* out NULL: refused */
} references[] = {
	{GRAPH, "https://graph.microsoft.com/v1.0/directory/recovery/jobs/1",
		"https://graph.microsoft.com/v1.0/directory/recovery/jobs/1"},
	{GRAPH, "/v1.0/directory/recovery/jobs/1",
		"https://graph.microsoft.com/v1.0/directory/recovery/jobs/1"},
	{"https://localhost:8443/v1.0/a/b", "c?x=1", "https://localhost:8443/v1.0/a/c?x=1"},
	{GRAPH, "https://elsewhere.example/x", "https://elsewhere.example/x"},
	{GRAPH, "", NULL},
	{GRAPH, "a b", NULL},
	{"ftp://host/", "x", NULL},
};

START_TEST(test_resolve)
{
	struct buf out = BUF_INIT(LIMIT_URL_BYTES);
	int r = http_resolve(references[_i].base, references[_i].reference, &out);

	if (references[_i].out) {
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(buf_text(&out), references[_i].out);
	} else {
		ck_assert_int_eq(r, -EINVAL);
	}
	buf_done(&out);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("http_url");
	TCase *tc = tcase_create("http_url");

	tcase_add_loop_test(tc, test_origin, 0, sizeof(origins) / sizeof(origins[0]));
	tcase_add_test(tc, test_too_long);
	tcase_add_loop_test(tc, test_resolve, 0, sizeof(references) / sizeof(references[0]));
	suite_add_tcase(s, tc);
	return s;
}
