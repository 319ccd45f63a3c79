/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine has to do. db.c holds what is the same for all: the state of the transaction,
 * the check of arguments against their declared types, single values. Only db*.c include this.
 */
#pragma once

#include "common/store/db.h"

struct db_driver {
	const char *scheme; /* "sqlite" of "sqlite:/path" */
	const char *engine; /* for DDL */
	/* rest: the url behind "scheme:" */
	int (*open)(const char *rest, enum db_open_mode mode, struct db **ret);
	void (*close)(struct db *db);

	int (*begin)(struct db *db);
	int (*commit)(struct db *db);
	void (*rollback)(struct db *db);

	/* n values of the declared kinds, or NULLs */
	int (*query)(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n,
		void **ret_stmt);
	int (*next)(struct db *db, void *stmt);
	/* gives the statement back */
	void (*done)(struct db *db, void *stmt);
	int64_t (*changed)(struct db *db);
	int (*script)(struct db *db, const char *text);
	int (*prepare)(struct db *db, const struct db_sql *q);

	bool (*is_null)(void *stmt, int column);
	int64_t (*column_int)(void *stmt, int column);
	const char *(*column_text)(void *stmt, int column);
	const void *(*column_blob)(void *stmt, int column, size_t *ret_len);

	int (*schema_version)(struct db *db, int64_t *ret);
	int (*set_schema_version)(struct db *db, int64_t version);
	int (*check)(struct db *db, int64_t limit_us);
	int (*copy)(struct db *db, const char *path);
	int64_t (*log_bytes)(const struct db *db);
	int (*checkpoint)(struct db *db);
};

/* The head of every engine's connection. */
struct db {
	const struct db_driver *driver;
	enum db_open_mode mode;
	bool in_transaction; /* between db_begin() and db_commit() or db_rollback() */
	int lost;	     /* the error that ended the transaction early */
	char error[256];
};

/* Remembers words of an error (never bound values). Returns r. */
int db_set_error(struct db *db, int r, const char *fmt, ...) _printf_(3, 4);

extern const struct db_driver db_driver_sqlite;
