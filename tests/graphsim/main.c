/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graphsim: the simulator behind TLS on loopback. Everything it knows of HTTP beyond sim_handle()
 * is here: connections, gzip, waiting, cutting answers short and hanging up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <getopt.h>
#include <inttypes.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <zlib.h>

#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim.h"

#define MAX_SCENARIOS 16
#define MAX_HEADERS 64
#define MAX_REQUEST_BYTES (1024 * 1024)
/* Bodies smaller than that are not worth compressing; the service does about the same. */
#define MIN_GZIP_BYTES 512u

struct options {
	const char *cert, *key, *port_file;
	const char *scenarios[MAX_SCENARIOS];
	size_t n_scenarios;
	uint64_t port;
	bool strict, cache;
};

struct answer;

struct front {
	LIST_HEAD(, answer) answers; /* those on their way */
	struct event_base *base;
	SSL_CTX *tls;
	struct evhttp *http;
	struct sim *sim;
};

/* One answer on its way; ends when it was handed to the connection, or the connection went. */
struct answer {
	LIST_ENTRY(answer) link;
	struct front *front;
	struct evhttp_request *request; /* NULL once the connection has gone */
	struct sim_response response;
	bool gzip;
	struct event *timer;
};

static void answer_free(struct answer *a)
{
	LIST_REMOVE(a, link);
	if (a->timer)
		event_free(a->timer);
	sim_response_done(&a->response);
	free(a);
}

/* Compressed as one gzip member. False: send it as it is. */
static bool gzip_append(struct evbuffer *out, const struct buf *body)
{
	z_stream z = {0};
	struct evbuffer_iovec room;
	bool done;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	uLong bound = deflateBound(&z, body->len);
	if (evbuffer_reserve_space(out, (ev_ssize_t)bound, &room, 1) != 1) {
		(void)deflateEnd(&z);
		return false;
	}
	z.next_in = (unsigned char *)body->data;
	z.avail_in = (unsigned)body->len;
	z.next_out = room.iov_base;
	z.avail_out = (unsigned)room.iov_len;
	done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	room.iov_len = done ? z.total_out : 0;
	(void)evbuffer_commit_space(out, &room, 1);
	(void)deflateEnd(&z);
	return done;
}

/* A part of a deflate stream by itself; last: the end of the stream. */
static bool deflate_append(struct evbuffer *out, const char *text, size_t len, bool last)
{
	unsigned char room[4096];
	z_stream z = {0};
	int r;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	z.next_in = (unsigned char *)text;
	z.avail_in = (unsigned)len;
	do {
		z.next_out = room;
		z.avail_out = sizeof(room);
		r = deflate(&z, last ? Z_FINISH : Z_FULL_FLUSH);
		(void)evbuffer_add(out, room, sizeof(room) - z.avail_out);
	} while (z.avail_out == 0);
	(void)deflateEnd(&z);
	return r == (last ? Z_STREAM_END : Z_OK);
}

/* The body with a piece in it that is compressed already. */
static bool splice_append(struct evbuffer *out, const struct sim_response *r)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
	const struct sim_piece *piece = r->piece;
	const char *rest = r->body.data + r->piece_at;
	size_t rest_len = r->body.len - r->piece_at;
	uLong crc = crc32(0, (const unsigned char *)r->body.data, (unsigned)r->piece_at);
	size_t len = r->body.len + piece->plain_len;
	unsigned char tail[8];

	(void)evbuffer_add(out, head, sizeof(head));
	if (!deflate_append(out, r->body.data, r->piece_at, false))
		return false;
	(void)evbuffer_add_reference(out, piece->data, piece->len, NULL, NULL);
	if (!deflate_append(out, rest, rest_len, true))
		return false;
	crc = crc32_combine(crc, piece->crc, (z_off_t)piece->plain_len);
	crc = crc32_combine(
		crc, crc32(0, (const unsigned char *)rest, (unsigned)rest_len), (z_off_t)rest_len);
	for (unsigned i = 0; i < 4; i++) {
		tail[i] = (unsigned char)(crc >> 8 * i);
		tail[4 + i] = (unsigned char)(len >> 8 * i);
	}
	return evbuffer_add(out, tail, sizeof(tail)) == 0;
}

