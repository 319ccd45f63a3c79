/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/job.c, job_wait.c, job_collect.c and job_describe.c: a job from the wish to the
 * verdict. */
#include "tests/support/job_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"

Suite *suite(void);

/* --- from the wish to the verdict ---------------------------------------------------------------
 */

START_TEST(a_plain_run)
{
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_int_eq(run->outcome, RUN_OK);
	ck_assert_str_eq(run->service_id, "job-1");
	ck_assert(!run->adopted);
	ck_assert_int_eq(run->attempts, 1);
	ck_assert_int_eq(run->pages, 3);
	ck_assert_int_eq(run->changes, 3);
	ck_assert_int_eq(run->objects, 3);
	ck_assert_int_eq(run->verified, 1);
	ck_assert_int_eq(run->started_us, sv.jobs[0].started_us);
	ck_assert_int_eq(run->completed_us - run->started_us, USEC_PER_HOUR);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
	ck_assert_int_eq(sv.violations, 0);
	/* one minute growing to five: an hour takes about 15 questions */
	ck_assert_uint_le(sv.calls[OP_JOB], 18);
	struct run *row = stored();
	ck_assert_int_eq(row->outcome, RUN_OK);
	ck_assert_str_eq(row->next_link, "");
	ck_assert_int_eq(row->pages, 3);
}
END_TEST

/* How the service may name the job. */
START_TEST(locations)
{
	static const char *const forms[] = {
		"https://graph.test/v1.0/directory/recovery/jobs",
		"/directory/recovery/snapshots/c25hcA==/recoveryPreviewJobs",
		"directory/recovery/jobs",
		NULL,
		"/",
	};

	sv.location = forms[_i];
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_str_eq(run->service_id, "job-1");
	ck_assert(!run->adopted);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

START_TEST(verification)
{
	static const struct {
		const char *objects;
		int verified;
		const char *told;
	} t[] = {
		{"3", 1, "slot_free settle ended:ok"},
		{"null", -1, "slot_free settle ended:ok"},
		{"5", 0, "slot_free settle ended:unverified"},
		{"2", 1, "slot_free settle ended:ok"},
	};

	sv.objects = t[_i].objects;
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(run->verified, t[_i].verified);
	ck_assert_int_eq(stored()->verified, t[_i].verified);
}
END_TEST

START_TEST(judging_is_tried_again)
{
	judge_result = -EPROTO;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle settle ended:ok");
	ck_assert_int_eq(run->state, RUN_DONE);
}
END_TEST

/* --- while it runs ------------------------------------------------------------------------------
 */

START_TEST(how_it_may_end_at_the_service)
{
	static const struct {
		const char *word, *told;
	} t[] = {
		{"failed", "ended:service_failed"},
		{"abandoned", "ended:cancelled_elsewhere"},
		{"unknownFutureValue", ""},
		{"pondering", ""},
	};

	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_int_eq(stored()->state, RUN_WAITING);
	sv.jobs[0].word = t[_i].word;
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_str_eq(told, t[_i].told);
	if (!*t[_i].told) {
		ck_assert_str_eq(stored()->service_status, t[_i].word);
		sv.jobs[0].word = NULL;
		run_out();
		ck_assert_str_eq(told, "slot_free settle ended:ok");
	} else {
		ck_assert(!stored()->holds_slot);
	}
}
END_TEST

START_TEST(trouble_while_polling_is_told_once)
{
	static const enum graph_outcome lasting[] = {
		GRAPH_SIGN_IN, GRAPH_CONFIG, GRAPH_THROTTLED, GRAPH_NETWORK, GRAPH_BAD_REPLY};
	char want[200];

	start();
	fake_loop_run_for(l, 5 * USEC_PER_MIN);
	for (int i = 0; i < 5; i++)
		force(OP_JOB, lasting[_i], false);
	run_out();
	(void)snprintf(want, sizeof(want), "trouble:%s cleared:%s slot_free settle ended:ok",
		graph_outcome_name(lasting[_i]), graph_outcome_name(lasting[_i]));
	ck_assert_str_eq(told, want);
}
END_TEST

/* A minute, growing by half, to five minutes. */
START_TEST(polls_less_and_less)
{
	static const int64_t seconds[] = {90, 135, 202, 300, 300, 300};

	start();
	run_out();
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		int64_t pause_us = sv.polled_us[i + 1] - sv.polled_us[i];

		ck_assert_int_ge(pause_us, seconds[i] * USEC_PER_SEC);
		ck_assert_int_le(pause_us, (seconds[i] + 1) * USEC_PER_SEC);
	}
}
END_TEST

