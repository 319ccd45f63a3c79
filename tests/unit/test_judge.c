/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/watch/judge*.c: from stored pages to findings, coverage, alerts and the outbox, on a real
 * database behind the fake store thread.
 */
#include "daemon/watch/judge.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/store/store.h"
#include "common/store/store_coverage.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "common/store/store_page.h"
#include "daemon/watch/judge_tally.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/tmpdir.h"

/* A row says what differs from the usual. */
#pragma GCC diagnostic ignored "-Woverride-init"

Suite *suite(void);

#define T(h) (INT64_C(1790000000000000) + (h)*USEC_PER_HOUR)
#define ID(n) "aaaaaaaa-0000-0000-0000-00000000000" #n

static struct store *st;
static struct loop *loop;
static struct store_thread *thread;
static struct judge *judge;
static struct conf conf;
static struct conf_tenant tenant_conf;
static struct conf_sink sinks[] = {{.name = (char *)"journal"}, {.name = (char *)"ops"}};
static struct tenant tenant;

static struct judge_result last;
static char first_object[256];
static unsigned n_answers;

static void judged(void *arg, struct tenant *t, struct run *run, const struct judge_result *result)
{
	(void)arg;
	ck_assert_ptr_eq(t, &tenant);
	ck_assert_ptr_nonnull(run);
	last = *result;
	first_object[0] = '\0';
	if (result->n_objects)
		(void)snprintf(first_object, sizeof(first_object), "%s %s %s %s",
			result->objects[0].entity_type, result->objects[0].object_id,
			result->objects[0].change, verdict_name(result->objects[0].severity));
	n_answers++;
}

static void setup(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(db_script(st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					   " VALUES (1, 'contoso', 'x', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(st, 1), 0);
	clock_virtual_set_wall(T(100));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(store_thread_new(loop, st, &thread), 0);
	ck_assert_int_eq(judge_new(thread, judged, NULL, &judge), 0);
	tenant_conf = (struct conf_tenant){.refs = 1,
		.name = (char *)"contoso",
		.tenant_id = (char *)"11111111-2222-3333-4444-555555555555"};
	conf = (struct conf){.sinks = sinks, .n_sinks = ARRAY_SIZE(sinks)};
	tenant = (struct tenant){.id = 1, .conf = &tenant_conf};
	n_answers = 0;
}

static void teardown(void)
{
	thread = store_thread_free(thread);
	judge = judge_free(judge);
	loop = loop_free(loop);
	st = NULL;
	tmpdir_remove();
}

/* --- making previews ----------------------------------------------------------------------------
 */

struct preview {
	int64_t baseline_us, p_us; /* hours */
	const char *rows;	   /* elements of "value" */
	int64_t promised;	   /* -1: as many as there are */
	bool initial;
	int64_t takes_us;
	const char *baseline, *watch, *filter, *filter_hash, *service_id;
};
#define PREVIEW(...) \
	(struct preview) \
	{ \
		.promised = -1, .baseline = "covered", .watch = "all", .filter = "", \
		.filter_hash = "h", .service_id = "j", __VA_ARGS__ \
	}

#define DELETED(type, id, name, at) \
	"{\"recoveryAction\":\"restore\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name "\",\"deltaFromCurrent\":{\"deletedDateTime\":null}," \
	"\"currentState\":{\"deletedDateTime\":" at ",\"displayName\":\"" name "\"}}"
#define APPEARED(type, id, name) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name \
	"\",\"deltaFromCurrent\":{\"@removed\":{\"reason\":\"changed\"}," \
	"\"deletedDateTime\":\"2026-09-21T00:00:00Z\"}," \
	"\"currentState\":{\"displayName\":\"" name "\"}}"
#define MODIFIED(type, id, name, delta, current) \
	"{\"recoveryAction\":\"update\",\"entityTypeName\":\"" type "\",\"id\":\"" id "\"," \
	"\"displayName\":\"" name "\",\"deltaFromCurrent\":{" delta "}," \
	"\"currentState\":{\"displayName\":\"" name "\"," current "}}"

static void move(struct run *run, enum run_state to)
{
	enum run_state from = run->state;

	run->state = to;
	run->holds_slot = to == RUN_CREATING || to == RUN_WAITING;
	ck_assert_int_eq(store_job_move(st, run, from), 0);
}

/* Stores a complete preview that waits for its verdict. */
static struct run *preview(const struct preview *p)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_PAGE_BYTES);
	struct change_page page;
	struct run *run = run_new();
	char service_id[64];
	bool more;

	ck_assert_ptr_nonnull(run);
	/* each preview is a job of its own at the service */
	(void)snprintf(
		service_id, sizeof(service_id), "%s-%lld", p->service_id, (long long)p->p_us);
	run->tenant = 1;
	run->due_us = run->queued_us = T(p->p_us);
	run->snapshot_created_us = run->covered_from_us = T(p->baseline_us);
	run->initial = p->initial;
	ck_assert(run_set_text(&run->watch, p->watch) == 0 &&
		  run_set_text(&run->filter_hash, p->filter_hash) == 0 &&
		  run_set_text(&run->filter, p->filter) == 0 &&
		  run_set_text(&run->baseline, p->baseline) == 0 &&
		  run_set_text(&run->snapshot, "s") == 0 &&
		  run_set_text(&run->service_id, service_id) == 0);
	ck_assert_int_eq(store_job_insert(st, run), 0);
	run->intent_us = T(p->p_us);
	move(run, RUN_CREATING);
	run->started_us = T(p->p_us);
	run->completed_us = T(p->p_us) + p->takes_us;
	move(run, RUN_WAITING);
	move(run, RUN_COLLECTING);
	buf_printf(&text, "{\"@context\":\"x\",\"value\":[%s]}", p->rows);
	ck_assert_int_eq(change_page_parse(text.data, text.len, &page), 0);
	ck_assert_int_eq(store_page_put(st, run->id, 1, text.data, text.len, &page), 0);
	run->objects = p->promised >= 0 ? p->promised : (int64_t)page.n;
	run->changes = run->distinct_objects = (int64_t)page.n;
	run->verified = run_verify(run->objects, run->changes, run->distinct_objects, &more);
	change_page_done(&page);
	move(run, RUN_SETTLING);
	return run;
}