/* A part of a deflate stream that needs nothing before it and ends at a byte. */
static bool squeeze(const char *text, size_t len, struct sim_piece *ret)
{
	z_stream z = {0};

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t bound = deflateBound(&z, len) + 16;
	char *data = malloc(bound);
	if (!data)
		abort();
	z.next_in = (unsigned char *)text;
	z.avail_in = (unsigned)len;
	z.next_out = (unsigned char *)data;
	z.avail_out = (unsigned)bound;
	bool done = deflate(&z, Z_FULL_FLUSH) == Z_OK && z.avail_in == 0 && z.avail_out > 0;
	*ret = (struct sim_piece){
		.data = data,
		.len = z.total_out,
		.plain_len = len,
		.crc = crc32(0, (const unsigned char *)text, (unsigned)len),
	};
	(void)deflateEnd(&z);
	if (!done)
		free(data);
	return done;
}

static void add_headers(struct evkeyvalq *out, const char *lines)
{
	while (*lines) {
		size_t line = strcspn(lines, "\r\n"), name = strcspn(lines, ":");
		char *copy = strndup(lines, line);

		if (!copy)
			abort();
		if (name < line) {
			copy[name] = '\0';
			(void)evhttp_add_header(
				out, copy, copy + name + 1 + strspn(copy + name + 1, " "));
		}
		free(copy);
		lines += line + strspn(lines + line, "\r\n");
	}
}

/* libevent knows the older half of these only. */
static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{202, "Accepted"}, {204, "No Content"}, {401, "Unauthorized"},
		{403, "Forbidden"}, {409, "Conflict"}, {410, "Gone"}, {421, "Misdirected Request"},
		{429, "Too Many Requests"}, {502, "Bad Gateway"}, {504, "Gateway Timeout"}};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return NULL; /* libevent's own */
}

static void hang_up(evutil_socket_t fd, short what, void *arg)
{
	struct answer *a = arg;

	(void)fd;
	(void)what;
	if (a->response.kill_pid > 0 && kill(a->response.kill_pid, SIGKILL) < 0)
		(void)fprintf(stderr, "graphsim: cannot kill %d: %s\n", (int)a->response.kill_pid,
			strerror(errno));
	if (a->request) {
		struct evhttp_connection *connection = evhttp_request_get_connection(a->request);

		evhttp_connection_set_closecb(connection, NULL, NULL);
		evhttp_connection_free(connection);
	}
	answer_free(a);
}

/* Lets what was written leave, then closes: never from inside a callback of the connection itself.
 */
static void hang_up_soon(struct evhttp_connection *connection, void *arg)
{
	struct answer *a = arg;
	const struct timeval soon = {.tv_usec = 20000};

	(void)connection;
	(void)event_add(a->timer, &soon);
}

static void send_cut(struct answer *a, struct evbuffer *body)
{
	char length[32];

	(void)snprintf(length, sizeof(length), "%zu", a->response.body.len);
	(void)evhttp_add_header(
		evhttp_request_get_output_headers(a->request), "Content-Length", length);
	(void)event_assign(a->timer, a->front->base, -1, 0, hang_up, a);
	evhttp_send_reply_start(a->request, a->response.status, reason(a->response.status));
	if ((size_t)a->response.cut_at < a->response.body.len && a->response.cut_at > 0) {
		(void)evbuffer_add(body, a->response.body.data, (size_t)a->response.cut_at);
		evhttp_send_reply_chunk_with_cb(a->request, body, hang_up_soon, a);
	} else {
		hang_up_soon(NULL, a);
	}
}

static void send_whole(struct answer *a, struct evbuffer *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(a->request);

	if (a->response.piece ? splice_append(body, &a->response)
			      : a->gzip && a->response.body.len >= MIN_GZIP_BYTES &&
					gzip_append(body, &a->response.body))
		(void)evhttp_add_header(headers, "Content-Encoding", "gzip");
	else if (a->response.body.len)
		(void)evbuffer_add(body, a->response.body.data, a->response.body.len);
	evhttp_connection_set_closecb(evhttp_request_get_connection(a->request), NULL, NULL);
	evhttp_send_reply(a->request, a->response.status, reason(a->response.status), body);
}

