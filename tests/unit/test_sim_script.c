/* SPDX-License-Identifier: Apache-2.0 */
/* The scenario language: words, times, what is refused and how it is said; the receiver of alerts.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_client.h"
#include "tests/graphsim/sim_core.h"
#include "tests/graphsim/sim_word.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/tmpdir.h"

static struct sim_client c;

static void set_up(void)
{
	int64_t us;

	ck_assert_int_eq(time_parse("2026-11-16T09:00:00Z", &us), 0);
	clock_virtual_set_wall(us);
	sim_client_open(&c, "start 2026-11-16T00:00:00Z\n"
			    "tenant contoso users=10 refresh_token=first\n"
			    "tenant big kind=procedural\n"
			    "hook ops secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
}

static void tear_down(void)
{
	sim_client_close(&c);
}

START_TEST(words)
{
	static const struct {
		const char *line, *expect; /* words between bars, quoted ones in parentheses */
	} rows[] = {
		{"", ""},
		{"  a\tb  ", "|a|b"},
		{"# comment", ""},
		{"a # b", "|a"},
		{"a#b", "|a#b"},
		{"\"a b\" c", "|(a b)|c"},
		{"\"a \\\"b\\\" \\\\\"", "|(a \"b\" \\)"},
		{"\"\"", "|()"},
		{"k=v", "|k:v"},
		{"k=", "|k:"},
		{"k=\"v w\"", "|k:(v w)"},
		{"k={\"a\": \"}\"} b", "|k:{\"a\": \"}\"}|b"},
		{"k=[1, [2]]", "|k:[1, [2]]"},
		{"k={\"a\":\"\\\"}\"}", "|k:{\"a\":\"\\\"}\"}"},
		{"\"k=v\"", "|(k=v)"},
		{"*/jobs", "|*/jobs"},
		{"\"open", NULL},
		{"k={\"a\"", NULL},
		{"\"a\"b", NULL},
	};
	struct buf error = BUF_INIT(256), got = BUF_INIT(1024);
	struct sim_words w;
	int r = sim_words_parse(rows[_i].line, &w, &error);

	ck_assert_int_eq(r < 0, rows[_i].expect == NULL);
	for (size_t i = 0; r == 0 && i < w.n; i++) {
		const struct sim_word *p = &w.word[i];

		buf_putc(&got, '|');
		if (p->value)
			buf_printf(&got, "%s:", p->text);
		buf_printf(&got, p->quoted ? "(%s)" : "%s", p->value ? p->value : p->text);
	}
	if (r == 0) {
		ck_assert_str_eq(buf_text(&got), rows[_i].expect);
		sim_words_done(&w);
	} else {
		ck_assert_uint_gt(error.len, 0);
	}
	buf_done(&error);
	buf_done(&got);
}
END_TEST

START_TEST(times)
{
	static const struct {
		const char *text, *expect;
	} rows[] = {
		{"2026-11-17T08:00:00Z", "2026-11-17T08:00:00Z"},
		{"+2d03:00", "2026-11-18T03:00:00Z"},
		{"+0d00:00:30", "2026-11-16T00:00:30Z"},
		{"+08:12", "2026-11-16T08:12:00Z"},
		{"+2d", "2026-11-18T00:00:00Z"},
		{"+90m", "2026-11-16T01:30:00Z"},
		{"+1h30m", "2026-11-16T01:30:00Z"},
		{"-1d22:00", "2026-11-15T22:00:00Z"},
		{"-7d22:00", "2026-11-09T22:00:00Z"},
		{"-2h", "2026-11-15T22:00:00Z"},
		{"now", "2026-11-16T09:00:00Z"},
		{"+1d24:00", NULL},
		{"+1d3:", NULL},
		{"tomorrow", NULL},
		{"+", NULL},
		{"+xd03:00", NULL},
	};
	char text[TIME_TEXT_SIZE];
	int64_t us;
	int r = sim_time(c.sim, rows[_i].text, &us);

	ck_assert_int_eq(r < 0, rows[_i].expect == NULL);
	if (r == 0)
		ck_assert_str_eq(time_format(us, text), rows[_i].expect);
}
END_TEST

