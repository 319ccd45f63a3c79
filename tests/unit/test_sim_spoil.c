/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that spoil a page of changes, and those that answer instead of the service. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/support/clock_virtual.h"

#define JOBS "/v1.0/directory/recovery/jobs"
#define CHANGES "/v1.0/directory/recovery/snapshots/%s/recoveryPreviewJobs/%s/getChanges"

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
			    "at +0d10:00 contoso delete users 3..4\n"
			    "at +0d10:00 contoso set group 1 description=New\n");
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
	(void)snprintf(snapshot, sizeof(snapshot), "%s", sim_client_snapshot(&c, 0));
	(void)snprintf(job, sizeof(job), "%s", sim_client_preview(&c, snapshot, NULL));
	clock_virtual_advance(2 * USEC_PER_MIN);
}

static void tear_down(void)
{
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	sim_client_close(&c);
}

static void fault(const char *path, const char *effect)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "fault contoso GET %s count=all %s", path, effect);
	sim_client_line(&c, line);
}

/* How often a text is in the answer. */
static size_t times(const char *text)
{
	size_t n = 0;

	for (const char *at = buf_text(&c.answer.body); (at = strstr(at, text)); at++)
		n++;
	return n;
}

START_TEST(a_page_is_spoilt)
{
	static const struct {
		const char *effect;
		bool json; /* still */
		const char *text;
		size_t times; /* that it is there */
	} rows[] = {
		{"header=\"X: y\"", true, "\"@odata.type\"", 6},
		{"remove=@odata.type", true, "\"@odata.type\"", 0},
		{"remove=entityTypeName", true, "entityTypeName", 0},
		{"remove=value", true, "recoveryAction", 0},
		{"remove=deletedDateTime", true, "deletedDateTime", 0},
		{"null=currentState", true, "\"currentState\":null", 3},
		{"null=value", true, "\"value\":null", 1},
		{"null=nothing", true, "null", 2},
		{"duplicate=recoveryAction", true, "recoveryAction", 4},
		{"duplicate=value", true, "\"value\":[", 2},
		{"deep=10", true, "\"nested\":[[[[[[[[[[]]]]]]]]]]", 1},
		{"name=nul", false, "\"displayName\":\"\\u0000", 1},
		{"name=utf8", false, "\"displayName\":\"\xff\xfe", 1},
		{"name=overlong", false, "\"displayName\":\"\xc0\xaf", 1},
		{"name=surrogate", false, "\"displayName\":\"\\ud83d", 1},
		{"name=control", false, "\"displayName\":\"\x01", 1},
		{"malformed", false, ",\"cut\":", 1},
		{"nextlink=endless", true, "getChanges?$skiptoken=", 1},
	};

	fault("*getChanges*", rows[_i].effect);
	ck_assert_int_eq(sim_client_get(&c, CHANGES, snapshot, job), 200);
	ck_assert_msg((c.json != NULL) == rows[_i].json, "%s", buf_text(&c.answer.body));
	ck_assert_msg(times(rows[_i].text) == rows[_i].times, "%s: %zu times in %s", rows[_i].text,
		times(rows[_i].text), buf_text(&c.answer.body));
}
END_TEST

START_TEST(ids_lose_a_character)
{
	size_t n = 0;

	fault("*getChanges*", "short_ids");
	ck_assert_int_eq(sim_client_get(&c, CHANGES, snapshot, job), 200);
	JSON_EACH (it, json_member(c.json, "value")) {
		ck_assert_uint_eq(strlen(json_string_or(it, "id", "")), 35);
		n++;
	}
	ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(a_page_of_any_size)
{
	static const size_t sizes[] = {20000, 16u * 1024 * 1024, 17u * 1024 * 1024};
	char effect[64];

	(void)snprintf(effect, sizeof(effect), "size=%zu", sizes[_i]);
	fault("*getChanges*", effect);
	ck_assert_int_eq(sim_client_get(&c, CHANGES, snapshot, job), 200);
	ck_assert_uint_eq(c.answer.body.len, sizes[_i]);
	ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 3);
}
END_TEST