static void send_answer(evutil_socket_t fd, short what, void *arg)
{
	struct answer *a = arg;

	(void)fd;
	(void)what;
	if (!a->request) {
		answer_free(a);
		return;
	}
	if (a->response.drop) {
		hang_up(-1, 0, a);
		return;
	}
	struct evbuffer *body = evbuffer_new();
	bool cut = a->response.cut_at >= 0;
	add_headers(evhttp_request_get_output_headers(a->request), buf_text(&a->response.headers));
	if (cut)
		send_cut(a, body);
	else
		send_whole(a, body);
	evbuffer_free(body);
	if (!cut)
		answer_free(a);
}

static void connection_gone(struct evhttp_connection *connection, void *arg)
{
	struct answer *a = arg;

	(void)connection;
	a->request = NULL; /* its timer frees the answer */
}

static const char *method_name(const struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_OPTIONS:
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT:
		break;
	}
	return "OTHER";
}

static size_t collect_headers(
	const struct evkeyvalq *from, struct sim_header to[static MAX_HEADERS])
{
	const struct evkeyval *h;
	size_t n = 0;

	TAILQ_FOREACH(h, from, next)
	if (n < MAX_HEADERS)
		to[n++] = (struct sim_header){h->key, h->value};
	return n;
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct front *f = arg;
	struct answer *a = calloc(1, sizeof(*a));
	struct sim_header headers[MAX_HEADERS];
	const struct evkeyvalq *in = evhttp_request_get_input_headers(request);
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	const char *accepts = evhttp_find_header(in, "Accept-Encoding");
	struct sim_request r = {.method = method_name(request),
		.host = evhttp_find_header(in, "Host"),
		.target = evhttp_request_get_uri(request),
		.headers = headers,
		.n_headers = collect_headers(in, headers),
		.body_len = evbuffer_get_length(body)};

	if (!a)
		abort();
	LIST_INSERT_HEAD(&f->answers, a, link);
	a->front = f;
	a->request = request;
	a->gzip = accepts && strstr(accepts, "gzip");
	r.body = r.body_len ? (const char *)evbuffer_pullup(body, -1) : "";
	sim_handle(f->sim, &r, &a->response);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), connection_gone, a);
	a->timer = evtimer_new(f->base, send_answer, a);
	int64_t wait_us = clock_kernel_delay_us(a->response.delay_us);
	const struct timeval wait = {
		.tv_sec = wait_us / USEC_PER_SEC, .tv_usec = wait_us % USEC_PER_SEC};
	if (!a->timer || event_add(a->timer, &wait) < 0)
		abort();
}

static struct bufferevent *accept_tls(struct event_base *base, void *arg)
{
	const struct front *f = arg;
	struct bufferevent *b = bufferevent_openssl_socket_new(
		base, -1, SSL_new(f->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	if (b)
		bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	return b;
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(arg);
}

static void usage(FILE *out)
{
	(void)fputs(
		"usage: graphsim --cert FILE --key FILE [--port N] [--port-file FILE] [--strict]\n"
		"                [--scenario FILE]...\n"
		"\n"
		"  --cert, --key   PEM files of the server\n"
		"  --port N        on 127.0.0.1; 0 (the default) takes a free one\n"
		"  --port-file F   is written once the port is open\n"
		"  --scenario F    lines as in tests/graphsim/README.md\n"
		"  --cache         pages of tenants with event= are made once\n"
		"  --strict        exits with 1 when the client violated anything\n",
		out);
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"cert", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'k'}, {"port", required_argument, NULL, 'p'},
		{"port-file", required_argument, NULL, 'f'},
		{"scenario", required_argument, NULL, 's'}, {"strict", no_argument, NULL, 'S'},
		{"cache", no_argument, NULL, 'C'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'c')
			o->cert = optarg;
		else if (c == 'k')
			o->key = optarg;
		else if (c == 'f')
			o->port_file = optarg;
		else if (c == 'S')
			o->strict = true;
		else if (c == 'C')
			o->cache = true;
		else if (c == 's' && o->n_scenarios < MAX_SCENARIOS)
			o->scenarios[o->n_scenarios++] = optarg;
		else if (c != 'p' || parse_u64(optarg, 0, 65535, &o->port) < 0)
			return c == 'h' ? 1 : -EINVAL;
	}
	return o->cert && o->key && optind == argc ? 0 : -EINVAL;
}