static int64_t judge_preview(const struct preview *p)
{
	struct run *run = preview(p);
	int64_t id = run->id;
	unsigned before = n_answers;

	judge_start(judge, &conf, &tenant, run);
	fake_loop_settle(loop);
	ck_assert_uint_eq(n_answers, before + 1);
	ck_assert_int_eq(last.r, 0);
	(void)run_free(run);
	return id;
}

/* --- looking at the store -----------------------------------------------------------------------
 */

static const char *ask(const char *query)
{
	/* a statement is prepared once per place in memory */
	static struct db_sql queries[32];
	static char out[64 * 1024];
	static size_t n_queries;
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t n = 0;

	out[0] = '\0';
	ck_assert_uint_lt(n_queries, ARRAY_SIZE(queries));
	queries[n_queries] = (struct db_sql){"", query};
	ck_assert_int_eq(db_query(st->db, &queries[n_queries++], DB_NO_ARGS, &rows), 0);
	while (db_next(&rows) > 0) {
		const char *text = db_text(&rows, 0);

		n += (size_t)snprintf(
			out + n, sizeof(out) - n, "%s%s", n ? "|" : "", text ? text : "-");
	}
	return out;
}

#define FINDINGS \
	"SELECT change || ' ' || episode || ' ' || attention || ' ' || fact || ' ' || severity" \
	" FROM finding ORDER BY id"
#define ALERTS "SELECT kind || ' ' || severity || ' ' || title FROM alert ORDER BY id"

/* --- tests --------------------------------------------------------------------------------------
 */

