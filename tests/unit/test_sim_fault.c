/* SPDX-License-Identifier: Apache-2.0 */
/* Scripted faults: which requests they meet and what they do. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/tmpdir.h"

#define SNAPSHOTS "/v1.0/directory/recovery/snapshots"

static struct sim_client c;

static void set_up(void)
{
	int64_t us;

	ck_assert_int_eq(time_parse("2026-11-16T21:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	sim_client_open(&c, "start 2026-11-16T00:00:00Z\n"
			    "tenant contoso users=10 refresh_token=first\n"
			    "tenant fabrikam users=10 refresh_token=other\n"
			    "hook ops secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
}

static void tear_down(void)
{
	sim_client_close(&c);
}

/* The statuses of six requests for snapshots, a minute apart. */
static const char *statuses(void)
{
	static char text[64];
	size_t n = 0;

	for (int i = 0; i < 6; i++) {
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%d ", sim_client_get(&c, SNAPSHOTS));
		clock_virtual_advance(USEC_PER_MIN);
	}
	return text;
}

START_TEST(which_requests_they_meet)
{
	static const struct {
		const char *fault, *expect;
	} rows[] = {
		{"fault contoso GET */snapshots status=503", "503 200 200 200 200 200 "},
		{"fault * * * status=503 count=2", "503 503 200 200 200 200 "},
		{"fault contoso GET */snapshots nth=3 count=2 status=429",
			"200 200 429 429 200 200 "},
		{"fault contoso GET */snapshots count=all nth=2 status=500",
			"200 500 500 500 500 500 "},
		{"fault contoso GET */snap?hots after=+0d21:02 until=+0d21:04 status=404",
			"200 200 404 404 200 200 "},
		{"fault contoso GET */snapshots after=+0d21:02 status=404",
			"200 200 404 200 200 200 "},
		{"fault fabrikam GET */snapshots status=503", "200 200 200 200 200 200 "},
		{"fault contoso POST */snapshots status=503", "200 200 200 200 200 200 "},
		{"fault contoso GET */jobs status=503", "200 200 200 200 200 200 "},
		{"fault contoso GET */snapshots query=*$top* status=503",
			"200 200 200 200 200 200 "},
	};

	sim_client_line(&c, rows[_i].fault);
	ck_assert_str_eq(statuses(), rows[_i].expect);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

/* Whom to kill is said to the front, which alone does it. */
START_TEST(the_client_is_to_die)
{
	char line[256];

	(void)tmpdir_make();
	ck_assert_int_eq(file_write_atomic(tmpdir_path("pid"), "4711\n", 5, 0600), 0);
	(void)snprintf(
		line, sizeof(line), "fault contoso GET */snapshots kill=%s", tmpdir_path("pid"));
	sim_client_line(&c, line);
	(void)snprintf(line, sizeof(line), "fault contoso GET */jobs truncate=5 late_kill=%s",
		tmpdir_path("pid"));
	sim_client_line(&c, line);
	(void)sim_client_get(&c, SNAPSHOTS);
	ck_assert_int_eq(c.answer.kill_pid, 4711);
	ck_assert(c.answer.drop);
	ck_assert_uint_eq(sim_count(c.sim, "snapshots"), 0);
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs"), 200);
	ck_assert_int_eq(c.answer.kill_pid, 4711);
	ck_assert(!c.answer.drop);
	ck_assert_uint_eq(sim_count(c.sim, "jobs"), 1);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	tmpdir_remove();
}
END_TEST

START_TEST(they_can_be_cleared_and_come_at_their_time)
{
	sim_client_line(&c, "fault contoso GET */snapshots count=all status=503");
	sim_client_line(&c, "at +0d21:02 fault clear");
	sim_client_line(&c, "at +0d21:04 fault contoso GET */snapshots status=502");
	ck_assert_str_eq(statuses(), "503 503 200 200 502 200 ");
	ck_assert_uint_eq(sim_count(c.sim, "faults"), 3);
}
END_TEST

START_TEST(what_they_do_to_an_answer)
{
	static const struct {
		const char *fault;
		int status;
		const char *header, *value, *body; /* what is to be found */
	} rows[] = {
		{"status=429 retry_after=120", 429, "Retry-After", "120", "\"TooManyRequests\""},
		{"status=503 retry_after=\"Mon, 16 Nov 2026 21:05:00 GMT\"", 503, "Retry-After",
			"Mon, 16 Nov 2026 21:05:00 GMT", ""},
		{"header=\"X-Odd: yes\"", 200, "X-Odd", "yes", "createdDateTime"},
		{"text=\"<html>\" type=text/html status=502", 502, "Content-Type", "text/html",
			"<html>"},
		{"malformed", 200, "Content-Type", NULL, ",\"cut\":"},
		{"nextlink=foreign", 200, NULL, NULL, "https://graph.foreign.example/v1.0/"},
		{"nextlink=loop", 200, NULL, NULL,
			"\"@odata.nextLink\":\"https://localhost:8443/v1.0/directory/recovery/"
			"snapshots\"}"},
		{"nextlink=http://plain/", 200, NULL, NULL,
			"\"@odata.nextLink\":\"http://plain/\"}"},
		{"challenge={\"access_token\":{}}", 401, "WWW-Authenticate", NULL,
			"Continuous access"},
		{"drop=before", 0, NULL, NULL, ""},
		{"token=expired", 401, "WWW-Authenticate", NULL, "expired"},
	};
	char line[512];

	(void)snprintf(line, sizeof(line), "fault contoso GET */snapshots %s", rows[_i].fault);
	sim_client_line(&c, line);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), rows[_i].status);
	if (rows[_i].header)
		ck_assert_ptr_nonnull(sim_client_header(&c, rows[_i].header));
	if (rows[_i].value)
		ck_assert_str_eq(sim_client_header(&c, rows[_i].header), rows[_i].value);
	ck_assert_msg(strstr(buf_text(&c.answer.body), rows[_i].body) != NULL, "%s",
		buf_text(&c.answer.body));
	ck_assert_uint_eq(sim_violations(c.sim), 0);
}
END_TEST

