/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator as a service: snapshots, jobs, switches, and what it holds against its client. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/support/clock_virtual.h"

#define ROOT "/v1.0/directory/recovery"
#define SCENARIO \
	"start 2026-11-16T00:00:00Z\n" \
	"tenant contoso users=30 groups=3 policies=2 refresh_token=first\n" \
	"tenant fabrikam users=5 refresh_token=other\n" \
	"preview contoso initial=1m load=40m calculate=10m\n"

static struct sim_client c;

static void at(const char *time)
{
	int64_t us;

	ck_assert_int_eq(time_parse(time, &us), 0);
	clock_virtual_set_wall(us);
}

static void set_up(void)
{
	at("2026-11-18T09:00:00Z");
	sim_client_open(&c, SCENARIO);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
}

static void tear_down(void)
{
	sim_client_close(&c);
}

static const char *list_of_times(void)
{
	static char text[2048];
	size_t n = 0;

	text[0] = '\0';
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots"), 200);
	JSON_EACH (it, json_member(c.json, "value"))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.13s ",
			json_string_or(it, "createdDateTime", "") + 5);
	return text;
}

START_TEST(snapshots_follow_the_plan)
{
	static const struct {
		const char *line, *now, *expect;
	} rows[] = {
		{"snapshots contoso daily 22:00 keep=3", "2026-11-18T09:00:00Z",
			"11-17T22:00:0 11-16T22:00:0 11-15T22:00:0 "},
		{"snapshots contoso daily 22:00 keep=3", "2026-11-18T22:00:00Z",
			"11-18T22:00:0 11-17T22:00:0 11-16T22:00:0 "},
		{"snapshots contoso daily 06:30 keep=2 visible=3h", "2026-11-18T09:00:00Z",
			"11-17T06:30:0 11-16T06:30:0 "},
		{"snapshots contoso daily 22:00 keep=5 since=+0d00:00", "2026-11-18T09:00:00Z",
			"11-17T22:00:0 11-16T22:00:0 "},
		{"snapshots contoso daily 22:00 keep=0", "2026-11-18T09:00:00Z", ""},
		{"snapshot contoso +1d22:00 missing", "2026-11-18T09:00:00Z",
			"11-16T22:00:0 11-15T22:00:0 11-14T22:00:0 11-13T22:00:0 11-12T22:00:0 "
			"11-11T22:00:0 "
			"11-10T22:00:0 "},
	};
	static const struct {
		const char *line, *expect;
	} more[] = {
		{"snapshot contoso +1d22:00 late=9h", "11-18T07:00:0 11-16T22:00:0 11-15T22:00:0 "},
		{"snapshot contoso +1d22:00 late=12h",
			"11-16T22:00:0 11-15T22:00:0 11-14T22:00:0 "},
		{"snapshot contoso +1d22:00 twice",
			"11-17T22:00:0 11-17T22:00:0 11-16T22:00:0 11-15T22:00:0 "},
		{"snapshot contoso +2d05:00 extra", "11-18T05:00:0 11-17T22:00:0 11-16T22:00:0 "},
	};

	if ((size_t)_i < sizeof(rows) / sizeof(rows[0])) {
		sim_client_line(&c, rows[_i].line);
		at(rows[_i].now);
		ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
		ck_assert_str_eq(list_of_times(), rows[_i].expect);
	} else {
		sim_client_line(&c, "snapshots contoso daily 22:00 keep=3");
		sim_client_line(&c, more[_i - 6].line);
		ck_assert_str_eq(list_of_times(), more[_i - 6].expect);
	}
}
END_TEST

START_TEST(snapshots_can_be_turned_off_and_on)
{
	sim_client_line(&c, "snapshots contoso daily 22:00 keep=3");
	sim_client_line(&c, "snapshots contoso off");
	at("2026-11-20T21:00:00Z");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_str_eq(list_of_times(), "11-17T22:00:0 11-16T22:00:0 11-15T22:00:0 ");
	sim_client_line(&c, "snapshots contoso on");
	at("2026-11-20T22:00:00Z");
	ck_assert_str_eq(list_of_times(), "11-20T22:00:0 11-17T22:00:0 11-16T22:00:0 ");
}
END_TEST

