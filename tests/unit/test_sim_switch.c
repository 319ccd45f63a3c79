/* SPDX-License-Identifier: Apache-2.0 */
/* Switches: what each position changes, and that the README knows them all. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_switch.h"
#include "tests/support/clock_virtual.h"

#define RECOVERY "/v1.0/directory/recovery"
#define QUALIFIED "microsoft.graph.entraRecoveryServices."

static struct sim_client c;
static char snapshot[128], job[64];

static void set_up(void)
{
	int64_t us;

	ck_assert_int_eq(time_parse("2026-11-16T21:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	sim_client_open(&c, "start 2026-11-16T00:00:00Z\n"
			    "tenant contoso users=20 groups=3 refresh_token=first seed=7\n"
			    "preview contoso initial=0s load=0s calculate=1m\n"
			    "at -1d21:30 contoso delete user 9\n"
			    "at +0d10:00 contoso delete users 3..4\n"
			    "at +0d10:00 contoso set group 1 description=New\n"
			    "at +0d10:00 contoso create user New as new\n"
			    "at +0d10:00 contoso add-member group 1 new\n"
			    "at +0d10:00 contoso add-member group 2 new\n");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
}

static void tear_down(void)
{
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	sim_client_close(&c);
}

/* A preview of the newest snapshot that has ended. */
static void run_job(void)
{
	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 0));
	(void)snprintf(job, sizeof(job), "%s", sim_client_preview(&c, snapshot, NULL));
	ck_assert_str_ne(job, "");
	clock_virtual_advance(2 * USEC_PER_MIN);
}

static int64_t total(void)
{
	int64_t n = -1;

	ck_assert_int_eq(sim_client_get(&c, RECOVERY "/jobs/%s", job), 200);
	(void)json_get_int(c.json, "totalChangedObjectsCalculated", &n);
	return n;
}

/* Two deleted, one created, group 1 with a property and a member, group 2 with a member. */
START_TEST(rows_and_totals)
{
	static const struct {
		const char *lines;
		size_t rows;
		int64_t total;
	} rows[] = {
		{"", 5, 5},
		{"switch contoso totals_count objects", 5, 5},
		{"switch contoso rows split", 6, 6},
		{"switch contoso rows split\nswitch contoso totals_count objects", 6, 5},
		{"switch contoso totals never", 5, -1},
		{"switch contoso lag 1h", 6, 6},
	};
	char lines[256];

	(void)snprintf(lines, sizeof(lines), "%s", rows[_i].lines);
	for (char *line = lines, *next; *line; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		sim_client_line(&c, line);
	}
	run_job();
	for (unsigned top = 1; top < 8; top += 3) {
		struct json *all = sim_client_changes(&c, snapshot, job, top, NULL);

		ck_assert_uint_eq(sim_client_count(all), rows[_i].rows);
		(void)json_free(all);
	}
	ck_assert_int_eq(total(), rows[_i].total);
}
END_TEST

START_TEST(two_rows_are_the_halves_of_one)
{
	size_t props = 0, links = 0, both = 0;

	sim_client_line(&c, "switch contoso rows split");
	run_job();
	struct json *all = sim_client_changes(&c, snapshot, job, 999, NULL);
	JSON_EACH (it, all) {
		const struct json *delta = json_member(it, "deltaFromCurrent");
		bool p = json_member(delta, "description"), l = json_member(delta, "members@delta");

		props += p;
		links += l;
		both += p && l;
	}
	ck_assert_uint_eq(props, 1);
	ck_assert_uint_eq(links, 2);
	ck_assert_uint_eq(both, 0);
	(void)json_free(all);
}
END_TEST

START_TEST(which_function_is_found)
{
	static const struct {
		const char *position, *root, *name;
		int status;
	} rows[] = {
		{"documented", "/v1.0", QUALIFIED "getChanges", 200},
		{"documented", "/v1.0", "getChanges", 400},
		{"documented", "/beta", "getChanges", 200},
		{"documented", "/beta", QUALIFIED "getChanges", 400},
		{"parens", "/v1.0", QUALIFIED "getChanges()", 200},
		{"parens", "/v1.0", QUALIFIED "getChanges", 400},
		{"qualified", "/v1.0", QUALIFIED "getChanges()", 400},
		{"plain", "/v1.0", "getChanges", 200},
		{"any", "/v1.0", QUALIFIED "getChanges()", 200},
	};
	char line[64];

	(void)snprintf(line, sizeof(line), "switch function %s", rows[_i].position);
	sim_client_line(&c, line);
	run_job();
	ck_assert_int_eq(
		sim_client_get(&c, "%s/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s/%s",
			rows[_i].root, snapshot, job, rows[_i].name),
		rows[_i].status);
}
END_TEST

/* An action is none of the forms that are open. */
START_TEST(cancelling_needs_no_parentheses)
{
	char target[256];

	sim_client_line(&c, "switch function parens");
	(void)snprintf(
		job, sizeof(job), "%s", sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL));
	(void)snprintf(target, sizeof(target), RECOVERY "/jobs/%s/" QUALIFIED "cancel", job);
	ck_assert_int_eq(sim_client_send(&c, "POST", target, NULL), 202);
}
END_TEST

START_TEST(a_job_that_nobody_may_read)
{
	sim_client_line(&c, "switch poll none");
	run_job();
	ck_assert_int_eq(sim_client_get(&c, RECOVERY "/jobs/%s", job), 403);
	ck_assert_int_eq(sim_client_get(&c, RECOVERY "/jobs"), 200);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 1);
}
END_TEST

/* Every position that is offered is taken, the default comes first, and the README has them all. */
START_TEST(the_table_and_its_reference)
{
	struct buf readme = BUF_INIT(1024u * 1024), error = BUF_INIT(4096);
	char row[64];

	ck_assert_int_eq(file_read("tests/graphsim/README.md", &readme), 0);
	for (unsigned id = 0; id < _SIM_SW_MAX; id++) {
		struct sim_switches s = {0};
		const char *name = sim_switch_name(id), *position;
		unsigned n = 0;

		(void)snprintf(row, sizeof(row), "| `%s` |", name);
		const char *at = strstr(buf_text(&readme), row);
		ck_assert_msg(at != NULL, "the README has no switch %s", name);
		for (; (position = sim_switch_position(id, n)); n++) {
			ck_assert_int_eq(sim_switch_set(&s, name, position, &error), 0);
			ck_assert_msg((s.value[id] == sim_switch_default(id)) == (n == 0), "%s %s",
				name, position);
		}
		ck_assert_uint_ge(n, 2);
		/* a switch of words: each of them is in its row */
		if (strstr(at, "number") && strstr(at, "number") < strchr(at, '\n'))
			continue;
		if (strstr(at, "duration") && strstr(at, "duration") < strchr(at, '\n'))
			continue;
		for (unsigned i = 0; (position = sim_switch_position(id, i)); i++) {
			(void)snprintf(row, sizeof(row), "`%s`", position);
			const char *found = strstr(at, row);
			ck_assert_msg(found && found < strchr(at, '\n'), "%s %s", name, position);
		}
	}
	buf_done(&readme);
	buf_done(&error);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_switch");
	TCase *t = tcase_create("switches");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, rows_and_totals, 0, 6);
	tcase_add_test(t, two_rows_are_the_halves_of_one);
	tcase_add_loop_test(t, which_function_is_found, 0, 9);
	tcase_add_test(t, cancelling_needs_no_parentheses);
	tcase_add_test(t, a_job_that_nobody_may_read);
	tcase_add_test(t, the_table_and_its_reference);
	suite_add_tcase(s, t);
	return s;
}
