/* SPDX-License-Identifier: Apache-2.0 */
/* common/store/store_job.c and store_hold.c, on a real database. */
#include "common/store/store_job.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/store/store.h"
#include "common/store/store_hold.h"
#include "common/store/store_lease.h"
#include "tests/support/tmpdir.h"

#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)

Suite *suite(void);

static struct store *st;

static void setup(void)
{
	char url[256];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(store_open(url, &st, NULL), 0);
	ck_assert_int_eq(db_script(st->db, "INSERT INTO tenant (id, name, tenant_id, first_seen)"
					   " VALUES (1, 'a', 'x', 0), (2, 'b', 'y', 0)"),
		0);
	ck_assert_int_eq(store_lease_take(st, 1), 0);
	ck_assert_int_eq(store_lease_take(st, 2), 0);
}

static void teardown(void)
{
	st = store_close(st);
	tmpdir_remove();
}

static struct run *planned(int64_t tenant, const char *watch, int64_t due_us)
{
	struct run *r = run_new();

	ck_assert_ptr_nonnull(r);
	r->tenant = tenant;
	r->due_us = due_us;
	r->queued_us = due_us + 1;
	r->snapshot_created_us = T(-36000);
	r->covered_from_us = T(-36000);
	r->newest_snapshot_us = T(-600);
	r->initial = true;
	ck_assert(run_set_text(&r->watch, watch) == 0 && run_set_text(&r->filter_hash, "h") == 0 &&
		  run_set_text(&r->filter, "") == 0 && run_set_text(&r->baseline, "covered") == 0 &&
		  run_set_text(&r->snapshot, "MTc4NTE4OTYwMA==") == 0);
	return r;
}

static struct run *inserted(int64_t tenant, const char *watch, int64_t due_us)
{
	struct run *r = planned(tenant, watch, due_us);

	ck_assert_int_eq(store_job_insert(st, r), 0);
	ck_assert_int_gt(r->id, 0);
	return r;
}

static int move(struct run *r, enum run_state to)
{
	enum run_state from = r->state;

	r->state = to;
	r->holds_slot = to == RUN_CREATING || to == RUN_WAITING;
	return store_job_move(st, r, from);
}

static void finish(struct run *r, enum run_outcome how, int64_t ended_us)
{
	for (unsigned s = RUN_CREATING; s <= RUN_SETTLING; s++)
		ck_assert_int_eq(move(r, (enum run_state)s), 0);
	ck_assert_int_eq(store_job_judged(st, r->id, how, ended_us), 0);
}

static void end_failed(struct run *r, enum run_outcome how, int64_t ended_us)
{
	r->outcome = how;
	r->ended_us = ended_us;
	ck_assert_int_eq(move(r, RUN_FAILED), 0);
}

START_TEST(every_column_comes_back)
{
	struct run *a = inserted(1, "all", T(0)), *b = NULL;

	ck_assert_int_eq(move(a, RUN_CREATING), 0);
	a->intent_us = T(1);
	a->intent_server_us = T(2);
	a->adopted = true;
	a->started_us = T(3);
	a->completed_us = T(4);
	a->objects = 5;
	a->links = 0;
	a->distinct_objects = 6;
	a->verified = 0;
	a->attempts = 2;
	a->not_before_us = T(5);
	a->ended_us = T(6);
	ck_assert(run_set_text(&a->service_id, "j1") == 0 &&
		  run_set_text(&a->location, "https://x/jobs/j1") == 0 &&
		  run_set_text(&a->service_status, "loadingData") == 0 &&
		  run_set_text(&a->cancel_by, "uid 0") == 0 &&
		  run_set_text(&a->detail, "words") == 0);
	ck_assert_int_eq(move(a, RUN_WAITING), 0);
	ck_assert_int_eq(store_job_load(st, a->id, &b), 0);
#define SAME(f) ck_assert_int_eq(a->f, b->f)
	SAME(id);
	SAME(tenant);
	SAME(initial);
	SAME(due_us);
	SAME(queued_us);
	SAME(state);
	SAME(holds_slot);
	SAME(snapshot_created_us);
	SAME(covered_from_us);
	SAME(newest_snapshot_us);
	SAME(intent_us);
	SAME(intent_server_us);
	SAME(adopted);
	SAME(started_us);
	SAME(completed_us);
	SAME(objects);
	SAME(links);
	SAME(pages);
	SAME(changes);
	SAME(distinct_objects);
	SAME(verified);
	SAME(unknown);
	SAME(attempts);
	SAME(not_before_us);
	SAME(ended_us);
#undef SAME
	ck_assert_str_eq(a->watch, b->watch);
	ck_assert_str_eq(a->filter_hash, b->filter_hash);
	ck_assert_str_eq(a->filter, b->filter);
	ck_assert_str_eq(a->baseline, b->baseline);
	ck_assert_str_eq(a->detail, b->detail);
	ck_assert_str_eq(a->snapshot, b->snapshot);
	ck_assert_str_eq(a->service_id, b->service_id);
	ck_assert_str_eq(a->location, b->location);
	ck_assert_str_eq(a->service_status, b->service_status);
	ck_assert_str_eq(a->cancel_by, b->cancel_by);
	ck_assert_ptr_null(b->next_link);
	(void)run_free(a);
	(void)run_free(b);
	ck_assert_int_eq(store_job_load(st, 99, &b), -ENOENT);
}
END_TEST

