/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/json.c */
#include "common/base/json.h"

#include <check.h>
#include <string.h>

static int parse(const char *text, unsigned max_depth, struct json **ret)
{
	size_t len = strlen(text);
	/* An exact copy without a NUL: reading one byte too far is an error of the sanitizer. */
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	int r = json_parse(copy, len, max_depth, ret);
	free(copy);
	return r;
}

static struct json *must_parse(const char *text)
{
	struct json *root = NULL;

	ck_assert_msg(parse(text, 16, &root) == 0, "%s", text);
	return root;
}

/* What cJSON would let pass, above all. */
static const struct {
	const char *text;
	unsigned depth;
	int want;
} refused[] = {
	{"", 8, JSON_E_SYNTAX},
	{" ", 8, JSON_E_SYNTAX},
	{"{}x", 8, JSON_E_SYNTAX},
	{"{} {}", 8, JSON_E_SYNTAX},
	{"[1,2", 8, JSON_E_SYNTAX},
	{"{\"a\":1", 8, JSON_E_SYNTAX},
	{"0123", 8, JSON_E_SYNTAX},
	{"1.", 8, JSON_E_SYNTAX},
	{"0x10", 8, JSON_E_SYNTAX},
	{"\xef\xbb\xbf{}", 8, JSON_E_SYNTAX},
	{"\"\t\"", 8, JSON_E_SYNTAX},
	{"nullx", 8, JSON_E_SYNTAX},
	{"truefalse", 8, JSON_E_SYNTAX},
	{"\"a", 8, JSON_E_SYNTAX},
	{"\"a\\\"", 8, JSON_E_SYNTAX},
	/* one digit more than cJSON looks at */
	{"1234567890123456789012345678901234567890123456789012345678901234", 8, JSON_E_SYNTAX},
	{"\"a\\u0000b\"", 8, JSON_E_NUL},
	{"{\"\\u0000\":1}", 8, JSON_E_NUL},
	{"\"\xff\"", 8, JSON_E_UTF8},
	{"\"\xed\xa0\x80\"", 8, JSON_E_UTF8},
	{"\"\\ud800\"", 8, JSON_E_UTF8},
	{"\"\\udc00\"", 8, JSON_E_UTF8},
	{"\"\\ud800\\ud800\"", 8, JSON_E_UTF8},
	{"\"\\ud800\\n\"", 8, JSON_E_UTF8},
	{"[\"\\ud800x\"]", 8, JSON_E_UTF8},
	{"[[]]", 1, JSON_E_DEPTH},
	{"[{\"a\":[1]}]", 2, JSON_E_DEPTH},
	{"{}", 0, JSON_E_DEPTH},
};

START_TEST(refuses)
{
	struct json *root = NULL;

	ck_assert_int_eq(parse(refused[_i].text, refused[_i].depth, &root), refused[_i].want);
	ck_assert_ptr_null(root);
}
END_TEST

static const struct {
	const char *text;
	unsigned depth;
	enum json_type type;
} taken[] = {
	{"null", 0, JSON_TYPE_NULL},
	{"true", 0, JSON_TYPE_BOOL},
	{" false ", 0, JSON_TYPE_BOOL},
	{"0", 0, JSON_TYPE_NUMBER},
	{"-0.5e-3\n", 0, JSON_TYPE_NUMBER},
	{"123456789012345678901234567890123456789012345678901234567890123", 0, JSON_TYPE_NUMBER},
	{"\"\"", 0, JSON_TYPE_STRING},
	{"[]", 1, JSON_TYPE_ARRAY},
	{"\t{ }", 1, JSON_TYPE_OBJECT},
	{"[{\"a\":[1]}]", 3, JSON_TYPE_ARRAY},
};

START_TEST(takes)
{
	struct json *root = NULL;

	ck_assert_int_eq(parse(taken[_i].text, taken[_i].depth, &root), 0);
	ck_assert_int_eq(json_type(root), taken[_i].type);
	json_free(root);
}
END_TEST

/* The deepest that can be asked for is within what cJSON can do. */
START_TEST(deepest)
{
	char text[2001];
	struct json *root = NULL;

	for (size_t depth = 512; depth <= 513; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * depth] = '\0';
		ck_assert_int_eq(parse(text, 100000, &root), depth == 512 ? 0 : JSON_E_DEPTH);
		if (depth == 512)
			root = json_free(root);
	}
}
END_TEST

