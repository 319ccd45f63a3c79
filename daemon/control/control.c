/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine around evhttp: the socket, its clients, replies that come later. What may be asked is
 * in control_route.c, who may in control_peer.c.
 */
#include "daemon/control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "daemon/control/control_peer.h"
#include "daemon/control/control_route.h"
#include "daemon/engine/loop.h"

/* Connections that the kernel keeps for us until we accept them. */
#define BACKLOG 64
/* How soon a place that became free is given to the next client, and how soon what a client left
 * is cleared away when nobody waits for it; in kernel time. */
static const struct timeval sweep_full = {.tv_usec = 200000};
static const struct timeval sweep_idle = {.tv_sec = 5};

/* event2/http.h names most of the others */
#define STATUS_FORBIDDEN 403

struct control {
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener; /* owned by http */
	const struct control_ops *ops;
	void *arg;
	struct control_groups groups;
	char *path;
	struct stat made; /* the socket file, to remove only our own */

	/*
	 * evhttp does not say when a connection ends. So each has a reference of ours on its
	 * bufferevent: when evhttp lets it go, its callbacks are gone, and we drop ours.
	 */
	struct bufferevent *clients[LIMIT_CONTROL_CLIENTS];
	size_t n_clients;
	struct event *sweep;

	LIST_HEAD(, control_reply) waiting;
	size_t n_waiting;
};

/* A request that is still to be answered. Lives until control_reply_send(), whoever goes away. */
struct control_reply {
	LIST_ENTRY(control_reply) entry;
	struct control *c;	    /* NULL: client or control has gone */
	struct evhttp_request *req; /* owned by evhttp; set exactly when c is */
	struct event *gone;	    /* the client closed */
	void (*tell_gone)(void *arg);
	void *tell_arg;
};

/* --- clients ------------------------------------------------------------------------------------
 */

static void sweep(struct control *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n_clients; i++) {
		void *held_by = NULL;

		bufferevent_getcb(c->clients[i], NULL, NULL, NULL, &held_by);
		if (held_by)
			c->clients[kept++] = c->clients[i];
		else
			(void)bufferevent_decref(c->clients[i]);
	}
	c->n_clients = kept;
}

static void sweep_later(struct control *c)
{
	if (c->n_clients)
		(void)evtimer_add(
			c->sweep, c->n_clients < LIMIT_CONTROL_CLIENTS ? &sweep_idle : &sweep_full);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	sweep(c);
	if (c->n_clients < LIMIT_CONTROL_CLIENTS)
		(void)evconnlistener_enable(c->listener);
	sweep_later(c);
}

/* evhttp accepted somebody and asks what to talk through. When all places are taken, the next ones
 * stay in the kernel's queue. */
static struct bufferevent *on_client(struct event_base *base, void *arg)
{
	struct control *c = arg;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	sweep(c);
	if (bev && c->n_clients < LIMIT_CONTROL_CLIENTS) {
		bufferevent_incref(bev);
		c->clients[c->n_clients++] = bev;
	}
	if (c->n_clients == LIMIT_CONTROL_CLIENTS)
		(void)evconnlistener_disable(c->listener);
	sweep_later(c);
	return bev;
}

/* --- replies ------------------------------------------------------------------------------------
 */

static const char *reason_of(unsigned status)
{
	return status == 200 ? "OK" : "Refused";
}

static void send_json(struct evhttp_request *req, unsigned status, const struct buf *text)
{
	struct evbuffer *body = evbuffer_new();

	if (!body || buf_error(text) < 0 || evbuffer_add(body, text->data, text->len) < 0) {
		evhttp_send_error(req, HTTP_INTERNAL, "out of memory");
	} else {
		(void)evhttp_add_header(
			evhttp_request_get_output_headers(req), "Content-Type", "application/json");
		evhttp_send_reply(req, (int)status, reason_of(status), body);
	}
	if (body)
		evbuffer_free(body);
}

static void open_outcome(struct jsonw *w, int code, const char *text)
{
	jsonw_object(w);
	jsonw_kv_string(w, "schema", "snapwatch/1");
	jsonw_kv_int(w, "code", code);
	jsonw_kv_string(w, "name", exit_code_name(code));
	jsonw_kv_string(w, "text", text);
}

static void close_outcome(struct evhttp_request *req, unsigned status, struct jsonw *w)
{
	jsonw_object_end(w);
	buf_putc(w->out, '\n');
	send_json(req, status, w->out);
}

static void send_outcome(struct evhttp_request *req, unsigned status, int code, const char *text)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	open_outcome(&w, code, text);
	close_outcome(req, status, &w);
}

/* The request is evhttp's alone from now on. */
static struct evhttp_request *reply_detach(struct control_reply *r)
{
	struct evhttp_request *req = r->req;

	if (r->c) {
		evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
		event_free(r->gone);
		LIST_REMOVE(r, entry);
		r->c->n_waiting--;
	}
	r->c = NULL;
	r->req = NULL;
	r->gone = NULL;
	return req;
}

