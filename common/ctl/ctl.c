/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking client: one connection per request, read to its end. The deadline is a timerfd and
 * runs in kernel time, for the other side is a process of this machine.
 */
#include "common/ctl/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ctl/ctl_http.h"

/* What the daemon answers without waiting for the service. */
#define ANSWER_US (30 * USEC_PER_SEC)

struct exchange {
	int fd;
	int deadline_fd; /* -1: none */
};

static void exchange_done(struct exchange *x)
{
	closep(&x->fd);
	closep(&x->deadline_fd);
}

/* The line for people, as far as memory allows. Returns code. */
static int say(int code, char **ret_text, const char *fmt, ...) _printf_(3, 4);
static int say(int code, char **ret_text, const char *fmt, ...)
{
	struct buf raw = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	va_list ap;

	if (!ret_text)
		return code;
	va_start(ap, fmt);
	buf_vprintf(&raw, fmt, ap);
	va_end(ap);
	*ret_text = buf_take(&raw);
	buf_done(&raw);
	return code;
}

static int say_unreachable(int r, const char *path, char **ret_text)
{
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOTDIR)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"snapwatchd does not run: nobody listens on %s; "
			"start it with: systemctl start snapwatchd",
			path);
	if (r == -EACCES || r == -EPERM)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"%s is not for this user: members of the group snapwatch may ask, "
			"those of snapwatch-admin may act too",
			path);
	if (r == -ETIMEDOUT)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"snapwatchd does not answer on %s; its log may say why: "
			"journalctl -u snapwatchd",
			path);
	return say(EXIT_CODE_NO_DAEMON, ret_text, "cannot talk to snapwatchd on %s: %s", path,
		err_text(r));
}

static int set_deadline(struct exchange *x, int64_t timeout_us)
{
	const struct itimerspec spec = {
		.it_value = {.tv_sec = timeout_us / USEC_PER_SEC,
			.tv_nsec = timeout_us % USEC_PER_SEC * 1000},
	};

	if (timeout_us <= 0)
		return 0;
	x->deadline_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (x->deadline_fd < 0 || timerfd_settime(x->deadline_fd, 0, &spec, NULL) < 0)
		return -errno;
	return 0;
}

/* Until the socket is ready for that, or the deadline has passed: -ETIMEDOUT. */
static int wait_for(const struct exchange *x, short events)
{
	struct pollfd fds[] = {
		{.fd = x->fd, .events = events},
		{.fd = x->deadline_fd, .events = POLLIN},
	};

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[0].revents)
			return 0;
		if (fds[1].revents)
			return -ETIMEDOUT;
	}
}

/* On a Unix socket connect() answers at once; a full backlog is the only thing it would wait for.
 */
static int open_socket(struct exchange *x, const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const struct timespec pause = {.tv_nsec = 50000000};

	if (text_into(to.sun_path, sizeof(to.sun_path), path) < 0)
		return -ENAMETOOLONG;
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd < 0)
		return -errno;
	while (connect(x->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		struct pollfd deadline = {.fd = x->deadline_fd, .events = POLLIN};

		if (errno == EAGAIN && ppoll(&deadline, 1, &pause, NULL) > 0)
			return -ETIMEDOUT;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}

/* A daemon that refuses early may close before it has read all: what it said is still there. */
static int send_all(const struct exchange *x, const struct buf *request)
{
	size_t sent = 0;

	while (sent < request->len) {
		ssize_t n = send(x->fd, request->data + sent, request->len - sent, MSG_NOSIGNAL);
		int r = 0;

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			r = wait_for(x, POLLOUT);
		else if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		else if (errno != EINTR)
			r = -errno;
		if (r < 0)
			return r;
	}
	return 0;
}

static int receive_all(const struct exchange *x, struct buf *response)
{
	const size_t piece = 64 * 1024;

	for (;;) {
		char *room = buf_reserve(response, piece);
		if (!room)
			return buf_error(response);
		ssize_t n = recv(x->fd, room, piece, 0);
		int e = n < 0 ? errno : 0;

		buf_commit(response, n > 0 ? (size_t)n : 0);
		if (n == 0 || e == ECONNRESET)
			return 0;
		int r = e == EAGAIN ? wait_for(x, POLLIN) : 0;
		if (e && e != EAGAIN && e != EINTR)
			r = -e;
		if (r < 0)
			return r;
	}
}

static int talk(
	const char *path, const struct buf *request, int64_t timeout_us, struct buf *response)
{
	_cleanup_(exchange_done) struct exchange x = {.fd = -1, .deadline_fd = -1};
	int r = set_deadline(&x, timeout_us);

	if (r == 0)
		r = open_socket(&x, path);
	if (r == 0)
		r = send_all(&x, request);
	if (r == 0)
		r = receive_all(&x, response);
	return r;
}

/* A refused configuration is several lines, which stay lines. */
static void append_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		text_append_visible(out, text, n);
		text += n + (text[n] == '\n');
		if (*text)
			buf_putc(out, '\n');
	}
}

