/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/job_create.c and job_list.c: the slot, the intent, the POST and its answers. */
#include "tests/support/job_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/limits.h"

Suite *suite(void);

/* --- the slot -----------------------------------------------------------------------------------
 */

START_TEST(a_taken_slot_is_left_alone)
{
	static const char *const types[] = {"recoveryPreviewJob", "recoveryJob", "somethingNew"};

	(void)add_job(types[_i], NOW - USEC_PER_MIN, NULL);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	ck_assert_str_eq(told, "back:foreign");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
	ck_assert_int_eq(sv.calls[OP_CANCEL], 0);
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert(tenant.slot_foreign);
	ck_assert_int_ge(back_at_us, NOW + USEC_PER_MIN);
	ck_assert_int_le(back_at_us, NOW + USEC_PER_MIN + USEC_PER_SEC);
	ck_assert_int_eq(stored()->not_before_us, back_at_us);
	for (unsigned n = 2; n < 8; n++) {
		int64_t before_us = clock_wall_us();

		start();
		fake_loop_run_for(l, USEC_PER_SEC);
		ck_assert_int_ge(back_at_us - before_us, run_back_off_us(n));
		ck_assert_int_le(back_at_us - before_us, run_back_off_us(n) + USEC_PER_SEC);
	}
	sv.jobs[0].word = "successful";
	start();
	run_out();
	ck_assert_ptr_nonnull(strstr(told, "back:foreign slot_free settle ended:ok"));
	ck_assert(!tenant.slot_foreign);
}
END_TEST

/* Between our look at the list and our POST somebody else was faster. */
START_TEST(a_lost_race)
{
	sv.lost = true;
	struct service_job *other = add_job("recoveryPreviewJob", NOW - USEC_PER_MIN, NULL);
	other->target_us = SNAPSHOT - USEC_PER_DAY;
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	/* the list still does not show it, the service said so all the same */
	ck_assert_str_eq(told, "back:foreign");
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert_int_eq(run->intent_us, TIME_NONE);
	ck_assert(!stored()->holds_slot);
}
END_TEST

static void told_why_not(void *arg, const char *text)
{
	(void)snprintf(arg, 300, "%s", text ? text : "");
}

/* Our POST never arrives, and somebody starts the very same preview: it does as well, but it is
 * theirs. */
START_TEST(a_strangers_twin_is_used_and_not_cancelled)
{
	char why[300] = "";

	force(OP_CREATE, GRAPH_NETWORK, false);
	start();
	fake_loop_run_for(l, 2 * USEC_PER_SEC);
	(void)add_job("recoveryPreviewJob", clock_wall_us(), NULL);
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_int_eq(stored()->state, RUN_WAITING);
	ck_assert(stored()->adopted);
	job_cancel(job, "uid 0 (root)", told_why_not, why);
	run_out();
	ck_assert_ptr_nonnull(strstr(why, "may be somebody else's"));
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
	ck_assert_str_eq(told, "trouble:network cleared:network slot_free settle ended:ok");
}
END_TEST

