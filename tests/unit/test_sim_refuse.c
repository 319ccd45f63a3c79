/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons why the simulator's token endpoint refuses, how long, and what users may do at Graph. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_core.h"
#include "tests/support/clock_virtual.h"

#define SNAPSHOTS "/v1.0/directory/recovery/snapshots"

static struct sim_client c;

static void set_up(void)
{
	sim_client_open(&c,
		"tenant contoso users=5 refresh_token=first "
		"delegated=EntraBackup.Read.All,EntraBackup.ReadWrite.Preview,User.Read\n"
		"tenant fabrikam users=5 refresh_token=other\n"
		"user contoso eve roles=\"Entra Backup Reader\"\n");
}

static void tear_down(void)
{
	sim_client_close(&c);
}

static const struct reason {
	const char *word, *expect;
	int status;
} reasons[] = {
	{"password-changed", "invalid_grant 50173", 400},
	{"password-expired", "invalid_grant 50055", 400},
	{"mfa", "invalid_grant 50076", 400},
	{"mfa-expired", "invalid_grant 50078", 400},
	{"mfa-enrol", "invalid_grant 50079", 400},
	{"conditional-access", "invalid_grant 53003", 400},
	{"device-not-compliant", "invalid_grant 53000", 400},
	{"device-not-joined", "invalid_grant 53001", 400},
	{"security-defaults", "invalid_grant 530035", 400},
	{"frequency", "invalid_grant 70043", 400},
	{"inactive", "invalid_grant 700082", 400},
	{"expired", "invalid_grant 70008", 400},
	{"malformed", "invalid_grant 70000", 400},
	{"consent", "invalid_grant 65001", 400},
	{"disabled", "invalid_grant 50057", 400},
	{"not-assigned", "invalid_grant 50105", 400},
	{"loop", "invalid_grant 50196", 400},
	{"wrong-datacenter", "invalid_grant 50134", 400},
	{"certificate-wrong", "invalid_client 700027", 401},
	{"assertion-wrong", "invalid_client 50013", 401},
	{"certificate-expired", "invalid_client 7000222", 401},
	{"clock", "invalid_client 700024", 401},
	{"user-not-in-tenant", "invalid_request 50020", 400},
	{"tenant-missing", "invalid_request 90002", 400},
	{"not-multitenant", "unauthorized_client 50194", 400},
	{"application-missing", "unauthorized_client 700016", 400},
	{"application-disabled", "unauthorized_client 7000112", 400},
	{"redirect-wrong", "invalid_request 50011", 400},
	{"consent-declined", "authorization_declined 65004", 400},
	{"unavailable", "temporarily_unavailable 90033", 503},
	{"throttled", "temporarily_unavailable 90055", 429},
	{"server-error", "server_error 90006", 500},
	{"50074", "invalid_grant 50074", 400},
};

START_TEST(every_reason)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "contoso refuse %s", reasons[_i].word);
	sim_client_line(&c, line);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), reasons[_i].status);
	ck_assert_str_eq(sim_client_refusal(&c), reasons[_i].expect);
	ck_assert_ptr_nonnull(strstr(json_string_or(c.json, "error_description", ""), "AADSTS"));
	ck_assert_int_eq(sim_client_sign_in(&c, "fabrikam", "other"), 200);
	/* what was refused is good again */
	(void)snprintf(line, sizeof(line), "contoso accept %s", reasons[_i].word);
	sim_client_line(&c, line);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(every_reason_is_in_the_reference)
{
	struct buf readme = BUF_INIT(1024u * 1024);
	char word[64];

	ck_assert_int_eq(file_read("tests/graphsim/README.md", &readme), 0);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		(void)snprintf(word, sizeof(word), "`%s`", reasons[i].word);
		ck_assert_msg(reasons[i].word[0] < 'A' || strstr(buf_text(&readme), word), "%s",
			reasons[i].word);
	}
	buf_done(&readme);
}
END_TEST

START_TEST(a_policy_sends_claims)
{
	sim_client_line(&c, "contoso refuse conditional-access");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_ptr_nonnull(strstr(json_string_or(c.json, "claims", ""), "\"access_token\""));
	ck_assert_str_eq(json_string_or(c.json, "suberror", ""), "message_only");
	ck_assert_ptr_null(c.token);
}
END_TEST

START_TEST(until_then)
{
	sim_client_line(
		&c, "contoso refuse mfa until=+2h for=refresh retry_after=30 user=snapwatch");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_header(&c, "Retry-After"), "30");
	sim_client_line(&c, "contoso sign-in refresh_token=eves as=eve");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "eves"), 200);
	clock_virtual_advance(2 * USEC_PER_HOUR);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(no_loops)
{
	sim_client_line(&c, "contoso refuse mfa");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	clock_virtual_advance(10 * USEC_PER_SEC);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_uint_eq(sim_violations(c.sim), 0); /* somebody may have restarted it */
	clock_virtual_advance(10 * USEC_PER_SEC);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50196");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	clock_virtual_advance(2 * USEC_PER_MIN);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50076");
	sim_client_line(&c, "contoso accept");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(not_before_retry_after)
{
	sim_client_line(&c, "contoso refuse throttled retry_after=600");
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(sim_violations(c.sim), 0);
		(void)sim_client_sign_in(&c, "contoso", "first");
		clock_virtual_advance(4 * USEC_PER_MIN);
	}
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(passwords)
{
	sim_client_line(&c, "user contoso key passwordless=yes");
	sim_client_line(&c, "contoso sign-in refresh_token=keyed as=key");
	sim_client_line(&c, "contoso change-password key");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "keyed"), 200);
	sim_client_line(&c, "contoso change-password");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50173");
	sim_client_line(&c, "contoso reset-password key");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "keyed"), 400);
	sim_client_line(&c, "contoso sign-in refresh_token=again");
	sim_client_line(&c, "contoso disable");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "again"), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 50057");
	sim_client_line(&c, "contoso enable");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "again"), 200);
}
END_TEST

