/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's sign-in in a browser: what it refuses, whom it lets in, and how a code is
 * redeemed. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_core.h"
#include "tests/support/clock_virtual.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define CLIENT "22222222-2222-4222-8222-222222222222"
#define ENDPOINT "/" TENANT "/oauth2/v2.0/authorize"
#define REDIRECT "http%3A%2F%2Flocalhost%3A4711"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636, appendix B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define BOTH "EntraBackup.Read.All+EntraBackup.ReadWrite.Preview"
#define PKCE "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define GOOD \
	"response_type=code&client_id=" CLIENT "&redirect_uri=" REDIRECT \
	"&response_mode=query&scope=" BOTH "+offline_access+openid&state=s1&nonce=n1" PKCE

static struct sim_client c;
static char code[1024];

static void set_up(void)
{
	sim_client_open(&c,
		"tenant contoso users=5 refresh_token=first id=" TENANT " client=" CLIENT "\n"
		"browser contoso auto\n"
		"tenant fabrikam users=5\n");
}

static void tear_down(void)
{
	sim_client_close(&c);
}

static const char *location(void)
{
	const char *to = sim_client_header(&c, "Location");

	return to ? to : "";
}

/* A value of the address that the browser is sent to, as it stands there. */
static const char *parameter(const char *name)
{
	static char value[1024];
	char key[64];
	(void)snprintf(key, sizeof(key), "%s=", name);
	const char *at = location();

	do {
		at += strcspn(at, "?&");
		at += *at != '\0';
	} while (*at && strncmp(at, key, strlen(key)) != 0);
	(void)snprintf(
		value, sizeof(value), "%.*s", (int)strcspn(at, "&"), *at ? at + strlen(key) : "");
	value[strcspn(value, "&")] = '\0';
	return value;
}

static int get(const char *target)
{
	return sim_client_send(&c, "GET", target, NULL);
}

static int authorize(const char *query)
{
	int status = sim_client_get(&c, ENDPOINT "?%s", query);

	(void)snprintf(code, sizeof(code), "%s", status == 302 ? parameter("code") : "");
	return status;
}

static int redeem(const char *verifier, const char *redirect)
{
	_cleanup_(freep) char *form = sim_printf("grant_type=authorization_code&code=%s&"
						 "redirect_uri=%s&code_verifier=%s&scope=" BOTH,
		code, redirect, verifier);

	return sim_client_form(&c, "contoso", form);
}

static int64_t number(void)
{
	const struct json *first = json_first(json_member(c.json, "error_codes"));
	struct buf b = BUF_INIT(64);
	long long n = 0;

	if (first)
		json_append_canonical(&b, first);
	(void)sscanf(buf_text(&b), "%lld", &n);
	buf_done(&b);
	return n;
}

/* The claims of the identity token that came last; free it with json_free(). */
static struct json *claims(void)
{
	const char *token = json_string_or(c.json, "id_token", "");
	const char *at = strchr(token, '.');
	struct buf plain = BUF_INIT(65536);
	struct json *json = NULL;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(base64_decode(at + 1, strcspn(at + 1, "."), &plain), 0);
	(void)json_parse(buf_text(&plain), plain.len, 8, &json);
	buf_done(&plain);
	return json;
}

START_TEST(a_code_is_good_for_one_token)
{
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_msg(strncmp(location(), "http://localhost:4711/?code=SIM-CODE.", 37) == 0, "%s",
		location());
	ck_assert_str_eq(parameter("state"), "s1");
	ck_assert_uint_eq(strlen(parameter("session_state")), 36);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	ck_assert_str_eq(json_string_or(c.json, "scope", ""),
		"EntraBackup.Read.All EntraBackup.ReadWrite.Preview");
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/snapshots"), 200);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 400);
	ck_assert_int_eq(number(), 54005);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_uint_eq(sim_count(c.sim, "contoso.authorize"), 1);
}
END_TEST