/* Our own words may not be the daemon's: whatever stands there becomes visible. */
static int answer_of(const struct buf *reply, unsigned status, const char *path, char **ret_text)
{
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	int64_t code = EXIT_CODE_OK;

	if (json_parse(buf_text(reply), reply->len, LIMIT_JSON_DEPTH, &doc) != 0 ||
		json_type(doc) != JSON_TYPE_OBJECT)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"something else than snapwatchd answers on %s (HTTP %u)", path, status);
	enum json_get got = json_get_int(doc, "code", &code);
	if (got == JSON_GET_ABSENT && status != 200)
		code = EXIT_CODE_REFUSED;
	if (code < 0 || code >= _EXIT_CODE_MAX)
		code = EXIT_CODE_REFUSED; /* of a newer daemon */
	const char *said = json_string_or(doc, "text", NULL);
	const char *hint = json_string_or(doc, "hint", NULL);
	if (!said || !ret_text)
		return (int)code;
	append_lines(&text, said);
	if (hint) {
		buf_putc(&text, '\n');
		append_lines(&text, hint);
	}
	*ret_text = buf_take(&text);
	return (int)code;
}

int ctl_request(const char *socket_path, const char *method, const char *path, const char *body,
	int64_t timeout_us, struct buf *reply, char **ret_text)
{
	_cleanup_(buf_done) struct buf request =
		BUF_INIT_SECRET(LIMIT_CONTROL_HEADER_BYTES + LIMIT_CONTROL_BODY_BYTES);
	_cleanup_(buf_done) struct buf response =
		BUF_INIT_SECRET(LIMIT_CONTROL_HEADER_BYTES + LIMIT_CONTROL_REPLY_BYTES);
	unsigned status = 0;

	if (ret_text)
		*ret_text = NULL;
	ctl_http_request(&request, method, path, body);
	int r = buf_error(&request);
	if (r == 0)
		r = talk(socket_path, &request, timeout_us, &response);
	if (r < 0)
		return say_unreachable(r, socket_path, ret_text);
	r = ctl_http_response(buf_text(&response), response.len, &status, reply);
	if (r == CTL_HTTP_E_CUT)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"snapwatchd on %s closed the connection before it had answered",
			socket_path);
	if (r < 0)
		return say_unreachable(r, socket_path, ret_text);
	if (r > 0)
		return say(EXIT_CODE_NO_DAEMON, ret_text,
			"something else than snapwatchd answers on %s", socket_path);
	return answer_of(reply, status, socket_path, ret_text);
}

int ctl_probe(const char *socket_path)
{
	_cleanup_(exchange_done) struct exchange x = {.fd = -1, .deadline_fd = -1};
	int r = set_deadline(&x, ANSWER_US);

	return r == 0 ? open_socket(&x, socket_path) : r;
}

int ctl_status(const char *socket_path, struct buf *reply, char **ret_text)
{
	return ctl_request(socket_path, "GET", "/v1/status", NULL, ANSWER_US, reply, ret_text);
}

/* body is finished and sent. */
static int post(const char *socket_path, const char *path, struct jsonw *body, int64_t timeout_us,
	char **ret_text)
{
	_cleanup_(buf_done) struct buf reply = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);

	jsonw_object_end(body);
	if (ret_text)
		*ret_text = NULL;
	if (buf_error(body->out) < 0)
		return say(EXIT_CODE_USAGE, ret_text, "the request is too long");
	return ctl_request(
		socket_path, "POST", path, buf_text(body->out), timeout_us, &reply, ret_text);
}

int ctl_run(const char *socket_path, const char *tenant, const char *watch, bool wait,
	int64_t slot_us, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	struct jsonw body = JSONW_INIT(&text);
	char slot[32];

	(void)snprintf(slot, sizeof(slot), "%" PRId64 "s", slot_us / USEC_PER_SEC);
	jsonw_object(&body);
	jsonw_kv_string(&body, "tenant", tenant);
	jsonw_kv_string(&body, "watch", watch);
	jsonw_kv_bool(&body, "wait", wait);
	jsonw_kv_string(&body, "wait_for", slot_us == TIME_NONE ? NULL : slot);
	return post(socket_path, "/v1/run", &body, wait ? 0 : ANSWER_US, ret_text);
}

int ctl_yield(const char *socket_path, const char *tenant, const char *for_text, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	struct jsonw body = JSONW_INIT(&text);

	jsonw_object(&body);
	jsonw_kv_string(&body, "tenant", tenant);
	jsonw_kv_string(&body, "for", for_text);
	return post(socket_path, "/v1/yield", &body, 0, ret_text);
}

int ctl_resume(const char *socket_path, const char *tenant, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	struct jsonw body = JSONW_INIT(&text);

	jsonw_object(&body);
	jsonw_kv_string(&body, "tenant", tenant);
	return post(socket_path, "/v1/resume", &body, ANSWER_US, ret_text);
}

int ctl_reload(const char *socket_path, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	struct jsonw body = JSONW_INIT(&text);

	jsonw_object(&body);
	return post(socket_path, "/v1/reload", &body, ANSWER_US, ret_text);
}