START_TEST(lives)
{
	sim_client_line(&c, "lives contoso refresh=30d");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	for (int i = 0; i < 3; i++) {
		clock_virtual_advance(29 * USEC_PER_DAY);
		ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	}
	clock_virtual_advance(30 * USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 700082");
	sim_client_line(&c, "lives contoso sign_in=7d");
	sim_client_line(&c, "contoso sign-in refresh_token=again");
	clock_virtual_advance(6 * USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "again"), 200);
	clock_virtual_advance(USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
	ck_assert_str_eq(sim_client_refusal(&c), "invalid_grant 70043");
}
END_TEST

/* A used token slides too, where the answer brings no other. */
START_TEST(one_token_slides)
{
	sim_client_line(&c, "switch contoso rotation off");
	for (int i = 0; i < 3; i++) {
		clock_virtual_advance(80 * USEC_PER_DAY);
		ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	}
}
END_TEST

static int sign_in_as(const char *user, const char *scope)
{
	char line[128];
	_cleanup_(freep) char *form =
		sim_printf("grant_type=refresh_token&refresh_token=of-%s&scope=%s", user, scope);

	(void)snprintf(line, sizeof(line), "contoso sign-in refresh_token=of-%s as=%s", user, user);
	sim_client_line(&c, line);
	return sim_client_form(&c, "contoso", form);
}

START_TEST(roles)
{
	sim_client_line(&c, "user contoso nobody roles=\"\"");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_str_ne(sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL), "");
	ck_assert_int_eq(
		sign_in_as("eve", "EntraBackup.Read.All+EntraBackup.ReadWrite.Preview"), 200);
	ck_assert_str_eq(sim_client_preview(&c, sim_client_snapshot(&c, 1), NULL), "");
	ck_assert_int_eq(c.answer.status, 403);
	ck_assert_int_eq(sign_in_as("nobody", "EntraBackup.Read.All"), 200);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 403);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(licence)
{
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	sim_client_line(&c, "licence contoso denied");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 403);
	sim_client_line(&c, "licence contoso empty");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 0);
	sim_client_line(&c, "licence contoso present");
	ck_assert_str_ne(sim_client_snapshot(&c, 0), "");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(who_am_i)
{
	ck_assert_int_eq(sign_in_as("eve", "User.Read"), 200);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/me?$select=id,userPrincipalName"), 200);
	ck_assert_str_eq(json_string_or(c.json, "userPrincipalName", ""), "eve@contoso.example");
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/me/transitiveMemberOf/"
					    "microsoft.graph.directoryRole"),
		200);
	ck_assert_str_eq(
		json_string_or(json_first(json_member(c.json, "value")), "roleTemplateId", ""),
		"f42252d9-5400-4d7b-b9ef-cc582dbb8577");
	ck_assert_int_eq(sim_client_get(&c, "/beta/me/memberOf"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/me/photo"), 400);
	ck_assert_int_eq(sign_in_as("eve", "EntraBackup.Read.All"), 200);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/me"), 403);
	ck_assert_uint_eq(sim_violations(c.sim), 2);
}
END_TEST

START_TEST(which_credential)
{
	char job[64];

	sim_client_line(&c, "preview contoso initial=0s load=0s calculate=1m");
	sim_client_line(&c, "credentials contoso split");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	(void)snprintf(
		job, sizeof(job), "%s", sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL));
	ck_assert_str_ne(job, "");
	ck_assert_uint_eq(sim_violations(c.sim), 1); /* the list */
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs/%s", job), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 2);
}
END_TEST

START_TEST(lines_that_mean_nothing)
{
	static const char *const lines[] = {
		"contoso refuse boredom",
		"contoso refuse 99999",
		"contoso refuse mfa for=nothing",
		"contoso refuse mfa until=sometime",
		"contoso refuse mfa user=nobody",
		"contoso accept",
		"contoso approve-device",
		"contoso disable nobody",
		"contoso sign-in refresh_token=a as=nobody",
		"browser contoso perhaps",
		"browser contoso auto as=nobody",
		"browser nowhere auto",
		"redirect contoso http://localhost platform=toaster",
		"redirect contoso",
		"device contoso shrug",
		"device contoso approve after=soon",
		"claims contoso",
		"lives contoso refresh=long",
		"licence contoso lost",
		"credentials contoso none",
		"user contoso",
		"user contoso eve roles=King",
		"user contoso eve id=1",
		"user contoso eve passwordless=perhaps",
		"user contoso eve shoe=42",
		"consent contoso granted=Everything",
	};
	struct buf error = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		buf_reset(&error);
		ck_assert_msg(sim_line(c.sim, lines[i], &error) < 0, "%s", lines[i]);
		ck_assert_msg(error.len > 0, "%s", lines[i]);
	}
	buf_done(&error);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_refuse");
	TCase *t = tcase_create("refuse");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, every_reason, 0, ARRAY_SIZE(reasons));
	tcase_add_test(t, every_reason_is_in_the_reference);
	tcase_add_test(t, a_policy_sends_claims);
	tcase_add_test(t, until_then);
	tcase_add_test(t, no_loops);
	tcase_add_test(t, not_before_retry_after);
	tcase_add_test(t, passwords);
	tcase_add_test(t, lives);
	tcase_add_test(t, one_token_slides);
	tcase_add_test(t, roles);
	tcase_add_test(t, licence);
	tcase_add_test(t, who_am_i);
	tcase_add_test(t, which_credential);
	tcase_add_test(t, lines_that_mean_nothing);
	suite_add_tcase(s, t);
	return s;
}
