/* SPDX-License-Identifier: Apache-2.0 */
/* One change to atoms; written as one line per atom. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/model/atom.h"

Suite *suite(void);

static struct buf out;

static void setup(void)
{
	out = BUF_INIT(LIMIT_PAGE_BYTES);
}

static void teardown(void)
{
	buf_done(&out);
}

/* "o" object, "p" property, "l" link, "-" in front of details; "!" is absent. */
static void describe(const struct atoms *atoms)
{
	buf_reset(&out);
	for (size_t i = 0; i < atoms->n; i++) {
		const struct atom *a = &atoms->items[i];
		buf_printf(&out, "%s%c %s [%s] %s", a->detail ? "-" : "", "opl"[a->kind],
			a -> change, a -> key, a -> name);
		if (a->kind == ATOM_LINK)
			buf_printf(&out, " (%s %s %s)", a->member_id,
				a->member_type ? a->member_type : "!",
				a->member_name ? a->member_name : "!");
		if (a->kind != ATOM_OBJECT)
			buf_printf(&out, " %s > %s", a->before ? a->before : "!",
				a->after ? a->after : "!");
		buf_puts(&out, "\n");
	}
}

static const char *const anomalies[] = {
	"o appeared [] \n"
	"-p modified [displayName] displayName \"Anna\" > \"Anna Berg\"\n",
	"o deleted [] \n",
	"p modified [jobTitle] jobTitle null > \"Chief\"\n"
	"p modified [passwordProfile] passwordProfile"
	" {\"forceChangePasswordNextSignIn\":true,\"password\":null} > null\n"
	"p modified [businessPhones] businessPhones [\"1\",\"2\"] > !\n",
	"l link added [members/22222222-2222-4222-8222-222222222222] members"
	" (22222222-2222-4222-8222-222222222222 user Bo) !"
	" > \"22222222-2222-4222-8222-222222222222\"\n"
	"l link removed [members/7a6b5c4d-0000-4000-8000-00000000000] members"
	" (7a6b5c4d-0000-4000-8000-00000000000 user !)"
	" \"7a6b5c4d-0000-4000-8000-00000000000\" > !\n"
	"l link removed [owners/22222222-2222-4222-8222-222222222222] owners"
	" (22222222-2222-4222-8222-222222222222 ! Bo)"
	" \"22222222-2222-4222-8222-222222222222\" > !\n",
	"p modified [state] state \"enabled\" > \"disabled\"\n"
	"p modified [conditions] conditions"
	" {\"locations\":null,\"users\":{\"excludeUsers\":null,\"includeUsers\":[\"All\"]}}"
	" > {\"locations\":null,\"users\":{\"excludeUsers\":[\"x\"],\"includeUsers\":[\"All\"]}}\n",
	"o appeared [] \n",
	"o merge [] \n",
	"o appeared [] \n",
	"o unknownFutureValue [] \n",
};

START_TEST(documented_anomalies)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_PAGE_BYTES);
	struct change_page page = {0};

	ck_assert_int_eq(file_read("tests/fixtures/graph/changes-anomalies.json", &text), 0);
	ck_assert_int_eq(change_page_parse(buf_text(&text), text.len, &page), 0);
	ck_assert_uint_eq(page.n, ARRAY_SIZE(anomalies));
	for (size_t i = 0; i < page.n; i++) {
		struct atoms atoms;
		ck_assert_int_eq(
			atoms_parse(text.data + page.rows[i].off, page.rows[i].len, &atoms), 0);
		describe(&atoms);
		ck_assert_str_eq(buf_text(&out), anomalies[i]);
		ck_assert_str_eq(atoms.row.object_id, page.rows[i].object_id);
		ck_assert_uint_eq(atoms.omitted, 0);
		atoms_done(&atoms);
	}
	change_page_done(&page);
}
END_TEST

