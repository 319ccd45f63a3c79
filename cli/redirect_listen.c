/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/redirect_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "cli/redirect.h"
#include "common/base/clock.h"
#include "common/base/limits.h"

/* A port that is free on 127.0.0.1 may be taken on ::1; then another one is tried. */
#define PORT_TRIES 32u

struct client {
	int fd; /* -1: none */
	int timer_fd;
	bool answered; /* only its end is waited for */
	struct buf header;
};

struct redirect_listen {
	int fds[2]; /* 127.0.0.1 and ::1; -1 */
	unsigned port;
	struct client clients[LIMIT_REDIRECT_CLIENTS];
	size_t oldest; /* whose place is taken when there is none */
	struct client ours;
	const char *state; /* borrowed while waiting */
	void (*other)(void *arg, int error);
	void *arg;
};

static const struct client no_client = {.fd = -1, .timer_fd = -1};

/* Readable after that much kernel time. */
static int timer_new(int64_t kernel_us, int *ret_fd)
{
	const struct itimerspec spec = {
		.it_value = {.tv_sec = kernel_us / USEC_PER_SEC,
			.tv_nsec = kernel_us % USEC_PER_SEC * 1000 + 1},
	};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL) < 0) {
		int r = -errno;

		closep(&fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* --- listening ----------------------------------------------------------------------------------
 */

static int listen_at(const struct sockaddr *address, socklen_t len, int *ret_fd)
{
	_cleanup_(closep) int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	const int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (address->sa_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, address, len) < 0 || listen(fd, LIMIT_REDIRECT_CLIENTS) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int listen_4(unsigned port, int *ret_fd, unsigned *ret_port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	socklen_t len = sizeof(at);
	_cleanup_(closep) int fd = -1;
	int r = listen_at((const struct sockaddr *)&at, len, &fd);

	if (r == 0 && getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		r = -errno;
	if (r < 0)
		return r;
	*ret_port = ntohs(at.sin_port);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int listen_6(unsigned port, int *ret_fd)
{
	const struct sockaddr_in6 at = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int r = listen_at((const struct sockaddr *)&at, sizeof(at), ret_fd);

	return r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL ? 0 : r;
}

int redirect_listen_new(unsigned port, struct redirect_listen **ret)
{
	_cleanup_(redirect_listen_freep) struct redirect_listen *l = malloc(sizeof(*l));
	int r = -EADDRINUSE;

	if (!l)
		return -ENOMEM;
	*l = (struct redirect_listen){.fds = {-1, -1}, .ours = no_client};
	for (size_t i = 0; i < LIMIT_REDIRECT_CLIENTS; i++)
		l->clients[i] = no_client;
	for (unsigned tries = 0; tries < (port ? 1 : PORT_TRIES) && r == -EADDRINUSE; tries++) {
		closep(&l->fds[0]);
		l->fds[0] = -1;
		r = listen_4(port, &l->fds[0], &l->port);
		if (r == 0)
			r = listen_6(l->port, &l->fds[1]);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

unsigned redirect_listen_port(const struct redirect_listen *l)
{
	return l->port;
}

/* --- clients ------------------------------------------------------------------------------------
 */

static void client_close(struct client *c)
{
	closep(&c->fd);
	closep(&c->timer_fd);
	buf_done(&c->header);
	*c = no_client;
}

static void close_ports(struct redirect_listen *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(l->fds); i++) {
		closep(&l->fds[i]);
		l->fds[i] = -1;
	}
}

struct redirect_listen *redirect_listen_free(struct redirect_listen *l)
{
	if (!l)
		return NULL;
	close_ports(l);
	for (size_t i = 0; i < LIMIT_REDIRECT_CLIENTS; i++)
		client_close(&l->clients[i]);
	client_close(&l->ours);
	free(l);
	return NULL;
}

/* A free place, or that of who has been here longest. */
static struct client *place_for_client(struct redirect_listen *l)
{
	for (size_t i = 0; i < LIMIT_REDIRECT_CLIENTS; i++)
		if (l->clients[i].fd < 0)
			return &l->clients[i];
	struct client *c = &l->clients[l->oldest];
	l->oldest = (l->oldest + 1) % LIMIT_REDIRECT_CLIENTS;
	client_close(c);
	return c;
}

static int accept_client(struct redirect_listen *l, int listen_fd)
{
	_cleanup_(closep) int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0) /* whoever knocked may be gone; want of descriptors is ours */
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
	c = place_for_client(l);
	int r = timer_new(LIMIT_REDIRECT_IDLE_US, &c->timer_fd);
	if (r < 0)
		return r;
	c->fd = TAKE_FD(fd);
	c->header = BUF_INIT_SECRET(LIMIT_REDIRECT_HEADER_BYTES + 4096);
	return 0;
}

/* Nothing more is sent, but the connection is not closed before the other side has read it: a close
 * with unread data would take it back. */
static void client_say(struct client *c, const struct redirect_page *page)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);
	struct pollfd fds[] = {
		{.fd = c->fd, .events = POLLOUT}, {.fd = c->timer_fd, .events = POLLIN}};
	size_t sent = 0;

	redirect_page_append(page, &text);
	while (buf_error(&text) == 0 && sent < text.len) {
		ssize_t n = send(c->fd, text.data + sent, text.len - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN && poll(fds, ARRAY_SIZE(fds), -1) > 0 && !fds[1].revents)
			continue;
		else if (errno != EINTR)
			break;
	}
	(void)shutdown(c->fd, SHUT_WR);
	c->answered = true;
	buf_done(&c->header);
}

/* What came instead of the answer. */
static void client_refuse(struct redirect_listen *l, struct client *c, int error)
{
	struct redirect_page page = {
		.status = 400,
		.title = "Nothing to do with this",
		.text = redirect_error_text(error),
	};
	bool almost =
		error == REDIRECT_E_CUT || error == REDIRECT_E_TWICE || error == REDIRECT_E_STATE;

	if (error == REDIRECT_E_METHOD)
		page.status = 405;
	else if (error == REDIRECT_E_LONG)
		page.status = 431;
	else if (error == REDIRECT_E_PATH || error == REDIRECT_E_NOTHING)
		page.status = 404;
	if (almost)
		page.title = "Not signed in";
	client_say(c, &page);
	if (almost && l->other)
		l->other(l->arg, error);
}

/* 1: it brought the answer, which is appended; 0: not (yet); < 0: want of memory. */
static int client_read(struct redirect_listen *l, struct client *c, struct buf *ret_query)
{
	const char *query;
	char *room = buf_reserve(&c->header, 4096);
	size_t len;

	if (!room)
		return buf_error(&c->header);
	ssize_t n = recv(c->fd, room, 4096, 0);
	bool wait = n < 0 && (errno == EAGAIN || errno == EINTR);
	buf_commit(&c->header, n > 0 ? (size_t)n : 0);
	if (n <= 0) {
		if (!wait)
			client_close(c);
		return 0;
	}
	if (c->answered) {
		buf_reset(&c->header);
		return 0;
	}
	int r = redirect_request(c->header.data, c->header.len, l->state, &query, &len);
	if (r < 0)
		return r;
	if (r == 0) {
		buf_append(ret_query, query, len);
		return buf_error(ret_query) < 0 ? buf_error(ret_query) : 1;
	}
	if (r != REDIRECT_E_MORE)
		client_refuse(l, c, r);
	return 0;
}

/* --- waiting ------------------------------------------------------------------------------------
 */

enum { AT_DEADLINE, AT_PORTS, AT_CLIENTS = 3 };
#define N_POLLED (AT_CLIENTS + 2 * LIMIT_REDIRECT_CLIENTS)

static void fill(const struct redirect_listen *l, int deadline_fd, struct pollfd *fds)
{
	fds[AT_DEADLINE] = (struct pollfd){.fd = deadline_fd, .events = POLLIN};
	for (size_t i = 0; i < ARRAY_SIZE(l->fds); i++)
		fds[AT_PORTS + i] = (struct pollfd){.fd = l->fds[i], .events = POLLIN};
	for (size_t i = 0; i < LIMIT_REDIRECT_CLIENTS; i++) {
		const struct client *c = &l->clients[i];

		fds[AT_CLIENTS + 2 * i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		fds[AT_CLIENTS + 2 * i + 1] = (struct pollfd){.fd = c->timer_fd, .events = POLLIN};
	}
}

/* 1 when somebody brought the answer. */
static int turn(struct redirect_listen *l, const struct pollfd *fds, struct buf *ret_query)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LIMIT_REDIRECT_CLIENTS; i++) {
		struct client *c = &l->clients[i];

		if (fds[AT_CLIENTS + 2 * i].revents)
			r = client_read(l, c, ret_query);
		else if (fds[AT_CLIENTS + 2 * i + 1].revents)
			client_close(c);
		if (r > 0) {
			l->ours = *c;
			*c = no_client;
		}
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(l->fds); i++)
		if (fds[AT_PORTS + i].revents)
			r = accept_client(l, l->fds[i]);
	return r;
}

int redirect_listen_wait(struct redirect_listen *l, const char *state, int64_t timeout_us,
	void (*other)(void *arg, int error), void *arg, struct buf *ret_query)
{
	_cleanup_(closep) int deadline_fd = -1;
	int r = timer_new(clock_kernel_delay_us(timeout_us), &deadline_fd);

	l->state = state;
	l->other = other;
	l->arg = arg;
	while (r == 0) {
		struct pollfd fds[N_POLLED];

		fill(l, deadline_fd, fds);
		if (poll(fds, N_POLLED, -1) < 0)
			r = errno == EINTR ? 0 : -errno;
		else if (fds[AT_DEADLINE].revents)
			r = -ETIMEDOUT;
		else
			r = turn(l, fds, ret_query);
	}
	l->state = NULL;
	close_ports(l);
	for (size_t i = 0; i < LIMIT_REDIRECT_CLIENTS; i++)
		client_close(&l->clients[i]);
	return r > 0 ? 0 : r;
}

/* Until the other side closes, or its time is up. */
static void farewell(struct client *c)
{
	struct pollfd fds[] = {
		{.fd = c->fd, .events = POLLIN}, {.fd = c->timer_fd, .events = POLLIN}};
	char waste[4096];

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents)
			return;
		ssize_t n = recv(c->fd, waste, sizeof(waste), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return;
	}
}

void redirect_listen_answer(struct redirect_listen *l, const struct redirect_page *page)
{
	struct client *c = &l->ours;

	if (c->fd < 0)
		return;
	closep(&c->timer_fd);
	c->timer_fd = -1;
	if (timer_new(LIMIT_REDIRECT_FAREWELL_US, &c->timer_fd) == 0) {
		client_say(c, page);
		farewell(c);
	}
	client_close(c);
}
