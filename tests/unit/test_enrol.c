/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole sign-ins on fake engines and a real store: what is asked of the service, what is kept, and
 * that nothing is kept of what was not wanted.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/store/store_sign_in.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/enrol.h"
#include "tests/support/auth_world.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/pem.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define TENANT_ID AUTH_WORLD_TENANT_ID
#define CLIENT_ID AUTH_WORLD_CLIENT_ID
#define ANNA "aaaaaaaa-1111-4111-8111-111111111111"
#define SEC(n) ((n)*USEC_PER_SEC)
#define WANTED "EntraBackup.Read.All EntraBackup.ReadWrite.Preview"
#define REDIRECT "http://localhost:40001"

static struct loop *l;
static struct http *h;
static struct store_thread *thread;
static struct store *store;
static struct auth *a;
static struct conf_tenant tenant;
static struct enrol *e;

/* --- the service -------------------------------------------------------------------------------
 */

struct answer {
	long status;
	const char *body; /* NULL: tokens */
	enum http_error error;
	/* of the tokens; NULL: as it should be, "": left out */
	const char *scope, *refresh, *claims;
};
static const struct answer *answers;
static size_t n_requests;
static char urls[16][256];
static struct buf forms[16];
static int64_t asked_us[16];
static char nonce[128];

static void put_id_token(const char *claims, struct buf *out)
{
	struct buf payload = BUF_INIT(4096);

	buf_printf(&payload,
		"{\"iss\":\"https://login.example/" TENANT_ID "/v2.0\",\"aud\":\"" CLIENT_ID
		"\",\"tid\":\"" TENANT_ID "\",\"exp\":%lld,\"oid\":\"" ANNA
		"\",\"preferred_username\":\"%s\"%s%s%s}",
		(long long)(clock_wall_us() / USEC_PER_SEC) + 3600,
		claims ? claims : "anna@contoso.com", *nonce ? ",\"nonce\":\"" : "", nonce,
		*nonce ? "\"" : "");
	buf_puts(out, "e30.");
	base64url_append(out, payload.data, payload.len);
	buf_puts(out, ".");
	buf_done(&payload);
}

static void put_tokens(const struct answer *answer, struct buf *out)
{
	buf_puts(out, "{\"access_token\":\"access-1\",\"expires_in\":3600");
	if (!answer->refresh || *answer->refresh)
		buf_printf(out, ",\"refresh_token\":\"%s\"",
			answer->refresh ? answer->refresh : "refresh-1");
	if (!answer->scope || *answer->scope)
		buf_printf(out, ",\"scope\":\"%s\"", answer->scope ? answer->scope : WANTED);
	if (!answer->claims || *answer->claims) {
		buf_puts(out, ",\"id_token\":\"");
		put_id_token(answer->claims, out);
		buf_putc(out, '"');
	}
	buf_putc(out, '}');
}

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	const struct answer *answer = &answers[n_requests];

	(void)arg;
	ck_assert_msg(
		answer->status || answer->error, "unexpected request %s", (const char *)q->body);
	ck_assert(q->body_secret && q->reply_secret);
	(void)snprintf(urls[n_requests], sizeof(urls[0]), "%s %s", q->method, q->url);
	buf_reset(&forms[n_requests]);
	buf_puts(&forms[n_requests], q->body);
	asked_us[n_requests++] = clock_boot_us();
	*delay_us = USEC_PER_MSEC;
	result->error = answer->error;
	result->error_text = answer->error ? "broken" : NULL;
	result->status = answer->status;
	if (answer->body)
		buf_puts(&result->body, answer->body);
	else if (!answer->error)
		put_tokens(answer, &result->body);
}

/* The value of a parameter, decoded as far as these tests need it. */
static const char *value_in(const char *form, const char *name)
{
	static char value[512];
	size_t len = strlen(name);

	for (const char *at = form; (at = strstr(at, name)); at++) {
		if ((at == form || at[-1] == '&' || at[-1] == '?') && at[len] == '=') {
			(void)snprintf(value, sizeof(value), "%.*s",
				(int)strcspn(at + len + 1, "&"), at + len + 1);
			return value;
		}
	}
	return NULL;
}

static bool form_is(size_t i, const char *name, const char *wanted)
{
	const char *value = value_in(buf_text(&forms[i]), name);

	return value && strcmp(value, wanted) == 0;
}

