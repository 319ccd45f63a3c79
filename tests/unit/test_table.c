/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as they look: wide and narrow, without a terminal, with names that want to break them. */
#include "cli/table.h"

#include <check.h>
#include <string.h>

#include "common/base/text.h"

Suite *suite(void);

static const struct table_column columns[] = {
	{.title = "N", .right = true},
	{.title = "NAME", .min = 6},
	{.title = "WHAT", .min = 8},
};

static const char *const rows[][3] = {
	{"1", "Anna", "deleted"},
	{"12", "a name that is rather long", "modified state, and more"},
};

static void fill(struct table *t, const char *const (*cells)[3], size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < 3; c++)
			table_cell(t, TONE_PLAIN, cells[i][c]);
}

static const struct {
	size_t width;
	const char *text;
} widths[] = {
	{0, " N  NAME                        WHAT\n"
	    " 1  Anna                        deleted\n"
	    "12  a name that is rather long  modified state, and more\n"},
	{80, " N  NAME                        WHAT\n"
	     " 1  Anna                        deleted\n"
	     "12  a name that is rather long  modified state, and more\n"},
	{40, " N  NAME               WHAT\n"
	     " 1  Anna               deleted\n"
	     "12  a name that is r…  modified state, …\n"},
	{20, " N  NAME    WHAT\n"
	     " 1  Anna    deleted\n"
	     "12  a nam…  modifie…\n"},
	/* narrower than it can be: lines are longer, and nothing breaks */
	{5, " N  NAME    WHAT\n"
	    " 1  Anna    deleted\n"
	    "12  a nam…  modifie…\n"},
};

START_TEST(narrows)
{
	const struct style style = {.width = widths[_i].width};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(table_new(columns, 3, &style, &t), 0);
	fill(t, rows, ARRAY_SIZE(rows));
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out), widths[_i].text);
	for (const char *line = buf_text(&out); widths[_i].width >= 20 && *line;) {
		_cleanup_(freep) char *one = strndup(line, strcspn(line, "\n"));
		ck_assert_uint_le(text_columns(one), widths[_i].width);
		line += strcspn(line, "\n") + 1;
	}
}
END_TEST

/* Whatever a name holds: columns stay aligned, and the terminal obeys none of it. */
START_TEST(hostile_names)
{
	static const char *const hostile[][3] = {
		{"1", "\033[2J\033]0;x\a", "escape"},
		{"2", "abc\u202egnp.exe", "override"},
		{"3", "\u65e5\u672c\u8a9e", "wide"},
		{"4", "e\u0301le\u0300ve", "combining"},
		{"5", "two\nlines\tand", "controls"},
		{"6", "bad \xff\xc3 bytes", "invalid"},
		{"7", "C:\\dir", "backslash"},
	};
	const struct style style = {.width = 80};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(table_new(columns, 3, &style, &t), 0);
	fill(t, hostile, ARRAY_SIZE(hostile));
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out), "N  NAME                 WHAT\n"
					 "1  \\x1B[2J\\x1B]0;x\\x07  escape\n"
					 "2  abc\\u{202E}gnp.exe   override\n"
					 "3  \u65e5\u672c\u8a9e               wide\n"
					 "4  e\u0301le\u0300ve                combining\n"
					 "5  two\\nlines\\tand      controls\n"
					 "6  bad \ufffd\ufffd bytes         invalid\n"
					 "7  C:\\\\dir              backslash\n");
}
END_TEST

START_TEST(later_rows_only_widen)
{
	static const char *const first[][3] = {{"1", "a", "x"}};
	static const char *const second[][3] = {{"2", "abcdef", "y"}};
	static const char *const third[][3] = {{"3", "b", "z"}};
	const struct style style = {.width = 0};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(table_new(columns, 3, &style, &t), 0);
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out), "");
	fill(t, first, 1);
	ck_assert_int_eq(table_print(t, &out), 0);
	fill(t, second, 1);
	ck_assert_int_eq(table_print(t, &out), 0);
	fill(t, third, 1);
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out), "N  NAME  WHAT\n"
					 "1  a     x\n"
					 "2  abcdef  y\n"
					 "3  b       z\n");
}
END_TEST

/* Without a terminal nothing is lost, and one long name does not push every row to the right. */
START_TEST(a_long_name_in_a_pipe)
{
	char name[201];
	const char *const cells[][3] = {{"1", name, "x"}, {"2", "b", "y"}};
	const struct style style = {.width = 0};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	memset(name, 'n', 200);
	name[200] = '\0';
	ck_assert_int_eq(table_new(columns, 3, &style, &t), 0);
	fill(t, cells, 2);
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), name));
	ck_assert_ptr_nonnull(strstr(
		buf_text(&out), "\n2  b                                                 y\n"));
}
END_TEST

START_TEST(wraps)
{
	static const struct table_column wrapping[] = {
		{.title = "PROPERTY", .min = 8},
		{.title = "BEFORE", .min = 8, .wrap = true},
		{.title = "AFTER", .min = 8, .wrap = true},
	};
	static const char *const cells[][3] = {
		{"state", "enabled", "disabled for everybody but the two of us"},
		{"list", "[\"0123456789012345678901234567890\"]",
			"\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e"},
	};
	const struct style style = {.width = 40};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(table_new(wrapping, 3, &style, &t), 0);
	fill(t, cells, 2);
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out),
		"PROPERTY  BEFORE          AFTER\n"
		"state     enabled         disabled for\n"
		"                          everybody but\n"
		"                          the two of us\n"
		"list      [\"012345678901  \u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\n"
		"          23456789012345  \u672c\u8a9e\n"
		"          67890\"]\n");
}
END_TEST

START_TEST(colours)
{
	const struct style style = {.width = 80, .colour = true};
	_cleanup_(table_freep) struct table *t = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(table_new(columns, 3, &style, &t), 0);
	table_cell(t, TONE_BAD, "1");
	table_cell(t, TONE_PLAIN, "a");
	table_cell(t, TONE_GOOD, NULL);
	ck_assert_int_eq(table_print(t, &out), 0);
	ck_assert_str_eq(buf_text(&out), "\033[2mN\033[0m  \033[2mNAME\033[0m  \033[2mWHAT\033[0m\n"
					 "\033[1;31m1\033[0m  a\n");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, narrows, 0, (int)ARRAY_SIZE(widths));
	tcase_add_test(t, hostile_names);
	tcase_add_test(t, later_rows_only_widen);
	tcase_add_test(t, a_long_name_in_a_pipe);
	tcase_add_test(t, wraps);
	tcase_add_test(t, colours);
	suite_add_tcase(s, t);
	return s;
}
