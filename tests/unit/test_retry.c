/* SPDX-License-Identifier: Apache-2.0 */
/* What follows on an attempt: one table of attempts, one of Retry-After texts. */
#include <check.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "daemon/graph/retry.h"

Suite *suite(void);

#define SEC(n) ((n)*USEC_PER_SEC)
/* Mon, 23 Nov 2026 18:00:00 GMT */
#define NOW SEC(INT64_C(1795456800))
#define HALF (UINT64_C(1) << 63)

static const struct retry_policy policy = {
	.attempts = 4,
	.base_us = SEC(2),
	.cap_us = SEC(60),
	.budget_us = SEC(300),
};
static const struct retry_policy young = {
	.attempts = 4,
	.base_us = SEC(2),
	.cap_us = SEC(60),
	.budget_us = SEC(300),
	.not_found_is_young = true,
};
static const struct retry_policy once = {
	.attempts = 1,
	.base_us = SEC(2),
	.cap_us = SEC(60),
	.budget_us = SEC(300),
};

#define WAIT(us, why) \
	{ \
		.action = RETRY_WAIT, .wait_us = (us), .reason = (why) \
	}
#define FRESH(us, why) \
	{ \
		.action = RETRY_WAIT, .wait_us = (us), .reason = (why), .fresh = true \
	}
#define END(why) \
	{ \
		.action = RETRY_GIVE_UP, .reason = (why) \
	}
#define TOKEN(why) \
	{ \
		.action = RETRY_TOKEN, .reason = (why) \
	}
#define DONE \
	{ \
		.action = RETRY_DONE, .reason = GRAPH_OK \
	}
#define STATUS(n) .status = (n)

