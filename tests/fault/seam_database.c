/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of SQLite by the driver, and writes to files by SQLite. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/fault/seams.h"

int fault_sqlite3_step(sqlite3_stmt *s);
int fault_sqlite3_exec(sqlite3 *db, const char *sql,
	int (*row)(void *arg, int n, char **values, char **names), void *arg, char **error);
int fault_sqlite3_prepare_v2(
	sqlite3 *db, const char *sql, int len, sqlite3_stmt **ret, const char **tail);
int fault_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
	sqlite3_stmt **ret, const char **tail);
int fault_sqlite3_extended_errcode(sqlite3 *db);
int fault_sqlite3_system_errno(sqlite3 *db);

/* What the last call that was struck has said; 0: SQLite's own word counts. */
static int said;

/* Which error it is goes round with the number of the call, and then stays. */
static int strikes(void)
{
	static const int errors[] = {
		SQLITE_IOERR_READ, SQLITE_FULL, SQLITE_BUSY, SQLITE_NOMEM, SQLITE_IOERR_FSYNC};
	static int error;

	said = 0;
	if (!seam_watches(FAULT_DATABASE, FAULT_DATABASE_LONG))
		return 0;
	enum strike strike = seam_strike(FAULT_DATABASE);
	if (strike == STRIKE_FIRST)
		error = errors[fault_seen() % (sizeof(errors) / sizeof(errors[0]))];
	if (strike != STRIKE_NOT)
		said = error;
	return said;
}

int fault_sqlite3_step(sqlite3_stmt *s)
{
	int r = strikes();

	return r ? r : sqlite3_step(s);
}

int fault_sqlite3_exec(sqlite3 *db, const char *sql,
	int (*row)(void *arg, int n, char **values, char **names), void *arg, char **error)
{
	int r = strikes();

	return r ? r : sqlite3_exec(db, sql, row, arg, error);
}

int fault_sqlite3_prepare_v2(
	sqlite3 *db, const char *sql, int len, sqlite3_stmt **ret, const char **tail)
{
	int r = strikes();

	*ret = NULL;
	return r ? r : sqlite3_prepare_v2(db, sql, len, ret, tail);
}

int fault_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
	sqlite3_stmt **ret, const char **tail)
{
	int r = strikes();

	*ret = NULL;
	return r ? r : sqlite3_prepare_v3(db, sql, len, flags, ret, tail);
}

int fault_sqlite3_extended_errcode(sqlite3 *db)
{
	return said ? said : sqlite3_extended_errcode(db);
}

int fault_sqlite3_system_errno(sqlite3 *db)
{
	return said ? EIO : sqlite3_system_errno(db);
}

/* --- files --------------------------------------------------------------------------------------
 */

/* 0 or the errno. Logs and pipes of the test itself are left alone. */
static int write_strikes(int fd)
{
	static int error;

	if (fd <= STDERR_FILENO || !seam_watches(FAULT_WRITE, FAULT_WRITE_LONG))
		return 0;
	enum strike strike = seam_strike(FAULT_WRITE);
	if (strike == STRIKE_FIRST)
		error = fault_seen() % 2 ? EIO : ENOSPC;
	if (strike == STRIKE_LASTS)
		error = ENOSPC;
	return strike == STRIKE_NOT ? 0 : error;
}

/* These stand in front of the C library's for every library of the program. */
ssize_t write(int fd, const void *data, size_t len)
{
	int e = write_strikes(fd);

	if (e) {
		errno = e;
		return -1;
	}
	return syscall(SYS_write, fd, data, len);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	int e = write_strikes(fd);

	if (e) {
		errno = e;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return pwrite64(fd, data, len, at);
}

int fsync(int fd)
{
	int e = write_strikes(fd);

	if (e) {
		errno = e;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	int e = write_strikes(fd);

	if (e) {
		errno = e;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}
