/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS requests; the only user of libcurl. It knows nothing of Graph, tokens or retries: one
 * request, one result. No redirects, TLS 1.2 or newer, certificates and host names always checked,
 * no proxy from the environment, decoded bytes capped. Time-outs are in real time whatever clock.h
 * says: they measure a network.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"

struct loop;
struct http;
struct http_call;

int http_new(struct loop *l, struct http **ret);
/* Calls in flight end without a callback. Not from inside of one. */
struct http *http_free(struct http *h);
DEFINE_CLEANUP(struct http, http_free);

/* Everything is copied by http_start(). */
struct http_request {
	const char *method; /* "GET", "HEAD"; "POST": on a new connection, never sent twice */
	const char *url;    /* https only */
	const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
	const char *bearer;	    /* access token or NULL; kept out of traces */
	const void *body;	    /* NULL for none */
	size_t body_len;
	bool body_secret;    /* keep the body out of traces and wipe our copies */
	bool reply_secret;   /* the same for the reply */
	size_t max_bytes;    /* of the decoded reply */
	int64_t timeout_us;  /* for the whole request; 0: LIMIT_REQUEST_US */
	const char *ca_file; /* "" or NULL: the system's */
	const char *proxy;   /* "" or NULL: none */
	bool http1;
	bool fresh; /* open a new connection (after 503) */
	/* Tell who answers (result.peer); opens a new connection. */
	bool peer;
	/* Shake hands, and hang up: not a byte of the request is sent. Done with HTTP_OK and status
	 * 0. */
	bool greet;
	/* With greet: whoever is there, trusted or not. For saying whose certificate it is that was
	 * not trusted. */
	bool anybody;
};

/* How a request can end without a usable HTTP answer. */
enum http_error {
	HTTP_OK,	/* an answer came, whatever its status */
	HTTP_E_NETWORK, /* resolving, connecting, reset, cut off */
	HTTP_E_TIMEOUT,
	HTTP_E_TLS,	  /* certificate or protocol: trying again will not help soon */
	HTTP_E_TOO_LARGE, /* past max_bytes, or LIMIT_HEADERS_BYTES */
	HTTP_E_INTERNAL,  /* out of memory, libcurl refused the request */
};
const char *http_error_name(enum http_error e);

/* How far a request came. */
enum http_stage {
	HTTP_AT_NAME,	 /* the host (or the proxy) has no address */
	HTTP_AT_CONNECT, /* nobody listens there, or the proxy does not let us through */
	HTTP_AT_TLS,	 /* connected, and no more */
	HTTP_AT_ANSWER,	 /* TLS stands */
};

#define HTTP_PEER_NAME_BYTES 256u
/* The certificate of who answered. Names are hostile text, "" when not known; cut if need be. */
struct http_peer {
	char address[64]; /* the one that was connected to: of the proxy, if there is one */
	char subject[HTTP_PEER_NAME_BYTES], issuer[HTTP_PEER_NAME_BYTES];
	int64_t not_before_us, not_after_us; /* TIME_NONE */
};

/* Valid during the callback; body may be taken with buf_take() or by swapping the buf. */
struct http_result {
	enum http_error error;
	const char *error_text; /* for people; never has a secret; "" when HTTP_OK */
	long status;
	struct buf body;
	/* headers of interest; NULL when absent */
	const char *content_type, *location, *retry_after, *www_authenticate, *request_id;
	int64_t date_us; /* Date; TIME_NONE when absent or malformed */
	int64_t wall_us; /* our clock when the answer had arrived */
	enum http_stage stage;
	const struct http_peer *peer; /* NULL unless asked for, and known */
};
typedef void (*http_done_fn)(void *arg, struct http_result *result);

/*
 * Starts a request; done is called later, never from inside of this function. 0, -EINVAL (not an
 * https URL, another method, a line end in a header or the bearer), -ENOMEM. ret (may be NULL) is
 * valid until done is called.
 */
int http_start(struct http *h, const struct http_request *request, http_done_fn done, void *arg,
	struct http_call **ret);
/* Ends it without a callback. NULL is allowed. */
void http_cancel(struct http_call *c);

/*
 * True when url is https, without user info or control characters, at most LIMIT_URL_BYTES, and of
 * exactly the host and port of base: the check before a token goes to a link that the service
 * handed out. Pure.
 */
bool http_same_origin(const char *url, const char *base);
/* Resolves reference (absolute or relative) against base into out. 0 or -EINVAL. Pure. */
int http_resolve(const char *base, const char *reference, struct buf *out);