START_TEST(what_is_refused)
{
	static const struct {
		const char *line, *expect;
	} rows[] = {
		{"tenant contoso", "there is a tenant of that name"},
		{"tenant x usres=3", "did you mean 'users='?"},
		{"tenant x id=nope", "not a GUID"},
		{"tenant x kind=virtual", "real or procedural"},
		{"tenant x delegated=Mail.Read", "an unknown permission"},
		{"tenant x certificate=/nonexistent", "/nonexistent"},
		{"switch snapshot_id hex", "unix iso"},
		{"switch snapshotid unix", "no switch"},
		{"switch nobody order newest", "no tenant 'nobody'"},
		{"snapshots contoso weekly", "daily"},
		{"snapshots contoso daily 25:00", "time of day"},
		{"snapshot contoso +1d22:00 lost", "missing, twice"},
		{"preview contoso load=fast", "not a duration"},
		{"preview contoso outcome=great", "successful, failed"},
		{"start someday", "start TIME"},
		{"hook ops secret=abc", "hook NAME secret=whsec_"},
		{"hook ops secret=whsec_YWJj", "24 to 64 bytes"},
		{"at +1d contoso explode", "nothing that can happen"},
		{"at +1d nobody delete user 1", "no tenant 'nobody'"},
		{"at later contoso delete user 1", "at TIME"},
		{"do contoso delete user 11", "there is no user 11"},
		{"do contoso delete user x", "not a number"},
		{"do contoso delete nobody", "which object?"},
		{"do contoso delete user 1 user 2", "what is 'user' to mean?"},
		{"do contoso restore user 1", "cannot be restored"},
		{"do contoso set user 1 shoeSize=44", "no property 'shoeSize'"},
		{"do contoso set user 1 city=[1", "not closed"},
		{"do contoso set user 1 city=@nobody", "nothing is labelled"},
		{"do contoso set user 1", "property=value"},
		{"do contoso create user A as a count=2", "a label names one object"},
		{"do contoso abandon", "no job is running"},
		{"do contoso foreign-recovery restore \"user 1\"", "restores"},
		{"do big delete user 1", "changes by itself"},
	};
	struct buf error = BUF_INIT(4096);

	ck_assert_int_lt(sim_line(c.sim, rows[_i].line, &error), 0);
	ck_assert_msg(strstr(buf_text(&error), rows[_i].expect) != NULL, "%s", buf_text(&error));
	ck_assert_ptr_null(sim_tenant_by_name(c.sim, "x"));
	buf_done(&error);
}
END_TEST

START_TEST(words_of_a_harness_are_left_alone)
{
	struct buf error = BUF_INIT(256);

	ck_assert_int_eq(sim_line(c.sim, "expect alert kind=first_run", &error), 1);
	ck_assert_int_eq(sim_line(c.sim, "", &error), 0);
	ck_assert_int_eq(sim_line(c.sim, "contoso delete user 1", &error), 0);
	buf_done(&error);
}
END_TEST

START_TEST(steps_wait_for_their_time)
{
	int64_t us;

	ck_assert_int_eq(sim_next_step_us(c.sim), TIME_NONE);
	sim_client_line(&c, "at +0d11:00 contoso delete user 1");
	sim_client_line(&c, "at +0d10:00 contoso delete user 2");
	sim_client_line(&c, "at +0d12:00 contoso delete user 2");
	ck_assert_int_eq(time_parse("2026-11-16T10:00:00Z", &us), 0);
	ck_assert_int_eq(sim_next_step_us(c.sim), us);
	clock_virtual_advance(2 * USEC_PER_HOUR + USEC_PER_MIN);
	sim_advance(c.sim);
	ck_assert_int_eq(sim_next_step_us(c.sim), us + 2 * USEC_PER_HOUR);
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	clock_virtual_advance(USEC_PER_HOUR);
	sim_advance(c.sim);
	ck_assert_uint_eq(
		sim_violations(c.sim), 1); /* deleted twice: a scenario that does not add up */

	struct buf error = BUF_INIT(256);
	ck_assert_int_lt(sim_line(c.sim, "at +0d10:00 contoso delete user 3", &error), 0);
	ck_assert_str_eq(buf_text(&error), "+0d10:00 is over already");
	buf_done(&error);
}
END_TEST

START_TEST(files)
{
	struct buf error = BUF_INIT(4096);
	static const char good[] =
		"# a comment\n\ntenant other users=3\nat +1d other delete user 1\n";
	static const char bad[] = "tenant third\ntenant third\n";

	(void)tmpdir_make();
	ck_assert_int_eq(file_write_atomic(tmpdir_path("good"), good, sizeof(good) - 1, 0644), 0);
	ck_assert_int_eq(file_write_atomic(tmpdir_path("bad"), bad, sizeof(bad) - 1, 0644), 0);
	ck_assert_int_eq(sim_load(c.sim, tmpdir_path("good"), &error), 0);
	ck_assert_ptr_nonnull(sim_tenant_by_name(c.sim, "other"));
	ck_assert_int_lt(sim_load(c.sim, tmpdir_path("bad"), &error), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&error), "bad:2: there is a tenant of that name"));
	buf_reset(&error);
	ck_assert_int_lt(sim_load(c.sim, "/nonexistent", &error), 0);
	buf_done(&error);
	tmpdir_remove();
}
END_TEST

/* --- the receiver --------------------------------------------------------------------------------
 */

#define BODY "{\"type\":\"snapwatch.alert\"}"