START_TEST(deletions_and_a_new_application)
{
	int64_t job = judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-22T00:00:00Z\"") "," DELETED(
			"user", ID(2), "Bob",
			"\"2026-09-22T01:00:00Z\"") "," APPEARED("application", ID(3),
			"Invoice Sync") "," MODIFIED("user", ID(4), "Carl", "\"city\":\"Bonn\"",
			"\"city\":\"Ulm\"")));
	struct store_coverage c;

	ck_assert_int_eq(last.n_deleted, 2);
	ck_assert_int_eq(last.n_appeared, 1);
	ck_assert_int_eq(last.n_modified, 1);
	ck_assert_int_eq(last.n_new, 3);
	ck_assert_int_eq(last.n_expected, 0);
	ck_assert_uint_eq(last.n_alerts, 2);
	ck_assert_uint_eq(last.n_objects, 3);
	ck_assert_str_eq(first_object, "user " ID(1) " deleted warning");
	ck_assert_int_eq(last.outcome, RUN_OK);
	ck_assert_str_eq(ask(FINDINGS), "deleted 1 open visible warning|"
					"deleted 1 open visible warning|"
					"appeared 1 open visible critical");
	ck_assert_str_eq(ask(ALERTS),
		"changes_unexpected warning contoso: 2 users were deleted|"
		"changes_unexpected critical contoso: 1 application appeared");
	ck_assert_str_eq(ask("SELECT sink || ' ' || state FROM outbox ORDER BY id"),
		"journal pending|ops pending|journal pending|ops pending");
	/* the time of deletion makes the interval a point */
	ck_assert_str_eq(
		ask("SELECT CAST(hi - lo AS TEXT) FROM finding ORDER BY id"), "1|1|86400000000");
	ck_assert_int_eq(store_coverage_get(st, 1, "all", "h", &c), 0);
	ck_assert_int_eq(c.from_us, T(0));
	ck_assert_int_eq(c.to_us, T(24));
	ck_assert_int_eq(c.job, job);
	ck_assert_str_eq(ask("SELECT state || ' ' || outcome FROM job"), "done ok");
}
END_TEST

START_TEST(the_same_event_is_told_once)
{
	static const char rows[] = DELETED("user", ID(1), "Anna",
		"\"2026-09-22T00:00:00Z\"") "," APPEARED("group", ID(3), "G");

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	(void)judge_preview(&PREVIEW(.baseline_us = 23, .p_us = 48, .rows = rows));
	ck_assert_int_eq(last.n_new, 0);
	ck_assert_int_eq(last.n_again, 2);
	ck_assert_uint_eq(last.n_alerts, 0);
	ck_assert_uint_eq(last.n_objects, 0);
	ck_assert_str_eq(ask(FINDINGS), "deleted 1 open visible warning|"
					"appeared 1 open visible warning");
	ck_assert_str_eq(ask("SELECT first_job || ' ' || last_job FROM finding"), "1 2|1 2");
	/* what is known of the event narrows: (23 h, 24 h] */
	ck_assert_str_eq(ask("SELECT CAST(hi - lo AS TEXT) FROM finding WHERE change = 'appeared'"),
		"3600000000");
}
END_TEST

START_TEST(it_happens_again)
{
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-22T00:00:00Z\"") "," APPEARED(
			"group", ID(3), "G")));
	/* deleted another time; appeared against a baseline that has it: it went in between */
	(void)judge_preview(&PREVIEW(.baseline_us = 24, .p_us = 48,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-23T00:00:00Z\"") "," APPEARED(
			"group", ID(3), "G")));
	ck_assert_int_eq(last.n_new, 2);
	ck_assert_uint_eq(last.n_alerts, 1);
	ck_assert_str_eq(ask(FINDINGS), "deleted 1 open absorbed warning|"
					"appeared 1 open absorbed warning|"
					"deleted 2 open visible warning|"
					"appeared 2 open visible warning");
	/* and the opposite in between */
	(void)judge_preview(&PREVIEW(.baseline_us = 30, .p_us = 60,
		.rows = DELETED("group", ID(3), "G", "null")));
	(void)judge_preview(
		&PREVIEW(.baseline_us = 30, .p_us = 72, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_str_eq(ask("SELECT CAST(episode AS TEXT) || brought_back FROM finding"
			     " WHERE change = 'appeared'"),
		"10|20|31");
}
END_TEST

/* A receiver drops an id that it has seen, and a new store counts jobs from 1 again. */
START_TEST(a_new_store_has_new_ids)
{
	static const char rows[] = APPEARED("group", ID(3), "G");
	char id[64];

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	(void)snprintf(id, sizeof(id), "%s", ask("SELECT outside_id FROM alert"));
	teardown();
	setup();
	(void)judge_preview(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows, .service_id = "k"));
	ck_assert_str_ne(ask("SELECT outside_id FROM alert"), id);
	teardown();
	setup();
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_str_eq(ask("SELECT outside_id FROM alert"), id);
}
END_TEST

