/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/engine/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "daemon/engine/loop.h"

struct service {
	struct loop_timer *ping; /* NULL without a watchdog */
	int64_t ping_us;
	int (*alive)(void *arg);
	void *arg;
};

/* A manager that cannot be reached is no reason to stop: the watchdog is its means to tell. */
static void tell(const char *state)
{
	(void)sd_notify(0, state);
}

static void ping(void *arg)
{
	struct service *s = arg;

	if (!s->alive || s->alive(s->arg))
		tell("WATCHDOG=1");
	loop_timer_arm(s->ping, s->ping_us);
}

int service_new(struct loop *l, int (*alive)(void *arg), void *arg, struct service **ret)
{
	_cleanup_(freep) struct service *s = calloc(1, sizeof(*s));
	uint64_t watchdog_us = 0;

	if (!s)
		return -ENOMEM;
	*s = (struct service){.alive = alive, .arg = arg};
	if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us < INT64_MAX) {
		int r = loop_timer_new(l, "watchdog", ping, s, &s->ping);

		if (r < 0)
			return r;
		s->ping_us = (int64_t)watchdog_us / 2;
		loop_timer_arm(s->ping, 0);
	}
	*ret = TAKE_PTR(s);
	return 0;
}

struct service *service_free(struct service *s)
{
	if (!s)
		return NULL;
	(void)loop_timer_free(s->ping);
	free(s);
	return NULL;
}

void service_ready(struct service *s)
{
	(void)s;
	tell("READY=1");
}

/* One datagram with both: without MONOTONIC_USEC `systemctl reload` waits for ever. */
void service_reloading(struct service *s)
{
	struct timespec ts;

	(void)s;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		(int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000);
}

void service_stopping(struct service *s)
{
	(void)s;
	tell("STOPPING=1");
}

/* Made visible, because a line end in the text would begin another assignment. */
void service_status(struct service *s, const char *fmt, ...)
{
	struct buf text = BUF_INIT(LIMIT_STATUS_BYTES);
	struct buf state = BUF_INIT(8 * LIMIT_STATUS_BYTES);
	va_list ap;

	(void)s;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_puts(&state, "STATUS=");
	text_append_visible(&state, buf_text(&text), text.len);
	if (!buf_error(&text) && !buf_error(&state))
		tell(buf_text(&state));
	buf_done(&text);
	buf_done(&state);
}

int service_listen_fd(int *ret_fd)
{
	int n = sd_listen_fds(1);

	if (n <= 0)
		return n < 0 ? n : -ENOENT;
	if (n > 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, NULL, 0) <= 0)
		return -EINVAL;
	*ret_fd = SD_LISTEN_FDS_START;
	return 0;
}

void service_extend_timeout(struct service *s, int64_t us)
{
	(void)s;
	(void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, us);
}
