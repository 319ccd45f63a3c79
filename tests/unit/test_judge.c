/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/watch/judge*.c: from stored pages to findings, coverage, alerts and the outbox. What
 * becomes of findings over several previews is in test_judge_story.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json.h"
#include "common/store/store_coverage.h"
#include "daemon/watch/judge_tally.h"
#include "tests/support/judge_world.h"

Suite *suite(void);

/* --- tests --------------------------------------------------------------------------------------
 */

START_TEST(deletions_and_a_new_application)
{
	int64_t job = judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-22T00:00:00Z\"") "," DELETED(
			"user", ID(2), "Bob",
			"\"2026-09-22T01:00:00Z\"") "," APPEARED("application", ID(3),
			"Invoice Sync") "," MODIFIED("user", ID(4), "Carl", "\"city\":\"Bonn\"",
			"\"city\":\"Ulm\"")));
	struct store_coverage c;

	ck_assert_int_eq(w.last.n_deleted, 2);
	ck_assert_int_eq(w.last.n_appeared, 1);
	ck_assert_int_eq(w.last.n_modified, 1);
	ck_assert_int_eq(w.last.n_new, 3);
	ck_assert_int_eq(w.last.n_expected, 0);
	ck_assert_uint_eq(w.last.n_alerts, 2);
	ck_assert_uint_eq(w.last.n_objects, 3);
	ck_assert_str_eq(w.first_object, "user " ID(1) " deleted warning");
	ck_assert_int_eq(w.last.outcome, RUN_OK);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "deleted 1 open visible warning|"
						    "deleted 1 open visible warning|"
						    "appeared 1 open visible critical");
	ck_assert_str_eq(judge_world_ask(ALERTS),
		"changes_unexpected warning contoso: 2 users were deleted|"
		"changes_unexpected critical contoso: 1 application appeared");
	ck_assert_str_eq(judge_world_ask("SELECT sink || ' ' || state FROM outbox ORDER BY id"),
		"journal pending|ops pending|journal pending|ops pending");
	/* the time of deletion makes the interval a point */
	ck_assert_str_eq(judge_world_ask("SELECT CAST(hi - lo AS TEXT) FROM finding ORDER BY id"),
		"1|1|86400000000");
	ck_assert_int_eq(store_coverage_get(w.st, 1, "all", "h", &c), 0);
	ck_assert_int_eq(c.from_us, T(0));
	ck_assert_int_eq(c.to_us, T(24));
	ck_assert_int_eq(c.job, job);
	ck_assert_str_eq(judge_world_ask("SELECT state || ' ' || outcome FROM job"), "done ok");
}
END_TEST

START_TEST(the_same_event_is_told_once)
{
	static const char rows[] = DELETED("user", ID(1), "Anna",
		"\"2026-09-22T00:00:00Z\"") "," APPEARED("group", ID(3), "G");

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	(void)judge_world_judge(&PREVIEW(.baseline_us = 23, .p_us = 48, .rows = rows));
	ck_assert_int_eq(w.last.n_new, 0);
	ck_assert_int_eq(w.last.n_again, 2);
	ck_assert_uint_eq(w.last.n_alerts, 0);
	ck_assert_uint_eq(w.last.n_objects, 0);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "deleted 1 open visible warning|"
						    "appeared 1 open visible warning");
	ck_assert_str_eq(
		judge_world_ask("SELECT first_job || ' ' || last_job FROM finding"), "1 2|1 2");
	/* what is known of the event narrows: (23 h, 24 h] */
	ck_assert_str_eq(
		judge_world_ask(
			"SELECT CAST(hi - lo AS TEXT) FROM finding WHERE change = 'appeared'"),
		"3600000000");
}
END_TEST