/* --- the person --------------------------------------------------------------------------------
 */

static struct {
	unsigned calls;
	int code;
	char text[1024], hint[1024], warnings[1024], account[64];
} told;

static void on_told(void *arg, const struct enrol_result *result)
{
	(void)arg;
	told.calls++;
	told.code = result->code;
	(void)snprintf(told.text, sizeof(told.text), "%s", result->text);
	(void)snprintf(told.hint, sizeof(told.hint), "%s", result->hint ? result->hint : "");
	(void)snprintf(told.warnings, sizeof(told.warnings), "%s", result->warnings);
	(void)snprintf(told.account, sizeof(told.account), "%s",
		result->who && result->who->account ? result->who->account : "");
}

#define SCRIPT(...) ((const struct answer[]){__VA_ARGS__, {0}})
static const struct answer silent[] = {{0}};

static void begin(enum sign_in_how how, bool allow, const struct answer *script)
{
	const struct enrol_options options = {.how = how,
		.redirect = how == SIGN_IN_BY_CODE ? REDIRECT : NULL,
		.allow_extra_scopes = allow};

	answers = script;
	n_requests = 0;
	told.calls = 0;
	e = enrol_free(e);
	ck_assert_int_eq(enrol_new(a, &options, on_told, NULL, &e), 0);
	ck_assert_uint_eq(told.calls, 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(told.calls, 1);
}

static void begin_code(void)
{
	begin(SIGN_IN_BY_CODE, false, silent);
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	const struct enrol_prompt *p = enrol_prompt(e);
	ck_assert_ptr_nonnull(p);
	(void)snprintf(nonce, sizeof(nonce), "%s", value_in(p->url, "nonce"));
}

/* The browser comes back. */
static void come_back(const char *what, const struct answer *script)
{
	char answer[1024];

	(void)snprintf(answer, sizeof(answer), "%s&state=%s", what, enrol_prompt(e)->state);
	answers = script;
	n_requests = 0;
	told.calls = 0;
	ck_assert_int_eq(enrol_finish(e, answer, on_told, NULL), 0);
	ck_assert_uint_eq(told.calls, 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(told.calls, 1);
}

static const char *kept(void)
{
	return auth_world_kept(store);
}

/* Refused, with these words, and nothing is left of it. */
static void check_refused(int code, const char *words)
{
	ck_assert_msg(told.code == code, "%d %s", told.code, told.text);
	ck_assert_msg(strstr(told.text, words) != NULL, "%s", told.text);
	ck_assert(enrol_over(e));
	ck_assert_str_eq(kept(), "(none)");
	ck_assert_ptr_null(enrol_prompt(e));
}

/* --- the world ---------------------------------------------------------------------------------
 */

static void start_auth(void)
{
	const struct auth_env env = {.loop = l,
		.http = h,
		.store = thread,
		.credentials_dir = tmpdir_path(""),
		.passive = true};

	ck_assert_int_eq(auth_new(&env, &tenant, &a), 0);
	fake_loop_run_for(l, SEC(1));
}

static void setup(void)
{
	(void)tmpdir_make();
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	tenant = auth_world_tenant();
	tenant.account = (char *)"anna@contoso.com";
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		forms[i] = BUF_INIT(LIMIT_SECRET_BYTES);
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
	fake_http_handler(h, serve, NULL);
	auth_world_open_store(l, AUTH_WORLD_KEY, &store, &thread);
	start_auth();
	nonce[0] = '\0';
	e = NULL;
}

static void teardown(void)
{
	e = enrol_free(e);
	a = auth_free(a);
	fake_loop_run_for(l, SEC(5));
	thread = store_thread_free(thread);
	h = http_free(h);
	l = loop_free(l);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		buf_done(&forms[i]);
	tmpdir_remove();
}

static void on_token(void *arg, const struct auth_result *result)
{
	ck_assert_int_eq(result->outcome, AUTH_OK);
	(void)snprintf(arg, 64, "%s", result->token->data);
}

/* --- by code -----------------------------------------------------------------------------------
 */

START_TEST(test_code)
{
	struct secret *verifier = NULL;
	struct buf challenge = BUF_INIT(128);
	char token[64] = "";
	uint8_t digest[32];

	begin_code();
	const struct enrol_prompt *p = enrol_prompt(e);
	ck_assert_ptr_null(p->user_code);
	ck_assert_int_gt(p->left_us, LIMIT_LOGIN_CODE_US - SEC(5));
	ck_assert(strncmp(p->url,
			  "https://login.example/" TENANT_ID "/oauth2/v2.0/authorize?client_id=",
			  strlen("https://login.example/" TENANT_ID
				 "/oauth2/v2.0/authorize?client_id=")) == 0);
	ck_assert_str_eq(value_in(p->url, "client_id"), CLIENT_ID);
	ck_assert_str_eq(value_in(p->url, "response_type"), "code");
	ck_assert_str_eq(value_in(p->url, "response_mode"), "query");
	ck_assert_str_eq(value_in(p->url, "redirect_uri"), "http%3A%2F%2Flocalhost%3A40001");
	ck_assert_str_eq(value_in(p->url, "scope"),
		"EntraBackup.Read.All%20EntraBackup.ReadWrite.Preview%20offline_access%20openid%"
		"20profile");
	ck_assert_str_eq(value_in(p->url, "prompt"), "select_account");
	ck_assert_str_eq(value_in(p->url, "login_hint"), "anna%40contoso.com");
	ck_assert_str_eq(value_in(p->url, "code_challenge_method"), "S256");
	ck_assert_str_eq(value_in(p->url, "state"), p->state);
	buf_puts(&challenge, value_in(p->url, "code_challenge"));

	come_back("code=c%2B1", SCRIPT({.status = 200}));
	ck_assert_msg(told.code == EXIT_CODE_OK, "%s", told.text);
	ck_assert_str_eq(told.text, "tenant 'contoso' is signed in as anna@contoso.com");
	ck_assert_str_eq(told.account, "anna@contoso.com");
	ck_assert_str_eq(told.warnings, "");
	ck_assert_uint_eq(n_requests, 1);
	ck_assert_str_eq(urls[0], "POST https://login.example/" TENANT_ID "/oauth2/v2.0/token");
	ck_assert(form_is(0, "grant_type", "authorization_code"));
	ck_assert(form_is(0, "code", "c%2B1"));
	ck_assert(form_is(0, "redirect_uri", "http%3A%2F%2Flocalhost%3A40001"));
	ck_assert(form_is(0, "client_id", CLIENT_ID));
	ck_assert_ptr_null(strstr(buf_text(&forms[0]), "client_assertion"));
	ck_assert_ptr_null(strstr(buf_text(&forms[0]), "client_secret"));

	/* what was shown is the hash of what was sent */
	const char *sent = value_in(buf_text(&forms[0]), "code_verifier");
	ck_assert_uint_ge(strlen(sent), 43);
	ck_assert_int_eq(sha256(sent, strlen(sent), digest), 0);
	struct buf hashed = BUF_INIT(128);
	base64url_append(&hashed, digest, sizeof(digest));
	ck_assert_str_eq(buf_text(&hashed), buf_text(&challenge));

	/* and it is in use at once */
	ck_assert_str_eq(kept(), "refresh-1");
	answers = silent;
	n_requests = 0;
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, on_token, token, NULL), 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_str_eq(token, "access-1");
	ck_assert_str_eq(auth_sign_in(a)->account_id, ANNA);
	ck_assert_int_eq(auth_sign_in(a)->how, SIGN_IN_BY_CODE);
	buf_done(&challenge);
	buf_done(&hashed);
	(void)secret_free(verifier);
}
END_TEST

START_TEST(test_code_by_confidential_client)
{
	struct buf pem = BUF_INIT(LIMIT_SECRET_BYTES);

	begin_code();
	tenant.certificate = (char *)"contoso-app";
	come_back("code=c", silent);
	check_refused(EXIT_CODE_CONFIG, "contoso-app");

	pem_make(2048, clock_wall_us() + USEC_PER_DAY, &pem);
	ck_assert_int_eq(file_write_atomic(tmpdir_path("contoso-app"), pem.data, pem.len, 0600), 0);
	begin_code();
	come_back("code=c", SCRIPT({.status = 200}));
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	ck_assert_ptr_nonnull(value_in(buf_text(&forms[0]), "client_assertion"));
	ck_assert_ptr_nonnull(value_in(buf_text(&forms[0]), "code_verifier"));
	buf_done(&pem);
}
END_TEST

static void on_forgotten(void *arg, int r)
{
	ck_assert_int_eq(r, 0);
	*(bool *)arg = true;
}

static void on_result(void *arg, const struct auth_result *result)
{
	*(enum auth_outcome *)arg = result->outcome;
}

/* A token in a file, which nobody has taken yet, does not take the place of who signs in later, nor
 * come back when that one is forgotten. */
START_TEST(test_credential_is_used_up)
{
	enum auth_outcome outcome = AUTH_OK;
	bool forgotten = false;
	char token[64] = "";

	ck_assert_int_eq(file_write_atomic(tmpdir_path("contoso.refresh_token"), "from-file",
				 strlen("from-file"), 0600),
		0);
	begin_code();
	come_back("code=c", SCRIPT({.status = 200}));
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	for (int i = 0; i < 2; i++) {
		e = enrol_free(e);
		a = auth_free(a);
		start_auth();
		answers = SCRIPT({.status = 200, .refresh = "refresh-1"});
		n_requests = 0;
		ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, on_token, token, NULL), 0);
		fake_loop_run_for(l, SEC(1));
		ck_assert(form_is(0, "refresh_token", "refresh-1"));
	}
	auth_forget(a, on_forgotten, &forgotten);
	fake_loop_run_for(l, SEC(1));
	ck_assert(forgotten);
	ck_assert_str_eq(kept(), "(none)");
	a = auth_free(a);
	start_auth();
	answers = silent;
	n_requests = 0;
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, on_result, &outcome, NULL), 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_int_eq(outcome, AUTH_SIGN_IN);
}
END_TEST

