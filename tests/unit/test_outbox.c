/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/alert: from raising an alert to a receiver that has it, on a real database, with a
 * receiver that fails as told. Time is virtual.
 */
#include "daemon/alert/outbox.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/json.h"
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

#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)

static char dir[256];
static struct loop *loop;
static struct http *http;
static struct store_thread *thread;
static struct store *st;
static struct alerts *alerts;
static unsigned n_idle;

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
	long status;		 /* of its answers */
	unsigned failures;	 /* so many answers are 503 first */
	const char *retry_after; /* with those */
	const char *refuses;	 /* so are those to what has this in it */
	int64_t delay_us;
	/* what came */
	unsigned n;
	int64_t at_us[40];
	char id[40][40];
	char last[LIMIT_ALERT_BODY_BYTES + 256];
} receiver;

static void receive(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	(void)arg;
	*delay_us = receiver.delay_us;
	result->status = receiver.status;
	if (receiver.failures) {
		receiver.failures--;
		result->status = 503;
		result->retry_after = receiver.retry_after;
	}
	if (receiver.refuses &&
		memmem(q->body, q->body_len, receiver.refuses, strlen(receiver.refuses)))
		result->status = 503;
	ck_assert_uint_lt(receiver.n, ARRAY_SIZE(receiver.id));
	for (const char *const *h = q->headers; *h; h++)
		if (strncmp(*h, "webhook-id: ", 12) == 0)
			(void)snprintf(receiver.id[receiver.n], 40, "%s", *h + 12);
	ck_assert_uint_lt(q->body_len, sizeof(receiver.last));
	memcpy(receiver.last, q->body, q->body_len);
	receiver.last[q->body_len] = '\0';
	receiver.at_us[receiver.n++] = clock_wall_us();
}

/* --- the daemon's part --------------------------------------------------------------------------
 */

static void idle(void *arg)
{
	(void)arg;
	ck_assert_uint_eq(alerts_in_flight(alerts), 0);
	n_idle++;
}

static void put_credential(const char *name, const char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0600), 0);
}

static void start(void)
{
	char url[512];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", dir);
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(http_new(loop, &http), 0);
	fake_http_handler(http, receive, NULL);
	ck_assert_int_eq(store_thread_new(loop, st, &thread), 0);
	ck_assert_int_eq(alerts_new(loop, http, thread, &alerts), 0);
	alerts_on_idle(alerts, idle, NULL);
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
}

static void stop(void)
{
	alerts = alerts_free(alerts);
	fake_loop_settle(loop);
	http = http_free(http);
	thread = store_thread_free(thread);
	loop = loop_free(loop);
	st = NULL;
}

