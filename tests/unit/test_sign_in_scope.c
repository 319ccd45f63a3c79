/* SPDX-License-Identifier: Apache-2.0 */
/* common/model/sign_in_scope.c: what was asked for, what was granted. */
#include "common/model/sign_in_scope.h"

#include <check.h>
#include <string.h>

#include "common/base/cleanup.h"

Suite *suite(void);

#define BOTH "EntraBackup.Read.All EntraBackup.ReadWrite.Preview"

static const struct {
	const char *granted;
	bool attribution;
	const char *missing, *extra;
} grants[] = {
	{BOTH, false, "", ""},
	{BOTH " openid profile email offline_access", false, "", ""},
	{"entrabackup.read.all  EntraBackup.readwrite.PREVIEW ", false, "", ""},
	{"https://graph.microsoft.com/EntraBackup.ReadWrite.Preview "
	 "https://graph.microsoft.com/EntraBackup.Read.All",
		false, "", ""},
	{NULL, true, "", ""},
	{"", false, BOTH, ""},
	{"EntraBackup.Read.All", false, "EntraBackup.ReadWrite.Preview", ""},
	{BOTH, true, "AuditLog.Read.All", ""},
	{BOTH " AuditLog.Read.All", true, "", ""},
	{BOTH " AuditLog.Read.All", false, "", "AuditLog.Read.All"},
	{BOTH " User.Read", false, "", "User.Read"},
	{BOTH " EntraBackup.ReadWrite.Recovery https://graph.microsoft.com/Directory.ReadWrite.All",
		false, "", "EntraBackup.ReadWrite.Recovery Directory.ReadWrite.All"},
	/* a part of a name is another name */
	{"EntraBackup.Read EntraBackup.ReadWrite.Preview.All", false, BOTH,
		"EntraBackup.Read EntraBackup.ReadWrite.Preview.All"},
	/* of another resource */
	{BOTH " https://graph.microsoft.us/User.Read", false, "",
		"https://graph.microsoft.us/User.Read"},
	{"(unreadable)", false, BOTH, "(unreadable)"},
};

START_TEST(what_was_granted)
{
	_cleanup_(buf_done) struct buf missing = BUF_INIT(4096), extra = BUF_INIT(4096);
	bool fits =
		sign_in_scope_compare(grants[_i].granted, grants[_i].attribution, &missing, &extra);

	ck_assert_str_eq(buf_text(&missing), grants[_i].missing);
	ck_assert_str_eq(buf_text(&extra), grants[_i].extra);
	ck_assert_int_eq(fits, !*grants[_i].missing && !*grants[_i].extra);
}
END_TEST

START_TEST(what_is_asked_for)
{
	ck_assert_str_eq(sign_in_scope_request(false), BOTH " offline_access openid");
	ck_assert_str_eq(
		sign_in_scope_request(true), BOTH " AuditLog.Read.All offline_access openid");
	ck_assert_ptr_null(strstr(sign_in_scope_request(true), "Recovery"));
}
END_TEST

static const struct {
	const char *name;
	bool writes;
} names[] = {
	{"User.Read", false},
	{"AuditLog.Read.All", false},
	{"Directory.Read.All", false},
	{"Directory.ReadWrite.All", true},
	{"EntraBackup.ReadWrite.Recovery", true},
	{"Directory.AccessAsUser.All", true},
	{"Mail.Send", true},
	{"sites.fullcontrol.all", true},
};

START_TEST(what_may_change_something)
{
	ck_assert_int_eq(
		sign_in_scope_writes(names[_i].name, strlen(names[_i].name)), names[_i].writes);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("sign_in_scope");
	TCase *t = tcase_create("sign_in_scope");

	tcase_add_loop_test(t, what_was_granted, 0, ARRAY_SIZE(grants));
	tcase_add_test(t, what_is_asked_for);
	tcase_add_loop_test(t, what_may_change_something, 0, ARRAY_SIZE(names));
	suite_add_tcase(s, t);
	return s;
}
