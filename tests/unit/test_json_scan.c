/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/json_scan.c, json_lex.c */
#include "common/base/json.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

/* Writes down what was reported: "[element]" and "{key=value}". */
struct seen {
	const char *text;
	struct buf log;
	int stop_after; /* calls until a callback returns 77; 0 never */
};

static int stop(struct seen *seen)
{
	return seen->stop_after > 0 && --seen->stop_after == 0 ? 77 : 0;
}

static int on_element(void *arg, struct json_span element)
{
	struct seen *seen = arg;

	buf_printf(&seen->log, "[%.*s]", (int)element.len, seen->text + element.off);
	return stop(seen);
}

static int on_member(void *arg, struct json_span key, struct json_span value)
{
	struct seen *seen = arg;

	buf_printf(&seen->log, "{%.*s=%.*s}", (int)key.len, seen->text + key.off, (int)value.len,
		seen->text + value.off);
	return stop(seen);
}

static int scan(const char *text, size_t len, unsigned depth, struct seen *seen, bool *saw_value)
{
	struct json_scan_ops ops = {.element = on_element, .member = on_member, .saw_value = true};

	/* An exact copy: reading one byte too far is an error of the sanitizer. */
	char *copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	seen->text = copy;
	seen->log = BUF_INIT(100000);
	int r = json_scan(copy, len, depth, &ops, seen);
	*saw_value = ops.saw_value;
	free(copy);
	return r;
}

static const struct {
	const char *text, *want;
	bool saw_value;
} good[] = {
	{"{}", "", false},
	{" \t\r\n{ } \n", "", false},
	{"{\"value\":[]}", "", true},
	{"{\"value\":[ ]}", "", true},
	{"{\"value\":[1]}", "[1]", true},
	{"{\"value\":[1,2]}", "[1][2]", true},
	{"{ \"value\" : [ {\"a\":1} , {\"b\":[]} ] }", "[{\"a\":1}][{\"b\":[]}]", true},
	{"{\"a\":\"x\",\"value\":[{}],\"b\":null}", "{a=\"x\"}[{}]{b=null}", true},
	{"{\"@odata.nextLink\":\"https://h/?a=1\",\"value\":[{}]}",
		"{@odata.nextLink=\"https://h/?a=1\"}[{}]", true},
	{"{\"value\":[{}],\"@odata.nextLink\":\"l\"}", "[{}]{@odata.nextLink=\"l\"}", true},
	{"{\"a\" : -1.5e+3 , \"b\":{ \"c\":[1, 2]} }", "{a=-1.5e+3}{b={ \"c\":[1, 2]}}", false},
	/* no array: a member like others */
	{"{\"value\":\"v\"}", "{value=\"v\"}", false},
	{"{\"value\":{\"value\":[1]}}", "{value={\"value\":[1]}}", false},
	/* only the top level counts, and only the exact key */
	{"{\"x\":{\"value\":[1]}}", "{x={\"value\":[1]}}", false},
	{"{\"Value\":[1],\"values\":[2],\"value\":[3],\"\":4}", "{Value=[1]}{values=[2]}[3]{=4}",
		true},
	/* brackets, quotes and commas inside of strings */
	{"{\"value\":[\"]\",\"}\",\"\\\"\",\"\\\\\",\"a,b\",\"\\\\\\\"]\"]}",
		"[\"]\"][\"}\"][\"\\\"\"][\"\\\\\"][\"a,b\"][\"\\\\\\\"]\"]", true},
	{"{\"k\\\"y\":\"\\u00e9\\/\\b\\f\\n\\r\\t\"}", "{k\\\"y=\"\\u00e9\\/\\b\\f\\n\\r\\t\"}",
		false},
	{"{\"value\":[true,false,null,0,-0,10.25,1E5,[[]],\"\"]}",
		"[true][false][null][0][-0][10.25][1E5][[[]]][\"\"]", true},
	{"{\"value\":[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]}",
		"[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]", true},
	/* surrogates: pairs, and halves, which are grammatical */
	{"{\"value\":[\"\\ud83d\\ude00\",\"\\ud83d\",\"\\ude00x\"]}",
		"[\"\\ud83d\\ude00\"][\"\\ud83d\"][\"\\ude00x\"]", true},
};

START_TEST(reports_spans)
{
	struct seen seen = {0};
	bool saw_value;

	ck_assert_int_eq(scan(good[_i].text, strlen(good[_i].text), 8, &seen, &saw_value), 0);
	ck_assert_str_eq(buf_text(&seen.log), good[_i].want);
	ck_assert_int_eq(saw_value, good[_i].saw_value);
	buf_done(&seen.log);
}
END_TEST