START_TEST(waiting_and_cutting_are_for_the_transport)
{
	sim_client_line(&c, "fault contoso GET */snapshots latency=5s truncate=10");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	ck_assert_int_eq(c.answer.delay_us, 5 * USEC_PER_SEC);
	ck_assert_int_eq(c.answer.cut_at, 10);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	ck_assert_int_eq(c.answer.delay_us, 0);
	ck_assert_int_eq(c.answer.cut_at, -1);
}
END_TEST

/* The answer is lost, what was asked for is done: the client has to find out. */
START_TEST(served_but_never_told)
{
	static const char *const faults[] = {
		"fault contoso POST */recoveryPreviewJobs drop=after",
		"fault contoso POST */recoveryPreviewJobs late_status=504",
		"fault contoso POST */recoveryPreviewJobs drop=before",
		"fault contoso POST */recoveryPreviewJobs status=504",
	};

	sim_client_line(&c, faults[_i]);
	ck_assert_str_eq(sim_client_preview(&c, sim_client_snapshot(&c, 0), NULL), "");
	ck_assert_int_eq(sim_client_get(&c, "/v1.0/directory/recovery/jobs"), 200);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), _i < 2 ? 1 : 0);
}
END_TEST

START_TEST(token_endpoint)
{
	sim_client_line(&c, "fault contoso POST */oauth2/v2.0/token aadsts=50173");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
	ck_assert_str_eq(json_string_or(c.json, "error", ""), "invalid_grant");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 200);
	sim_client_line(&c, "fault contoso GET */snapshots token=revoked");
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 401);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", c.refresh), 400);
}
END_TEST

START_TEST(body_from_a_file)
{
	char line[512];

	(void)tmpdir_make();
	ck_assert_int_eq(file_write_atomic(tmpdir_path("body.json"), "{\"value\":7}", 11, 0644), 0);
	(void)snprintf(line, sizeof(line), "fault contoso GET */snapshots body=%s",
		tmpdir_path("body.json"));
	sim_client_line(&c, line);
	ck_assert_int_eq(sim_client_get(&c, SNAPSHOTS), 200);
	ck_assert_str_eq(buf_text(&c.answer.body), "{\"value\":7}");
	tmpdir_remove();
}
END_TEST

START_TEST(what_is_no_fault)
{
	static const char *const rows[] = {"fault", "fault contoso GET", "fault contoso GET *",
		"fault nobody GET * status=503", "fault contoso GET * statsu=503",
		"fault contoso GET * status=many", "fault contoso GET * latency=5",
		"fault contoso GET * body=/nonexistent", "fault contoso GET * nth=x status=503",
		"fault contoso GET * until=tomorrow status=503"};
	struct buf error = BUF_INIT(4096);

	ck_assert_int_lt(sim_line(c.sim, rows[_i], &error), 0);
	ck_assert_uint_gt(error.len, 10);
	buf_done(&error);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_fault");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, which_requests_they_meet, 0, 10);
	tcase_add_test(t, they_can_be_cleared_and_come_at_their_time);
	tcase_add_test(t, the_client_is_to_die);

	tcase_add_loop_test(t, what_they_do_to_an_answer, 0, 11);
	tcase_add_test(t, waiting_and_cutting_are_for_the_transport);
	tcase_add_loop_test(t, served_but_never_told, 0, 4);
	tcase_add_test(t, token_endpoint);
	tcase_add_test(t, body_from_a_file);
	tcase_add_loop_test(t, what_is_no_fault, 0, 10);
	suite_add_tcase(s, t);
	return s;
}