static void setup(void)
{
	memset(&receiver, 0, sizeof(receiver));
	receiver.status = 200;
	n_idle = 0;
	conf.n_sinks = 2;
	(void)snprintf(dir, sizeof(dir), "%s", tmpdir_make());
	(void)chmod(dir, 0700);
	put_credential("url", "https://hooks.contoso.com/in");
	put_credential("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	clock_virtual_set_wall(T(0));
	start();
	ck_assert_int_eq(db_script(st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					   " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(st, 1), 0);
	fake_loop_settle(loop);
}

static void teardown(void)
{
	stop();
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

static const char *ask(const char *query)
{
	/* a statement is prepared once per place in memory */
	static struct db_sql queries[32];
	static char out[4096];
	static size_t n_queries;
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t n = 0;

	out[0] = '\0';
	ck_assert_uint_lt(n_queries, ARRAY_SIZE(queries));
	queries[n_queries] = (struct db_sql){"", query};
	ck_assert_int_eq(db_query(st->db, &queries[n_queries++], DB_NO_ARGS, &rows), 0);
	while (db_next(&rows) > 0)
		n += (size_t)snprintf(
			out + n, sizeof(out) - n, "%s%s", n ? "|" : "", db_text(&rows, 0));
	return out;
}

#define OUTBOX \
	"SELECT alert.kind || ' ' || sink || ' ' || state || ' ' || attempts FROM outbox" \
	" JOIN alert ON alert.id = outbox.alert ORDER BY outbox.id"

#define HOLDING \
	"SELECT kind || ' ' || subject FROM condition WHERE cleared IS NULL ORDER BY subject"

/* --- tests --------------------------------------------------------------------------------------
 */

START_TEST(schedule)
{
	static const int64_t expected[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

	ck_assert_int_eq(outbox_delay_us(0), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
		ck_assert_int_eq(outbox_delay_us(i + 1), expected[i] * USEC_PER_SEC);
	ck_assert_int_eq(outbox_delay_us(ARRAY_SIZE(expected) + 1), 0);
}
END_TEST

START_TEST(delivered_to_every_sink)
{
	raise_alert("one");
	raise_alert("two");
	raise_alert("one");
	ck_assert_uint_gt(alerts_in_flight(alerts), 0);
	fake_loop_settle(loop);
	ck_assert_uint_eq(alerts_in_flight(alerts), 0);
	ck_assert_uint_gt(n_idle, 0);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_ptr_nonnull(strstr(receiver.last, "\"title\":\"two\""));
	ck_assert_str_eq(ask(OUTBOX), "job_failed journal sent 1|job_failed ops sent 1|"
				      "job_failed journal sent 1|job_failed ops sent 1");
	ck_assert_str_eq(ask("SELECT outside_id FROM alert WHERE id = 1"), receiver.id[0]);
}
END_TEST

/* Waiting for the next try is not being in flight: `--once` does not wait for days. */
START_TEST(tried_again_with_the_same_id)
{
	receiver.failures = 2;
	ck_assert(alerts_get_through(alerts, &tenant));
	raise_alert("one");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 1);
	ck_assert_uint_eq(alerts_in_flight(alerts), 0);
	ck_assert(!alerts_get_through(alerts, &tenant));
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 3);
	ck_assert(alerts_get_through(alerts, &tenant));
	for (unsigned i = 0; i < 2; i++) {
		int64_t waited = receiver.at_us[i + 1] - receiver.at_us[i];

		ck_assert_str_eq(receiver.id[i + 1], receiver.id[0]);
		ck_assert_int_ge(waited, outbox_delay_us(i + 1));
		ck_assert_int_le(waited, outbox_delay_us(i + 1) * 6 / 5 + 1);
	}
	ck_assert_str_eq(ask(OUTBOX), "job_failed journal sent 1|job_failed ops sent 3");
}
END_TEST

START_TEST(the_receiver_s_wish)
{
	static const struct {
		const char *retry_after;
		int64_t least_s, most_s;
	} t[] = {
		{"600", 600, 601},
		{"1", 5, 7},
		{"999999", 3600, 3601},
		{"tomorrow", 5, 7},
	};

	receiver.failures = 1;
	receiver.retry_after = t[_i].retry_after;
	raise_alert("one");
	fake_loop_run_for(loop, 2 * USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_int_ge(receiver.at_us[1] - receiver.at_us[0], t[_i].least_s * USEC_PER_SEC);
	ck_assert_int_le(receiver.at_us[1] - receiver.at_us[0], t[_i].most_s * USEC_PER_SEC);
}
END_TEST

START_TEST(refused_for_good)
{
	receiver.status = 410;
	raise_alert("one");
	fake_loop_run_for(loop, 5 * USEC_PER_DAY);
	ck_assert_uint_eq(receiver.n, 1);
	ck_assert_str_eq(ask(OUTBOX),
		"job_failed journal sent 1|job_failed ops dead 1|sink_failing journal sent 1");
	ck_assert_str_eq(ask("SELECT last_error FROM outbox WHERE state = 'dead'"),
		"the receiver answered 410: it does not exist any more");
	/* it works again: the condition ends, and the next one would be told again */
	receiver.status = 200;
	raise_alert("two");
	fake_loop_settle(loop);
	ck_assert_str_eq(
		ask("SELECT CAST(count(*) AS TEXT) FROM condition WHERE cleared IS NULL"), "0");
	receiver.status = 410;
	raise_alert("three");
	fake_loop_settle(loop);
	ck_assert_str_eq(
		ask("SELECT CAST(count(*) AS TEXT) FROM alert WHERE kind = 'sink_failing'"), "2");
}
END_TEST

START_TEST(given_up_in_the_end)
{
	receiver.failures = 1000;
	raise_alert("one");
	fake_loop_run_for(loop, 6 * USEC_PER_DAY);
	ck_assert_uint_eq(receiver.n, 10);
	ck_assert_int_ge(receiver.at_us[9] - receiver.at_us[0], 75 * USEC_PER_HOUR);
	/* told once, after the third failure */
	ck_assert_str_eq(ask(OUTBOX),
		"job_failed journal sent 1|job_failed ops dead 10|sink_failing journal sent 1");
}
END_TEST

START_TEST(a_failing_sink_that_recovers)
{
	receiver.failures = 4;
	raise_alert("one");
	fake_loop_run_for(loop, 10 * USEC_PER_HOUR);
	ck_assert_str_eq(ask(OUTBOX),
		"job_failed journal sent 1|job_failed ops sent 5|sink_failing journal sent 1");
	ck_assert_str_eq(
		ask("SELECT CAST(count(*) AS TEXT) FROM condition WHERE cleared IS NULL"), "0");
}
END_TEST

/* What waits for its hour comes with the first message that the receiver takes; with _i it was
 * another daemon that met the dead receiver. */
START_TEST(a_receiver_that_is_back)
{
	receiver.failures = 6;
	raise_alert("one");
	fake_loop_run_for(loop, 4 * USEC_PER_HOUR);
	raise_alert("two");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 6); /* the next is due in five minutes, or in hours */
	ck_assert_uint_eq(receiver.failures, 0);
	if (_i) {
		stop();
		start();
	}
	raise_alert("three");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 9);
	ck_assert_str_eq(receiver.id[7], receiver.id[0]);
	ck_assert_str_eq(receiver.id[8], receiver.id[5]);
	ck_assert_uint_eq(alerts_in_flight(alerts), 0);
	ck_assert(alerts_get_through(alerts, &tenant));
	ck_assert_str_eq(
		ask("SELECT CAST(count(*) AS TEXT) FROM outbox WHERE state <> 'sent'"), "0");
}
END_TEST

/* A message that is refused by itself is given up no sooner because others are taken. */
START_TEST(one_message_that_is_refused)
{
	unsigned tries = 0;

	receiver.refuses = "poison";
	raise_alert("poison");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	for (unsigned i = 0; i < 24; i++) {
		raise_alert("other");
		fake_loop_run_for(loop, USEC_PER_HOUR);
	}
	for (unsigned i = 0; i < receiver.n; i++)
		tries += strcmp(receiver.id[i], receiver.id[0]) == 0;
	/* as many as if it were alone; the fifth came with the first of the others */
	ck_assert_uint_eq(tries, 7);
	ck_assert_str_eq(receiver.id[5], receiver.id[0]);
	ck_assert_int_eq(receiver.at_us[5] - receiver.at_us[0], USEC_PER_HOUR);
	ck_assert_str_eq(ask("SELECT alert.title || ' ' || sink FROM outbox JOIN alert"
			     " ON alert.id = outbox.alert WHERE state <> 'sent'"),
		"poison ops");
}
END_TEST

/* The clock was a year ahead when the try was put off. */
START_TEST(a_clock_that_is_set_back)
{
	clock_virtual_set_wall(T(0) + 365 * USEC_PER_DAY);
	receiver.failures = 1;
	raise_alert("one");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 1);
	clock_virtual_set_wall(T(0));
	alerts_poke(alerts);
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_str_eq(ask(OUTBOX), "job_failed journal sent 1|job_failed ops sent 2");
}
END_TEST

/* The answer never came back to us: sent again under the same id. */
START_TEST(restart_with_a_message_in_flight)
{
	receiver.delay_us = 10 * USEC_PER_SEC;
	raise_alert("one");
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 1);
	ck_assert_uint_gt(alerts_in_flight(alerts), 0);
	stop();
	receiver.delay_us = 0;
	start();
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_str_eq(receiver.id[0], receiver.id[1]);
	ck_assert_str_eq(ask(OUTBOX), "job_failed journal sent 1|job_failed ops sent 1");
}
END_TEST

START_TEST(a_sink_without_its_credential)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/secret", dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	raise_alert("one");
	fake_loop_run_for(loop, USEC_PER_DAY);
	ck_assert_uint_eq(receiver.n, 0);
	ck_assert_uint_eq(alerts_in_flight(alerts), 0);
	ck_assert_str_eq(ask(OUTBOX),
		"sink_failing journal sent 1|job_failed journal sent 1|job_failed ops pending 0");
	/* it comes with a reload, and what waited is delivered */
	put_credential("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 1);
	ck_assert_str_eq(
		ask("SELECT CAST(count(*) AS TEXT) FROM condition WHERE cleared IS NULL"), "0");
}
END_TEST

START_TEST(a_reload_in_flight)
{
	receiver.delay_us = 10 * USEC_PER_SEC;
	raise_alert("one");
	fake_loop_settle(loop);
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(receiver.n, 1);
	/* another address: the one in flight is let go, and sent again */
	raise_alert("two");
	fake_loop_settle(loop);
	(void)snprintf(sinks[1].digest, sizeof(sinks[1].digest), "x");
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(receiver.n, 3);
	ck_assert_str_eq(receiver.id[1], receiver.id[2]);
	ck_assert_str_eq(ask("SELECT state FROM outbox WHERE sink = 'ops'"), "sent|sent");
}
END_TEST

START_TEST(a_sink_that_left)
{
	receiver.failures = 1000;
	raise_alert("one");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 4);
	ck_assert_str_eq(ask(HOLDING), "sink_failing ops");
	conf.n_sinks = 1;
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_run_for(loop, 10 * USEC_PER_DAY);
	ck_assert_uint_eq(receiver.n, 4);
	ck_assert_str_eq(ask(HOLDING), "");
	/* it may come back for as long as retries would take */
	ck_assert_str_eq(ask("SELECT state FROM outbox WHERE sink = 'ops'"), "pending");
	ck_assert_int_eq(alerts_configure(alerts, &conf), 0);
	fake_loop_settle(loop);
	ck_assert_str_eq(ask("SELECT state || last_error || '' FROM outbox WHERE sink = 'ops'"),
		"deadthe sink is no longer configured");
}
END_TEST