static int deliver(const char *id, int64_t age_s, const char *signed_body, const char *path)
{
	struct buf key = BUF_INIT(128), text = BUF_INIT(1024), signature = BUF_INIT(256);
	char stamp[32];
	uint8_t mac[SHA256_SIZE];

	(void)snprintf(
		stamp, sizeof(stamp), "%lld", (long long)(clock_wall_us() / USEC_PER_SEC - age_s));
	ck_assert_int_eq(base64_decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32, &key), 0);
	buf_printf(&text, "%s.%s.%s", id, stamp, signed_body);
	ck_assert_int_eq(hmac_sha256(key.data, key.len, text.data, text.len, mac), 0);
	buf_puts(&signature, "v1,b3RoZXI= v1,");
	base64_append(&signature, mac, sizeof(mac));
	const struct sim_header headers[] = {{"User-Agent", "snapwatch/test"},
		{"Content-Type", "application/json"}, {"webhook-id", id},
		{"webhook-timestamp", stamp}, {"webhook-signature", buf_text(&signature)}};
	const struct sim_request r = {
		"POST", "localhost:8443", path, headers, 5, BODY, strlen(BODY)};
	sim_response_done(&c.answer);
	sim_handle(c.sim, &r, &c.answer);
	buf_done(&key);
	buf_done(&text);
	buf_done(&signature);
	return c.answer.drop ? 0 : c.answer.status;
}

START_TEST(deliveries)
{
	ck_assert_int_eq(deliver("a1", 0, BODY, "/hook/ops"), 204);
	ck_assert_int_eq(deliver("a2", 0, BODY, "/hook/ops"), 204);
	ck_assert_int_eq(deliver("a1", 60, BODY, "/hook/ops"), 204);
	ck_assert_uint_eq(sim_hooks(c.sim), 3);
	ck_assert_str_eq(sim_hook_body(c.sim, 0), BODY);
	ck_assert_str_eq(sim_hook_id(c.sim, 1), "a2");
	ck_assert_str_eq(sim_hook_name(c.sim, 1), "ops");
	ck_assert(!sim_hook_repeated(c.sim, 1));
	ck_assert(sim_hook_repeated(c.sim, 2));
	ck_assert_ptr_null(sim_hook_body(c.sim, 3));
	ck_assert_uint_eq(sim_violations(c.sim), 0);
	sim_client_line(&c, "fault * POST /hook/ops status=503 count=2");
	ck_assert_int_eq(deliver("a3", 0, BODY, "/hook/ops"), 503);
	ck_assert_uint_eq(sim_hooks(c.sim), 3);
}
END_TEST

START_TEST(bad_deliveries)
{
	ck_assert_int_eq(deliver("a1", 0, "{}", "/hook/ops"), 400);
	ck_assert_int_eq(deliver("a1", 301, BODY, "/hook/ops"), 400);
	ck_assert_int_eq(deliver("a.1", 0, BODY, "/hook/ops"), 400);
	ck_assert_int_eq(deliver("a1", 0, BODY, "/hook/dev"), 404);
	ck_assert_uint_eq(sim_violations(c.sim), 4);
	ck_assert_uint_eq(sim_hooks(c.sim), 0);
}
END_TEST

START_TEST(control)
{
	const struct sim_options options = {.base_url = SIM_CLIENT_URL, .control = true};

	ck_assert_int_eq(sim_client_get(&c, "/sim/counts"), 404); /* not asked for */
	(void)sim_free(c.sim);
	ck_assert_int_eq(sim_new(&options, &c.sim), 0);
	ck_assert_int_eq(
		sim_client_send(&c, "POST", "/sim/line", "tenant a users=3\nhost here\n"), 204);
	ck_assert_int_eq(sim_client_send(&c, "POST", "/sim/line", "tenant a"), 400);
	ck_assert_int_eq(sim_client_get(&c, "/nothing"), 404);
	ck_assert_int_eq(sim_client_get(&c, "/sim/violations"), 200);
	ck_assert_uint_eq(sim_client_count(c.json), 1);
	ck_assert_int_eq(sim_client_get(&c, "/sim/counts"), 200);
	int64_t n = 0;
	ck_assert_int_eq(json_get_int(c.json, "requests", &n), JSON_GET_OK);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(json_get_int(json_member(c.json, "a"), "requests", &n), JSON_GET_OK);
	ck_assert_int_eq(sim_client_get(&c, "/sim/tokens"), 200);
	ck_assert_int_eq(sim_client_get(&c, "/sim/hooks"), 200);
	ck_assert_uint_eq(sim_client_count(c.json), 0);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("sim_script");
	TCase *t = tcase_create("language");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, words, 0, 19);
	tcase_add_loop_test(t, times, 0, 16);
	tcase_add_loop_test(t, what_is_refused, 0, 33);
	tcase_add_test(t, words_of_a_harness_are_left_alone);
	tcase_add_test(t, steps_wait_for_their_time);
	tcase_add_test(t, files);
	tcase_add_test(t, deliveries);
	tcase_add_test(t, bad_deliveries);
	tcase_add_test(t, control);
	suite_add_tcase(s, t);
	return s;
}