static const char sample[] =
	"{\"s\":\"text\",\"empty\":\"\",\"n\":null,\"b\":true,\"f\":false,\"i\":42,\"neg\":-7,"
	"\"one\":1.0,\"exp\":1e3,\"half\":0.5,\"max\":9007199254740991,\"min\":-9007199254740991,"
	"\"over\":9007199254740992,\"lost\":9007199254740993,\"huge\":1e400,\"a\":[1,2],\"o\":{"
	"\"x\":1},"
	"\"twice\":1,\"twice\":2,\"Case\":1,\"esc\\n\":\"\\u00e9\\ud83d\\ude00\\/\"}";

START_TEST(strings)
{
	static const struct {
		const char *key;
		enum json_get want;
		const char *text;
	} table[] = {
		{"s", JSON_GET_OK, "text"},
		{"empty", JSON_GET_OK, ""},
		{"esc\n", JSON_GET_OK, "\xc3\xa9\xf0\x9f\x98\x80/"},
		{"n", JSON_GET_NULL, NULL},
		{"none", JSON_GET_ABSENT, NULL},
		{"S", JSON_GET_ABSENT, NULL},
		{"case", JSON_GET_ABSENT, NULL},
		{"i", JSON_GET_WRONG, NULL},
		{"b", JSON_GET_WRONG, NULL},
		{"a", JSON_GET_WRONG, NULL},
		{"o", JSON_GET_WRONG, NULL},
	};
	_cleanup_(json_freep) struct json *root = must_parse(sample);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *text = NULL;
		ck_assert_int_eq(json_get_string(root, table[i].key, &text), table[i].want);
		ck_assert_pstr_eq(text, table[i].text);
		const char *want = table[i].text ? table[i].text : "fallback";
		ck_assert_str_eq(json_string_or(root, table[i].key, "fallback"), want);
	}
	ck_assert_ptr_null(json_string_or(root, "none", NULL));
	ck_assert_str_eq(json_string(json_member(root, "s")), "text");
	ck_assert_ptr_null(json_string(json_member(root, "i")));
	ck_assert_ptr_null(json_string(NULL));
}
END_TEST

START_TEST(integers)
{
	static const struct {
		const char *key;
		enum json_get want;
		int64_t n;
	} table[] = {
		{"i", JSON_GET_OK, 42},
		{"neg", JSON_GET_OK, -7},
		{"one", JSON_GET_OK, 1},
		{"exp", JSON_GET_OK, 1000},
		{"max", JSON_GET_OK, INT64_C(9007199254740991)},
		{"min", JSON_GET_OK, INT64_C(-9007199254740991)},
		{"twice", JSON_GET_OK, 1},
		{"over", JSON_GET_WRONG, 99},
		{"lost", JSON_GET_WRONG, 99},
		{"huge", JSON_GET_WRONG, 99},
		{"half", JSON_GET_WRONG, 99},
		{"s", JSON_GET_WRONG, 99},
		{"empty", JSON_GET_WRONG, 99},
		{"b", JSON_GET_WRONG, 99},
		{"a", JSON_GET_WRONG, 99},
		{"n", JSON_GET_NULL, 99},
		{"none", JSON_GET_ABSENT, 99},
	};
	_cleanup_(json_freep) struct json *root = must_parse(sample);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t n = 99;
		ck_assert_int_eq(json_get_int(root, table[i].key, &n), table[i].want);
		ck_assert_int_eq(n, table[i].n);
	}
}
END_TEST

START_TEST(booleans)
{
	_cleanup_(json_freep) struct json *root = must_parse(sample);
	bool b = false;

	ck_assert_int_eq(json_get_bool(root, "b", &b), JSON_GET_OK);
	ck_assert(b);
	ck_assert_int_eq(json_get_bool(root, "i", &b), JSON_GET_WRONG);
	ck_assert_int_eq(json_get_bool(root, "n", &b), JSON_GET_NULL);
	ck_assert_int_eq(json_get_bool(root, "none", &b), JSON_GET_ABSENT);
	ck_assert(b);
	ck_assert_int_eq(json_get_bool(root, "f", &b), JSON_GET_OK);
	ck_assert(!b);
}
END_TEST

