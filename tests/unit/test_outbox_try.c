/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/alert: whether a sink works, asked by a person. Nothing of it is kept, and the alerts that
 * wait are not touched. Time is virtual.
 */
#include "daemon/alert/outbox.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "daemon/alert/alert.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

static char dir[256];
static struct loop *loop;
static struct http *http;
static struct store_thread *thread;
static struct store *st;
static struct alerts *alerts;

static struct conf_sink sinks[2] = {
	{.name = (char *)"journal", .type = (char *)"journal", .digest = "j"},
	{.name = (char *)"ops",
		.type = (char *)"webhook",
		.url = (char *)"url",
		.secret = (char *)"secret",
		.digest = "w"},
};
static struct conf conf = {.credentials_dir = dir, .sinks = sinks, .n_sinks = 2};
static struct conf_tenant tenant_conf = {
	.name = (char *)"contoso", .tenant_id = (char *)"11111111-2222-3333-4444-555555555555"};
static struct tenant tenant = {.id = 1, .conf = &tenant_conf};

/* --- the receiver -------------------------------------------------------------------------------
 */

static struct {
	long status; /* of its answers */
	int64_t delay_us;
	/* what came */
	unsigned greetings; /* connections without a request */
	unsigned n;
	char last[LIMIT_ALERT_BODY_BYTES + 256];
} receiver;

static void receive(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	(void)arg;
	*delay_us = receiver.delay_us;
	if (q->greet) {
		receiver.greetings++;
		ck_assert_uint_eq(q->body_len, 0);
		return;
	}
	result->status = receiver.status;
	ck_assert_uint_lt(q->body_len, sizeof(receiver.last));
	memcpy(receiver.last, q->body, q->body_len);
	receiver.last[q->body_len] = '\0';
	receiver.n++;
}

/* --- the daemon's part --------------------------------------------------------------------------
 */

static void put_credential(const char *name, const char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0600), 0);
}