/* Byte for byte what was measured, but for the host of the context. */
START_TEST(live_capture)
{
	struct buf fixture = BUF_INIT(65536), expect = BUF_INIT(65536), got = BUF_INIT(65536);
	struct json *root = NULL;

	at("2026-07-28T09:00:00Z");
	sim_client_line(&c, "switch contoso context bare");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots"), 200);
	json_append_canonical(&got, json_member(c.json, "value"));
	ck_assert_str_eq(json_string_or(c.json, "@context", ""),
		SIM_CLIENT_URL "/v1.0/$metadata#directory/recovery/snapshots");
	ck_assert_int_eq(file_read("tests/fixtures/graph/snapshots-live.json", &fixture), 0);
	ck_assert_int_eq(json_parse(fixture.data, fixture.len, 16, &root), 0);
	json_append_canonical(&expect, json_member(root, "value"));
	ck_assert_str_eq(buf_text(&got), buf_text(&expect));
	(void)json_free(root);
	buf_done(&fixture);
	buf_done(&expect);
	buf_done(&got);
}
END_TEST

static const char *status_of(const char *job)
{
	static char status[64];

	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs/%s", job), 200);
	(void)snprintf(status, sizeof(status), "%s", json_string_or(c.json, "status", ""));
	return status;
}

START_TEST(job_goes_through_its_states)
{
	const char *job = sim_client_preview(&c, sim_client_snapshot(&c, 0), "{}");

	ck_assert_str_ne(job, "");
	ck_assert_str_eq(status_of(job), "initialized");
	ck_assert(json_is_null(json_member(c.json, "jobCompletionDateTime")));
	clock_virtual_advance(USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "loadingData");
	clock_virtual_advance(40 * USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "calculating");
	sim_client_line(&c, "switch working running");
	ck_assert_str_eq(status_of(job), "running");
	clock_virtual_advance(10 * USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "successful");
	ck_assert_str_eq(json_string_or(c.json, "jobStartDateTime", ""), "2026-11-18T09:00:00Z");
	ck_assert_str_eq(
		json_string_or(c.json, "jobCompletionDateTime", ""), "2026-11-18T09:51:00Z");
	ck_assert_str_eq(json_string_or(c.json, "targetStateDateTime", ""), "2026-11-17T22:00:00Z");

	/* the second job on a snapshot loads nothing */
	job = sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL);
	clock_virtual_advance(11 * USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "successful");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(newer_enum_members_need_to_be_asked_for)
{
	const char *job = sim_client_preview(&c, sim_client_snapshot(&c, 0),
		"{\"filteringCriteria\":{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices."
		"recoveryJobEntityNamesFilter\",\"entityTypes\":[\"user\",\"organization\"]}}");
	const struct json *types;

	clock_virtual_advance(2 * USEC_PER_MIN);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	c.prefer = NULL;
	ck_assert_str_eq(status_of(job), "unknownFutureValue");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	types = json_first(json_member(json_member(c.json, "filteringCriteria"), "entityTypes"));
	ck_assert_str_eq(json_string(types), "user");
	ck_assert_str_eq(json_string(json_next(types)), "unknownFutureValue");
	c.prefer = "include-unknown-enum-members";
	ck_assert_str_eq(status_of(job), "loadingData");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
}
END_TEST

START_TEST(one_job_at_a_time)
{
	const char *snapshot = sim_client_snapshot(&c, 1);

	ck_assert_str_ne(sim_client_preview(&c, snapshot, NULL), "");
	ck_assert_str_eq(sim_client_preview(&c, snapshot, NULL), "");
	ck_assert_int_eq(c.answer.status, 409);
	ck_assert_uint_eq(sim_violations(c.sim), 1); /* it was its own */
	clock_virtual_advance(USEC_PER_HOUR);
	sim_client_line(&c, "do contoso foreign-preview duration=2h");
	ck_assert_str_eq(sim_client_preview(&c, snapshot, NULL), "");
	ck_assert_int_eq(c.answer.status, 409);
	ck_assert_uint_eq(sim_violations(c.sim), 1); /* losing to somebody else is no fault */
	clock_virtual_advance(2 * USEC_PER_HOUR);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_str_ne(sim_client_preview(&c, snapshot, NULL), "");
	/* slots are a tenant's own */
	ck_assert_int_eq(sim_client_sign_in(&c, "fabrikam", "other"), 200);
	ck_assert_str_ne(sim_client_preview(&c, snapshot, NULL), "");
}
END_TEST

