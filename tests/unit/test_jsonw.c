/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/jsonw.c */
#include "common/base/jsonw.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json.h"

START_TEST(writes_a_document)
{
	struct buf out = BUF_INIT(10000);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_object(&w);
	jsonw_kv_string(&w, "schema", "snapwatch/1");
	jsonw_kv_string(&w, "absent", NULL);
	jsonw_kv_time(&w, "absent", TIME_NONE);
	jsonw_key(&w, "changes");
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_object_end(&w);
	jsonw_array(&w);
	jsonw_array_end(&w);
	jsonw_int(&w, INT64_MIN);
	jsonw_int(&w, INT64_MAX);
	jsonw_bool(&w, true);
	jsonw_null(&w);
	jsonw_string(&w, NULL);
	jsonw_raw(&w, "{\"r\":1}", 7);
	jsonw_time(&w, 0);
	jsonw_time(&w, TIME_NONE);
	jsonw_time(&w, INT64_MAX);
	jsonw_array_end(&w);
	jsonw_kv_int(&w, "n", -5);
	jsonw_kv_bool(&w, "b", false);
	jsonw_kv_time(&w, "t", 1500 * USEC_PER_MSEC);
	jsonw_key(&w, "o");
	jsonw_object(&w);
	jsonw_kv_int(&w, "x", 1);
	jsonw_kv_int(&w, "y", 2);
	jsonw_object_end(&w);
	jsonw_key(&w, "null");
	jsonw_null(&w);
	jsonw_object_end(&w);

	ck_assert_str_eq(buf_text(&out),
		"{\"schema\":\"snapwatch/1\",\"changes\":[{},[],-9223372036854775808,"
		"9223372036854775807,true,null,null,{\"r\":1},\"1970-01-01T00:00:00Z\",null,null],"
		"\"n\":-5,\"b\":false,\"t\":\"1970-01-01T00:00:01.500000Z\",\"o\":{\"x\":1,\"y\":2}"
		","
		"\"null\":null}");
	buf_done(&out);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *want;
} strings[] = {
	{"", 0, "\"\""},
	{"plain", 5, "\"plain\""},
	{"\"\\/", 3, "\"\\\"\\\\/\""},
	{"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
	{"\x01\x07\x0b\x0e\x1b\x1f", 6, "\"\\u0001\\u0007\\u000b\\u000e\\u001b\\u001f\""},
	{"a\x7f", 2, "\"a\\u007f\""},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	/* C1 controls, separators, direction marks and overrides */
	{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", 8, "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
	{"\xe2\x80\xa8\xe2\x80\xa9", 6, "\"\\u2028\\u2029\""},
	{"x\xe2\x80\xae"
	 "y\xe2\x81\xa6\xe2\x80\x8e\xd8\x9c",
		13, "\"x\\u202ey\\u2066\\u200e\\u061c\""},
	/* neighbours of those */
	{"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa", 9, "\"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xaa\""},
	/* what is no UTF-8, and NUL */
	{"a\xff\x62", 3,
		"\"a\xef\xbf\xbd"
		"b\""},
	{"a\0b", 3,
		"\"a\xef\xbf\xbd"
		"b\""},
	{"\xc3", 1, "\"\xef\xbf\xbd\""},
	{"\xff\"\n\xc2\x9b", 5, "\"\xef\xbf\xbd\\\"\\n\\u009b\""},
};

START_TEST(escapes)
{
	struct buf out = BUF_INIT(10000);
	struct jsonw w = JSONW_INIT(&out);
	struct json *root = NULL;

	jsonw_string_n(&w, strings[_i].text, strings[_i].len);
	ck_assert_str_eq(buf_text(&out), strings[_i].want);
	ck_assert_int_eq(json_parse(out.data, out.len, 1, &root), 0);
	if (!memchr(strings[_i].text, '\0', strings[_i].len) &&
		!strstr(strings[_i].want, "\xef\xbf\xbd"))
		ck_assert_str_eq(json_string(root), strings[_i].text);
	json_free(root);
	buf_done(&out);
}
END_TEST

/* Every character comes back through a parser as it went in. */
START_TEST(every_character_survives)
{
	struct buf text = BUF_INIT(8 << 20), out = BUF_INIT(16 << 20);
	struct json *root = NULL;

	for (unsigned c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		if (c < 0x80) {
			buf_putc(&text, (char)c);
		} else if (c < 0x800) {
			buf_putc(&text, (char)(0xc0 | c >> 6));
			buf_putc(&text, (char)(0x80 | (c & 0x3f)));
		} else if (c < 0x10000) {
			buf_putc(&text, (char)(0xe0 | c >> 12));
			buf_putc(&text, (char)(0x80 | (c >> 6 & 0x3f)));
			buf_putc(&text, (char)(0x80 | (c & 0x3f)));
		} else {
			buf_putc(&text, (char)(0xf0 | c >> 18));
			buf_putc(&text, (char)(0x80 | (c >> 12 & 0x3f)));
			buf_putc(&text, (char)(0x80 | (c >> 6 & 0x3f)));
			buf_putc(&text, (char)(0x80 | (c & 0x3f)));
		}
	}
	json_append_string(&out, text.data, text.len);
	ck_assert_int_eq(json_parse(out.data, out.len, 1, &root), 0);
	ck_assert(strcmp(json_string(root), text.data) == 0);
	json_free(root);
	buf_done(&text);
	buf_done(&out);
}
END_TEST

START_TEST(keys_are_escaped)
{
	struct buf out = BUF_INIT(100);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_object(&w);
	jsonw_kv_int(&w, "a\"b", 1);
	jsonw_object_end(&w);
	ck_assert_str_eq(buf_text(&out), "{\"a\\\"b\":1}");
	buf_done(&out);
}
END_TEST

START_TEST(error_is_the_buffers)
{
	struct buf out = BUF_INIT(10);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_array(&w);
	for (int i = 0; i < 20; i++)
		jsonw_string(&w, "bad \xff");
	jsonw_array_end(&w);
	ck_assert_int_eq(buf_error(&out), -EFBIG);
	ck_assert_uint_le(out.len, 10);
	buf_done(&out);
}
END_TEST

START_TEST(deepest)
{
	struct buf out = BUF_INIT(1000);
	struct jsonw w = JSONW_INIT(&out);

	for (int i = 0; i < 31; i++) {
		jsonw_int(&w, i);
		jsonw_array(&w);
	}
	for (int i = 0; i < 31; i++) {
		jsonw_array_end(&w);
		if (i < 30)
			jsonw_int(&w, i);
	}
	struct json *root = NULL;
	/* The first number stands outside of the array. */
	ck_assert_int_eq(json_parse(out.data + 2, out.len - 2, 31, &root), 0);
	json_free(root);
	buf_done(&out);
}
END_TEST

START_TEST(deeper_is_fatal)
{
	struct buf out = BUF_INIT(1000);
	struct jsonw w = JSONW_INIT(&out);

	for (int i = 0; i < 32; i++)
		jsonw_array(&w);
}
END_TEST

START_TEST(unbalanced_is_fatal)
{
	struct buf out = BUF_INIT(1000);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_array_end(&w);
}
END_TEST

START_TEST(key_after_key_is_fatal)
{
	struct buf out = BUF_INIT(1000);
	struct jsonw w = JSONW_INIT(&out);

	jsonw_object(&w);
	jsonw_key(&w, "a");
	jsonw_key(&w, "b");
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("jsonw");
	TCase *tc = tcase_create("jsonw");

	tcase_add_test(tc, writes_a_document);
	tcase_add_loop_test(tc, escapes, 0, ARRAY_SIZE(strings));
	tcase_add_test(tc, every_character_survives);
	tcase_add_test(tc, keys_are_escaped);
	tcase_add_test(tc, error_is_the_buffers);
	tcase_add_test(tc, deepest);
	tcase_add_test_raise_signal(tc, deeper_is_fatal, SIGABRT);
	tcase_add_test_raise_signal(tc, unbalanced_is_fatal, SIGABRT);
	tcase_add_test_raise_signal(tc, key_after_key_is_fatal, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
