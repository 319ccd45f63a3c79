/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/snapshot.c, odata.c */
#include "common/model/snapshot.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"

/* As the documentation shows it: oldest first, a total, ids that are base64 of ISO 8601. */
static const char documented[] =
	"{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#directory/recovery/"
	"snapshots\",\"value\":["
	"{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices.snapshot\","
	"\"id\":\"MjAyNC0wOC0yNVQwNjozMDowMFo=\",\"createdDateTime\":\"2024-08-25T06:30:00Z\","
	"\"totalChangedObjects\":1230000},"
	"{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices.snapshot\","
	"\"id\":\"MjAyNC0wOC0yNlQwMjozMDowMFo=\",\"createdDateTime\":\"2024-08-26T02:30:00Z\","
	"\"totalChangedObjects\":1000000}]}";

/* As it was captured from the service: seven days, newest first, ids that are base64 of seconds. */
static const char captured[] =
	"{\"@context\":\"https://graph.microsoft.com/v1.0/$metadata#directory/recovery/snapshots\","
	"\"value\":["
	"{\"id\":\"MTc4NTE4OTYwMA==\",\"createdDateTime\":\"2026-07-27T22:00:00Z\"},"
	"{\"id\":\"MTc4NTEwMzIwMA==\",\"createdDateTime\":\"2026-07-26T22:00:00Z\"},"
	"{\"id\":\"MTc4NTAxNjgwMA==\",\"createdDateTime\":\"2026-07-25T22:00:00Z\"},"
	"{\"id\":\"MTc4NDkzMDQwMA==\",\"createdDateTime\":\"2026-07-24T22:00:00Z\"},"
	"{\"id\":\"MTc4NDg0NDAwMA==\",\"createdDateTime\":\"2026-07-23T22:00:00Z\"},"
	"{\"id\":\"MTc4NDc1NzYwMA==\",\"createdDateTime\":\"2026-07-22T22:00:00Z\"},"
	"{\"id\":\"MTc4NDY3MTIwMA==\",\"createdDateTime\":\"2026-07-21T22:00:00Z\"}]}";

/* "id@time id@time", in the order of the list. */
static void describe(const struct snapshot_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		char text[TIME_TEXT_SIZE];
		buf_printf(out, "%s%s@%s", i > 0 ? " " : "", list->items[i].service_id,
			time_format(list->items[i].created_us, text));
	}
}

#define S(id, time) "{\"id\":\"" id "\",\"createdDateTime\":\"" time "\"}"
#define PAGE(elements) "{\"value\":[" elements "]}"
#define T1 "2026-01-01T22:00:00Z"
#define T2 "2026-01-02T22:00:00Z"
#define T3 "2026-01-03T22:00:00Z"

static const struct {
	const char *text;
	const char *want; /* normalised */
	const char *next;
	unsigned unknown;
} good[] = {
	{documented,
		"MjAyNC0wOC0yNlQwMjozMDowMFo=@2024-08-26T02:30:00Z "
		"MjAyNC0wOC0yNVQwNjozMDowMFo=@2024-08-25T06:30:00Z",
		NULL, 0},
	{captured,
		"MTc4NTE4OTYwMA==@2026-07-27T22:00:00Z MTc4NTEwMzIwMA==@2026-07-26T22:00:00Z "
		"MTc4NTAxNjgwMA==@2026-07-25T22:00:00Z MTc4NDkzMDQwMA==@2026-07-24T22:00:00Z "
		"MTc4NDg0NDAwMA==@2026-07-23T22:00:00Z MTc4NDc1NzYwMA==@2026-07-22T22:00:00Z "
		"MTc4NDY3MTIwMA==@2026-07-21T22:00:00Z",
		NULL, 0},
	{PAGE(""), "", NULL, 0},
	{PAGE(S("b", T2) "," S("a", T1) "," S("c", T3)), "c@" T3 " b@" T2 " a@" T1, NULL, 0},
	/* the same time twice, the same id twice */
	{PAGE(S("a", T1) "," S("b", T1)), "a@" T1, NULL, 0},
	{PAGE(S("b", T2) "," S("a", T1) "," S("x", T2)), "b@" T2 " a@" T1, NULL, 0},
	{PAGE(S("a", T1) "," S("a", T3) "," S("b", T2)), "b@" T2 " a@" T1, NULL, 0},
	/* links, in both spellings */
	{"{\"@odata.nextLink\":\"https://h/?p=2\",\"value\":[" S("a", T1) "]}", "a@" T1,
		"https://h/?p=2", 0},
	{"{\"value\":[],\"@nextLink\":\"https://h/?p=2\"}", "", "https://h/?p=2", 0},
	{"{\"value\":[],\"@odata.nextLink\":null}", "", NULL, 0},
	{"{\"value\":[],\"@odata.deltaLink\":\"https://h/?d\"}", "", NULL, 0},
	/* entries that cannot be used; members nobody knows */
	{PAGE("{\"id\":\"a\"}," S("b", T2)), "b@" T2, NULL, 1},
	{PAGE("{\"createdDateTime\":\"" T1 "\"}"), "", NULL, 1},
	{PAGE("{\"id\":7,\"createdDateTime\":\"" T1 "\"},{\"id\":null,\"createdDateTime\":\"" T1
	      "\"}"),
		"", NULL, 2},
	{PAGE("null,1,[],\"x\"," S("", T1) "," S("a", "yesterday") "," S("a", "")), "", NULL, 7},
	{PAGE(S("a", "0001-01-01T00:00:00Z")), "", NULL, 1},
	{"{\"@odata.count\":1,\"future\":{\"value\":[]},\"value\":[{\"id\":\"a\","
	 "\"createdDateTime\":"
	 "\"2026-01-01T22:00:00.1234567+00:00\",\"kind\":\"full\",\"totalChangedObjects\":null}]}",
		"a@2026-01-01T22:00:00.123456Z", NULL, 0},
};

