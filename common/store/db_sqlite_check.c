/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quick_check under a time limit. SQLite checks a whole table in one step, in which it calls nobody
 * back but looks at sqlite3_interrupt(), which may come from any thread: a second one waits for the
 * limit and interrupts. It repeats that, for an interrupt before the first step is forgotten.
 */
#include "common/store/db_sqlite_check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#define AGAIN_MS 50

struct limit {
	sqlite3 *handle;
	int stop_fd;
	int wait_ms;
	bool over; /* read after the thread was joined */
};

static void *limit_main(void *arg)
{
	struct limit *l = arg;
	struct pollfd p = {.fd = l->stop_fd, .events = POLLIN};

	for (;;) {
		int r = poll(&p, 1, l->wait_ms);

		if (r > 0)
			return NULL;
		if (r < 0)
			continue;
		l->over = true;
		sqlite3_interrupt(l->handle);
		l->wait_ms = AGAIN_MS;
	}
}

/* Signals are the process's business. */
static int limit_start(struct limit *l, pthread_t *ret)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	int r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r == 0) {
		r = pthread_create(ret, NULL, limit_main, l);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	return -r;
}

static int run_check(sqlite3 *handle, char *words, size_t size)
{
	sqlite3_stmt *s = NULL;
	int r = -EIO;

	if (sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		r = text && strcmp(text, "ok") == 0 ? 0 : -EUCLEAN;
		(void)snprintf(words, size, "%s", text ? text : "");
	} else {
		int code = sqlite3_errcode(handle);

		if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
			r = -EUCLEAN;
		else if (code == SQLITE_NOMEM)
			r = -ENOMEM;
		(void)snprintf(words, size, "%s", sqlite3_errmsg(handle));
	}
	(void)sqlite3_finalize(s);
	return r;
}

int sqlite_check(sqlite3 *handle, int64_t limit_us, char *words, size_t size)
{
	_cleanup_(closep) int fd = eventfd(0, EFD_CLOEXEC);
	struct limit l = {
		.handle = handle, .stop_fd = fd, .wait_ms = (int)(limit_us / USEC_PER_MSEC)};
	const uint64_t one = 1;
	pthread_t thread;

	if (fd < 0)
		return -errno;
	int r = limit_start(&l, &thread);
	if (r < 0)
		return r;
	r = run_check(handle, words, size);
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	(void)pthread_join(thread, NULL);
	/* what was said after the interrupt is about pages that were not read */
	return r != 0 && l.over ? 1 : r;
}
