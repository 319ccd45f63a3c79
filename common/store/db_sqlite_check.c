/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quick_check under a time limit. SQLite checks a whole table in one step, in which it calls nobody
 * back but looks at sqlite3_interrupt(), which may come from any thread: a second one waits for the
 * limit and interrupts. SQLite forgets an interrupt when a statement begins while no other is under
 * way, so another one is held open meanwhile: the interrupt counts whenever it comes.
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

struct limit {
	sqlite3 *handle;
	int stop_fd;
	int wait_ms;
	bool over; /* the thread's until it is joined */
};

static void *limit_main(void *arg)
{
	struct limit *l = arg;
	struct pollfd p = {.fd = l->stop_fd, .events = POLLIN};

	if (poll(&p, 1, l->wait_ms) > 0)
		return NULL;
	l->over = true;
	sqlite3_interrupt(l->handle);
	return NULL;
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

static int failure(sqlite3 *handle, char *words, size_t size)
{
	int code = sqlite3_errcode(handle);

	(void)snprintf(words, size, "%s", sqlite3_errmsg(handle));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return -EUCLEAN;
	return code == SQLITE_NOMEM ? -ENOMEM : -EIO;
}

static int run_check(sqlite3 *handle, char *words, size_t size)
{
	sqlite3_stmt *s = NULL;
	int r;

	if (sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		r = text && strcmp(text, "ok") == 0 ? 0 : -EUCLEAN;
		(void)snprintf(words, size, "%s", text ? text : "");
	} else {
		r = failure(handle, words, size);
	}
	(void)sqlite3_finalize(s);
	return r;
}

/* A limit of nothing is over before the check begins, on whatever machine. */
static int check_limited(struct limit *l, char *words, size_t size)
{
	const uint64_t one = 1;
	pthread_t thread;
	int r;

	if (l->wait_ms <= 0) {
		l->over = true;
		sqlite3_interrupt(l->handle);
		return run_check(l->handle, words, size);
	}
	r = limit_start(l, &thread);
	if (r < 0)
		return r;
	r = run_check(l->handle, words, size);
	while (write(l->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	(void)pthread_join(thread, NULL);
	return r;
}

int sqlite_check(sqlite3 *handle, int64_t limit_us, char *words, size_t size)
{
	_cleanup_(closep) int fd = eventfd(0, EFD_CLOEXEC);
	struct limit l = {
		.handle = handle, .stop_fd = fd, .wait_ms = (int)(limit_us / USEC_PER_MSEC)};
	sqlite3_stmt *open = NULL;
	int r;

	if (fd < 0)
		return -errno;
	if (sqlite3_prepare_v2(handle, "SELECT 1", -1, &open, NULL) == SQLITE_OK &&
		sqlite3_step(open) == SQLITE_ROW)
		r = check_limited(&l, words, size);
	else
		r = failure(handle, words, size);
	(void)sqlite3_finalize(open);
	/* what was said after the interrupt is about pages that were not read */
	return r != 0 && l.over ? 1 : r;
}
