/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts as signed HTTPS requests, after Standard Webhooks 1.0.0. The address and the key are
 * secrets: neither is ever part of a text that leaves this file, except for the address's host in
 * what libcurl says of a connection.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/alert/sink.h"
#include "daemon/engine/http.h"

/* "15 to 30 s" is what the specification asks receivers to be given. */
#define TIMEOUT_US (30 * USEC_PER_SEC)
/* What a receiver answers is of no interest; this is patience with chatty ones. */
#define REPLY_BYTES (64u * 1024)
#define SECRET_PREFIX "whsec_"
/* "between 24 bytes (192 bits) and 64 bytes (512 bits)" */
#define KEY_BYTES_MIN 24u
#define KEY_BYTES_MAX 64u
/*
 * "Verify that the timestamp is within an acceptable tolerance"; five minutes is what receivers
 * use. Where our clock is wrong the receiver's counts, or nobody would hear of the wrong clock
 * either.
 */
#define CLOCK_SLACK_US (2 * USEC_PER_MIN)

struct webhook {
	struct http *http;
	struct secret *url, *key;
	char *ca_file, *proxy;
	int64_t clock_off_us; /* the receiver's minus ours, by its last answer; 0: about the same */
	struct http_call *call;
	sink_done_fn done;
	void *arg;
};

/* --- making one ---------------------------------------------------------------------------------
 */

static void webhook_destroy(void *p)
{
	struct webhook *w = p;

	if (!w)
		return;
	http_cancel(w->call);
	w->url = secret_free(w->url);
	w->key = secret_free(w->key);
	free(w->ca_file);
	free(w->proxy);
	free(w);
}

static void webhook_destroyp(struct webhook **w)
{
	webhook_destroy(*w);
}

static int complain(const char *name, const char *problem, char **ret_error)
{
	return asprintf(ret_error, "credential '%s' %s", name, problem) < 0 ? -ENOMEM : -EINVAL;
}

static int read_credential(
	const struct sink_env *env, const char *name, struct secret **ret, char **ret_error)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(4096);
	_cleanup_(freep) char *path = NULL;
	int r = credential_read(env->credentials_dir, name, ret, &path);

	if (r == 0 || r == -ENOMEM)
		return r;
	credential_error_text(r, name, path, &text);
	*ret_error = buf_take(&text);
	return *ret_error ? -EINVAL : -ENOMEM;
}

static int read_url(struct webhook *w, const struct sink_env *env, const struct conf_sink *conf,
	char **ret_error)
{
	int r = read_credential(env, conf->url, &w->url, ret_error);

	if (r < 0)
		return r;
	/* of its own origin is what is a good https address at all */
	if (strlen(w->url->data) != w->url->len || !http_same_origin(w->url->data, w->url->data))
		return complain(conf->url, "is no https address", ret_error);
	return 0;
}

static int read_key(struct webhook *w, const struct sink_env *env, const struct conf_sink *conf,
	char **ret_error)
{
	_cleanup_(buf_wipe) struct buf key = BUF_INIT_SECRET(LIMIT_SECRET_BYTES);
	_cleanup_(secret_freep) struct secret *text = NULL;
	const size_t prefix = strlen(SECRET_PREFIX);
	int r = read_credential(env, conf->secret, &text, ret_error);

	if (r < 0)
		return r;
	if (text->len <= prefix || memcmp(text->data, SECRET_PREFIX, prefix) != 0)
		return complain(conf->secret, "does not begin with " SECRET_PREFIX, ret_error);
	if (base64_decode(text->data + prefix, text->len - prefix, &key) < 0 ||
		key.len < KEY_BYTES_MIN || key.len > KEY_BYTES_MAX)
		return complain(conf->secret,
			"is not " SECRET_PREFIX " and 24 to 64 bytes in base64", ret_error);
	return secret_new(key.data, key.len, &w->key);
}

static int webhook_create(
	const struct sink_env *env, const struct conf_sink *conf, void **ret_sink, char **ret_error)
{
	_cleanup_(webhook_destroyp) struct webhook *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->http = env->http;
	int r = read_url(w, env, conf, ret_error);
	if (r == 0)
		r = read_key(w, env, conf, ret_error);
	if (r == 0)
		r = text_copy(conf->ca_file, &w->ca_file);
	if (r >= 0)
		r = text_copy(conf->proxy, &w->proxy);
	if (r < 0)
		return r;
	*ret_sink = TAKE_PTR(w);
	return 0;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static void write_body(const struct sink_message *message, struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);

	jsonw_object(&w);
	jsonw_kv_string(&w, "type", "snapwatch.alert");
	jsonw_kv_time(&w, "timestamp", message->created_us);
	jsonw_key(&w, "data");
	jsonw_raw(&w, message->data, strlen(message->data));
	jsonw_object_end(&w);
}

/* "{id}.{timestamp}.{body}", HMAC-SHA256. */
static int sign(const struct webhook *w, const char *id, int64_t seconds, const struct buf *body,
	struct buf *out)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(body->len + 128);
	uint8_t mac[SHA256_SIZE];

	buf_printf(&text, "%s.%" PRId64 ".", id, seconds);
	buf_append(&text, body->data, body->len);
	if (buf_error(&text))
		return buf_error(&text);
	int r = hmac_sha256(w->key->data, w->key->len, text.data, text.len, mac);
	if (r < 0)
		return r;
	buf_puts(out, "v1,");
	base64_append(out, mac, sizeof(mac));
	return buf_error(out);
}

