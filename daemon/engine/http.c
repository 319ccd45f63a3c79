/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests from start to callback. A call is in exactly one list: queued, running or ended. The
 * queue is ours because time that a request waits inside of libcurl for a connection counts against
 * its time-out. Owners are told outside of libcurl and one at a time; between two of them any other
 * call may have been cancelled, so the list is read anew.
 */
#include "daemon/engine/http.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "daemon/engine/http_private.h"
#include "daemon/engine/loop.h"

static struct http_calls *list_of(struct http *h, enum http_call_state state)
{
	switch (state) {
	case CALL_QUEUED:
		return &h->queued;
	case CALL_RUNNING:
		return &h->running;
	case CALL_ENDED:
		break;
	}
	return &h->ended;
}

static void unlink_call(struct http_call *c)
{
	TAILQ_REMOVE(list_of(c->http, c->state), c, entry);
	if (c->state == CALL_RUNNING)
		c->http->n_running--;
}

static void link_call(struct http_call *c, enum http_call_state state)
{
	c->state = state;
	TAILQ_INSERT_TAIL(list_of(c->http, state), c, entry);
	if (state == CALL_RUNNING)
		c->http->n_running++;
}

/* Takes a call that is in no list and not in libcurl. */
static void call_free(struct http_call *c)
{
	http_easy_done(c);
	free(c);
}

void http_call_end(struct http_call *c, enum http_error error)
{
	c->error = error;
	unlink_call(c);
	link_call(c, CALL_ENDED);
}

enum { N_HEADERS = 5 };

/* Fills in what the answer's headers say; texts keeps them for the time of the callback. */
static void read_answer(struct http_call *c, struct http_result *result, struct buf *texts)
{
	static const char *const names[N_HEADERS] = {
		"Content-Type", "Location", "Retry-After", "WWW-Authenticate", "request-id"};
	const char **targets[N_HEADERS] = {&result->content_type, &result->location,
		&result->retry_after, &result->www_authenticate, &result->request_id};
	struct buf date = BUF_INIT(64);
	const char *date_text = http_easy_header(c, "Date", &date);

	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &result->status);
	for (size_t i = 0; i < N_HEADERS; i++)
		*targets[i] = http_easy_header(c, names[i], &texts[i]);
	if (date_text)
		(void)time_parse_http(date_text, &result->date_us);
	buf_done(&date);
}

static void deliver(struct http_call *c)
{
	struct buf texts[N_HEADERS];
	struct http_peer peer;
	struct http_result result = {
		.error = c->error,
		.error_text = c->error_text,
		.stage = c->stage,
		.date_us = TIME_NONE,
		.wall_us = clock_wall_us(),
	};

	for (size_t i = 0; i < N_HEADERS; i++)
		texts[i] = BUF_INIT(LIMIT_HEADER_BYTES);
	unlink_call(c);
	if (c->tell_peer && http_peer_read(c->easy, &peer))
		result.peer = &peer;
	if (c->error == HTTP_OK) {
		read_answer(c, &result, texts);
		result.body = c->reply;
		c->reply = (struct buf){.secret = result.body.secret};
	}
	c->done(c->arg, &result);
	buf_done(&result.body);
	for (size_t i = 0; i < N_HEADERS; i++)
		buf_done(&texts[i]);
	call_free(c);
}

static void start_queued(struct http *h)
{
	struct http_call *c;

	while (h->n_running < LIMIT_TRANSFERS && (c = TAILQ_FIRST(&h->queued))) {
		unlink_call(c);
		link_call(c, CALL_RUNNING);
		if (http_multi_add(h, c) < 0) {
			(void)snprintf(c->error_text, sizeof(c->error_text),
				"libcurl refused the request");
			http_call_end(c, HTTP_E_INTERNAL);
			loop_timer_arm(h->kick, 0);
		}
	}
}

void http_pump(struct http *h)
{
	struct http_call *c;

	while ((c = TAILQ_FIRST(&h->ended)))
		deliver(c);
	start_queued(h);
}

static void kicked(void *arg)
{
	http_pump(arg);
}

int http_start(struct http *h, const struct http_request *request, http_done_fn done, void *arg,
	struct http_call **ret)
{
	/* an address is of its own origin only when it is a proper https one */
	if (!http_same_origin(request->url, request->url))
		return -EINVAL;

	struct http_call *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->http = h;
	c->done = done;
	c->arg = arg;
	int r = http_easy_setup(c, request);
	if (r < 0) {
		call_free(c);
		return r == -EINVAL ? r : -ENOMEM;
	}
	link_call(c, CALL_QUEUED);
	loop_timer_arm(h->kick, 0);
	if (ret)
		*ret = c;
	return 0;
}

void http_cancel(struct http_call *c)
{
	if (!c)
		return;
	if (c->state == CALL_RUNNING)
		http_multi_remove(c->http, c);
	unlink_call(c);
	loop_timer_arm(c->http->kick, 0);
	call_free(c);
}

int http_new(struct loop *l, struct http **ret)
{
	_cleanup_(http_freep) struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->loop = l;
	h->timer_fd = -1;
	TAILQ_INIT(&h->queued);
	TAILQ_INIT(&h->running);
	TAILQ_INIT(&h->ended);
	TAILQ_INIT(&h->sockets);
	/* counted inside of libcurl, so that each http_free() may undo its own */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -EIO;
	int r = loop_timer_new(l, "http kick", kicked, h, &h->kick);
	if (r < 0 || (r = http_multi_new(h)) < 0)
		return r;
	*ret = TAKE_PTR(h);
	return 0;
}

struct http *http_free(struct http *h)
{
	struct http_call *c;

	if (!h)
		return NULL;
	while ((c = TAILQ_FIRST(&h->running)) || (c = TAILQ_FIRST(&h->queued)) ||
		(c = TAILQ_FIRST(&h->ended)))
		http_cancel(c);
	http_multi_done(h);
	(void)loop_timer_free(h->kick);
	free(h);
	curl_global_cleanup();
	return NULL;
}
