/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "daemon/engine/loop.h"
#include "version.h"

enum { N_TEXTS = 6 }; /* of struct http_result */

struct http {
	struct loop *loop;
	fake_http_fn fn;
	void *arg;
	struct http_call *calls;
	size_t started, in_flight;
};

struct http_call {
	struct http *http;
	struct http_call *next;
	struct loop_timer *timer;
	struct http_request request; /* everything it points to is ours */
	char **headers;
	http_done_fn done;
	void *arg;
	bool answered;
	struct http_result result;
	char *texts[N_TEXTS];
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static char *copy(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

void fake_http_handler(struct http *h, fake_http_fn fn, void *arg)
{
	h->fn = fn;
	h->arg = arg;
}

size_t fake_http_started(const struct http *h)
{
	return h->started;
}

size_t fake_http_in_flight(const struct http *h)
{
	return h->in_flight;
}

static struct http *newest;

struct http *fake_http_newest(void)
{
	return newest;
}

int http_new(struct loop *l, struct http **ret)
{
	struct http *h = must(calloc(1, sizeof(*h)));

	h->loop = l;
	newest = h;
	*ret = h;
	return 0;
}

struct http *http_free(struct http *h)
{
	if (!h)
		return NULL;
	while (h->calls)
		http_cancel(h->calls);
	if (newest == h)
		newest = NULL;
	free(h);
	return NULL;
}

static void request_done(struct http_call *c)
{
	struct http_request *q = &c->request;

	for (size_t i = 0; c->headers && c->headers[i]; i++)
		free(c->headers[i]);
	free(c->headers);
	free((char *)q->method);
	free((char *)q->url);
	free((char *)q->bearer);
	free((char *)q->body);
	free((char *)q->ca_file);
	free((char *)q->proxy);
}

void http_cancel(struct http_call *c)
{
	if (!c)
		return;
	for (struct http_call **p = &c->http->calls; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	c->http->in_flight--;
	(void)loop_timer_free(c->timer);
	request_done(c);
	buf_done(&c->result.body);
	for (size_t i = 0; i < N_TEXTS; i++)
		free(c->texts[i]);
	free(c);
}

/* Makes the result independent of what the handler pointed to. */
static void own_texts(struct http_call *c)
{
	struct http_result *q = &c->result;
	const char **texts[N_TEXTS] = {&q->error_text, &q->content_type, &q->location,
		&q->retry_after, &q->www_authenticate, &q->request_id};

	for (size_t i = 0; i < N_TEXTS; i++)
		*texts[i] = c->texts[i] = copy(*texts[i]);
}

/* What the real engine makes of a slow or too large answer. */
static void apply_limits(struct http_call *c, int64_t *delay_us)
{
	int64_t timeout = c->request.timeout_us ? c->request.timeout_us : LIMIT_REQUEST_US;

	if (*delay_us > timeout) {
		buf_done(&c->result.body);
		c->result = (struct http_result){
			.error = HTTP_E_TIMEOUT, .error_text = "timed out", .date_us = TIME_NONE};
		*delay_us = timeout;
	} else if (c->result.body.len > c->request.max_bytes || buf_error(&c->result.body)) {
		buf_done(&c->result.body);
		c->result = (struct http_result){.error = HTTP_E_TOO_LARGE,
			.error_text = "reply too large",
			.date_us = TIME_NONE};
	}
	if (!c->result.error_text)
		c->result.error_text = "";
}

static void arrive(struct http_call *c)
{
	int64_t delay_us = 0;

	c->answered = true;
	c->result = (struct http_result){.date_us = TIME_NONE};
	c->result.body = BUF_INIT(c->request.max_bytes + 1);
	if (c->http->fn) {
		c->http->fn(c->http->arg, &c->request, &c->result, &delay_us);
	} else {
		c->result.error = HTTP_E_NETWORK;
		c->result.error_text = "nobody answers";
	}
	apply_limits(c, &delay_us);
	own_texts(c);
	loop_timer_arm(c->timer, delay_us);
}

static void deliver(struct http_call *c)
{
	http_done_fn done = c->done;
	void *arg = c->arg;
	struct http_result result = c->result;
	char *texts[N_TEXTS];

	result.wall_us = clock_wall_us();
	memcpy(texts, c->texts, sizeof(texts));
	memset(c->texts, 0, sizeof(c->texts));
	c->result.body = (struct buf){0};
	/* gone before the callback: its owner may start, cancel and free others */
	http_cancel(c);
	done(arg, &result);
	buf_done(&result.body);
	for (size_t i = 0; i < N_TEXTS; i++)
		free(texts[i]);
}

static void timer_fired(void *arg)
{
	struct http_call *c = arg;

	if (c->answered)
		deliver(c);
	else
		arrive(c);
}

/* With the one that the real engine adds by itself. */
static char **copy_headers(const char *const *headers)
{
	size_t n = 0;

	while (headers && headers[n])
		n++;

	char **out = must(calloc(n + 2, sizeof(*out)));

	for (size_t i = 0; i < n; i++)
		out[i] = copy(headers[i]);
	out[n] = copy("User-Agent: snapwatch/" SNAPWATCH_VERSION);
	return out;
}

int http_start(struct http *h, const struct http_request *request, http_done_fn done, void *arg,
	struct http_call **ret)
{
	if (strncmp(request->url, "https://", 8) != 0)
		return -EINVAL;

	struct http_call *c = must(calloc(1, sizeof(*c)));

	*c = (struct http_call){.http = h, .next = h->calls, .done = done, .arg = arg};
	c->request = *request;
	c->headers = copy_headers(request->headers);
	c->request.headers = (const char *const *)c->headers;
	c->request.method = copy(request->method);
	c->request.url = copy(request->url);
	c->request.bearer = copy(request->bearer);
	c->request.ca_file = copy(request->ca_file);
	c->request.proxy = copy(request->proxy);
	if (request->body) {
		char *body = must(malloc(request->body_len + 1));

		memcpy(body, request->body, request->body_len);
		body[request->body_len] = '\0';
		c->request.body = body;
	}
	h->in_flight++;
	h->calls = c;
	if (loop_timer_new(h->loop, "http", timer_fired, c, &c->timer) < 0) {
		http_cancel(c);
		return -ENOMEM;
	}
	loop_timer_arm(c->timer, 0);
	h->started++;
	if (ret)
		*ret = c;
	return 0;
}
