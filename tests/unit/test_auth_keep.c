/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a sign-in, on fake engines and a real store: refused and kept, tried every day and on
 * demand, used every day, replaced, forgotten, across restarts.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/store/store_sign_in.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth.h"
#include "tests/support/auth_world.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define TENANT_ID AUTH_WORLD_TENANT_ID
#define SEC(n) ((n)*USEC_PER_SEC)
#define DAY USEC_PER_DAY
#define HOUR USEC_PER_HOUR

static struct loop *l;
static struct http *h;
static struct store_thread *thread;
static struct store *store;
static struct auth *a;
static struct conf_tenant tenant;
static unsigned n_changed;

/* --- the token endpoint: each answer has the next access and refresh token
 * ------------------------
 */

enum mood { GRANTS, BLOCKS, EXPIRED, DOWN, BUSY };
static enum mood mood;
static unsigned n_requests, n_granted;
static char sent[64]; /* the refresh token that came last */
static const char *scopes = "EntraBackup.Read.All";

static void grant(struct buf *out)
{
	n_granted++;
	buf_printf(out,
		"{\"access_token\":\"a%u\",\"expires_in\":3600,\"refresh_token\":\"r%u\","
		"\"scope\":\"%s\"}",
		n_granted, n_granted, scopes);
}

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	const char *at = strstr(q->body, "&refresh_token=");

	(void)arg;
	n_requests++;
	ck_assert_ptr_nonnull(at);
	at += strlen("&refresh_token=");
	(void)snprintf(sent, sizeof(sent), "%.*s", (int)strcspn(at, "&"), at);
	*delay_us = SEC(1);
	result->status = mood == GRANTS ? 200 : mood == BUSY ? 429 : 400;
	switch (mood) {
	case GRANTS:
		grant(&result->body);
		break;
	case BLOCKS:
		buf_puts(&result->body, "{\"error\":\"invalid_grant\",\"error_codes\":[53003]}");
		break;
	case EXPIRED:
		buf_puts(&result->body, "{\"error\":\"invalid_grant\",\"error_codes\":[70043]}");
		break;
	case DOWN:
		result->error = HTTP_E_NETWORK;
		result->error_text = "broken";
		break;
	case BUSY:
		result->retry_after = "600";
		break;
	}
}

/* --- callers -------------------------------------------------------------------------------------
 */

struct caller {
	unsigned calls;
	enum auth_outcome outcome;
	char token[64], text[256], hint[256];
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
	(void)snprintf(c->hint, sizeof(c->hint), "%s", result->hint ? result->hint : "");
}

static struct caller told(struct caller *c)
{
	fake_loop_run_for(l, SEC(5));
	ck_assert_uint_eq(c->calls, 1);
	return *c;
}

static struct caller ask(void)
{
	struct caller c = {0};

	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &c, NULL), 0);
	return told(&c);
}

static struct caller probe(void)
{
	struct caller c = {0};

	ck_assert_int_eq(auth_probe(a, AUTH_DELEGATED, done, &c, NULL), 0);
	return told(&c);
}

static unsigned n_kept;
static int kept_r;

static void kept(void *arg, int r)
{
	ck_assert_ptr_eq(arg, &n_kept);
	n_kept++;
	kept_r = r;
}

static void adopt(const char *refresh, const char *access)
{
	struct secret *token = NULL, *at_once = NULL;

	ck_assert_int_eq(secret_new(refresh, strlen(refresh), &token), 0);
	if (access)
		ck_assert_int_eq(secret_new(access, strlen(access), &at_once), 0);
	const struct auth_enrolment e = {
		.how = SIGN_IN_BY_CODE,
		.refresh = token,
		.access = at_once,
		.lifetime_us = HOUR,
		.account = "svc@contoso.example",
		.account_id = "44444444-4444-4444-8444-444444444444",
		.scopes = "EntraBackup.Read.All EntraBackup.ReadWrite.Preview",
		.guest = 0,
	};

	auth_adopt(a, &e, kept, &n_kept);
	(void)secret_free(token);
	(void)secret_free(at_once);
}

/* --- the world -----------------------------------------------------------------------------------
 */

static void changed(void *arg)
{
	ck_assert_ptr_eq(arg, &n_changed);
	n_changed++;
}

static void start_auth(bool passive)
{
	const struct auth_env env = {.loop = l,
		.http = h,
		.store = thread,
		.credentials_dir = tmpdir_path(""),
		.passive = passive,
		.changed = changed,
		.arg = &n_changed};

	ck_assert_int_eq(auth_new(&env, &tenant, &a), 0);
}

