/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of changes: what is documented, and what only happens. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/fsx.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "common/model/change.h"

Suite *suite(void);

static struct buf text;
static struct change_page page;

static void setup(void)
{
	text = BUF_INIT(LIMIT_PAGE_BYTES + 1024);
	page = (struct change_page){0};
}

static void teardown(void)
{
	change_page_done(&page);
	buf_done(&text);
}

static int parse(const char *json)
{
	return change_page_parse(json, strlen(json), &page);
}

static int64_t at(const char *time)
{
	int64_t us = TIME_NONE;

	if (*time)
		ck_assert_int_eq(time_parse(time, &us), 0);
	return us;
}

START_TEST(words)
{
	static const struct {
		const char *word, *action;
		enum change_kind kind;
	} cases[] = {
		{"deleted", "restore", CHANGE_DELETED},
		{"appeared", "softDelete", CHANGE_APPEARED},
		{"modified", "update", CHANGE_MODIFIED},
		{"merge", "merge", CHANGE_OTHER},
		{"", "", CHANGE_OTHER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(change_kind_from_name(cases[i].word), cases[i].kind);
		ck_assert_str_eq(change_recovery_action(cases[i].word), cases[i].action);
		if (cases[i].kind != CHANGE_OTHER)
			ck_assert_str_eq(change_kind_name(cases[i].kind), cases[i].word);
	}
	ck_assert_ptr_null(change_kind_name(CHANGE_OTHER));
	ck_assert_ptr_null(change_kind_name(_CHANGE_KIND_MAX));
}
END_TEST

START_TEST(members)
{
	static const struct {
		const char *key;
		enum change_member member;
		size_t len;
	} cases[] = {
		{"displayName", CHANGE_MEMBER_PROPERTY, 11},
		{"members@delta", CHANGE_MEMBER_LINK, 7},
		{"members@odata.context", CHANGE_MEMBER_NONE, 0},
		{"members@delta@odata.count", CHANGE_MEMBER_NONE, 0},
		{"@odata.type", CHANGE_MEMBER_NONE, 0},
		{"@removed", CHANGE_MEMBER_NONE, 0},
		{"@delta", CHANGE_MEMBER_NONE, 0},
		{"id", CHANGE_MEMBER_NONE, 0},
		{"deletedDateTime", CHANGE_MEMBER_NONE, 0},
		{"idp", CHANGE_MEMBER_PROPERTY, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = 0;
		ck_assert_int_eq(change_member(cases[i].key, &len), cases[i].member);
		ck_assert_uint_eq(len, cases[i].len);
	}
}
END_TEST

START_TEST(anomalies)
{
	static const struct {
		enum change_kind kind;
		const char *change, *type, *id, *name, *changed, *deleted, *would, *created;
	} want[] = {
		{CHANGE_APPEARED, "appeared", "user", "11111111-AAAA-4111-8111-111111111111",
			"Anna Berg", "displayName", "", "2026-07-28T08:00:00Z",
			"2026-07-28T07:30:00.123456Z"},
		{CHANGE_DELETED, "deleted", "user", "11111111-AAAA-4111-8111-111111111111",
			"Anna Berg", "", "2026-07-27T23:15:00Z", "", ""},
		{CHANGE_MODIFIED, "modified", "user", "22222222-2222-4222-8222-222222222222", "Bo",
			"jobTitle passwordProfile businessPhones", "", "", ""},
		{CHANGE_MODIFIED, "modified", "group", "33333333-3333-4333-8333-333333333333",
			"Admins", "members owners", "", "", ""},
		{CHANGE_MODIFIED, "modified", "conditionalAccessPolicy",
			"44444444-4444-4444-8444-444444444444", "Require MFA", "state conditions",
			"", "", ""},
		{CHANGE_APPEARED, "appeared", "device", "55555555-5555-4555-8555-555555555555",
			"Printer", "", "", "2026-07-28T08:00:00Z", ""},
		{CHANGE_OTHER, "merge", "user", "66666666-6666-4666-8666-666666666666", "Merged",
			"", "", "", ""},
		{CHANGE_APPEARED, "appeared", "appRoleAssignment",
			"yFUMOQOe1kqoSrcTqQPlsXRzdHNzc3NzdHNzdHM_abc", NULL, "", "", "", ""},
		{CHANGE_OTHER, "unknownFutureValue", "unknownFutureValue",
			"22222222-2222-4222-8222-222222222222", "Bo", "", "", "", ""},
	};

	ck_assert_int_eq(file_read("tests/fixtures/graph/changes-anomalies.json", &text), 0);
	ck_assert_int_eq(change_page_parse(buf_text(&text), text.len, &page), 0);
	ck_assert_uint_eq(page.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < page.n; i++) {
		const struct change_row *row = &page.rows[i];
		ck_assert_int_eq(row->kind, want[i].kind);
		ck_assert_str_eq(row->change, want[i].change);
		ck_assert_str_eq(row->entity_type, want[i].type);
		ck_assert_str_eq(row->object_id, want[i].id);
		ck_assert_pstr_eq(row->name, want[i].name);
		ck_assert_str_eq(row->changed, want[i].changed);
		ck_assert_int_eq(row->deleted_at_us, at(want[i].deleted));
		ck_assert_int_eq(row->would_delete_us, at(want[i].would));
		ck_assert_int_eq(row->created_at_us, at(want[i].created));
		ck_assert_int_eq(text.data[row->off], '{');
		ck_assert_int_eq(text.data[row->off + row->len - 1], '}');
	}
	ck_assert(page.saw_value);
	ck_assert_str_eq(page.next_link + strlen(page.next_link) - 14, "$skip=1&$top=1");
	/* device; newField, merge; two sentinels */
	ck_assert_uint_eq(page.unknown.n, 5);
	ck_assert_str_eq(page.unknown.first, "entityTypeName 'device'");
}
END_TEST

START_TEST(what_a_grant_hangs_on)
{
#define GUID(n) "aaaaaaaa-0000-0000-0000-00000000000" #n
#define HANGING(action, type, state) \
	"{\"value\":[{\"recoveryAction\":\"" action "\",\"entityTypeName\":\"" type \
	"\",\"id\":\"x\"," state "}]}"
	static const struct {
		const char *page;
		size_t n;
		uint8_t last[CHANGE_ANCHORS]; /* bytes of the ids */
	} t[] = {
		{HANGING("softDelete", "oAuth2PermissionGrant",
			 "\"currentState\":{\"clientId\":\"" GUID(1) "\",\"resourceId\":\"" GUID(
				 2) "\"}"),
			1, {1}},
		{HANGING("restore", "appRoleAssignment",
			 "\"currentState\":{\"principalId\":\"" GUID(
				 1) "\"},\"deltaFromCurrent\":{\"resourceId\":\"" GUID(2) "\"}"),
			2, {1, 2}},
		{HANGING("update", "appRoleAssignment",
			 "\"currentState\":{\"principalId\":\"" GUID(1) "\"}"),
			0, {0}},
		{HANGING("restore", "appRoleAssignment",
			 "\"currentState\":{\"principalId\":\"anna\",\"resourceId\":7}"),
			0, {0}},
		{HANGING("restore", "user", "\"currentState\":{\"clientId\":\"" GUID(1) "\"}"), 0,
			{0}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ck_assert_int_eq(parse(t[i].page), 0);
		ck_assert_uint_eq(page.rows[0].n_anchors, t[i].n);
		for (size_t k = 0; k < t[i].n; k++)
			ck_assert_uint_eq(page.rows[0].anchors[k][15], t[i].last[k]);
		change_page_done(&page);
		page = (struct change_page){0};
	}
}
END_TEST

START_TEST(names_among_the_changed)
{
	static char many[LIMIT_CHANGED_BYTES];

	ck_assert(change_names("city state members", "state", 5));
	ck_assert(change_names("city", "city", 4));
	ck_assert(change_names("odd_name", "odd name", 8));
	ck_assert(!change_names("city state", "stat", 4));
	ck_assert(!change_names("city state", "states", 6));
	ck_assert(!change_names("", "city", 4));
	/* some were left out for want of room */
	memset(many, 'x', sizeof(many) - 10);
	ck_assert(change_names(many, "city", 4));
}
END_TEST

START_TEST(pages)
{
	static const struct {
		const char *json;
		int r;
		size_t n, unknown;
		bool saw_value;
		const char *next;
	} cases[] = {
		{"{\"value\":[]}", 0, 0, 0, true, ""},
		{" {\"@odata.context\":\"x\",\"value\":[],\"@odata.nextLink\":\"https://a/b\"} ", 0,
			0, 0, true, "https://a/b"},
		{"{\"@context\":\"x\",\"value\":[],\"@nextLink\":\"https://a/b\"}", 0, 0, 0, true,
			"https://a/b"},
		{"{\"@odata.nextLink\":null,\"value\":[]}", 0, 0, 0, true, ""},
		{"{\"error\":{\"code\":\"x\"}}", 0, 0, 1, false, ""},
		{"{\"value\":[null,1,\"x\",[]]}", 0, 4, 16, true, ""},
		{"{\"value\":[[1,\"x\"],[{}]]}", 0, 2, 8, true, ""},
		{"{\"value\":[{}]}", 0, 1, 3, true, ""},
		{"{\"value\":[],\"@odata.nextLink\":\"a\",\"@odata.nextLink\":\"b\"}", -EBADMSG, 0,
			0, false, NULL},
		{"{\"value\":[],\"@odata.nextLink\":\"\"}", -EBADMSG, 0, 0, false, NULL},
		{"{\"value\":[],\"@odata.nextLink\":{}}", -EBADMSG, 0, 0, false, NULL},
		/* what no text can have: one unknown more than without it */
		{"{\"value\":[{\"id\":\"a\"}]}", 0, 1, 2, true, ""},
		{"{\"value\":[{\"id\":\"a\\u0000b\"}]}", 0, 1, 3, true, ""},
		{"{\"value\":[{\"id\":\"a\xff\"}]}", 0, 1, 3, true, ""},
		{"{\"value\":[{\"id\":\"a\xed\xa0\x80z\"}]}", 0, 1, 3, true, ""},
		{"{\"value\":[{\"id\":\"a\x01\"}]}", 0, 1, 3, true, ""},
		{"{\"value\":[{\"id\":\"a\"},\xff{\"id\":\"b\"}]}", -EBADMSG, 0, 0, false, NULL},
		{"{\"value\":[{\"id\":\"a\",\"id\":\"b\"}]}", 0, 1, 3, true, ""},
		{"{\"value\":[{\"id\":\"a\"}", -EBADMSG, 0, 0, false, NULL},
		{"<html>busy</html>", -EBADMSG, 0, 0, false, NULL},
		{"", -EBADMSG, 0, 0, false, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(parse(cases[i].json) == cases[i].r, "%s", cases[i].json);
		if (cases[i].r == 0) {
			ck_assert_uint_eq(page.n, cases[i].n);
			ck_assert_msg(page.unknown.n == cases[i].unknown, "%s: %zu %s",
				cases[i].json, page.unknown.n, page.unknown.first);
			ck_assert_int_eq(page.saw_value, cases[i].saw_value);
			ck_assert_str_eq(page.next_link, cases[i].next);
			change_page_done(&page);
		}
	}
}
END_TEST

/* The same name from the page and from its element, every byte where it was. */
START_TEST(names_that_no_text_can_have)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{"Eve\\u0000Adams", "Eve\xef\xbf\xbd"
				    "Adams"},
		{"\xff\xfe", "??"},
		{"\xc0\xaf", "??"},
		{"A\x01\tB", "A  B"},
		{"\\\\u0000", "\\u0000"},
		{"Zo\xc3\xab \\ud83d!", "Zo\xc3\xab \xef\xbf\xbd!"},
		{"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
	};
	char json[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json *element = NULL;

		(void)snprintf(json, sizeof(json),
			"{\"value\":[{\"id\":\"a\"},{\"id\":\"b\",\"displayName\":\"%s\"}]}",
			cases[i].name);
		ck_assert_int_eq(parse(json), 0);
		ck_assert_uint_eq(page.n, 2);
		ck_assert_str_eq(page.rows[1].name, cases[i].want);
		ck_assert_str_eq(page.rows[1].object_id, "b");
		ck_assert_int_eq(
			change_element_parse(json + page.rows[1].off, page.rows[1].len, &element),
			0);
		ck_assert_str_eq(json_string_or(element, "displayName", ""), cases[i].want);
		(void)json_free(element);
		change_page_done(&page);
	}
}
END_TEST

START_TEST(what_is_wrong_with_a_page)
{
	static const struct {
		const char *json, *want; /* NULL: nothing */
	} cases[] = {
		{"{\"value\":[]}", NULL},
		{"{\"value\":[{\"id\":\"\\u0000\"}]}", NULL},
		{"{\"value\":[{\"id\":\"a\"}", "not valid JSON"},
		{"<html>busy</html>", "not valid JSON"},
		{"{\"error\":{}}", "no list of changes"},
		{"{\"value\":null}", "no list of changes"},
		{"{\"value\":[],\"@odata.nextLink\":7}", "link to the next page"},
		{"{\"value\":[{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
		 "[[]]]]]]]]"
		 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}]}",
			"too deeply"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = change_page_problem(cases[i].json, strlen(cases[i].json));

		ck_assert_int_eq(!got, !cases[i].want);
		if (got)
			ck_assert_msg(
				strstr(got, cases[i].want) != NULL, "%s: %s", cases[i].json, got);
	}
}
END_TEST

/* Told apart by what they say, wherever they stand, and by the same words alone too. */
START_TEST(what_has_no_id)
{
	static const char anna[] = "{\"displayName\":\"Anna\",\"recoveryAction\":\"restore\"}";
	static const char bert[] = "{\"displayName\":\"Bert\",\"id\":\"\"}";
	char body[300], first[80], second[80];
	struct change_row row;
	struct change_unknown unknown = {0};

	(void)snprintf(body, sizeof(body), "{\"value\":[%s,%s,{\"id\":\"1\"}]}", anna, bert);
	ck_assert_int_eq(parse(body), 0);
	ck_assert_uint_gt(page.unknown.n, 0);
	ck_assert_str_eq(page.rows[2].object_id, "1");
	(void)snprintf(first, sizeof(first), "%s", page.rows[0].object_id);
	(void)snprintf(second, sizeof(second), "%s", page.rows[1].object_id);
	ck_assert(!change_has_id(first) && !change_has_id(second));
	ck_assert_uint_eq(strlen(first), strlen(CHANGE_NO_ID) + 32);
	ck_assert_str_ne(first, second);
	change_page_done(&page);

	(void)snprintf(body, sizeof(body), "{\"value\":[%s,%s,%s]}", bert, anna, anna);
	ck_assert_int_eq(parse(body), 0);
	ck_assert_str_eq(page.rows[0].object_id, second);
	ck_assert_str_eq(page.rows[1].object_id, first);
	ck_assert_str_eq(page.rows[2].object_id, first);
	ck_assert_int_eq(change_row_parse(anna, strlen(anna), &row, &unknown), 0);
	ck_assert_str_eq(row.object_id, first);
	change_row_done(&row);
}
END_TEST

/* The bad byte makes the page be mended, which the element by itself need not be. */
START_TEST(what_has_no_id_in_a_mended_page)
{
	static const char element[] =
		"{\"displayName\":\"Anna \\udc01\",\t\"recoveryAction\":\"restore\"}";
	struct change_unknown unknown = {0};
	struct change_row row;
	char body[200];

	(void)snprintf(body, sizeof(body), "{\"value\":[%s],\"note\":\"\xd0\"}", element);
	ck_assert_int_eq(parse(body), 0);
	ck_assert_int_eq(change_row_parse(element, strlen(element), &row, &unknown), 0);
	ck_assert_str_eq(page.rows[0].object_id, row.object_id);
	change_row_done(&row);
}
END_TEST

START_TEST(incomplete_elements_stay)
{
	ck_assert_int_eq(parse("{\"value\":[{},7,{\"recoveryAction\":5,\"id\":null,"
			       "\"currentState\":{\"id\":\"x\",\"deletedDateTime\":\"soon\"}}]}"),
		0);
	ck_assert_uint_eq(page.n, 3);
	for (size_t i = 0; i < page.n; i++) {
		ck_assert_int_eq(page.rows[i].kind, CHANGE_OTHER);
		ck_assert_str_eq(page.rows[i].change, "unknown");
		ck_assert_str_eq(page.rows[i].entity_type, "");
		ck_assert_int_eq(change_has_id(page.rows[i].object_id), i == 2);
		ck_assert_ptr_null(page.rows[i].name);
		ck_assert_int_eq(page.rows[i].deleted_at_us, TIME_NONE);
	}
	change_page_done(&page);
	ck_assert_int_eq(parse("{\"value\":[{\"recoveryAction\":\"restore\",\"currentState\":"
			       "{\"deletedDateTime\":\"0001-01-01T00:00:00Z\"}}]}"),
		0);
	ck_assert_int_eq(page.rows[0].deleted_at_us, TIME_NONE);
}
END_TEST

START_TEST(half_surrogates_do_not_stop_a_page)
{
	static const struct {
		const char *escaped, *name;
	} cases[] = {
		{"a\\ud800b", "a\xef\xbf\xbd"
			      "b"},
		{"\\udfff", "\xef\xbf\xbd"},
		{"\\ud83d\\ude00\\ud800", "\xf0\x9f\x98\x80\xef\xbf\xbd"},
		{"\\ud800\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"\\\\ud800\\ud800", "\\ud800\xef\xbf\xbd"},
		{"\\ud800\\n", "\xef\xbf\xbd\n"},
	};
	char json[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(json, sizeof(json), "{\"value\":[{\"displayName\":\"%s\"}]}",
			cases[i].escaped);
		ck_assert_int_eq(parse(json), 0);
		ck_assert_str_eq(page.rows[0].name, cases[i].name);
		change_page_done(&page);
	}
}
END_TEST

START_TEST(long_texts_are_cut)
{
	buf_puts(&text, "{\"value\":[{\"displayName\":\"x");
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "\xc3\xa4");
	buf_puts(&text, "\",\"recoveryAction\":\"");
	for (int i = 0; i < 100; i++)
		buf_puts(&text, "y");
	buf_puts(&text, "\",\"deltaFromCurrent\":{");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "%s\"property %d\":1", i ? "," : "", i);
	buf_puts(&text, "}}]}");
	ck_assert_int_eq(parse(buf_text(&text)), 0);
	/* between characters */
	ck_assert_uint_eq(strlen(page.rows[0].name), LIMIT_NAME_BYTES - 1);
	ck_assert_uint_eq(strlen(page.rows[0].change), LIMIT_ENUM_BYTES);
	ck_assert_uint_le(strlen(page.rows[0].changed), LIMIT_CHANGED_BYTES);
	ck_assert_int_eq(strncmp(page.rows[0].changed, "property_0 property_1 ", 22), 0);
}
END_TEST