/* --- conditions ---------------------------------------------------------------------------------
 */

#define CONDITIONS "SELECT title FROM alert ORDER BY id"

static void late(const char *title)
{
	alerts_condition_set(alerts, &tenant, ALERT_SNAPSHOT_LATE, "", VERDICT_WARNING, title, "s");
}

START_TEST(a_condition_is_told_once)
{
	late("first");
	late("second");
	fake_loop_settle(loop);
	late("third");
	fake_loop_settle(loop);
	ck_assert_str_eq(ask(CONDITIONS), "first");
	/* also after a restart */
	stop();
	start();
	fake_loop_settle(loop);
	size_t before = fake_store_thread_posted(thread);
	late("fourth");
	alerts_condition_clear(alerts, &tenant, ALERT_THROTTLED, "");
	ck_assert_uint_eq(fake_store_thread_posted(thread), before);
	/* it ends, and begins again in the same second */
	alerts_condition_clear(alerts, &tenant, ALERT_SNAPSHOT_LATE, "");
	fake_loop_run_for(loop, USEC_PER_SEC);
	late("fifth");
	fake_loop_settle(loop);
	ck_assert_str_eq(ask(CONDITIONS), "first|fifth");
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_str_ne(receiver.id[0], receiver.id[1]);
	ck_assert_str_eq(ask("SELECT CAST(alert AS TEXT) FROM condition"), "2");
}
END_TEST

