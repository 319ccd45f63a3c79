/* SPDX-License-Identifier: Apache-2.0 */
/* Paging: complete, stable, opaque; and the computed directory behind the same interface. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_dir.h"
#include "tests/graphsim/sim_proc.h"
#include "tests/support/clock_virtual.h"

#define START \
	"start 2026-11-16T00:00:00Z\n" \
	"switch function any\n" \
	"tenant contoso users=120 refresh_token=first seed=7\n" \
	"tenant big kind=procedural objects=3000 daily=600 refresh_token=big seed=3\n" \
	"preview contoso initial=0s load=0s calculate=1m\n" \
	"preview big initial=0s load=0s calculate=1m\n" \
	"at +0d10:00 contoso delete users 11..110\n"

static struct sim_client c;
static char snapshot[128], job[64];

static void set_up(void)
{
	int64_t us;

	ck_assert_int_eq(time_parse("2026-11-16T21:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	sim_client_open(&c, START);
}

static void tear_down(void)
{
	sim_client_close(&c);
}

static void run_job(const char *tenant, const char *token)
{
	ck_assert_int_eq(sim_client_sign_in(&c, tenant, token), 200);
	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 0));
	(void)snprintf(job, sizeof(job), "%s", sim_client_preview(&c, snapshot, NULL));
	ck_assert_str_ne(job, "");
	clock_virtual_advance(USEC_PER_MIN);
}

static char *text_of(const struct json *v)
{
	struct buf b = BUF_INIT(16u * 1024 * 1024);

	json_append_canonical(&b, v);
	return buf_take(&b);
}

START_TEST(any_page_size_gives_the_same_rows)
{
	static const unsigned tops[] = {1, 7, 100, 999};
	static const char *const styles[] = {"switch nextlink skiptoken", "switch nextlink skip"};
	const char *tenant = _i % 2 ? "big" : "contoso";
	_cleanup_(freep) char *whole = NULL;
	size_t pages = 0;

	run_job(tenant, _i % 2 ? "big" : "first");
	sim_client_line(&c, styles[_i / 2]);
	struct json *all = sim_client_changes(&c, snapshot, job, 999, &pages);
	whole = text_of(all);
	size_t n = sim_client_count(all);
	(void)json_free(all);
	ck_assert_uint_gt(n, 90);
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		struct json *again = sim_client_changes(&c, snapshot, job, tops[i], &pages);
		_cleanup_(freep) char *text = text_of(again);

		ck_assert_str_eq(text, whole);
		ck_assert_uint_eq(pages, (n + tops[i] - 1) / tops[i]);
		(void)json_free(again);
	}
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(a_report_does_not_change_afterwards)
{
	run_job("contoso", "first");
	struct json *before = sim_client_changes(&c, snapshot, job, 999, NULL);
	_cleanup_(freep) char *old = text_of(before);

	sim_client_line(&c, "do contoso delete users 1..5");
	sim_client_line(&c, "do contoso create user Late count=5");
	struct json *after = sim_client_changes(&c, snapshot, job, 10, NULL);
	_cleanup_(freep) char *new = text_of(after);
	ck_assert_str_eq(old, new);
	(void)json_free(before);
	(void)json_free(after);
}
END_TEST

START_TEST(totals_are_the_rows)
{
	int64_t rows = 0, links = 0;
	size_t n_links = 0;

	run_job("big", "big");
	struct json *all = sim_client_changes(&c, snapshot, job, 500, NULL);
	JSON_EACH (it, all)
		n_links += sim_client_count(
			json_member(json_member(it, "deltaFromCurrent"), "members@delta"));
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs/%s", job), 200);
	ck_assert_int_eq(json_get_int(c.json, "totalChangedObjectsCalculated", &rows), JSON_GET_OK);
	ck_assert_int_eq(json_get_int(c.json, "totalChangedLinksCalculated", &links), JSON_GET_OK);
	ck_assert_int_eq(rows, sim_client_count(all));
	ck_assert_int_eq(links, n_links);
	ck_assert_uint_gt(n_links, 0);
	(void)json_free(all);
}
END_TEST

START_TEST(options)
{
	static const struct {
		const char *query;
		int status;
		size_t rows;
	} rows[] = {
		{"", 200, 100}, /* the default page */
		{"?$top=3", 200, 3},
		{"?$skip=98", 200, 2},
		{"?$skip=98&$top=1", 200, 1},
		{"?$skip=500", 200, 0},
		{"?%24top=4", 200, 4},
		{"?$top=0", 400, 0},
		{"?$top=1000", 400, 0},
		{"?$skiptoken=bm9uc2Vuc2U", 400, 0},
		{"?$orderby=id", 400, 0},
	};

	run_job("contoso", "first");
	ck_assert_int_eq(
		sim_client_get(&c,
			"/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s/getChanges%s",
			snapshot, job, rows[_i].query),
		rows[_i].status);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), rows[_i].rows);
}
END_TEST

