/* SPDX-License-Identifier: Apache-2.0 */
/* Which sign-ins are kept: by whom, and with which permissions. */
#include <check.h>
#include <string.h>

#include "daemon/graph/enrol_check.h"

Suite *suite(void);

#define TENANT "11111111-1111-4111-8111-111111111111"
#define ANNA "aaaaaaaa-1111-4111-8111-111111111111"
#define EVE "eeeeeeee-1111-4111-8111-111111111111"
#define GLOBAL "62e90394-69f5-4237-9190-012177145e10"
#define READ "EntraBackup.Read.All"
#define PREVIEW "EntraBackup.ReadWrite.Preview"
#define GRAPH "https://graph.microsoft.com/"

static struct conf_tenant conf(const char *account, bool attribution)
{
	return (struct conf_tenant){.name = (char *)"contoso",
		.tenant_id = (char *)TENANT,
		.account = (char *)account,
		.attribution = attribution};
}

static const struct {
	const char *granted;
	bool attribution, allow;
	const char *faults, *warnings;
} permissions[] = {
	{READ " " PREVIEW, false, false, "", ""},
	{NULL, false, false, "", ""},
	{NULL, true, false, "", ""},
	/* any order, any case, with and without the address, twice */
	{"  openid profile email " GRAPH "entrabackup.readwrite.preview  " GRAPH READ " " READ
	 " offline_access",
		false, false, "", ""},
	{READ " " PREVIEW " AuditLog.Read.All", true, false, "", ""},

	{READ, false, false, "the sign-in lacks " PREVIEW "\n", ""},
	{"", false, false, "the sign-in lacks " READ " " PREVIEW "\n", ""},
	{"openid", true, false, "the sign-in lacks " READ " " PREVIEW " AuditLog.Read.All\n", ""},
	{READ ".More " PREVIEW, false, true, "the sign-in lacks " READ "\n",
		"the sign-in was granted more than the daemon needs: " READ ".More\n"},
	{READ " " PREVIEW " AuditLog.Read.All", false, false,
		"the sign-in was granted more than the daemon needs: AuditLog.Read.All\n", ""},
	{READ " " PREVIEW " User.Read Directory.ReadWrite.All EntraBackup.ReadWrite.Recovery",
		false, false,
		"the sign-in was granted more than the daemon needs: User.Read, "
		"Directory.ReadWrite.All (it could change the directory), "
		"EntraBackup.ReadWrite.Recovery (it could start a recovery)\n",
		""},
	{READ " " PREVIEW " EntraBackup.ReadWrite.Recovery", false, true, "",
		"the sign-in was granted more than the daemon needs: "
		"EntraBackup.ReadWrite.Recovery (it could start a recovery)\n"},
	{"User.Read", false, false,
		"the sign-in lacks " READ " " PREVIEW
		"\nthe sign-in was granted more than the daemon needs: User.Read\n",
		""},
	/* of another resource: as it came, and visible */
	{READ " " PREVIEW " https://evil.example/" READ " \033[2J", false, false,
		"the sign-in was granted more than the daemon needs: https://evil.example/" READ
		", \\x1B[2J\n",
		""},
};

START_TEST(asks)
{
	struct conf_tenant t = conf("", false);
	struct buf out = BUF_INIT(1024);

	enrol_scopes_wanted(&t, &out);
	ck_assert_str_eq(buf_text(&out), READ " " PREVIEW " offline_access openid profile");
	t.attribution = true;
	buf_reset(&out);
	enrol_scopes_wanted(&t, &out);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), " AuditLog.Read.All "));
	buf_done(&out);
}
END_TEST

START_TEST(checks_permissions)
{
	const struct conf_tenant t = conf("ANNA@contoso.com", permissions[_i].attribution);
	struct id_token who = {
		.username = (char *)"anna@contoso.com", .object_id = (char *)ANNA, .guest = -1};
	const struct enrol_granted granted = {.who = &who,
		.scopes = permissions[_i].granted,
		.allow_extra = permissions[_i].allow};
	struct enrol_verdict v;

	ck_assert_int_eq(enrol_check(&t, &granted, &v), 0);
	ck_assert_str_eq(buf_text(&v.faults), permissions[_i].faults);
	ck_assert_str_eq(buf_text(&v.warnings), permissions[_i].warnings);
	ck_assert(!v.faults.len == !v.hint.len);
	ck_assert(!v.hint.len || strstr(buf_text(&v.hint), "snapwatch login contoso"));
	enrol_verdict_done(&v);
}
END_TEST