/* The documented example lists one object four times; that is no new event every day. */
START_TEST(an_object_that_is_listed_twice)
{
	static const char rows[] =
		DELETED("group", ID(3), "G", "null") "," APPEARED("group", ID(3), "G");

	for (int64_t day = 1; day <= 3; day++)
		(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24 * day, .rows = rows));
	ck_assert_int_eq(last.n_new, 0);
	ck_assert_int_eq(last.n_again, 2);
	ck_assert_str_eq(ask(FINDINGS), "deleted 1 open visible warning|"
					"appeared 1 open visible warning");
	ck_assert_str_eq(ask("SELECT CAST(count(*) AS TEXT) FROM alert"), "1");
}
END_TEST

START_TEST(silence)
{
	static const struct {
		const char *text;
		struct preview p;
		const char *fact;
	} t[] = {
		{"a newer baseline", PREVIEW(.baseline_us = 24, .p_us = 48), "absorbed"},
		{"an older one", PREVIEW(.baseline_us = 23, .p_us = 48), "visible"},
		{"unverified", PREVIEW(.baseline_us = 24, .p_us = 48, .promised = 9), "visible"},
		{"another filter",
			PREVIEW(.baseline_us = 24, .p_us = 48, .filter = "{}", .filter_hash = "g"),
			"visible"},
		{"another watch without a filter",
			PREVIEW(.baseline_us = 24, .p_us = 48, .watch = "w", .filter_hash = "g"),
			"absorbed"},
		{"a report", PREVIEW(.baseline_us = 24, .p_us = 48, .baseline = "newest"),
			"visible"},
	};
	struct preview p = t[_i].p;

	(void)judge_preview(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));
	p.rows = "";
	(void)judge_preview(&p);
	ck_assert_msg(strcmp(ask("SELECT fact FROM finding"), t[_i].fact) == 0, "%s", t[_i].text);
	ck_assert_int_eq(last.n_absorbed, strcmp(t[_i].fact, "absorbed") == 0);
	ck_assert_str_eq(ask("SELECT attention FROM finding"), "open");
	if (last.n_absorbed)
		ck_assert_str_eq(ask("SELECT what || ' ' || was || ' ' || becomes || ' ' || who"
				     " FROM finding_history"),
			"fact visible absorbed job 2");
	ck_assert_uint_eq(last.n_alerts, 0);
}
END_TEST

START_TEST(unverified)
{
	struct store_coverage c;

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .promised = 5,
		.rows = APPEARED("group", ID(3), "G")));
	ck_assert_int_eq(last.outcome, RUN_UNVERIFIED);
	ck_assert_int_eq(last.verified, 0);
	ck_assert_int_eq(last.n_new, 1);
	ck_assert_int_eq(store_coverage_get(st, 1, "all", "h", &c), -ENOENT);
	ck_assert_str_eq(ask("SELECT outcome FROM job"), "unverified");
	const char *body = ask("SELECT body FROM alert");
	ck_assert_ptr_nonnull(strstr(body, "\"verified\":false"));
	ck_assert_ptr_nonnull(strstr(body, "listed 1 changes but promised 5"));
}
END_TEST

START_TEST(a_start_in_the_future_covers_nothing)
{
	struct store_coverage c;

	(void)judge_preview(
		&PREVIEW(.baseline_us = 0, .p_us = 9999, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_int_eq(last.n_new, 1);
	ck_assert_int_eq(store_coverage_get(st, 1, "all", "h", &c), 0);
	ck_assert_int_eq(c.to_us, T(0) + 1);
}
END_TEST

START_TEST(reports_have_no_consequences)
{
	struct store_coverage c;

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .baseline = "oldest",
		.rows = DELETED("user", ID(1), "Anna",
			"null") ","
				"{\"recoveryAction\":\"merge\",\"entityTypeName\":\"user\",\"id\":"
				"\"x\"}"));
	ck_assert_int_eq(last.n_deleted, 1);
	ck_assert_int_eq(last.n_unknown, 1);
	ck_assert_int_eq(last.n_new, 0);
	ck_assert_str_eq(ask(FINDINGS), "");
	ck_assert_str_eq(ask(ALERTS), "");
	ck_assert_int_eq(store_coverage_get(st, 1, "all", "h", &c), -ENOENT);
	ck_assert_str_eq(ask("SELECT state FROM job"), "done");
}
END_TEST

