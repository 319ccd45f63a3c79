/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the token endpoint: granted, refused, busy, and none at all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/secret.h"
#include "daemon/graph/auth_reply.h"

Suite *suite(void);

#define SEC(n) ((n)*USEC_PER_SEC)

static void read_reply(long status, const char *body, const char *retry_after,
	enum http_error error, struct auth_reply *reply)
{
	struct http_result result = {
		.error = error,
		.error_text = "it broke\n",
		.status = status,
		.body = BUF_INIT_SECRET(LIMIT_TOKEN_REPLY_BYTES),
		.retry_after = retry_after,
		.date_us = TIME_NONE,
		.wall_us = clock_wall_us(),
	};

	buf_puts(&result.body, body);
	auth_reply_read(&result, reply);
	buf_done(&result.body);
}

static const struct {
	const char *body;
	const char *access, *refresh; /* access NULL: no token in it */
	int64_t lifetime_us;
	const char *scopes; /* NULL: not said */
} grants[] = {
	{"{\"access_token\":\"a\",\"expires_in\":3600,\"refresh_token\":\"r\"}", "a", "r",
		SEC(3600), NULL},
	{"{\"token_type\":\"Bearer\",\"access_token\":\"a\",\"expires_in\":\"3600\"}", "a", NULL,
		SEC(3600), NULL},
	{"{\"access_token\":\"a\"}", "a", NULL, SEC(600), NULL},
	{"{\"access_token\":\"a\",\"expires_in\":-1}", "a", NULL, SEC(600), NULL},
	{"{\"access_token\":\"a\",\"expires_in\":1e99}", "a", NULL, SEC(600), NULL},
	{"{\"access_token\":\"a\\/b\",\"expires_in\":60}", "a/b", NULL, SEC(60), NULL},
	{"{\"access_token\":\"a\",\"expires_in\":60,\"scope\":\"EntraBackup.Read.All "
	 "EntraBackup.ReadWrite.Recovery\"}",
		"a", NULL, SEC(60), "EntraBackup.Read.All EntraBackup.ReadWrite.Recovery"},
	{"{\"access_token\":\"a\",\"expires_in\":60,\"scope\":\"https:\\/\\/g\\/A\"}", "a", NULL,
		SEC(60), "https://g/A"},
	{"{\"access_token\":\"a\",\"expires_in\":60,\"scope\":7}", "a", NULL, SEC(60),
		"(unreadable)"},
	{"{\"access_token\":\"a\",\"expires_in\":60,\"scope\":\"A\",\"scope\":\"B\"}", "a", NULL,
		SEC(60), "(unreadable)"},
	{"{\"access_token\":\"\"}", NULL, NULL, 0, NULL},
	{"{\"access_token\":null}", NULL, NULL, 0, NULL},
	{"{\"access_token\":\"a\\r\\nX-Evil: 1\"}", NULL, NULL, 0, NULL},
	{"{\"access_token\":\"a b\"}", NULL, NULL, 0, NULL},
	{"{\"access_token\":\"a\",\"access_token\":\"b\"}", NULL, NULL, 0, NULL},
	{"{\"access_token\":\"a\"", NULL, NULL, 0, NULL},
	{"{\"claims\":\"{\\\"access_token\\\":1}\"}", NULL, NULL, 0, NULL},
	{"{\"nested\":{\"access_token\":\"a\"}}", NULL, NULL, 0, NULL},
	{"<html>access_token</html>", NULL, NULL, 0, NULL},
	{"", NULL, NULL, 0, NULL},
};

START_TEST(test_granted)
{
	struct auth_reply reply;

	read_reply(200, grants[_i].body, NULL, HTTP_OK, &reply);
	if (grants[_i].access) {
		ck_assert_int_eq(reply.outcome, AUTH_OK);
		ck_assert_str_eq(reply.access->data, grants[_i].access);
		ck_assert_int_eq(reply.lifetime_us, grants[_i].lifetime_us);
		ck_assert_pstr_eq(reply.scopes, grants[_i].scopes);
	} else {
		ck_assert_int_eq(reply.outcome, AUTH_NETWORK);
		ck_assert_ptr_null(reply.access);
	}
	if (grants[_i].refresh)
		ck_assert_str_eq(reply.refresh->data, grants[_i].refresh);
	else
		ck_assert_ptr_null(reply.refresh);
	auth_reply_done(&reply);
}
END_TEST

#define ERROR(name, n) \
	"{\"error\":\"" name "\",\"error_description\":\"AADSTS" #n ": evil\\u001b[2J text\"," \
	"\"error_codes\":[" #n "],\"trace_id\":\"t\"}"