static const struct {
	const char *account;
	const char *username, *object_id, *home;
	int guest;
	const char *role;
	const char *faults, *warnings;
} people[] = {
	{"anna@contoso.com", "Anna@Contoso.com", ANNA, NULL, 0, NULL, "", ""},
	{"AAAAAAAA-1111-4111-8111-111111111111", "renamed@contoso.com", ANNA, NULL, -1, NULL, "",
		""},
	{"anna@contoso.com", "eve@contoso.com", EVE, NULL, -1, NULL,
		"you signed in as 'eve@contoso.com' (" EVE
		"), this tenant's account is 'anna@contoso.com'\n",
		""},
	/* the name of another account is no help */
	{ANNA, "anna@contoso.com", EVE, NULL, -1, NULL,
		"you signed in as 'anna@contoso.com' (" EVE "), this tenant's account is '" ANNA
		"'\n",
		""},
	{"anna@contoso.com", NULL, ANNA, NULL, -1, NULL,
		"you signed in as '" ANNA "', this tenant's account is 'anna@contoso.com'\n", ""},
	{ANNA, NULL, NULL, NULL, -1, NULL,
		"you signed in as somebody without a name, this tenant's account is '" ANNA "'\n",
		""},
	{"anna@contoso.com", "anna@contoso.com\033]0;", EVE, NULL, -1, NULL,
		"you signed in as 'anna@contoso.com\\x1B]0;' (" EVE
		"), this tenant's account is 'anna@contoso.com'\n",
		""},
	{"", "anna@contoso.com", ANNA, NULL, -1, NULL, "",
		"you signed in as 'anna@contoso.com' (" ANNA
		"); set the key account to that, so that nobody else is signed in by mistake\n"},
	{ANNA, "a@b.c", ANNA, NULL, 1, NULL, "",
		"'a@b.c' (" ANNA
		") is a guest: the tenant where it is at home can end this sign-in, and its "
		"policies apply too\n"},
	{ANNA, "a@b.c", ANNA, "https://sts.windows.net/33333333-3333-4333-8333-333333333333/", -1,
		NULL, "",
		"'a@b.c' (" ANNA
		") is a guest: the tenant where it is at home can end this sign-in, and its "
		"policies apply too\n"},
	{ANNA, "a@b.c", ANNA, "https://sts.windows.net/" TENANT "/", -1, NULL, "", ""},
	{ANNA, "a@b.c", ANNA, "live.com", 0, NULL, "", ""},
	{ANNA, "a@b.c", ANNA, NULL, 0, GLOBAL, "",
		"'a@b.c' (" ANNA
		") is Global Administrator; Entra Backup Administrator is enough\n"},
	{ANNA, "a@b.c", ANNA, NULL, 0, "b79fbf4d-3ef9-4689-8143-76b194e85509", "", ""},
};

START_TEST(checks_people)
{
	const struct conf_tenant t = conf(people[_i].account, false);
	char *roles[] = {(char *)people[_i].role, (char *)people[_i].role};
	struct id_token who = {
		.username = (char *)people[_i].username,
		.object_id = (char *)people[_i].object_id,
		.home = (char *)people[_i].home,
		.guest = people[_i].guest,
		.roles = roles,
		.n_roles = people[_i].role ? 2 : 0,
	};
	const struct enrol_granted granted = {.who = &who};
	struct enrol_verdict v;

	ck_assert_int_eq(enrol_check(&t, &granted, &v), 0);
	ck_assert_str_eq(buf_text(&v.faults), people[_i].faults);
	ck_assert_str_eq(buf_text(&v.warnings), people[_i].warnings);
	ck_assert(!v.faults.len == !v.hint.len);
	enrol_verdict_done(&v);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("enrol_check");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, checks_permissions, 0, (int)ARRAY_SIZE(permissions));
	tcase_add_loop_test(t, checks_people, 0, (int)ARRAY_SIZE(people));
	tcase_add_test(t, asks);
	suite_add_tcase(s, t);
	return s;
}
