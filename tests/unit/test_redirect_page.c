/* SPDX-License-Identifier: Apache-2.0 */
/* The page in the browser, with texts of somebody who would like to write more than text. */
#include "cli/redirect_page.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/hash.h"

Suite *suite(void);

static const struct {
	struct redirect_page page;
	const char *has[4];
	const char *lacks[3];
} pages[] = {
	{{200, true, "Signed in", "contoso is watched as svc@contoso.com", NULL, NULL},
		{"HTTP/1.1 200 OK\r\n", "<h1 class=\"good\">Signed in</h1>\n"
					"<p>contoso is watched as svc@contoso.com</p>\n<footer>"},
		{"<pre>", "Allow", "(null)"}},
	{{400, false, "Not signed in", "AADSTS53003: blocked\n\nby a policy",
		 "Let the policy exclude <this> account.", "snapwatch login contoso"},
		{"HTTP/1.1 400 Bad Request\r\n", "<h1>Not signed in</h1>",
			"<p>AADSTS53003: blocked</p>\n<p>by a policy</p>\n<p>Let the policy "
			"exclude "
			"&lt;this&gt; account.</p>\n",
			"<pre>snapwatch login contoso</pre>"},
		{"<p></p>"}},
	{{400, false, "<script>alert(1)</script>", "<img src=x onerror='a'>\"&amp;",
		 "a\033[2Jb\u202ec", "</pre><b>"},
		{"<title>snapwatch: &lt;script&gt;alert(1)&lt;/script&gt;</title>",
			"<p>&lt;img src=x onerror=&#39;a&#39;&gt;&quot;&amp;amp;</p>",
			"<p>a\\x1B[2Jb\\u{202E}c</p>", "<pre>&lt;/pre&gt;&lt;b&gt;</pre>"},
		{"<script", "<img", "\033"}},
	{{404, false, "Nothing here", "x", NULL, NULL}, {"HTTP/1.1 404 Not Found\r\nContent"}, {0}},
	{{405, false, "Nothing here", "x", NULL, NULL},
		{"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n"}, {0}},
	{{431, false, "Nothing here", "", NULL, NULL},
		{"HTTP/1.1 431 Request Header Fields Too Large\r\n", "</h1>\n<footer>"}, {0}},
};

START_TEST(shows)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1u << 16);
	const char *text, *body;
	size_t length = 0;

	redirect_page_append(&pages[_i].page, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	text = buf_text(&out);
	for (size_t i = 0; i < ARRAY_SIZE(pages[_i].has) && pages[_i].has[i]; i++)
		ck_assert_msg(strstr(text, pages[_i].has[i]) != NULL, "%s lacks %s", text,
			pages[_i].has[i]);
	for (size_t i = 0; i < ARRAY_SIZE(pages[_i].lacks) && pages[_i].lacks[i]; i++)
		ck_assert_msg(strstr(text, pages[_i].lacks[i]) == NULL, "%s has %s", text,
			pages[_i].lacks[i]);
	body = strstr(text, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(sscanf(strstr(text, "Content-Length"), "Content-Length: %zu", &length), 1);
	ck_assert_uint_eq(strlen(body + 4), length);
	ck_assert_ptr_nonnull(strstr(text, "\r\nConnection: close\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nCache-Control: no-store\r\n"));
}
END_TEST

/* The browser applies no style that the header does not name. */
START_TEST(allows_its_own_style)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1u << 16), wanted = BUF_INIT(256);
	uint8_t digest[SHA256_SIZE];

	redirect_page_append(&pages[0].page, &out);
	const char *begin = strstr(buf_text(&out), "<style>") + strlen("<style>");
	const char *end = strstr(begin, "</style>");
	ck_assert_int_eq(sha256(begin, (size_t)(end - begin), digest), 0);
	buf_puts(&wanted, "Content-Security-Policy: default-src 'none'; style-src 'sha256-");
	base64_append(&wanted, digest, sizeof(digest));
	buf_puts(&wanted, "';");
	ck_assert_msg(strstr(buf_text(&out), buf_text(&wanted)) != NULL, "the header needs %s",
		buf_text(&wanted));
}
END_TEST

START_TEST(fails_when_it_is_too_long)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(256);

	redirect_page_append(&pages[0].page, &out);
	ck_assert_int_lt(buf_error(&out), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("redirect_page");
	TCase *t = tcase_create("redirect_page");

	tcase_add_loop_test(t, shows, 0, ARRAY_SIZE(pages));
	tcase_add_test(t, allows_its_own_style);
	tcase_add_test(t, fails_when_it_is_too_long);
	suite_add_tcase(s, t);
	return s;
}
