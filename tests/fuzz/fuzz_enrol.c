/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon gets during a sign-in besides tokens: the query that a browser brought, and the
 * answer with a device code. A query is read only when its state stands there once, and has a code
 * or an error, never both; a device code can be shown and asked for.
 *
 * The first byte chooses; the rest is the query or the body.
 */
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "daemon/graph/enrol_answer.h"
#include "daemon/graph/enrol_device.h"
#include "tests/fuzz/fuzz.h"

#define STATE "s-._~1"

static struct secret *state;

static bool has(const char *query, size_t len, const char *part)
{
	return memmem(query, len, part, strlen(part)) != NULL;
}

static void check_query(const char *query, size_t len)
{
	struct enrol_answer a = {0};
	int r = enrol_answer_read(query, len, state, &a);
	bool escaped = memchr(query, '%', len) || memchr(query, '+', len);

	FUZZ_CHECK(r == 0 || r == ENROL_ANSWER_E_STATE || r == ENROL_ANSWER_E_FORM);
	FUZZ_CHECK(r == ENROL_ANSWER_E_STATE || escaped || has(query, len, "state=" STATE));
	if (r == 0) {
		FUZZ_CHECK(!a.code == !!a.error && !a.error == !a.description);
		FUZZ_CHECK(!a.code || a.code->len > 0);
		FUZZ_CHECK(!a.error || *a.error);
		FUZZ_CHECK(escaped || has(query, len, a.code ? "code=" : "error="));
	} else {
		FUZZ_CHECK(!a.code && !a.error && !a.description);
	}
	enrol_answer_done(&a);
}

static void check_printable(const char *text)
{
	FUZZ_CHECK(text && *text);
	for (; *text; text++)
		FUZZ_CHECK(*text > ' ' && *text <= '~');
}

static void check_device(const struct buf *body)
{
	struct enrol_device d = {0};
	int r = enrol_device_read(body, &d);

	FUZZ_CHECK(r == 0 || r == 1);
	if (r == 0) {
		check_printable(d.code->data);
		check_printable(d.user_code);
		check_printable(d.verification_uri);
		FUZZ_CHECK(strncasecmp(d.verification_uri, "https://", 8) == 0);
		FUZZ_CHECK(d.expires_us > 0 && d.expires_us <= LIMIT_LOGIN_DEVICE_US);
		FUZZ_CHECK(d.interval_us >= USEC_PER_SEC && d.interval_us <= USEC_PER_MIN);
		if (d.message)
			fuzz_check_visible(d.message);
	} else {
		FUZZ_CHECK(!d.code && !d.user_code && !d.message);
	}
	enrol_device_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	uint8_t which = fuzz_byte(&in);
	struct buf text = BUF_INIT(size + 1);

	if (!state && secret_new(STATE, strlen(STATE), &state) < 0)
		return -1;
	buf_append(&text, in.data, in.len);
	if (which & 1)
		check_device(&text);
	else
		check_query(buf_text(&text), text.len);
	buf_done(&text);
	return 0;
}