START_TEST(a_token_is_good_for_its_own_list_only)
{
	run_job("contoso", "first");
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/snapshots?$top=2"), 200);
	const char *link = json_string_or(c.json, "@odata.nextLink", "");
	char token[256];
	(void)snprintf(token, sizeof(token), "%s", strchr(link, '='));
	ck_assert_int_eq(
		sim_client_get(&c, "/v1.0/directory/recovery/snapshots?$skiptoken%s", token), 200);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 2);
	ck_assert_int_eq(sim_client_get(&c,
				 "/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s/"
				 "getChanges?$skiptoken%s",
				 snapshot, job, token),
		400);
}
END_TEST

START_TEST(the_service_may_send_smaller_pages)
{
	size_t pages = 0;

	run_job("contoso", "first");
	sim_client_line(&c, "switch page 30");
	sim_client_line(&c, "switch count on");
	struct json *all = sim_client_changes(&c, snapshot, job, 999, &pages);
	ck_assert_uint_eq(sim_client_count(all), 100);
	ck_assert_uint_eq(pages, 4);
	int64_t count = 0;
	ck_assert_int_eq(json_get_int(c.json, "@odata.count", &count), JSON_GET_OK);
	ck_assert_int_eq(count, 100);
	(void)json_free(all);
}
END_TEST

/* --- the computed directory ----------------------------------------------------------------------
 */

#define T0 (20000 * USEC_PER_DAY)

START_TEST(computed_differences)
{
	struct sim_dir *d = sim_proc_new(5, "big.example", 20000, 4000);
	struct sim_filter all = {0};
	uint64_t rows = 0, links = 0, back = 0;
	size_t actions[3] = {0};
	struct sim_row row = {0};

	sim_diff_count(d, T0, T0 + USEC_PER_DAY, &all, &rows, &links);
	ck_assert_uint_gt(rows, 3600); /* about 4000 events a day */
	ck_assert_uint_lt(rows, 4400);
	for (; d->ops->next(d, T0, T0 + USEC_PER_DAY, &row); row.pos++)
		actions[row.action]++;
	ck_assert_uint_gt(actions[SIM_ACTION_UPDATE], rows * 65 / 100);
	ck_assert_uint_lt(actions[SIM_ACTION_UPDATE], rows * 75 / 100);
	ck_assert_uint_gt(actions[SIM_ACTION_SOFT_DELETE], rows * 15 / 100);
	ck_assert_uint_gt(actions[SIM_ACTION_RESTORE], rows * 7 / 100);
	sim_diff_count(d, T0, T0, &all, &back, &links);
	ck_assert_uint_eq(back, 0);
	d->ops->free(d);
}
END_TEST

static char *all_values(const struct sim_row *row, const char *const *values)
{
	struct buf b = BUF_INIT(65536);

	for (unsigned i = 0; i < sim_type_info(row->type)->n_props; i++)
		buf_puts(&b, values[i]);
	return buf_take(&b);
}

