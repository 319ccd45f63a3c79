/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the token endpoint: what is granted can go into a header, what is refused is one
 * visible line, a grant is called dead only when the endpoint judged it.
 *
 * The first byte is the error of the transfer or 0, the next two the status, a line Retry-After,
 * the rest the body.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/secret.h"
#include "daemon/graph/auth_reply.h"
#include "tests/fuzz/fuzz.h"

static void check_token(const struct secret *s)
{
	FUZZ_CHECK(s->len > 0 && s->len <= LIMIT_SECRET_BYTES);
	for (size_t i = 0; i < s->len; i++)
		FUZZ_CHECK(s->data[i] > ' ' && s->data[i] <= '~');
}

static void check_grant(const struct auth_reply *r)
{
	FUZZ_CHECK(r->access && !r->dead && r->lifetime_us > 0);
	FUZZ_CHECK(r->lifetime_us <= 28 * USEC_PER_HOUR);
	FUZZ_CHECK(auth_renew_after_us(r->lifetime_us) > 0);
	FUZZ_CHECK(auth_renew_after_us(r->lifetime_us) < r->lifetime_us);
	check_token(r->access);
	if (r->refresh)
		check_token(r->refresh);
}

static void check_refusal(const struct http_result *result, const struct auth_reply *r)
{
	FUZZ_CHECK(!r->access && !r->refresh && r->hold_us >= 0);
	FUZZ_CHECK(r->hold_us <= LIMIT_RETRY_AFTER_US && r->number >= 0);
	FUZZ_CHECK(!r->dead || (r->outcome == AUTH_SIGN_IN && result->error == HTTP_OK &&
				       result->status < 500 && result->status != 429));
	FUZZ_CHECK(r->text.len > 0);
	fuzz_check_line(&r->text, 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t error = fuzz_byte(&in);
	long status = fuzz_byte(&in) * 2L + 100;
	char retry_after[64];
	struct auth_reply reply;
	struct http_result result = {
		.error = error <= HTTP_E_INTERNAL ? error : HTTP_OK,
		.error_text = "it \033failed",
		.status = status,
		.retry_after = fuzz_line(&in, retry_after, sizeof(retry_after)),
		.date_us = TIME_NONE,
		.wall_us = 1763920800 * USEC_PER_SEC,
	};
	_cleanup_(freep) char *body = malloc(in.len + 1);

	if (!body)
		return -1;
	memcpy(body, in.data, in.len);
	body[in.len] = '\0';
	result.body = (struct buf){.data = body, .len = in.len, .cap = in.len + 1, .max = in.len};
	auth_reply_read(&result, &reply);
	if (reply.outcome == AUTH_OK)
		check_grant(&reply);
	else
		check_refusal(&result, &reply);
	auth_reply_done(&reply);
	return 0;
}