static int open_tls(struct front *f, const struct options *o)
{
	f->tls = SSL_CTX_new(TLS_server_method());
	if (!f->tls || !SSL_CTX_set_min_proto_version(f->tls, TLS1_2_VERSION) ||
		SSL_CTX_use_certificate_chain_file(f->tls, o->cert) != 1 ||
		SSL_CTX_use_PrivateKey_file(f->tls, o->key, SSL_FILETYPE_PEM) != 1) {
		(void)fprintf(stderr, "graphsim: %s, %s: not a certificate and its key\n", o->cert,
			o->key);
		return -EINVAL;
	}
	return 0;
}

/* Binds; *ret_port is the port that it became. */
static int open_port(struct front *f, uint64_t port, unsigned *ret_port)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	struct evhttp_bound_socket *bound;

	f->base = event_base_new();
	f->http = f->base ? evhttp_new(f->base) : NULL;
	if (!f->http)
		return -ENOMEM;
	evhttp_set_allowed_methods(f->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
						    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						    EVHTTP_REQ_PATCH);
	evhttp_set_max_body_size(f->http, MAX_REQUEST_BYTES);
	evhttp_set_default_content_type(f->http, NULL);
	evhttp_set_bevcb(f->http, accept_tls, f);
	evhttp_set_gencb(f->http, on_request, f);
	bound = evhttp_bind_socket_with_handle(f->http, "127.0.0.1", (ev_uint16_t)port);
	if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address,
			      &len) < 0) {
		(void)fprintf(
			stderr, "graphsim: 127.0.0.1:%" PRIu64 ": %s\n", port, strerror(errno));
		return -EADDRINUSE;
	}
	*ret_port = ntohs(address.sin_port);
	return 0;
}

static int load(struct front *f, const struct options *o, unsigned port)
{
	char url[64], text[16];
	struct buf error = BUF_INIT(64u * 1024);
	const struct sim_options options = {
		.base_url = url, .control = true, .squeeze = o->cache ? squeeze : NULL};
	int r;

	(void)snprintf(url, sizeof(url), "https://localhost:%u", port);
	r = sim_new(&options, &f->sim);
	for (size_t i = 0; r == 0 && i < o->n_scenarios; i++)
		r = sim_load(f->sim, o->scenarios[i], &error);
	if (r < 0)
		(void)fprintf(stderr, "graphsim: %s\n", buf_text(&error));
	buf_done(&error);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "%u\n", port);
	if (o->port_file)
		r = file_write_atomic(o->port_file, text, strlen(text), 0644);
	(void)printf("%s\n", url);
	(void)fflush(stdout);
	return r;
}

static int report(const struct front *f, bool strict)
{
	size_t n = sim_violations(f->sim);

	for (size_t i = 0; i < n; i++)
		(void)fprintf(stderr, "graphsim: violation: %s\n", sim_violation(f->sim, i));
	(void)fprintf(stderr, "graphsim: %" PRIu64 " requests, %zu violations\n",
		sim_count(f->sim, "requests"), n);
	return strict && n ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct front *f, const struct options *o)
{
	unsigned port = 0;

	if (open_tls(f, o) < 0 || open_port(f, o->port, &port) < 0 || load(f, o, port) < 0)
		return EXIT_FAILURE;
	struct event *term = evsignal_new(f->base, SIGTERM, on_signal, f->base);
	struct event *intr = evsignal_new(f->base, SIGINT, on_signal, f->base);
	(void)evsignal_add(term, NULL);
	(void)evsignal_add(intr, NULL);
	(void)event_base_dispatch(f->base);
	event_free(term);
	event_free(intr);
	return report(f, o->strict);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct front f = {0};
	int r = parse_options(argc, argv, &o);

	if (r != 0) {
		usage(r > 0 ? stdout : stderr);
		return r > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	r = run(&f, &o);
	if (f.http)
		evhttp_free(f.http);
	while (!LIST_EMPTY(&f.answers))
		answer_free(LIST_FIRST(&f.answers));
	if (f.base)
		event_base_free(f.base);
	(void)sim_free(f.sim);
	SSL_CTX_free(f.tls);
	return r;
}