static const struct {
	long status;
	const char *body, *retry_after;
	enum http_error error;
	enum auth_outcome outcome;
	bool dead;
	int64_t hold_us;
	const char *text; /* begins with */
} refusals[] = {
	{400, ERROR("invalid_grant", 50173), NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60),
		"the sign-in was revoked (password changed or sessions revoked) (invalid_grant, "
		"AADSTS50173, trace id t)"},
	{400, ERROR("invalid_grant", 65001), NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60),
		"consent is missing"},
	{400, ERROR("invalid_grant", 999999), NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60),
		"invalid_grant, AADSTS999999, trace id t"},
	{400, ERROR("interaction_required", 50076), NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60),
		"multi-factor"},
	{400, "{\"error\":\"login_required\"}", NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60),
		"login_required"},
	{400,
		"{\"error\":\"consent_required\",\"error_description\":\"AADSTS65001: no "
		"consent\"}",
		NULL, HTTP_OK, AUTH_SIGN_IN, true, SEC(60), "consent is missing (consent_required"},
	{401, ERROR("invalid_client", 700027), NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the client assertion's signature"},
	{400, ERROR("unauthorized_client", 700016), NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the app is not in this tenant"},
	{400, ERROR("invalid_scope", 70011), NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"a permission that was asked for is not valid (invalid_scope, AADSTS70011"},
	{400, ERROR("never_heard_of", 1), NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"never_heard_of, AADSTS1"},
	{400, ERROR("invalid_grant", 50196), NULL, HTTP_OK, AUTH_THROTTLED, false, SEC(600),
		"the same request was made too often"},
	{429, ERROR("invalid_grant", 50173), NULL, HTTP_OK, AUTH_THROTTLED, false, SEC(5),
		"the sign-in"},
	{429, "", "120", HTTP_OK, AUTH_THROTTLED, false, SEC(120),
		"the token endpoint answered HTTP 429"},
	{429, "", "999999", HTTP_OK, AUTH_THROTTLED, false, LIMIT_RETRY_AFTER_US, "the token"},
	{429, "", "-3", HTTP_OK, AUTH_THROTTLED, false, SEC(5), "the token"},
	{503, "<html>", "7", HTTP_OK, AUTH_THROTTLED, false, SEC(7), "the token"},
	{500, "{\"error\":\"server_error\"}", NULL, HTTP_OK, AUTH_NETWORK, false, SEC(5),
		"server_error"},
	{400, "{\"error\":\"temporarily_unavailable\"}", NULL, HTTP_OK, AUTH_THROTTLED, false,
		SEC(5), "temporarily_unavailable"},
	{404, "<html>not found</html>", NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the token endpoint answered HTTP 404"},
	{302, "", NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the token endpoint answered HTTP 302"},
	{400, "{\"error\":\"\"}", NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the token endpoint answered HTTP 400"},
	{400, "{\"error\":{\"code\":\"x\"}}", NULL, HTTP_OK, AUTH_CONFIG, false, SEC(60),
		"the token endpoint answered HTTP 400"},
	{0, "", NULL, HTTP_E_NETWORK, AUTH_NETWORK, false, 0, "the token endpoint: it broke\\n"},
	{0, "", NULL, HTTP_E_TIMEOUT, AUTH_NETWORK, false, 0, "the token endpoint: it broke\\n"},
	{0, "", NULL, HTTP_E_TLS, AUTH_CONFIG, false, SEC(60), "the token endpoint: it broke\\n"},
};

START_TEST(test_refused)
{
	struct auth_reply reply;

	read_reply(refusals[_i].status, refusals[_i].body, refusals[_i].retry_after,
		refusals[_i].error, &reply);
	ck_assert_int_eq(reply.outcome, refusals[_i].outcome);
	ck_assert(reply.dead == refusals[_i].dead);
	ck_assert_int_eq(reply.hold_us, refusals[_i].hold_us);
	ck_assert_msg(
		strncmp(buf_text(&reply.text), refusals[_i].text, strlen(refusals[_i].text)) == 0,
		"'%s'", buf_text(&reply.text));
	/* what the service wrote is not repeated */
	ck_assert_ptr_null(strstr(buf_text(&reply.text), "evil"));
	auth_reply_done(&reply);
}
END_TEST

START_TEST(test_hostile_error_is_visible_and_short)
{
	struct auth_reply reply;
	struct buf body = BUF_INIT(200000);

	buf_puts(&body, "{\"error\":\"\\u001b[31m");
	for (int i = 0; i < 100000; i++)
		buf_putc(&body, 'x');
	buf_puts(&body, "\"}");
	read_reply(400, buf_text(&body), NULL, HTTP_OK, &reply);
	ck_assert_uint_lt(reply.text.len, 200);
	ck_assert_ptr_null(strchr(buf_text(&reply.text), '\x1b'));
	auth_reply_done(&reply);
	buf_done(&body);
}
END_TEST

START_TEST(test_renewal)
{
	ck_assert_int_eq(auth_renew_after_us(SEC(4500)), SEC(4200));
	ck_assert_int_eq(auth_renew_after_us(SEC(7200)), SEC(3600));
	ck_assert_int_eq(auth_renew_after_us(28 * USEC_PER_HOUR), 14 * USEC_PER_HOUR);
	ck_assert_int_eq(auth_renew_after_us(SEC(60)), SEC(30));
}
END_TEST

/* Asked for at a sign-in only: one that is none is not there, and spoils nothing. */
static const struct {
	const char *member;
	const char *id_token;
} id_tokens[] = {
	{"\"id_token\":\"a.b.c\"", "a.b.c"},
	{"\"id_token\":\"\"", NULL},
	{"\"id_token\":null", NULL},
	{"\"id_token\":\"a b\"", NULL},
	{"\"id_token\":{}", NULL},
	{"\"x\":0", NULL},
};

START_TEST(test_id_token)
{
	struct auth_reply reply;
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"access_token\":\"a\",%s}", id_tokens[_i].member);
	read_reply(200, body, NULL, HTTP_OK, &reply);
	ck_assert_int_eq(reply.outcome, AUTH_OK);
	ck_assert_pstr_eq(reply.id_token ? reply.id_token->data : NULL, id_tokens[_i].id_token);
	auth_reply_done(&reply);
}
END_TEST

/* What comes through a browser has the number in its description only. */
static const struct {
	const char *error, *description;
	enum auth_outcome outcome;
	int number;
	const char *text; /* a part of it */
} browser_errors[] = {
	{"access_denied", "AADSTS65004: User declined to consent", AUTH_SIGN_IN, 65004,
		"consent was declined (access_denied, AADSTS65004)"},
	{"access_denied", "", AUTH_SIGN_IN, 0, "the sign-in was declined (access_denied)"},
	{"server_error", "no number", AUTH_NETWORK, 0, "server_error"},
	{"something\nnew", "AADSTSx AADSTS", AUTH_CONFIG, 0, "something\\nnew"},
	{"interaction_required", "AADSTS99999999999999", AUTH_SIGN_IN, 9999999,
		"interaction_required"},
};

START_TEST(test_browser_error)
{
	struct auth_reply reply;

	auth_reply_error(browser_errors[_i].error, browser_errors[_i].description, &reply);
	ck_assert_int_eq(reply.outcome, browser_errors[_i].outcome);
	ck_assert_int_eq(reply.number, browser_errors[_i].number);
	ck_assert_msg(strstr(buf_text(&reply.text), browser_errors[_i].text) != NULL, "%s",
		buf_text(&reply.text));
	ck_assert_str_eq(reply.error, browser_errors[_i].error);
	ck_assert_ptr_null(reply.access);
	auth_reply_done(&reply);
}
END_TEST

/* The numbers that the platform documents for what we ask: each has words and something to do. */
static const int documented[] = {50011, 50012, 50013, 50020, 50055, 50057, 50072, 50074, 50076,
	50078, 50079, 50089, 50105, 50132, 50133, 50134, 50147, 50173, 50194, 53000, 53001, 53003,
	54005, 65001, 65004, 70001, 70008, 70018, 70019, 70021, 70043, 90002, 500133, 500212,
	500213, 501481, 501491, 530035, 700011, 700016, 700024, 700025, 700027, 700030, 700082,
	700084, 700222, 700226, 7000218, 7000222};

START_TEST(test_numbers_have_words)
{
	struct auth_reply reply;
	char body[200], number[32];

	(void)snprintf(body, sizeof(body), "{\"error\":\"invalid_grant\",\"error_codes\":[%d]}",
		documented[_i]);
	(void)snprintf(number, sizeof(number), "(invalid_grant, AADSTS%d)", documented[_i]);
	read_reply(400, body, NULL, HTTP_OK, &reply);
	ck_assert_ptr_nonnull(strstr(buf_text(&reply.text), number));
	ck_assert_ptr_ne(strstr(buf_text(&reply.text), number), buf_text(&reply.text));
	ck_assert_ptr_nonnull(reply.hint);
	/* decided by the error, whatever the number */
	ck_assert_int_eq(reply.outcome, AUTH_SIGN_IN);
	ck_assert(reply.dead);
	ck_assert_int_eq(reply.end,
		documented[_i] == 70043 || documented[_i] == 50089 || documented[_i] == 50078
			? SIGN_IN_END_AGE
		: documented[_i] == 700082 ? SIGN_IN_END_IDLE
					   : SIGN_IN_END_OTHER);
	auth_reply_done(&reply);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("auth_reply");
	TCase *tc = tcase_create("auth_reply");

	tcase_add_loop_test(tc, test_granted, 0, sizeof(grants) / sizeof(grants[0]));
	tcase_add_loop_test(tc, test_refused, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tc, test_hostile_error_is_visible_and_short);
	tcase_add_test(tc, test_renewal);
	tcase_add_loop_test(tc, test_id_token, 0, (int)ARRAY_SIZE(id_tokens));
	tcase_add_loop_test(tc, test_browser_error, 0, (int)ARRAY_SIZE(browser_errors));
	tcase_add_loop_test(
		tc, test_numbers_have_words, 0, sizeof(documented) / sizeof(documented[0]));
	suite_add_tcase(s, tc);
	return s;
}
