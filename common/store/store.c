/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the store: who may write (lock file), which version it has, who holds the leases. Nothing
 * about what is in it.
 */
#include "common/store/store.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include "common/base/timefmt.h"
#include "common/store/schema.h"
#include "common/store/store_lease.h"
#include "common/store/store_lock.h"
#include "common/store/store_meta.h"
#include "common/store/store_tables.h"
#include "version.h"

/* What is known about a failure, for people. Returns r. */
static int tell(char **ret_detail, int r, const char *fmt, ...) _printf_(3, 4);
static int tell(char **ret_detail, int r, const char *fmt, ...)
{
	va_list ap;

	if (!ret_detail)
		return r;
	va_start(ap, fmt);
	if (vasprintf(ret_detail, fmt, ap) < 0)
		*ret_detail = NULL;
	va_end(ap);
	return r;
}

static int tell_db(char **ret_detail, int r, const char *path, const struct db *db)
{
	const char *words = db ? db_error_text(db) : NULL;

	if (words && strcmp(words, "no error") != 0)
		return tell(ret_detail, r, "store %s: %s (%s)", path, db_error_meaning(r), words);
	return tell(ret_detail, r, "store %s: %s", path, db_error_meaning(r));
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	(void)db_close(s->secrets);
	(void)db_close(s->db);
	(void)secret_free(s->store_key);
	closep(&s->lock_fd); /* last: the next writer may come now */
	free(s->path);
	free(s);
	return NULL;
}

static int store_new(const char *url, struct store **ret)
{
	_cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));
	const char *colon = strchr(url, ':');

	if (!s)
		return -ENOMEM;
	s->lock_fd = -1;
	s->path = strdup(colon ? colon + 1 : url);
	if (!s->path)
		return -ENOMEM;
	*ret = TAKE_PTR(s);
	return 0;
}

static int store_lock(struct store *s, char **ret_detail)
{
	_cleanup_(freep) char *holder = NULL;
	char host[31] = "", since[TIME_TEXT_SIZE], words[160];
	int64_t now = clock_wall_us();

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(s->owner, sizeof(s->owner), "%s:%d:%lld", host, (int)getpid(),
		(long long)(now / USEC_PER_SEC));
	(void)snprintf(words, sizeof(words), "%.32s, pid %d on %s since %s",
		program_invocation_short_name, (int)getpid(), host, time_format(now, since));

	int r = store_lock_take(s->path, words, &s->lock_fd, &holder);
	if (r == STORE_LOCK_E_HELD)
		return tell(
			ret_detail, STORE_E_LOCKED, "store %s is in use by %s", s->path, holder);
	if (r < 0)
		return tell(ret_detail, r, "lock file %s.lock: %s", s->path, err_text(r));
	return 0;
}

static int tell_newer(struct store *s, int64_t version, char **ret_detail)
{
	_cleanup_(freep) char *program = NULL;

	(void)store_meta_get(s, "program", &program);
	return tell(ret_detail, STORE_E_NEWER,
		"store %s has schema %lld, written by snapwatch %s; this is snapwatch %s,"
		" which knows schema %d: install the newer one, or another store",
		s->path, (long long)version, program ? program : "(not known)", SNAPWATCH_VERSION,
		STORE_SCHEMA_VERSION);
}

/* Before anything is written: what is damaged becomes worse by writing. */
static int store_check(struct store *s, char **ret_detail)
{
	int r = db_check(s->db, LIMIT_STORE_CHECK_US);

	if (r > 0)
		log_debug(NULL, "store %s: not all of it could be checked in time", s->path);
	if (r != -EUCLEAN)
		return r < 0 ? tell_db(ret_detail, r, s->path, s->db) : 0;
	return tell(ret_detail, r,
		"store %s is damaged (%s): nothing was written; bring back a copy of it, or move"
		" it aside and snapwatchd begins a new one",
		s->path, db_error_text(s->db));
}

static int store_migrate(struct store *s, char **ret_detail)
{
	_cleanup_(freep) char *copy = NULL;
	int64_t from = 0;

	int r = db_schema_version(s->db, &from);
	if (r >= 0 && asprintf(&copy, "%s.schema%lld", s->path, (long long)from) < 0) {
		copy = NULL;
		r = -ENOMEM;
	}
	if (r >= 0)
		r = schema_migrate(s->db, &schema_store, copy, &from);
	if (r == SCHEMA_E_NEWER)
		return tell_newer(s, from, ret_detail);
	return r < 0 ? tell_db(ret_detail, r, s->path, s->db) : 0;
}

/* What this process writes when it takes over; and a test that every statement fits the schema. */
static int store_sign(struct store *s)
{
	char now[TIME_TEXT_SIZE];
	_cleanup_(freep) char *created = NULL;

	for (size_t i = 0; i < store_n_sql_tables; i++) {
		int r = db_prepare(s->db, store_sql_tables[i]);
		if (r < 0)
			return r;
	}
	int r = db_begin(s->db);
	if (r >= 0)
		r = store_lease_take_over(s);
	if (r >= 0)
		r = store_meta_set(s, "program", SNAPWATCH_VERSION);
	if (r >= 0)
		r = store_meta_get(s, "created", &created);
	if (r == 0)
		r = store_meta_set(s, "created", time_format(clock_wall_us(), now));
	if (r >= 0)
		r = db_commit(s->db);
	db_rollback(s->db);
	return r < 0 ? r : 0;
}