START_TEST(the_identity_token)
{
	int64_t exp, now_s = clock_wall_us() / USEC_PER_SEC;

	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	_cleanup_(json_freep) struct json *j = claims();
	ck_assert_str_eq(json_string_or(j, "iss", ""), SIM_CLIENT_URL "/" TENANT "/v2.0");
	ck_assert_str_eq(json_string_or(j, "aud", ""), CLIENT);
	ck_assert_str_eq(json_string_or(j, "tid", ""), TENANT);
	ck_assert_str_eq(json_string_or(j, "nonce", ""), "n1");
	ck_assert_str_eq(json_string_or(j, "ver", ""), "2.0");
	ck_assert_str_eq(json_string_or(j, "preferred_username", ""), "snapwatch@contoso.example");
	ck_assert_uint_eq(strlen(json_string_or(j, "oid", "")), 36);
	ck_assert_int_eq(json_get_int(j, "exp", &exp), JSON_GET_OK);
	ck_assert_int_eq(exp, now_s + 3600);
	ck_assert_ptr_null(json_member(j, "acct"));
	/* not asked for, not there */
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_ptr_null(json_member(c.json, "id_token"));
}
END_TEST

START_TEST(guests_roles_and_claims_of_ones_own)
{
	sim_client_line(&c, "user contoso eve guest_of=33333333-3333-4333-8333-333333333333 "
			    "upn=eve@else.example display=\"Eve <b>\" roles=\"Global Administrator,"
			    "Reports Reader\" id=44444444-4444-4444-8444-444444444444");
	sim_client_line(&c, "browser contoso auto as=eve");
	sim_client_line(&c, "switch contoso id_token optional");
	sim_client_line(&c, "claims contoso good tid=other nonce=none exp=-1h amr=[\"pwd\"]");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	_cleanup_(json_freep) struct json *j = claims();
	int64_t acct = 0, exp = 0;
	struct buf wids = BUF_INIT(4096);
	json_append_canonical(&wids, json_member(j, "wids"));
	ck_assert_int_eq(json_get_int(j, "acct", &acct), JSON_GET_OK);
	ck_assert_int_eq(acct, 1);
	ck_assert_str_eq(buf_text(&wids), "[\"62e90394-69f5-4237-9190-012177145e10\",\"4a5d8f65-"
					  "41da-4de4-8968-e035b65339cf\"]");
	ck_assert_str_eq(json_string_or(j, "idp", ""),
		"https://sts.windows.net/33333333-3333-4333-8333-333333333333/");
	ck_assert_str_eq(json_string_or(j, "oid", ""), "44444444-4444-4444-8444-444444444444");
	ck_assert_str_eq(json_string_or(j, "tid", ""), "other");
	ck_assert_ptr_null(json_member(j, "nonce"));
	ck_assert_ptr_nonnull(json_member(j, "amr"));
	ck_assert_int_eq(json_get_int(j, "exp", &exp), JSON_GET_OK);
	ck_assert_int_eq(exp, clock_wall_us() / USEC_PER_SEC - 3600);
	buf_done(&wids);
	sim_client_line(&c, "claims contoso missing");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	ck_assert_ptr_null(json_member(c.json, "id_token"));
	sim_client_line(&c, "claims contoso garbage");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	ck_assert_ptr_null(claims());
}
END_TEST

