/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every engine has in common: which driver opens an url, the state of the transaction, the
 * check of arguments against the declared types. It knows no engine's API.
 */
#include "common/store/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/text.h"
#include "common/store/db_driver.h"

static const struct db_driver *const drivers[] = {
	&db_driver_sqlite,
};

int db_set_error(struct db *db, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(db->error, sizeof(db->error), fmt, ap);
	va_end(ap);
	return r;
}

struct db_value db_value_text(const char *s)
{
	if (!s)
		return DB_NULL;
	return (struct db_value){.kind = DB_KIND_TEXT, .p = s, .len = strlen(s)};
}

int db_open(const char *url, enum db_open_mode mode, struct db **ret)
{
	const char *colon = strchr(url, ':');
	size_t len = colon ? (size_t)(colon - url) : 0;

	for (size_t i = 0; colon && i < ARRAY_SIZE(drivers); i++) {
		const struct db_driver *d = drivers[i];
		if (strlen(d->scheme) == len && strncmp(d->scheme, url, len) == 0)
			return d->open(colon + 1, mode, ret);
	}
	return -EPROTONOSUPPORT;
}

struct db *db_close(struct db *db)
{
	if (db)
		db->driver->close(db);
	return NULL;
}

const char *db_error_text(const struct db *db)
{
	return db->error[0] ? db->error : "no error";
}

const char *db_error_meaning(int r)
{
	switch (r) {
	case -ENOSPC:
		return "the disk or the quota is full";
	case -EBUSY:
		return "another program holds the database";
	case -EROFS:
		return "the database is read-only";
	case -EIO:
		return "reading or writing failed";
	case -EUCLEAN:
		return "the database is damaged, or is not a database of snapwatch";
	case -EACCES:
		return "this user may not open the database";
	case -ENOENT:
		return "the database does not exist";
	case -EPROTONOSUPPORT:
		return "no driver for this kind of database (want sqlite:/path)";
	default:
		return err_text(r);
	}
}

const char *db_engine(const struct db *db)
{
	return db->driver->engine;
}

int db_begin(struct db *db)
{
	if (db->in_transaction)
		return db_set_error(db, -EPROTO, "transactions do not nest");
	db->lost = 0;
	int r = db->driver->begin(db);
	if (r < 0)
		return r;
	db->in_transaction = true;
	return 0;
}

int db_commit(struct db *db)
{
	if (!db->in_transaction)
		return db_set_error(db, -EPROTO, "commit without a transaction");
	int r = db->lost ? db->lost : db->driver->commit(db);
	if (r < 0) {
		db->lost = r;
		return r;
	}
	db->in_transaction = false;
	return 0;
}

void db_rollback(struct db *db)
{
	if (db->in_transaction)
		db->driver->rollback(db);
	db->in_transaction = false;
	db->lost = 0;
}

static bool kind_fits(char declared, enum db_kind kind)
{
	switch (kind) {
	case DB_KIND_NULL:
		return true;
	case DB_KIND_INT:
		return declared == 'i';
	case DB_KIND_TEXT:
		return declared == 't';
	case DB_KIND_BLOB:
		return declared == 'b';
	}
	return false;
}

int db_query(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	struct db_rows *ret)
{
	size_t declared = strlen(q->params);
	void *stmt = NULL;

	if (db->lost)
		return db->lost;
	if (declared != n_args || declared > DB_PARAMS_MAX)
		return db_set_error(
			db, -EPROTO, "%zu arguments for %zu: %.150s", n_args, declared, q->text);
	for (size_t i = 0; i < n_args; i++)
		if (!kind_fits(q->params[i], args[i].kind))
			return db_set_error(db, -EPROTO, "argument %zu is of a wrong type: %.150s",
				i + 1, q->text);

	int r = db->driver->query(db, q, args, n_args, &stmt);
	if (r < 0)
		return r;
	*ret = (struct db_rows){.db = db, .stmt = stmt};
	return 0;
}

int db_next(struct db_rows *rows)
{
	return rows->db->driver->next(rows->db, rows->stmt);
}

void db_rows_done(struct db_rows *rows)
{
	if (rows->stmt)
		rows->db->driver->done(rows->db, rows->stmt);
	rows->stmt = NULL;
}

int db_exec(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	int64_t *ret_changed)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(db, q, args, n_args, &rows);

	if (r < 0)
		return r;
	r = db_next(&rows);
	if (r > 0)
		return db_set_error(db, -EPROTO, "gives rows: %.150s", q->text);
	if (r < 0)
		return r;
	if (ret_changed)
		*ret_changed = db->driver->changed(db);
	return 0;
}

int db_query_int(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	int64_t *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(db, q, args, n_args, &rows);

	if (r < 0)
		return r;
	r = db_next(&rows);
	if (r > 0)
		*ret = db_int(&rows, 0);
	return r;
}

int db_query_text(struct db *db, const struct db_sql *q, const struct db_value *args, size_t n_args,
	char **ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(db, q, args, n_args, &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r;
	r = text_copy(db_text(&rows, 0), ret);
	return r < 0 ? r : 1;
}

int db_script(struct db *db, const char *text)
{
	return db->lost ? db->lost : db->driver->script(db, text);
}

int db_prepare(struct db *db, const struct db_sql_table *table)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < table->n; i++)
		r = db->driver->prepare(db, &table->sql[i]);
	return r;
}

bool db_is_null(const struct db_rows *rows, int column)
{
	return rows->db->driver->is_null(rows->stmt, column);
}

int64_t db_int(const struct db_rows *rows, int column)
{
	return rows->db->driver->column_int(rows->stmt, column);
}

int64_t db_time(const struct db_rows *rows, int column)
{
	return db_is_null(rows, column) ? TIME_NONE : db_int(rows, column);
}

const char *db_text(const struct db_rows *rows, int column)
{
	return rows->db->driver->column_text(rows->stmt, column);
}

const void *db_blob(const struct db_rows *rows, int column, size_t *ret_len)
{
	return rows->db->driver->column_blob(rows->stmt, column, ret_len);
}

int db_schema_version(struct db *db, int64_t *ret)
{
	return db->driver->schema_version(db, ret);
}

int db_set_schema_version(struct db *db, int64_t version)
{
	return db->lost ? db->lost : db->driver->set_schema_version(db, version);
}

int db_check(struct db *db, int64_t limit_us)
{
	if (db->in_transaction)
		return db_set_error(db, -EPROTO, "check inside of a transaction");
	return db->driver->check(db, limit_us);
}

int db_copy(struct db *db, const char *path)
{
	if (db->in_transaction)
		return db_set_error(db, -EPROTO, "copy inside of a transaction");
	return db->driver->copy(db, path);
}

int64_t db_log_bytes(const struct db *db)
{
	return db->driver->log_bytes(db);
}

int db_checkpoint(struct db *db)
{
	if (db->in_transaction)
		return db_set_error(db, -EPROTO, "checkpoint inside of a transaction");
	return db->driver->checkpoint(db);
}
