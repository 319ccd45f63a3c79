/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handle on our loop. The rules that make it work:
 *
 * - Neither of its two callbacks calls libcurl (but curl_multi_assign): it would answer
 *   CURLM_RECURSIVE_API_CALL. They note; on_action() acts.
 * - After each action all messages are read, their calls taken out, and only then owners are told,
 *   who may start and cancel requests as they like.
 * - Its time-out is in real time whatever clock.h says, because networks are: it has a timerfd.
 * - An error of an action leaves every transfer undefined: the handle is thrown away.
 */
#include "daemon/engine/http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "daemon/engine/loop.h"

/* More actions than this in a second without one byte moved is a busy loop (curl #21643 and
 * others). */
#define SPIN_ACTIONS 5000u

static void on_action(struct http *h, curl_socket_t fd, int events);

/* --- what libcurl asks for -----------------------------------------------------------------------
 */

static void socket_ready(void *arg, int fd, int events)
{
	struct http_socket *s = arg;
	int action = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
		     (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

	/* s may be gone when this returns */
	on_action(s->http, fd, action);
}

static void socket_free(struct http_socket *s)
{
	TAILQ_REMOVE(&s->http->sockets, s, entry);
	(void)loop_io_free(s->io);
	free(s);
}

static int socket_new(struct http *h, int fd, int events)
{
	struct http_socket *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct http_socket){.http = h, .fd = fd};
	int r = loop_io_new(h->loop, fd, events, socket_ready, s, &s->io);
	if (r < 0) {
		free(s);
		return r;
	}
	TAILQ_INSERT_TAIL(&h->sockets, s, entry);
	return curl_multi_assign(h->multi, fd, s) == CURLM_OK ? 0 : -EIO;
}

static int loop_events(int what)
{
	switch (what) {
	case CURL_POLL_IN:
		return LOOP_READ;
	case CURL_POLL_OUT:
		return LOOP_WRITE;
	case CURL_POLL_INOUT:
		return LOOP_READ | LOOP_WRITE;
	default:
		return 0;
	}
}

/* CURL_POLL_REMOVE may come for a descriptor that was never announced (curl #17949). */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct http *h = arg;
	struct http_socket *s = socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			socket_free(s);
		return 0;
	}
	int r = s ? loop_io_set(s->io, loop_events(what)) : socket_new(h, fd, loop_events(what));
	return r < 0 ? -1 : 0;
}

static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;
	struct itimerspec when = {0};

	(void)multi;
	if (timeout_ms == 0) {
		when.it_value.tv_nsec = 1; /* 0 would disarm */
	} else if (timeout_ms > 0) {
		/* rounded up: libcurl does nothing for a time-out that comes early */
		when.it_value.tv_sec = timeout_ms / 1000;
		when.it_value.tv_nsec = timeout_ms % 1000 * 1000000 + 999999;
	}
	return timerfd_settime(h->timer_fd, 0, &when, NULL) < 0 ? -1 : 0;
}

static void timed_out(void *arg, int fd, int events)
{
	uint64_t n;

	(void)events;
	if (read(fd, &n, sizeof(n)) == sizeof(n))
		on_action(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* --- acting --------------------------------------------------------------------------------------
 */

static int handle_new(struct http *h)
{
	CURLMcode r;

	h->multi = curl_multi_init();
	if (!h->multi)
		return -ENOMEM;
	if ((r = curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket)) != CURLM_OK ||
		(r = curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h)) != CURLM_OK ||
		(r = curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout)) != CURLM_OK ||
		(r = curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h)) != CURLM_OK ||
		(r = curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_TRANSFERS)) !=
			CURLM_OK)
		return -EIO;
	return 0;
}

/* Callbacks fire inside of curl_multi_cleanup(); the glue is taken down after it. */
static void handle_done(struct http *h)
{
	struct http_socket *s;

	if (h->multi)
		(void)curl_multi_cleanup(h->multi);
	h->multi = NULL;
	while ((s = TAILQ_FIRST(&h->sockets)))
		socket_free(s);
}

static void rebuild(struct http *h, const char *why)
{
	struct http_call *c;

	log_warning(NULL, "http: %s; requests in flight are tried again", why);
	while ((c = TAILQ_FIRST(&h->running))) {
		(void)snprintf(c->error_text, sizeof(c->error_text),
			"the connection was given up: %s", why);
		http_multi_remove(h, c);
		http_call_end(c, HTTP_E_NETWORK);
	}
	handle_done(h);
	h->idle_actions = 0;
	/* without a handle there is no network and no way on */
	int r = mem_insist(handle_new(h));
	assert_fatal(r == 0);
}

static bool spins(struct http *h)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);

	int64_t now_us = (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;

	if (h->moved || now_us - h->window_us >= USEC_PER_SEC) {
		h->moved = false;
		h->window_us = now_us;
		h->idle_actions = 0;
	}
	return ++h->idle_actions > SPIN_ACTIONS;
}

static void read_messages(struct http *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left))) {
		struct http_call *c = NULL;
		CURLcode result = msg->data.result;

		if (msg->msg != CURLMSG_DONE ||
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &c) != CURLE_OK || !c)
			continue;
		h->moved = true;
		http_multi_remove(h, c); /* msg is gone with it */
		http_call_end(c, http_easy_error(c, result));
	}
}

static void on_action(struct http *h, curl_socket_t fd, int events)
{
	int running;
	CURLMcode r = curl_multi_socket_action(h->multi, fd, events, &running);

	if (r == CURLM_OK)
		read_messages(h);
	else
		rebuild(h, curl_multi_strerror(r));
	if (spins(h))
		rebuild(h, "libcurl kept the loop busy without moving a byte");
	http_pump(h);
}

int http_multi_add(struct http *h, struct http_call *c)
{
	return curl_multi_add_handle(h->multi, c->easy) == CURLM_OK ? 0 : -EIO;
}

void http_multi_remove(struct http *h, struct http_call *c)
{
	(void)curl_multi_remove_handle(h->multi, c->easy);
}

int http_multi_new(struct http *h)
{
	TAILQ_INIT(&h->sockets);
	h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (h->timer_fd < 0)
		return -errno;
	int r = loop_io_new(h->loop, h->timer_fd, LOOP_READ, timed_out, h, &h->timer_io);
	return r < 0 ? r : handle_new(h);
}

void http_multi_done(struct http *h)
{
	handle_done(h);
	h->timer_io = loop_io_free(h->timer_io);
	closep(&h->timer_fd);
	h->timer_fd = -1;
}