/* Those that nobody knows where to send get a page, the others come back with an error. */
START_TEST(requests_that_are_refused)
{
#define Q(redirect, rest) \
	"response_type=code&client_id=" CLIENT "&redirect_uri=" redirect "&state=s1" rest
	static const struct {
		const char *query, *expect; /* of the page or of the address */
		int status;
		size_t violations;
	} rows[] = {
		{"client_id=" TENANT, "AADSTS700016", 400, 0},
		{Q("http%3A%2F%2Flocalhost%3A4711%2F", "&scope=" BOTH PKCE), "AADSTS50011", 400, 0},
		{Q("http%3A%2F%2F127.0.0.1%3A4711", "&scope=" BOTH PKCE), "AADSTS50011", 400, 0},
		{Q("http%3A%2F%2F%5B%3A%3A1%5D%3A4711", "&scope=" BOTH PKCE), "AADSTS50011", 400,
			0},
		{Q("https%3A%2F%2Flocalhost%3A4711", "&scope=" BOTH PKCE), "AADSTS50011", 400, 0},
		{Q(REDIRECT, "&scope=" BOTH), "code=", 302, 1}, /* no PKCE */
		{Q(REDIRECT, "&scope=" BOTH "&code_challenge=" CHALLENGE), "invalid_request", 302,
			1},
		{Q(REDIRECT, "&scope=" BOTH "&code_challenge=abc&code_challenge_method=S256"),
			"AADSTS50147", 302, 0},
		{Q(REDIRECT, "&scope=" BOTH "&code_challenge_method=S256&code_challenge="
			     "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw%2BcM"),
			"AADSTS501491", 302, 0},
		{Q(REDIRECT, PKCE), "AADSTS900144", 302, 0},
		{Q(REDIRECT, "&scope=Mail.Read" PKCE), "error=invalid_scope", 302, 0},
		{Q(REDIRECT, "&scope=AuditLog.Read.All" PKCE), "error=consent_required", 302, 0},
		{Q(REDIRECT, "&scope=EntraBackup.ReadWrite.Recovery" PKCE),
			"error=consent_required", 302, 1},
		{Q(REDIRECT, "&scope=" BOTH PKCE "&response_mode=fragment"), "invalid_request", 302,
			1},
		{Q(REDIRECT, "&scope=" BOTH PKCE "&prompt=perhaps"), "invalid_request", 302, 0},
		{Q(REDIRECT, "&scope=" BOTH PKCE "&claims=%7B%22cp1%22%3A1%7D"), "code=", 302, 1},
		{"response_type=token&client_id=" CLIENT "&state=s1&redirect_uri=" REDIRECT,
			"invalid_request", 302, 0},
		{"response_type=code&client_id=" CLIENT "&scope=" BOTH
		 "&redirect_uri=" REDIRECT PKCE,
			"code=", 302, 1}, /* no state */
	};
	int status = authorize(rows[_i].query);
	const char *at = status == 302 ? location() : buf_text(&c.answer.body);

	ck_assert_int_eq(status, rows[_i].status);
	ck_assert_msg(strstr(at, rows[_i].expect) != NULL, "%s", at);
	ck_assert_uint_eq(sim_violations(c.sim), rows[_i].violations);
	if (status == 302 && _i != 17)
		ck_assert_str_eq(parameter("state"), "s1");
}
END_TEST
#define N_REFUSED 18

START_TEST(redemptions_that_are_refused)
{
	static const struct {
		const char *verifier, *redirect;
		int number;
		size_t violations;
	} rows[] = {
		{"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", REDIRECT, 501481, 0},
		{"short", REDIRECT, 501481, 1},
		{"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj%2Fk", REDIRECT, 501481, 1},
		{VERIFIER, "http%3A%2F%2Flocalhost%3A4712", 500112, 1},
		{VERIFIER, "http%3A%2F%2Flocalhost%3A4711%2F", 500112, 1},
	};

	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(rows[_i].verifier, rows[_i].redirect), 400);
	ck_assert_int_eq(number(), rows[_i].number);
	ck_assert_uint_eq(sim_violations(c.sim), rows[_i].violations);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
}
END_TEST

