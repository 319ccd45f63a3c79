/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/alert/sink_webhook.c; included, because what is signed is nobody else's business. */
#include "daemon/alert/sink_webhook.c" /* NOLINT */

#include <check.h>
#include <sys/stat.h>

#include "common/base/json.h"
#include "daemon/engine/loop.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

/* The example of the Standard Webhooks libraries. */
#define SPEC_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define URL "https://hooks.contoso.com/in?token=canary"
#define T(n) (INT64_C(1790000000000000) + (n)*USEC_PER_SEC)

static struct loop *loop;
static struct http *http;
static char dir[256];

static void put_credential(const char *name, const char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0600), 0);
}

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "%s", tmpdir_make());
	(void)chmod(dir, 0700);
	clock_virtual_set_wall(T(0));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(http_new(loop, &http), 0);
	put_credential("url", URL);
	put_credential("secret", SPEC_SECRET "\n");
}

static void teardown(void)
{
	http = http_free(http);
	loop = loop_free(loop);
	tmpdir_remove();
}

static int create(const char *url, const char *secret, void **ret, char **ret_error)
{
	const struct sink_env env = {.loop = loop, .http = http, .credentials_dir = dir};
	const struct conf_sink conf = {
		.name = (char *)"ops",
		.type = (char *)"webhook",
		.url = (char *)url,
		.secret = (char *)secret,
		.ca_file = (char *)"/ca.pem",
		.proxy = (char *)"",
	};

	return sink_webhook.create(&env, &conf, ret, ret_error);
}

/* --- the specification's own vector -------------------------------------------------------------
 */

