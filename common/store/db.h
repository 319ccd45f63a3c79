/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver interface of the store. SQL is written once, in the subset that SQLite and PostgreSQL
 * both accept, and stands only in common/store. Statements are rows of static tables, so that they
 * are prepared once per connection and a test can PREPARE every one on both engines.
 *
 * Errors are negative and mean the same on every engine:
 *	-ENOSPC		the file system or quota is full; the transaction is already rolled back
 *	-EBUSY		somebody else holds the database longer than we wait
 *	-EROFS		it may not be written
 *	-EIO		reading or writing failed
 *	-EUCLEAN	the database is damaged, or is no database of ours
 *	-EACCES		opening: this user may not
 *	-EEXIST		a unique index refused the row (where the statement has no ON CONFLICT)
 *	-EPROTO		anything else (a bug: wrong SQL, wrong type); db_error_text() has the words
 *	-ENOMEM
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"

struct db;

/* Most parameters that one statement may have. */
#define DB_PARAMS_MAX 48

/* One statement. params declares each $n in order: 'i' 64-bit integer, 't' text, 'b' bytes. */
struct db_sql {
	const char *params;
	const char *text;
};

/* All statements of one source file, for preparing and for the test. */
struct db_sql_table {
	const char *name; /* "store_job" */
	const struct db_sql *sql;
	size_t n;
};

enum db_kind {
	DB_KIND_NULL,
	DB_KIND_INT,
	DB_KIND_TEXT,
	DB_KIND_BLOB,
};
struct db_value {
	enum db_kind kind;
	int64_t i;
	const void *p; /* borrowed until the call returns (db_query: until the rows are done) */
	size_t len;
};

#define DB_NULL ((struct db_value){.kind = DB_KIND_NULL})
#define DB_I(n) ((struct db_value){.kind = DB_KIND_INT, .i = (n)})
#define DB_T(s) \
	db_value_text(s) /* NULL becomes NULL; invalid UTF-8 is made valid by the driver \
			  */
#define DB_B(ptr, n) ((struct db_value){.kind = DB_KIND_BLOB, .p = (ptr), .len = (n)})
#define DB_TIME(us) db_value_time(us) /* TIME_NONE becomes NULL */
#define DB_ARGS(...) \
	(const struct db_value[]){__VA_ARGS__}, \
		sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

struct db_value db_value_text(const char *s);
static inline struct db_value db_value_time(int64_t us)
{
	return us == TIME_NONE ? DB_NULL : DB_I(us);
}

enum db_open_mode {
	DB_OPEN_WRITE,	      /* create if missing (0640); the one writer */
	DB_OPEN_WRITE_SECRET, /* the same for secrets: 0600, what is deleted is overwritten */
	DB_OPEN_READ,	      /* must exist; never writes */
};

/* url: "sqlite:/path". 0, -ENOENT, -EPROTONOSUPPORT (no driver for that scheme), or as above. */
int db_open(const char *url, enum db_open_mode mode, struct db **ret);
struct db *db_close(struct db *db);
DEFINE_CLEANUP(struct db, db_close);

/* Words of the last error on this connection, without any bound value. Never NULL. */
const char *db_error_text(const struct db *db);
/* What one of the errors above means to whoever runs the machine: "the disk is full". */
const char *db_error_meaning(int r);

/* "sqlite": for the type tokens of DDL. */
const char *db_engine(const struct db *db);

/*
 * Transactions for writing take the write lock at once (BEGIN IMMEDIATE); for a reader one is an
 * unchanging view, to be kept short because it pins the write-ahead log. They do not nest. After
 * an error that ended the transaction every call returns that error until db_rollback(), so that
 * nothing is ever written outside of it.
 */
int db_begin(struct db *db);
int db_commit(struct db *db);
void db_rollback(struct db *db); /* also when there is none any more */

/* Runs a statement that gives no rows. ret_changed (may be NULL): rows written. */
int db_exec(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	int64_t *ret_changed);

/* DDL and pragmas: plain text, nothing bound, may hold several statements. */
int db_script(struct db *db, const char *text);

/* Prepares every statement of a table now, so that one that does not fit the schema shows early. */
int db_prepare(struct db *db, const struct db_sql_table *table);

/* The schema's version, 0 for a new database. Setting it belongs to the transaction that it is in.
 */
int db_schema_version(struct db *db, int64_t *ret);
int db_set_schema_version(struct db *db, int64_t version);

/*
 * Reads the database and looks for damage, for limit_us at most: 0 it is sound, 1 time was over
 * before all was read, -EUCLEAN (db_error_text() says where). Outside of transactions.
 */
int db_check(struct db *db, int64_t limit_us);

/* Writes a consistent copy to a new file (0640), durably and as a whole: what is at path is never
 * a part of one. Outside of transactions. -EEXIST. */
int db_copy(struct db *db, const char *path);

/*
 * Committed changes are first in a log. Moving them into the database is left to the owner's quiet
 * moments: db_log_bytes() says how much waits; db_checkpoint() moves what no reader needs any more,
 * never waits for one, and is outside of transactions.
 */
int64_t db_log_bytes(const struct db *db);
int db_checkpoint(struct db *db);

/*
 * Rows one after another. Text and bytes are valid until the next step. Every row set must be
 * finished (also by leaving its scope), because an open one pins the database.
 *
 *	_cleanup_(db_rows_done) struct db_rows rows = { 0 };
 *	r = db_query(db, &sql[X], DB_ARGS(DB_I(id)), &rows);
 *	while (r >= 0 && (r = db_next(&rows)) > 0)
 *		... db_int(&rows, 0) ...
 *	if (r < 0) ...
 */
struct db_rows {
	struct db *db;
	void *stmt;
};
int db_query(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	struct db_rows *ret);
int db_next(struct db_rows *rows); /* 1 a row, 0 the end, < 0 */
void db_rows_done(struct db_rows *rows);

bool db_is_null(const struct db_rows *rows, int column);
int64_t db_int(const struct db_rows *rows, int column);	     /* 0 for NULL */
int64_t db_time(const struct db_rows *rows, int column);     /* TIME_NONE for NULL */
const char *db_text(const struct db_rows *rows, int column); /* NULL for NULL */
const void *db_blob(const struct db_rows *rows, int column, size_t *ret_len);

/* One row with one integer: 1 and *ret, 0 when there is no row, < 0. */
int db_query_int(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	int64_t *ret);
/* One row with one text: 1 and a copy in *ret (NULL for NULL; free() it), 0 when there is no row,
 * < 0. */
int db_query_text(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	char **ret);
