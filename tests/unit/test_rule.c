/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/rule.c */
#include "common/model/rule.h"

#include <check.h>

#include "common/base/clock.h"

/* A row says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

Suite *suite(void);

#define L1(a) \
	{ \
		(char *[]){(char *)(a), NULL}, 1 \
	}
#define L2(a, b) \
	{ \
		(char *[]){(char *)(a), (char *)(b), NULL}, 2 \
	}
#define NOW (100 * USEC_PER_DAY)

#define RULE(v, ...) \
	(struct conf_rule) \
	{ \
		.name = (char *)"r", .until_us = TIME_NONE, .verdict = VERDICT_##v, __VA_ARGS__ \
	}
#define SUBJECT(...) \
	(struct rule_subject) \
	{ \
		.tenant = "contoso", .change = "deleted", .entity_type = "user", \
		.object_id = "aaaaaaaa-0000-0000-0000-000000000001", \
		.display_name = "Anna Müller", __VA_ARGS__ \
	}

static enum verdict decide(
	const struct conf_rule *rules, size_t n, const struct rule_subject *s, int *ret_index)
{
	const struct conf_rule *rule = rules;
	enum verdict v = rule_decide(rules, n, s, NOW, &rule);

	*ret_index = rule ? (int)(rule - rules) : -1;
	return v;
}

START_TEST(built_in_default)
{
	static const struct {
		const char *change, *entity_type;
		enum verdict verdict;
	} t[] = {
		{"deleted", "user", VERDICT_WARNING},
		{"deleted", "group", VERDICT_WARNING},
		{"appeared", "user", VERDICT_WARNING},
		{"appeared", "group", VERDICT_WARNING},
		{"deleted", "conditionalAccessPolicy", VERDICT_CRITICAL},
		{"appeared", "application", VERDICT_CRITICAL},
		{"appeared", "servicePrincipal", VERDICT_CRITICAL},
		{"appeared", "oAuth2PermissionGrant", VERDICT_CRITICAL},
		{"deleted", "device", VERDICT_CRITICAL},
		{"appeared", "", VERDICT_CRITICAL},
		{"modified", "conditionalAccessPolicy", VERDICT_IGNORE},
		{"modified", "user", VERDICT_IGNORE},
		{"link added", "group", VERDICT_IGNORE},
		{"link removed", "group", VERDICT_IGNORE},
		{"merge", "group", VERDICT_IGNORE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int index = 0;

		ck_assert_int_eq(
			decide(NULL, 0,
				&SUBJECT(.change = t[i].change, .entity_type = t[i].entity_type),
				&index),
			t[i].verdict);
		ck_assert_int_eq(index, -1);
	}
}
END_TEST

/* One condition each: whether a rule with it takes the subject. */
START_TEST(conditions)
{
	const struct {
		struct conf_rule rule;
		struct rule_subject subject;
		bool takes;
	} t[] = {
		{RULE(NOTICE), SUBJECT(), true},
		{RULE(NOTICE, .change = L2("deleted", "appeared")), SUBJECT(), true},
		{RULE(NOTICE, .change = L1("appeared")), SUBJECT(), false},
		{RULE(NOTICE, .change = L1("link added")), SUBJECT(.change = "link added"), true},
		{RULE(NOTICE, .change = L1("modified")), SUBJECT(.change = "link added"), false},
		{RULE(NOTICE, .tenant = L1("contoso")), SUBJECT(), true},
		{RULE(NOTICE, .tenant = L2("fabrikam", "lab")), SUBJECT(), false},
		{RULE(NOTICE, .entity = L2("group", "user")), SUBJECT(), true},
		{RULE(NOTICE, .entity = L1("users")), SUBJECT(), false},
		{RULE(NOTICE, .object_ids = L1("aaaaaaaa-0000-0000-0000-000000000001")), SUBJECT(),
			true},
		{RULE(NOTICE, .object_ids = L1("bbbbbbbb-0000-0000-0000-000000000001")), SUBJECT(),
			false},
		{RULE(NOTICE, .display_name = L2("x", "anna m*")), SUBJECT(), true},
		{RULE(NOTICE, .display_name = L1("ANNA M?LLER")), SUBJECT(), true},
		{RULE(NOTICE, .display_name = L1("anna")), SUBJECT(), false},
		{RULE(NOTICE, .display_name = L1("*")), SUBJECT(.display_name = NULL), false},
		{RULE(NOTICE, .property = L1("state")),
			SUBJECT(.change = "modified", .property = "state"), true},
		{RULE(NOTICE, .property = L1("state")),
			SUBJECT(.change = "modified", .property = "State"), false},
		{RULE(NOTICE, .property = L1("state")), SUBJECT(), false},
		{RULE(NOTICE, .until_us = NOW + 1), SUBJECT(), true},
		{RULE(NOTICE, .until_us = NOW), SUBJECT(), false},
		{RULE(NOTICE, .entity = L1("user"), .change = L1("deleted"),
			 .tenant = L1("contoso")),
			SUBJECT(), true},
		{RULE(NOTICE, .entity = L1("user"), .change = L1("deleted"), .tenant = L1("lab")),
			SUBJECT(), false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int index = 0;
		enum verdict v = decide(&t[i].rule, 1, &t[i].subject, &index);

		ck_assert_msg((index == 0) == t[i].takes, "row %zu", i);
		ck_assert_msg((v == VERDICT_NOTICE) == t[i].takes, "row %zu", i);
	}
}
END_TEST

START_TEST(the_first_that_matches_decides)
{
	const struct conf_rule rules[] = {
		RULE(EXPECTED, .tenant = L1("lab")),
		RULE(EXPECTED, .until_us = NOW - 1),
		RULE(CRITICAL, .display_name = L1("*müller")),
		RULE(IGNORE),
	};
	int index;

	ck_assert_int_eq(decide(rules, 4, &SUBJECT(), &index), VERDICT_CRITICAL);
	ck_assert_int_eq(index, 2);
	ck_assert_int_eq(decide(rules, 4, &SUBJECT(.display_name = "Bob"), &index), VERDICT_IGNORE);
	ck_assert_int_eq(index, 3);
	ck_assert_int_eq(
		decide(rules, 3, &SUBJECT(.display_name = "Bob"), &index), VERDICT_WARNING);
	ck_assert_int_eq(index, -1);
}
END_TEST

/* Whether a modified object must be taken apart; the answer may only err towards yes. */
START_TEST(atoms_wanted)
{
	const struct {
		struct conf_rule rule;
		const char *changed;
		bool wanted;
	} t[] = {
		{RULE(WARNING), "city", true},
		{RULE(EXPECTED), "city", true},
		{RULE(IGNORE), "city", false},
		{RULE(WARNING, .change = L2("deleted", "appeared")), "city", false},
		{RULE(WARNING, .change = L2("deleted", "modified")), "city", true},
		{RULE(WARNING, .change = L1("link removed")), "members", true},
		{RULE(WARNING, .property = L2("state", "city")), "jobTitle city", true},
		{RULE(WARNING, .property = L2("state", "city")), "jobTitle cityName", false},
		{RULE(WARNING, .property = L1("city")), "", false},
		{RULE(WARNING, .property = L1("city")), NULL, true},
		{RULE(WARNING, .entity = L1("group")), "city", false},
		{RULE(WARNING, .tenant = L1("lab")), "city", false},
		{RULE(WARNING, .until_us = NOW), "city", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		ck_assert_msg(rule_could_match_atoms(&t[i].rule, 1, &SUBJECT(.change = "modified"),
				      t[i].changed, NOW) == t[i].wanted,
			"row %zu", i);
	ck_assert(!rule_could_match_atoms(NULL, 0, &SUBJECT(), "city", NOW));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("rule");
	TCase *tc = tcase_create("rule");

	tcase_add_test(tc, built_in_default);
	tcase_add_test(tc, conditions);
	tcase_add_test(tc, the_first_that_matches_decides);
	tcase_add_test(tc, atoms_wanted);
	suite_add_tcase(s, tc);
	return s;
}
