/* SPDX-License-Identifier: Apache-2.0 */
/* common/store/store_tenant.c, store_snapshot.c, store_remote_job.c, store_coverage.c, on a real
 * database. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/store.h"
#include "common/store/store_coverage.h"
#include "common/store/store_lease.h"
#include "common/store/store_remote_job.h"
#include "common/store/store_snapshot.h"
#include "common/store/store_tenant.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define CONTOSO "11111111-1111-4111-8111-111111111111"
#define FABRIKAM "22222222-2222-4222-8222-222222222222"
#define T(seconds) (INT64_C(1790000000000000) + (seconds)*USEC_PER_SEC)

static struct store *s;
static int64_t tenant;

static void setup(void)
{
	char url[300];

	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("s.db"));
	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	ck_assert_int_eq(store_tenant_admit(s, "contoso", CONTOSO, T(0), &tenant), 0);
	ck_assert_int_eq(store_lease_take(s, tenant), 0);
}

static void teardown(void)
{
	s = store_close(s);
	tmpdir_remove();
}

static int64_t number_of(const struct db_sql *q)
{
	int64_t n = -77;

	ck_assert_int_eq(db_query_int(s->db, q, DB_NO_ARGS, &n), 1);
	return n;
}
/* Statements are remembered by their address. */
#define number(text) \
	({ \
		static const struct db_sql q_ = {"", text}; \
		number_of(&q_); \
	})

/* --- tenants -------------------------------------------------------------------------------------
 */

START_TEST(tenants_are_admitted)
{
	int64_t row = 0, other = 0;

	ck_assert_int_eq(store_tenant_admit(s, "contoso", CONTOSO, T(9), &row), 0);
	ck_assert_int_eq(row, tenant);
	ck_assert_int_eq(store_tenant_admit(s, "fabrikam", FABRIKAM, T(9), &other), 0);
	ck_assert_int_ne(other, tenant);
	/* the name of one, the id of the other */
	row = 0;
	ck_assert_int_eq(store_tenant_admit(s, "contoso", FABRIKAM, T(9), &row), -ENOTUNIQ);
	ck_assert_int_eq(row, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM tenant"), 2);
	ck_assert_int_eq(number("SELECT min(first_seen) FROM tenant"), T(0));
}
END_TEST

START_TEST(looks_are_remembered)
{
	struct store_tenant_list list = {0};
	int64_t other;

	ck_assert_int_eq(store_tenant_admit(s, "a-first", FABRIKAM, T(1), &other), 0);
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(2), TIME_NONE), 0);
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(3), T(-5)), 0);
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(4), T(-9)), 0);
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(5), TIME_NONE), 0);
	ck_assert_int_eq(store_tenant_look_failed(s, tenant, "no answer"), 0);
	ck_assert_int_eq(store_tenant_load_all(s, &list), 0);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_str_eq(list.items[0].name, "a-first");
	ck_assert_int_eq(list.items[0].last_look_us, TIME_NONE);
	ck_assert_ptr_null(list.items[0].last_look_error);
	ck_assert_str_eq(list.items[1].name, "contoso");
	ck_assert_str_eq(list.items[1].tenant_id, CONTOSO);
	ck_assert_int_eq(list.items[1].id, tenant);
	ck_assert_int_eq(list.items[1].first_seen_us, T(0));
	ck_assert_int_eq(list.items[1].last_look_us, T(5));
	ck_assert_int_eq(list.items[1].newest_snapshot_us, T(-5));
	ck_assert_int_eq(list.items[1].hold_until_us, TIME_NONE);
	ck_assert_ptr_null(list.items[1].hold_by);
	ck_assert_str_eq(list.items[1].last_look_error, "no answer");
	store_tenant_list_done(&list);
	/* the next good look forgets the trouble */
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(6), T(-1)), 0);
	ck_assert_int_eq(store_tenant_load_all(s, &list), 0);
	ck_assert_ptr_null(list.items[1].last_look_error);
	ck_assert_int_eq(list.items[1].newest_snapshot_us, T(-1));
	store_tenant_list_done(&list);
}
END_TEST

/* Without the lease nothing is written, whatever the function. */
START_TEST(everything_is_fenced)
{
	struct snapshot_list list = {0};
	const struct remote_job job = {.service_id = (char *)"j",
		.kind_text = (char *)"preview",
		.status_text = (char *)"running",
		.filter = (char *)""};
	const struct store_coverage covered = {.from_us = T(0), .to_us = T(1), .job = 1};
	struct store_remote_job_seen seen;
	size_t n_new = 99;

	ck_assert_int_eq(snapshot_list_add(&list, "a", T(0), "x"), 0);
	ck_assert_int_eq(db_script(s->db, "UPDATE tenant_lease SET owner = 'else'"), 0);
	ck_assert_int_eq(store_tenant_looked(s, tenant, T(1), T(0)), -ESTALE);
	ck_assert_int_eq(store_tenant_look_failed(s, tenant, "x"), -ESTALE);
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(1), &n_new), -ESTALE);
	ck_assert_int_eq(store_remote_job_note(s, tenant, &job, T(1), &seen), -ESTALE);
	ck_assert_int_eq(store_remote_job_told(s, tenant, "j", true), -ESTALE);
	ck_assert_int_eq(store_coverage_put(s, tenant, "all", "h", &covered), -ESTALE);
	ck_assert_uint_eq(n_new, 99);
	ck_assert_int_eq(number("SELECT (SELECT count(*) FROM snapshot) + (SELECT count(*) FROM"
				" remote_job) + (SELECT count(*) FROM coverage)"),
		0);
	snapshot_list_done(&list);
}
END_TEST