START_TEST(reads_pages)
{
	struct snapshot_list list = {0};
	struct buf got = BUF_INIT(10000);
	char *next = NULL;
	unsigned unknown = 99;

	ck_assert_int_eq(
		snapshot_list_parse(&list, good[_i].text, strlen(good[_i].text), &next, &unknown),
		0);
	snapshot_list_normalise(&list);
	describe(&list, &got);
	ck_assert_str_eq(buf_text(&got), good[_i].want);
	ck_assert_pstr_eq(next, good[_i].next);
	ck_assert_uint_eq(unknown, good[_i].unknown);
	free(next);
	buf_done(&got);
	snapshot_list_done(&list);
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

static const char *const bad[] = {
	"",
	"<html>",
	"[]",
	"{}",
	"{\"value\":null}",
	"{\"value\":{}}",
	"{\"error\":{\"code\":\"x\"}}",
	PAGE(S("a", T1)) "x",
	"{\"value\":[],\"@odata.nextLink\":7}",
	"{\"value\":[],\"@odata.nextLink\":\"\"}",
	"{\"value\":[],\"@odata.nextLink\":{}}",
};

START_TEST(refuses_what_is_no_page)
{
	struct snapshot_list list = {0};
	char *next = NULL;
	unsigned unknown = 99;

	ck_assert_int_eq(
		snapshot_list_parse(&list, bad[_i], strlen(bad[_i]), &next, &unknown), -EBADMSG);
	ck_assert_ptr_null(next);
	ck_assert_uint_eq(unknown, 99);
	snapshot_list_done(&list);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	for (size_t len = 0; len + 1 < sizeof(captured); len++) {
		struct snapshot_list list = {0};
		char *next = NULL;
		unsigned unknown;
		ck_assert_int_eq(
			snapshot_list_parse(&list, captured, len, &next, &unknown), -EBADMSG);
		snapshot_list_done(&list);
	}
}
END_TEST

START_TEST(pages_add_up_to_the_limit)
{
	struct snapshot_list list = {0};
	const char *page = PAGE(S("a", T1) "," S("b", T2));
	char *next = NULL;
	unsigned unknown;

	for (size_t i = 0; i < LIMIT_SNAPSHOTS / 2; i++)
		ck_assert_int_eq(
			snapshot_list_parse(&list, page, strlen(page), &next, &unknown), 0);
	ck_assert_uint_eq(list.n, LIMIT_SNAPSHOTS);
	ck_assert_int_eq(snapshot_list_parse(&list, page, strlen(page), &next, &unknown), -EFBIG);
	snapshot_list_normalise(&list);
	ck_assert_uint_eq(list.n, 2);
	snapshot_list_done(&list);
}
END_TEST

START_TEST(long_texts_are_refused)
{
	struct buf page = BUF_INIT(100000);
	struct snapshot_list list = {0};
	char *next = NULL;
	unsigned unknown = 0;

	for (size_t len = LIMIT_ID_BYTES; len <= LIMIT_ID_BYTES + 1; len++) {
		buf_reset(&page);
		buf_puts(&page, "{\"value\":[{\"createdDateTime\":\"" T1 "\",\"id\":\"");
		for (size_t i = 0; i < len; i++)
			buf_putc(&page, 'x');
		buf_puts(&page, "\"}]}");
		ck_assert_int_eq(
			snapshot_list_parse(&list, page.data, page.len, &next, &unknown), 0);
		ck_assert_uint_eq(unknown, len > LIMIT_ID_BYTES);
	}
	ck_assert_uint_eq(list.n, 1);
	buf_reset(&page);
	buf_puts(&page, "{\"value\":[],\"@odata.nextLink\":\"");
	for (size_t i = 0; i <= LIMIT_URL_BYTES; i++)
		buf_putc(&page, 'x');
	buf_puts(&page, "\"}");
	ck_assert_int_eq(
		snapshot_list_parse(&list, page.data, page.len, &next, &unknown), -EBADMSG);
	snapshot_list_done(&list);
	buf_done(&page);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_loop_test(tc, reads_pages, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tc, refuses_what_is_no_page, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, every_cut_is_refused);
	tcase_add_test(tc, pages_add_up_to_the_limit);
	tcase_add_test(tc, long_texts_are_refused);
	suite_add_tcase(s, tc);
	return s;
}
