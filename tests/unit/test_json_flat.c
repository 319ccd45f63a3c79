/* SPDX-License-Identifier: Apache-2.0 */
/* Members of one object in its text. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/json_flat.h"

Suite *suite(void);

static struct json_flat f;

static void setup(void)
{
	f = (struct json_flat){0};
}

static void teardown(void)
{
	json_flat_done(&f);
}

static int parse(const char *text, unsigned depth)
{
	return json_flat_read(&f, text, strlen(text), depth);
}

START_TEST(results)
{
	static const struct {
		const char *text;
		unsigned depth;
		int r;
		size_t n;
		bool is_object;
	} cases[] = {
		{"{}", 1, 0, 0, true},
		{" { \"a\" : 1 , \"b\" : { \"c\" : [ ] } } ", 3, 0, 2, true},
		{"{\"a\":{\"b\":[]}}", 2, JSON_E_DEPTH, 0, true},
		{"{}", 0, JSON_E_DEPTH, 0, true},
		{"[1,{}]", 2, 0, 0, false},
		{"null", 1, 0, 0, false},
		{"", 1, JSON_E_SYNTAX, 0, false},
		{"{", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\":1,}", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\" 1}", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\":}", 1, JSON_E_SYNTAX, 0, true},
		{"{a:1}", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\":1}}", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\":1 \"b\":2}", 1, JSON_E_SYNTAX, 0, true},
		{"{\"a\":\"x\\u0000\"}", 1, JSON_E_NUL, 0, true},
		{"{\"a\":\"\xff\"}", 1, JSON_E_UTF8, 0, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(
			parse(cases[i].text, cases[i].depth) == cases[i].r, "%s", cases[i].text);
		if (cases[i].r == 0) {
			ck_assert_uint_eq(f.n, cases[i].n);
			ck_assert_int_eq(f.is_object, cases[i].is_object);
		}
	}
}
END_TEST

START_TEST(strings_and_keys_are_decoded)
{
	static const struct {
		const char *escaped, *plain;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
		{"\\u0041\\u00e9\\u20aC", "A\xc3\xa9\xe2\x82\xac"},
		{"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
		{"\\ud83d!", "\xef\xbf\xbd!"},
		{"\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"\\ude00\\u0041", "\xef\xbf\xbd"
				   "A"},
		{"\\ud83d\\n", "\xef\xbf\xbd\n"},
		{"\xc3\xa9", "\xc3\xa9"},
	};
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(text, sizeof(text), "{\"k%s\":\"%s\",\"end\":\"x\"}",
			cases[i].escaped, cases[i].escaped);
		ck_assert_int_eq(parse(text, 1), 0);
		ck_assert_uint_eq(f.n, 2);
		ck_assert_str_eq(json_flat_key(&f, 0) + 1, cases[i].plain);
		ck_assert_str_eq(json_flat_string(&f, 0), cases[i].plain);
		ck_assert_str_eq(json_flat_string(&f, 1), "x");
	}
}
END_TEST

START_TEST(types_and_places)
{
	static const char text[] = "{\"s\":\"x\", \"n\":-1.5e3,\"t\":true,\"f\":false,\"z\":null,"
				   "\"a\":[1,2],\"o\":{\"s\":1},\"s\":2}";
	static const struct {
		const char *value;
		enum json_type type;
	} want[] = {
		{"\"x\"", JSON_TYPE_STRING},
		{"-1.5e3", JSON_TYPE_NUMBER},
		{"true", JSON_TYPE_BOOL},
		{"false", JSON_TYPE_BOOL},
		{"null", JSON_TYPE_NULL},
		{"[1,2]", JSON_TYPE_ARRAY},
		{"{\"s\":1}", JSON_TYPE_OBJECT},
		{"2", JSON_TYPE_NUMBER},
	};
	const char *string = NULL;

	ck_assert_int_eq(parse(text, 2), 0);
	ck_assert_uint_eq(f.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < f.n; i++) {
		struct json_span at = f.members[i].value;
		ck_assert_int_eq(f.members[i].type, want[i].type);
		ck_assert_uint_eq(at.len, strlen(want[i].value));
		ck_assert_mem_eq(text + at.off, want[i].value, at.len);
		if (want[i].type != JSON_TYPE_STRING)
			ck_assert_ptr_null(json_flat_string(&f, i));
	}
	/* the first of two */
	ck_assert_int_eq(json_flat_get_string(&f, "s", &string), JSON_GET_OK);
	ck_assert_str_eq(string, "x");
	ck_assert_int_eq(json_flat_get_string(&f, "z", &string), JSON_GET_NULL);
	ck_assert_int_eq(json_flat_get_string(&f, "n", &string), JSON_GET_WRONG);
	ck_assert_int_eq(json_flat_get_string(&f, "S", &string), JSON_GET_ABSENT);
	ck_assert_ptr_null(json_flat_find(&f, "S"));
	/* nothing is left of it */
	ck_assert_int_eq(parse("[]", 1), 0);
	ck_assert_ptr_null(json_flat_find(&f, "s"));
}
END_TEST

/* What is read in the same pass is what reading the member's own text gives; the first one counts.
 */
START_TEST(objects_below)
{
	static const struct {
		const char *text, *key; /* of its first member, NULL: there is none */
	} cases[] = {
		{"{\"b\":{\"x\":\"\\u00e9\",\"y\":[{}]},\"c\":\"after\"}", "x"},
		{"{\"a\":1,\"b\" : { } , \"c\":\"after\"}", NULL},
		{"{\"b\":{\"x\":1},\"b\":{\"z\":2}}", "x"},
		{"{\"b\":\"text\",\"b\":{\"z\":2}}", NULL},
		{"{\"b\":null}", NULL},
		{"{\"a\":{\"b\":{\"x\":1}}}", NULL},
		{"[{\"b\":{\"x\":1}}]", NULL},
		{"{\"\\u0062\":{\"x\":{\"b\":{}}}}", "x"},
	};
	struct json_flat inner = {0}, alone = {0};
	struct json_flat_below below = {.key = "b", .flat = &inner};

	f.below = &below;
	f.n_below = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_msg(parse(cases[i].text, 4) == 0, "%s", cases[i].text);
		ck_assert_msg((inner.n > 0) == (cases[i].key != NULL), "%s", cases[i].text);
		if (!cases[i].key)
			continue;
		ck_assert_str_eq(json_flat_key(&inner, 0), cases[i].key);
		const struct json_span at = json_flat_find(&f, "b")->value;
		ck_assert_int_eq(json_flat_read(&alone, cases[i].text + at.off, at.len, 4), 0);
		ck_assert_uint_eq(inner.n, alone.n);
		for (size_t m = 0; m < alone.n; m++) {
			ck_assert_str_eq(json_flat_key(&inner, m), json_flat_key(&alone, m));
			ck_assert_int_eq(inner.members[m].type, alone.members[m].type);
			ck_assert_uint_eq(inner.members[m].value.off, alone.members[m].value.off);
			ck_assert_uint_eq(inner.members[m].value.len, alone.members[m].value.len);
		}
	}
	ck_assert_int_eq(parse("{\"b\":{\"x\":{}}}", 2), JSON_E_DEPTH);
	json_flat_done(&inner);
	json_flat_done(&alone);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("json_flat");
	TCase *t = tcase_create("json_flat");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, results);
	tcase_add_test(t, strings_and_keys_are_decoded);
	tcase_add_test(t, types_and_places);
	tcase_add_test(t, objects_below);
	suite_add_tcase(s, t);
	return s;
}
