/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says of a tenant, in words. */
#include "cli/tenant_state.h"

#include <check.h>
#include <string.h>

#include "cli/cli.h"
#include "common/base/limits.h"

Suite *suite(void);

#define NOW INT64_C(1783829700000000) /* 2026-07-12 04:15 UTC */

static const struct {
	const char *live; /* NULL: the daemon does not answer */
	int64_t hold_until_us;
	const char *text;
} cases[] = {
	{"{\"jobs\":[]}", TIME_NONE, "idle"},
	{"{\"jobs\":[],\"next_look\":\"2026-07-12T05:00:00Z\"}", TIME_NONE,
		"idle; next look in 45m"},
	{"{\"jobs\":[],\"next_look\":\"2026-07-12T04:00:00Z\"}", TIME_NONE, "idle"},
	{"{\"jobs\":[],\"looking\":true}", TIME_NONE, "looking"},
	{"{\"jobs\":[],\"waiting\":1,\"next_start\":\"2026-07-12T07:15:00Z\"}", TIME_NONE,
		"a preview waits; it starts in 3h"},
	{"{\"jobs\":[],\"waiting\":1,\"slot_taken_by_others\":true}", TIME_NONE,
		"somebody else's job holds the slot"},
	{"{\"jobs\":[{\"job\":7,\"state\":\"waiting\",\"doing\":\"calculating for 12m\"},"
	 "{\"job\":8,\"state\":\"queued\"}],\"looking\":true}",
		TIME_NONE, "job 7: calculating for 12m; job 8: queued"},
	{"{\"jobs\":[]}", NOW + USEC_PER_HOUR,
		"no preview is started before 2026-07-12 05:15 UTC; idle"},
	{"{\"jobs\":[]}", NOW - USEC_PER_HOUR, "idle"},
	/* another version of the daemon */
	{"{\"jobs\":7,\"waiting\":\"x\",\"looking\":null,\"next_look\":\"soon\"}", TIME_NONE,
		"idle"},
	{"{}", TIME_NONE, "idle"},
	{"{\"jobs\":[{}]}", TIME_NONE, "job 0: "},
	{NULL, TIME_NONE, ""},
};

START_TEST(now)
{
	_cleanup_(json_freep) struct json *live = NULL;
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);
	const struct store_tenant stored = {.hold_until_us = cases[_i].hold_until_us};
	const struct cli c = {.now_us = NOW};
	struct tenant_state t = {.name = "contoso", .configured = true, .stored = &stored};

	if (cases[_i].live)
		ck_assert_int_eq(
			json_parse(cases[_i].live, strlen(cases[_i].live), LIMIT_JSON_DEPTH, &live),
			0);
	t.live = live;
	tenant_append_now(&c, &t, &out);
	ck_assert_str_eq(buf_text(&out), cases[_i].text);
}
END_TEST

static const struct {
	int64_t open[_VIEW_SEVERITY_MAX];
	const char *text;
	enum tone tone;
} counts[] = {
	{{0, 0, 0, 0}, "none", TONE_PLAIN},
	{{1, 0, 0, 0}, "1 critical", TONE_BAD},
	{{2, 1, 0, 0}, "2 critical, 1 warning", TONE_BAD},
	{{0, 2, 1, 0}, "2 warnings, 1 notice", TONE_WARN},
	{{0, 0, 3, 1}, "3 notices, 1 other", TONE_PLAIN},
};

START_TEST(open_findings)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);
	struct tenant_state t = {.configured = true};

	memcpy(t.open, counts[_i].open, sizeof(t.open));
	tenant_append_open(&t, &out);
	ck_assert_str_eq(buf_text(&out), counts[_i].text);
	ck_assert_int_eq(tenant_open_tone(&t), counts[_i].tone);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("tenant_state");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, now, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(t, open_findings, 0, (int)ARRAY_SIZE(counts));
	suite_add_tcase(s, t);
	return s;
}
