/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/enrol_device.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"

/* "expires_in" is required by RFC 8628, and documented by the platform as usually this. */
#define LIFETIME_US (15 * USEC_PER_MIN)
/* "If no value is provided, clients MUST use 5 as the default." */
#define INTERVAL_US (5 * USEC_PER_SEC)
#define INTERVAL_MIN_US (1 * USEC_PER_SEC)
/* "The interval MUST be increased by 5 seconds for this and all subsequent requests." */
#define SLOWER_US (5 * USEC_PER_SEC)
/* Doubling after lost connections ends here: somebody waits at a terminal. */
#define WAIT_MAX_US (USEC_PER_MIN)

void enrol_device_done(struct enrol_device *d)
{
	(void)secret_free(d->code);
	free(d->user_code);
	free(d->verification_uri);
	free(d->message);
	*d = (struct enrol_device){0};
}

static bool printable(const char *text, size_t max)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] <= '~')
		len++;
	return len > 0 && len <= max && !text[len];
}

static int take(const struct json *from, const char *key, size_t max, char **ret)
{
	const char *text = json_string_or(from, key, "");

	return printable(text, max) ? text_copy(text, ret) : 1;
}

static int take_message(const struct json *from, char **ret)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(4 * LIMIT_NAME_BYTES);
	const char *text = json_string_or(from, "message", "");

	if (!*text || strlen(text) > LIMIT_NAME_BYTES)
		return 0;
	text_append_visible(&shown, text, strlen(text));
	*ret = buf_take(&shown);
	return *ret ? 0 : -ENOMEM;
}

static int64_t seconds(const struct json *from, const char *key, int64_t fallback_us,
	int64_t min_us, int64_t max_us)
{
	int64_t n;

	if (json_get_int(from, key, &n) != JSON_GET_OK)
		return fallback_us;
	if (n > max_us / USEC_PER_SEC)
		return max_us;
	return n < min_us / USEC_PER_SEC ? min_us : n * USEC_PER_SEC;
}

static int read_all(const struct json *from, struct enrol_device *d)
{
	const char *code = json_string_or(from, "device_code", "");
	int r = printable(code, LIMIT_SECRET_BYTES) ? secret_new(code, strlen(code), &d->code) : 1;

	if (r == 0)
		r = take(from, "user_code", LIMIT_ENUM_BYTES, &d->user_code);
	if (r == 0)
		r = take(from, "verification_uri", LIMIT_NAME_BYTES, &d->verification_uri);
	if (r == 0 && strncasecmp(d->verification_uri, "https://", strlen("https://")) != 0)
		r = 1;
	if (r == 0)
		r = take_message(from, &d->message);
	d->expires_us =
		seconds(from, "expires_in", LIFETIME_US, INTERVAL_MIN_US, LIMIT_LOGIN_DEVICE_US);
	d->interval_us = seconds(from, "interval", INTERVAL_US, INTERVAL_MIN_US, WAIT_MAX_US);
	return r;
}

int enrol_device_read(const struct buf *body, struct enrol_device *ret)
{
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	struct enrol_device d = {0};
	int r = json_parse(buf_text(body), body->len, LIMIT_JSON_DEPTH, &doc);

	if (r == 0)
		r = read_all(doc, &d);
	if (r == 0)
		*ret = d;
	else
		enrol_device_done(&d);
	return r < 0 ? r : r > 0;
}

/* "On encountering a connection timeout, clients MUST unilaterally reduce their polling frequency",
 * for instance by "doubling the polling interval on each such connection timeout". */
static int64_t back_off_us(struct enrol_pace *pace, const struct auth_reply *reply)
{
	int64_t wait = pace->interval_us;

	pace->failures += pace->failures < 16; /* more make no difference */
	for (unsigned i = 0; i < pace->failures && wait < WAIT_MAX_US; i++)
		wait *= 2;
	if (wait > WAIT_MAX_US)
		wait = WAIT_MAX_US;
	return reply->hold_us > wait ? reply->hold_us : wait;
}

enum enrol_poll enrol_poll_decide(
	struct enrol_pace *pace, const struct auth_reply *reply, int64_t *ret_wait_us)
{
	if (reply->outcome == AUTH_OK)
		return ENROL_POLL_GRANTED;
	bool slower = strcmp(reply->error, "slow_down") == 0;
	if (slower || strcmp(reply->error, "authorization_pending") == 0) {
		pace->failures = 0;
		pace->interval_us += slower ? SLOWER_US : 0;
		*ret_wait_us = pace->interval_us;
		return ENROL_POLL_AGAIN;
	}
	if (reply->outcome != AUTH_NETWORK && reply->outcome != AUTH_THROTTLED)
		return ENROL_POLL_OVER;
	*ret_wait_us = back_off_us(pace, reply);
	return ENROL_POLL_AGAIN;
}