/* Seconds or a date; what is neither is no wish. */
static int64_t retry_after_us(const struct http_result *result)
{
	int64_t now_us = result->date_us != TIME_NONE ? result->date_us : result->wall_us;
	uint64_t seconds;
	int64_t until_us;

	if (!result->retry_after)
		return TIME_NONE;
	if (parse_u64(result->retry_after, 0, UINT32_MAX, &seconds) == 0)
		return (int64_t)seconds * USEC_PER_SEC;
	if (time_parse_http(result->retry_after, &until_us) == 0 && until_us > now_us)
		return until_us - now_us;
	return TIME_NONE;
}

/*
 * Final is what the message itself will not survive, and a receiver that says that it is gone. A
 * wrong key, a path that is not there yet or a firewall's page are somebody's mistake of today, and
 * no reason to lose an alert. A redirect is not followed, because the signed body would go to
 * somebody else; as it may be a passing page of maintenance it is tried again.
 */
static enum sink_outcome outcome_of(const struct http_result *result)
{
	long status = result->status;

	if (result->error != HTTP_OK && result->error != HTTP_E_TOO_LARGE)
		return SINK_LATER;
	if (status >= 200 && status < 300)
		return SINK_SENT;
	switch (status) {
	case 400:
	case 410:
	case 413:
	case 415:
	case 422:
		return SINK_NEVER;
	default:
		return SINK_LATER;
	}
}

/* True when the message was dated by a clock that the receiver cannot have liked. */
static bool learn_clock(struct webhook *w, const struct http_result *answer)
{
	int64_t before_us = w->clock_off_us, off_us = answer->date_us - answer->wall_us;

	if (answer->error != HTTP_OK || answer->date_us == TIME_NONE)
		return false;
	w->clock_off_us = off_us > CLOCK_SLACK_US || off_us < -CLOCK_SLACK_US ? off_us : 0;
	off_us = w->clock_off_us - before_us;
	return off_us > CLOCK_SLACK_US || off_us < -CLOCK_SLACK_US;
}

static void answered(void *arg, struct http_result *answer)
{
	struct webhook *w = arg;
	char text[256] = "";
	struct sink_result result = {
		.outcome = outcome_of(answer),
		.retry_after_us = retry_after_us(answer),
		.text = text,
	};

	w->call = NULL;
	if (learn_clock(w, answer) && result.outcome == SINK_NEVER)
		result.outcome = SINK_LATER;
	if (result.outcome != SINK_SENT) {
		if (answer->error == HTTP_OK)
			(void)snprintf(text, sizeof(text), "the receiver answered %ld%s",
				answer->status,
				answer->status == 410 ? ": it does not exist any more" : "");
		else
			(void)snprintf(text, sizeof(text), "%s: %s", http_error_name(answer->error),
				answer->error_text);
	}
	w->done(w->arg, &result);
}

static int webhook_send(void *p, const struct sink_message *message, sink_done_fn done, void *arg)
{
	struct webhook *w = p;
	int64_t seconds = (clock_wall_us() + w->clock_off_us) / USEC_PER_SEC;
	_cleanup_(buf_done) struct buf body = BUF_INIT(2 * LIMIT_ALERT_BODY_BYTES);
	_cleanup_(buf_done) struct buf signature = BUF_INIT(160);
	char id[128], timestamp[64];

	write_body(message, &body);
	if (buf_error(&body))
		return buf_error(&body);
	buf_puts(&signature, "webhook-signature: ");
	int r = sign(w, message->id, seconds, &body, &signature);
	if (r < 0)
		return r;
	(void)snprintf(id, sizeof(id), "webhook-id: %s", message->id);
	(void)snprintf(timestamp, sizeof(timestamp), "webhook-timestamp: %" PRId64, seconds);
	const char *const headers[] = {
		"Content-Type: application/json", id, timestamp, buf_text(&signature), NULL};
	const struct http_request request = {
		.method = "POST",
		.url = w->url->data,
		.headers = headers,
		.body = body.data,
		.body_len = body.len,
		.max_bytes = REPLY_BYTES,
		.timeout_us = TIMEOUT_US,
		.ca_file = w->ca_file,
		.proxy = w->proxy,
		.fresh = message->attempt > 0,
	};
	w->done = done;
	w->arg = arg;
	return http_start(w->http, &request, answered, w, &w->call);
}

/* --- is it there? -------------------------------------------------------------------------------
 */

static void greeted(void *arg, struct http_result *answer)
{
	struct webhook *w = arg;
	char text[256] = "";
	struct sink_result result = {
		.outcome = answer->error == HTTP_OK ? SINK_SENT : SINK_LATER,
		.retry_after_us = TIME_NONE,
		.text = text,
	};

	w->call = NULL;
	if (answer->error != HTTP_OK)
		(void)snprintf(text, sizeof(text), "%s: %s", http_error_name(answer->error),
			answer->error_text);
	w->done(w->arg, &result);
}

static int webhook_reach(void *p, sink_done_fn done, void *arg)
{
	struct webhook *w = p;
	const struct http_request request = {
		.method = "GET",
		.url = w->url->data,
		.max_bytes = REPLY_BYTES,
		.timeout_us = TIMEOUT_US,
		.ca_file = w->ca_file,
		.proxy = w->proxy,
		.greet = true,
	};

	w->done = done;
	w->arg = arg;
	return http_start(w->http, &request, greeted, w, &w->call);
}

const struct sink_type sink_webhook = {
	.name = "webhook",
	.create = webhook_create,
	.send = webhook_send,
	.reach = webhook_reach,
	.destroy = webhook_destroy,
};