/* --- snapshots -----------------------------------------------------------------------------------
 */

START_TEST(first_and_last_sight)
{
	struct snapshot_list list = {0};
	size_t n_new = 99;
	int64_t us = 0;

	ck_assert_int_eq(store_snapshot_retention(s, tenant, T(0), &us), 0);
	ck_assert_int_eq(us, TIME_NONE);
	ck_assert_int_eq(snapshot_list_add(&list, "b", T(-100), "tb"), 0);
	ck_assert_int_eq(snapshot_list_add(&list, "a", T(-200), "ta"), 0);
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(0), &n_new), 0);
	ck_assert_uint_eq(n_new, 2);
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(10), &n_new), 0);
	ck_assert_uint_eq(n_new, 0);
	list.n = 1; /* a has aged out */
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(50), &n_new), 0);
	list.n = 2;
	ck_assert_int_eq(number("SELECT count(*) FROM snapshot"), 2);
	ck_assert_int_eq(number("SELECT first_seen FROM snapshot WHERE service_id = 'a'"), T(0));
	ck_assert_int_eq(number("SELECT last_seen FROM snapshot WHERE service_id = 'a'"), T(10));
	ck_assert_int_eq(number("SELECT created FROM snapshot WHERE service_id = 'a'"), T(-200));
	ck_assert_int_eq(number("SELECT last_seen FROM snapshot WHERE service_id = 'b'"), T(50));
	/* a was 210 s old when it was listed for the last time, b is 150 s now */
	ck_assert_int_eq(store_snapshot_retention(s, tenant, T(0), &us), 0);
	ck_assert_int_eq(us, 210 * USEC_PER_SEC);
	ck_assert_int_eq(store_snapshot_retention(s, tenant, T(20), &us), 0);
	ck_assert_int_eq(us, 150 * USEC_PER_SEC);
	ck_assert_int_eq(store_snapshot_retention(s, tenant + 1, T(0), &us), 0);
	ck_assert_int_eq(us, TIME_NONE);
	snapshot_list_done(&list);
}
END_TEST