START_TEST(a_code_lives_ten_minutes)
{
	ck_assert_int_eq(authorize(GOOD), 302);
	clock_virtual_advance(10 * USEC_PER_MIN);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 400);
	ck_assert_int_eq(number(), 70008);
	(void)snprintf(code, sizeof(code), "made-up");
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 400);
	ck_assert_int_eq(number(), 70000);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	ck_assert_int_eq(authorize(GOOD), 302);
	_cleanup_(freep) char *form = sim_printf("grant_type=authorization_code&code=%s", code);
	ck_assert_int_eq(sim_client_form(&c, "fabrikam", form), 400);
	ck_assert_int_eq(number(), 70000);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(platforms_decide_who_proves_itself)
{
	static const struct {
		const char *line, *extra;
		int number;
	} rows[] = {
		{"redirect contoso http://localhost platform=web", "", 7000218},
		{"redirect contoso http://localhost platform=public", "", 0},
		{"redirect contoso http://localhost platform=spa", "", 9002327},
		{"redirect contoso http://localhost platform=public",
			"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-"
			"type%3Ajwt-bearer&client_assertion=a.b.c",
			700025},
	};

	sim_client_line(&c, "redirect contoso http://localhost/path platform=web");
	sim_client_line(&c, rows[_i].line);
	ck_assert_int_eq(authorize("response_type=code&client_id=" CLIENT
				   "&redirect_uri=http%3A%2F%2Flocalhost%3A9&scope=" BOTH
				   "+offline_access&state=s1" PKCE),
		302);
	ck_assert_msg(strncmp(location(), "http://localhost:9/?code=", 25) == 0, "%s", location());
	_cleanup_(freep) char *redirect =
		sim_printf("http%%3A%%2F%%2Flocalhost%%3A9%s", rows[_i].extra);
	(void)redeem(VERIFIER, redirect);
	ck_assert_int_eq(number(), rows[_i].number);
}
END_TEST

/* The value of an input of the page that came last. */
static const char *input(const char *before)
{
	static char value[256];
	const char *at = strstr(buf_text(&c.answer.body), before);

	at = at ? at + strlen(before) : "";
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\""), at);
	return value;
}

static int submit(const char *answer)
{
	_cleanup_(freep) char *body =
		sim_printf("page=%s&%s", input("name=\"page\" value=\""), answer);
	int status = sim_client_send(&c, "POST", "/" TENANT "/login", body);

	(void)snprintf(code, sizeof(code), "%s", status == 302 ? parameter("code") : "");
	return status;
}