static void restart(void)
{
	a = auth_free(a);
	thread = store_thread_free(thread);
	auth_world_open_store(l, AUTH_WORLD_KEY, &store, &thread);
	start_auth(false);
	fake_loop_run_for(l, SEC(1));
}

static const char *stored(void)
{
	return auth_world_kept(store);
}

static void setup(void)
{
	(void)tmpdir_make();
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	tenant = auth_world_tenant();
	mood = GRANTS;
	n_requests = n_granted = n_kept = n_changed = 0;
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
	fake_http_handler(h, serve, NULL);
	auth_world_open_store(l, AUTH_WORLD_KEY, &store, &thread);
	ck_assert_int_eq(
		file_write_atomic(tmpdir_path("contoso.refresh_token"), "first", 5, 0600), 0);
	start_auth(false);
}

static void teardown(void)
{
	a = auth_free(a);
	fake_loop_run_for(l, SEC(5));
	thread = store_thread_free(thread);
	h = http_free(h);
	l = loop_free(l);
	ck_assert_uint_eq(tenant.refs, 1);
	tmpdir_remove();
}

/* --- who is signed in ----------------------------------------------------------------------------
 */

START_TEST(who_is_signed_in)
{
	struct auth_fault fault;

	fake_loop_run_for(l, SEC(1));
	ck_assert_ptr_null(auth_sign_in(a));
	int64_t before_us = clock_wall_us();
	ck_assert_str_eq(ask().token, "a1");
	const struct sign_in *s = auth_sign_in(a);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->how, SIGN_IN_BY_CREDENTIAL);
	ck_assert_int_ge(s->enrolled_us, before_us);
	ck_assert_int_ge(s->refreshed_us, s->enrolled_us);
	ck_assert_str_eq(s->scopes, "EntraBackup.Read.All");
	ck_assert_ptr_null(s->account);
	ck_assert(!auth_fault(a, AUTH_DELEGATED, &fault));
	ck_assert_uint_gt(n_changed, 0);
	/* known before anything is asked for */
	restart();
	ck_assert_uint_eq(n_requests, 1);
	s = auth_sign_in(a);
	ck_assert_ptr_nonnull(s);
	ck_assert_str_eq(s->scopes, "EntraBackup.Read.All");
	ck_assert_int_eq(auth_last_refresh_us(a), s->refreshed_us);
}
END_TEST

/* --- refused ------------------------------------------------------------------------------------
 */

START_TEST(a_refusal_is_remembered)
{
	struct auth_fault fault;

	mood = BLOCKS;
	struct caller c = ask();
	ck_assert_int_eq(c.outcome, AUTH_SIGN_IN);
	ck_assert_ptr_nonnull(strstr(c.text, "Conditional Access"));
	ck_assert_ptr_nonnull(strstr(c.hint, "snapwatch doctor contoso"));
	ck_assert_ptr_null(strstr(c.hint, "TENANT"));
	ck_assert_str_eq(stored(), "first");
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(ask().outcome, AUTH_SIGN_IN);
		fake_loop_run_for(l, HOUR);
	}
	ck_assert_uint_eq(n_requests, 1);
	/* also by the next process, and in the same words */
	restart();
	ck_assert(auth_fault(a, AUTH_DELEGATED, &fault));
	ck_assert_str_eq(fault.text, c.text);
	ck_assert_str_eq(fault.hint, c.hint);
	ck_assert_str_eq(ask().text, c.text);
	ck_assert_uint_eq(n_requests, 1);
	ck_assert_int_ne(auth_sign_in(a)->refused_us, TIME_NONE);
}
END_TEST

START_TEST(a_refusal_is_tried_daily)
{
	struct auth_fault fault;

	mood = BLOCKS;
	(void)ask();
	/* nobody asks for anything */
	fake_loop_run_for(l, 3 * DAY + HOUR);
	ck_assert_uint_eq(n_requests, 4);
	ck_assert_str_eq(sent, "first");
	mood = GRANTS;
	fake_loop_run_for(l, DAY);
	ck_assert_uint_eq(n_requests, 5);
	ck_assert(!auth_fault(a, AUTH_DELEGATED, &fault));
	ck_assert_int_eq(auth_sign_in(a)->refused_us, TIME_NONE);
	ck_assert_str_eq(stored(), "r1");
}
END_TEST