START_TEST(signature_of_the_specification)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(100), out = BUF_INIT(100);
	_cleanup_(freep) char *error = NULL;
	void *sink = NULL;

	ck_assert_int_eq(create("url", "secret", &sink, &error), 0);
	buf_puts(&body, "{\"test\": 2432232314}");
	ck_assert_int_eq(sign(sink, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, &body, &out), 0);
	ck_assert_str_eq(buf_text(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	sink_webhook.destroy(sink);
}
END_TEST

START_TEST(credentials_that_do_not_do)
{
	static const struct {
		const char *url, *secret, *says;
	} t[] = {
		{"nothing", "secret", "'nothing'"},
		{"url", "nothing", "'nothing'"},
		{"url", "../secret", "../secret"},
		{"plain", "secret", "'plain' is no https address"},
		{"user", "secret", "'user' is no https address"},
		{"lines", "secret", "'lines' is no https address"},
		{"url", "plain", "'plain' does not begin with whsec_"},
		{"url", "short", "'short' is not whsec_"},
		{"url", "long", "'long' is not whsec_"},
		{"url", "broken", "'broken' is not whsec_"},
	};
	char path[512];

	put_credential("plain", "http://hooks.contoso.com/canary");
	put_credential("user", "https://canary:canary@hooks.contoso.com/");
	put_credential("lines", "https://hooks.contoso.com/canary\r\nX: y");
	put_credential("short", "whsec_Y2FuYXJ5");
	put_credential("long",
		"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAA");
	put_credential("broken", "whsec_canary!canary!canary!canary!canary!");
	put_credential("open", SPEC_SECRET);
	(void)snprintf(path, sizeof(path), "%s/open", dir);
	ck_assert_int_eq(chmod(path, 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_(freep) char *error = NULL;
		void *sink = NULL;

		ck_assert_int_eq(create(t[i].url, t[i].secret, &sink, &error), -EINVAL);
		ck_assert_ptr_null(sink);
		ck_assert_msg(error && strstr(error, t[i].says), "row %zu: %s", i,
			error ? error : "(nothing)");
		ck_assert_ptr_null(strstr(error, "canary"));
	}
	_cleanup_(freep) char *error = NULL;
	void *sink = NULL;
	ck_assert_int_eq(create("url", "open", &sink, &error), -EINVAL);
}
END_TEST

/* --- requests -----------------------------------------------------------------------------------
 */

static struct {
	long status;
	enum http_error error;
	const char *retry_after;
	int64_t ahead_us; /* of us */
	/* what came */
	char url[256], body[4096], id[128], timestamp[64], signature[128], type[64], ca_file[64];
} receiver;

static void keep(const char *const *headers, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	out[0] = '\0';
	for (; *headers; headers++)
		if (strncmp(*headers, name, len) == 0)
			(void)snprintf(out, size, "%s", *headers + len);
}

static void receive(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	(void)arg;
	(void)delay_us;
	ck_assert_str_eq(q->method, "POST");
	ck_assert_ptr_null(q->bearer);
	(void)snprintf(receiver.url, sizeof(receiver.url), "%s", q->url);
	(void)snprintf(receiver.ca_file, sizeof(receiver.ca_file), "%s", q->ca_file);
	ck_assert_uint_lt(q->body_len, sizeof(receiver.body));
	memcpy(receiver.body, q->body, q->body_len);
	receiver.body[q->body_len] = '\0';
	keep(q->headers, "webhook-id: ", receiver.id, sizeof(receiver.id));
	keep(q->headers, "webhook-timestamp: ", receiver.timestamp, sizeof(receiver.timestamp));
	keep(q->headers, "webhook-signature: ", receiver.signature, sizeof(receiver.signature));
	keep(q->headers, "Content-Type: ", receiver.type, sizeof(receiver.type));
	result->status = receiver.status;
	result->error = receiver.error;
	result->error_text = receiver.error ? "cannot connect" : "";
	result->retry_after = receiver.retry_after;
	result->date_us = T(0) + receiver.ahead_us;
}

static struct {
	unsigned n;
	enum sink_outcome outcome;
	int64_t retry_after_us;
	char text[256];
} got;

static void done(void *arg, const struct sink_result *result)
{
	(void)arg;
	got.n++;
	got.outcome = result->outcome;
	got.retry_after_us = result->retry_after_us;
	(void)snprintf(got.text, sizeof(got.text), "%s", result->text);
}

static const struct sink_message message = {
	.id = "0123456789abcdef0123456789abcdef",
	.kind = "changes_unexpected",
	.severity = "critical",
	.tenant = "contoso",
	.title = "t",
	.data = "{\"id\":\"0123456789abcdef0123456789abcdef\",\"objects\":[]}",
	.created_us = T(-10),
};

static void send_one(void)
{
	_cleanup_(freep) char *error = NULL;
	void *sink = NULL;

	got.n = 0;
	ck_assert_int_eq(create("url", "secret", &sink, &error), 0);
	fake_http_handler(http, receive, NULL);
	ck_assert_int_eq(sink_webhook.send(sink, &message, done, NULL), 0);
	ck_assert_uint_eq(got.n, 0);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(got.n, 1);
	sink_webhook.destroy(sink);
}

START_TEST(what_is_sent)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(8192), signature = BUF_INIT(128);
	_cleanup_(buf_done) struct buf key = BUF_INIT(64);
	_cleanup_(json_freep) struct json *body = NULL;
	uint8_t mac[SHA256_SIZE];

	receiver.status = 204;
	send_one();
	ck_assert_int_eq(got.outcome, SINK_SENT);
	ck_assert_str_eq(got.text, "");
	ck_assert_str_eq(receiver.url, URL);
	ck_assert_str_eq(receiver.ca_file, "/ca.pem");
	ck_assert_str_eq(receiver.type, "application/json");
	ck_assert_str_eq(receiver.id, message.id);
	ck_assert_str_eq(receiver.timestamp, "1790000000");
	ck_assert_str_eq(receiver.body,
		"{\"type\":\"snapwatch.alert\",\"timestamp\":\"2026-09-21T14:13:10Z\",\"data\":"
		"{\"id\":\"0123456789abcdef0123456789abcdef\",\"objects\":[]}}");
	ck_assert_int_eq(json_parse(receiver.body, strlen(receiver.body), 8, &body), 0);

	/* as a receiver checks it */
	buf_printf(&text, "%s.%s.%s", receiver.id, receiver.timestamp, receiver.body);
	ck_assert_int_eq(base64_decode(&SPEC_SECRET[6], strlen(SPEC_SECRET) - 6, &key), 0);
	ck_assert_int_eq(hmac_sha256(key.data, key.len, text.data, text.len, mac), 0);
	buf_puts(&signature, "v1,");
	base64_append(&signature, mac, sizeof(mac));
	ck_assert_str_eq(receiver.signature, buf_text(&signature));
}
END_TEST

START_TEST(outcomes)
{
	static const struct {
		long status;
		enum http_error error;
		const char *retry_after;
		enum sink_outcome outcome;
		int64_t after_us;
		const char *text;
	} t[] = {
		{200, HTTP_OK, NULL, SINK_SENT, TIME_NONE, ""},
		{202, HTTP_OK, "5", SINK_SENT, 5 * USEC_PER_SEC, ""},
		{302, HTTP_OK, NULL, SINK_LATER, TIME_NONE, "the receiver answered 302"},
		{400, HTTP_OK, NULL, SINK_NEVER, TIME_NONE, "the receiver answered 400"},
		{401, HTTP_OK, NULL, SINK_LATER, TIME_NONE, "the receiver answered 401"},
		{404, HTTP_OK, NULL, SINK_LATER, TIME_NONE, "the receiver answered 404"},
		{413, HTTP_OK, NULL, SINK_NEVER, TIME_NONE, "the receiver answered 413"},
		{408, HTTP_OK, NULL, SINK_LATER, TIME_NONE, "the receiver answered 408"},
		{410, HTTP_OK, NULL, SINK_NEVER, TIME_NONE,
			"the receiver answered 410: it does not exist any more"},
		{429, HTTP_OK, "120", SINK_LATER, 120 * USEC_PER_SEC, "the receiver answered 429"},
		{429, HTTP_OK, "Mon, 21 Sep 2026 14:14:20 GMT", SINK_LATER, 60 * USEC_PER_SEC,
			"the receiver answered 429"},
		{429, HTTP_OK, "Mon, 21 Sep 2026 14:00:00 GMT", SINK_LATER, TIME_NONE,
			"the receiver answered 429"},
		{429, HTTP_OK, "-1", SINK_LATER, TIME_NONE, "the receiver answered 429"},
		{429, HTTP_OK, "soon", SINK_LATER, TIME_NONE, "the receiver answered 429"},
		{500, HTTP_OK, NULL, SINK_LATER, TIME_NONE, "the receiver answered 500"},
		{503, HTTP_OK, "0", SINK_LATER, 0, "the receiver answered 503"},
		{0, HTTP_E_NETWORK, NULL, SINK_LATER, TIME_NONE, "cannot connect"},
		{0, HTTP_E_TLS, NULL, SINK_LATER, TIME_NONE, "cannot connect"},
		{0, HTTP_E_TIMEOUT, NULL, SINK_LATER, TIME_NONE, "cannot connect"},
		/* it got the alert; what else it says does not matter */
		{200, HTTP_E_TOO_LARGE, NULL, SINK_SENT, TIME_NONE, ""},
	};

	receiver.status = t[_i].status;
	receiver.error = t[_i].error;
	receiver.retry_after = t[_i].retry_after;
	send_one();
	ck_assert_int_eq(got.outcome, t[_i].outcome);
	ck_assert_int_eq(got.retry_after_us, t[_i].after_us);
	ck_assert_msg(
		*t[_i].text ? strstr(got.text, t[_i].text) != NULL : !*got.text, "%s", got.text);
	ck_assert_ptr_null(strstr(got.text, "canary"));
}
END_TEST

/* Our clock is an hour behind: the receiver refuses the first, and its own time is used from then.
 */
START_TEST(our_clock_is_wrong)
{
	_cleanup_(freep) char *error = NULL;
	void *sink = NULL;
	static const enum sink_outcome wanted[] = {SINK_LATER, SINK_NEVER, SINK_NEVER};
	char timestamp[3][64];

	receiver.ahead_us = USEC_PER_HOUR;
	receiver.status = 400;
	ck_assert_int_eq(create("url", "secret", &sink, &error), 0);
	fake_http_handler(http, receive, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		ck_assert_int_eq(sink_webhook.send(sink, &message, done, NULL), 0);
		fake_loop_settle(loop);
		ck_assert_int_eq(got.outcome, wanted[i]);
		(void)snprintf(timestamp[i], sizeof(timestamp[i]), "%s", receiver.timestamp);
	}
	ck_assert_int_eq(strtoll(timestamp[1], NULL, 10) - strtoll(timestamp[0], NULL, 10), 3600);
	ck_assert_str_eq(timestamp[1], timestamp[2]);
	sink_webhook.destroy(sink);
}
END_TEST

START_TEST(destroyed_in_flight)
{
	_cleanup_(freep) char *error = NULL;
	void *sink = NULL;

	got.n = 0;
	ck_assert_int_eq(create("url", "secret", &sink, &error), 0);
	fake_http_handler(http, receive, NULL);
	ck_assert_int_eq(sink_webhook.send(sink, &message, done, NULL), 0);
	sink_webhook.destroy(sink);
	fake_loop_run_for(loop, USEC_PER_MIN);
	ck_assert_uint_eq(got.n, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("sink_webhook");
	TCase *tc = tcase_create("sink_webhook");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, signature_of_the_specification);
	tcase_add_test(tc, credentials_that_do_not_do);
	tcase_add_test(tc, what_is_sent);
	tcase_add_loop_test(tc, outcomes, 0, 19);
	tcase_add_test(tc, our_clock_is_wrong);
	tcase_add_test(tc, destroyed_in_flight);
	suite_add_tcase(s, tc);
	return s;
}