START_TEST(the_service_says_when)
{
	sv.retry_after_us = 40 * USEC_PER_MIN;
	force(OP_JOB, GRAPH_THROTTLED, false);
	start();
	run_out();
	ck_assert_int_ge(sv.polled_us[1] - sv.polled_us[0], 40 * USEC_PER_MIN);
	ck_assert_int_le(sv.polled_us[1] - sv.polled_us[0], 41 * USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:throttled cleared:throttled slot_free settle ended:ok");
}
END_TEST

/* P is not told by the service: the time of its answer to our POST. */
START_TEST(no_start_time)
{
	sv.no_start = true;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_ge(run->started_us, NOW - USEC_PER_SEC);
	ck_assert_int_le(run->started_us, NOW + USEC_PER_SEC);
}
END_TEST

/* No permission is documented for reading one job: the list is enough. */
START_TEST(polling_by_the_list)
{
	sv.deaf = true;
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(a_job_that_is_gone)
{
	start();
	fake_loop_run_for(l, (_i ? 20 : 1) * USEC_PER_MIN);
	sv.n_jobs = 0;
	fake_loop_run_for(l, (_i ? 15 : 1) * USEC_PER_MIN);
	if (!_i) {
		/* young: not found means nothing yet */
		ck_assert_str_eq(told, "");
		sv.n_jobs = 1;
		run_out();
		ck_assert_str_eq(told, "slot_free settle ended:ok");
		return;
	}
	ck_assert_str_eq(told, "ended:gone");
	ck_assert_int_eq(stored()->outcome, RUN_GONE);
}
END_TEST

START_TEST(too_long)
{
	sv.takes_us = 0;
	sv.cancel_lingers = _i;
	start();
	fake_loop_run_for(l, 24 * USEC_PER_HOUR - USEC_PER_MIN);
	ck_assert_str_eq(told, "");
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck ended:cancelled");
	ck_assert_int_eq(stored()->outcome, RUN_CANCELLED);
	ck_assert(!stored()->holds_slot);
	ck_assert_uint_ge(sv.calls[OP_CANCEL], 1);
}
END_TEST

/* What was found after a restart may be somebody else's: it is waited for, never cancelled. */
START_TEST(too_long_but_adopted)
{
	sv.takes_us = 0;
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	run->adopted = true;
	fake_loop_run_for(l, 25 * USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck");
	fake_loop_run_for(l, 24 * USEC_PER_HOUR);
	ck_assert_str_eq(told, "stuck ended:no_result");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
}
END_TEST

/* --- reading ------------------------------------------------------------------------------------
 */

START_TEST(the_link_is_refused)
{
	static const enum graph_outcome how[] = {GRAPH_REFUSED, GRAPH_NOT_FOUND};

	graph_scripted_delay(tenant.graph, USEC_PER_SEC);
	start();
	while (run->pages < 2)
		fake_loop_run_for(l, USEC_PER_SEC);
	force(OP_CHANGES, how[_i], false);
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(stored()->pages, 3);
	ck_assert_int_eq(stored()->changes, 3);
	ck_assert_int_ge(sv.calls[OP_CHANGES], 5);
}
END_TEST

START_TEST(what_may_befall_reading)
{
	static const struct {
		enum graph_outcome outcome;
		int times;
		const char *told;
	} t[] = {
		{GRAPH_NOT_FOUND, 1, "slot_free ended:gone"},
		{GRAPH_BAD_REPLY, 2, "slot_free settle ended:ok"},
		{GRAPH_BAD_REPLY, 8, "slot_free ended:no_result"},
		{GRAPH_THROTTLED, 3,
			"slot_free trouble:throttled cleared:throttled settle ended:ok"},
		{GRAPH_SIGN_IN, 3, "slot_free trouble:sign_in cleared:sign_in settle ended:ok"},
		{GRAPH_REFUSED, 2, "slot_free trouble:refused cleared:refused settle ended:ok"},
		{GRAPH_REFUSED, 8, "slot_free trouble:refused ended:no_result"},
	};

	for (int i = 0; i < t[_i].times; i++)
		force(OP_CHANGES, t[_i].outcome, false);
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(stored()->state, run->state);
}
END_TEST

/* --- crashes ------------------------------------------------------------------------------------
 */

/*
 * The process dies after any number of turns and is started again: one job at the service, every
 * page once, one verdict.
 */
START_TEST(killed_at_any_turn)
{
	int64_t id = run->id;
	bool alive = true;

	sv.takes_us = 90 * USEC_PER_SEC;
	start();
	for (int i = 0; i < _i && alive; i++) {
		if (!fake_loop_turn(l)) {
			int64_t next_us = fake_loop_next_us(l);
			if (next_us == TIME_NONE)
				break;
			clock_virtual_advance(next_us - clock_boot_us());
		}
		alive = job != NULL;
	}
	bool was_over = !job;
	daemon_down();
	clock_virtual_advance(10 * USEC_PER_SEC);
	daemon_up();
	load(id);
	if (!run_state_ended(run->state)) {
		ck_assert(!was_over);
		start();
		run_out();
		ck_assert_ptr_nonnull(strstr(told, "ended:ok"));
	}
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_int_eq(stored()->pages, 3);
	ck_assert_int_eq(stored()->changes, 3);
	ck_assert_uint_eq(sv.violations, 0);
}
END_TEST

/* The machine dies at the n-th transaction, before or after it is durable. */
START_TEST(dead_at_any_transaction)
{
	int64_t id = run->id;

	sv.takes_us = 90 * USEC_PER_SEC;
	fake_store_thread_die(st, (size_t)(_i / 2 + 1),
		_i % 2 ? FAKE_STORE_DIE_AFTER_COMMIT : FAKE_STORE_DIE_BEFORE_COMMIT, NULL, NULL);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	bool died = fake_store_thread_dead(st);
	daemon_down();
	daemon_up();
	load(id);
	if (!run_state_ended(run->state)) {
		ck_assert(died);
		start();
		run_out();
	}
	ck_assert_int_eq(run->state, RUN_DONE);
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_int_eq(stored()->pages, 3);
}
END_TEST

START_TEST(words_for_status)
{
	struct buf b = BUF_INIT(200);

	graph_scripted_delay(tenant.graph, 10 * USEC_PER_SEC);
	start();
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "looking whether the slot is free");
	buf_reset(&b);
	fake_loop_run_for(l, 15 * USEC_PER_SEC);
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "creating the preview");
	buf_reset(&b);
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	job_describe(job, &b);
	ck_assert_ptr_nonnull(strstr(buf_text(&b), "loading data for 10m"));
	buf_reset(&b);
	force(OP_JOB, GRAPH_THROTTLED, false);
	fake_loop_run_for(l, 5 * USEC_PER_MIN);
	job_describe(job, &b);
	ck_assert_ptr_nonnull(strstr(buf_text(&b), "(throttled)"));
	buf_reset(&b);
	while (run->pages < 2)
		fake_loop_run_for(l, USEC_PER_SEC);
	job_describe(job, &b);
	ck_assert_str_eq(buf_text(&b), "page 2, 2 changes");
	buf_done(&b);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("job");
	TCase *tc = tcase_create("job");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_plain_run);
	tcase_add_loop_test(tc, locations, 0, 5);
	tcase_add_loop_test(tc, verification, 0, 4);
	tcase_add_test(tc, judging_is_tried_again);
	tcase_add_loop_test(tc, how_it_may_end_at_the_service, 0, 4);
	tcase_add_loop_test(tc, trouble_while_polling_is_told_once, 0, 5);
	tcase_add_test(tc, polls_less_and_less);
	tcase_add_test(tc, the_service_says_when);
	tcase_add_test(tc, no_start_time);
	tcase_add_test(tc, polling_by_the_list);
	tcase_add_loop_test(tc, a_job_that_is_gone, 0, 2);
	tcase_add_loop_test(tc, too_long, 0, 2);
	tcase_add_test(tc, too_long_but_adopted);
	tcase_add_loop_test(tc, the_link_is_refused, 0, 2);
	tcase_add_loop_test(tc, what_may_befall_reading, 0, 7);
	tcase_add_loop_test(tc, killed_at_any_turn, 0, 35);
	tcase_add_loop_test(tc, dead_at_any_transaction, 0, 20);
	tcase_add_test(tc, words_for_status);
	suite_add_tcase(s, tc);
	return s;
}
