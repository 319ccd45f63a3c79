/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/model/change.h"
#include "daemon/watch/page_circle.h"

Suite *suite(void);

START_TEST(a_link_is_followed_once)
{
	struct page_circle c = {0};

	ck_assert(!page_circle_followed(&c, "https://a/1"));
	ck_assert(!page_circle_follow(&c, "https://a/1"));
	ck_assert(page_circle_followed(&c, "https://a/1"));
	ck_assert(!page_circle_followed(&c, "https://a/2"));
	/* asking is not remembering */
	ck_assert(!page_circle_follow(&c, "https://a/2"));
	ck_assert(page_circle_follow(&c, "https://a/1"));
	ck_assert(page_circle_follow(&c, "https://a/2"));
	page_circle_done(&c);
	ck_assert(!page_circle_followed(&c, "https://a/1"));
}
END_TEST

/* Through several sizes of the table. */
START_TEST(nothing_is_forgotten)
{
	struct page_circle c = {0};
	char link[40];
	int n = 5000;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < n; i++) {
			(void)snprintf(link, sizeof(link), "https://a/%d", i);
			ck_assert_int_eq(page_circle_follow(&c, link), round);
		}
	ck_assert_uint_eq(c.n, (size_t)n);
	page_circle_done(&c);
}
END_TEST

static uint64_t print_of(const char *text)
{
	struct change_page page;

	ck_assert_int_eq(change_page_parse(text, strlen(text), &page), 0);
	uint64_t print = page_circle_print(text, &page);
	change_page_done(&page);
	return print;
}

#define A "{\"id\":\"a\"}"
#define B "{\"id\":\"b\"}"
#define C "{\"id\":\"c\"}"

static const struct {
	const char *a, *b;
	bool same;
} prints[] = {
	{"{\"value\":[" A "," B "]}", "{\"value\":[ " A ",\n" B "],\"@nextLink\":\"x\"}", true},
	{"{\"value\":[" A "," B "]}", "{\"value\":[" A "," C "]}", false},
	{"{\"value\":[" A "," B "]}", "{\"value\":[" C "," B "]}", false},
	{"{\"value\":[" A "," B "]}", "{\"value\":[" B "," A "]}", false},
	{"{\"value\":[" A "," B "]}", "{\"value\":[" A "," C "," B "]}", false},
	{"{\"value\":[" A "]}", "{\"value\":[" A "," A "]}", false},
	{"{\"value\":[]}", "{\"value\":[],\"@odata.count\":0}", true},
};

START_TEST(what_tells_pages_apart)
{
	ck_assert_int_eq(print_of(prints[_i].a) == print_of(prints[_i].b), prints[_i].same);
	ck_assert_int_eq(print_of(prints[_i].a) == 0, !strchr(prints[_i].a, 'i'));
}
END_TEST

START_TEST(pages_that_bring_nothing)
{
	static const struct {
		uint64_t print;
		unsigned idle;
	} pages[] = {{0, 1}, {0, 2}, {7, 0}, {7, 1}, {0, 2}, {8, 0}, {7, 1}, {9, 0}};
	struct page_circle c = {0};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		ck_assert_uint_eq(page_circle_read(&c, pages[i].print), pages[i].idle);
	page_circle_done(&c);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("page_circle");
	TCase *tc = tcase_create("page_circle");

	tcase_add_test(tc, a_link_is_followed_once);
	tcase_add_test(tc, nothing_is_forgotten);
	tcase_add_loop_test(tc, what_tells_pages_apart, 0, sizeof(prints) / sizeof(prints[0]));
	tcase_add_test(tc, pages_that_bring_nothing);
	suite_add_tcase(s, tc);
	return s;
}