#define DECLINED \
	"sign in again with 'snapwatch login contoso' and accept what the page asks for; where " \
	"it " \
	"cannot be accepted, an administrator must consent"

/* Which answers of the browser and of the service end in which words. */
static const struct {
	const char *back;
	struct answer answer; /* status 0: the service is not asked */
	int code;
	const char *text, *hint;
} ends[] = {
	/* it is the person who said no: an administrator comes second */
	{"error=access_denied&error_description=AADSTS65004%3A+declined", {0}, EXIT_CODE_SIGN_IN,
		"consent was declined (access_denied, AADSTS65004)", DECLINED},
	{"error=access_denied&error_subcode=cancel", {0}, EXIT_CODE_SIGN_IN,
		"the sign-in was declined (access_denied)", DECLINED},
	/* nothing of it is kept that could go on by itself */
	{"error=access_denied&error_description=AADSTS53003%3A+blocked", {0}, EXIT_CODE_SIGN_IN,
		"access is blocked by Conditional Access",
		"exclude the account from that policy or let it meet the policy's conditions; then "
		"sign in with 'snapwatch login contoso'"},
	{"error=access_denied&error_description=AADSTS90094%3A+admin", {0}, EXIT_CODE_SIGN_IN,
		"an administrator must consent",
		"EntraBackup.ReadWrite.Preview for this app; then sign in with 'snapwatch login "
		"contoso'"},
	{"error=temporarily_unavailable", {0}, EXIT_CODE_THROTTLED, "temporarily_unavailable", ""},
	{"error=%E2%80%AEx", {0}, EXIT_CODE_CONFIG, "\\u{202E}x", ""},
	{"code=c",
		{400, .body = "{\"error\":\"invalid_grant\",\"error_codes\":[54005],"
			      "\"error_description\":\"AADSTS54005: c was redeemed\"}"},
		EXIT_CODE_SIGN_IN, "invalid_grant, AADSTS54005", ""},
	{"code=c", {401, .body = "{\"error\":\"invalid_client\",\"error_codes\":[7000218]}"},
		EXIT_CODE_CONFIG, "AADSTS7000218", "certificate"},
	{"code=c", {503, .body = ""}, EXIT_CODE_THROTTLED, "HTTP 503", ""},
	{"code=c", {.error = HTTP_E_NETWORK}, EXIT_CODE_NETWORK, "broken", ""},
	{"code=c", {200, .body = "{}"}, EXIT_CODE_NETWORK, "holds no token", ""},
	{"code=c", {200, .refresh = ""}, EXIT_CODE_SIGN_IN, "no refresh token", "offline_access"},
	{"code=c", {200, .claims = ""}, EXIT_CODE_SIGN_IN, "id token", ""},
	{"code=c", {200, .claims = "eve@contoso.com"}, EXIT_CODE_SIGN_IN,
		"you signed in as 'eve@contoso.com' (" ANNA
		"), this tenant's account is 'anna@contoso.com'; nothing of it was kept",
		"snapwatch login contoso"},
	{"code=c", {200, .scope = "EntraBackup.Read.All"}, EXIT_CODE_SIGN_IN,
		"the sign-in lacks EntraBackup.ReadWrite.Preview", "admin consent"},
	{"code=c", {200, .scope = WANTED " EntraBackup.ReadWrite.Recovery"}, EXIT_CODE_SIGN_IN,
		"EntraBackup.ReadWrite.Recovery (it could start a recovery)",
		"--allow-extra-scopes"},
	{"code=c", {200, .scope = WANTED "\\u0041"}, EXIT_CODE_SIGN_IN, "(unreadable)", ""},
	{"code=c", {200, .scope = ""}, EXIT_CODE_OK, "", ""},
};