START_TEST(walks)
{
	_cleanup_(json_freep) struct json *root =
		must_parse("{\"a\":[1,\"x\",null,{}],\"b\":{\"y\":1,\"x\":2},\"c\":[]}");
	struct buf seen = BUF_INIT(100);

	JSON_EACH (member, root)
		buf_printf(&seen, "%s:%d ", json_key(member), json_type(member));
	JSON_EACH (element, json_member(root, "a")) {
		ck_assert_ptr_null(json_key(element));
		buf_printf(&seen, "%d%s", json_type(element), json_is_null(element) ? "!" : "");
	}
	JSON_EACH (member, json_member(root, "b"))
		buf_puts(&seen, json_key(member));
	JSON_EACH (element, json_member(root, "c"))
		ck_abort();
	JSON_EACH (element, json_member(root, "none"))
		ck_abort();
	JSON_EACH (element, json_member(json_member(root, "b"), "y"))
		ck_abort();
	ck_assert_str_eq(buf_text(&seen), "a:4 b:5 c:4 230!5yx");
	buf_done(&seen);
}
END_TEST

/* Chains through what is not there end in nothing. */
START_TEST(members_of_nothing)
{
	_cleanup_(json_freep) struct json *root = must_parse("[{\"a\":1}]");
	const char *text = NULL;

	ck_assert_ptr_null(json_member(root, "a"));
	ck_assert_ptr_null(json_member(NULL, "a"));
	ck_assert_ptr_null(json_member(json_member(NULL, "a"), "b"));
	ck_assert_int_eq(json_get_string(NULL, "a", &text), JSON_GET_ABSENT);
	ck_assert(!json_is_null(NULL));
	ck_assert_ptr_nonnull(json_member(json_first(root), "a"));
}
END_TEST

START_TEST(canonical)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{" [ 1 , 2.0, -0, 1e3, 0.5 ] ", "[1,2,0,1000,0.5]"},
		{"{\"b\":1,\"a\":{\"d\":[],\"c\":{}},\"B\":null}",
			"{\"B\":null,\"a\":{\"c\":{},\"d\":[]},\"b\":1}"},
		{"{\"x\":1,\"a\":0,\"x\":2,\"x\":3}", "{\"a\":0,\"x\":1,\"x\":2,\"x\":3}"},
		{"[true,false,null,\"\"]", "[true,false,null,\"\"]"},
		{"\"\\u0041\\/\\u000a\\\"\"", "\"A/\\n\\\"\""},
		{"\"\\u00e9\"", "\"\xc3\xa9\""},
		{"[1e400,-1e400,1e300]", "[1e999,-1e999,1.0000000000000001e+300]"},
		{"0.1", "0.10000000000000001"},
		{"9007199254740991", "9007199254740991"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(json_freep) struct json *root = must_parse(table[i].text);
		struct buf once = BUF_INIT(1000), again = BUF_INIT(1000);
		json_append_canonical(&once, root);
		ck_assert_str_eq(buf_text(&once), table[i].want);
		/* It is JSON, and its own canonical form. */
		_cleanup_(json_freep) struct json *back = must_parse(buf_text(&once));
		json_append_canonical(&again, back);
		ck_assert_str_eq(buf_text(&again), table[i].want);
		buf_done(&once);
		buf_done(&again);
	}
}
END_TEST

START_TEST(errors_have_texts)
{
	for (int i = JSON_E_SYNTAX; i <= JSON_E_UTF8; i++) {
		ck_assert_str_ne(json_error_text(i), json_error_text(0));
		for (int j = JSON_E_SYNTAX; j < i; j++)
			ck_assert_str_ne(json_error_text(i), json_error_text(j));
	}
}
END_TEST

START_TEST(frees)
{
	ck_assert_ptr_null(json_free(NULL));
	ck_assert_ptr_null(json_free_secret(NULL));
	ck_assert_ptr_null(json_free_secret(must_parse(sample)));
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("json");
	TCase *tc = tcase_create("json");

	tcase_add_loop_test(tc, refuses, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(tc, takes, 0, ARRAY_SIZE(taken));
	tcase_add_test(tc, deepest);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, integers);
	tcase_add_test(tc, booleans);
	tcase_add_test(tc, walks);
	tcase_add_test(tc, members_of_nothing);
	tcase_add_test(tc, canonical);
	tcase_add_test(tc, errors_have_texts);
	tcase_add_test(tc, frees);
	suite_add_tcase(s, tc);
	return s;
}