/* By creation time: a snapshot that is listed twice, or under another id, is one. */
START_TEST(sightings)
{
	struct snapshot_list list = {0};
	struct sighting *got = NULL;
	size_t n_new, n = 99;

	ck_assert_int_eq(store_snapshot_sightings(s, tenant, T(0), &got, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(got);
	ck_assert_int_eq(snapshot_list_add(&list, "a", T(-200), "x"), 0);
	ck_assert_int_eq(snapshot_list_add(&list, "b", T(-100), "x"), 0);
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(0), &n_new), 0);
	snapshot_list_done(&list);
	ck_assert_int_eq(snapshot_list_add(&list, "b2", T(-100), "x"), 0);
	ck_assert_int_eq(store_snapshot_seen(s, tenant, &list, T(10), &n_new), 0);
	snapshot_list_done(&list);
	ck_assert_int_eq(store_snapshot_sightings(s, tenant, T(0), &got, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(got[0].created_us, T(-100));
	ck_assert_int_eq(got[0].first_us, T(0));
	ck_assert_int_eq(got[0].last_us, T(10));
	ck_assert_int_eq(got[1].created_us, T(-200));
	ck_assert_int_eq(got[1].last_us, T(0));
	free(got);
	ck_assert_int_eq(store_snapshot_sightings(s, tenant, T(1), &got, &n), 0);
	ck_assert_uint_eq(n, 1);
	free(got);
	ck_assert_int_eq(store_snapshot_sightings(s, tenant + 1, T(0), &got, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* --- jobs of the service -------------------------------------------------------------------------
 */

static struct store_remote_job_seen note(const char *status, int64_t objects, int64_t at_us)
{
	struct remote_job job = {
		.service_id = (char *)"j1",
		.kind_text = (char *)"recovery",
		.status_text = (char *)status,
		.filter = (char *)"",
		.target_us = T(-500),
		.started_us = T(-5),
		.completed_us = TIME_NONE,
		.objects = objects,
		.links = -1,
		.objects_modified = -1,
		.links_modified = -1,
		.failed_changes = 0,
	};
	struct store_remote_job_seen seen = {true, true, true};

	ck_assert_int_eq(store_remote_job_note(s, tenant, &job, at_us, &seen), 0);
	return seen;
}

START_TEST(jobs_and_what_was_told)
{
	struct store_remote_job_seen seen = note("running", -1, T(0));

	ck_assert(!seen.ours && !seen.told_start && !seen.told_end);
	ck_assert_int_eq(number("SELECT objects IS NULL FROM remote_job"), 1);
	ck_assert_int_eq(store_remote_job_told(s, tenant, "j1", false), 0);
	seen = note("successful", 7, T(60));
	ck_assert(seen.told_start && !seen.told_end);
	ck_assert_int_eq(number("SELECT objects FROM remote_job"), 7);
	ck_assert_int_eq(number("SELECT failed_changes FROM remote_job"), 0);
	ck_assert_int_eq(number("SELECT status = 'successful' FROM remote_job"), 1);
	ck_assert_int_eq(number("SELECT first_seen FROM remote_job"), T(0));
	ck_assert_int_eq(number("SELECT last_seen FROM remote_job"), T(60));
	ck_assert_int_eq(store_remote_job_told(s, tenant, "j1", true), 0);
	seen = note("successful", 7, T(90));
	ck_assert(seen.told_start && seen.told_end);
	/* told of its end implies the start; the start never takes it back */
	ck_assert_int_eq(store_remote_job_told(s, tenant, "j1", false), 0);
	seen = note("successful", 7, T(90));
	ck_assert(seen.told_start && seen.told_end);
	ck_assert_int_eq(number("SELECT count(*) FROM remote_job"), 1);
}
END_TEST

static void insert_job(const char *state, const char *service_id)
{
	char text[700];

	(void)snprintf(text, sizeof(text),
		"INSERT INTO job (tenant, watch, filter_hash, filter, baseline, initial, due,"
		" queued, state, holds_slot, snapshot, snapshot_created, covered_from, adopted,"
		" pages, changes, unknown, attempts, epoch, service_id) VALUES (%lld, 'all', '',"
		" '', 'covered', 0, 0, 0, '%s', 0, 's', 0, 0, 0, 0, 0, 0, 0, 0, %s)",
		(long long)tenant, state, service_id);
	ck_assert_int_eq(db_script(s->db, text), 0);
}

START_TEST(a_job_may_be_ours)
{
	bool creating = true;

	ck_assert_int_eq(store_remote_job_creating(s, tenant, &creating), 0);
	ck_assert(!creating);
	ck_assert(!note("running", -1, T(0)).ours);
	insert_job("creating", "NULL");
	ck_assert_int_eq(store_remote_job_creating(s, tenant, &creating), 0);
	ck_assert(creating);
	ck_assert_int_eq(store_remote_job_creating(s, tenant + 1, &creating), 0);
	ck_assert(!creating);
	insert_job("waiting", "'j2'");
	ck_assert(!note("running", -1, T(0)).ours);
	insert_job("waiting", "'j1'");
	ck_assert(note("running", -1, T(0)).ours);
}
END_TEST

/* --- coverage ------------------------------------------------------------------------------------
 */

static void put(int64_t from_us, int64_t to_us, int64_t job)
{
	const struct store_coverage run = {.from_us = from_us, .to_us = to_us, .job = job};

	ck_assert_int_eq(store_coverage_put(s, tenant, "all", "h", &run), 0);
}

static void expect(int64_t from_us, int64_t to_us, int64_t job)
{
	struct store_coverage c;

	ck_assert_int_eq(store_coverage_get(s, tenant, "all", "h", &c), 0);
	ck_assert_int_eq(c.from_us, from_us);
	ck_assert_int_eq(c.to_us, to_us);
	ck_assert_int_eq(c.job, job);
}

START_TEST(coverage_moves)
{
	struct store_coverage c;

	ck_assert_int_eq(store_coverage_get(s, tenant, "all", "h", &c), -ENOENT);
	put(T(0), T(100), 1);
	expect(T(0), T(100), 1);
	/* it goes on; twice makes no difference */
	put(T(90), T(200), 2);
	put(T(90), T(200), 2);
	expect(T(0), T(200), 2);
	/* exactly where it ended; then a gap */
	put(T(200), T(300), 3);
	expect(T(0), T(300), 3);
	put(T(301), T(400), 4);
	expect(T(301), T(400), 4);
	/* a run that is judged late moves nothing back */
	put(T(50), T(350), 5);
	expect(T(301), T(400), 4);
	/* a baseline from before the gap closes it */
	put(T(250), T(500), 6);
	expect(T(250), T(500), 6);
	/* another filter, watch or tenant is another coverage */
	ck_assert_int_eq(store_coverage_get(s, tenant, "all", "g", &c), -ENOENT);
	ck_assert_int_eq(store_coverage_get(s, tenant, "one", "h", &c), -ENOENT);
	ck_assert_int_eq(store_coverage_get(s, tenant + 1, "all", "h", &c), -ENOENT);
}
END_TEST

Suite *suite(void)
{
	Suite *su = suite_create("store_watch");
	TCase *tc = tcase_create("store_watch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tenants_are_admitted);
	tcase_add_test(tc, looks_are_remembered);
	tcase_add_test(tc, everything_is_fenced);
	tcase_add_test(tc, first_and_last_sight);
	tcase_add_test(tc, sightings);
	tcase_add_test(tc, jobs_and_what_was_told);
	tcase_add_test(tc, a_job_may_be_ours);
	tcase_add_test(tc, coverage_moves);
	suite_add_tcase(su, tc);
	return su;
}