START_TEST(a_probe_asks_whatever_is_known)
{
	mood = BLOCKS;
	(void)ask();
	ck_assert_int_eq(probe().outcome, AUTH_SIGN_IN);
	ck_assert_uint_eq(n_requests, 2);
	mood = GRANTS;
	ck_assert_int_eq(ask().outcome, AUTH_SIGN_IN);
	ck_assert_str_eq(probe().token, "a1");
	ck_assert_uint_eq(n_requests, 3);
	/* with a good token at hand, too; and it tells of the failure, not of the token */
	ck_assert_str_eq(probe().token, "a2");
	mood = BLOCKS;
	struct caller other = {0}, c = {0};
	ck_assert_int_eq(auth_probe(a, AUTH_DELEGATED, done, &c, NULL), 0);
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &other, NULL), 0);
	ck_assert_int_eq(told(&c).outcome, AUTH_SIGN_IN);
	ck_assert_str_eq(other.token, "a2");
}
END_TEST

/* What the service asked for is kept, whoever is curious; our own caution is not in the way. */
START_TEST(a_probe_and_peace)
{
	mood = BUSY;
	ck_assert_int_eq(ask().outcome, AUTH_THROTTLED);
	ck_assert_int_eq(probe().outcome, AUTH_THROTTLED);
	ck_assert_uint_eq(n_requests, 1);
	fake_loop_run_for(l, SEC(600));
	mood = DOWN;
	for (int i = 0; i < 5; i++) {
		fake_loop_run_for(l, LIMIT_AUTH_BACKOFF_MAX_US);
		(void)ask();
	}
	n_requests = 0;
	(void)ask();
	ck_assert_uint_eq(n_requests, 0);
	(void)probe();
	ck_assert_uint_eq(n_requests, 1);
}
END_TEST

START_TEST(an_outage_is_asked_about_less_and_less)
{
	mood = DOWN;
	for (int i = 0; i < 720; i++)
		(void)ask(); /* every five seconds for an hour */
	ck_assert_uint_le(n_requests, 40);
	ck_assert_uint_ge(n_requests, 12);
	mood = GRANTS;
	fake_loop_run_for(l, LIMIT_AUTH_BACKOFF_MAX_US);
	ck_assert_int_eq(ask().outcome, AUTH_OK);
	/* and the next one begins anew */
	fake_loop_run_for(l, HOUR);
	mood = DOWN;
	n_requests = 0;
	(void)ask();
	(void)ask();
	ck_assert_uint_eq(n_requests, 2);
}
END_TEST

START_TEST(an_age_is_observed)
{
	(void)ask();
	fake_loop_run_for(l, 30 * DAY);
	mood = EXPIRED;
	fake_loop_run_for(l, 2 * DAY);
	ck_assert_int_ge(auth_sign_in(a)->age_us, 30 * DAY);
	ck_assert_int_le(auth_sign_in(a)->age_us, 32 * DAY);
	/* the next sign-in is warned of it */
	adopt("new", "now");
	fake_loop_run_for(l, SEC(1));
	ck_assert(sign_in_ends_by_age(auth_sign_in(a)));
	restart();
	ck_assert(sign_in_ends_by_age(auth_sign_in(a)));
}
END_TEST

/* --- used daily ----------------------------------------------------------------------------------
 */

START_TEST(used_daily)
{
	(void)ask();
	fake_loop_run_for(l, 10 * DAY + 12 * HOUR);
	ck_assert_uint_ge(n_requests, 10);
	ck_assert_uint_le(n_requests, 12);
	/* late by a week: at once, but not in the same second as all the others */
	a = auth_free(a);
	clock_virtual_advance(7 * DAY);
	n_requests = 0;
	start_auth(false);
	fake_loop_run_for(l, LIMIT_AUTH_KEEP_AGAIN_US + SEC(2));
	ck_assert_uint_eq(n_requests, 1);
}
END_TEST

START_TEST(trouble_on_the_way_is_tried_again)
{
	(void)ask();
	mood = DOWN;
	fake_loop_run_for(l, 2 * DAY);
	ck_assert_uint_ge(n_requests, 20);
	mood = GRANTS;
	n_requests = 0;
	fake_loop_run_for(l, 2 * LIMIT_AUTH_KEEP_AGAIN_US);
	ck_assert_uint_eq(n_requests, 1);
}
END_TEST

START_TEST(passive_does_nothing_by_itself)
{
	(void)ask();
	a = auth_free(a);
	start_auth(true);
	n_requests = 0;
	fake_loop_run_for(l, 5 * DAY);
	ck_assert_uint_eq(n_requests, 0);
	ck_assert_ptr_nonnull(auth_sign_in(a));
	ck_assert_int_eq(ask().outcome, AUTH_OK);
}
END_TEST

/* --- signing in and out --------------------------------------------------------------------------
 */