/* Cut anywhere before its closing bracket, no page is valid. */
START_TEST(every_cut_is_refused)
{
	const char *text = good[_i].text;
	size_t len = (size_t)(strrchr(text, '}') - text);

	for (size_t i = 0; i <= len; i++) {
		struct seen seen = {0};
		bool saw_value;
		ck_assert_int_eq(scan(text, i, 8, &seen, &saw_value),
			i > 0 && (unsigned char)text[i] >= 0x80 && (text[i] & 0xc0) == 0x80
				? JSON_E_UTF8
				: JSON_E_SYNTAX);
		buf_done(&seen.log);
	}
}
END_TEST

#define NUL_ESCAPE "\\u0000"

static const struct {
	const char *text;
	int want;
} bad[] = {
	{"", JSON_E_SYNTAX},
	{"  ", JSON_E_SYNTAX},
	{"[]", JSON_E_SYNTAX},
	{"[{}]", JSON_E_SYNTAX},
	{"\"x\"", JSON_E_SYNTAX},
	{"null", JSON_E_SYNTAX},
	{"\xef\xbb\xbf{}", JSON_E_SYNTAX},
	{"<html></html>", JSON_E_SYNTAX},
	{"{}x", JSON_E_SYNTAX},
	{"{}{}", JSON_E_SYNTAX},
	{"{},", JSON_E_SYNTAX},
	{"{]", JSON_E_SYNTAX},
	{"{\"value\":[}", JSON_E_SYNTAX},
	{"{\"value\":[{]}", JSON_E_SYNTAX},
	{"{\"value\":[}]}", JSON_E_SYNTAX},
	{"{\"value\":[1,]}", JSON_E_SYNTAX},
	{"{\"value\":[,1]}", JSON_E_SYNTAX},
	{"{\"value\":[1 2]}", JSON_E_SYNTAX},
	{"{\"value\":[1],}", JSON_E_SYNTAX},
	{"{,}", JSON_E_SYNTAX},
	{"{\"a\"}", JSON_E_SYNTAX},
	{"{\"a\":}", JSON_E_SYNTAX},
	{"{\"a\" 1}", JSON_E_SYNTAX},
	{"{a:1}", JSON_E_SYNTAX},
	{"{'a':1}", JSON_E_SYNTAX},
	{"{1:1}", JSON_E_SYNTAX},
	{"{\"a\":1 \"b\":2}", JSON_E_SYNTAX},
	{"{\"a\":{\"b\":1,}}", JSON_E_SYNTAX},
	{"{\"a\":[1}]", JSON_E_SYNTAX},
	{"{\"value\":[],\"value\":[]}", JSON_E_SYNTAX},
	{"{\"value\":[],\"value\":1}", JSON_E_SYNTAX},
	{"{\"value\":1,\"value\":[]}", JSON_E_SYNTAX},
	{"{\"a\":01}", JSON_E_SYNTAX},
	{"{\"a\":1.}", JSON_E_SYNTAX},
	{"{\"a\":.5}", JSON_E_SYNTAX},
	{"{\"a\":1e}", JSON_E_SYNTAX},
	{"{\"a\":1e+}", JSON_E_SYNTAX},
	{"{\"a\":+1}", JSON_E_SYNTAX},
	{"{\"a\":-}", JSON_E_SYNTAX},
	{"{\"a\":--1}", JSON_E_SYNTAX},
	{"{\"a\":0x10}", JSON_E_SYNTAX},
	{"{\"a\":NaN}", JSON_E_SYNTAX},
	{"{\"a\":tru}", JSON_E_SYNTAX},
	{"{\"a\":True}", JSON_E_SYNTAX},
	{"{\"a\":nul", JSON_E_SYNTAX},
	{"{\"a\":\"\\x\"}", JSON_E_SYNTAX},
	{"{\"a\":\"\\u12g4\"}", JSON_E_SYNTAX},
	{"{\"a\":\"\\u12\"}", JSON_E_SYNTAX},
	{"{\"a\":\"\\\"}", JSON_E_SYNTAX},
	{"{\"a\":\"\n\"}", JSON_E_SYNTAX},
	{"{\"a\":\"01234567\x1f\"}", JSON_E_SYNTAX},
	{"{\"a\":1}/* x */", JSON_E_SYNTAX},
	{"{\"a\":\"x" NUL_ESCAPE "y\"}", JSON_E_NUL},
	{"{\"a\":\"\\\\\\u0000\"}", JSON_E_NUL},
	{"{\"" NUL_ESCAPE "\":1}", JSON_E_NUL},
	{"{\"value\":[{\"x\":\"" NUL_ESCAPE "\"}]}", JSON_E_NUL},
	{"{\"a\":\"\xff\"}", JSON_E_UTF8},
	{"{\"a\":\"\xc3\"}", JSON_E_UTF8},
	{"{\"a\":\"\xc0\xaf\"}", JSON_E_UTF8},
	{"{\"a\":\"\xed\xa0\x80\"}", JSON_E_UTF8},
	{"{\"a\":\"\xf4\x90\x80\x80\"}", JSON_E_UTF8},
	{"{\"a\":\"0123456789\x80\"}", JSON_E_UTF8},
	{"{\"\xff\":1}", JSON_E_UTF8},
	{"{\"value\":[\"\xff\"]}", JSON_E_UTF8},
	{"{\"a\":\xc3\xa9}", JSON_E_SYNTAX},
};