START_TEST(test_ends)
{
	begin_code();
	come_back(ends[_i].back, SCRIPT(ends[_i].answer));
	ck_assert_uint_eq(n_requests, ends[_i].answer.status || ends[_i].answer.error);
	if (ends[_i].code == EXIT_CODE_OK)
		ck_assert_int_eq(told.code, EXIT_CODE_OK);
	else
		check_refused(ends[_i].code, ends[_i].text);
	ck_assert_msg(strstr(told.hint, ends[_i].hint) != NULL, "%s", told.hint);
	ck_assert_ptr_null(strstr(told.hint, "TENANT"));
	ck_assert_ptr_null(strstr(told.hint, "by itself"));
	ck_assert_ptr_null(strstr(told.hint, "works again"));
	/* whoever asks later hears the same */
	told.calls = 0;
	ck_assert_int_eq(enrol_finish(e, "code=c", on_told, NULL), 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(told.calls, 1);
	ck_assert(ends[_i].code == told.code);
}
END_TEST

/* An id token of another sign-in, or of another tenant. */
START_TEST(test_other_nonce)
{
	begin_code();
	nonce[0] = nonce[0] == 'A' ? 'B' : 'A';
	come_back("code=c", SCRIPT({.status = 200}));
	check_refused(EXIT_CODE_SIGN_IN, "the id token belongs to another sign-in");
}
END_TEST

START_TEST(test_extra_scopes_allowed)
{
	begin(SIGN_IN_BY_CODE, true, silent);
	(void)snprintf(nonce, sizeof(nonce), "%s", value_in(enrol_prompt(e)->url, "nonce"));
	come_back("code=c", SCRIPT({200, .scope = WANTED " User.Read"}));
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	ck_assert_str_eq(
		told.warnings, "the sign-in was granted more than the daemon needs: User.Read\n");
}
END_TEST

/* Answers to other sign-ins change nothing, and the service hears of none. */
START_TEST(test_other_state)
{
	static const char *const wrong[] = {NULL, "", "code=c", "code=c&state=x", "error=x"};

	begin_code();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		told.calls = 0;
		answers = silent;
		ck_assert_int_eq(enrol_finish(e, wrong[i], on_told, NULL), 0);
		fake_loop_run_for(l, SEC(1));
		ck_assert_uint_eq(told.calls, 1);
		ck_assert_int_eq(told.code, EXIT_CODE_USAGE);
		ck_assert(!enrol_over(e));
	}
	come_back("code=c", SCRIPT({.status = 200}));
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
}
END_TEST