START_TEST(a_first_run_is_one_notice)
{
	static const char rows[] =
		DELETED("user", ID(1), "Anna", "null") "," APPEARED("application", ID(2), "App");

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .initial = true, .rows = rows));
	ck_assert_uint_eq(last.n_alerts, 1);
	ck_assert_uint_eq(last.n_objects, 0);
	ck_assert_str_eq(ask(ALERTS), "first_run notice contoso: first comparison: 1 user was "
				      "deleted, 1 application appeared");
	const char *body = ask("SELECT body FROM alert");
	ck_assert_ptr_nonnull(strstr(body, "\"initial\":true"));
	ck_assert_ptr_nonnull(strstr(body, "\"display_name\":\"App\""));
	ck_assert_ptr_null(strstr(body, "Anna"));
	ck_assert_str_eq(
		ask("SELECT CAST(initial AS TEXT) || attention FROM finding"), "1open|1open");
}
END_TEST

START_TEST(a_first_run_that_is_to_alert)
{
	tenant_conf.first_run = FIRST_RUN_ALERT;
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .initial = true,
		.rows = DELETED("user", ID(1), "Anna", "null")));
	ck_assert_str_eq(ask(ALERTS), "changes_unexpected warning contoso: 1 user was deleted");
	ck_assert_str_eq(ask("SELECT CAST(initial AS TEXT) FROM finding"), "0");
}
END_TEST

static char *appeared_words[] = {(char *)"appeared", NULL};
static char *user_words[] = {(char *)"user", NULL};
static char *state_words[] = {(char *)"state", NULL};
static char *member_words[] = {(char *)"members", NULL};

START_TEST(rules_decide)
{
	struct conf_rule rules[] = {
		{.name = (char *)"onboarding",
			.change = {appeared_words, 1},
			.entity = {user_words, 1},
			.until_us = TIME_NONE,
			.verdict = VERDICT_EXPECTED},
		{.name = (char *)"policies",
			.property = {state_words, 1},
			.until_us = TIME_NONE,
			.verdict = VERDICT_CRITICAL},
		{.name = (char *)"members",
			.property = {member_words, 1},
			.until_us = TIME_NONE,
			.verdict = VERDICT_NOTICE},
		{.name = (char *)"gone",
			.entity = {user_words, 1},
			.until_us = TIME_NONE,
			.verdict = VERDICT_IGNORE},
	};
	conf.rules = rules;
	conf.n_rules = ARRAY_SIZE(rules);
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = APPEARED("user", ID(1), "New") "," DELETED(
			"user", ID(2), "Old", "null") "," MODIFIED("conditionalAccessPolicy", ID(3),
			"MFA", "\"state\":\"enabled\",\"description\":\"a\"",
			"\"state\":\"disabled\",\"description\":\"b\"") "," MODIFIED("group", ID(4),
			"Admins",
			"\"members@delta\":[{\"id\":\"" ID(
				5) "\",\"displayName\":\"Eve\","
				   "\"@removed\":{\"reason\":\"changed\"}},{\"id\":\"" ID(6) "\"}]",
			"\"x\":1")));
	ck_assert_int_eq(last.n_expected, 1);
	ck_assert_int_eq(last.n_new, 3);
	ck_assert_str_eq(ask("SELECT change || ' ' || atom || ' ' || attention || ' ' || severity"
			     " || ' ' || rule FROM finding ORDER BY id"),
		"appeared  expected expected onboarding|"
		"modified state open critical policies|"
		"link added members/" ID(5) " open notice members|"
					    "link removed members/" ID(6) " open notice members");
	ck_assert_str_eq(ask("SELECT before || after FROM finding WHERE atom = 'state'"),
		"\"enabled\"\"disabled\"");
	ck_assert_str_eq(ask(ALERTS),
		"changes_unexpected notice contoso: 1 group was modified|"
		"changes_unexpected critical contoso: 1 Conditional Access policy was modified");
	ck_assert_ptr_nonnull(strstr(ask("SELECT body FROM alert WHERE severity = 'critical'"),
		"\"property\":\"state\",\"before\":\"enabled\",\"after\":\"disabled\""));
	ck_assert_ptr_nonnull(strstr(ask("SELECT body FROM alert WHERE severity = 'notice'"),
		"\"link_id\":\"" ID(5) "\",\"link_name\":\"Eve\""));
}
END_TEST

