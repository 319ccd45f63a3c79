/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon that dies as if by kill -9 at a point that is named, not timed: this file is linked into
 * a test program beside the shipped objects, and the linker leads some of their calls through it
 * (--wrap). $SNAPWATCH_TEST_DOOM is "WHAT N [WHEN]":
 *
 *	a transaction, by what is written in it (the names are below), or `commit` for any:
 *		before	all of it is written, it is not committed
 *		inside K	at the K-th write or sync of the commit; a write is half done
 *		after	it is committed, nobody has heard of it yet
 *	write, sync, recv, send: before the N-th of these calls
 *
 * At a normal end $SNAPWATCH_TEST_DOOM_COUNTS gets how many there were of each.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/store/store_alert.h"
#include "common/store/store_job.h"
#include "common/store/store_page.h"
#include "common/store/store_rekey.h"
#include "common/store/store_secret.h"
#include "common/store/store_tenant.h"

enum when { BEFORE, INSIDE, AFTER };

static struct {
	char what[24];
	uint64_t n, k; /* k: of the calls inside */
	enum when when;
} doom;

#define MAX_COUNTS 32
static struct {
	const char *what;
	uint64_t n;
} counts[MAX_COUNTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What the transaction of this thread is about: what was written last in it, or the function around
 * it. */
static _Thread_local const char *written, *around;
static _Thread_local uint64_t inside; /* calls until the end, while inside of the commit */

__attribute__((constructor)) static void read_environment(void)
{
	const char *spec = getenv("SNAPWATCH_TEST_DOOM");
	char when[8] = "before";

	if (!spec || !*spec)
		return;
	int n = sscanf(spec, "%23s %" SCNu64 " %7s %" SCNu64, doom.what, &doom.n, when, &doom.k);
	doom.when = strcmp(when, "inside") == 0	 ? INSIDE
		    : strcmp(when, "after") == 0 ? AFTER
						 : BEFORE;
	if (n < 2 || (doom.when == INSIDE && n != 4)) {
		(void)fprintf(
			stderr, "SNAPWATCH_TEST_DOOM: want 'WHAT N [before|inside K|after]'\n");
		abort();
	}
}

__attribute__((destructor)) static void write_counts(void)
{
	const char *path = getenv("SNAPWATCH_TEST_DOOM_COUNTS");
	FILE *f = path ? fopen(path, "we") : NULL;

	for (size_t i = 0; f && i < MAX_COUNTS && counts[i].what; i++)
		(void)fprintf(f, "%s %" PRIu64 "\n", counts[i].what, counts[i].n);
	if (f)
		(void)fclose(f);
}

static void die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

/* One more of these: its number. what is a literal. */
static uint64_t count(const char *what)
{
	uint64_t n = 0;
	size_t i = 0;

	(void)pthread_mutex_lock(&lock);
	while (i < MAX_COUNTS && counts[i].what && strcmp(counts[i].what, what) != 0)
		i++;
	if (i < MAX_COUNTS) {
		counts[i].what = what;
		n = ++counts[i].n;
	}
	(void)pthread_mutex_unlock(&lock);
	return n;
}

static bool is_doomed(const char *what)
{
	return count(what) == doom.n && strcmp(doom.what, what) == 0;
}

/* --- system calls -------------------------------------------------------------------------------
 */

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	bool half = inside && --inside == 0;

	if (half)
		(void)syscall(SYS_pwrite64, fd, data, len / 2, at);
	if (half || is_doomed("write"))
		die();
	return syscall(SYS_pwrite64, fd, data, len, at);
}

int fdatasync(int fd)
{
	if ((inside && --inside == 0) || is_doomed("sync"))
		die();
	return (int)syscall(SYS_fdatasync, fd);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
	if (is_doomed("recv"))
		die();
	return syscall(SYS_recvfrom, fd, data, len, flags, NULL, NULL);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	if (is_doomed("send"))
		die();
	return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}

/* --- transactions -------------------------------------------------------------------------------
 */

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name

/* For functions that are called in the transaction of somebody else. */
#define NOTE(name, what, params, args) \
	int REAL(name) params; \
	int WRAP(name) params; \
	int WRAP(name) params \
	{ \
		int r = REAL(name) args; \
		written = r == 0 ? (what) : NULL; \
		return r; \
	}

/* For those that make transactions of their own. */
#define NOTE_AROUND(name, what, params, args) \
	int REAL(name) params; \
	int WRAP(name) params; \
	int WRAP(name) params \
	{ \
		around = (what); \
		int r = REAL(name) args; \
		around = NULL; \
		return r; \
	}

static const char *move_name(enum run_state from, enum run_state to)
{
	if (to == RUN_CREATING)
		return "intent";
	if (to == RUN_WAITING)
		return from == RUN_WAITING ? "polled" : "created";
	if (to == RUN_COLLECTING)
		return "successful";
	if (to == RUN_SETTLING)
		return "read";
	return to == RUN_QUEUED ? "back" : "failed";
}

NOTE_AROUND(store_open, "open", (const char *url, struct store **ret, char **ret_detail),
	(url, ret, ret_detail))
NOTE_AROUND(store_secret_put, "token",
	(struct store * s, const char *id, const char *purpose, const struct secret *plain),
	(s, id, purpose, plain))
NOTE_AROUND(store_secret_offer, "credential",
	(struct store * s, const char *id, const char *purpose, const struct secret *credential,
		bool *ret_taken),
	(s, id, purpose, credential, ret_taken))
NOTE_AROUND(store_rekey, "rekey",
	(struct store * s, const struct secret *former, store_rekey_fn each, void *arg,
		struct store_rekeyed *ret),
	(s, former, each, arg, ret))
NOTE(store_tenant_admit, "admitted",
	(struct store * s, const char *name, const char *id, int64_t now_us, int64_t *ret_row),
	(s, name, id, now_us, ret_row))
NOTE(store_tenant_looked, "looked",
	(struct store * s, int64_t tenant, int64_t at_us, int64_t newest_us),
	(s, tenant, at_us, newest_us))
NOTE(store_job_insert, "planned", (struct store * s, struct run *run), (s, run))
NOTE(store_job_move, move_name(from, run->state),
	(struct store * s, const struct run *run, enum run_state from), (s, run, from))
NOTE(store_page_put, "page",
	(struct store * s, int64_t job, int64_t number, const void *raw, size_t len,
		const struct change_page *page),
	(s, job, number, raw, len, page))
NOTE(store_job_judged, "verdict",
	(struct store * s, int64_t job, enum run_outcome outcome, int64_t ended_us),
	(s, job, outcome, ended_us))
NOTE(store_alert_put, "alert",
	(struct store * s, const struct store_alert *a, const struct store_delivery *d, size_t n,
		int64_t *ret_id),
	(s, a, d, n, ret_id))
NOTE(store_outbox_sent, "delivered", (struct store * s, int64_t id, int64_t at_us), (s, id, at_us))

int REAL(db_commit)(struct db *db);
int WRAP(db_commit)(struct db *db);
int WRAP(db_commit)(struct db *db)
{
	const char *what = around ? around : written;
	bool any = is_doomed("commit"), named = what && is_doomed(what);
	bool doomed = any || named;

	if (doomed && doom.when == BEFORE)
		die();
	if (doomed && doom.when == INSIDE)
		inside = doom.k;
	if (!around)
		written = NULL;
	int r = REAL(db_commit)(db);
	if (doomed)
		die(); /* also when the commit had fewer calls than that */
	return r;
}