START_TEST(it_happens_again)
{
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-22T00:00:00Z\"") "," APPEARED(
			"group", ID(3), "G")));
	/* deleted another time; appeared against a baseline that has it: it went in between */
	(void)judge_world_judge(&PREVIEW(.baseline_us = 24, .p_us = 48,
		.rows = DELETED("user", ID(1), "Anna", "\"2026-09-23T00:00:00Z\"") "," APPEARED(
			"group", ID(3), "G")));
	ck_assert_int_eq(w.last.n_new, 2);
	ck_assert_uint_eq(w.last.n_alerts, 1);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "deleted 1 closed undone warning|"
						    "appeared 1 open absorbed warning|"
						    "deleted 2 open visible warning|"
						    "appeared 2 open visible warning");
	/* and the opposite in between */
	(void)judge_world_judge(&PREVIEW(.baseline_us = 30, .p_us = 60,
		.rows = DELETED("group", ID(3), "G", "null")));
	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 30, .p_us = 72, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_str_eq(judge_world_ask("SELECT CAST(episode AS TEXT) || brought_back FROM finding"
					 " WHERE change = 'appeared'"),
		"10|20|31");
}
END_TEST

/* A receiver drops an id that it has seen, and a new store counts jobs from 1 again. */
/* Two of them are two, and that one is not seen again proves nothing: it may have another text. */
START_TEST(objects_without_an_id)
{
#define NAMELESS(name) \
	"{\"recoveryAction\":\"softDelete\",\"entityTypeName\":\"user\",\"displayName\":\"" name \
	"\"}"
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = NAMELESS("Anna") "," NAMELESS("Bert")));
	ck_assert_int_eq(w.last.n_new, 2);
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 48, .rows = NAMELESS("Anna")));
	ck_assert_int_eq(w.last.n_new, 0);
	ck_assert_str_eq(
		judge_world_ask("SELECT name || ' ' || attention || ' ' || fact FROM finding"
				" ORDER BY id"),
		"Anna open visible|Bert open visible");
	ck_assert_str_eq(judge_world_ask("SELECT title FROM alert WHERE kind LIKE 'changes%'"),
		"contoso: 2 users appeared");
}
END_TEST

START_TEST(a_new_store_has_new_ids)
{
	static const char rows[] = APPEARED("group", ID(3), "G");
	char id[64];

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	(void)snprintf(id, sizeof(id), "%s", judge_world_ask("SELECT outside_id FROM alert"));
	judge_world_done();
	judge_world_new();
	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows, .service_id = "k"));
	ck_assert_str_ne(judge_world_ask("SELECT outside_id FROM alert"), id);
	judge_world_done();
	judge_world_new();
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_str_eq(judge_world_ask("SELECT outside_id FROM alert"), id);
}
END_TEST

/* The documented example lists one object four times; that is no new event every day. */
START_TEST(an_object_that_is_listed_twice)
{
	static const char rows[] =
		DELETED("group", ID(3), "G", "null") "," APPEARED("group", ID(3), "G");

	for (int64_t day = 1; day <= 3; day++)
		(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24 * day, .rows = rows));
	ck_assert_int_eq(w.last.n_new, 0);
	ck_assert_int_eq(w.last.n_again, 2);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "deleted 1 open visible warning|"
						    "appeared 1 open visible warning");
	ck_assert_str_eq(judge_world_ask("SELECT CAST(count(*) AS TEXT) FROM alert"), "1");
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

	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));
	p.rows = "";
	(void)judge_world_judge(&p);
	ck_assert_msg(strcmp(judge_world_ask("SELECT fact FROM finding"), t[_i].fact) == 0, "%s",
		t[_i].text);
	ck_assert_int_eq(w.last.n_absorbed, strcmp(t[_i].fact, "absorbed") == 0);
	ck_assert_str_eq(judge_world_ask("SELECT attention FROM finding"), "open");
	if (w.last.n_absorbed)
		ck_assert_str_eq(
			judge_world_ask("SELECT what || ' ' || was || ' ' || becomes || ' ' || who"
					" FROM finding_history"),
			"fact visible absorbed job 2");
	ck_assert_uint_eq(w.last.n_alerts, 0);
}
END_TEST

