/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files behind engine/http.h: http.c (queue, results), http_multi.c (libcurl's multi
 * handle on the loop), http_easy.c (the options of one request), http_peer.c (who answers). Nobody
 * else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "common/base/buf.h"
#include "daemon/engine/http.h"

struct loop_io;
struct loop_timer;

enum http_call_state {
	CALL_QUEUED,  /* waits for a slot */
	CALL_RUNNING, /* libcurl has it */
	CALL_ENDED,   /* its callback is due */
};

struct http_call {
	TAILQ_ENTRY(http_call) entry; /* in the list of its state */
	enum http_call_state state;
	struct http *http;
	http_done_fn done;
	void *arg;

	CURL *easy;
	struct curl_slist *headers; /* may hold the bearer: wiped */
	struct buf body;	    /* of the request; libcurl reads it in place */
	struct buf reply;
	size_t header_bytes; /* of the reply, those of 1xx answers too */
	bool tell_peer;	     /* who answers is to be told */
	bool trace_path;     /* addresses of webhooks are secrets, those of Graph are not */
	char error_text[CURL_ERROR_SIZE]; /* libcurl writes here as long as easy lives */
	enum http_error error;
	enum http_stage stage;
};
TAILQ_HEAD(http_calls, http_call);

/* One descriptor that libcurl wants watched. */
struct http_socket {
	TAILQ_ENTRY(http_socket) entry;
	struct http *http;
	int fd;
	struct loop_io *io;
};
TAILQ_HEAD(http_sockets, http_socket);

struct http {
	struct loop *loop;
	struct http_calls queued, running, ended;
	size_t n_running;
	struct loop_timer
		*kick; /* starts queued calls and delivers ended ones outside of any caller */

	CURLM *multi;
	struct http_sockets sockets;
	int timer_fd; /* libcurl's one time-out */
	struct loop_io *timer_io;

	/* spin guard: actions since the window began, none of which moved a byte */
	int64_t window_us;
	unsigned idle_actions;
	bool moved; /* set by the write and header callbacks */
};

/* http_easy.c: prepares c->easy for the request. 0, -EINVAL, -ENOMEM, -EIO. */
int http_easy_setup(struct http_call *c, const struct http_request *q);
void http_easy_done(struct http_call *c);
/* What libcurl's result means; puts words for people into c->error_text. */
enum http_error http_easy_error(struct http_call *c, CURLcode result);
/* A header of the final answer, all lines of that name joined by ", " in out; NULL when absent. */
const char *http_easy_header(struct http_call *c, const char *name, struct buf *out);

/* http_peer.c: options for a request that asks who answers; how far one came; who answered (false:
 * that is not known). */
CURLcode http_peer_setup(CURL *easy, const struct http_request *q);
enum http_stage http_peer_stage(CURL *easy, CURLcode result, enum http_error error);
bool http_peer_read(CURL *easy, struct http_peer *ret);

/* http_multi.c */
int http_multi_new(struct http *h);
void http_multi_done(struct http *h);
/* 0 or -EIO. The call must be in none of libcurl's callbacks' stacks. */
int http_multi_add(struct http *h, struct http_call *c);
void http_multi_remove(struct http *h, struct http_call *c);

/* http.c, for http_multi.c: moves a running call to the ended ones. */
void http_call_end(struct http_call *c, enum http_error error);
/* Delivers what has ended, then fills free slots. Not from inside of libcurl. */
void http_pump(struct http *h);