START_TEST(odd_differences)
{
	static const struct {
		const char *json, *atoms;
		size_t unknown;
	} cases[] = {
		{"{\"id\":\"1\",\"entityTypeName\":\"user\",\"recoveryAction\":\"update\"}",
			"o modified [] \n", 0},
		{"{\"id\":\"1\",\"entityTypeName\":\"group\",\"recoveryAction\":\"update\","
		 "\"deltaFromCurrent\":{\"members@delta\":[]}}",
			"o modified [] \n", 0},
		{"{\"id\":\"1\",\"entityTypeName\":\"group\",\"recoveryAction\":\"update\","
		 "\"deltaFromCurrent\":{\"members@delta\":[\"x\",{\"@removed\":{},\"@type\":\"#a."
		 "group\"}]}}",
			"l link removed [members/x] members (x ! !) \"x\" > !\n"
			"l link added [members/] members ( group !) ! > !\n",
			1},
		{"{\"id\":\"1\",\"entityTypeName\":\"group\",\"recoveryAction\":\"update\","
		 "\"deltaFromCurrent\":{\"members@delta\":null}}",
			"p modified [members@delta] members@delta null > !\n", 0},
		{"{\"id\":\"1\",\"entityTypeName\":\"group\",\"recoveryAction\":\"softDelete\","
		 "\"deltaFromCurrent\":{\"@removed\":{\"reason\":\"changed\"},"
		 "\"members@delta\":[{\"id\":\"AAAAAAAA-1111-4111-8111-111111111111\"}]}}",
			"o appeared [] \n"
			"-l link removed [members/aaaaaaaa-1111-4111-8111-111111111111] members"
			" (AAAAAAAA-1111-4111-8111-111111111111 ! !)"
			" \"AAAAAAAA-1111-4111-8111-111111111111\" > !\n",
			0},
		{"null", "o unknown [] \n", 4},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct atoms atoms;
		ck_assert_int_eq(atoms_parse(cases[i].json, strlen(cases[i].json), &atoms), 0);
		describe(&atoms);
		ck_assert_str_eq(buf_text(&out), cases[i].atoms);
		ck_assert_uint_eq(atoms.unknown.n, cases[i].unknown);
		atoms_done(&atoms);
	}
}
END_TEST

static const char *hash_of(const char *after)
{
	static char hex[2 * ATOM_HASH_SIZE + 1];
	uint8_t digest[SHA256_SIZE];

	ck_assert_int_eq(sha256(after, strlen(after), digest), 0);
	return hex_format(digest, ATOM_HASH_SIZE, hex);
}

START_TEST(hashes)
{
	static const char json[] =
		"{\"id\":\"1\",\"entityTypeName\":\"user\",\"recoveryAction\":\"restore\","
		"\"deltaFromCurrent\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1},"
		"\"currentState\":{\"b\":null,\"c\":{\"y\":1,\"x\":2},\"d\":{\"x\":2, \"y\":1}}}";
	static const char *const after[] = {"", "null", "{\"x\":2,\"y\":1}", "{\"x\":2,\"y\":1}"};
	char hex[2 * ATOM_HASH_SIZE + 1];
	struct atoms atoms;

	ck_assert_int_eq(atoms_parse(json, sizeof(json) - 1, &atoms), 0);
	ck_assert_uint_eq(atoms.n, 5);
	ck_assert_uint_eq(atoms.items[0].after_hash_len, 0);
	for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
		ck_assert_uint_eq(atoms.items[i + 1].after_hash_len, ATOM_HASH_SIZE);
		ck_assert_str_eq(hex_format(atoms.items[i + 1].after_hash, ATOM_HASH_SIZE, hex),
			hash_of(after[i]));
	}
	atoms_done(&atoms);
}
END_TEST

START_TEST(many_members_are_counted)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_PAGE_BYTES);
	struct atoms atoms;

	buf_puts(&text, "{\"id\":\"1\",\"entityTypeName\":\"group\",\"recoveryAction\":\"update\","
			"\"deltaFromCurrent\":{\"members@delta\":[");
	for (unsigned i = 0; i < LIMIT_ATOMS_PER_CHANGE + 7; i++)
		buf_printf(&text, "%s{\"id\":\"%u\"}", i ? "," : "", i);
	buf_puts(&text, "],\"displayName\":\"x\"}}");
	ck_assert_int_eq(atoms_parse(buf_text(&text), text.len, &atoms), 0);
	ck_assert_uint_eq(atoms.n, LIMIT_ATOMS_PER_CHANGE);
	ck_assert_uint_eq(atoms.omitted, 8);
	atoms_done(&atoms);
}
END_TEST

START_TEST(not_an_element)
{
	static const char *const texts[] = {"", "{", "{}{}", "{\"id\":\"\\u00\"}"};
	struct atoms atoms;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_int_eq(atoms_parse(texts[i], strlen(texts[i]), &atoms), -EBADMSG);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("atom");
	TCase *t = tcase_create("atom");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, documented_anomalies);
	tcase_add_test(t, odd_differences);
	tcase_add_test(t, hashes);
	tcase_add_test(t, many_members_are_counted);
	tcase_add_test(t, not_an_element);
	suite_add_tcase(s, t);
	return s;
}
