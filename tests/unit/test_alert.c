/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/alert.c and alert_words.c */
#include "common/model/alert.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* A row says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

Suite *suite(void);

#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)
#define ALERT(...) \
	(struct alert) \
	{ \
		.kind = ALERT_CHANGES_UNEXPECTED, .severity = VERDICT_WARNING, \
		.tenant = "contoso", .tenant_id = "11111111-2222-3333-4444-555555555555", \
		.title = "contoso: 1 user was deleted", .created_us = T(0), \
		.baseline_us = TIME_NONE, .covered_from_us = TIME_NONE, \
		.covered_to_us = TIME_NONE, .verified = -1, __VA_ARGS__ \
	}

START_TEST(kinds)
{
	enum alert_kind k;

	for (unsigned i = 0; i < _ALERT_KIND_MAX; i++) {
		ck_assert_int_eq(alert_kind_from_name(alert_kind_name((enum alert_kind)i), &k), 0);
		ck_assert_int_eq(k, i);
		ck_assert(!text_empty(alert_kind_text((enum alert_kind)i)));
	}
	ck_assert_str_eq(alert_kind_name(ALERT_CHANGES_UNEXPECTED), "changes_unexpected");
	ck_assert_int_eq(alert_kind_from_name("TEST", &k), -EINVAL);
	ck_assert_int_eq(alert_kind_from_name(NULL, &k), -EINVAL);
	ck_assert_ptr_null(alert_kind_name(_ALERT_KIND_MAX));
	ck_assert_ptr_null(alert_kind_text(_ALERT_KIND_MAX));
}
END_TEST

START_TEST(natural_key)
{
	const struct {
		struct alert a, b;
		bool same;
	} t[] = {
		{ALERT(), ALERT(), true},
		{ALERT(), ALERT(.created_us = T(1)), false},
		/* words and numbers are no part of it */
		{ALERT(.job = 7), ALERT(.job = 7, .created_us = T(1), .title = "x", .n_deleted = 3),
			true},
		{ALERT(.job = 7), ALERT(.job = 8), false},
		{ALERT(.job = 7), ALERT(.job = 7, .severity = VERDICT_CRITICAL), false},
		{ALERT(.job = 7), ALERT(.job = 7, .kind = ALERT_FIRST_RUN), false},
		{ALERT(.job = 7), ALERT(.job = 7, .tenant_id = NULL), false},
		{ALERT(.job = 7), ALERT(.job = 7, .subject = "x"), false},
		/* what has a subject is the same whenever it is said, and whatever its row */
		{ALERT(.job = 7, .subject = "x"), ALERT(.job = 8, .subject = "x"), true},
		{ALERT(.subject = "j1:end"), ALERT(.subject = "j1:end", .created_us = T(9)), true},
		{ALERT(.subject = "j1:end"), ALERT(.subject = "j1:start"), false},
		{ALERT(.subject = ""), ALERT(.subject = "", .created_us = T(9)), true},
	};
	char a[33], b[33];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		alert_outside_id(&t[i].a, a);
		alert_outside_id(&t[i].b, b);
		ck_assert_uint_eq(strspn(a, "0123456789abcdef"), 32);
		ck_assert_msg((strcmp(a, b) == 0) == t[i].same, "row %zu", i);
	}
}
END_TEST

static const struct alert_object policy = {
	.entity_type = "conditionalAccessPolicy",
	.object_id = "cccccccc-0000-0000-0000-000000000001",
	.display_name = "Require MFA",
	.change = "modified",
	.property = "state",
	.before = "\"enabled\"",
	.after = "\"disabled\"",
	.rule = "policies",
	.severity = VERDICT_CRITICAL,
	.finding = 12,
	.deleted_at_us = TIME_NONE,
};

START_TEST(data_object)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	const struct alert a = ALERT(.objects = &policy, .n_objects = 1, .n_modified = 1, .job = 7,
		.baseline_us = T(-60), .covered_from_us = T(-60), .covered_to_us = T(30),
		.verified = 1, .summary = "s", .n_omitted = 4);

	alert_render(&a, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	ck_assert_str_eq(buf_text(&out),
		"{\"schema\":\"snapwatch/"
		"1\",\"id\":\"b39cf7e3bcd77c5452e23b3fff943253\",\"kind\":\"changes_unexpected\","
		"\"severity\":\"warning\",\"tenant\":\"contoso\","
		"\"tenant_id\":\"11111111-2222-3333-4444-555555555555\","
		"\"title\":\"contoso: 1 user was deleted\",\"summary\":\"s\","
		"\"created\":\"2026-09-21T14:13:20Z\","
		"\"counts\":{\"deleted\":0,\"appeared\":0,\"modified\":1},"
		"\"objects\":[{\"entity_type\":\"conditionalAccessPolicy\","
		"\"object_id\":\"cccccccc-0000-0000-0000-000000000001\","
		"\"display_name\":\"Require MFA\",\"change\":\"modified\",\"property\":\"state\","
		"\"before\":\"enabled\",\"after\":\"disabled\",\"severity\":\"critical\","
		"\"rule\":\"policies\",\"finding\":12}],\"omitted\":4,\"job\":7,"
		"\"baseline\":\"2026-09-21T14:12:20Z\",\"covered_from\":\"2026-09-21T14:12:20Z\","
		"\"covered_to\":\"2026-09-21T14:13:50Z\",\"verified\":true}");
}
END_TEST