static void nag(const char *title)
{
	alerts_condition_remind(alerts, &tenant, ALERT_SIGN_IN_REQUIRED, "", USEC_PER_DAY,
		VERDICT_CRITICAL, title, "s");
	fake_loop_settle(loop);
}

/* Counted from when it began, whoever says so how often, and across restarts. */
START_TEST(a_condition_is_told_daily)
{
	fake_loop_settle(loop);
	nag("begins");
	for (int hour = 1; hour < 24; hour++) {
		fake_loop_run_for(loop, USEC_PER_HOUR);
		nag("too early");
	}
	fake_loop_run_for(loop, USEC_PER_HOUR);
	nag("day 1");
	nag("again");
	stop();
	start();
	nag("while starting");
	nag("after a restart");
	fake_loop_run_for(loop, USEC_PER_DAY);
	nag("day 2");
	/* away meanwhile: once for all that were missed */
	stop();
	clock_virtual_advance(5 * USEC_PER_DAY);
	start();
	fake_loop_settle(loop);
	nag("day 7");
	nag("again");
	ck_assert_str_eq(ask(CONDITIONS), "begins|day 1|day 2|day 7");
	alerts_condition_clear(alerts, &tenant, ALERT_SIGN_IN_REQUIRED, "");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	nag("another");
	fake_loop_run_for(loop, 23 * USEC_PER_HOUR);
	nag("too early");
	ck_assert_str_eq(ask(CONDITIONS), "begins|day 1|day 2|day 7|another");
}
END_TEST