START_TEST(refuses)
{
	struct seen seen = {0};
	bool saw_value;

	ck_assert_int_eq(
		scan(bad[_i].text, strlen(bad[_i].text), 8, &seen, &saw_value), bad[_i].want);
	buf_done(&seen.log);
}
END_TEST

/* An escaped backslash before u0000 is no escape of NUL. */
START_TEST(escaped_backslash_is_no_nul)
{
	struct seen seen = {0};
	bool saw_value;
	const char *text = "{\"a\":\"\\\\u0000\"}";

	ck_assert_int_eq(scan(text, strlen(text), 8, &seen, &saw_value), 0);
	buf_done(&seen.log);
}
END_TEST

START_TEST(raw_nul_is_refused)
{
	static const char text[] = "{\"a\":\"x\0y\"}", behind[] = "{}\0",
			  escaped[] = "{\"\\\0\":1}";
	struct seen seen = {0};
	bool saw_value;

	ck_assert_int_eq(scan(text, sizeof(text) - 1, 8, &seen, &saw_value), JSON_E_SYNTAX);
	buf_done(&seen.log);
	ck_assert_int_eq(scan(behind, sizeof(behind) - 1, 8, &seen, &saw_value), JSON_E_SYNTAX);
	buf_done(&seen.log);
	ck_assert_int_eq(scan(escaped, sizeof(escaped) - 1, 8, &seen, &saw_value), JSON_E_SYNTAX);
	buf_done(&seen.log);
}
END_TEST

/* n arrays (or objects) inside of each other as the one element, or as a member. */
static void nested(struct buf *out, unsigned n, bool objects, bool element)
{
	buf_puts(out, element ? "{\"value\":[" : "{\"x\":");
	for (unsigned i = 0; i < n; i++)
		buf_puts(out, objects ? "{\"k\":" : "[");
	buf_puts(out, "0");
	for (unsigned i = 0; i < n; i++)
		buf_putc(out, objects ? '}' : ']');
	buf_puts(out, element ? "]}" : "}");
}

START_TEST(depth_is_exact)
{
	static const unsigned limits[] = {3, 63, 64, 65, 128, 512, 1000000};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		unsigned most = limits[i] > 512 ? 512 : limits[i];
		for (int kind = 0; kind < 4; kind++) {
			unsigned outside = kind & 1 ? 2 : 1;
			for (unsigned over = 0; over < 2; over++) {
				struct buf text = BUF_INIT(100000);
				struct seen seen = {0};
				bool saw_value;
				nested(&text, most - outside + over, kind & 2, kind & 1);
				ck_assert_int_eq(
					scan(text.data, text.len, limits[i], &seen, &saw_value),
					over ? JSON_E_DEPTH : 0);
				buf_done(&text);
				buf_done(&seen.log);
			}
		}
	}
}
END_TEST

START_TEST(small_depths)
{
	static const struct {
		const char *text;
		unsigned depth;
		int want;
	} table[] = {
		{"{}", 0, JSON_E_DEPTH},
		{"{}", 1, 0},
		{"{\"a\":1}", 1, 0},
		{"{\"a\":[]}", 1, JSON_E_DEPTH},
		{"{\"value\":[]}", 1, JSON_E_DEPTH},
		{"{\"value\":[1]}", 2, 0},
		{"{\"value\":[{}]}", 2, JSON_E_DEPTH},
	};
	struct seen seen = {0};
	bool saw_value;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_int_eq(scan(table[i].text, strlen(table[i].text), table[i].depth, &seen,
					 &saw_value),
			table[i].want);
		buf_done(&seen.log);
	}
}
END_TEST

