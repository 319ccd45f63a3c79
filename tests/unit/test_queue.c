/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/watch/queue.c on a real store. What starts is written down in order. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/timefmt.h"
#include "common/store/store.h"
#include "common/store/store_hold.h"
#include "common/store/store_job.h"
#include "common/store/store_lease.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/queue.h"
#include "daemon/watch/tenant.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"
#include "tests/support/tmpdir.h"

#define NOW (INT64_C(1790000000) * USEC_PER_SEC)
#define TENANTS 3
#define WATCHES 3

Suite *suite(void);

static struct loop *l;
static struct store_thread *st;
static struct store *store; /* owned by st */
static struct queue *q;
static struct conf_watch watches[TENANTS][WATCHES];
static struct conf_tenant conf[TENANTS];
static struct tenant tenants[TENANTS];
static char started[200];    /* "a:all " per start */
static struct run *runs[32]; /* in the order of starting */
static size_t n_runs, n_queued, n_holds;
static bool refuse; /* the receiver gives runs back at once */

static void on_start(void *arg, struct tenant *t, struct run *run)
{
	size_t n = strlen(started);

	(void)arg;
	(void)snprintf(started + n, sizeof(started) - n, "%s%s:%s", n ? " " : "", t->conf->name,
		run->watch);
	ck_assert_uint_lt(n_runs, 32);
	runs[n_runs++] = run;
	if (refuse)
		queue_back(q, t, run, clock_wall_us() + USEC_PER_MIN);
}

static void on_queued(void *arg, struct tenant *t, size_t n, int r)
{
	(void)arg, (void)t;
	ck_assert_int_eq(r, 0);
	n_queued += n + 100;
}

static void up(unsigned parallel)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(store_open(url, &store, NULL), 0);
	ck_assert_int_eq(store_thread_new(l, store, &st), 0);
	const struct queue_env env = {.loop = l,
		.store = st,
		.start = on_start,
		.queued = on_queued,
		.parallel = parallel};
	ck_assert_int_eq(queue_new(&env, &q), 0);
}

static void down(void)
{
	q = queue_free(q);
	st = store_thread_free(st);
	l = loop_free(l);
}

static void setup(void)
{
	static const char *const names[WATCHES] = {"all", "users", "groups"};

	clock_virtual_set_wall(NOW);
	(void)tmpdir_make();
	for (int i = 0; i < TENANTS; i++) {
		for (int w = 0; w < WATCHES; w++)
			watches[i][w] = (struct conf_watch){.name = (char *)names[w],
				.filter_json = (char *)"",
				.filter_hash = "h"};
		conf[i] = (struct conf_tenant){.name = (char *)(const char *[]){"a", "b", "c"}[i],
			.watches = watches[i],
			.n_watches = WATCHES};
		tenants[i] =
			(struct tenant){.id = i + 1, .conf = &conf[i], .hold_until_us = TIME_NONE};
	}
	*started = '\0';
	n_runs = n_queued = n_holds = 0;
	refuse = false;
	up(64);
	ck_assert_int_eq(db_script(store->db,
				 "INSERT INTO tenant (id, name, tenant_id, first_seen)"
				 " VALUES (1, 'a', 'x', 0), (2, 'b', 'y', 0), (3, 'c', 'z', 0)"),
		0);
	for (int i = 0; i < TENANTS; i++) {
		ck_assert_int_eq(store_lease_take(store, i + 1), 0);
		queue_load(q, &tenants[i]);
	}
	fake_loop_settle(l);
}

static void teardown(void)
{
	down();
	tmpdir_remove();
}

/* Plans one run of a tenant's watch. */
static void plan(int t, int w, int64_t due_us)
{
	struct snapshot snapshot = {.service_id = (char *)"snap", .created_us = NOW - USEC_PER_DAY};
	struct snapshot_list list = {.items = &snapshot, .n = 1};
	struct plan_watch pw = {.conf = &watches[t][w]};
	struct plan_input in = {
		.tenant = &conf[t], .snapshots = &list, .watches = &pw, .n_watches = 1};
	struct plan_run r = {.due_us = due_us, .covered_from_us = NOW - USEC_PER_DAY};
	struct plan p = {.runs = &r, .n_runs = 1, .newest_us = NOW - USEC_PER_HOUR};

	queue_add(q, &tenants[t], &in, &p);
}