/* The state at an instant is the same from wherever it is looked at. */
START_TEST(computed_states_fit_together)
{
	struct sim_dir *d = sim_proc_new(9, "big.example", 500, 400);
	struct sim_row row = {0};
	size_t n = 0;

	for (; d->ops->next(d, T0, T0 + 3 * USEC_PER_DAY, &row); row.pos++) {
		struct sim_detail whole, part;
		struct sim_row late = row;

		if (row.action != SIM_ACTION_UPDATE)
			continue;
		d->ops->load(d, T0, T0 + 3 * USEC_PER_DAY, &row, &whole);
		_cleanup_(freep) char *values = all_values(&row, whole.after);
		if (!d->ops->next(d, T0 + USEC_PER_DAY, T0 + 3 * USEC_PER_DAY, &late) ||
			late.pos != row.pos)
			continue;
		d->ops->load(d, T0 + USEC_PER_DAY, T0 + 3 * USEC_PER_DAY, &late, &part);
		_cleanup_(freep) char *again = all_values(&late, part.after);
		ck_assert_str_eq(again, values);
		ck_assert_str_eq(late.id, row.id);
		n++;
	}
	ck_assert_uint_gt(n, 100);
	d->ops->free(d);
}
END_TEST

START_TEST(every_computed_update_differs)
{
	struct sim_dir *d = sim_proc_new(11, "big.example", 3000, 3000);
	struct sim_row row = {0};
	size_t n = 0;

	for (; d->ops->next(d, T0, T0 + USEC_PER_DAY + USEC_PER_HOUR, &row); row.pos++) {
		struct sim_detail detail;
		bool differs = false;

		if (row.action != SIM_ACTION_UPDATE)
			continue;
		d->ops->load(d, T0, T0 + USEC_PER_DAY + USEC_PER_HOUR, &row, &detail);
		for (unsigned i = 0; i < sim_type_info(row.type)->n_props; i++)
			differs |= strcmp(detail.before[i], detail.after[i]) != 0;
		ck_assert_msg(differs, "%s", sim_type_info(row.type)->name);
		ck_assert_uint_eq(detail.n_links, row.links);
		for (size_t a = 0; a < detail.n_links; a++)
			for (size_t b = 0; b < a; b++)
				ck_assert_str_ne(detail.links[a].id, detail.links[b].id);
		n++;
	}
	ck_assert_uint_gt(n, 2000);
	d->ops->free(d);
}
END_TEST

START_TEST(two_simulators_say_the_same)
{
	struct sim_client other;

	run_job("big", "big");
	struct json *one = sim_client_changes(&c, snapshot, job, 999, NULL);
	_cleanup_(freep) char *first = text_of(one);
	clock_virtual_advance(-USEC_PER_MIN);
	sim_client_close(&c);
	sim_client_open(&other, START);
	c = other;
	run_job("big", "big");
	struct json *two = sim_client_changes(&c, snapshot, job, 50, NULL);
	_cleanup_(freep) char *second = text_of(two);
	ck_assert_str_eq(first, second);
	(void)json_free(one);
	(void)json_free(two);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_page");
	TCase *t = tcase_create("pages"), *p = tcase_create("computed");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, any_page_size_gives_the_same_rows, 0, 4);
	tcase_add_test(t, a_report_does_not_change_afterwards);
	tcase_add_test(t, totals_are_the_rows);
	tcase_add_loop_test(t, options, 0, 10);
	tcase_add_test(t, a_token_is_good_for_its_own_list_only);
	tcase_add_test(t, the_service_may_send_smaller_pages);
	tcase_add_test(t, two_simulators_say_the_same);
	suite_add_tcase(s, t);
	tcase_add_test(p, computed_differences);
	tcase_add_test(p, computed_states_fit_together);
	tcase_add_test(p, every_computed_update_differs);
	suite_add_tcase(s, p);
	return s;
}