START_TEST(what_is_not_known_is_absent)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	static const char *const absent[] = {"tenant", "summary", "counts", "objects", "omitted",
		"job", "baseline", "covered_from", "verified", "initial"};
	const struct alert a = ALERT(.tenant = NULL, .tenant_id = NULL);
	char key[32];

	alert_render(&a, &out);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		(void)snprintf(key, sizeof(key), "\"%s\":", absent[i]);
		ck_assert_msg(!strstr(buf_text(&out), key), "%s", key);
	}
}
END_TEST

static size_t count_objects(const struct json *data)
{
	size_t n = 0;

	JSON_EACH (o, json_member(data, "objects"))
		n++;
	return n;
}

/* Whoever names an object decides neither the size nor the form of what leaves the house. */
START_TEST(hostile_names)
{
	static char longest[LIMIT_NAME_BYTES * 2];
	struct alert_object objects[LIMIT_ALERT_OBJECTS];
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	_cleanup_(json_freep) struct json *data = NULL;
	int64_t omitted = 0;

	/* every byte of it needs six in JSON */
	memset(longest, 0x01, sizeof(longest) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = policy;
		objects[i].display_name = longest;
		objects[i].object_id = longest;
		objects[i].property = longest;
	}
	objects[0].display_name = "\"},{\"x\":\xe2\x80\xae\n\x1b[31m\xff</script>&\\";
	objects[0].property = "state";
	objects[0].object_id = "o";
	objects[0].before = "{ \"a\": \"x\xe2\x80\xae\xc2\x9by\",\n\t\"b\":\"\x7f\" }";
	const struct alert a = ALERT(.title = longest, .summary = longest, .objects = objects,
		.n_objects = ARRAY_SIZE(objects), .n_deleted = 20, .n_omitted = 100);
	alert_render(&a, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	ck_assert_uint_lt(out.len, LIMIT_ALERT_BODY_BYTES);
	for (size_t i = 0; i < out.len; i++)
		ck_assert((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7f);
	ck_assert_ptr_null(strstr(buf_text(&out), "\xe2\x80\xae"));
	ck_assert_ptr_null(strstr(buf_text(&out), "\xc2\x9b"));
	ck_assert_int_eq(json_parse(out.data, out.len, 16, &data), 0);
	ck_assert_uint_ge(count_objects(data), 1);
	ck_assert_int_eq(json_get_int(data, "omitted", &omitted), JSON_GET_OK);
	ck_assert_int_eq(omitted, 120 - (int64_t)count_objects(data));
	const struct json *first = json_first(json_member(data, "objects"));
	ck_assert_str_eq(json_string_or(first, "display_name", ""),
		"\"},{\"x\":\xe2\x80\xae\n\x1b[31m\xef\xbf\xbd</script>&\\");
	ck_assert_str_eq(
		json_string_or(json_member(first, "before"), "a", ""), "x\xe2\x80\xae\xc2\x9by");
	ck_assert_str_eq(json_string_or(json_member(first, "before"), "b", ""), "\x7f");
}
END_TEST

START_TEST(long_values_are_cut)
{
	static char big[LIMIT_ALERT_VALUE_BYTES * 2];
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_ALERT_BODY_BYTES);
	struct alert_object o = policy;

	memset(big, 'x', sizeof(big) - 1);
	big[0] = '"';
	big[sizeof(big) - 2] = '"';
	o.after = big;
	alert_render(&ALERT(.objects = &o, .n_objects = 1), &out);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"before\":\"enabled\""));
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "\"after_cut\":true"));
	ck_assert_ptr_null(strstr(buf_text(&out), "xxx"));
}
END_TEST

