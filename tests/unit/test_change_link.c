/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/model/change.h"
#include "common/model/change_link.h"

Suite *suite(void);

#define L "https://graph.microsoft.com/v1.0/x?$skiptoken=a1"
#define OF(link) "\"@odata.nextLink\":\"" link "\""
#define VALUE "\"value\":[{\"id\":\"1\",\"deltaFromCurrent\":{\"a\":[1,{}]}}]"

static const struct {
	const char *text;
	bool seen;
} pages[] = {
	{"{" OF(L) "," VALUE "}", true},
	{"{" VALUE "," OF(L) "}", true},
	{"{\"@nextLink\":\"" L "\"," VALUE "}", true},
	{"{" VALUE ",\"@nextLink\":\"" L "\"}\n", true},
	{" {\r\n\t\"@odata.context\" : \"https://x/$metadata#y\" , \"@odata.count\" : -1.5e+3 ,"
	 "\"n\":null, \"@odata.nextLink\" :\n\"" L "\" , " VALUE " } ",
		true},
	{"{ " VALUE " , \"@odata.nextLink\" : \"" L
	 "\" , \"t\" : true , \"n\" : 1e5,\"e\":\"\"\n} ",
		true},
	{"{\"@nextLink\":null," VALUE "," OF(L) "}", true},
	/* there is one, and it takes reading to see it */
	{"{" VALUE "," OF("https:\\/\\/graph.microsoft.com") "}", false},
	{"{" VALUE "," OF(L) ",\"a\":\"\\\"\"}", false},
	{"{\"a\":\"\\\\\"," OF(L) "," VALUE ",\"b\":[]}", false},
	{"{\"a\":{}," OF(L) "," VALUE ",\"b\":[]}", false},
	{"{" VALUE "," OF("https://graph.microsoft.com/\xc3\xa9") "}", false},
	{"{" VALUE "," OF("https://graph.microsoft.com/ x\x7f") "}", false},
	/* there is none */
	{"", false},
	{"{", false},
	{"}", false},
	{"\"}", false},
	{":\"\"}", false},
	{",\"\":\"\"}", false},
	{"[]", false},
	{"{}", false},
	{"{" VALUE "}", false},
	{"{" VALUE ",\"@odata.deltaLink\":\"" L "\"}", false},
	{"{" VALUE ",\"odata.nextLink\":\"" L "\"}", false},
	{"{" VALUE "," OF("") "}", false},
	{"{\"value\":[{" OF(L) "}]}", false},
	{"{\"a\":{" OF(L) "}," VALUE "}", false},
	{"{" VALUE ",\"a\":{" OF(L) "}}", false},
	{"{\"value\":[{\"displayName\":\"\\\",\\\"@odata.nextLink\\\":\\\"" L "\\\"}\"}]}", false},
	{"{\"a\":\"{\\\"@odata.nextLink\\\":\\\"" L "\\\"}\"," VALUE "}", false},
	{"{" VALUE ",\"a\":\"\\\",\\\"@odata.nextLink\\\":\\\"" L "\"}", false},
	{"{" VALUE ",\"@odata.nextLink\":7}", false},
	{"{" VALUE ",\"@odata.nextLink\":null}", false},
	/* no page at all: what is seen is what somebody wrote */
	{"{" VALUE ",\"a\":\"\\\"," OF(L) "}", true},
	{"{" OF(L), true},
	{"oops," OF(L) "}", true},
};

/* The same as the reader of the page says, or nothing. */
static bool agrees(const char *text, size_t len, bool *ret_seen)
{
	struct change_page page;
	struct json_span at;
	bool right;

	*ret_seen = change_link_peek(text, len, &at);
	if (*ret_seen && at.off + at.len >= len)
		return false;
	if (change_page_parse(text, len, &page) < 0)
		return true;
	right = !*ret_seen || (strlen(page.next_link) == at.len &&
				      memcmp(page.next_link, text + at.off, at.len) == 0);
	change_page_done(&page);
	return right;
}

START_TEST(what_is_seen)
{
	bool seen;

	ck_assert_msg(agrees(pages[_i].text, strlen(pages[_i].text), &seen), "%s", pages[_i].text);
	ck_assert_msg(seen == pages[_i].seen, "%s", pages[_i].text);
}
END_TEST

START_TEST(both_spellings)
{
	ck_assert(change_link_is("@odata.nextLink", 15) && change_link_is("@nextLink", 9));
	ck_assert(!change_link_is("@odata.nextLinks", 16) && !change_link_is("@nextlink", 9));
}
END_TEST

/* Long links, and lists of any length, before or behind. */
START_TEST(how_far)
{
	static const struct {
		size_t link, list, behind;
		bool seen;
	} sizes[] = {
		{LIMIT_URL_BYTES, 100000, 0, true},
		{LIMIT_URL_BYTES + 1, 0, 0, false},
		{LIMIT_URL_BYTES, 0, LIMIT_URL_BYTES - 100, true},
		{LIMIT_URL_BYTES, 0, LIMIT_URL_BYTES, false},
		{100, 100000, 100000, false},
	};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT(LIMIT_PAGE_BYTES),
					       link = BUF_INIT(99999);
		bool front = i % 2, seen;

		for (size_t n = 0; n < sizes[i / 2].link; n++)
			buf_putc(&link, 'l');
		buf_puts(&b, "{");
		if (front)
			buf_printf(&b, "\"x\":\"%*s\",\"@nextLink\":\"%s\",",
				(int)sizes[i / 2].behind, "", buf_text(&link));
		buf_printf(&b, "\"value\":[%*s]", (int)sizes[i / 2].list, "");
		if (!front)
			buf_printf(&b, ",\"@nextLink\":\"%s\",\"x\":\"%*s\"", buf_text(&link),
				(int)sizes[i / 2].behind, "");
		buf_puts(&b, "}");
		ck_assert(agrees(buf_text(&b), b.len, &seen));
		ck_assert_msg(seen == sizes[i / 2].seen, "%zu", i);
	}
}
END_TEST

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

/* Pieces in any order: whatever comes out, a page that can be read has the link that was seen. */
START_TEST(any_text)
{
	static const char *const pieces[] = {"{", "}", "[", "]", ",", ":", "\"", "\\", "\\\"", " ",
		"\"@nextLink\"", "\"@odata.nextLink\":", "\"" L "\"", "\"value\":[", "]}", "null",
		"1", "\"a\":", "\"b\",", ",\"c\":{}", "\x01", "\xff", "{\"@nextLink\":\"x\",",
		"\\u0022", "{\"value\":[]", ",\"@nextLink\":\"y\"", "\"v\":2",
		",\"@nextLink\":\"z\"}"};
	uint64_t state = (uint64_t)_i;
	size_t n_seen = 0;

	for (size_t i = 0; i < 20000; i++) {
		_cleanup_(buf_done) struct buf b = BUF_INIT(4096);
		bool seen;

		for (uint32_t n = draw(&state, 9); n > 0; n--)
			buf_puts(&b, pieces[draw(&state, sizeof(pieces) / sizeof(pieces[0]))]);
		ck_assert_msg(agrees(buf_text(&b), b.len, &seen), "%s", buf_text(&b));
		n_seen += seen;
	}
	ck_assert_uint_gt(n_seen, 100);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("change_link");
	TCase *tc = tcase_create("change_link");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_is_seen, 0, sizeof(pages) / sizeof(pages[0]));
	tcase_add_test(tc, both_spellings);
	tcase_add_test(tc, how_far);
	tcase_add_loop_test(tc, any_text, 1, 4);
	suite_add_tcase(s, tc);
	return s;
}
