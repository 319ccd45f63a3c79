/* SPDX-License-Identifier: Apache-2.0 */
/* What a user of the control socket may do. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/control/control_peer.h"

Suite *suite(void);

#define NONE ((gid_t)-1)
#define SELF 120

static const struct {
	uid_t uid;
	gid_t gids[3];
	struct control_groups groups;
	enum control_right right;
} cases[] = {
	{0, {0}, {.read = 7, .act = 8}, CONTROL_RIGHT_ACT},
	{0, {0}, {.read = NONE, .act = NONE}, CONTROL_RIGHT_ACT},
	{SELF, {1000}, {.read = NONE, .act = NONE}, CONTROL_RIGHT_ACT},
	{1000, {1000, 8}, {.read = 7, .act = 8}, CONTROL_RIGHT_ACT},
	{1000, {1000, 7, 8}, {.read = 7, .act = 8}, CONTROL_RIGHT_ACT},
	{1000, {1000, 7}, {.read = 7, .act = 8}, CONTROL_RIGHT_READ},
	{1000, {7}, {.read = 7, .act = NONE}, CONTROL_RIGHT_READ},
	{1000, {1000, 100}, {.read = 7, .act = 8}, CONTROL_RIGHT_NONE},
	{1000, {1000, 100}, {.read = NONE, .act = NONE}, CONTROL_RIGHT_NONE},
	{1000, {0}, {.read = 7, .act = 8}, CONTROL_RIGHT_NONE}, /* group root is not root */
	{1000, {NONE}, {.read = NONE, .act = NONE}, CONTROL_RIGHT_NONE},
};

START_TEST(rights)
{
	ck_assert_int_eq(
		control_peer_right(cases[_i].uid, cases[_i].gids, 3, &cases[_i].groups, SELF),
		cases[_i].right);
}
END_TEST

START_TEST(nobody_has_no_groups)
{
	const struct control_groups groups = {.read = 7, .act = 8};

	ck_assert_int_eq(control_peer_right(1000, NULL, 0, &groups, SELF), CONTROL_RIGHT_NONE);
}
END_TEST

static const struct {
	uid_t uid;
	const char *text;
} names[] = {
	{0, "uid 0 (root)"},
	{1000, "uid 1000 (anna)"},
	{1001, "uid 1001 (\\x1B[2J)"},
	{1002, "uid 1002 (long)"},
	{1003, "uid 1003 (after)"},
	{1005, "uid 1005"},
	{1004, "uid 1004 (a-name-that-is-far-too-long-to-b)"},
};

START_TEST(describes)
{
	char passwd[4096] =
		"root:x:0:0:root:/root:/bin/sh\n"
		"anna:x:1000:1000::/home:/bin/sh\n"
		"\033[2J:x:1001:1001::/:/bin/sh\n"
		"short\nno number:x:y:\na-name-that-is-far-too-long-to-be-one:x:1004:1:::\n"
		"long:x:1002:1002:";
	struct control_peer peer = {.uid = names[_i].uid};
	size_t len = strlen(passwd);

	memset(passwd + len, 'x', 2000);
	(void)snprintf(passwd + len + 2000, 64, ":/:/bin/sh\nafter:x:1003:1003::/:/bin/sh\n");
	FILE *f = fmemopen(passwd, strlen(passwd), "r");
	ck_assert_ptr_nonnull(f);
	control_peer_describe(&peer, f);
	(void)fclose(f);
	ck_assert_str_eq(peer.text, names[_i].text);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("control_peer");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, rights, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(t, nobody_has_no_groups);
	tcase_add_loop_test(t, describes, 0, (int)ARRAY_SIZE(names));
	suite_add_tcase(s, t);
	return s;
}