START_TEST(unverified)
{
	struct store_coverage c;

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .promised = 5,
		.rows = APPEARED("group", ID(3), "G")));
	ck_assert_int_eq(w.last.outcome, RUN_UNVERIFIED);
	ck_assert_int_eq(w.last.verified, 0);
	ck_assert_int_eq(w.last.n_new, 1);
	ck_assert_int_eq(store_coverage_get(w.st, 1, "all", "h", &c), -ENOENT);
	ck_assert_str_eq(judge_world_ask("SELECT outcome FROM job"), "unverified");
	const char *body = judge_world_ask("SELECT body FROM alert");
	ck_assert_ptr_nonnull(strstr(body, "\"verified\":false"));
	ck_assert_ptr_nonnull(strstr(body, "listed 1 changes but promised 5"));
}
END_TEST

START_TEST(a_start_in_the_future_covers_nothing)
{
	struct store_coverage c;

	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 0, .p_us = 9999, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_int_eq(w.last.n_new, 1);
	ck_assert_int_eq(store_coverage_get(w.st, 1, "all", "h", &c), 0);
	ck_assert_int_eq(c.to_us, T(0) + 1);
}
END_TEST

START_TEST(reports_have_no_consequences)
{
	struct store_coverage c;

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .baseline = "oldest",
		.rows = DELETED("user", ID(1), "Anna",
			"null") ","
				"{\"recoveryAction\":\"merge\",\"entityTypeName\":\"user\",\"id\":"
				"\"x\"}"));
	ck_assert_int_eq(w.last.n_deleted, 1);
	ck_assert_int_eq(w.last.n_unknown, 1);
	ck_assert_int_eq(w.last.n_new, 0);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "");
	ck_assert_str_eq(judge_world_ask(ALERTS), "");
	ck_assert_int_eq(store_coverage_get(w.st, 1, "all", "h", &c), -ENOENT);
	ck_assert_str_eq(judge_world_ask("SELECT state FROM job"), "done");
}
END_TEST

START_TEST(a_first_run_is_one_notice)
{
	static const char rows[] =
		DELETED("user", ID(1), "Anna", "null") "," APPEARED("application", ID(2), "App");

	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .initial = true, .rows = rows));
	ck_assert_uint_eq(w.last.n_alerts, 1);
	ck_assert_uint_eq(w.last.n_objects, 0);
	ck_assert_str_eq(judge_world_ask(ALERTS),
		"first_run notice contoso: first comparison: 1 user was "
		"deleted, 1 application appeared");
	const char *body = judge_world_ask("SELECT body FROM alert");
	ck_assert_ptr_nonnull(strstr(body, "\"initial\":true"));
	ck_assert_ptr_nonnull(strstr(body, "\"display_name\":\"App\""));
	ck_assert_ptr_null(strstr(body, "Anna"));
	ck_assert_str_eq(judge_world_ask("SELECT CAST(initial AS TEXT) || attention FROM finding"),
		"1open|1open");
}
END_TEST