START_TEST(unknown_stays_unknown)
{
	struct run *a = inserted(1, "all", T(0)), *b = NULL;

	ck_assert_int_eq(store_job_load(st, a->id, &b), 0);
	ck_assert_int_eq(b->objects, -1);
	ck_assert_int_eq(b->links, -1);
	ck_assert_int_eq(b->distinct_objects, -1);
	ck_assert_int_eq(b->verified, -1);
	ck_assert_int_eq(b->intent_us, TIME_NONE);
	ck_assert_int_eq(b->intent_server_us, TIME_NONE);
	ck_assert_int_eq(b->started_us, TIME_NONE);
	ck_assert_int_eq(b->not_before_us, TIME_NONE);
	ck_assert_ptr_null(b->service_id);
	ck_assert_int_eq(b->state, RUN_QUEUED);
	(void)run_free(a);
	(void)run_free(b);
}
END_TEST

START_TEST(one_unfinished_run_per_watch_and_filter)
{
	struct run *a = inserted(1, "all", T(0));
	struct run *again = planned(1, "all", T(60)), *other = planned(1, "users", T(60));
	struct run *filter = planned(1, "all", T(60));

	ck_assert_int_eq(store_job_insert(st, again), STORE_JOB_E_PENDING);
	ck_assert_int_eq(store_job_insert(st, other), 0);
	ck_assert_int_eq(run_set_text(&filter->filter_hash, "h2"), 0);
	ck_assert_int_eq(store_job_insert(st, filter), 0);
	end_failed(a, RUN_REFUSED, T(70));
	ck_assert_int_eq(store_job_insert(st, again), 0);
	(void)run_free(a);
	(void)run_free(again);
	(void)run_free(other);
	(void)run_free(filter);
}
END_TEST

/* The move is conditional on the state that the mover believes in. */
START_TEST(a_stale_move_changes_nothing)
{
	struct run *a = inserted(1, "all", T(0)), *b = NULL;

	ck_assert_int_eq(move(a, RUN_CREATING), 0);
	a->state = RUN_QUEUED;
	ck_assert_int_eq(move(a, RUN_FAILED), STORE_JOB_E_STALE);
	ck_assert_int_eq(store_job_load(st, a->id, &b), 0);
	ck_assert_int_eq(b->state, RUN_CREATING);
	b->state = RUN_COLLECTING;
	ck_assert_int_eq(store_job_move(st, b, RUN_CREATING), -EINVAL);
	ck_assert_int_eq(store_job_judged(st, a->id, RUN_OK, T(9)), STORE_JOB_E_STALE);
	(void)run_free(a);
	(void)run_free(b);
}
END_TEST

START_TEST(one_run_per_tenant_holds_the_slot)
{
	struct run *a = inserted(1, "all", T(0)), *b = inserted(1, "users", T(0));
	struct run *c = inserted(2, "all", T(0));

	ck_assert_int_eq(move(a, RUN_CREATING), 0);
	ck_assert_int_eq(move(b, RUN_CREATING), STORE_JOB_E_SLOT);
	ck_assert_int_eq(move(c, RUN_CREATING), 0);
	ck_assert_int_eq(move(a, RUN_WAITING), 0);
	b->state = RUN_QUEUED;
	ck_assert_int_eq(move(b, RUN_CREATING), STORE_JOB_E_SLOT);
	ck_assert_int_eq(move(a, RUN_COLLECTING), 0);
	b->state = RUN_QUEUED;
	ck_assert_int_eq(move(b, RUN_CREATING), 0);
	/* and the index stands behind it */
	ck_assert_int_lt(db_script(st->db, "UPDATE job SET holds_slot = 1"), 0);
	(void)run_free(a);
	(void)run_free(b);
	(void)run_free(c);
}
END_TEST

