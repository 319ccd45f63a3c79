/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets which token when, on fake engines and a real store: what is sent, what is kept, and what
 * is not sent again.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/secret.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth.h"
#include "tests/support/auth_world.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/pem.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define TENANT_ID AUTH_WORLD_TENANT_ID
#define KEY AUTH_WORLD_KEY
#define OTHER_KEY "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
#define SEC(n) ((n)*USEC_PER_SEC)
#define GRANTED(access, refresh) \
	"{\"access_token\":\"" access "\",\"expires_in\":3600,\"refresh_token\":\"" refresh "\"}"
#define REFUSED "{\"error\":\"invalid_grant\",\"error_codes\":[50173]}"

static struct loop *l;
static struct http *h;
static struct store_thread *thread;
static struct store *store;
static struct auth *a;
static struct conf_tenant tenant;

/* --- the token endpoint ------------------------------------------------------------------------
 */

struct answer {
	long status;
	const char *body, *retry_after;
	enum http_error error;
};
static const struct answer *answers;
static size_t n_requests;
static char url[256];
static struct buf forms[16];

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	const struct answer *answer = &answers[n_requests];

	(void)arg;
	ck_assert_msg(
		answer->status || answer->error, "unexpected request %s", (const char *)q->body);
	ck_assert(q->body_secret && q->reply_secret);
	ck_assert_ptr_null(q->bearer);
	(void)snprintf(url, sizeof(url), "%s %s", q->method, q->url);
	buf_reset(&forms[n_requests]);
	buf_puts(&forms[n_requests], q->body);
	n_requests++;
	*delay_us = SEC(1);
	result->error = answer->error;
	result->error_text = answer->error ? "broken" : NULL;
	result->status = answer->status;
	result->retry_after = answer->retry_after;
	buf_puts(&result->body, answer->body ? answer->body : "");
}

static bool form_has(size_t i, const char *pair)
{
	const char *form = buf_text(&forms[i]);
	size_t len = strlen(pair);

	for (const char *at = form; (at = strstr(at, pair)); at++) {
		if ((at == form || at[-1] == '&') && (!at[len] || at[len] == '&'))
			return true;
	}
	return false;
}

/* --- callers -----------------------------------------------------------------------------------
 */

struct caller {
	unsigned calls;
	enum auth_outcome outcome;
	char token[64], text[256];
	int64_t retry_after_us;
};

static void done(void *arg, const struct auth_result *result)
{
	struct caller *c = arg;

	c->calls++;
	c->outcome = result->outcome;
	c->retry_after_us = result->retry_after_us;
	(void)snprintf(c->token, sizeof(c->token), "%s", result->token ? result->token->data : "");
	(void)snprintf(c->text, sizeof(c->text), "%s", result->text ? result->text : "");
}

/* One caller, from asking to being told. */
static struct caller ask(enum auth_kind kind, const struct answer *script)
{
	struct caller c = {0};

	answers = script;
	n_requests = 0;
	ck_assert_int_eq(auth_get(a, kind, done, &c, NULL), 0);
	ck_assert_uint_eq(c.calls, 0);
	fake_loop_run_for(l, SEC(5));
	ck_assert_uint_eq(c.calls, 1);
	return c;
}

#define SCRIPT(...) ((const struct answer[]){__VA_ARGS__, {0}})
static const struct answer silent[] = {{0}};

/* --- the world ---------------------------------------------------------------------------------
 */

static void put_credential(const char *name, const char *text, size_t len)
{
	ck_assert_int_eq(file_write_atomic(tmpdir_path(name), text, len, 0600), 0);
}

static void put_token(const char *text)
{
	put_credential("contoso.refresh_token", text, strlen(text));
}

static void put_certificate(void)
{
	struct buf pem = BUF_INIT(LIMIT_SECRET_BYTES);

	pem_make(2048, clock_wall_us() + USEC_PER_DAY, &pem);
	put_credential("contoso-app", pem.data, pem.len);
	tenant.certificate = (char *)"contoso-app";
	buf_done(&pem);
}

static void start_auth(void)
{
	const struct auth_env env = {
		.loop = l, .http = h, .store = thread, .credentials_dir = tmpdir_path("")};

	ck_assert_int_eq(auth_new(&env, &tenant, &a), 0);
}

/* The daemon stops and starts again. */
static void restart(const char *key_text)
{
	a = auth_free(a);
	thread = store_thread_free(thread);
	auth_world_open_store(l, key_text, &store, &thread);
	start_auth();
}

static const char *kept(void)
{
	return auth_world_kept(store);
}