/* A rule that came later calms what is open; what a person decided stays. */
START_TEST(rules_change_their_mind)
{
	struct conf_rule rule = {
		.name = (char *)"calm", .until_us = TIME_NONE, .verdict = VERDICT_EXPECTED};
	static const char rows[] = APPEARED("user", ID(1), "A") "," APPEARED("user", ID(2), "B");

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_int_eq(
		db_script(st->db, "UPDATE finding SET attention = 'acknowledged' WHERE id = 2"), 0);
	conf.rules = &rule;
	conf.n_rules = 1;
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 48, .rows = rows));
	ck_assert_str_eq(ask(FINDINGS), "appeared 1 expected visible expected|"
					"appeared 1 acknowledged visible warning");
	ck_assert_str_eq(ask("SELECT what || ' ' || who FROM finding_history ORDER BY what"),
		"attention rule calm|severity rule calm");
	/* an ignored one is still seen, so that no silence is concluded */
	rule.verdict = VERDICT_IGNORE;
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 72, .rows = rows));
	ck_assert_int_eq(last.n_again, 2);
	ck_assert_str_eq(ask("SELECT CAST(last_job AS TEXT) FROM finding"), "3|3");
}
END_TEST

START_TEST(an_unknown_action_is_told_once)
{
	static const char rows[] = "{\"recoveryAction\":\"merge\",\"entityTypeName\":\"user\","
				   "\"id\":\"" ID(1) "\",\"displayName\":\"x\"}";

	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_int_eq(last.n_unknown, 1);
	ck_assert_uint_eq(last.n_alerts, 1);
	ck_assert_str_eq(ask(FINDINGS), "");
	ck_assert_ptr_nonnull(strstr(ask("SELECT body FROM alert"), "change 'merge'"));
	(void)judge_preview(&PREVIEW(.baseline_us = 24, .p_us = 48, .rows = rows));
	ck_assert_uint_eq(last.n_alerts, 0);
}
END_TEST

START_TEST(one_sink_of_its_own)
{
	char *ops[] = {(char *)"ops", NULL};

	tenant_conf.sinks = (struct strv){ops, 1};
	(void)judge_preview(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_str_eq(ask("SELECT sink FROM outbox"), "ops");
}
END_TEST

START_TEST(at_most_twenty_objects)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT(1024 * 1024);
	_cleanup_(json_freep) struct json *data = NULL;
	int64_t omitted = 0;
	size_t n = 0;

	for (int i = 0; i < 1300; i++)
		buf_printf(&rows,
			"%s" DELETED("user", "aaaaaaaa-0000-0000-0000-%012d", "Name \\u202e %d",
				"\"2026-09-22T00:00:00Z\""),
			i ? "," : "", i, i, i);
	/* more than the judge takes at a time */
	(void)judge_preview(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = buf_text(&rows)));
	ck_assert_int_eq(last.n_new, 1300);
	ck_assert_uint_eq(last.n_objects, LIMIT_JOURNAL_OBJECTS);
	ck_assert_uint_eq(last.n_omitted, 300);
	const char *body = ask("SELECT body FROM alert");
	ck_assert_ptr_null(strstr(body, "\xe2\x80\xae"));
	ck_assert_int_eq(json_parse(body, strlen(body), 16, &data), 0);
	JSON_EACH (o, json_member(data, "objects"))
		n++;
	ck_assert_uint_eq(n, LIMIT_ALERT_OBJECTS);
	ck_assert_int_eq(json_get_int(data, "omitted", &omitted), JSON_GET_OK);
	ck_assert_int_eq(omitted, 1280);
	ck_assert_str_eq(
		ask(ALERTS), "changes_unexpected warning contoso: 1300 users were deleted");
}
END_TEST