START_TEST(foreign_jobs_wait_for_the_slot)
{
	const char *job = sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL);

	sim_client_line(&c, "do contoso foreign-recovery duration=1h");
	clock_virtual_advance(50 * USEC_PER_MIN);
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs"), 200);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 1);
	clock_virtual_advance(6 * USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "successful");
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs"), 200);
	ck_assert_str_eq(
		json_string_or(json_first(json_member(c.json, "value")), "@odata.type", ""),
		"#microsoft.graph.entraRecoveryServices.recoveryJob");
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(cancelling)
{
	char target[256];
	const char *job = sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL);

	sim_client_line(&c, "switch cancel_takes 5m");
	(void)snprintf(target, sizeof(target),
		ROOT "/jobs/%s/microsoft.graph.entraRecoveryServices.cancel", job);
	ck_assert_int_eq(sim_client_send(&c, "POST", target, NULL), 202);
	ck_assert_str_ne(sim_client_header(&c, "Location"), "");
	ck_assert_str_eq(status_of(job), "initialized");
	clock_virtual_advance(5 * USEC_PER_MIN);
	ck_assert_str_eq(status_of(job), "abandoned");
	ck_assert_int_eq(sim_client_send(&c, "POST", target, NULL), 400); /* it has ended */
	ck_assert_uint_eq(sim_violations(c.sim), 0);

	sim_client_line(&c, "do contoso foreign-preview");
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs?$top=1"), 200);
	(void)snprintf(target, sizeof(target), ROOT "/jobs/%s/cancel",
		json_string_or(json_first(json_member(c.json, "value")), "id", ""));
	ck_assert_int_eq(sim_client_send(&c, "POST", target, NULL), 202);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_ptr_nonnull(strstr(sim_violation(c.sim, 0), "somebody else"));
}
END_TEST

START_TEST(jobs_end_as_planned_and_are_forgotten)
{
	static const struct {
		const char *outcome, *status;
	} rows[] = {{"failed", "failed"}, {"abandoned", "abandoned"}, {"stuck", "calculating"}};
	char line[128];

	(void)snprintf(
		line, sizeof(line), "preview contoso outcome=%s jobs_keep=7d", rows[_i].outcome);
	sim_client_line(&c, line);
	const char *snapshot = sim_client_snapshot(&c, 0);
	const char *job = sim_client_preview(&c, snapshot, NULL);
	clock_virtual_advance(USEC_PER_HOUR);
	ck_assert_str_eq(status_of(job), rows[_i].status);
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots/%s/recoveryPreviewJobs/%s/getChanges",
				 snapshot, job),
		400);
	clock_virtual_advance(7 * USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs/%s", job), _i == 2 ? 200 : 404);
}
END_TEST

