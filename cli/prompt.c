/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <termios.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#define KEY_END 0x04   /* Ctrl-D */
#define KEY_CLEAR 0x15 /* Ctrl-U */
#define KEY_RUB_OUT 0x7f

struct prompt {
	int signal_fd, timer_fd;
	sigset_t old_mask;
	bool masked;
	struct termios old;
	bool silent; /* the terminal was changed */
};

static void prompt_done(struct prompt *p)
{
	if (p->silent) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &p->old);
		(void)fputc('\n', stderr); /* the one that was not shown */
	}
	closep(&p->signal_fd);
	closep(&p->timer_fd);
	if (p->masked)
		(void)sigprocmask(SIG_SETMASK, &p->old_mask, NULL);
}

/* Signals that would leave a terminal behind that shows nothing. */
static int hold_signals(struct prompt *p)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		(void)sigaddset(&set, held[i]);
	if (sigprocmask(SIG_BLOCK, &set, &p->old_mask) < 0)
		return -errno;
	p->masked = true;
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signal_fd < 0 ? -errno : 0;
}

static int start_timer(struct prompt *p, int64_t kernel_us)
{
	const struct itimerspec spec = {
		.it_value = {.tv_sec = kernel_us / USEC_PER_SEC,
			.tv_nsec = kernel_us % USEC_PER_SEC * 1000 + 1},
	};

	p->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	if (p->timer_fd < 0 || timerfd_settime(p->timer_fd, 0, &spec, NULL) < 0)
		return -errno;
	return 0;
}

/* Nothing for what is no terminal. */
static int silence(struct prompt *p)
{
	struct termios silent;

	if (tcgetattr(STDIN_FILENO, &p->old) < 0)
		return 0;
	silent = p->old;
	silent.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	silent.c_cc[VMIN] = 1;
	silent.c_cc[VTIME] = 0;
	silent.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &silent) < 0)
		return -errno;
	p->silent = true;
	return 0;
}

/* A signal that came: the terminal first, then what it would have done. */
static void pass_on_signal(struct prompt *p)
{
	struct signalfd_siginfo info;
	ssize_t n = read(p->signal_fd, &info, sizeof(info));
	struct prompt done = *p;

	*p = (struct prompt){.signal_fd = -1, .timer_fd = -1};
	prompt_done(&done);
	if (n == (ssize_t)sizeof(info))
		(void)raise((int)info.ssi_signo);
}

/* 1: the line is whole; 0: not yet. */
static int take_key(char key, bool terminal, struct buf *line)
{
	if (key == '\n' || key == '\r')
		return 1;
	if (!terminal) {
		buf_putc(line, key);
	} else if (key == KEY_END) {
		return 1;
	} else if (key == KEY_CLEAR) {
		buf_truncate(line, 0);
	} else if (key == KEY_RUB_OUT || key == '\b') {
		buf_truncate(line, line->len ? line->len - 1 : 0);
	} else {
		buf_putc(line, key);
	}
	return buf_error(line);
}

static int read_line(struct prompt *p, struct buf *line)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = p->timer_fd, .events = POLLIN},
		{.fd = p->signal_fd, .events = POLLIN},
	};
	int r = 0;

	while (r == 0) {
		char key = 0;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents) {
			pass_on_signal(p);
			return -EINTR; /* whoever ignores it goes on without */
		}
		if (fds[1].revents)
			return -ETIMEDOUT;
		if (!fds[0].revents)
			continue;
		/* a byte at a time: what follows the line is the next one */
		ssize_t n = read(STDIN_FILENO, &key, 1);
		if (n == 0)
			return line->len ? 0 : 1;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			r = take_key(key, p->silent, line);
		if (r == 1 && key == KEY_END && p->silent && line->len == 0)
			return 1;
	}
	return r < 0 ? r : 0;
}

int prompt_read(int64_t timeout_us, struct buf *line)
{
	_cleanup_(prompt_done) struct prompt p = {.signal_fd = -1, .timer_fd = -1};
	int r = start_timer(&p, clock_kernel_delay_us(timeout_us));

	if (r == 0)
		r = hold_signals(&p);
	if (r == 0)
		r = silence(&p);
	return r == 0 ? read_line(&p, line) : r;
}