START_TEST(callback_ends_the_walk)
{
	const char *text = "{\"a\":1,\"value\":[2,3],\"b\":4} this is never reached";
	static const char *const want[] = {
		"", "{a=1}", "{a=1}[2]", "{a=1}[2][3]", "{a=1}[2][3]{b=4}"};

	for (int n = 1; n <= 4; n++) {
		struct seen seen = {.stop_after = n};
		bool saw_value;
		ck_assert_int_eq(scan(text, strlen(text), 8, &seen, &saw_value), 77);
		ck_assert_str_eq(buf_text(&seen.log), want[n]);
		buf_done(&seen.log);
	}
}
END_TEST

START_TEST(callbacks_are_optional)
{
	struct json_scan_ops ops = {0};
	const char *text = "{\"a\":1,\"value\":[2,3],\"b\":4}";

	ck_assert_int_eq(json_scan(text, strlen(text), 8, &ops, NULL), 0);
	ck_assert(ops.saw_value);
}
END_TEST

/* Whatever the distance to the eight-byte steps: each special byte is seen at each place. */
START_TEST(every_alignment)
{
	static const struct {
		char byte;
		int want;
	} specials[] = {
		{'\x01', JSON_E_SYNTAX},
		{'\x1f', JSON_E_SYNTAX},
		{'\x80', JSON_E_UTF8},
		{'\xff', JSON_E_UTF8},
		{'\\', JSON_E_SYNTAX},
		{'"', JSON_E_SYNTAX},
		{' ', 0},
		{'!', 0},
		{'#', 0},
		{'[', 0},
		{']', 0},
		{'\x7f', 0},
	};

	for (size_t place = 0; place < 24; place++) {
		for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
			char text[64] = "{\"a\":\"zzzzzzzzzzzzzzzzzzzzzzzzz\"}";
			struct seen seen = {0};
			bool saw_value;
			text[6 + place] = specials[i].byte;
			ck_assert_int_eq(
				scan(text, strlen(text), 8, &seen, &saw_value), specials[i].want);
			buf_done(&seen.log);
		}
	}
}
END_TEST

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/*
 * Pages with bytes changed, dropped or doubled: the scanner takes what json_parse() takes, and
 * nothing else. (None of the bytes can make half a surrogate pair or a second "value".)
 */
START_TEST(agrees_with_the_parser)
{
	static const char page[] =
		"{\"@odata.context\":\"c\",\"value\":[{\"id\":\"a\\n\\u00e9\\\\\",\"n\":-1.5e3,"
		"\"x\":[true,null,{}]},{\"d\":\"\xc3\xa9\\\"\"}],\"t\":false}";
	static const char bytes[] = "{}[]\",:\\ 0e.-tnu\x1f\x80\xc3";
	uint32_t x = 1;
	unsigned n_taken = 0;

	for (int round = 0; round < 20000; round++) {
		struct buf text = BUF_INIT(sizeof(page) * 2);
		struct json_scan_ops ops = {0};
		struct json *root = NULL;
		unsigned kind = next_random(&x) % 3;
		size_t at = next_random(&x) % (sizeof(page) - 1);
		buf_append(&text, page, at);
		if (kind == 0)
			buf_putc(&text, bytes[next_random(&x) % (sizeof(bytes) - 1)]);
		if (kind == 1)
			buf_append(&text, page + at,
				at + 6 < sizeof(page) ? 1 + next_random(&x) % 6 : 1);
		size_t from = kind == 1 ? at : at + 1;
		buf_append(&text, page + from, sizeof(page) - 1 - from);

		int parsed = json_parse(buf_text(&text), text.len, 16, &root);
		if (parsed == 0 && json_type(root) != JSON_TYPE_OBJECT)
			parsed = JSON_E_SYNTAX;
		ck_assert_msg(json_scan(buf_text(&text), text.len, 16, &ops, NULL) == parsed,
			"%d: %s", parsed, buf_text(&text));
		n_taken += parsed == 0;
		json_free(root);
		buf_done(&text);
	}
	ck_assert_uint_gt(n_taken, 1000);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("json_scan");
	TCase *tc = tcase_create("json_scan");

	tcase_add_loop_test(tc, reports_spans, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tc, every_cut_is_refused, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(tc, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, escaped_backslash_is_no_nul);
	tcase_add_test(tc, raw_nul_is_refused);
	tcase_add_test(tc, depth_is_exact);
	tcase_add_test(tc, small_depths);
	tcase_add_test(tc, callback_ends_the_walk);
	tcase_add_test(tc, callbacks_are_optional);
	tcase_add_test(tc, every_alignment);
	tcase_add_test(tc, agrees_with_the_parser);
	suite_add_tcase(s, tc);
	return s;
}