START_TEST(baselines_age_out)
{
	char snapshot[128];

	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 6));
	clock_virtual_advance(USEC_PER_DAY);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	ck_assert_str_eq(sim_client_preview(&c, snapshot, NULL), "");
	ck_assert_int_eq(c.answer.status, 404);
	ck_assert_ptr_nonnull(
		strstr(buf_text(&c.answer.body), "This isn't a valid timestamp for recovery."));
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(what_is_held_against_the_client)
{
	static const struct {
		const char *method, *target, *body, *expect;
		int status;
	} rows[] = {
		{"POST", ROOT "/snapshots/MTc5NDk1MjgwMA==/recoveryJobs", NULL, "never", 403},
		{"DELETE", ROOT "/jobs", NULL, "no such method", 405},
		{"GET", ROOT "/reports", NULL, "no such path", 400},
		{"GET", "/v1.0/users", NULL, "no such path", 400},
		{"GET", "/favicon.ico", NULL, "nothing there", 404},
		{"GET", ROOT "/jobs?$filter=status", NULL, "not simulated", 400},
		{"GET", ROOT "/jobs?$top=1000", NULL, "$top", 400},
		{"GET", ROOT "/jobs", "{}", "with a body", 200},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", "[]", "not an object", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", "{\"a\":1}",
			"not filteringCriteria", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", "{", "not JSON", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs",
			"{\"filteringCriteria\":{\"entityTypes\":[]}}", "no @odata.type", 400},
#define NAMES \
	"{\"filteringCriteria\":{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices." \
	"recoveryJobEntityNamesFilter\",\"entityTypes\":"
#define IDS \
	"{\"filteringCriteria\":{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices." \
	"recoveryJobEntityNameAndIdsFilter\",\"filterValues\":"
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", NAMES "[]}}", "not empty", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", NAMES "[\"users\"]}}",
			"no resourceTypeName", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs", NAMES "[\"user\",\"user\"]}}",
			"twice", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs",
			IDS "[{\"entityType\":\"user\",\"entityIds\":[\"a\"]},"
			    "{\"entityType\":\"user\",\"entityIds\":[\"b\"]}]}}",
			"twice", 400},
		{"POST", ROOT "/snapshots/x/recoveryPreviewJobs",
			IDS "[{\"entityType\":\"user\",\"entityIds\":[]}]}}", "not empty", 400},
	};

	ck_assert_int_eq(sim_client_send(&c, rows[_i].method, rows[_i].target, rows[_i].body),
		rows[_i].status);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_msg(strstr(sim_violation(c.sim, 0), rows[_i].expect) != NULL, "%s",
		sim_violation(c.sim, 0));
}
END_TEST

START_TEST(headers_and_hosts_are_checked)
{
	c.agent = "curl/8";
	(void)sim_client_get(&c, ROOT "/snapshots");
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	c.agent = "snapwatch/1";
	c.request_id = "not-a-guid";
	(void)sim_client_get(&c, ROOT "/snapshots");
	ck_assert_uint_eq(sim_violations(c.sim), 2);
	c.request_id = "5f0c9a52-7d1e-4a0f-9c3b-2e8d6f417b90";
	c.host = "127.0.0.1:8443";
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots"), 200);
	c.host = "graph.foreign.example";
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots"), 421);
	ck_assert_ptr_nonnull(strstr(sim_violation(c.sim, 2), "with a token"));
	sim_client_line(&c, "host graph.foreign.example");
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots"), 200);
	ck_assert_uint_eq(sim_violations(c.sim), 3);
}
END_TEST

START_TEST(more_than_a_hundred_ids)
{
	struct buf body = BUF_INIT(65536);
	char snapshot[128];

	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 0));
	for (unsigned n = 100; n <= 101; n++) {
		buf_reset(&body);
		buf_puts(&body, IDS "[{\"entityType\":\"user\",\"entityIds\":[\"0\"");
		for (unsigned i = 1; i < n; i++)
			buf_printf(&body, ",\"%u\"", i);
		buf_puts(&body, "]}]}}");
		(void)sim_client_preview(&c, snapshot, buf_text(&body));
		ck_assert_int_eq(c.answer.status, n == 100 ? 202 : 400);
	}
	buf_done(&body);
}
END_TEST

START_TEST(jobs_belong_to_their_tenant)
{
	char job[64];

	(void)snprintf(
		job, sizeof(job), "%s", sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL));
	ck_assert_int_eq(sim_client_sign_in(&c, "fabrikam", "other"), 200);
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs/%s", job), 404);
	ck_assert_uint_eq(sim_violations(c.sim), 1);
	ck_assert_ptr_nonnull(strstr(sim_violation(c.sim, 0), "a job of contoso"));
}
END_TEST