START_TEST(test_too_late)
{
	begin_code();
	fake_loop_run_for(l, LIMIT_LOGIN_CODE_US);
	ck_assert(enrol_over(e));
	ck_assert_ptr_null(enrol_prompt(e));
	told.calls = 0;
	ck_assert_int_eq(enrol_finish(e, "code=c&state=x", on_told, NULL), 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(told.calls, 1);
	check_refused(EXIT_CODE_SIGN_IN, "nobody has signed in in time");
}
END_TEST

/* Success is told when the token is in the store, and not before. */
START_TEST(test_store_is_slow)
{
	begin_code();
	fake_store_thread_delay(thread, SEC(30));
	char answer[256];
	(void)snprintf(answer, sizeof(answer), "code=c&state=%s", enrol_prompt(e)->state);
	answers = SCRIPT({.status = 200});
	n_requests = 0;
	told.calls = 0;
	ck_assert_int_eq(enrol_finish(e, answer, on_told, NULL), 0);
	fake_loop_run_for(l, SEC(20));
	ck_assert_uint_eq(told.calls, 0);
	ck_assert(enrol_keeping(e));
	fake_loop_run_for(l, SEC(20));
	ck_assert_uint_eq(told.calls, 1);
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	fake_store_thread_delay(thread, 0);
}
END_TEST

static const struct {
	const char *redirect;
	bool valid;
} redirects[] = {
	{"http://localhost:1", true},
	{"http://127.0.0.1:65535", true},
	{"http://localhost", false},
	{"http://localhost:", false},
	{"http://localhost:0", false},
	{"http://localhost:65536", false},
	{"http://localhost:80/", false},
	{"http://localhost:80@evil.example", false},
	{"http://localhost.evil.example:80", false},
	{"https://localhost:80", false},
	{"http://[::1]:80", false},
	{"", false},
};

START_TEST(test_redirects)
{
	ck_assert(enrol_redirect_valid(redirects[_i].redirect) == redirects[_i].valid);
}
END_TEST

/* --- by device ---------------------------------------------------------------------------------
 */

#define DEVICE \
	"{\"device_code\":\"d-1\",\"user_code\":\"ABC\",\"verification_uri\":" \
	"\"https://m.example/d\",\"expires_in\":900,\"interval\":5,\"message\":\"go\"}"
#define PENDING "{\"error\":\"authorization_pending\",\"error_codes\":[70016]}"

static void wait_for_end(int64_t for_us)
{
	told.calls = 0;
	ck_assert_int_eq(enrol_finish(e, NULL, on_told, NULL), 0);
	fake_loop_run_for(l, for_us);
}

START_TEST(test_device)
{
	begin(SIGN_IN_BY_DEVICE, false,
		SCRIPT({200, .body = DEVICE}, {400, .body = PENDING},
			{400, .body = "{\"error\":\"slow_down\"}"}, {.error = HTTP_E_NETWORK},
			{400, .body = PENDING}, {.status = 200}));
	ck_assert_int_eq(told.code, EXIT_CODE_OK);
	const struct enrol_prompt *p = enrol_prompt(e);
	ck_assert_ptr_null(p->url);
	ck_assert_str_eq(p->user_code, "ABC");
	ck_assert_str_eq(p->verification_uri, "https://m.example/d");
	ck_assert_str_eq(p->message, "go");
	ck_assert_str_eq(
		urls[0], "POST https://login.example/" TENANT_ID "/oauth2/v2.0/devicecode");
	ck_assert(form_is(0, "client_id", CLIENT_ID));
	ck_assert_ptr_nonnull(strstr(buf_text(&forms[0]), "offline_access%20openid%20profile"));

	/* nobody is asked before somebody waits */
	fake_loop_run_for(l, SEC(60));
	ck_assert_uint_eq(n_requests, 1);
	wait_for_end(SEC(60));
	ck_assert_uint_eq(told.calls, 1);
	ck_assert_msg(told.code == EXIT_CODE_OK, "%s", told.text);
	ck_assert_uint_eq(n_requests, 6);
	ck_assert(
		form_is(1, "grant_type", "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"));
	ck_assert(form_is(1, "device_code", "d-1"));
	/* 5, then slower by 5, then doubled after a lost connection, then as before */
	ck_assert_int_eq((asked_us[2] - asked_us[1]) / USEC_PER_SEC, 5);
	ck_assert_int_eq((asked_us[3] - asked_us[2]) / USEC_PER_SEC, 10);
	ck_assert_int_eq((asked_us[4] - asked_us[3]) / USEC_PER_SEC, 20);
	ck_assert_int_eq((asked_us[5] - asked_us[4]) / USEC_PER_SEC, 10);
	ck_assert_str_eq(kept(), "refresh-1");
	ck_assert_int_eq(auth_sign_in(a)->how, SIGN_IN_BY_DEVICE);
}
END_TEST

static const struct {
	const char *body;
	int code;
	const char *text;
} device_ends[] = {
	{"{\"error\":\"authorization_declined\"}", EXIT_CODE_SIGN_IN, "the sign-in was declined"},
	{"{\"error\":\"access_denied\"}", EXIT_CODE_SIGN_IN, "the sign-in was declined"},
	{"{\"error\":\"expired_token\",\"error_codes\":[70019]}", EXIT_CODE_SIGN_IN,
		"expired_token"},
	{"{\"error\":\"bad_verification_code\"}", EXIT_CODE_SIGN_IN, "bad_verification_code"},
	{"{\"error\":\"invalid_grant\",\"error_codes\":[50134]}", EXIT_CODE_SIGN_IN, "AADSTS50134"},
	{"{\"error\":\"invalid_grant\",\"error_codes\":[53003]}", EXIT_CODE_SIGN_IN,
		"Conditional Access"},
	{"{\"error\":\"invalid_client\",\"error_codes\":[7000218]}", EXIT_CODE_CONFIG,
		"AADSTS7000218"},
	{"<html>", EXIT_CODE_CONFIG, "HTTP 400"},
};

START_TEST(test_device_ends)
{
	begin(SIGN_IN_BY_DEVICE, false,
		SCRIPT({200, .body = DEVICE}, {400, .body = device_ends[_i].body}));
	wait_for_end(SEC(30));
	ck_assert_uint_eq(told.calls, 1);
	check_refused(device_ends[_i].code, device_ends[_i].text);
}
END_TEST

START_TEST(test_device_expires)
{
	static const struct answer pending = {400, .body = PENDING};
	struct answer script[8] = {
		{200, .body = "{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":"
			      "\"https://m/\",\"expires_in\":20,\"interval\":5}"}};

	for (size_t i = 1; i < 7; i++)
		script[i] = pending;
	begin(SIGN_IN_BY_DEVICE, false, script);
	wait_for_end(SEC(60));
	ck_assert_uint_eq(told.calls, 1);
	check_refused(EXIT_CODE_SIGN_IN, "nobody has signed in in time");
	ck_assert_uint_le(n_requests, 4);
}
END_TEST

static const struct answer no_codes[] = {
	{400, .body = "{\"error\":\"unauthorized_client\",\"error_codes\":[700016]}"},
	{200, .body = "{}"},
	{200, .body = "<html>"},
	{.error = HTTP_E_TLS},
	{204, .body = ""},
};

START_TEST(test_no_device_code)
{
	begin(SIGN_IN_BY_DEVICE, false, SCRIPT(no_codes[_i]));
	ck_assert_int_ne(told.code, EXIT_CODE_OK);
	ck_assert(enrol_over(e));
	ck_assert_ptr_null(enrol_prompt(e));
}
END_TEST

/* Another person than the account: refused by this way too. */
START_TEST(test_device_other_account)
{
	begin(SIGN_IN_BY_DEVICE, false,
		SCRIPT({200, .body = DEVICE}, {200, .claims = "eve@contoso.com"}));
	wait_for_end(SEC(30));
	check_refused(EXIT_CODE_SIGN_IN, "you signed in as 'eve@contoso.com'");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("enrol");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_code);
	tcase_add_test(t, test_code_by_confidential_client);
	tcase_add_test(t, test_credential_is_used_up);
	tcase_add_loop_test(t, test_ends, 0, (int)ARRAY_SIZE(ends));
	tcase_add_test(t, test_other_nonce);
	tcase_add_test(t, test_extra_scopes_allowed);
	tcase_add_test(t, test_other_state);
	tcase_add_test(t, test_too_late);
	tcase_add_test(t, test_store_is_slow);
	tcase_add_loop_test(t, test_redirects, 0, (int)ARRAY_SIZE(redirects));
	tcase_add_test(t, test_device);
	tcase_add_loop_test(t, test_device_ends, 0, (int)ARRAY_SIZE(device_ends));
	tcase_add_test(t, test_device_expires);
	tcase_add_loop_test(t, test_no_device_code, 0, (int)ARRAY_SIZE(no_codes));
	tcase_add_test(t, test_device_other_account);
	suite_add_tcase(s, t);
	return s;
}