static void end(size_t i, int t)
{
	struct run *run = runs[i];

	/* as the job would have left it */
	ck_assert_int_eq(db_begin(store->db), 0);
	run->state = RUN_FAILED;
	run->outcome = RUN_CANCELLED;
	ck_assert_int_eq(store_job_move(store, run, RUN_QUEUED), 0);
	ck_assert_int_eq(db_commit(store->db), 0);
	queue_ended(q, &tenants[t], run);
	runs[i] = NULL;
}

/* Started runs belong to the test until it says otherwise. */
static void drop_all(void)
{
	for (size_t i = 0; i < n_runs; i++)
		runs[i] = refuse ? NULL : run_free(runs[i]);
}

START_TEST(a_planned_run_is_stored_and_started)
{
	struct run *row = NULL;

	plan(0, 0, NOW - 5);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
	ck_assert_uint_eq(n_queued, 101);
	ck_assert_int_eq(store_job_load(store, runs[0]->id, &row), 0);
	ck_assert_str_eq(row->snapshot, "snap");
	ck_assert_int_eq(row->due_us, NOW - 5);
	ck_assert_int_eq(row->newest_snapshot_us, NOW - USEC_PER_HOUR);
	ck_assert_str_eq(row->baseline, "covered");
	(void)run_free(row);
	/* planned again while it is pending: nothing new */
	plan(0, 0, NOW);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
	ck_assert_uint_eq(n_queued, 201);
	drop_all();
}
END_TEST

START_TEST(one_per_tenant_by_due)
{
	int64_t next_us;

	plan(0, 0, NOW - 1);
	plan(0, 1, NOW - 9);
	plan(0, 2, NOW - 5);
	plan(1, 0, NOW);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:users b:all");
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 2);
	ck_assert_int_eq(next_us, TIME_NONE);
	/* successful at the service: the next may start while this one is read */
	queue_slot_free(q, &tenants[0], runs[0]);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:users b:all a:groups");
	/* the end of the read one frees nothing */
	end(0, 0);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:users b:all a:groups");
	end(2, 0);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:users b:all a:groups a:all");
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 0);
	drop_all();
}
END_TEST

START_TEST(a_limit_over_all)
{
	queue_set_parallel(q, 1);
	for (int i = 0; i < TENANTS; i++)
		plan(i, 0, NOW - i);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "c:all");
	queue_slot_free(q, &tenants[2], runs[0]);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "c:all b:all");
	queue_set_parallel(q, 2);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "c:all b:all a:all");
	drop_all();
}
END_TEST

START_TEST(back_off_is_the_tenants)
{
	int64_t next_us;

	plan(0, 0, NOW);
	fake_loop_settle(l);
	queue_back(q, &tenants[0], runs[0], NOW + 10 * USEC_PER_MIN);
	runs[0] = NULL;
	plan(0, 1, NOW);
	plan(1, 0, NOW);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all b:all");
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 2);
	ck_assert_int_eq(next_us, NOW + 10 * USEC_PER_MIN);
	fake_loop_run_for(l, 9 * USEC_PER_MIN);
	ck_assert_str_eq(started, "a:all b:all");
	fake_loop_run_for(l, 2 * USEC_PER_MIN);
	ck_assert_str_eq(started, "a:all b:all a:all");
	drop_all();
}
END_TEST

/* The receiver may give a run back from inside of the start. */
START_TEST(given_back_at_once)
{
	refuse = true;
	plan(0, 0, NOW);
	plan(1, 0, NOW);
	fake_loop_run_for(l, 90 * USEC_PER_SEC);
	ck_assert_str_eq(started, "a:all b:all a:all b:all");
	drop_all();
}
END_TEST

static void hold_stored(void *arg)
{
	(void)arg;
	n_holds++;
}