START_TEST(adopted_at_once)
{
	mood = BLOCKS;
	(void)ask();
	adopt("new", "now");
	ck_assert_uint_eq(n_kept, 0);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(n_kept, 1);
	ck_assert_int_eq(kept_r, 0);
	ck_assert_str_eq(stored(), "new");
	ck_assert_str_eq(ask().token, "now");
	ck_assert_uint_eq(n_requests, 1);
	const struct sign_in *s = auth_sign_in(a);
	ck_assert_int_eq(s->how, SIGN_IN_BY_CODE);
	ck_assert_str_eq(s->account, "svc@contoso.example");
	ck_assert_int_eq(s->guest, 0);
	ck_assert_int_eq(s->refused_us, TIME_NONE);
	/* without an access token the first who asks wins one */
	adopt("newer", NULL);
	fake_loop_run_for(l, SEC(1));
	mood = GRANTS;
	ck_assert_str_eq(ask().token, "a1");
	ck_assert_str_eq(sent, "newer");
	restart();
	ck_assert_str_eq(auth_sign_in(a)->account, "svc@contoso.example");
}
END_TEST

/* An exchange that is under way must not bring the former sign-in back. */
START_TEST(adopted_in_mid_exchange)
{
	struct caller c = {0};

	fake_store_thread_delay(thread, SEC(1));
	ck_assert_int_eq(auth_get(a, AUTH_DELEGATED, done, &c, NULL), 0);
	fake_loop_run_for(l, _i * SEC(1) / 2);
	adopt("new", "now");
	fake_loop_run_for(l, SEC(10));
	ck_assert_uint_eq(n_kept, 1);
	ck_assert_uint_eq(c.calls, 1);
	ck_assert_int_eq(c.outcome, AUTH_OK);
	ck_assert_str_eq(stored(), "new");
	ck_assert_str_eq(ask().token, "now");
}
END_TEST

START_TEST(adopted_twice)
{
	adopt("new", "now");
	adopt("newer", "then");
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(n_kept, 2);
	ck_assert_str_eq(stored(), "newer");
	ck_assert_str_eq(ask().token, "then");
	/* freed before it is kept: nobody is told */
	adopt("newest", NULL);
	a = auth_free(a);
	fake_loop_run_for(l, SEC(1));
	ck_assert_uint_eq(n_kept, 2);
	ck_assert_str_eq(stored(), "newest");
	start_auth(false);
}
END_TEST

START_TEST(forgotten)
{
	struct sign_in s = SIGN_IN_INIT;

	(void)ask();
	fake_store_thread_delay(thread, SEC(1));
	struct caller c = {0};
	if (_i > 0)
		ck_assert_int_eq(auth_probe(a, AUTH_DELEGATED, done, &c, NULL), 0);
	fake_loop_run_for(l, _i * SEC(1) / 2);
	auth_forget(a, kept, &n_kept);
	ck_assert_ptr_null(auth_sign_in(a));
	fake_loop_run_for(l, SEC(10));
	ck_assert_uint_eq(n_kept, 1);
	ck_assert_int_eq(kept_r, 0);
	ck_assert_str_eq(stored(), "(none)");
	ck_assert_int_eq(store_sign_in_get(store, TENANT_ID, &s), 0);
	ck_assert_uint_eq(c.calls, _i > 0);
	n_requests = 0;
	ck_assert_int_eq(ask().outcome, AUTH_SIGN_IN);
	restart();
	/* the credential file is still there, and never comes back */
	c = ask();
	ck_assert_int_eq(c.outcome, AUTH_SIGN_IN);
	ck_assert_ptr_nonnull(strstr(c.hint, "snapwatch login contoso"));
	fake_loop_run_for(l, 3 * DAY);
	ck_assert_uint_eq(n_requests, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("auth_keep");
	TCase *t = tcase_create("auth_keep");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, who_is_signed_in);
	tcase_add_test(t, a_refusal_is_remembered);
	tcase_add_test(t, a_refusal_is_tried_daily);
	tcase_add_test(t, a_probe_asks_whatever_is_known);
	tcase_add_test(t, a_probe_and_peace);
	tcase_add_test(t, an_outage_is_asked_about_less_and_less);
	tcase_add_test(t, an_age_is_observed);
	tcase_add_test(t, used_daily);
	tcase_add_test(t, trouble_on_the_way_is_tried_again);
	tcase_add_test(t, passive_does_nothing_by_itself);
	tcase_add_test(t, adopted_at_once);
	tcase_add_loop_test(t, adopted_in_mid_exchange, 0, 8);
	tcase_add_test(t, adopted_twice);
	tcase_add_loop_test(t, forgotten, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