START_TEST(a_first_run_that_is_to_alert)
{
	w.tenant_conf.first_run = FIRST_RUN_ALERT;
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .initial = true,
		.rows = DELETED("user", ID(1), "Anna", "null")));
	ck_assert_str_eq(
		judge_world_ask(ALERTS), "changes_unexpected warning contoso: 1 user was deleted");
	ck_assert_str_eq(judge_world_ask("SELECT CAST(initial AS TEXT) FROM finding"), "0");
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
	w.conf.rules = rules;
	w.conf.n_rules = ARRAY_SIZE(rules);
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = APPEARED("user", ID(1), "New") "," DELETED(
			"user", ID(2), "Old", "null") "," MODIFIED("conditionalAccessPolicy", ID(3),
			"MFA", "\"state\":\"enabled\",\"description\":\"a\"",
			"\"state\":\"disabled\",\"description\":\"b\"") "," MODIFIED("group", ID(4),
			"Admins",
			"\"members@delta\":[{\"id\":\"" ID(
				5) "\",\"displayName\":\"Eve\","
				   "\"@removed\":{\"reason\":\"changed\"}},{\"id\":\"" ID(6) "\"}]",
			"\"x\":1")));
	ck_assert_int_eq(w.last.n_expected, 1);
	ck_assert_int_eq(w.last.n_new, 3);
	ck_assert_str_eq(
		judge_world_ask(
			"SELECT change || ' ' || atom || ' ' || attention || ' ' || severity"
			" || ' ' || rule FROM finding ORDER BY id"),
		"appeared  expected expected onboarding|"
		"modified state open critical policies|"
		"link added members/" ID(5) " open notice members|"
					    "link removed members/" ID(6) " open notice members");
	ck_assert_str_eq(
		judge_world_ask("SELECT before || after FROM finding WHERE atom = 'state'"),
		"\"enabled\"\"disabled\"");
	ck_assert_str_eq(judge_world_ask(ALERTS),
		"changes_unexpected notice contoso: 1 group was modified|"
		"changes_unexpected critical contoso: 1 Conditional Access policy was modified");
	ck_assert_ptr_nonnull(
		strstr(judge_world_ask("SELECT body FROM alert WHERE severity = 'critical'"),
			"\"property\":\"state\",\"before\":\"enabled\",\"after\":\"disabled\""));
	ck_assert_ptr_nonnull(
		strstr(judge_world_ask("SELECT body FROM alert WHERE severity = 'notice'"),
			"\"link_id\":\"" ID(5) "\",\"link_name\":\"Eve\""));
}
END_TEST

/* A rule that came later calms what is open; what a person decided stays. */
START_TEST(rules_change_their_mind)
{
	struct conf_rule rule = {
		.name = (char *)"calm", .until_us = TIME_NONE, .verdict = VERDICT_EXPECTED};
	static const char rows[] = APPEARED("user", ID(1), "A") "," APPEARED("user", ID(2), "B");

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_int_eq(
		db_script(w.st->db, "UPDATE finding SET attention = 'acknowledged' WHERE id = 2"),
		0);
	w.conf.rules = &rule;
	w.conf.n_rules = 1;
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 48, .rows = rows));
	ck_assert_str_eq(judge_world_ask(FINDINGS), "appeared 1 expected visible expected|"
						    "appeared 1 acknowledged visible warning");
	ck_assert_str_eq(
		judge_world_ask("SELECT what || ' ' || who FROM finding_history ORDER BY what"),
		"attention rule calm|severity rule calm");
	/* an ignored one is still seen, so that no silence is concluded */
	rule.verdict = VERDICT_IGNORE;
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 72, .rows = rows));
	ck_assert_int_eq(w.last.n_again, 2);
	ck_assert_str_eq(judge_world_ask("SELECT CAST(last_job AS TEXT) FROM finding"), "3|3");
}
END_TEST

START_TEST(an_unknown_action_is_told_once)
{
	static const char rows[] = "{\"recoveryAction\":\"merge\",\"entityTypeName\":\"user\","
				   "\"id\":\"" ID(1) "\",\"displayName\":\"x\"}";

	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = rows));
	ck_assert_int_eq(w.last.n_unknown, 1);
	ck_assert_uint_eq(w.last.n_alerts, 1);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "");
	ck_assert_ptr_nonnull(strstr(judge_world_ask("SELECT body FROM alert"), "change 'merge'"));
	(void)judge_world_judge(&PREVIEW(.baseline_us = 24, .p_us = 48, .rows = rows));
	ck_assert_uint_eq(w.last.n_alerts, 0);
}
END_TEST