/* "sqlite:/var/lib/snapwatch/secrets.db", beside the database. */
static int secrets_url(const struct store *s, char **ret)
{
	_cleanup_(freep) char *copy = strdup(s->path);

	if (!copy || asprintf(ret, "sqlite:%s/secrets.db", dirname(copy)) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int open_secrets(struct store *s, char **ret_detail)
{
	_cleanup_(freep) char *url = NULL;
	int64_t from = 0;

	int r = secrets_url(s, &url);
	if (r < 0)
		return r;
	r = db_open(url, DB_OPEN_WRITE_SECRET, &s->secrets);
	if (r >= 0)
		r = schema_migrate(s->secrets, &schema_secrets, NULL, &from);
	if (r == 0)
		r = db_prepare(s->secrets, &store_secret_sql);
	if (r == 0)
		r = db_prepare(s->secrets, &store_rekey_sql);
	if (r == SCHEMA_E_NEWER)
		return tell(ret_detail, STORE_E_NEWER,
			"%s has schema %lld, this is snapwatch %s, which knows schema %u",
			strchr(url, ':') + 1, (long long)from, SNAPWATCH_VERSION,
			schema_secrets.version);
	return r < 0 ? tell_db(ret_detail, r, strchr(url, ':') + 1, s->secrets) : 0;
}

int store_open(const char *url, struct store **ret, char **ret_detail)
{
	_cleanup_(store_closep) struct store *s = NULL;

	if (ret_detail)
		*ret_detail = NULL;
	int r = store_new(url, &s);
	if (r < 0)
		return r;
	r = store_lock(s, ret_detail);
	if (r != 0)
		return r;
	r = db_open(url, DB_OPEN_WRITE, &s->db);
	if (r < 0)
		return tell_db(ret_detail, r, s->path, NULL);
	r = store_check(s, ret_detail);
	if (r < 0)
		return r;
	r = store_migrate(s, ret_detail);
	if (r != 0)
		return r;
	r = store_sign(s);
	if (r < 0)
		return tell_db(ret_detail, r, s->path, s->db);
	r = open_secrets(s, ret_detail);
	if (r != 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

int store_open_secrets(const char *url, struct store **ret, char **ret_detail)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_(freep) char *file = NULL;

	if (ret_detail)
		*ret_detail = NULL;
	int r = store_new(url, &s);
	if (r == 0)
		r = secrets_url(s, &file);
	if (r < 0)
		return r;
	/* before the lock file is made */
	const char *path = strchr(file, ':') + 1;
	if (access(path, R_OK | W_OK) < 0)
		r = -errno;
	if (r == -ENOENT)
		return tell(
			ret_detail, STORE_E_MISSING, "%s does not exist: no secret is kept", path);
	if (r < 0)
		return tell(ret_detail, r, "%s: %s", path, err_text(r));
	r = store_lock(s, ret_detail);
	if (r == 0)
		r = open_secrets(s, ret_detail);
	if (r != 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

static int tell_reader(char **ret_detail, int r, const struct store *s)
{
	switch (r) {
	case -EACCES:
		return tell(ret_detail, r,
			"store %s: this user may not read it; members of its group may", s->path);
	case -EROFS: /* a log would have to be made, which a reader never does */
		return tell(ret_detail, r,
			"store %s: its -wal and -shm files are missing or unreadable;"
			" snapwatchd makes them when it starts",
			s->path);
	default:
		return tell_db(ret_detail, r, s->path, s->db);
	}
}

int store_open_reader(const char *url, struct store **ret, char **ret_detail)
{
	_cleanup_(store_closep) struct store *s = NULL;
	int64_t version = 0;

	if (ret_detail)
		*ret_detail = NULL;
	int r = store_new(url, &s);
	if (r < 0)
		return r;
	r = db_open(url, DB_OPEN_READ, &s->db);
	if (r >= 0)
		r = db_schema_version(s->db, &version);
	if (r == -ENOENT || (r >= 0 && version == 0))
		return tell(ret_detail, STORE_E_MISSING,
			"store %s does not exist yet: snapwatchd makes it when it starts", s->path);
	if (r < 0)
		return tell_reader(ret_detail, r, s);
	if (version > STORE_SCHEMA_VERSION)
		return tell_newer(s, version, ret_detail);
	if (version < STORE_SCHEMA_VERSION)
		return tell(ret_detail, STORE_E_OLDER,
			"store %s has schema %lld; restart snapwatchd to bring it to schema %d",
			s->path, (long long)version, STORE_SCHEMA_VERSION);
	*ret = TAKE_PTR(s);
	return 0;
}

int store_key_decode(const struct secret *credential, struct secret **ret)
{
	_cleanup_(buf_done) struct buf key = BUF_INIT_SECRET(STORE_KEY_SIZE);
	int r = base64_decode(credential->data, credential->len, &key);

	if (r < 0 || key.len != STORE_KEY_SIZE)
		return r == -ENOMEM ? r : -EINVAL;
	return secret_new(key.data, key.len, ret);
}

int store_use_key(struct store *s, const struct secret *credential)
{
	struct secret *key = NULL;
	int r = store_key_decode(credential, &key);

	if (r < 0)
		return r;
	(void)secret_free(s->store_key);
	s->store_key = key;
	return 0;
}