START_TEST(hold)
{
	int64_t next_us, until_us;

	queue_hold(q, &tenants[0], NOW + USEC_PER_HOUR, "uid 0", hold_stored, NULL);
	plan(0, 0, NOW);
	fake_loop_settle(l);
	ck_assert_uint_eq(n_holds, 1);
	ck_assert_str_eq(started, "");
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 1);
	ck_assert_int_eq(next_us, NOW + USEC_PER_HOUR);
	/* it outlives the daemon */
	down();
	tenants[0].hold_until_us = TIME_NONE;
	up(64);
	queue_load(q, &tenants[0]);
	fake_loop_settle(l);
	ck_assert_int_eq(tenants[0].hold_until_us, NOW + USEC_PER_HOUR);
	ck_assert_str_eq(started, "");
	if (_i == 0) {
		fake_loop_run_for(l, USEC_PER_HOUR);
	} else {
		queue_hold(q, &tenants[0], TIME_NONE, NULL, NULL, NULL);
		fake_loop_settle(l);
		ck_assert_int_eq(store_hold_get(store, 1, &until_us), 0);
		ck_assert_int_eq(until_us, TIME_NONE);
	}
	ck_assert_str_eq(started, "a:all");
	drop_all();
}
END_TEST

/* Somebody gives up the slot while the tenant's rows are still being read. */
START_TEST(hold_while_loading)
{
	queue_load(q, &tenants[0]);
	queue_hold(q, &tenants[0], NOW + USEC_PER_HOUR, "uid 0", hold_stored, NULL);
	plan(0, 0, NOW);
	fake_loop_settle(l);
	ck_assert_int_eq(tenants[0].hold_until_us, NOW + USEC_PER_HOUR);
	ck_assert_str_eq(started, "");
	drop_all();
}
END_TEST

START_TEST(quiet_hours)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(300);
	struct window *w = NULL;
	struct civil c = civil_from_us(NOW + 30 * USEC_PER_MIN);
	char text[64];

	(void)snprintf(text, sizeof(text), "%02d:%02d-%02d:%02d", c.hour, c.minute,
		(c.hour + 2) % 24, c.minute);
	ck_assert_int_eq(window_parse(text, &w, &error), 0);
	conf[0].quiet_hours = conf[1].quiet_hours = &w;
	conf[0].n_quiet_hours = conf[1].n_quiet_hours = 1;
	tenants[0].usual_job_us = USEC_PER_HOUR; /* would run into them */
	tenants[1].usual_job_us = 5 * USEC_PER_MIN;
	plan(0, 0, NOW);
	plan(1, 0, NOW);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "b:all");
	fake_loop_run_for(l, 2 * USEC_PER_HOUR + 20 * USEC_PER_MIN);
	ck_assert_str_eq(started, "b:all");
	fake_loop_run_for(l, 15 * USEC_PER_MIN);
	ck_assert_str_eq(started, "b:all a:all");
	drop_all();
	conf[0].n_quiet_hours = conf[1].n_quiet_hours = 0;
	(void)window_free(w);
}
END_TEST

START_TEST(a_clock_that_is_set)
{
	queue_hold(q, &tenants[0], NOW + 10 * USEC_PER_HOUR, "uid 0", NULL, NULL);
	plan(0, 0, NOW);
	fake_loop_settle(l);
	clock_virtual_set_wall(NOW + 11 * USEC_PER_HOUR);
	queue_clock_jumped(q);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
	drop_all();
}
END_TEST

/* What a daemon finds when it comes up: each goes on where it was. */
START_TEST(after_a_restart)
{
	static const char *const states[] = {"creating", "waiting", "collecting", "settling"};
	char sql[200];

	plan(0, 0, NOW);
	plan(0, 1, NOW + 1);
	fake_loop_settle(l);
	drop_all();
	n_runs = 0;
	*started = '\0';
	down();
	up(0); /* no room: only what needs none, or has it already */
	(void)snprintf(sql, sizeof(sql),
		"UPDATE job SET state = '%s', holds_slot = %d WHERE watch = 'all'", states[_i],
		_i < 2);
	ck_assert_int_eq(db_script(store->db, sql), 0);
	queue_load(q, &tenants[0]);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
	ck_assert_str_eq(run_state_name(runs[0]->state), states[_i]);
	queue_set_parallel(q, 64);
	fake_loop_settle(l);
	ck_assert_str_eq(started, _i < 2 ? "a:all" : "a:all a:users");
	drop_all();
}
END_TEST