START_TEST(the_form)
{
	sim_client_line(&c, "user contoso eve display=\"Eve <b>\"");
	sim_client_line(&c, "browser contoso form");
	ck_assert_int_eq(authorize(GOOD "&login_hint=eve%40contoso.example"), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "Eve &#60;b&#62;"));
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "value=\"eve\" checked"));
	ck_assert_ptr_null(strstr(buf_text(&c.answer.body), "<script"));
	ck_assert_int_eq(submit("user=nobody&answer=accept"), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "find an account"));
	ck_assert_int_eq(submit("user=eve&answer=accept"), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	_cleanup_(json_freep) struct json *j = claims();
	ck_assert_str_eq(json_string_or(j, "preferred_username", ""), "eve@contoso.example");
	/* cancelled */
	ck_assert_int_eq(authorize(GOOD), 200);
	ck_assert_int_eq(submit("answer=cancel"), 302);
	ck_assert_str_eq(parameter("error"), "access_denied");
	ck_assert_str_eq(parameter("state"), "s1");
	/* without a page */
	ck_assert_int_eq(sim_client_send(&c, "POST", "/" TENANT "/login", "page=x"), 400);
	ck_assert_int_eq(authorize(GOOD "&prompt=none"), 302);
	ck_assert_str_eq(parameter("error"), "login_required");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

/* A browser that is signed in already enrols whoever that is, unless it is asked to ask. */
START_TEST(single_sign_on)
{
	sim_client_line(&c, "user contoso eve");
	sim_client_line(&c, "browser contoso sso as=eve");
	ck_assert_int_eq(authorize(GOOD "&login_hint=snapwatch%40contoso.example"), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	_cleanup_(json_freep) struct json *j = claims();
	ck_assert_str_eq(json_string_or(j, "preferred_username", ""), "eve@contoso.example");
	ck_assert_int_eq(authorize(GOOD "&prompt=select_account"), 200);
	sim_client_line(&c, "browser contoso auto");
	ck_assert_int_eq(authorize(GOOD "&prompt=select_account&login_hint=eve"), 302);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(refused_in_the_browser)
{
	sim_client_line(&c, "contoso refuse conditional-access for=authorize");
	ck_assert_int_eq(authorize(GOOD), 400);
	ck_assert_ptr_nonnull(strstr(buf_text(&c.answer.body), "AADSTS53003"));
	sim_client_line(&c, "contoso accept conditional-access");
	sim_client_line(&c, "contoso refuse consent-declined for=authorize");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_str_eq(parameter("error"), "access_denied");
	sim_client_line(&c, "contoso accept");
	sim_client_line(&c, "contoso refuse mfa for=authorize");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_str_eq(parameter("error"), "interaction_required");
	sim_client_line(&c, "contoso accept");
	sim_client_line(&c, "contoso disable");
	ck_assert_int_eq(authorize(GOOD), 400);
	ck_assert_int_eq(get("/common/oauth2/v2.0/authorize?" GOOD), 400);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(administrators_consent)
{
	sim_client_line(&c, "consent contoso delegated=User.Read");
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_str_eq(parameter("error"), "consent_required");
	ck_assert_int_eq(
		get("/" TENANT "/adminconsent?client_id=" CLIENT "&state=x&redirect_uri=" REDIRECT),
		302);
	ck_assert_str_eq(parameter("admin_consent"), "True");
	ck_assert_str_eq(parameter("tenant"), TENANT);
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_str_ne(code, "");
	ck_assert_int_eq(get("/" TENANT "/v2.0/adminconsent?client_id=x"), 400);
	ck_assert_int_eq(get("/" TENANT "/v2.0/adminconsent?client_id=" CLIENT), 200);
}
END_TEST

START_TEST(what_is_granted)
{
	static const struct {
		const char *line, *expect;
	} rows[] = {
		{"consent contoso granted=EntraBackup.Read.All", "EntraBackup.Read.All"},
		{"consent contoso delegated=EntraBackup.Read.All,EntraBackup.ReadWrite.Preview,"
		 "EntraBackup.ReadWrite.Recovery granted=all",
			"EntraBackup.Read.All EntraBackup.ReadWrite.Preview "
			"EntraBackup.ReadWrite.Recovery"},
		{"switch contoso scope_text prefixed",
			"https://graph.microsoft.com/EntraBackup.Read.All "
			"https://graph.microsoft.com/EntraBackup.ReadWrite.Preview"},
		{"switch contoso scope_text openid",
			"EntraBackup.Read.All EntraBackup.ReadWrite.Preview openid profile email"},
	};

	sim_client_line(&c, rows[_i].line);
	ck_assert_int_eq(authorize(GOOD), 302);
	ck_assert_int_eq(redeem(VERIFIER, REDIRECT), 200);
	ck_assert_str_eq(json_string_or(c.json, "scope", ""), rows[_i].expect);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_authorize");
	TCase *t = tcase_create("browser");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_code_is_good_for_one_token);
	tcase_add_test(t, the_identity_token);
	tcase_add_test(t, guests_roles_and_claims_of_ones_own);
	tcase_add_loop_test(t, requests_that_are_refused, 0, N_REFUSED);
	tcase_add_loop_test(t, redemptions_that_are_refused, 0, 5);
	tcase_add_test(t, a_code_lives_ten_minutes);
	tcase_add_loop_test(t, platforms_decide_who_proves_itself, 0, 4);
	tcase_add_test(t, the_form);
	tcase_add_test(t, single_sign_on);
	tcase_add_test(t, refused_in_the_browser);
	tcase_add_test(t, administrators_consent);
	tcase_add_loop_test(t, what_is_granted, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