/* What ends before the list of what holds has come must not be held by it. */
START_TEST(a_condition_that_ends_while_starting)
{
	late("first");
	fake_loop_settle(loop);
	stop();
	start();
	alerts_condition_clear(alerts, &tenant, ALERT_SNAPSHOT_LATE, "");
	fake_loop_settle(loop);
	clock_virtual_advance(USEC_PER_SEC);
	late("second");
	fake_loop_settle(loop);
	ck_assert_str_eq(ask(CONDITIONS), "first|second");
}
END_TEST

/* --- when the store cannot be written -----------------------------------------------------------
 */

START_TEST(past_a_full_store)
{
	raise_alert("before");
	fake_loop_settle(loop);
	fake_store_thread_fail(thread, 1, -ENOSPC);
	raise_alert("while");
	alerts_store_trouble(alerts, -ENOSPC, "s.db: the disk is full");
	alerts_store_trouble(alerts, -ENOSPC, "s.db: the disk is full");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 2);
	ck_assert_ptr_nonnull(strstr(receiver.last, "\"kind\":\"store_full\""));
	ck_assert_ptr_nonnull(strstr(receiver.last, "the disk is full"));
	fake_store_thread_heal(thread);
	alerts_store_trouble(alerts, 0, "");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 3);
	ck_assert_str_eq(ask(OUTBOX), "job_failed journal sent 1|job_failed ops sent 1|"
				      "job_failed journal sent 1|job_failed ops sent 1|"
				      "store_full journal sent 1|store_full ops sent 1");
}
END_TEST

START_TEST(past_a_broken_store_and_a_receiver_that_is_away)
{
	receiver.failures = 1;
	fake_store_thread_fail(thread, 1, -EIO);
	raise_alert("while");
	alerts_store_trouble(alerts, -EIO, "s.db");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 1);
	fake_store_thread_heal(thread);
	alerts_store_trouble(alerts, 0, "");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_uint_eq(receiver.n, 3);
	ck_assert_str_eq(receiver.id[2], receiver.id[0]);
	ck_assert_str_eq(ask("SELECT state FROM outbox"), "sent|sent|sent|sent");
}
END_TEST