START_TEST(writes_are_fenced_by_the_lease)
{
	struct run *a = inserted(1, "all", T(0)), *b = planned(1, "users", T(0));

	ck_assert_int_eq(db_script(st->db, "UPDATE tenant_lease SET epoch = epoch + 1"), 0);
	ck_assert_int_eq(move(a, RUN_CREATING), -ESTALE);
	ck_assert_int_eq(store_job_insert(st, b), -ESTALE);
	ck_assert_int_eq(store_job_judged(st, a->id, RUN_OK, T(9)), -ESTALE);
	ck_assert_int_eq(store_hold_set(st, 1, T(9), "x"), -ESTALE);
	(void)run_free(a);
	(void)run_free(b);
}
END_TEST

START_TEST(unfinished_ones_are_found_again)
{
	struct run_list list = {0};
	struct run *a = inserted(1, "all", T(9)), *b = inserted(1, "users", T(0));
	struct run *c = inserted(1, "groups", T(0)), *d = inserted(2, "all", T(0));

	ck_assert_int_eq(move(a, RUN_CREATING), 0);
	end_failed(c, RUN_CANCELLED, T(1));
	ck_assert_int_eq(store_job_load_unfinished(st, 1, &list), 0);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_int_eq(list.items[0]->id, a->id);
	ck_assert_int_eq(list.items[0]->state, RUN_CREATING);
	ck_assert_int_eq(list.items[1]->id, b->id);
	run_list_done(&list);
	ck_assert_int_eq(store_job_load_unfinished(st, 7, &list), 0);
	ck_assert_uint_eq(list.n, 0);
	run_list_done(&list);
	(void)run_free(a);
	(void)run_free(b);
	(void)run_free(c);
	(void)run_free(d);
}
END_TEST

/* How the last run of this watch ended, among those since then; _RUN_OUTCOME_MAX: none did. */
static enum run_outcome latest(const char *watch, int64_t since_us)
{
	enum run_outcome how = _RUN_OUTCOME_MAX;
	struct run_list list = {0};

	ck_assert_int_eq(store_job_load_latest(st, 1, since_us, &list), 0);
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(list.items[i]->watch, watch) != 0)
			continue;
		ck_assert_int_eq(how, _RUN_OUTCOME_MAX);
		how = list.items[i]->outcome;
	}
	run_list_done(&list);
	return how;
}

/* What follows on the end of a run is a transaction of its own, before which the process may die.
 */
START_TEST(how_watches_stand)
{
	static const struct {
		enum run_outcome history[4]; /* oldest first, _RUN_OUTCOME_MAX at the end */
		enum run_outcome latest;
	} t[] = {
		{{_RUN_OUTCOME_MAX}, _RUN_OUTCOME_MAX},
		{{RUN_GONE, _RUN_OUTCOME_MAX}, RUN_GONE},
		{{RUN_GONE, RUN_OK, _RUN_OUTCOME_MAX}, RUN_OK},
		{{RUN_OK, RUN_GONE, RUN_REFUSED, _RUN_OUTCOME_MAX}, RUN_REFUSED},
		{{RUN_GONE, RUN_UNVERIFIED, _RUN_OUTCOME_MAX}, RUN_UNVERIFIED},
		/* those that say nothing hide none that does */
		{{RUN_GONE, RUN_CANCELLED, _RUN_OUTCOME_MAX}, RUN_GONE},
		{{RUN_OK, RUN_BASELINE_GONE, RUN_REMOVED, _RUN_OUTCOME_MAX}, RUN_OK},
		{{RUN_REMOVED, _RUN_OUTCOME_MAX}, _RUN_OUTCOME_MAX},
	};
	struct run *other = inserted(2, "w1", T(0));

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char watch[8];
		int n = 0;

		(void)snprintf(watch, sizeof(watch), "w%zu", i);
		for (; t[i].history[n] != _RUN_OUTCOME_MAX; n++) {
			struct run *r = inserted(1, watch, T(n));

			if (t[i].history[n] == RUN_OK || t[i].history[n] == RUN_UNVERIFIED)
				finish(r, t[i].history[n], T(10 + n));
			else
				end_failed(r, t[i].history[n], T(10 + n));
			(void)run_free(r);
		}
		ck_assert_int_eq(latest(watch, T(10)), t[i].latest);
		ck_assert_int_eq(latest(watch, T(20)), _RUN_OUTCOME_MAX);
	}
	end_failed(other, RUN_SERVICE_FAILED, T(15));
	ck_assert_int_eq(latest("w1", T(10)), RUN_GONE);
	(void)run_free(other);
}
END_TEST

/* A history of one watch, oldest first: d done, g baseline gone, c cancelled, r removed, q queued.
 */