static const struct {
	const struct retry_policy *policy;
	struct retry_input in; /* attempt 0 is 1 */
	struct retry_decision out;
} cases[] = {
	{&policy, {STATUS(200), .body_usable = true}, DONE},
	{&policy, {STATUS(202), .body_usable = true}, DONE},
	{&policy, {STATUS(204), .body_usable = true}, DONE},
	/* HTML or nothing with 200 */
	{&policy, {STATUS(200), .random = HALF}, WAIT(SEC(1), GRAPH_BAD_REPLY)},
	{&policy, {STATUS(200), .attempt = 4}, END(GRAPH_BAD_REPLY)},
	/* exponential, full jitter, capped */
	{&policy, {STATUS(500), .random = 0}, WAIT(0, GRAPH_NETWORK)},
	{&policy, {STATUS(500), .random = UINT64_MAX}, WAIT(SEC(2), GRAPH_NETWORK)},
	{&policy, {STATUS(502), .attempt = 2, .random = HALF}, WAIT(SEC(2), GRAPH_NETWORK)},
	{&policy, {STATUS(504), .attempt = 3, .random = HALF}, WAIT(SEC(4), GRAPH_NETWORK)},
	{&policy, {STATUS(599), .attempt = 4}, END(GRAPH_NETWORK)},
	{&(struct retry_policy){99, SEC(2), SEC(60), SEC(300), false},
		{STATUS(500), .attempt = 98, .random = UINT64_MAX}, WAIT(SEC(60), GRAPH_NETWORK)},
	/* throttled: Retry-After wins when it is longer */
	{&policy, {STATUS(429), .random = HALF}, WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "17"}, WAIT(SEC(17), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "0", .random = HALF}, WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "-5", .random = HALF},
		WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "soon", .random = HALF},
		WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "Mon, 23 Nov 2026 18:01:30 GMT"},
		WAIT(SEC(90), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "Mon, 23 Nov 2026 17:00:00 GMT", .random = HALF},
		WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(503), .retry_after = "5"}, FRESH(SEC(5), GRAPH_THROTTLED)},
	{&policy, {STATUS(503), .random = HALF}, FRESH(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(509), .random = HALF}, WAIT(SEC(1), GRAPH_THROTTLED)},
	{&policy, {STATUS(504), .retry_after = "9"}, WAIT(SEC(9), GRAPH_NETWORK)},
	/* past the budget: say so at once instead of sitting it out */
	{&policy, {STATUS(429), .retry_after = "301"}, END(GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "999999999999999999999"}, END(GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "200", .attempt = 2, .waited_us = SEC(100)},
		WAIT(SEC(200), GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .retry_after = "200", .attempt = 2, .waited_us = SEC(101)},
		END(GRAPH_THROTTLED)},
	{&policy, {STATUS(429), .attempt = 4}, END(GRAPH_THROTTLED)},
	/* tokens */
	{&policy, {STATUS(401)}, TOKEN(GRAPH_SIGN_IN)},
	{&policy, {STATUS(401), .bearer_challenge = true}, TOKEN(GRAPH_SIGN_IN)},
	{&policy, {STATUS(401), .attempt = 4}, TOKEN(GRAPH_SIGN_IN)},
	{&policy, {STATUS(401), .token_renewed = true}, END(GRAPH_SIGN_IN)},
	{&policy, {STATUS(401), .token_renewed = true, .bearer_challenge = true},
		END(GRAPH_SIGN_IN)},
	{&once, {STATUS(401)}, TOKEN(GRAPH_SIGN_IN)},
	{&policy, {STATUS(403)}, END(GRAPH_FORBIDDEN)},
	{&policy, {STATUS(403), .bearer_challenge = true}, TOKEN(GRAPH_FORBIDDEN)},
	{&policy, {STATUS(403), .bearer_challenge = true, .token_renewed = true},
		END(GRAPH_FORBIDDEN)},
	/* objects */
	{&policy, {STATUS(404)}, END(GRAPH_NOT_FOUND)},
	{&young, {STATUS(404), .random = HALF}, WAIT(SEC(1), GRAPH_NOT_FOUND)},
	{&young, {STATUS(404), .attempt = 4}, END(GRAPH_NOT_FOUND)},
	{&young, {STATUS(410)}, END(GRAPH_NOT_FOUND)},
	{&policy, {STATUS(409)}, END(GRAPH_BUSY)},
	{&policy, {STATUS(409), .retry_after = "5"}, END(GRAPH_BUSY)},
	{&policy, {STATUS(400)}, END(GRAPH_REFUSED)},
	{&policy, {STATUS(405)}, END(GRAPH_REFUSED)},
	{&policy, {STATUS(407)}, END(GRAPH_CONFIG)},
	{&policy, {STATUS(408), .random = HALF}, WAIT(SEC(1), GRAPH_NETWORK)},
	{&policy, {STATUS(418)}, END(GRAPH_REFUSED)},
	/* not an answer to this */
	{&policy, {STATUS(302)}, END(GRAPH_BAD_REPLY)},
	{&policy, {STATUS(0)}, END(GRAPH_BAD_REPLY)},
	{&policy, {STATUS(700)}, END(GRAPH_BAD_REPLY)},
	/* no answer */
	{&policy, {.error = HTTP_E_NETWORK, .random = HALF}, WAIT(SEC(1), GRAPH_NETWORK)},
	{&policy, {.error = HTTP_E_TIMEOUT, .random = HALF}, WAIT(SEC(1), GRAPH_NETWORK)},
	{&policy, {.error = HTTP_E_INTERNAL, .random = HALF}, WAIT(SEC(1), GRAPH_NETWORK)},
	{&policy, {.error = HTTP_E_NETWORK, .attempt = 4}, END(GRAPH_NETWORK)},
	{&policy, {.error = HTTP_E_TLS}, END(GRAPH_CONFIG)},
	{&policy, {.error = HTTP_E_TOO_LARGE}, END(GRAPH_BAD_REPLY)},
	{&once, {.error = HTTP_E_NETWORK}, END(GRAPH_NETWORK)},
	{&once, {STATUS(503), .retry_after = "5"}, END(GRAPH_THROTTLED)},
};

START_TEST(test_decide)
{
	struct retry_input in = cases[_i].in;

	if (!in.attempt)
		in.attempt = 1;
	in.now_us = NOW;

	struct retry_decision d = retry_decide(cases[_i].policy, &in);

	ck_assert_int_eq(d.action, cases[_i].out.action);
	ck_assert_int_eq(d.reason, cases[_i].out.reason);
	ck_assert_int_eq(d.wait_us, cases[_i].out.wait_us);
	ck_assert(d.fresh == cases[_i].out.fresh);
}
END_TEST