/* Died before the verdict was committed, or after it but before anybody heard. */
START_TEST(judging_again_after_a_crash)
{
	static const enum fake_store_death when[] = {
		FAKE_STORE_DIE_BEFORE_COMMIT, FAKE_STORE_DIE_AFTER_COMMIT};
	struct run *run = preview(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));

	fake_store_thread_delay(thread, USEC_PER_HOUR);
	fake_store_thread_fail(thread, 1, -EIO);
	if (when[_i] == FAKE_STORE_DIE_AFTER_COMMIT)
		fake_store_thread_heal(thread);
	judge_start(judge, &conf, &tenant, run);
	fake_loop_settle(loop);
	ck_assert_uint_eq(n_answers, 0);
	ck_assert_str_eq(ask("SELECT state FROM job"),
		when[_i] == FAKE_STORE_DIE_AFTER_COMMIT ? "done" : "settling");
	fake_store_thread_heal(thread);
	judge_start(judge, &conf, &tenant, run);
	fake_loop_run_for(loop, 2 * USEC_PER_HOUR);
	ck_assert_uint_eq(n_answers, 2);
	ck_assert_int_eq(last.r, 0);
	ck_assert_int_eq(last.outcome, RUN_OK);
	ck_assert_str_eq(ask(FINDINGS), "appeared 1 open visible warning");
	ck_assert_str_eq(ask("SELECT CAST(count(*) AS TEXT) FROM outbox"), "2");
	(void)run_free(run);
}
END_TEST

START_TEST(a_damaged_page_is_no_verdict)
{
	struct conf_rule rule = {.name = (char *)"policies",
		.property = {state_words, 1},
		.until_us = TIME_NONE,
		.verdict = VERDICT_CRITICAL};

	conf.rules = &rule;
	conf.n_rules = 1;
	struct run *run = preview(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = MODIFIED("conditionalAccessPolicy", ID(3), "MFA", "\"state\":\"enabled\"",
			"\"state\":\"disabled\"")));

	ck_assert_int_eq(db_script(st->db, "UPDATE page SET sha256 = x'00'"), 0);
	judge_start(judge, &conf, &tenant, run);
	fake_loop_settle(loop);
	ck_assert_int_eq(last.r, -EBADMSG);
	ck_assert_str_eq(ask("SELECT state FROM job"), "settling");
	ck_assert_str_eq(ask(FINDINGS), "");
	(void)run_free(run);
}
END_TEST

START_TEST(the_best_go_first)
{
	static const struct {
		const char *type, *change;
		enum verdict severity;
	} offered[] = {
		{"appRoleAssignment", "deleted", VERDICT_CRITICAL},
		{"conditionalAccessPolicy", "modified", VERDICT_CRITICAL},
		{"user", "deleted", VERDICT_WARNING},
		{"application", "appeared", VERDICT_CRITICAL},
		{"group", "deleted", VERDICT_CRITICAL},
		{"oAuth2PermissionGrant", "appeared", VERDICT_CRITICAL},
	};
	static const char *const order[] = {"group", "application", "conditionalAccessPolicy",
		"appRoleAssignment", "oAuth2PermissionGrant", "user"};
	struct tally t = {0};

	for (size_t i = 0; i < ARRAY_SIZE(offered); i++)
		ck_assert_int_eq(tally_offer(&t,
					 &(struct alert_object){
						 .entity_type = offered[i].type,
						 .object_id = "x",
						 .change = offered[i].change,
						 .severity = offered[i].severity,
					 }),
			0);
	ck_assert_uint_eq(t.n_shown, ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		ck_assert_str_eq(t.shown[i]->entity_type, order[i]);
	tally_done(&t);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("judge");
	TCase *tc = tcase_create("judge");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, deletions_and_a_new_application);
	tcase_add_test(tc, the_same_event_is_told_once);
	tcase_add_test(tc, it_happens_again);
	tcase_add_test(tc, an_object_that_is_listed_twice);
	tcase_add_test(tc, a_new_store_has_new_ids);
	tcase_add_loop_test(tc, silence, 0, 6);
	tcase_add_test(tc, unverified);
	tcase_add_test(tc, a_start_in_the_future_covers_nothing);
	tcase_add_test(tc, reports_have_no_consequences);
	tcase_add_test(tc, a_first_run_is_one_notice);
	tcase_add_test(tc, a_first_run_that_is_to_alert);
	tcase_add_test(tc, rules_decide);
	tcase_add_test(tc, rules_change_their_mind);
	tcase_add_test(tc, an_unknown_action_is_told_once);
	tcase_add_test(tc, one_sink_of_its_own);
	tcase_add_test(tc, at_most_twenty_objects);
	tcase_add_loop_test(tc, judging_again_after_a_crash, 0, 2);
	tcase_add_test(tc, a_damaged_page_is_no_verdict);
	tcase_add_test(tc, the_best_go_first);
	suite_add_tcase(s, tc);
	return s;
}
