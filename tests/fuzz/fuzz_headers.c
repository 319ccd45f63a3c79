/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of a reply, one per line: Retry-After, Date, WWW-Authenticate. Waits stay within their
 * limit, the retry machine always decides something that its policy allows, times read back as they
 * are written, a parameter is found only where its name stands.
 */
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "daemon/graph/graph_error.h"
#include "daemon/graph/retry.h"
#include "tests/fuzz/fuzz.h"

#define LINE_BYTES 1024

static struct buf value = {.max = LIMIT_HEADER_BYTES};

static void check_time(const char *text)
{
	char written[TIME_TEXT_SIZE];
	int64_t us = 0, again = 0;

	if (time_parse_http(text, &us) == 0) {
		FUZZ_CHECK(us % USEC_PER_SEC == 0);
		FUZZ_CHECK(time_parse(time_format(us, written), &again) == 0 && again == us);
	}
	if (time_parse(text, &us) == 0)
		FUZZ_CHECK(time_parse(time_format(us, written), &again) == 0 && again == us);
}

static void check_retry(const char *retry_after, int64_t now_us, struct fuzz_input *in)
{
	static const struct retry_policy policy = {
		4, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC, 3 * USEC_PER_MIN, false};
	int64_t asked_us = retry_after_parse(retry_after, now_us);
	struct retry_input input = {
		.error = fuzz_byte(in) % (HTTP_E_INTERNAL + 1),
		.status = 2 * fuzz_byte(in) + 100,
		.body_usable = fuzz_byte(in) & 1,
		.bearer_challenge = fuzz_byte(in) & 1,
		.retry_after = retry_after,
		.now_us = now_us,
		.attempt = 1 + fuzz_byte(in) % 8,
		.token_renewed = fuzz_byte(in) & 1,
		.waited_us = fuzz_byte(in) * USEC_PER_SEC,
		.random = fuzz_byte(in) * 0x0101010101010101u,
	};

	FUZZ_CHECK(asked_us == TIME_NONE || (asked_us >= 0 && asked_us <= LIMIT_RETRY_AFTER_US));
	struct retry_decision d = retry_decide(&policy, &input);
	if (d.action == RETRY_WAIT) {
		FUZZ_CHECK(d.wait_us >= 0 && d.wait_us <= LIMIT_RETRY_AFTER_US);
		FUZZ_CHECK(input.attempt < policy.attempts && d.reason != GRAPH_OK);
		FUZZ_CHECK(input.waited_us + d.wait_us <= policy.budget_us);
	}
	if (d.action == RETRY_TOKEN)
		FUZZ_CHECK(!input.token_renewed);
	if (d.action == RETRY_DONE)
		FUZZ_CHECK(input.error == HTTP_OK && input.body_usable);
	if (d.action == RETRY_GIVE_UP)
		FUZZ_CHECK(d.reason != GRAPH_OK);
}

static void check_challenge(const char *header)
{
	struct json *claims = NULL;

	buf_reset(&value);
	if (graph_auth_param(header, "error", &value))
		FUZZ_CHECK(strcasestr(header, "error") && value.len <= strlen(header));
	else
		FUZZ_CHECK(value.len == 0);
	buf_reset(&value);
	if (!graph_claims(header, &value)) {
		FUZZ_CHECK(value.len == 0);
		return;
	}
	FUZZ_CHECK(json_parse(buf_text(&value), value.len, LIMIT_JSON_DEPTH, &claims) == 0);
	FUZZ_CHECK(json_type(claims) == JSON_TYPE_OBJECT && strcasestr(header, "claims"));
	json_free(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	char retry_after[LINE_BYTES], date[LINE_BYTES], challenge[LINE_BYTES];
	int64_t now_us = 1763920800 * USEC_PER_SEC;

	(void)fuzz_line(&in, retry_after, sizeof(retry_after));
	(void)fuzz_line(&in, date, sizeof(date));
	(void)fuzz_line(&in, challenge, sizeof(challenge));
	check_time(retry_after);
	check_time(date);
	(void)time_parse_http(date, &now_us);
	check_retry(retry_after, now_us, &in);
	check_challenge(challenge);
	return 0;
}
