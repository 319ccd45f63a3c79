/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite behind db.h; with db_sqlite_check.c the only files that know its API. Parameters are bound
 * by name, because $1 is a name to SQLite: by position, "SELECT $2, $1" would swap them.
 *
 * A group reader may read the files but not write them. Therefore the log and its index stay on
 * disk after a clean stop (PERSIST_WAL): without them it could not open the database.
 */
#include "common/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/store/db_driver.h"
#include "common/store/db_sqlite_check.h"

/* In the file's header, so that file(1) and we tell our databases from others: "snpw". */
#define APPLICATION_ID 0x736e7077
#define BUSY_TIMEOUT_MS 5000
/* Slots for statements; the program has a third of that many. */
#define CACHE_SLOTS 1024u
/* Rows are only appended to and indexes are made from sorted keys, so more would not be used. */
#define CACHE_WRITER_KIB 4096
#define CACHE_READER_KIB 8192
/* Pages as they were before a statement, in case that it fails. Every INSERT ... RETURNING keeps
 * them; past this much they go into a file, and so do those of all that follow in the transaction.
 */
#define STATEMENT_JOURNAL_BYTES (1024 * 1024)
/* The log is cut to this when it starts anew. */
#define LOG_KEEP_BYTES (8 * 1024 * 1024)

struct stmt {
	const struct db_sql *q;
	sqlite3_stmt *handle;
	bool in_use;
	bool cached;
	size_t n;
	int index[DB_PARAMS_MAX]; /* SQLite's number of $1, $2, ... */
};

struct sqlite {
	struct db base;
	sqlite3 *handle;
	int64_t page_bytes;
	int64_t log_pages; /* in the log and not yet in the database */
	struct stmt *cache[CACHE_SLOTS];
};

static struct sqlite *self(struct db *db)
{
	return (struct sqlite *)db;
}

/* --- errors ------------------------------------------------------------------------------------
 */

static int map_io(int extended, int os_errno)
{
	if (extended == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	if (os_errno == ENOSPC || os_errno == EDQUOT)
		return -ENOSPC;
	return os_errno == EROFS ? -EROFS : -EIO;
}

static int map_open(int os_errno)
{
	switch (os_errno) {
	case ENOENT:
		return -ENOENT;
	case EACCES:
	case EPERM:
		return -EACCES;
	case ENOSPC:
	case EDQUOT:
		return -ENOSPC;
	case EROFS:
		return -EROFS;
	default:
		return -EIO;
	}
}

static int map_error(int extended, int os_errno)
{
	switch (extended & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_IOERR:
		return map_io(extended, os_errno);
	case SQLITE_CANTOPEN:
		return map_open(os_errno);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CONSTRAINT:
		if (extended == SQLITE_CONSTRAINT_UNIQUE ||
			extended == SQLITE_CONSTRAINT_PRIMARYKEY)
			return -EEXIST;
		return -EPROTO;
	default:
		return -EPROTO;
	}
}

/*
 * Full disks and some other errors end the transaction behind our back; what is written afterwards
 * would be on its own. Only autocommit tells. A full disk always ends it, so that it means the same
 * whichever statement met it.
 */
static int fail_with(struct sqlite *d, int code)
{
	int r = map_error(code, sqlite3_system_errno(d->handle));

	(void)db_set_error(&d->base, r, "%s",
		code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(d->handle));
	if (!d->base.in_transaction || d->base.lost)
		return r;
	if (r == -ENOSPC && !sqlite3_get_autocommit(d->handle))
		(void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_get_autocommit(d->handle))
		d->base.lost = r;
	return r;
}

static int fail(struct sqlite *d)
{
	return fail_with(d, sqlite3_extended_errcode(d->handle));
}

static void sqlite_log(void *arg, int code, const char *message)
{
	(void)arg;
	switch (code & 0xff) {
	case SQLITE_WARNING:
	case SQLITE_CORRUPT:
		log_warning(NULL, "sqlite: %s (%d)", message, code);
		break;
	default: /* the owner of the store tells what failed, once */
		log_debug(NULL, "sqlite: %s (%d)", message, code);
	}
}

static void configure_once(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_LOG, sqlite_log, NULL);
	/* nobody asks how much memory it has, and counting takes a lock */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT_JOURNAL_BYTES);
}