/* 409, and the list then shows that the job is ours: an earlier POST had made it. */
START_TEST(refused_because_of_ourselves)
{
	force(OP_CREATE, GRAPH_BUSY, true);
	start();
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_int_eq(sv.n_jobs, 1);
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

/*
 * The answer to the POST is lost, the list is behind, and the next POST is refused because of the
 * first: the run must still know its job when the list shows it.
 */
START_TEST(refused_because_of_ourselves_but_the_list_is_behind)
{
	force(OP_CREATE, GRAPH_NETWORK, true);
	sv.lost = true;
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:network cleared:network back:foreign");
	ck_assert_int_eq(run->state, RUN_QUEUED);
	sv.lost = false;
	start();
	run_out();
	ck_assert_str_eq(told, "trouble:network cleared:network back:foreign slot_free settle"
			       " ended:ok");
	ck_assert_int_eq(sv.n_jobs, 1);
	ck_assert(run->adopted);
}
END_TEST

/* The same, with the intent of a process that died. */
START_TEST(refused_after_a_crash_and_the_list_is_behind)
{
	int64_t id = run->id;

	force(OP_CREATE, GRAPH_NETWORK, true);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	ck_assert_int_eq(run->state, RUN_CREATING);
	daemon_down();
	daemon_up();
	load(id);
	sv.lost = true;
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_int_eq(run->state, RUN_QUEUED);
	sv.lost = false;
	start();
	run_out();
	ck_assert_ptr_nonnull(strstr(told, "ended:ok"));
	ck_assert_int_eq(sv.n_jobs, 1);
}
END_TEST

START_TEST(a_second_run_of_ours_holds_the_slot)
{
	ck_assert_int_eq(
		db_script(store->db,
			"INSERT INTO job (tenant, watch, filter_hash, filter, baseline, initial,"
			" due, queued, state, holds_slot, snapshot, snapshot_created, covered_from,"
			" adopted, pages, changes, unknown, attempts, epoch) VALUES (1, 'b', 'h',"
			" '', 'covered', 0, 0, 0, 'waiting', 1, 's', 0, 0, 0, 0, 0, 0, 0, 1)"),
		0);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	ck_assert_str_eq(told, "back");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
	ck_assert_int_eq(stored()->state, RUN_QUEUED);
}
END_TEST

/* --- POST that ends otherwise -------------------------------------------------------------------
 */

START_TEST(create_is_refused)
{
	static const struct {
		enum graph_outcome outcome;
		const char *told;
		enum run_outcome how;
	} t[] = {
		{GRAPH_NOT_FOUND, "ended:baseline_gone", RUN_BASELINE_GONE},
		{GRAPH_REFUSED, "ended:refused", RUN_REFUSED},
		{GRAPH_FORBIDDEN, "ended:refused", RUN_REFUSED},
	};

	force(OP_CREATE, t[_i].outcome, false);
	start();
	run_out();
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_int_eq(stored()->outcome, t[_i].how);
	ck_assert_int_eq(stored()->state, RUN_FAILED);
	if (t[_i].how == RUN_REFUSED)
		ck_assert_str_eq(last_text, "the service's words");
	ck_assert_int_eq(sv.calls[OP_CREATE], 1);
}
END_TEST

/* The answer to the POST is lost; the job exists or not. */
START_TEST(the_answer_to_create_is_lost)
{
	static const enum graph_outcome lost[] = {GRAPH_NETWORK, GRAPH_THROTTLED, GRAPH_BAD_REPLY};
	bool exists = _i % 2;
	char want[200];

	force(OP_CREATE, lost[_i / 2], exists);
	start();
	run_out();
	(void)snprintf(want, sizeof(want), "trouble:%s cleared:%s slot_free settle ended:ok",
		graph_outcome_name(lost[_i / 2]), graph_outcome_name(lost[_i / 2]));
	ck_assert_str_eq(told, want);
	ck_assert_int_eq(sv.calls[OP_CREATE], exists ? 1 : 2);
	ck_assert_int_eq(run->attempts, exists ? 1 : 2);
	ck_assert_int_eq(sv.n_jobs, 1);
}
END_TEST

START_TEST(nobody_is_signed_in)
{
	force(OP_CREATE, GRAPH_SIGN_IN, false);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:sign_in back");
	ck_assert_int_eq(stored()->state, RUN_QUEUED);
	ck_assert_int_ge(back_at_us, NOW + 5 * USEC_PER_MIN);
}
END_TEST

START_TEST(the_list_does_not_come)
{
	force(OP_JOBS, GRAPH_NETWORK, false);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:network back");
	ck_assert_int_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

/* Intent stored, POST lost, and no list for half an hour: back, and the next turn finds the job. */
START_TEST(creating_has_a_deadline)
{
	force(OP_CREATE, GRAPH_NETWORK, true);
	start();
	fake_loop_run_for(l, USEC_PER_SEC);
	sv.all_fail = true;
	force(OP_JOBS, GRAPH_NETWORK, false);
	fake_loop_run_for(l, 31 * USEC_PER_MIN);
	ck_assert_str_eq(told, "trouble:network back");
	ck_assert_int_eq(run->state, RUN_QUEUED);
	ck_assert(!run->holds_slot);
	ck_assert_int_ne(run->intent_us, TIME_NONE);
	sv.n_forced[OP_JOBS] = 0;
	start();
	run_out();
	ck_assert_str_eq(told, "trouble:network back slot_free settle ended:ok");
	ck_assert_int_eq(sv.n_jobs, 1);
	ck_assert(run->adopted);
}
END_TEST

/* The list comes in pages, and the holder is on the last one. */
START_TEST(lists)
{
	static const struct {
		int list;
		const char *told;
		size_t calls;
	} t[] = {
		{LIST_IN_PAGES, "back:foreign", 3},
		{LIST_ENDLESS, "trouble:bad_reply back", LIMIT_LIST_PAGES},
		{LIST_GARBAGE, "trouble:bad_reply back", 1},
	};

	sv.list = t[_i].list;
	(void)add_job("recoveryJob", NOW - USEC_PER_DAY, "successful");
	(void)add_job("recoveryPreviewJob", NOW - USEC_PER_HOUR, "failed");
	(void)add_job("recoveryJob", NOW - USEC_PER_MIN, NULL);
	start();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(told, t[_i].told);
	ck_assert_uint_eq(sv.calls[OP_JOBS], t[_i].calls);
	ck_assert_uint_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("job_create");
	TCase *tc = tcase_create("job_create");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_taken_slot_is_left_alone, 0, 3);
	tcase_add_test(tc, a_lost_race);
	tcase_add_test(tc, a_strangers_twin_is_used_and_not_cancelled);
	tcase_add_test(tc, refused_because_of_ourselves);
	tcase_add_test(tc, refused_because_of_ourselves_but_the_list_is_behind);
	tcase_add_test(tc, refused_after_a_crash_and_the_list_is_behind);
	tcase_add_test(tc, a_second_run_of_ours_holds_the_slot);
	tcase_add_loop_test(tc, create_is_refused, 0, 3);
	tcase_add_loop_test(tc, the_answer_to_create_is_lost, 0, 6);
	tcase_add_test(tc, nobody_is_signed_in);
	tcase_add_test(tc, the_list_does_not_come);
	tcase_add_test(tc, creating_has_a_deadline);
	tcase_add_loop_test(tc, lists, 0, 3);
	suite_add_tcase(s, tc);
	return s;
}
