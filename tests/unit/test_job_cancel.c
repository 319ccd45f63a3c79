/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/job_cancel.c: ending a job that is ours, and no other. */
#include "tests/support/job_world.h"

#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "common/store/store_job.h"

Suite *suite(void);

/* --- cancelling ---------------------------------------------------------------------------------
 */

static char cancelled[300];

static void on_cancelled(void *arg, const char *text)
{
	(void)arg;
	(void)snprintf(cancelled, sizeof(cancelled), "%s", text ? text : "free");
}

static void cancel(void)
{
	*cancelled = '\0';
	job_cancel(job, "uid 0 (root)", on_cancelled, NULL);
}

START_TEST(cancelled_while_it_runs)
{
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_str_eq(stored()->cancel_by, "uid 0 (root)");
	ck_assert_str_eq(last_text, "cancelled by uid 0 (root)");
}
END_TEST

START_TEST(cancelled_before_it_exists)
{
	start();
	if (_i) /* after the first turn: the list is asked for */
		fake_loop_settle(l);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "back");
	ck_assert_uint_eq(sv.calls[OP_CREATE], 0);
}
END_TEST

/* The POST is on its way: what it makes is cancelled. */
START_TEST(cancelled_while_it_is_created)
{
	graph_scripted_delay(tenant.graph, 10 * USEC_PER_SEC);
	start();
	fake_loop_run_for(l, 15 * USEC_PER_SEC);
	ck_assert_int_eq(run->state, RUN_CREATING);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.n_jobs, 1);
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 1);
}
END_TEST

START_TEST(cancelling_comes_too_late)
{
	start();
	fake_loop_run_for(l, 58 * USEC_PER_MIN);
	sv.jobs[0].takes_us = USEC_PER_MIN;
	cancel();
	run_out();
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(cancelling_is_refused)
{
	force(OP_CANCEL, GRAPH_FORBIDDEN, false);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_ptr_nonnull(strstr(cancelled, "the service's words"));
	ck_assert_ptr_nonnull(strstr(cancelled, "Entra admin center"));
	ck_assert_ptr_null(stored()->cancel_by);
	/* a later "abandoned" is then somebody else's doing */
	sv.jobs[0].word = "abandoned";
	run_out();
	ck_assert_str_eq(told, "ended:cancelled_elsewhere");
}
END_TEST

/* The preview has succeeded since the last poll: there is nothing left to refuse. */
START_TEST(refused_because_it_has_ended)
{
	force(OP_CANCEL, GRAPH_REFUSED, false);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	sv.jobs[0].takes_us = USEC_PER_MIN;
	cancel();
	run_out();
	ck_assert_str_eq(cancelled, "free");
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

/* Whoever waits is told at once; the wish stands and each poll asks again. */
START_TEST(the_service_is_not_reached)
{
	force(OP_CANCEL, GRAPH_NETWORK, false);
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, 30 * USEC_PER_SEC);
	ck_assert_ptr_nonnull(strstr(cancelled, "tried again"));
	ck_assert_ptr_nonnull(strstr(cancelled, "Entra admin center"));
	ck_assert_ptr_nonnull(stored()->cancel_by);
	run_out();
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 2);
}
END_TEST

/* The host died when the hold was stored and the wish to cancel was not. */
START_TEST(held_since_before_the_start)
{
	int64_t id = run->id;

	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	daemon_down();
	daemon_up();
	load(id);
	tenant.hold_until_us = clock_wall_us() + USEC_PER_HOUR;
	start();
	run_out();
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 1);
}
END_TEST

START_TEST(cancelling_lingers)
{
	sv.cancel_lingers = true;
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "");
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	ck_assert_ptr_nonnull(strstr(cancelled, "still running"));
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
}
END_TEST

START_TEST(an_adopted_job_is_not_cancelled)
{
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	run->adopted = true;
	cancel();
	ck_assert_ptr_nonnull(strstr(cancelled, "somebody else's"));
	run_out();
	ck_assert_str_eq(told, "slot_free settle ended:ok");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
}
END_TEST

/* The tenant leaves while somebody waits: no answer ever would hang a client. */
START_TEST(freed_while_it_is_cancelled)
{
	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	sv.cancel_lingers = true;
	cancel();
	fake_loop_run_for(l, USEC_PER_MIN);
	ck_assert_str_eq(cancelled, "");
	job = job_free(job);
	ck_assert_ptr_nonnull(strstr(cancelled, "stopped"));
}
END_TEST

START_TEST(quiet_hours)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(500);
	struct window *w = NULL;
	char text[64];
	struct civil c = civil_from_us(NOW + 30 * USEC_PER_MIN);

	(void)snprintf(text, sizeof(text), "%02d:%02d-%02d:%02d", c.hour, c.minute,
		(c.hour + 8) % 24, c.minute);
	ck_assert_int_eq(window_parse(text, &w, &error), 0);
	conf.quiet_hours = &w;
	conf.n_quiet_hours = 1;
	conf.quiet_running = _i ? QUIET_CANCEL : QUIET_FINISH;
	start();
	run_out();
	ck_assert_str_eq(told, _i ? "ended:cancelled" : "slot_free settle ended:ok");
	/* and a start in the middle of them is the queue's to decide: they may be lifted */
	if (_i) {
		clock_virtual_advance(USEC_PER_HOUR);
		(void)run_free(run);
		run = wanted();
		ck_assert_int_eq(store_job_insert(store, run), 0);
		start();
		run_out();
		ck_assert_str_eq(told, "ended:cancelled back");
		ck_assert_int_le(back_at_us, clock_wall_us());
		ck_assert_uint_eq(sv.calls[OP_CREATE], 1);
	}
	conf.n_quiet_hours = 0;
	(void)window_free(w);
}
END_TEST

/* Cancelled, then killed before the service heard of it. */
START_TEST(a_stored_wish_to_cancel_is_carried_out)
{
	int64_t id = run->id;

	start();
	fake_loop_run_for(l, 10 * USEC_PER_MIN);
	cancel();
	daemon_down();
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 0);
	daemon_up();
	load(id);
	start();
	run_out();
	ck_assert_str_eq(told, "ended:cancelled");
	ck_assert_uint_eq(sv.calls[OP_CANCEL], 1);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("job_cancel");
	TCase *tc = tcase_create("job_cancel");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cancelled_while_it_runs);
	tcase_add_loop_test(tc, cancelled_before_it_exists, 0, 2);
	tcase_add_test(tc, cancelled_while_it_is_created);
	tcase_add_test(tc, cancelling_comes_too_late);
	tcase_add_test(tc, cancelling_is_refused);
	tcase_add_test(tc, refused_because_it_has_ended);
	tcase_add_test(tc, the_service_is_not_reached);
	tcase_add_test(tc, held_since_before_the_start);
	tcase_add_test(tc, cancelling_lingers);
	tcase_add_test(tc, an_adopted_job_is_not_cancelled);
	tcase_add_test(tc, freed_while_it_is_cancelled);
	tcase_add_loop_test(tc, quiet_hours, 0, 2);
	tcase_add_test(tc, a_stored_wish_to_cancel_is_carried_out);
	suite_add_tcase(s, tc);
	return s;
}