/* --- statements --------------------------------------------------------------------------------
 */

static void stmt_free(struct stmt *s)
{
	if (s)
		(void)sqlite3_finalize(s->handle);
	free(s);
}

static void stmt_freep(struct stmt **s)
{
	stmt_free(*s);
}

static int stmt_find_params(struct sqlite *d, struct stmt *s)
{
	s->n = strlen(s->q->params);
	if (s->n > DB_PARAMS_MAX || sqlite3_bind_parameter_count(s->handle) != (int)s->n)
		return db_set_error(&d->base, -EPROTO, "declares %zu parameters, uses %d: %.150s",
			s->n, sqlite3_bind_parameter_count(s->handle), s->q->text);
	for (size_t i = 0; i < s->n; i++) {
		char name[24];
		(void)snprintf(name, sizeof(name), "$%zu", i + 1);
		s->index[i] = sqlite3_bind_parameter_index(s->handle, name);
		if (s->index[i] == 0)
			return db_set_error(
				&d->base, -EPROTO, "%s is not used: %.150s", name, s->q->text);
	}
	return 0;
}

static int stmt_new(struct sqlite *d, const struct db_sql *q, struct stmt **ret)
{
	_cleanup_(stmt_freep) struct stmt *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->q = q;
	if (sqlite3_prepare_v3(d->handle, q->text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL))
		return fail(d);
	int r = stmt_find_params(d, s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

/* A statement that is being stepped through already gets a second one beside it. */
static int stmt_get(struct sqlite *d, const struct db_sql *q, struct stmt **ret)
{
	size_t slot = ((uintptr_t)q / sizeof(*q)) % CACHE_SLOTS;
	size_t tries = 0;
	struct stmt *s = NULL;

	while (d->cache[slot] && d->cache[slot]->q != q && ++tries < CACHE_SLOTS)
		slot = (slot + 1) % CACHE_SLOTS;
	if (d->cache[slot] && d->cache[slot]->q == q && !d->cache[slot]->in_use) {
		*ret = d->cache[slot];
		return 0;
	}
	int r = stmt_new(d, q, &s);
	if (r < 0)
		return r;
	if (!d->cache[slot]) {
		d->cache[slot] = s;
		s->cached = true;
	}
	*ret = s;
	return 0;
}

static void stmt_put(struct stmt *s)
{
	(void)sqlite3_reset(s->handle);
	(void)sqlite3_clear_bindings(s->handle);
	s->in_use = false;
	if (!s->cached)
		stmt_free(s);
}

static int bind_text(struct stmt *s, int at, const struct db_value *v)
{
	if (utf8_valid(v->p, v->len))
		return sqlite3_bind_text64(s->handle, at, v->p, v->len, SQLITE_STATIC, SQLITE_UTF8);

	_cleanup_(buf_done) struct buf valid = BUF_INIT(3 * v->len + 1);
	utf8_append_valid(&valid, v->p, v->len);
	if (buf_error(&valid))
		return SQLITE_NOMEM;
	return sqlite3_bind_text64(
		s->handle, at, buf_text(&valid), valid.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_value(struct stmt *s, int at, const struct db_value *v)
{
	switch (v->kind) {
	case DB_KIND_NULL:
		return sqlite3_bind_null(s->handle, at);
	case DB_KIND_INT:
		return sqlite3_bind_int64(s->handle, at, v->i);
	case DB_KIND_TEXT:
		return bind_text(s, at, v);
	case DB_KIND_BLOB: /* a NULL pointer would bind NULL */
		return v->len ? sqlite3_bind_blob64(s->handle, at, v->p, v->len, SQLITE_STATIC)
			      : sqlite3_bind_zeroblob(s->handle, at, 0);
	}
	return SQLITE_MISUSE;
}

static int sqlite_query(struct db *db, const struct db_sql *q, const struct db_value *args,
	size_t n, void **ret_stmt)
{
	struct sqlite *d = self(db);
	struct stmt *s = NULL;
	int r = stmt_get(d, q, &s);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		r = bind_value(s, s->index[i], &args[i]);
		if (r != SQLITE_OK) { /* not always SQLite's own word */
			r = fail_with(d, r);
			stmt_put(s);
			return r;
		}
	}
	s->in_use = true;
	*ret_stmt = s;
	return 0;
}

static int sqlite_next(struct db *db, void *stmt)
{
	struct stmt *s = stmt;

	switch (sqlite3_step(s->handle)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(self(db));
	}
}

static void sqlite_done(struct db *db, void *stmt)
{
	(void)db;
	stmt_put(stmt);
}

static int64_t sqlite_changed(struct db *db)
{
	return sqlite3_changes64(self(db)->handle);
}

static int sqlite_script(struct db *db, const char *text)
{
	struct sqlite *d = self(db);

	return sqlite3_exec(d->handle, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(d);
}

static int sqlite_prepare(struct db *db, const struct db_sql *q)
{
	struct stmt *s = NULL;
	int r = stmt_get(self(db), q, &s);

	if (r >= 0)
		stmt_put(s);
	return r;
}

static bool sqlite_is_null(void *stmt, int column)
{
	struct stmt *s = stmt;

	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

static int64_t sqlite_column_int(void *stmt, int column)
{
	struct stmt *s = stmt;

	return sqlite3_column_int64(s->handle, column);
}

static const char *sqlite_column_text(void *stmt, int column)
{
	struct stmt *s = stmt;

	return (const char *)sqlite3_column_text(s->handle, column);
}

static const void *sqlite_column_blob(void *stmt, int column, size_t *ret_len)
{
	struct stmt *s = stmt;
	const void *p = sqlite3_column_blob(s->handle, column);

	*ret_len = (size_t)sqlite3_column_bytes(s->handle, column);
	return p ? p : "";
}

/* --- transactions and maintenance --------------------------------------------------------------
 */

/* One that fails for want of memory may have begun all the same. */
static int sqlite_begin(struct db *db)
{
	struct sqlite *d = self(db);
	int r = sqlite_script(db, db->mode == DB_OPEN_READ ? "BEGIN" : "BEGIN IMMEDIATE");

	if (r < 0 && !sqlite3_get_autocommit(d->handle))
		(void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static int sqlite_commit(struct db *db)
{
	return sqlite_script(db, "COMMIT");
}

static void sqlite_rollback(struct db *db)
{
	struct sqlite *d = self(db);

	if (!sqlite3_get_autocommit(d->handle))
		(void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
}

static int pragma_int(struct sqlite *d, const char *text, int64_t *ret)
{
	sqlite3_stmt *s = NULL;
	int r = -EPROTO;

	if (sqlite3_prepare_v2(d->handle, text, -1, &s, NULL) != SQLITE_OK)
		return fail(d);
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		*ret = sqlite3_column_int64(s, 0);
		r = 0;
		break;
	case SQLITE_DONE:
		break;
	default:
		r = fail(d);
	}
	(void)sqlite3_finalize(s);
	return r;
}

static int sqlite_schema_version(struct db *db, int64_t *ret)
{
	return pragma_int(self(db), "PRAGMA user_version", ret);
}

static int sqlite_set_schema_version(struct db *db, int64_t version)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "PRAGMA user_version = %lld", (long long)version);
	return sqlite_script(db, text);
}

static int64_t sqlite_log_bytes(const struct db *db)
{
	const struct sqlite *d = (const struct sqlite *)db;

	return d->log_pages * d->page_bytes;
}

static int on_log(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct sqlite *d = arg;

	(void)handle;
	(void)name;
	d->log_pages = pages;
	return SQLITE_OK;
}

/* PASSIVE: waits for nobody. When everything was moved, the next write starts the log anew. */
static int sqlite_checkpoint(struct db *db)
{
	struct sqlite *d = self(db);
	int all = 0, moved = 0;

	if (sqlite3_wal_checkpoint_v2(d->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &moved))
		return fail(d);
	d->log_pages = all > moved ? all - moved : 0;
	return 0;
}

static int sync_path(const char *path, int flags)
{
	_cleanup_(closep) int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int sync_folder(const char *path)
{
	_cleanup_(freep) char *folder = strdup(path);

	return folder ? sync_path(dirname(folder), O_RDONLY | O_DIRECTORY) : -ENOMEM;
}

/*
 * Creates an empty file with the right mode, for SQLite makes log and index with the mode of the
 * database. Never opens one that exists: closing it would drop the locks of every connection of
 * this process to it.
 */
static int create_file(const char *path, mode_t mode)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	return fd < 0 ? -errno : 0;
}

static int check(struct db *db, int64_t limit_us)
{
	char words[160] = "";
	int r = sqlite_check(self(db)->handle, limit_us, words, sizeof(words));

	return r < 0 ? db_set_error(db, r, "%s", words) : r;
}

static int vacuum_into(struct sqlite *d, const char *path)
{
	sqlite3_stmt *s = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(d->handle, "VACUUM INTO $1", -1, &s, NULL) != SQLITE_OK ||
		sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC) != SQLITE_OK ||
		sqlite3_step(s) != SQLITE_DONE)
		r = fail(d);
	(void)sqlite3_finalize(s);
	return r;
}

/* Under another name until it is whole: a copy that a crash cut short must not pass for one. */
static int sqlite_copy(struct db *db, const char *path)
{
	_cleanup_(freep) char *part = NULL;

	if (access(path, F_OK) == 0)
		return db_set_error(db, -EEXIST, "the copy exists");
	if (asprintf(&part, "%s.part", path) < 0) {
		part = NULL;
		return -ENOMEM;
	}
	(void)unlink(part);
	int r = create_file(part, 0640);
	if (r < 0)
		return db_set_error(db, r, "cannot create the copy");
	r = vacuum_into(self(db), part);
	if (r >= 0)
		r = sync_path(part, O_RDONLY);
	if (r >= 0 && rename(part, path) < 0)
		r = -errno;
	if (r >= 0)
		r = sync_folder(path);
	if (r < 0)
		(void)unlink(part);
	return r;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static int set_options(struct sqlite *d)
{
	static const struct {
		int option, value;
	} options[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0}, /* "x" is a column, as in PostgreSQL, never a text */
		{SQLITE_DBCONFIG_DQS_DDL, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		/* else a partial index has statements prepared anew whenever a value changes */
		{SQLITE_DBCONFIG_ENABLE_QPSG, 1},
	};
	int persist = 1;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (sqlite3_db_config(d->handle, options[i].option, options[i].value, NULL))
			return fail(d);
	if (d->base.mode == DB_OPEN_READ &&
		sqlite3_db_config(d->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL))
		return fail(d);
	if (sqlite3_busy_timeout(d->handle, BUSY_TIMEOUT_MS) ||
		sqlite3_file_control(d->handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist))
		return fail(d);
	return sqlite_script(&d->base, "PRAGMA cell_size_check = ON");
}

/* A new file becomes ours; any other must be. */
static int check_identity(struct sqlite *d)
{
	int64_t id = 0, pages = 0;
	int r = pragma_int(d, "PRAGMA application_id", &id);

	if (r < 0)
		return r;
	r = pragma_int(d, "PRAGMA page_count", &pages);
	if (r < 0 || id == APPLICATION_ID)
		return r;
	if (pages > 0)
		return db_set_error(&d->base, -EUCLEAN, "a database of another program");
	if (d->base.mode == DB_OPEN_READ)
		return 0;

	char text[128];
	/* Incremental, because it can be chosen only now and lets space be given back in slices. */
	(void)snprintf(text, sizeof(text),
		"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d", APPLICATION_ID);
	return sqlite_script(&d->base, text);
}

static int journal_is_wal(struct sqlite *d)
{
	sqlite3_stmt *s = NULL;
	int r = -EIO;

	if (sqlite3_prepare_v2(d->handle, "PRAGMA journal_mode = WAL", -1, &s, NULL))
		return fail(d);
	if (sqlite3_step(s) == SQLITE_ROW)
		r = strcmp((const char *)sqlite3_column_text(s, 0), "wal") == 0 ? 0 : -EIO;
	else
		r = fail(d);
	(void)sqlite3_finalize(s);
	return r;
}

static int set_writer(struct sqlite *d)
{
	char text[160];
	int r = journal_is_wal(d);

	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text),
		"PRAGMA synchronous = FULL; PRAGMA cache_size = -%d; PRAGMA journal_size_limit = "
		"%d",
		CACHE_WRITER_KIB, LOG_KEEP_BYTES);
	r = sqlite_script(&d->base, text);
	if (r < 0)
		return r;
	(void)sqlite3_wal_autocheckpoint(d->handle, 0);
	(void)sqlite3_wal_hook(d->handle, on_log, d);
	return pragma_int(d, "PRAGMA page_size", &d->page_bytes);
}

static int set_mode(struct sqlite *d)
{
	char text[96];

	switch (d->base.mode) {
	case DB_OPEN_WRITE:
		return set_writer(d);
	case DB_OPEN_WRITE_SECRET: /* no log: what is forgotten shall not stay in one */
		return sqlite_script(&d->base, "PRAGMA journal_mode = DELETE;"
					       "PRAGMA synchronous = EXTRA;"
					       "PRAGMA secure_delete = ON");
	case DB_OPEN_READ:
		(void)snprintf(text, sizeof(text),
			"PRAGMA query_only = ON; PRAGMA cache_size = -%d", CACHE_READER_KIB);
		return sqlite_script(&d->base, text);
	}
	return -EINVAL;
}

static void sqlite_close(struct db *db)
{
	struct sqlite *d = self(db);

	for (size_t i = 0; i < CACHE_SLOTS; i++)
		stmt_free(d->cache[i]);
	(void)sqlite3_close_v2(d->handle);
	free(d);
}

static int sqlite_open(const char *path, enum db_open_mode mode, struct db **ret)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	_cleanup_(db_closep) struct db *db = NULL;
	int flags = SQLITE_OPEN_NOMUTEX |
		    (mode == DB_OPEN_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	struct sqlite *d;
	int r;

	(void)pthread_once(&once, configure_once);
	if (mode != DB_OPEN_READ) {
		r = create_file(path, mode == DB_OPEN_WRITE_SECRET ? 0600 : 0640);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->base = (struct db){.driver = &db_driver_sqlite, .mode = mode};
	db = &d->base;
	if (sqlite3_open_v2(path, &d->handle, flags, NULL) != SQLITE_OK)
		return d->handle ? fail(d) : -ENOMEM;
	(void)sqlite3_extended_result_codes(d->handle, 1);
	r = set_options(d);
	if (r >= 0)
		r = check_identity(d);
	if (r >= 0)
		r = set_mode(d);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(db);
	return 0;
}

const struct db_driver db_driver_sqlite = {
	.scheme = "sqlite",
	.engine = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.query = sqlite_query,
	.next = sqlite_next,
	.done = sqlite_done,
	.changed = sqlite_changed,
	.script = sqlite_script,
	.prepare = sqlite_prepare,
	.is_null = sqlite_is_null,
	.column_int = sqlite_column_int,
	.column_text = sqlite_column_text,
	.column_blob = sqlite_column_blob,
	.schema_version = sqlite_schema_version,
	.set_schema_version = sqlite_set_schema_version,
	.check = check,
	.copy = sqlite_copy,
	.log_bytes = sqlite_log_bytes,
	.checkpoint = sqlite_checkpoint,
};