/* Each link is new, and each leads to the same rows. */
START_TEST(links_without_end)
{
	char first[512], last[512] = "";

	fault("*getChanges*", "nextlink=endless");
	ck_assert_int_eq(sim_client_get(&c, CHANGES "?$top=2", snapshot, job), 200);
	(void)snprintf(first, sizeof(first), "%s", json_string_or(c.json, "@odata.nextLink", ""));
	for (int i = 0; i < 20; i++) {
		const char *link = json_string_or(c.json, "@odata.nextLink", "");

		ck_assert_str_ne(link, last);
		(void)snprintf(last, sizeof(last), "%s", link);
		ck_assert_int_eq(sim_client_get(&c, "%s", last + strlen(SIM_CLIENT_URL)), 200);
		ck_assert_uint_eq(sim_client_count(json_member(c.json, "value")), 2);
	}
	ck_assert_str_ne(first, last);
}
END_TEST

START_TEST(a_gateway_answers)
{
	static const struct {
		const char *effect;
		int status;
		const char *text;
	} rows[] = {
		{"gateway=502", 502, "502 Bad Gateway"},
		{"gateway=503", 503, "Our services aren't available"},
		{"gateway=200", 200, "Sign in to use the network"},
	};

	fault("*/jobs", rows[_i].effect);
	ck_assert_int_eq(sim_client_get(&c, JOBS), rows[_i].status);
	ck_assert_str_eq(sim_client_header(&c, "Content-Type"), "text/html");
	ck_assert_ptr_null(sim_client_header(&c, "request-id"));
	ck_assert_ptr_nonnull(sim_client_header(&c, "Date"));
	ck_assert_uint_ge(times(rows[_i].text), 1);
	ck_assert_ptr_null(c.json);
}
END_TEST

START_TEST(the_date_is_another)
{
	static const char *const rows[][2] = {
		{"date=+10m", "Mon, 16 Nov 2026 21:12:00 GMT"},
		{"date=-2h", "Mon, 16 Nov 2026 19:02:00 GMT"},
	};

	fault("*/jobs", rows[_i][0]);
	ck_assert_int_eq(sim_client_get(&c, JOBS), 200);
	ck_assert_str_eq(sim_client_header(&c, "Date"), rows[_i][1]);
	/* there is one of it */
	ck_assert_ptr_null(strstr(strstr(buf_text(&c.answer.headers), "Date:") + 1, "Date:"));
}
END_TEST

START_TEST(a_token_endpoint_that_is_down)
{
	static const struct {
		const char *effect;
		int status; /* 0: hung up */
		bool hangs;
	} rows[] = {
		{"drop=before", 0, false},
		{"gateway=503", 503, false},
		{"status=500", 500, false},
		{"hang", 200, true},
	};
	char line[128];

	(void)snprintf(line, sizeof(line), "fault contoso POST */token %s", rows[_i].effect);
	sim_client_line(&c, line);
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), rows[_i].status);
	ck_assert(c.answer.delay_us == (rows[_i].hangs ? USEC_PER_DAY : 0));
	ck_assert_int_eq(sim_client_sign_in(&c, "contoso", "first"), 200);
}
END_TEST

START_TEST(what_is_no_effect)
{
	static const char *const rows[] = {"name=tab", "date=10m", "date=+soon", "drop=never",
		"malformed=yes", "hang=1h", "size=big", "gateway=down", "token=gone"};
	struct buf error = BUF_INIT(4096);
	char line[128];

	(void)snprintf(line, sizeof(line), "fault contoso GET * %s", rows[_i]);
	ck_assert_int_lt(sim_line(c.sim, line, &error), 0);
	ck_assert_uint_gt(error.len, 10);
	buf_done(&error);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_spoil");
	TCase *t = tcase_create("spoilt answers");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_page_is_spoilt, 0, 18);
	tcase_add_test(t, ids_lose_a_character);
	tcase_add_loop_test(t, a_page_of_any_size, 0, 3);
	tcase_add_test(t, links_without_end);
	tcase_add_loop_test(t, a_gateway_answers, 0, 3);
	tcase_add_loop_test(t, the_date_is_another, 0, 2);
	tcase_add_loop_test(t, a_token_endpoint_that_is_down, 0, 4);
	tcase_add_loop_test(t, what_is_no_effect, 0, 9);
	suite_add_tcase(s, t);
	return s;
}