START_TEST(a_long_link_is_refused)
{
	buf_puts(&text, "{\"value\":[],\"@odata.nextLink\":\"https://");
	for (unsigned i = 0; i < LIMIT_URL_BYTES; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\"}");
	ck_assert_int_eq(parse(buf_text(&text)), -EBADMSG);
}
END_TEST

START_TEST(too_many_elements_are_refused)
{
	buf_puts(&text, "{\"value\":[0");
	for (unsigned i = 0; i < LIMIT_CHANGES_PER_PAGE; i++)
		buf_puts(&text, ",0");
	buf_puts(&text, "]}");
	ck_assert_int_eq(parse(buf_text(&text)), -EBADMSG);
}
END_TEST

/* Every cut of a page is refused: nothing of half a page is ever taken for a whole one. */
START_TEST(cut_pages_are_refused)
{
	ck_assert_int_eq(file_read("tests/fixtures/graph/changes-anomalies.json", &text), 0);
	size_t end = text.len;
	while (end > 0 && text.data[end - 1] != '}')
		end--;
	for (size_t len = 0; len < end; len++) {
		char *copy = malloc(len + 1);
		memcpy(copy, text.data, len);
		ck_assert_int_eq(change_page_parse(copy, len, &page), -EBADMSG);
		free(copy);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("change");
	TCase *t = tcase_create("change");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, words);
	tcase_add_test(t, what_a_grant_hangs_on);
	tcase_add_test(t, names_among_the_changed);
	tcase_add_test(t, members);
	tcase_add_test(t, anomalies);
	tcase_add_test(t, pages);
	tcase_add_test(t, what_has_no_id);
	tcase_add_test(t, what_has_no_id_in_a_mended_page);
	tcase_add_test(t, incomplete_elements_stay);
	tcase_add_test(t, names_that_no_text_can_have);
	tcase_add_test(t, what_is_wrong_with_a_page);
	tcase_add_test(t, half_surrogates_do_not_stop_a_page);
	tcase_add_test(t, long_texts_are_cut);
	tcase_add_test(t, a_long_link_is_refused);
	tcase_add_test(t, too_many_elements_are_refused);
	tcase_add_test(t, cut_pages_are_refused);
	suite_add_tcase(s, t);
	return s;
}