static void setup(void)
{
	(void)tmpdir_make();
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	tenant = auth_world_tenant();
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		forms[i] = BUF_INIT(LIMIT_SECRET_BYTES);
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
	fake_http_handler(h, serve, NULL);
	auth_world_open_store(l, KEY, &store, &thread);
	put_token("first");
	start_auth();
}

static void teardown(void)
{
	a = auth_free(a);
	fake_loop_run_for(l, SEC(5));
	thread = store_thread_free(thread);
	h = http_free(h);
	l = loop_free(l);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		buf_done(&forms[i]);
	ck_assert_uint_eq(tenant.refs, 1);
	tmpdir_remove();
}

/* --- tests -------------------------------------------------------------------------------------
 */

START_TEST(test_one_exchange_for_all)
{
	struct caller c[3] = {0};
	struct auth_wait *w = NULL;

	answers = SCRIPT({200, .body = GRANTED("a1", "second")});
	n_requests = 0;
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &c[i], i == 1 ? &w : NULL), 0);
	auth_wait_cancel(w);
	ck_assert_ptr_null(auth_trouble(a));
	fake_loop_run_for(l, SEC(5));
	ck_assert_uint_eq(n_requests, 1);
	ck_assert_uint_eq(c[0].calls + c[2].calls, 2);
	ck_assert_uint_eq(c[1].calls, 0);
	ck_assert_str_eq(c[2].token, "a1");
	ck_assert_str_eq(url, "POST https://login.example/" TENANT_ID "/oauth2/v2.0/token");
	ck_assert(form_has(0, "grant_type=refresh_token"));
	ck_assert(form_has(0, "refresh_token=first"));
	ck_assert(form_has(0, "client_id=22222222-2222-4222-8222-222222222222"));
	ck_assert(form_has(0, "scope=EntraBackup.Read.All%20EntraBackup.ReadWrite.Preview%20"
			      "offline_access%20openid"));
	ck_assert_ptr_null(strstr(buf_text(&forms[0]), "client_assertion"));
	ck_assert_int_ne(auth_last_refresh_us(a), TIME_NONE);
	ck_assert_str_eq(ask(AUTH_DELEGATED, silent).token, "a1");
}
END_TEST

START_TEST(test_renewed_early)
{
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	fake_loop_run_for(l, SEC(3600 - 300 - 60));
	ck_assert_str_eq(ask(AUTH_DELEGATED, silent).token, "a1");
	fake_loop_run_for(l, SEC(60));
	/* trouble with renewing a token that still holds is nobody's trouble */
	struct caller c = ask(AUTH_DELEGATED, SCRIPT({503, .retry_after = "30"}));
	ck_assert_int_eq(c.outcome, AUTH_OK);
	ck_assert_str_eq(c.token, "a1");
	ck_assert_str_eq(ask(AUTH_DELEGATED, silent).token, "a1");
	fake_loop_run_for(l, SEC(30));
	c = ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a2", "third")}));
	ck_assert_str_eq(c.token, "a2");
	ck_assert(form_has(0, "refresh_token=second"));
}
END_TEST

START_TEST(test_rotation_survives_restarts)
{
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	ck_assert_str_eq(kept(), "second");
	restart(KEY);
	/* the file that was taken once never comes back */
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = "{\"access_token\":\"a2\"}"}));
	ck_assert(form_has(0, "refresh_token=second"));
	ck_assert_str_eq(kept(), "second");
	restart(KEY);
	ck_assert_int_eq(unlink(tmpdir_path("contoso.refresh_token")), 0);
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a3", "third")}));
	ck_assert(form_has(0, "refresh_token=second"));
	/* a different one does */
	put_token("other");
	restart(KEY);
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a4", "fourth")}));
	ck_assert(form_has(0, "refresh_token=other"));
	ck_assert_str_eq(kept(), "fourth");
}
END_TEST

START_TEST(test_refused_grant_is_kept_aside)
{
	struct caller c = ask(AUTH_DELEGATED, SCRIPT({400, .body = REFUSED}));

	ck_assert_int_eq(c.outcome, AUTH_SIGN_IN);
	ck_assert_ptr_nonnull(auth_trouble(a));
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(ask(AUTH_DELEGATED, silent).outcome, AUTH_SIGN_IN);
		fake_loop_run_for(l, USEC_PER_HOUR);
	}
	ck_assert_str_eq(kept(), "first");
	put_token("renewed");
	c = ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a2", "second")}));
	ck_assert_str_eq(c.token, "a2");
	ck_assert(form_has(0, "refresh_token=renewed"));
	ck_assert_ptr_null(auth_trouble(a));
}
END_TEST