START_TEST(a_watch_leaves_the_configuration)
{
	struct store_job_last last;

	queue_hold(q, &tenants[0], NOW + USEC_PER_HOUR, "uid 0", NULL, NULL);
	plan(0, 0, NOW);
	fake_loop_settle(l);
	if (_i == 0)
		(void)snprintf(watches[0][0].filter_hash, sizeof(watches[0][0].filter_hash), "h2");
	else
		conf[0].watches++, conf[0].n_watches--;
	fake_loop_run_for(l, 2 * USEC_PER_HOUR);
	ck_assert_str_eq(started, "");
	struct run *row = NULL;
	ck_assert_int_eq(store_job_load(store, 1, &row), 0);
	ck_assert_int_eq(row->state, RUN_FAILED);
	ck_assert_int_eq(row->outcome, RUN_REMOVED);
	(void)run_free(row);
	ck_assert_int_eq(store_job_last(store, 1, "all", "h", &last), 0);
	ck_assert_int_eq(last.due_us, TIME_NONE);
}
END_TEST

START_TEST(a_tenant_leaves)
{
	int64_t next_us;

	plan(0, 0, NOW);
	plan(0, 1, NOW);
	queue_remove(q, &tenants[0]); /* the answer finds nobody */
	fake_loop_settle(l);
	ck_assert_str_eq(started, "");
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 0);
	/* the store has them for the next time */
	queue_load(q, &tenants[0]);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
	queue_remove(q, &tenants[0]);
	queue_ended(q, &tenants[0], runs[0]);
	runs[0] = NULL;
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all");
}
END_TEST

START_TEST(usual_duration_is_learnt)
{
	plan(0, 0, NOW);
	fake_loop_settle(l);
	ck_assert_int_eq(tenants[0].usual_job_us, 0);
	ck_assert_int_eq(
		db_script(store->db, "UPDATE job SET state = 'collecting', started = 1000000,"
				     " completed = 61000000"),
		0);
	queue_slot_free(q, &tenants[0], runs[0]);
	fake_loop_settle(l);
	ck_assert_int_eq(tenants[0].usual_job_us, USEC_PER_MIN);
	drop_all();
}
END_TEST

/* The clock was years ahead when a run was given back; no wait is meant to be that long. */
START_TEST(a_wait_from_a_clock_that_was_ahead)
{
	int64_t next_us;

	clock_virtual_set_wall(NOW + 3000 * USEC_PER_DAY);
	plan(0, 0, NOW);
	fake_loop_settle(l);
	queue_back(q, &tenants[0], runs[0], clock_wall_us() + 30 * USEC_PER_MIN);
	runs[0] = NULL;
	fake_loop_settle(l);
	ck_assert_uint_eq(queue_waiting(q, &tenants[0], &next_us), 1);
	ck_assert_int_ge(next_us, NOW + 3000 * USEC_PER_DAY);
	clock_virtual_set_wall(NOW);
	queue_clock_jumped(q);
	fake_loop_settle(l);
	ck_assert_str_eq(started, "a:all a:all");
	drop_all();
}
END_TEST

START_TEST(nothing_starts_while_stopping)
{
	queue_drain(q);
	plan(0, 0, NOW);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert_str_eq(started, "");
	/* freed with requests under way: they end by themselves */
	plan(0, 1, NOW);
	queue_hold(q, &tenants[0], NOW, "uid 0", hold_stored, NULL);
	q = queue_free(q);
	fake_loop_settle(l);
	ck_assert_uint_eq(n_holds, 1); /* somebody waits for it */
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("queue");
	TCase *tc = tcase_create("queue");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_planned_run_is_stored_and_started);
	tcase_add_test(tc, one_per_tenant_by_due);
	tcase_add_test(tc, a_limit_over_all);
	tcase_add_test(tc, back_off_is_the_tenants);
	tcase_add_test(tc, given_back_at_once);
	tcase_add_loop_test(tc, hold, 0, 2);
	tcase_add_test(tc, hold_while_loading);
	tcase_add_test(tc, quiet_hours);
	tcase_add_test(tc, a_clock_that_is_set);
	tcase_add_loop_test(tc, after_a_restart, 0, 4);
	tcase_add_loop_test(tc, a_watch_leaves_the_configuration, 0, 2);
	tcase_add_test(tc, a_tenant_leaves);
	tcase_add_test(tc, usual_duration_is_learnt);
	tcase_add_test(tc, a_wait_from_a_clock_that_was_ahead);
	tcase_add_test(tc, nothing_starts_while_stopping);
	suite_add_tcase(s, tc);
	return s;
}
