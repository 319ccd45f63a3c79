/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's device flow: how it is polled, who decides, and how it ends. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_core.h"
#include "tests/support/clock_virtual.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define CLIENT "22222222-2222-4222-8222-222222222222"
#define SCOPE "scope=EntraBackup.Read.All+EntraBackup.ReadWrite.Preview+offline_access+openid"

static struct sim_client c;
static char device_code[1024], user_code[32];

static void set_up(void)
{
	sim_client_open(&c, "tenant contoso users=5 id=" TENANT " client=" CLIENT "\n"
			    "tenant fabrikam users=5\n"
			    "user contoso eve\n");
}

static void tear_down(void)
{
	sim_client_close(&c);
}

static int start(const char *form)
{
	int status = sim_client_send(&c, "POST", "/" TENANT "/oauth2/v2.0/devicecode", form);

	(void)snprintf(
		device_code, sizeof(device_code), "%s", json_string_or(c.json, "device_code", ""));
	(void)snprintf(user_code, sizeof(user_code), "%s", json_string_or(c.json, "user_code", ""));
	return status;
}

/* The error of a poll, "" when it brought a token. */
static const char *poll(const char *tenant)
{
	_cleanup_(freep) char *form =
		sim_printf("grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Adevice_code&"
			   "device_code=%s",
			device_code);

	(void)sim_client_form(&c, tenant, form);
	return json_string_or(c.json, "error", "");
}

static const char *poll_after(int64_t us)
{
	clock_virtual_advance(us);
	return poll("contoso");
}

START_TEST(approved_by_the_scenario)
{
	int64_t n;

	sim_client_line(&c, "device contoso approve after=12s as=eve");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_int_eq(json_get_int(c.json, "expires_in", &n), JSON_GET_OK);
	ck_assert_int_eq(n, 900);
	ck_assert_int_eq(json_get_int(c.json, "interval", &n), JSON_GET_OK);
	ck_assert_int_eq(n, 5);
	ck_assert_str_eq(
		json_string_or(c.json, "verification_uri", ""), SIM_CLIENT_URL "/devicelogin");
	ck_assert_ptr_nonnull(strstr(json_string_or(c.json, "message", ""), user_code));
	ck_assert_ptr_null(json_member(c.json, "verification_uri_complete"));
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "authorization_pending");
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "authorization_pending");
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "");
	ck_assert_ptr_nonnull(json_member(c.json, "id_token"));
	ck_assert_ptr_nonnull(c.refresh);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/snapshots"), 200);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	/* it was for once */
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "bad_verification_code");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(too_fast)
{
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll("contoso"), "authorization_pending"); /* the first at once */
	ck_assert_str_eq(poll_after(USEC_PER_SEC), "slow_down");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	/* five seconds more from here on */
	ck_assert_str_eq(poll_after(10 * USEC_PER_SEC), "authorization_pending");
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "slow_down");
	ck_assert_uint_eq(sim_violations(c.sim), 2);
}
END_TEST

START_TEST(told_to_slow_down)
{
	sim_client_line(&c, "device contoso ignore slow=1 interval=2s");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll_after(2 * USEC_PER_SEC), "slow_down");
	ck_assert_str_eq(poll_after(7 * USEC_PER_SEC), "authorization_pending");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(it_ends)
{
	static const struct {
		const char *lines[2], *expect;
	} rows[] = {
		{{"device contoso decline", ""}, "authorization_declined"},
		{{"device contoso decline", "switch contoso declined rfc"}, "access_denied"},
		{{"device contoso ignore expires=4s", ""}, "expired_token"},
		{{"device contoso approve", "contoso disable"}, "invalid_grant"},
		{{"device contoso approve", "contoso refuse conditional-access for=device"},
			"invalid_grant"},
		{{"device contoso approve", "consent contoso delegated=EntraBackup.Read.All"},
			"invalid_grant"},
	};

	for (size_t i = 0; i < 2; i++)
		sim_client_line(&c, rows[_i].lines[i]);
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), rows[_i].expect);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "bad_verification_code");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(refused_at_once)
{
	static const struct {
		const char *form, *expect;
		int status;
	} rows[] = {
		{"client_id=" TENANT "&" SCOPE, "unauthorized_client", 400},
		{"client_id=" CLIENT, "invalid_request", 400},
		{SCOPE, "invalid_request", 400},
		{"client_id=" CLIENT "&scope=Mail.Read", "invalid_scope", 400},
	};

	ck_assert_int_eq(start(rows[_i].form), rows[_i].status);
	ck_assert_str_eq(json_string_or(c.json, "error", ""), rows[_i].expect);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(strangers)
{
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll("fabrikam"), "bad_verification_code");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_int_eq(sim_client_send(&c, "POST", "/common/oauth2/v2.0/devicecode", "a=b"), 400);
	ck_assert_uint_eq(sim_violations(c.sim), 2);
	sim_client_line(&c, "device contoso forbidden");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll("contoso"), "invalid_client");
}
END_TEST

START_TEST(decided_by_a_verb)
{
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	sim_client_line(&c, "contoso approve-device as=eve");
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	sim_client_line(&c, "contoso decline-device");
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "authorization_declined");
}
END_TEST

/* A policy against device codes meets what began with one for good. */
START_TEST(what_began_with_a_code_is_tracked)
{
	sim_client_line(&c, "device contoso approve");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	sim_client_line(&c, "contoso refuse conditional-access for=device");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
	sim_client_line(&c, "contoso sign-in refresh_token=otherwise");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "otherwise"), 200);
}
END_TEST

static int page(const char *form)
{
	return sim_client_send(&c, "POST", "/devicelogin", form);
}

START_TEST(the_page)
{
	char form[128];

	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	ck_assert_int_eq(sim_client_get(&c, "/devicelogin"), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "Enter code"));
	ck_assert_int_eq(page("page=NONSENSE"), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "That code didn&#39;t work."));
	(void)snprintf(form, sizeof(form), "page=%s", user_code);
	ck_assert_int_eq(page(form), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "value=\"eve\""));
	(void)snprintf(form, sizeof(form), "page=%s&user=nobody&answer=accept", user_code);
	ck_assert_int_eq(page(form), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "find an account"));
	(void)snprintf(form, sizeof(form), "page=%s&user=eve&answer=accept", user_code);
	ck_assert_int_eq(page(form), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "You have signed in"));
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "");
	/* and declined */
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	(void)snprintf(form, sizeof(form), "page=%s&answer=cancel", user_code);
	ck_assert_int_eq(page(form), 200);
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "authorization_declined");
	/* a policy is told on the page, and the client waits on */
	sim_client_line(&c, "contoso refuse conditional-access for=authorize");
	ck_assert_int_eq(start("client_id=" CLIENT "&" SCOPE), 200);
	(void)snprintf(form, sizeof(form), "page=%s&user=eve&answer=accept", user_code);
	ck_assert_int_eq(page(form), 400);
	ck_assert_str_eq(poll_after(5 * USEC_PER_SEC), "authorization_pending");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_device");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, approved_by_the_scenario);
	tcase_add_test(t, too_fast);
	tcase_add_test(t, told_to_slow_down);
	tcase_add_loop_test(t, it_ends, 0, 6);
	tcase_add_loop_test(t, refused_at_once, 0, 4);
	tcase_add_test(t, strangers);
	tcase_add_test(t, decided_by_a_verb);
	tcase_add_test(t, what_began_with_a_code_is_tracked);
	tcase_add_test(t, the_page);
	suite_add_tcase(s, t);
	return s;
}
