/* SPDX-License-Identifier: Apache-2.0 */
/* Device codes: what is taken for one, and when the next question is due. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "daemon/graph/enrol_device.h"

Suite *suite(void);

#define SEC(n) ((n)*USEC_PER_SEC)

static const struct {
	const char *body;
	int r;
	int64_t expires_s, interval_s;
	const char *message;
} bodies[] = {
	{"{\"device_code\":\"d\",\"user_code\":\"ABC-123\",\"verification_uri\":\"https://m/d\","
	 "\"expires_in\":900,\"interval\":5,\"message\":\"open \\u001b[m it\"}",
		0, 900, 5, "open \\x1B[m it"},
	/* what has a fallback, and what is out of bounds */
	{"{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"HTTPS://m/d\"}", 0, 900,
		5, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"https://m/d\","
	 "\"expires_in\":999999999,\"interval\":0,\"message\":7}",
		0, 3600, 1, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"https://m/d\","
	 "\"expires_in\":-5,\"interval\":100000}",
		0, 1, 60, ""},
	/* none */
	{"", 1, 0, 0, ""},
	{"[]", 1, 0, 0, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\"}", 1, 0, 0, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"http://m/d\"}", 1, 0, 0,
		""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\",\"verification_uri\":\"https://m/ d\"}", 1, 0,
		0, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"A\\n\",\"verification_uri\":\"https://m/d\"}", 1,
		0, 0, ""},
	{"{\"device_code\":\"d\",\"user_code\":\"\",\"verification_uri\":\"https://m/d\"}", 1, 0, 0,
		""},
	{"{\"device_code\":7,\"user_code\":\"A\",\"verification_uri\":\"https://m/d\"}", 1, 0, 0,
		""},
	{"{\"user_code\":\"A\",\"verification_uri\":\"https://m/d\"}", 1, 0, 0, ""},
};

START_TEST(reads)
{
	struct enrol_device d = {0};
	struct buf body = BUF_INIT(4096);

	buf_puts(&body, bodies[_i].body);
	ck_assert_int_eq(enrol_device_read(&body, &d), bodies[_i].r);
	ck_assert_int_eq(d.expires_us, SEC(bodies[_i].expires_s));
	ck_assert_int_eq(d.interval_us, SEC(bodies[_i].interval_s));
	ck_assert_str_eq(d.message ? d.message : "", bodies[_i].message);
	ck_assert(!d.code == (bodies[_i].r != 0));
	enrol_device_done(&d);
	buf_done(&body);
}
END_TEST

/* One answer after another: what is done, and after how many seconds. */
static const struct {
	const char *what;
	struct {
		const char *error;
		enum auth_outcome outcome;
		int hold_s;
		enum enrol_poll poll;
		int wait_s;
	} steps[8];
} stories[] = {
	{"pending until it is granted",
		{{"authorization_pending", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 5},
			{"authorization_pending", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 5},
			{"", AUTH_OK, 0, ENROL_POLL_GRANTED, 0}}},
	{"slower, and it stays slower",
		{{"slow_down", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 10},
			{"authorization_pending", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 10},
			{"slow_down", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 15},
			{"authorization_declined", AUTH_SIGN_IN, 0, ENROL_POLL_OVER, 0}}},
	{"lost connections double the wait, an answer ends that",
		{{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 10},
			{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 20},
			{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 40},
			{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 60},
			{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 60},
			{"authorization_pending", AUTH_CONFIG, 60, ENROL_POLL_AGAIN, 5},
			{"", AUTH_NETWORK, 0, ENROL_POLL_AGAIN, 10}}},
	{"a server that wants to be left alone",
		{{"", AUTH_THROTTLED, 100, ENROL_POLL_AGAIN, 100},
			{"temporarily_unavailable", AUTH_THROTTLED, 5, ENROL_POLL_AGAIN, 20}}},
	{"declined", {{"access_denied", AUTH_SIGN_IN, 60, ENROL_POLL_OVER, 0}}},
	{"too late", {{"expired_token", AUTH_SIGN_IN, 60, ENROL_POLL_OVER, 0}}},
	{"unknown", {{"bad_verification_code", AUTH_SIGN_IN, 60, ENROL_POLL_OVER, 0}}},
	{"anything else", {{"invalid_client", AUTH_CONFIG, 60, ENROL_POLL_OVER, 0}}},
};

START_TEST(polls)
{
	struct enrol_pace pace = {.interval_us = SEC(5)};

	for (size_t i = 0; stories[_i].steps[i].error; i++) {
		struct auth_reply reply = {.outcome = stories[_i].steps[i].outcome,
			.hold_us = SEC(stories[_i].steps[i].hold_s)};
		int64_t wait_us = 0;

		(void)snprintf(reply.error, sizeof(reply.error), "%s", stories[_i].steps[i].error);
		ck_assert_msg(
			enrol_poll_decide(&pace, &reply, &wait_us) == stories[_i].steps[i].poll,
			"%s, step %zu", stories[_i].what, i);
		ck_assert_msg(wait_us == SEC(stories[_i].steps[i].wait_s), "%s, step %zu: %lld",
			stories[_i].what, i, (long long)wait_us);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("enrol_device");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, reads, 0, (int)ARRAY_SIZE(bodies));
	tcase_add_loop_test(t, polls, 0, (int)ARRAY_SIZE(stories));
	suite_add_tcase(s, t);
	return s;
}