/* What is known of the first try says nothing of the second alert. */
START_TEST(a_disk_that_flaps)
{
	receiver.delay_us = 10 * USEC_PER_SEC;
	for (unsigned i = 0; i < 2; i++) {
		fake_store_thread_fail(thread, 1, -EIO);
		raise_alert(i ? "two" : "one");
		alerts_store_trouble(alerts, -EIO, "s.db");
		fake_loop_run_for(loop, USEC_PER_SEC);
		if (i == 0) {
			fake_store_thread_heal(thread);
			alerts_store_trouble(alerts, 0, "");
		}
	}
	ck_assert_uint_eq(receiver.n, 1);
	fake_loop_run_for(loop, USEC_PER_MIN);
	fake_store_thread_heal(thread);
	alerts_store_trouble(alerts, 0, "");
	fake_loop_run_for(loop, USEC_PER_HOUR);
	ck_assert_str_eq(ask("SELECT state FROM outbox WHERE sink = 'ops'"), "sent|sent|sent|sent");
	/* each alert came at least once */
	for (int id = 1; id <= 4; id++) {
		char seen[40];
		unsigned k = 0;

		(void)snprintf(seen, sizeof(seen), "%s",
			ask(id == 1	  ? "SELECT outside_id FROM alert WHERE id = 1"
				: id == 2 ? "SELECT outside_id FROM alert WHERE id = 2"
				: id == 3 ? "SELECT outside_id FROM alert WHERE id = 3"
					  : "SELECT outside_id FROM alert WHERE id = 4"));
		while (k < receiver.n && strcmp(receiver.id[k], seen) != 0)
			k++;
		ck_assert_msg(k < receiver.n, "alert %d never came", id);
	}
}
END_TEST

START_TEST(hostile_names)
{
	_cleanup_(json_freep) struct json *body = NULL;
	static const char hostile[] = "contoso: \"}]}\xe2\x80\xae\x1b[2J\r\nX-Evil: 1\xff";

	raise_alert(hostile);
	fake_loop_settle(loop);
	ck_assert_uint_eq(receiver.n, 1);
	for (const char *p = receiver.last; *p; p++)
		ck_assert((unsigned char)*p >= 0x20);
	ck_assert_ptr_null(strstr(receiver.last, "\xe2\x80\xae"));
	ck_assert_int_eq(json_parse(receiver.last, strlen(receiver.last), 16, &body), 0);
	ck_assert_str_eq(json_string_or(json_member(body, "data"), "title", ""),
		"contoso: \"}]}\xe2\x80\xae\x1b[2J\r\nX-Evil: 1\xef\xbf\xbd");
}
END_TEST

START_TEST(every_type_of_the_configuration_is_there)
{
	ck_assert_ptr_eq(sink_type_find("journal"), &sink_journal);
	ck_assert_ptr_eq(sink_type_find("webhook"), &sink_webhook);
	ck_assert_ptr_null(sink_type_find("pigeon"));
	for (size_t i = 0; i < sink_n_types; i++)
		ck_assert_ptr_eq(sink_type_find(sink_types[i]->name), sink_types[i]);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("outbox");
	TCase *tc = tcase_create("outbox");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, schedule);
	tcase_add_test(tc, delivered_to_every_sink);
	tcase_add_test(tc, tried_again_with_the_same_id);
	tcase_add_loop_test(tc, the_receiver_s_wish, 0, 4);
	tcase_add_test(tc, refused_for_good);
	tcase_add_test(tc, given_up_in_the_end);
	tcase_add_test(tc, a_failing_sink_that_recovers);
	tcase_add_loop_test(tc, a_receiver_that_is_back, 0, 2);
	tcase_add_test(tc, one_message_that_is_refused);
	tcase_add_test(tc, a_clock_that_is_set_back);
	tcase_add_test(tc, restart_with_a_message_in_flight);
	tcase_add_test(tc, a_sink_without_its_credential);
	tcase_add_test(tc, a_reload_in_flight);
	tcase_add_test(tc, a_sink_that_left);
	tcase_add_test(tc, a_condition_is_told_once);
	tcase_add_test(tc, a_condition_is_told_daily);
	tcase_add_test(tc, a_condition_that_ends_while_starting);
	tcase_add_test(tc, past_a_full_store);
	tcase_add_test(tc, past_a_broken_store_and_a_receiver_that_is_away);
	tcase_add_test(tc, a_disk_that_flaps);
	tcase_add_test(tc, hostile_names);
	tcase_add_test(tc, every_type_of_the_configuration_is_there);
	suite_add_tcase(s, tc);
	return s;
}