START_TEST(what_planning_needs)
{
	static const struct {
		const char *history;
		bool pending;
		unsigned failures;
		enum run_outcome how;
		int due; /* index of the run that gives it; -1 none */
	} t[] = {
		{"", false, 0, RUN_OK, -1},
		{"q", true, 0, RUN_OK, 0},
		{"d", false, 0, RUN_OK, 0},
		{"gd", false, 0, RUN_OK, 1},
		{"dg", false, 1, RUN_BASELINE_GONE, 1},
		{"dcg", false, 2, RUN_BASELINE_GONE, 2},
		{"gc", false, 2, RUN_CANCELLED, 1},
		{"dgq", true, 1, RUN_BASELINE_GONE, 2},
		{"dr", false, 0, RUN_OK, 0},
		{"dcrq", true, 1, RUN_CANCELLED, 3},
		{"r", false, 0, RUN_OK, -1},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct store_job_last last;
		char watch[8];
		int n = 0, failed = -1;

		(void)snprintf(watch, sizeof(watch), "w%zu", i);
		for (; t[i].history[n]; n++) {
			struct run *r = inserted(1, watch, T(n));

			if (t[i].history[n] == 'd')
				finish(r, RUN_OK, T(1000 + n));
			else if (t[i].history[n] != 'q')
				end_failed(r,
					t[i].history[n] == 'g'	 ? RUN_BASELINE_GONE
					: t[i].history[n] == 'c' ? RUN_CANCELLED
								 : RUN_REMOVED,
					T(1000 + n));
			if (strchr("gc", t[i].history[n]))
				failed = n;
			(void)run_free(r);
		}
		ck_assert_int_eq(store_job_last(st, 1, watch, "h", &last), 0);
		ck_assert_int_eq(last.pending, t[i].pending);
		ck_assert_uint_eq(last.failures, t[i].failures);
		ck_assert_int_eq(last.due_us, t[i].due < 0 ? TIME_NONE : T(t[i].due));
		ck_assert_int_eq(last.newest_snapshot_us, t[i].due < 0 ? TIME_NONE : T(-600));
		if (t[i].failures) {
			ck_assert_int_eq(last.failed_how, t[i].how);
			ck_assert_int_eq(last.failed_us, T(1000 + failed));
		}
		ck_assert_int_eq(store_job_last(st, 1, watch, "other", &last), 0);
		ck_assert_int_eq(last.due_us, TIME_NONE);
	}
}
END_TEST

START_TEST(usual_is_the_median_of_the_last_nine)
{
	int64_t usual = -1;

	ck_assert_int_eq(store_job_usual(st, 1, &usual), 0);
	ck_assert_int_eq(usual, 0);
	for (int i = 0; i < 14; i++) {
		struct run *r = inserted(1, "all", T(i));

		r->started_us = T(i);
		/* five slow ones long ago, then 1 to 9 minutes out of order */
		r->completed_us = T(i) + (i < 5 ? 600 : (i * 4) % 9 + 1) * USEC_PER_MIN;
		finish(r, RUN_OK, T(i + 1));
		(void)run_free(r);
	}
	ck_assert_int_eq(store_job_usual(st, 1, &usual), 0);
	ck_assert_int_eq(usual, 5 * USEC_PER_MIN);
	ck_assert_int_eq(store_job_usual(st, 2, &usual), 0);
	ck_assert_int_eq(usual, 0);
}
END_TEST

START_TEST(hold)
{
	int64_t until = 0;

	ck_assert_int_eq(store_hold_get(st, 1, &until), 0);
	ck_assert_int_eq(until, TIME_NONE);
	ck_assert_int_eq(store_hold_set(st, 1, T(9), "uid 0 (root)"), 0);
	ck_assert_int_eq(store_hold_get(st, 1, &until), 0);
	ck_assert_int_eq(until, T(9));
	ck_assert_int_eq(store_hold_get(st, 2, &until), 0);
	ck_assert_int_eq(until, TIME_NONE);
	ck_assert_int_eq(store_hold_set(st, 1, TIME_NONE, NULL), 0);
	ck_assert_int_eq(store_hold_get(st, 1, &until), 0);
	ck_assert_int_eq(until, TIME_NONE);
	ck_assert_int_eq(store_hold_get(st, 9, &until), -ENOENT);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store_job");
	TCase *tc = tcase_create("store_job");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_column_comes_back);
	tcase_add_test(tc, unknown_stays_unknown);
	tcase_add_test(tc, one_unfinished_run_per_watch_and_filter);
	tcase_add_test(tc, a_stale_move_changes_nothing);
	tcase_add_test(tc, one_run_per_tenant_holds_the_slot);
	tcase_add_test(tc, writes_are_fenced_by_the_lease);
	tcase_add_test(tc, unfinished_ones_are_found_again);
	tcase_add_test(tc, how_watches_stand);
	tcase_add_test(tc, what_planning_needs);
	tcase_add_test(tc, usual_is_the_median_of_the_last_nine);
	tcase_add_test(tc, hold);
	suite_add_tcase(s, tc);
	return s;
}
