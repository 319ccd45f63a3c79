/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/text.h"

Suite *suite(void);

#define FFFD "\xEF\xBF\xBD"
#define DOTS "\xE2\x80\xA6"
#define L(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t len;
	bool valid;
	const char *repaired;
} utf8_cases[] = {
	{L(""), true, ""},
	{L("plain"), true, "plain"},
	{L("M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x94\x91"), true,
		"M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x94\x91"},
	{L("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true,
		"\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
	{L("\xED\x9F\xBF\xEE\x80\x80"), true, "\xED\x9F\xBF\xEE\x80\x80"},
	{L("a\0b"), false, "a" FFFD "b"},
	{L("\0"), false, FFFD},
	/* Overlong forms of NUL, '/', U+07FF and U+FFFF. */
	{L("\xC0\x80"), false, FFFD FFFD},
	{L("\xC0\xAF"), false, FFFD FFFD},
	{L("\xE0\x9F\xBF"), false, FFFD FFFD FFFD},
	{L("\xF0\x8F\xBF\xBF"), false, FFFD FFFD FFFD FFFD},
	/* Surrogates, past the last plane, bytes that never occur. */
	{L("\xED\xA0\x80"), false, FFFD FFFD FFFD},
	{L("\xED\xBF\xBF"), false, FFFD FFFD FFFD},
	{L("\xF4\x90\x80\x80"), false, FFFD FFFD FFFD FFFD},
	{L("\xF8\x88\x80\x80\x80"), false, FFFD FFFD FFFD FFFD FFFD},
	{L("\xFE\xFF"), false, FFFD FFFD},
	/* Cut and stray. */
	{L("a\xE2\x82"), false, "a" FFFD FFFD},
	{L("\xE2\x82z"), false, FFFD FFFD "z"},
	{L("\xF0\x9F\x94"), false, FFFD FFFD FFFD},
	{L("\x80 \xBF"), false, FFFD " " FFFD},
	{L("\xC3\xC3\xBC"), false, FFFD "\xC3\xBC"},
};

START_TEST(utf8)
{
	struct buf out = BUF_INIT(1000);

	ck_assert(utf8_valid(utf8_cases[_i].text, utf8_cases[_i].len) == utf8_cases[_i].valid);
	utf8_append_valid(&out, utf8_cases[_i].text, utf8_cases[_i].len);
	ck_assert_str_eq(buf_text(&out), utf8_cases[_i].repaired);
	ck_assert(utf8_valid(buf_text(&out), out.len));
	buf_done(&out);
}
END_TEST

static size_t encode(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* Each code point decodes to itself and to no shorter length; surrogates do not decode. */
START_TEST(utf8_all)
{
	for (uint32_t c = 0; c <= 0x10FFFF; c++) {
		char bytes[4];
		size_t len = encode(c, bytes), n;
		uint32_t got = 0;
		bool surrogate = c >= 0xD800 && c <= 0xDFFF;

		n = utf8_decode(bytes, len, &got);
		if (surrogate ? n != 0 : (n != len || got != c))
			ck_abort_msg("U+%04X", (unsigned)c);
		if (len > 1 && utf8_decode(bytes, len - 1, &got) != 0)
			ck_abort_msg("cut U+%04X", (unsigned)c);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *visible;
} visible_cases[] = {
	{L(""), ""},
	{L("Jos\xC3\xA9 \xE7\x8E\x8B \xF0\x9F\x94\x91"),
		"Jos\xC3\xA9 \xE7\x8E\x8B \xF0\x9F\x94\x91"},
	{L("e\xCC\x81"), "e\xCC\x81"},
	{L("a\nb\tc\rd"), "a\\nb\\tc\\x0Dd"},
	{L("\x1B[31mred\x1B[0m"), "\\x1B[31mred\\x1B[0m"},
	{L("\x00\x07\x08\x7F"), "\\x00\\x07\\x08\\x7F"},
	{L("C:\\dir"), "C:\\\\dir"},
	{L("\\x1B"), "\\\\x1B"},
	/* C1: CSI as one character. */
	{L("\xC2\x9B"
	   "31m"),
		"\\u{009B}31m"},
	{L("\xC2\x85"), "\\u{0085}"},
	{L("\xC2\xA0"), "\xC2\xA0"},
	{L("\xE2\x80\xA8\xE2\x80\xA9"), "\\u{2028}\\u{2029}"},
	{L("\xE2\x80\xAEgpj.exe\xE2\x80\xAC"), "\\u{202E}gpj.exe\\u{202C}"},
	{L("\xE2\x81\xA6x\xE2\x81\xA9"), "\\u{2066}x\\u{2069}"},
	{L("ad\xE2\x80\x8Bmin\xEF\xBB\xBF"), "ad\\u{200B}min\\u{FEFF}"},
	{L("\xC2\xAD\xD8\x9C\xE3\x85\xA4"), "\\u{00AD}\\u{061C}\\u{3164}"},
	{L("\xF3\xA0\x81\x81"), "\\u{E0041}"},
	{L("\xE2\x9D\xA4\xEF\xB8\x8F"), "\xE2\x9D\xA4\xEF\xB8\x8F"},
	{L("a\xEF\xB8\x80"), "a\\u{FE00}"},
	{L("a\xFF\xC3"), "a" FFFD FFFD},
	{L("\x9B"
	   "31m"),
		FFFD "31m"},
};

START_TEST(visible)
{
	struct buf out = BUF_INIT(1000);

	text_append_visible(&out, visible_cases[_i].text, visible_cases[_i].len);
	ck_assert_str_eq(buf_text(&out), visible_cases[_i].visible);
	buf_done(&out);
}
END_TEST

/* Whatever bytes come in: what goes out is valid, on one line and without controls. */
START_TEST(visible_any_bytes)
{
	uint32_t seed = 12345;

	for (int round = 0; round < 2000; round++) {
		struct buf out = BUF_INIT(10000);
		char text[64];

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = (char)(seed >> 16);
		}
		text_append_visible(&out, text, sizeof(text));
		ck_assert(utf8_valid(buf_text(&out), out.len));
		for (size_t i = 0; i < out.len; i++)
			ck_assert((unsigned char)out.data[i] >= 0x20 && out.data[i] != 0x7F);
		buf_done(&out);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t columns;
} column_cases[] = {
	{"", 0},
	{"abc", 3},
	{"M\xC3\xBCller", 6},
	{"e\xCC\x81", 1},
	{"\xE7\x8E\x8B\xE8\x8A\xB3", 4},
	{"\xED\x95\x9C\xEA\xB8\x80", 4},
	{"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 2}, /* Hangul in parts */
	{"\xEF\xBC\xA1", 2},			     /* fullwidth A */
	{"\xEF\xBD\xB1", 1},			     /* halfwidth kana */
	{"\xF0\x9F\x94\x91", 2},
	{"\xE2\x9D\xA4\xEF\xB8\x8F", 1},
	{"\xE2\x82\xAC", 1},
	{"\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2\xE0\xB8\xB5\xE0\xB9\x88", 3}, /* Thai with marks */
	{"\xF0\xA0\x80\x80", 2},
	{"a\xFFz", 3},
};

START_TEST(columns)
{
	ck_assert_uint_eq(text_columns(column_cases[_i].text), column_cases[_i].columns);
}
END_TEST

static const struct {
	const char *text;
	size_t columns;
	bool pad;
	const char *fitted;
} fitted_cases[] = {
	{"abc", 5, false, "abc"},
	{"abc", 5, true, "abc  "},
	{"abc", 3, true, "abc"},
	{"abcd", 3, true, "ab" DOTS},
	{"abcd", 1, true, DOTS},
	{"abcd", 0, true, ""},
	{"", 3, true, "   "},
	{"", 0, true, ""},
	/* A wide character that does not fit leaves a hole; padding fills it. */
	{"\xE7\x8E\x8B\xE8\x8A\xB3", 4, true, "\xE7\x8E\x8B\xE8\x8A\xB3"},
	{"\xE7\x8E\x8B\xE8\x8A\xB3", 3, true, "\xE7\x8E\x8B" DOTS},
	{"\xE7\x8E\x8B\xE8\x8A\xB3", 2, true, DOTS " "},
	{"\xE7\x8E\x8B\xE8\x8A\xB3", 2, false, DOTS},
	/* Marks stay with their letter. */
	{"e\xCC\x81"
	 "bcd",
		2, true, "e\xCC\x81" DOTS},
	{"ae\xCC\x81", 2, true, "ae\xCC\x81"},
};

START_TEST(fitted)
{
	struct buf out = BUF_INIT(1000);

	text_append_fitted(
		&out, fitted_cases[_i].text, fitted_cases[_i].columns, fitted_cases[_i].pad);
	ck_assert_str_eq(buf_text(&out), fitted_cases[_i].fitted);
	ck_assert_uint_le(text_columns(buf_text(&out)), fitted_cases[_i].columns);
	buf_done(&out);
}
END_TEST

START_TEST(copies)
{
	_cleanup_(freep) char *copy = NULL;
	char *none = (char *)"x";
	char small[4];

	ck_assert_int_eq(text_copy("name", &copy), 0);
	ck_assert_str_eq(copy, "name");
	ck_assert_int_eq(text_copy(NULL, &none), 0);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(text_into(small, sizeof(small), "abc"), 0);
	ck_assert_str_eq(small, "abc");
	ck_assert_int_eq(text_into(small, sizeof(small), "abcd"), -ENAMETOOLONG);
	ck_assert_str_eq(small, "");
	ck_assert_int_eq(text_into(small, sizeof(small), NULL), 0);
	ck_assert_str_eq(small, "");
	ck_assert_int_eq(text_into(small, 0, "a"), -ENAMETOOLONG);
	ck_assert(text_empty(NULL) && text_empty("") && !text_empty(" "));
}
END_TEST

static const struct {
	const char *text, *word, *with, *want;
} replaced[] = {
	{"", "TENANT", "x", ""},
	{"login TENANT", "TENANT", "contoso", "login contoso"},
	{"TENANT, TENANT", "TENANT", "a", "a, a"},
	{"TENAN TENANTS", "TENANT", "", "TENAN S"},
	{"TENANT", "TENANT", "TENANT", "TENANT"},
};

START_TEST(test_replaced)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(64);

	text_append_replaced(&out, replaced[_i].text, replaced[_i].word, replaced[_i].with);
	ck_assert_str_eq(buf_text(&out), replaced[_i].want);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");

	tcase_add_loop_test(t, utf8, 0, ARRAY_SIZE(utf8_cases));
	tcase_add_test(t, utf8_all);
	tcase_add_loop_test(t, visible, 0, ARRAY_SIZE(visible_cases));
	tcase_add_test(t, visible_any_bytes);
	tcase_add_loop_test(t, columns, 0, ARRAY_SIZE(column_cases));
	tcase_add_loop_test(t, fitted, 0, ARRAY_SIZE(fitted_cases));
	tcase_add_test(t, copies);
	tcase_add_loop_test(t, test_replaced, 0, ARRAY_SIZE(replaced));
	suite_add_tcase(s, t);
	return s;
}