START_TEST(test_held_back)
{
	struct caller c = ask(AUTH_DELEGATED, SCRIPT({429, .retry_after = "100"}));

	ck_assert_int_eq(c.outcome, AUTH_THROTTLED);
	ck_assert_int_eq(c.retry_after_us, SEC(100));
	c = ask(AUTH_DELEGATED, silent);
	ck_assert_int_eq(c.outcome, AUTH_THROTTLED);
	ck_assert_int_lt(c.retry_after_us, SEC(100));
	ck_assert_ptr_null(auth_trouble(a));
	fake_loop_run_for(l, SEC(100));
	c = ask(AUTH_DELEGATED, SCRIPT({.error = HTTP_E_NETWORK}));
	ck_assert_int_eq(c.outcome, AUTH_NETWORK);
	/* the second in a row: not asked again at once */
	ck_assert_int_eq(ask(AUTH_DELEGATED, silent).outcome, AUTH_NETWORK);
	fake_loop_run_for(l, SEC(10));
	c = ask(AUTH_DELEGATED, SCRIPT({401, .body = "{\"error\":\"invalid_client\"}"}));
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
	ck_assert_int_eq(ask(AUTH_DELEGATED, silent).outcome, AUTH_CONFIG);
	fake_loop_run_for(l, SEC(60));
	c = ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	ck_assert_int_eq(c.outcome, AUTH_OK);
	ck_assert(form_has(0, "refresh_token=first"));
}
END_TEST

START_TEST(test_not_enrolled)
{
	struct caller c;

	ck_assert_int_eq(unlink(tmpdir_path("contoso.refresh_token")), 0);
	c = ask(AUTH_DELEGATED, silent);
	ck_assert_int_eq(c.outcome, AUTH_SIGN_IN);
	ck_assert_str_eq(c.text, "nobody has signed in for tenant 'contoso' yet");
	restart(NULL);
	put_token("first");
	c = ask(AUTH_DELEGATED, silent);
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
	ck_assert_ptr_nonnull(strstr(c.text, STORE_KEY_CREDENTIAL));
	/* others may read it: refused, and nothing is sent */
	restart(KEY);
	ck_assert_int_eq(
		file_write_atomic(tmpdir_path("contoso.refresh_token"), "loose", 5, 0644), 0);
	c = ask(AUTH_DELEGATED, silent);
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
}
END_TEST

START_TEST(test_certificate)
{
	struct caller c = ask(AUTH_APP, silent);

	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
	put_certificate();
	fake_loop_run_for(l, SEC(60));
	c = ask(AUTH_APP, SCRIPT({200, .body = "{\"access_token\":\"app1\",\"expires_in\":3600}"}));
	ck_assert_str_eq(c.token, "app1");
	ck_assert(form_has(0, "grant_type=client_credentials"));
	ck_assert(form_has(0, "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"));
	ck_assert(form_has(0, "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-"
			      "assertion-type%3Ajwt-bearer"));
	ck_assert_ptr_nonnull(strstr(buf_text(&forms[0]), "&client_assertion=ey"));
	ck_assert_ptr_null(strstr(buf_text(&forms[0]), "refresh_token"));
	ck_assert_int_eq(auth_last_refresh_us(a), TIME_NONE);

	/* the same certificate makes the person's client confidential; each has its own token */
	struct buf first = BUF_INIT(LIMIT_SECRET_BYTES);

	buf_puts(&first, strstr(buf_text(&forms[0]), "&client_assertion="));
	c = ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	ck_assert_str_eq(c.token, "a1");
	ck_assert_ptr_nonnull(strstr(buf_text(&forms[0]), "&client_assertion=ey"));
	ck_assert_str_ne(strstr(buf_text(&forms[0]), "&client_assertion="), buf_text(&first));
	ck_assert_str_eq(ask(AUTH_APP, silent).token, "app1");
	buf_done(&first);

	/* nobody can sign in for an app */
	restart(KEY);
	c = ask(AUTH_APP, SCRIPT({400, .body = REFUSED}));
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
}
END_TEST

START_TEST(test_expired_certificate)
{
	put_certificate();
	clock_virtual_advance(2 * USEC_PER_DAY);
	struct caller c = ask(AUTH_DELEGATED, silent);
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
	ck_assert_ptr_nonnull(strstr(c.text, "expired at"));
}
END_TEST