void control_reply_document(struct control_reply *r, int code, const char *text, const char *hint,
	void (*write)(const void *arg, struct jsonw *out), const void *arg)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	if (!r)
		return;
	struct evhttp_request *req = reply_detach(r);
	if (req) {
		open_outcome(&w, code, text);
		jsonw_kv_string(&w, "hint", hint);
		if (write)
			write(arg, &w);
		close_outcome(req, control_http_status(code), &w);
	}
	free(r);
}

void control_reply_send(struct control_reply *r, int code, const char *text)
{
	control_reply_document(r, code, text, NULL, NULL, NULL);
}

void control_reply_watch(struct control_reply *r, void (*gone)(void *arg), void *arg)
{
	r->tell_gone = gone;
	r->tell_arg = arg;
}

/* Last call of whoever comes here: r may be sent, and freed, from inside. */
static void tell_gone(struct control_reply *r)
{
	if (r->tell_gone)
		r->tell_gone(r->tell_arg);
}

/* evhttp frees the connection, and the request with it. */
static void on_connection_end(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	(void)reply_detach(arg);
	tell_gone(arg);
}

static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	struct control_reply *r = arg;

	(void)fd;
	(void)what;
	evhttp_connection_free(evhttp_request_get_connection(reply_detach(r)));
	tell_gone(r);
}

/* While a reply is due evhttp does not read, so it would not notice that the client goes away. */
static struct control_reply *reply_new(struct control *c, struct evhttp_request *req)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(req);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	struct control_reply *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->gone = event_new(c->base, fd, EV_CLOSED, on_gone, r);
	if (!r->gone || event_add(r->gone, NULL) < 0) {
		if (r->gone)
			event_free(r->gone);
		free(r);
		return NULL;
	}
	r->c = c;
	r->req = req;
	evhttp_connection_set_closecb(connection, on_connection_end, r);
	LIST_INSERT_HEAD(&c->waiting, r, entry);
	c->n_waiting++;
	return r;
}

/* --- requests -----------------------------------------------------------------------------------
 */

static const char *method_name(const struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_HEAD:
	case EVHTTP_REQ_PUT:
	case EVHTTP_REQ_DELETE:
	case EVHTTP_REQ_OPTIONS:
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT:
	case EVHTTP_REQ_PATCH:
		break;
	}
	return "";
}

/* NULL when the request was answered: there is no such route. */
static const struct control_route *find_route(struct evhttp_request *req)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const struct control_route *route;
	char text[128];
	int r = control_route_find(method_name(req), path ? path : "", &route);

	if (r == CONTROL_ROUTE_E_PATH) {
		send_outcome(req, HTTP_NOTFOUND, EXIT_CODE_USAGE, "there is no such path");
		return NULL;
	}
	if (r == CONTROL_ROUTE_E_METHOD) {
		(void)snprintf(text, sizeof(text), "%s takes %s", route->path, route->method);
		(void)evhttp_add_header(
			evhttp_request_get_output_headers(req), "Allow", route->method);
		send_outcome(req, HTTP_BADMETHOD, EXIT_CODE_USAGE, text);
		return NULL;
	}
	if (evhttp_uri_get_query(uri)) {
		(void)snprintf(text, sizeof(text), "%s takes no query", route->path);
		send_outcome(req, HTTP_BADREQUEST, EXIT_CODE_USAGE, text);
		return NULL;
	}
	return route;
}

/* False when the request was answered: this client may not. */
static bool check_right(struct control *c, struct evhttp_request *req,
	const struct control_route *route, struct control_peer *ret)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(req);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
	enum control_right right = CONTROL_RIGHT_NONE;
	int r = control_peer_of(fd, &c->groups, ret, &right);

	if (r < 0) {
		send_outcome(req, HTTP_INTERNAL, EXIT_CODE_REFUSED, err_text(r));
		return false;
	}
	if (route->right > CONTROL_RIGHT_READ || right == CONTROL_RIGHT_NONE) {
		FILE *passwd = fopen("/etc/passwd", "re");

		control_peer_describe(ret, passwd);
		if (passwd)
			(void)fclose(passwd);
	}
	if (right >= route->right)
		return true;
	log_event(LOG_NOTICE, LOG_ID_CONTROL, NULL, "refused %s to %s", route->path, ret->text);
	send_outcome(req, STATUS_FORBIDDEN, EXIT_CODE_REFUSED,
		route->right == CONTROL_RIGHT_ACT
			? "only root and members of the group " CONTROL_GROUP_ACT " may do this"
			: "only members of the group " CONTROL_GROUP_READ " may ask");
	return false;
}

static void answer_document(
	struct control *c, struct evhttp_request *req, const struct control_route *route)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	route->document(c->ops, c->arg, &w);
	buf_putc(&json, '\n');
	send_json(req, HTTP_OK, &json);
}