START_TEST(one_sink_of_its_own)
{
	char *ops[] = {(char *)"ops", NULL};

	w.tenant_conf.sinks = (struct strv){ops, 1};
	(void)judge_world_judge(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));
	ck_assert_str_eq(judge_world_ask("SELECT sink FROM outbox"), "ops");
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
	(void)judge_world_judge(&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = buf_text(&rows)));
	ck_assert_int_eq(w.last.n_new, 1300);
	ck_assert_uint_eq(w.last.n_objects, LIMIT_JOURNAL_OBJECTS);
	ck_assert_uint_eq(w.last.n_omitted, 300);
	const char *body = judge_world_ask("SELECT body FROM alert");
	ck_assert_ptr_null(strstr(body, "\xe2\x80\xae"));
	ck_assert_int_eq(json_parse(body, strlen(body), 16, &data), 0);
	JSON_EACH (o, json_member(data, "objects"))
		n++;
	ck_assert_uint_eq(n, LIMIT_ALERT_OBJECTS);
	ck_assert_int_eq(json_get_int(data, "omitted", &omitted), JSON_GET_OK);
	ck_assert_int_eq(omitted, 1280);
	ck_assert_str_eq(judge_world_ask(ALERTS),
		"changes_unexpected warning contoso: 1300 users were deleted");
}
END_TEST

/* Died before the verdict was committed, or after it but before anybody heard. */
START_TEST(judging_again_after_a_crash)
{
	static const enum fake_store_death when[] = {
		FAKE_STORE_DIE_BEFORE_COMMIT, FAKE_STORE_DIE_AFTER_COMMIT};
	struct run *run = judge_world_preview(
		&PREVIEW(.baseline_us = 0, .p_us = 24, .rows = APPEARED("group", ID(3), "G")));

	fake_store_thread_delay(w.thread, USEC_PER_HOUR);
	fake_store_thread_fail(w.thread, 1, -EIO);
	if (when[_i] == FAKE_STORE_DIE_AFTER_COMMIT)
		fake_store_thread_heal(w.thread);
	judge_start(w.judge, &w.conf, &w.tenant, run);
	fake_loop_settle(w.loop);
	ck_assert_uint_eq(w.n_answers, 0);
	ck_assert_str_eq(judge_world_ask("SELECT state FROM job"),
		when[_i] == FAKE_STORE_DIE_AFTER_COMMIT ? "done" : "settling");
	fake_store_thread_heal(w.thread);
	judge_start(w.judge, &w.conf, &w.tenant, run);
	fake_loop_run_for(w.loop, 2 * USEC_PER_HOUR);
	ck_assert_uint_eq(w.n_answers, 2);
	ck_assert_int_eq(w.last.r, 0);
	ck_assert_int_eq(w.last.outcome, RUN_OK);
	ck_assert_str_eq(judge_world_ask(FINDINGS), "appeared 1 open visible warning");
	ck_assert_str_eq(judge_world_ask("SELECT CAST(count(*) AS TEXT) FROM outbox"), "2");
	(void)run_free(run);
}
END_TEST

START_TEST(a_damaged_page_is_no_verdict)
{
	struct conf_rule rule = {.name = (char *)"policies",
		.property = {state_words, 1},
		.until_us = TIME_NONE,
		.verdict = VERDICT_CRITICAL};

	w.conf.rules = &rule;
	w.conf.n_rules = 1;
	struct run *run = judge_world_preview(&PREVIEW(.baseline_us = 0, .p_us = 24,
		.rows = MODIFIED("conditionalAccessPolicy", ID(3), "MFA", "\"state\":\"enabled\"",
			"\"state\":\"disabled\"")));

	ck_assert_int_eq(db_script(w.st->db, "UPDATE page SET sha256 = x'00'"), 0);
	judge_start(w.judge, &w.conf, &w.tenant, run);
	fake_loop_settle(w.loop);
	ck_assert_int_eq(w.last.r, -EBADMSG);
	ck_assert_str_eq(judge_world_ask("SELECT state FROM job"), "settling");
	ck_assert_str_eq(judge_world_ask(FINDINGS), "");
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

	tcase_add_checked_fixture(tc, judge_world_new, judge_world_done);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, deletions_and_a_new_application);
	tcase_add_test(tc, the_same_event_is_told_once);
	tcase_add_test(tc, it_happens_again);
	tcase_add_test(tc, an_object_that_is_listed_twice);
	tcase_add_test(tc, objects_without_an_id);
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