static void setup(void)
{
	char url[512];

	memset(&receiver, 0, sizeof(receiver));
	receiver.status = 200;
	conf.n_sinks = 2;
	(void)snprintf(dir, sizeof(dir), "%s", tmpdir_make());
	(void)chmod(dir, 0700);
	put_credential("url", "https://hooks.contoso.com/in");
	put_credential("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	clock_virtual_set_wall(INT64_C(1790000000000000));
	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", dir);
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(http_new(loop, &http), 0);
	fake_http_handler(http, receive, NULL);
	ck_assert_int_eq(store_thread_new(loop, st, &thread), 0);
	ck_assert_int_eq(alerts_new(loop, http, thread, &alerts), 0);
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	ck_assert_int_eq(db_script(st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					   " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(st, 1), 0);
	fake_loop_settle(loop);
}

static void teardown(void)
{
	alerts = alerts_free(alerts);
	fake_loop_settle(loop);
	http = http_free(http);
	thread = store_thread_free(thread);
	loop = loop_free(loop);
	st = NULL;
	tmpdir_remove();
}

static void raise_alert(const char *title)
{
	alerts_raise(alerts, &tenant,
		&(struct alert){
			.kind = ALERT_JOB_FAILED,
			.severity = VERDICT_WARNING,
			.tenant = "contoso",
			.tenant_id = tenant_conf.tenant_id,
			.title = title,
			.summary = "s",
			.subject = title,
			.created_us = clock_wall_us(),
			.baseline_us = TIME_NONE,
			.covered_from_us = TIME_NONE,
			.covered_to_us = TIME_NONE,
			.verified = -1,
		});
}

/* How many rows of a table, of all or of one kind. */
static int64_t count(const char *query)
{
	const struct db_sql q = {"", query};
	int64_t n = -1;

	ck_assert_int_eq(db_query_int(st->db, &q, DB_NO_ARGS, &n), 1);
	return n;
}

/* --- tries --------------------------------------------------------------------------------------
 */

static struct {
	unsigned n;
	enum sink_outcome outcome;
	char text[256];
} tried;

static void on_tried(void *arg, const struct sink_result *result)
{
	(void)arg;
	tried.n++;
	tried.outcome = result->outcome;
	(void)snprintf(tried.text, sizeof(tried.text), "%s", result->text);
}

static void try_sink(bool test)
{
	memset(&tried, 0, sizeof(tried));
	ck_assert_int_eq(alerts_try(alerts, "ops", test, on_tried, NULL), 0);
}

/* A test alert is one like others, but nothing of it is kept, whether it arrives or not. */
START_TEST(a_test_alert)
{
	receiver.status = _i ? 401 : 204;
	try_sink(true);
	fake_loop_run_for(loop, USEC_PER_DAY);
	ck_assert_uint_eq(tried.n, 1);
	ck_assert_int_eq(tried.outcome, _i ? SINK_LATER : SINK_SENT);
	ck_assert_str_eq(tried.text, _i ? "the receiver answered 401" : "");
	ck_assert_uint_eq(receiver.n, 1);
	ck_assert(strstr(receiver.last, "\"kind\":\"test\""));
	ck_assert(strstr(receiver.last, "TEST: snapwatch reaches sink 'ops'"));
	ck_assert_int_eq(count("SELECT count(*) FROM outbox"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM alert"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM condition"), 0);
}
END_TEST

START_TEST(only_whether_it_is_there)
{
	try_sink(false);
	fake_loop_settle(loop);
	ck_assert_uint_eq(tried.n, 1);
	ck_assert_int_eq(tried.outcome, SINK_SENT);
	ck_assert_uint_eq(receiver.greetings, 1);
	ck_assert_uint_eq(receiver.n, 0);
	fake_http_handler(http, NULL, NULL);
	try_sink(false);
	fake_loop_settle(loop);
	ck_assert_int_eq(tried.outcome, SINK_LATER);
	ck_assert_str_eq(tried.text, "network: nobody answers");
	ck_assert_int_eq(alerts_try(alerts, "journal", false, on_tried, NULL), 0);
	fake_loop_settle(loop);
	ck_assert_int_eq(tried.outcome, SINK_SENT);
}
END_TEST

/* One message at a time per sink, whoever wants to send it. */
START_TEST(a_try_has_its_turn)
{
	receiver.delay_us = 10 * USEC_PER_SEC;
	raise_alert("one");
	fake_loop_settle(loop);
	try_sink(true);
	ck_assert_int_eq(alerts_try(alerts, "ops", true, on_tried, NULL), -EBUSY);
	ck_assert_uint_eq(receiver.n, 1);
	fake_loop_run_for(loop, 15 * USEC_PER_SEC);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_uint_eq(tried.n, 0);
	raise_alert("two");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 2);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(tried.n, 1);
	ck_assert_uint_eq(receiver.n, 3);
	ck_assert_int_eq(
		count("SELECT count(*) FROM outbox WHERE sink = 'ops' AND state = 'sent'"), 2);
}
END_TEST

START_TEST(a_try_that_comes_to_nothing)
{
	char path[512];

	ck_assert_int_eq(alerts_try(alerts, "nobody", true, on_tried, NULL), -ENOENT);
	/* another address meanwhile */
	receiver.delay_us = 10 * USEC_PER_SEC;
	try_sink(true);
	fake_loop_settle(loop);
	(void)snprintf(sinks[1].digest, sizeof(sinks[1].digest), "y");
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(tried.n, 1);
	ck_assert(strstr(tried.text, "configuration"));
	/* nobody waits any more */
	try_sink(true);
	alerts_try_cancel(alerts, "ops");
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(tried.n, 0);
	/* the sink goes */
	try_sink(true);
	conf.n_sinks = 1;
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	ck_assert_uint_eq(tried.n, 1);
	ck_assert_int_eq(tried.outcome, SINK_LATER);
	ck_assert(strstr(tried.text, "configuration"));
	/* it cannot be made */
	(void)snprintf(path, sizeof(path), "%s/secret", dir);
	ck_assert_int_eq(unlink(path), 0);
	conf.n_sinks = 2;
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	ck_assert_int_eq(alerts_try(alerts, "ops", true, on_tried, NULL), -EINVAL);
	ck_assert(strstr(alerts_problem(alerts, "ops"), "credential 'secret' is missing"));
	ck_assert_ptr_null(alerts_problem(alerts, "journal"));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("outbox_try");
	TCase *tc = tcase_create("outbox_try");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, a_test_alert, 0, 2);
	tcase_add_test(tc, only_whether_it_is_there);
	tcase_add_test(tc, a_try_has_its_turn);
	tcase_add_test(tc, a_try_that_comes_to_nothing);
	suite_add_tcase(s, tc);
	return s;
}