START_TEST(titles)
{
	static const struct {
		struct alert_count counts[8];
		const char *text;
	} t[] = {
		{{{"user", "deleted", 20}}, "contoso: 20 users were deleted"},
		{{{"user", "deleted", 1}}, "contoso: 1 user was deleted"},
		{{{"group", "deleted", 1}, {"user", "deleted", 3}},
			"contoso: 3 users and 1 group were deleted"},
		{{{"user", "appeared", 2}, {"application", "appeared", 1}},
			"contoso: 2 users and 1 application appeared"},
		{{{"application", "appeared", 1}, {"conditionalAccessPolicy", "deleted", 2}},
			"contoso: 2 Conditional Access policies were deleted, 1 application "
			"appeared"},
		{{{"conditionalAccessPolicy", "modified", 1}},
			"contoso: 1 Conditional Access policy was modified"},
		{{{"device", "deleted", 2}}, "contoso: 2 device were deleted"},
		{{{"user", "deleted", 4}, {"group", "deleted", 4}, {"application", "deleted", 5},
			 {"organization", "deleted", 1}},
			"contoso: 5 applications, 4 users, 4 groups and 1 organization were "
			"deleted"},
		{{{"user", "deleted", 4}, {"group", "deleted", 3}, {"application", "deleted", 5},
			 {"organization", "deleted", 1}, {"servicePrincipal", "deleted", 1}},
			"contoso: 5 applications, 4 users, 3 groups and 2 other objects were "
			"deleted"},
		{{{"user", "deleted", 0}}, "contoso: nothing was deleted or appeared"},
		{{{"user", "merge", 3}}, "contoso: nothing was deleted or appeared"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_(buf_done) struct buf out = BUF_INIT(4096);
		size_t n = 0;

		while (n < ARRAY_SIZE(t[i].counts) && t[i].counts[n].change)
			n++;
		alert_title_changes("contoso", t[i].counts, n, &out);
		ck_assert_str_eq(buf_text(&out), t[i].text);
	}
}
END_TEST

START_TEST(other_words)
{
	static const struct alert_count counts[] = {{"user", "deleted", 2},
		{"application", "appeared", 1}, {"group", "modified", 3}, {"user", "changed", 240},
		{"user", "brought back", 1}};
	static const int64_t children[_ALERT_CHILD_MAX] = {2, 1, 3};
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	alert_words_undone(counts, ARRAY_SIZE(counts), &out);
	ck_assert_str_eq(buf_text(&out), "undone: the deletion of 2 users, the appearance of 1 "
					 "application, changes of 3 groups");
	buf_reset(&out);
	alert_words_vanished(counts, ARRAY_SIZE(counts), &out);
	ck_assert_str_eq(buf_text(&out),
		"the deletion of 2 users is listed no more: restored or gone for ever");
	buf_reset(&out);
	alert_words_objects(counts, ARRAY_SIZE(counts), &out);
	ck_assert_str_eq(buf_text(&out), "240 users");
	buf_reset(&out);
	alert_words_changes(&counts[4], 1, &out);
	ck_assert_str_eq(buf_text(&out), "1 user was brought back");
	buf_reset(&out);
	alert_words_children(children, &out);
	ck_assert_str_eq(buf_text(&out), "2 grants, 1 app role assignment, 3 memberships");
}
END_TEST

START_TEST(routes)
{
	char *ops[] = {(char *)"ops", NULL};
	struct conf_sink sinks[] = {
		{.name = (char *)"journal"}, {.name = (char *)"ops"}, {.name = (char *)"chat"}};
	const struct conf conf = {.sinks = sinks, .n_sinks = 3};
	const struct conf_tenant all = {0}, one = {.sinks = {ops, 1}};
	const struct {
		const struct conf_tenant *tenant;
		const char *except, *names;
	} t[] = {
		{NULL, NULL, "journal ops chat "},
		{&all, NULL, "journal ops chat "},
		{&one, NULL, "ops "},
		{NULL, "ops", "journal chat "},
		{&one, "ops", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_(buf_done) struct buf got = BUF_INIT(200);
		const char *names[3];
		size_t n = alert_route(&conf, t[i].tenant, t[i].except, names);

		for (size_t k = 0; k < n; k++)
			buf_printf(&got, "%s ", names[k]);
		ck_assert_str_eq(buf_text(&got), t[i].names);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("alert");
	TCase *tc = tcase_create("alert");

	tcase_add_test(tc, kinds);
	tcase_add_test(tc, natural_key);
	tcase_add_test(tc, data_object);
	tcase_add_test(tc, what_is_not_known_is_absent);
	tcase_add_test(tc, hostile_names);
	tcase_add_test(tc, long_values_are_cut);
	tcase_add_test(tc, titles);
	tcase_add_test(tc, other_words);
	tcase_add_test(tc, routes);
	suite_add_tcase(s, tc);
	return s;
}