static void answer_act(struct control *c, struct evhttp_request *req,
	const struct control_route *route, const struct control_peer *who)
{
	_cleanup_(buf_done) struct buf error = BUF_INIT(LIMIT_NAME_BYTES);
	_cleanup_(json_free_secretp) struct json *document = NULL;
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(body);
	unsigned char *text = len ? evbuffer_pullup(body, -1) : NULL;
	struct control_call call;
	int r = control_body_parse(
		route, len ? (const char *)text : "", len, &document, &call, &error);

	if (len)
		explicit_bzero(text, len); /* there may be a code in it */
	if (r < 0) {
		send_outcome(req, HTTP_BADREQUEST, EXIT_CODE_USAGE,
			error.len ? buf_text(&error) : err_text(r));
		return;
	}
	struct control_reply *reply =
		c->n_waiting < LIMIT_CONTROL_WAITING ? reply_new(c, req) : NULL;
	if (reply)
		route->act(c->ops, c->arg, who, &call, reply);
	else
		send_outcome(req, HTTP_SERVUNAVAIL, EXIT_CODE_REFUSED,
			"too many others wait for an answer; try again later");
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct control *c = arg;
	struct control_peer who;
	const struct control_route *route = find_route(req);

	if (!route || !check_right(c, req, route, &who))
		return;
	if (route->document)
		answer_document(c, req, route);
	else
		answer_act(c, req, route, &who);
}

/* --- the socket ---------------------------------------------------------------------------------
 */

/* A file that a daemon left behind goes; one that somebody listens on stays, and so does anything
 * that is no socket. */
static int remove_stale(const struct sockaddr_un *at)
{
	struct stat st;
	int fd, r = 0;

	if (lstat(at->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN)
		r = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		r = -errno;
	else if (unlink(at->sun_path) < 0 && errno != ENOENT)
		r = -errno;
	closep(&fd);
	return r;
}

/* Who may connect at all is decided by the file: its owner and the group. */
static int set_access(struct control *c)
{
	if (c->groups.read != (gid_t)-1 && chown(c->path, (uid_t)-1, c->groups.read) < 0)
		log_warning(NULL, "%s cannot be given to the group " CONTROL_GROUP_READ ": %s",
			c->path, err_text(errno));
	if (chmod(c->path, 0660) < 0 || lstat(c->path, &c->made) < 0)
		return -errno;
	return 0;
}

static int open_socket(struct control *c, int *ret_fd)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = -1;
	int r;

	if (text_into(at.sun_path, sizeof(at.sun_path), c->path) < 0)
		return -ENAMETOOLONG;
	r = remove_stale(&at);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	r = set_access(c);
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int serve(struct control *c, int *fd)
{
	const struct timeval idle = {.tv_sec = LIMIT_CONTROL_IDLE_US / USEC_PER_SEC};

	c->http = evhttp_new(c->base);
	c->sweep = evtimer_new(c->base, on_sweep, c);
	if (!c->http || !c->sweep)
		return -ENOMEM;
	evhttp_set_max_headers_size(c->http, LIMIT_CONTROL_HEADER_BYTES);
	evhttp_set_max_body_size(c->http, LIMIT_CONTROL_BODY_BYTES);
	evhttp_set_timeout_tv(c->http, &idle);
	evhttp_set_allowed_methods(c->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
						    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						    EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(c->http, on_request, c);
	evhttp_set_bevcb(c->http, on_client, c);

	struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(c->http, *fd);
	if (!bound)
		return -ENOMEM;
	*fd = -1; /* evhttp closes it */
	c->listener = evhttp_bound_socket_get_listener(bound);
	return 0;
}

static int control_make(
	struct loop *l, const struct control_ops *ops, void *arg, struct control **ret)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->base = loop_event_base(l);
	c->ops = ops;
	c->arg = arg;
	LIST_INIT(&c->waiting);
	control_groups_find(&c->groups);
	*ret = c;
	return 0;
}

int control_new(struct loop *l, const char *path, const struct control_ops *ops, void *arg,
	struct control **ret)
{
	_cleanup_(control_freep) struct control *c = NULL;
	_cleanup_(closep) int fd = -1;
	int r = control_make(l, ops, arg, &c);

	if (r == 0)
		r = text_copy(path, &c->path);
	if (r == 0)
		r = open_socket(c, &fd);
	if (r == 0)
		r = serve(c, &fd);
	if (r < 0)
		return err_trace(r);
	*ret = TAKE_PTR(c);
	return 0;
}

int control_new_on(
	struct loop *l, int fd, const struct control_ops *ops, void *arg, struct control **ret)
{
	_cleanup_(control_freep) struct control *c = NULL;
	int flags = fcntl(fd, F_GETFL);
	int r = control_make(l, ops, arg, &c);

	if (r == 0 && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
		r = -errno;
	if (r == 0)
		r = serve(c, &fd);
	if (r < 0)
		return err_trace(r);
	*ret = TAKE_PTR(c);
	return 0;
}

struct control *control_free(struct control *c)
{
	struct stat st;

	if (!c)
		return NULL;
	while (!LIST_EMPTY(&c->waiting))
		(void)reply_detach(LIST_FIRST(&c->waiting));
	if (c->http)
		evhttp_free(c->http); /* connections and their requests too */
	if (c->sweep)
		event_free(c->sweep);
	sweep(c);
	if (c->made.st_ino && lstat(c->path, &st) == 0 && st.st_ino == c->made.st_ino &&
		st.st_dev == c->made.st_dev)
		(void)unlink(c->path);
	free(c->path);
	free(c);
	return NULL;
}