START_TEST(open_questions_are_switches)
{
	const char *job;

	sim_client_line(&c, "switch snapshot_id iso");
	sim_client_line(&c, "switch snapshot_rows documented");
	sim_client_line(&c, "switch order oldest");
	ck_assert_str_eq(sim_client_snapshot(&c, 6), "MjAyNi0xMS0xN1QyMjowMDowMFo=");
	ck_assert_ptr_nonnull(
		json_member(json_first(json_member(c.json, "value")), "totalChangedObjects"));
	ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots/MjAyNi0xMS0xN1QyMjowMDowMFo="), 404);
	sim_client_line(&c, "switch snapshot_get served");
	ck_assert_int_eq(
		sim_client_get(&c, ROOT "/snapshots/MTc5NDk1MjgwMA=="), 200); /* the other form */

	sim_client_line(&c, "switch location relative");
	job = sim_client_preview(&c, "MTc5NDk1MjgwMA==", NULL);
	ck_assert_int_eq(
		strncmp(sim_client_header(&c, "Location"), ROOT "/snapshots/MjAyNi0xMS0xN1", 41),
		0);
	ck_assert_str_eq(status_of(job), "initialized");
	ck_assert_int_eq(
		json_get_int(c.json, "totalChangedObjectsCalculated", &(int64_t){0}), JSON_GET_OK);
	sim_client_line(&c, "switch totals null");
	ck_assert_str_eq(status_of(job), "initialized");
	ck_assert(json_is_null(json_member(c.json, "totalChangedObjectsCalculated")));

	sim_client_line(&c, "switch poll app");
	ck_assert_int_eq(sim_client_get(&c, ROOT "/jobs"), 403);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(forms_of_the_function)
{
	static const char *const forms[] = {"microsoft.graph.entraRecoveryServices.getChanges",
		"getChanges", "microsoft.graph.entraRecoveryServices.getChanges()"};
	static const char *const positions[] = {"switch function qualified",
		"switch function plain", "switch function parens", "switch function any"};
	const char *snapshot = sim_client_snapshot(&c, 0),
		   *job = sim_client_preview(&c, snapshot, NULL);

	clock_virtual_advance(USEC_PER_HOUR);
	sim_client_line(&c, positions[_i]);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(sim_client_get(&c, ROOT "/snapshots/%s/recoveryPreviewJobs/%s/%s",
					 snapshot, job, forms[i]),
			i == _i || _i == 3 ? 200 : 400);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(counters)
{
	(void)sim_client_get(&c, ROOT "/snapshots");
	(void)sim_client_get(&c, ROOT "/jobs");
	ck_assert_uint_eq(sim_count(c.sim, "requests"), 3);
	ck_assert_uint_eq(sim_count(c.sim, "token"), 1);
	ck_assert_uint_eq(sim_count(c.sim, "contoso.snapshots"), 1);
	ck_assert_uint_eq(sim_count(c.sim, "fabrikam.requests"), 0);
	ck_assert_uint_eq(sim_count(c.sim, "nonsense"), 0);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim");
	TCase *t = tcase_create("service");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, snapshots_follow_the_plan, 0, 10);
	tcase_add_test(t, snapshots_can_be_turned_off_and_on);
	tcase_add_test(t, live_capture);
	tcase_add_test(t, job_goes_through_its_states);
	tcase_add_test(t, newer_enum_members_need_to_be_asked_for);
	tcase_add_test(t, one_job_at_a_time);
	tcase_add_test(t, foreign_jobs_wait_for_the_slot);
	tcase_add_test(t, cancelling);
	tcase_add_loop_test(t, jobs_end_as_planned_and_are_forgotten, 0, 3);
	tcase_add_test(t, baselines_age_out);
	tcase_add_loop_test(t, what_is_held_against_the_client, 0, 17);
	tcase_add_test(t, headers_and_hosts_are_checked);
	tcase_add_test(t, more_than_a_hundred_ids);
	tcase_add_test(t, jobs_belong_to_their_tenant);
	tcase_add_test(t, open_questions_are_switches);
	tcase_add_loop_test(t, forms_of_the_function, 0, 4);
	tcase_add_test(t, counters);
	suite_add_tcase(s, t);
	return s;
}