START_TEST(test_refused_token)
{
	struct secret *token = NULL, *foreign = NULL;

	ck_assert_int_eq(secret_new("a1", 2, &token), 0);
	ck_assert_int_eq(secret_new("a0", 2, &foreign), 0);
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	auth_refused(a, AUTH_DELEGATED, foreign, NULL);
	ck_assert_str_eq(ask(AUTH_DELEGATED, silent).token, "a1");
	auth_refused(a, AUTH_DELEGATED, token, "{\"access_token\":{}}");
	struct caller c = ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a2", "third")}));
	ck_assert_str_eq(c.token, "a2");
	ck_assert(form_has(0, "claims=%7B%22access_token%22%3A%7B%7D%7D"));
	/* a refused one is not handed out, whatever comes of renewing */
	(void)secret_free(token);
	ck_assert_int_eq(secret_new("a2", 2, &token), 0);
	auth_refused(a, AUTH_DELEGATED, token, NULL);
	c = ask(AUTH_DELEGATED, SCRIPT({.status = 503}));
	ck_assert_int_eq(c.outcome, AUTH_THROTTLED);
	ck_assert_ptr_null(strstr(buf_text(&forms[0]), "claims="));
	(void)secret_free(token);
	(void)secret_free(foreign);
}
END_TEST

/* What a piece of work logs, as standard error has it. */
static int captured = -1, real_stderr = -1;

static void capture(void)
{
	captured = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
}

static const char *release(void)
{
	static char text[16384];
	ssize_t len = pread(captured, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	ck_assert_int_ge(dup2(real_stderr, STDERR_FILENO), 0);
	(void)close(real_stderr);
	(void)close(captured);
	return text;
}

START_TEST(test_other_store_key)
{
	static const char notice[] =
		"notice: the stored sign-in of 'contoso' was sealed with another store-key; the "
		"credential contoso.refresh_token is used anew";
	const char *said;

	capture();
	(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = GRANTED("a1", "second")}));
	said = release();
	ck_assert_ptr_nonnull(strstr(said, "took a new refresh token"));
	ck_assert_ptr_null(strstr(said, "store-key"));
	for (int i = 0; i < 2; i++) {
		restart(OTHER_KEY);
		capture();
		(void)ask(AUTH_DELEGATED, SCRIPT({200, .body = "{\"access_token\":\"a2\"}"}));
		said = release();
		ck_assert(form_has(0, "refresh_token=first"));
		ck_assert_int_eq(!!strstr(said, notice), i == 0);
		ck_assert_ptr_null(strstr(said, "took a new refresh token"));
	}
	/* without the credential there is nothing to use anew: the former key is asked for */
	ck_assert_int_eq(unlink(tmpdir_path("contoso.refresh_token")), 0);
	restart(KEY);
	capture();
	struct caller c = ask(AUTH_DELEGATED, silent);
	said = release();
	ck_assert_int_eq(c.outcome, AUTH_CONFIG);
	ck_assert_ptr_nonnull(strstr(c.text, "sealed with another store key"));
	ck_assert_ptr_null(strstr(said, "used anew"));
}
END_TEST

START_TEST(test_full_disk)
{
	struct caller c = {0};

	fake_store_thread_fail(thread, 2, -ENOSPC); /* the first is the reading */
	answers = SCRIPT({200, .body = GRANTED("a1", "second")});
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &c, NULL), 0);
	fake_loop_run_for(l, USEC_PER_HOUR / 2);
	ck_assert_uint_eq(c.calls, 0);
	fake_store_thread_heal(thread);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(c.calls, 1);
	ck_assert_str_eq(c.token, "a1");
	ck_assert_str_eq(kept(), "second");
}
END_TEST

START_TEST(test_freed_at_any_point)
{
	struct caller c = {0};

	answers = SCRIPT({200, .body = GRANTED("a1", "second")});
	fake_store_thread_delay(thread, SEC(1));
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &c, NULL), 0);
	fake_loop_run_for(l, _i * SEC(1) / 2);
	a = auth_free(a);
	fake_loop_run_for(l, SEC(10));
	ck_assert_uint_eq(c.calls, _i < 6 ? 0 : 1);
	ck_assert_uint_eq(fake_http_in_flight(h), 0);
	start_auth();
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("auth");
	TCase *tc = tcase_create("auth");

	tcase_set_timeout(tc, 60); /* keys are made */
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_one_exchange_for_all);
	tcase_add_test(tc, test_renewed_early);
	tcase_add_test(tc, test_rotation_survives_restarts);
	tcase_add_test(tc, test_refused_grant_is_kept_aside);
	tcase_add_test(tc, test_held_back);
	tcase_add_test(tc, test_not_enrolled);
	tcase_add_test(tc, test_certificate);
	tcase_add_test(tc, test_expired_certificate);
	tcase_add_test(tc, test_refused_token);
	tcase_add_test(tc, test_other_store_key);
	tcase_add_test(tc, test_full_disk);
	tcase_add_loop_test(tc, test_freed_at_any_point, 0, 8);
	suite_add_tcase(s, tc);
	return s;
}