static const struct {
	const char *value;
	int64_t us;
} values[] = {
	{NULL, TIME_NONE},
	{"", TIME_NONE},
	{"0", 0},
	{"120", SEC(120)},
	{" 120", SEC(120)},
	{"3600", SEC(3600)},
	{"3601", LIMIT_RETRY_AFTER_US},
	{"18446744073709551616", LIMIT_RETRY_AFTER_US},
	{"-1", TIME_NONE},
	{"1.5", TIME_NONE},
	{"0x10", TIME_NONE},
	{"10 s", TIME_NONE},
	{"Mon, 23 Nov 2026 18:00:10 GMT", SEC(10)},
	{"Mon, 23 Nov 2026 17:59:59 GMT", 0},
	{"Tue, 24 Nov 2026 18:00:00 GMT", LIMIT_RETRY_AFTER_US},
	{"Monday, 23-Nov-26 18:00:10 GMT", SEC(10)},
	{"2026-11-23T18:00:10Z", TIME_NONE},
	{"tomorrow", TIME_NONE},
};

START_TEST(test_retry_after)
{
	ck_assert_int_eq(retry_after_parse(values[_i].value, NOW), values[_i].us);
}
END_TEST

START_TEST(test_no_date_without_a_clock)
{
	ck_assert_int_eq(retry_after_parse("Mon, 23 Nov 2026 18:00:10 GMT", TIME_NONE), TIME_NONE);
	ck_assert_int_eq(retry_after_parse("7", TIME_NONE), SEC(7));
}
END_TEST

START_TEST(test_names)
{
	for (int o = GRAPH_OK; o <= GRAPH_BAD_REPLY; o++)
		ck_assert_str_ne(graph_outcome_name((enum graph_outcome)o), "unknown");
	ck_assert_str_eq(graph_outcome_name((enum graph_outcome)99), "unknown");
	ck_assert_int_eq(graph_outcome_exit_code(GRAPH_OK), EXIT_CODE_OK);
	ck_assert_int_eq(graph_outcome_exit_code(GRAPH_BUSY), EXIT_CODE_SLOT_BUSY);
	ck_assert_int_eq(graph_outcome_exit_code(GRAPH_FORBIDDEN), EXIT_CODE_SIGN_IN);
	ck_assert_int_eq(graph_outcome_exit_code(GRAPH_BAD_REPLY), EXIT_CODE_INCOMPLETE);
}
END_TEST

static const struct {
	unsigned failures;
	uint64_t random;
	int64_t least_s, most_s;
} backoffs[] = {
	{0, UINT64_MAX, 0, 0},
	{1, 0, 5, 5},
	{1, UINT64_MAX, 10, 10},
	{2, 0, 10, 10},
	{2, UINT64_MAX / 2, 14, 16},
	{5, UINT64_MAX, 160, 160},
	{6, 0, 150, 150},
	{6, UINT64_MAX, 300, 300},
	{4000000000, 0, 150, 150},
	{4000000000, UINT64_MAX, 300, 300},
};

START_TEST(test_backoff)
{
	int64_t us = retry_backoff_us(
		10 * USEC_PER_SEC, 300 * USEC_PER_SEC, backoffs[_i].failures, backoffs[_i].random);

	ck_assert_int_ge(us, backoffs[_i].least_s * USEC_PER_SEC);
	ck_assert_int_le(us, backoffs[_i].most_s * USEC_PER_SEC);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("retry");
	TCase *tc = tcase_create("retry");

	tcase_add_loop_test(tc, test_decide, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tc, test_retry_after, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, test_no_date_without_a_clock);
	tcase_add_test(tc, test_names);
	tcase_add_loop_test(tc, test_backoff, 0, sizeof(backoffs) / sizeof(backoffs[0]));
	suite_add_tcase(s, tc);
	return s;
}
