/* SPDX-License-Identifier: Apache-2.0 */
/* Where sections and keys stand. What the scanner refuses is in test_conf, with whole messages. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/conf/conf_scan.h"

/* The marks as "line:name" or "line:name 'title'(...)", the children in the parentheses. */
static void describe(const struct conf_marks *m, size_t parent, struct buf *out)
{
	for (size_t i = parent + 1; i < m->items[parent].end; i++) {
		const struct conf_mark *mark = &m->items[i];

		if (mark->parent != parent)
			continue;
		buf_printf(out, "%u:%s", mark->line, mark->name);
		if (mark->title)
			buf_printf(out, " '%s'", mark->title);
		if (mark->section) {
			buf_putc(out, '(');
			describe(m, i, out);
			buf_putc(out, ')');
		}
		buf_putc(out, ' ');
	}
}

static const struct {
	const char *text;
	const char *marks;
} texts[] = {
	{"", ""},
	{"# a = b\n// c {\n/* d\n= e */ f = g", "4:f "},
	{"a = 1 b = 2\nc = {}", "1:a 1:b 2:c "},
	{"a\n=\n1", "1:a "},
	{"a={1,2\n,3}\nb=4", "1:a 3:b "},
	{"a = {1} b { } c = 2", "1:a 1:b() 1:c "},
	{"a = b c {\n d = 1\n}", "1:a 1:c(2:d ) "},
	{"a b {\n c = 1 d \"e f\" { g = 2 }\n h = 3 }\ni = 4",
		"1:a 'b'(2:c 2:d 'e f'(2:g ) 3:h ) 4:i "},
	{"a \"x\\\"y\" { }", "1:a 'x\"y'() "},
	{"a 'x{' { b = \"}\n\" c = '#' }", "1:a 'x{'(1:b 2:c ) "},
	{"a = \"x\\\ny\"\nb = 1", "1:a 3:b "},
	{"u = https://x/y // z\nv = 1", "1:u 2:v "},
	{"u = /a/b v = 1", "1:u 1:v "},
	{"a x { b = 1 } a y { b = 1 }", "1:a 'x'(1:b ) 1:a 'y'(1:b ) "},
};

START_TEST(places_are_found)
{
	struct buf errors = BUF_INIT(4096), out = BUF_INIT(4096);
	struct conf_marks m = {0};

	ck_assert_int_eq(conf_scan(texts[_i].text, strlen(texts[_i].text), "f", &m, &errors), 0);
	describe(&m, 0, &out);
	ck_assert_str_eq(buf_text(&out), texts[_i].marks);
	conf_marks_done(&m);
	buf_done(&errors);
	buf_done(&out);
}
END_TEST

START_TEST(look_ups)
{
	static const char text[] = "a x {\n b = 1\n}\na y {\n c {\n  b = 2\n }\n}\na x {\n}\n";
	struct buf errors = BUF_INIT(4096);
	struct conf_marks m = {0};
	size_t from = 0;

	ck_assert_int_eq(conf_scan(text, strlen(text), "f", &m, &errors), 0);
	const struct conf_mark *x = conf_marks_section(&m, 0, "a", "x", &from);
	ck_assert_uint_eq(x->line, 1);
	const struct conf_mark *y = conf_marks_section(&m, 0, "a", "y", &from);
	ck_assert_uint_eq(y->line, 4);
	ck_assert_uint_eq(conf_marks_section(&m, 0, "a", "x", &from)->line, 9);
	ck_assert_ptr_null(conf_marks_section(&m, 0, "a", "y", &from));
	from = 0;
	ck_assert_uint_eq(conf_marks_section(&m, (size_t)(y - m.items), "c", NULL, &from)->line, 5);
	ck_assert_uint_eq(conf_marks_key_line(&m, (size_t)(x - m.items), "b"), 2);
	/* Only directly inside; else the place of the section. */
	ck_assert_uint_eq(conf_marks_key_line(&m, (size_t)(y - m.items), "b"), 4);
	conf_marks_done(&m);
	buf_done(&errors);
}
END_TEST

START_TEST(too_many_marks_are_refused)
{
	struct buf text = BUF_INIT(16u * 1024 * 1024), errors = BUF_INIT(4096);
	struct conf_marks m = {0};

	/* Titles, so that no repeat is looked for among them. */
	for (unsigned i = 0; i < LIMIT_CONFIG_MARKS; i++)
		buf_puts(&text, "a x{}\n");
	ck_assert_int_eq(conf_scan(text.data, text.len, "f", &m, &errors), 1);
	ck_assert_str_eq(buf_text(&errors), "f:200000: too many keys and sections\n");
	ck_assert_uint_eq(m.n, 0);
	buf_done(&text);
	buf_done(&errors);
}
END_TEST

START_TEST(complaints_have_a_place)
{
	struct buf out = BUF_INIT(256);

	conf_complain(&out, "f", 3, "%d things", 2);
	conf_complain(&out, "f", 0, "all");
	ck_assert_str_eq(buf_text(&out), "f:3: 2 things\nf: all\n");
	buf_done(&out);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("conf_scan");
	TCase *t = tcase_create("marks");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, places_are_found, 0, (int)ARRAY_SIZE(texts));
	tcase_add_test(t, look_ups);
	tcase_add_test(t, too_many_marks_are_refused);
	tcase_add_test(t, complaints_have_a_place);
	suite_add_tcase(s, t);
	return s;
}
