/* SPDX-License-Identifier: Apache-2.0 */
/* The driver interface on SQLite. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store/db.h"
#include "tests/support/tmpdir.h"

enum {
	SQL_INSERT,
	SQL_LIST,
	SQL_SWAP,
	SQL_COUNT,
	SQL_RETURNING,
	SQL_UNUSED,
	SQL_WRONG,
	SQL_CHILD,
	SQL_DELETE,
};
static const struct db_sql sql[] = {
	[SQL_INSERT] = {"itb", "INSERT INTO t (i, t, b) VALUES ($1, $2, $3)"},
	[SQL_LIST] = {"", "SELECT i, t, b FROM t ORDER BY i"},
	[SQL_SWAP] = {"tt", "SELECT $2, $1"},
	[SQL_COUNT] = {"", "SELECT count(*) FROM t"},
	[SQL_RETURNING] = {"it", "INSERT INTO t (i, t) VALUES ($1, $2)"
				 " ON CONFLICT (i) DO UPDATE SET t = excluded.t RETURNING i + 1"},
	[SQL_UNUSED] = {"ii", "SELECT $1"},
	[SQL_WRONG] = {"", "SELECT a FROM nowhere"},
	[SQL_CHILD] = {"i", "INSERT INTO child (parent) VALUES ($1)"},
	[SQL_DELETE] = {"", "DELETE FROM t"},
};

static struct db *db;
static char url[256];

static void open_db(enum db_open_mode mode)
{
	ck_assert_int_eq(db_open(url, mode, &db), 0);
}

static void setup(void)
{
	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("x.db"));
	open_db(DB_OPEN_WRITE);
	ck_assert_int_eq(
		db_script(db,
			"CREATE TABLE t (i INTEGER NOT NULL PRIMARY KEY, t TEXT, b BLOB) STRICT;"
			"CREATE TABLE child (parent INTEGER REFERENCES t (i)) STRICT"),
		0);
}

static void teardown(void)
{
	db = db_close(db);
	tmpdir_remove();
}

static int insert(int64_t i, const char *t)
{
	return db_exec(db, &sql[SQL_INSERT], DB_ARGS(DB_I(i), DB_T(t), DB_NULL), NULL);
}

static int64_t count(void)
{
	int64_t n = -1;

	ck_assert_int_eq(db_query_int(db, &sql[SQL_COUNT], DB_NO_ARGS, &n), 1);
	return n;
}

START_TEST(opens_what_is_named)
{
	static const struct {
		const char *url;
		int r;
	} cases[] = {
		{"postgresql://host/db", -EPROTONOSUPPORT},
		{"/var/lib/x.db", -EPROTONOSUPPORT},
		{"sqlit:/x", -EPROTONOSUPPORT},
		{"sqlite:/nowhere/at/all/x.db", -ENOENT},
	};
	struct db *other = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(db_open(cases[i].url, DB_OPEN_WRITE, &other), cases[i].r);
		ck_assert_int_eq(db_open(cases[i].url, DB_OPEN_READ, &other), cases[i].r);
	}
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(values_come_back)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	static const uint8_t bytes[] = {0, 1, 255, 0};
	size_t len = 0;

	ck_assert_int_eq(db_exec(db, &sql[SQL_INSERT],
				 DB_ARGS(DB_I(INT64_MIN),
					 DB_T("a\xff"
					      "b"),
					 DB_B(bytes, sizeof(bytes))),
				 NULL),
		0);
	ck_assert_int_eq(
		db_exec(db, &sql[SQL_INSERT], DB_ARGS(DB_I(1), DB_T(NULL), DB_B(NULL, 0)), NULL),
		0);
	ck_assert_int_eq(
		db_exec(db, &sql[SQL_INSERT], DB_ARGS(DB_TIME(2), DB_T(""), DB_NULL), NULL), 0);

	ck_assert_int_eq(db_query(db, &sql[SQL_LIST], DB_NO_ARGS, &rows), 0);
	ck_assert_int_eq(db_next(&rows), 1);
	ck_assert_int_eq(db_int(&rows, 0), INT64_MIN);
	ck_assert_str_eq(db_text(&rows, 1), "a\xef\xbf\xbd"
					    "b");
	ck_assert_mem_eq(db_blob(&rows, 2, &len), bytes, 4);
	ck_assert_uint_eq(len, 4);

	ck_assert_int_eq(db_next(&rows), 1);
	ck_assert_ptr_null(db_text(&rows, 1));
	ck_assert(!db_is_null(&rows, 2)); /* empty is not NULL */
	(void)db_blob(&rows, 2, &len);
	ck_assert_uint_eq(len, 0);

	ck_assert_int_eq(db_next(&rows), 1);
	ck_assert_str_eq(db_text(&rows, 1), "");
	ck_assert(db_is_null(&rows, 2));
	ck_assert_int_eq(db_time(&rows, 2), TIME_NONE);
	ck_assert_int_eq(db_time(&rows, 0), 2);
	ck_assert_int_eq(db_next(&rows), 0);
}
END_TEST

START_TEST(parameters_are_names)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};

	ck_assert_int_eq(db_query(db, &sql[SQL_SWAP], DB_ARGS(DB_T("one"), DB_T("two")), &rows), 0);
	ck_assert_int_eq(db_next(&rows), 1);
	ck_assert_str_eq(db_text(&rows, 0), "two");
	ck_assert_str_eq(db_text(&rows, 1), "one");
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
	int64_t n = 0;

	ck_assert_int_eq(db_query_int(db, &sql[SQL_SWAP], DB_ARGS(DB_T("one")), &n), -EPROTO);
	ck_assert_int_eq(
		db_query_int(db, &sql[SQL_SWAP], DB_ARGS(DB_I(1), DB_T("x")), &n), -EPROTO);
	ck_assert_int_eq(
		db_query_int(db, &sql[SQL_UNUSED], DB_ARGS(DB_I(1), DB_I(2)), &n), -EPROTO);
	ck_assert_int_eq(db_query_int(db, &sql[SQL_WRONG], DB_NO_ARGS, &n), -EPROTO);
	ck_assert_str_eq(db_error_text(db), "no such table: nowhere");
	ck_assert_int_eq(insert(1, "x"), 0);
	ck_assert_int_eq(db_exec(db, &sql[SQL_COUNT], DB_NO_ARGS, NULL), -EPROTO);
	ck_assert_int_eq(db_commit(db), -EPROTO);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_begin(db), -EPROTO);
	ck_assert_int_eq(db_commit(db), 0);
}
END_TEST

START_TEST(conflicts_have_names)
{
	int64_t n = 0, changed = -1;

	ck_assert_int_eq(insert(1, "a canary value"), 0);
	ck_assert_int_eq(insert(1, "a canary value"), -EEXIST);
	ck_assert_ptr_null(strstr(db_error_text(db), "canary"));
	ck_assert_int_eq(db_query_int(db, &sql[SQL_RETURNING], DB_ARGS(DB_I(1), DB_T("b")), &n), 1);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(db_exec(db, &sql[SQL_CHILD], DB_ARGS(DB_I(99)), NULL), -EPROTO);
	ck_assert_int_eq(db_exec(db, &sql[SQL_DELETE], DB_NO_ARGS, &changed), 0);
	ck_assert_int_eq(changed, 1);
}
END_TEST

START_TEST(rows_may_nest)
{
	_cleanup_(db_rows_done) struct db_rows outer = {0};
	int n = 0;

	ck_assert_int_eq(insert(1, "a"), 0);
	ck_assert_int_eq(insert(2, "b"), 0);
	ck_assert_int_eq(db_query(db, &sql[SQL_LIST], DB_NO_ARGS, &outer), 0);
	while (db_next(&outer) > 0) {
		_cleanup_(db_rows_done) struct db_rows inner = {0};
		ck_assert_int_eq(db_query(db, &sql[SQL_LIST], DB_NO_ARGS, &inner), 0);
		while (db_next(&inner) > 0)
			n++;
	}
	ck_assert_int_eq(n, 4);
}
END_TEST

START_TEST(rollback_undoes)
{
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(insert(1, "a"), 0);
	ck_assert_int_eq(db_set_schema_version(db, 7), 0);
	db_rollback(db);
	db_rollback(db);
	ck_assert_int_eq(count(), 0);

	int64_t version = -1;
	ck_assert_int_eq(db_schema_version(db, &version), 0);
	ck_assert_int_eq(version, 0);
}
END_TEST

/* The page limit gives the same error as a full disk, from the same place. */
START_TEST(full_disk_ends_the_transaction)
{
	static char big[100000];
	int r = 0;

	memset(big, 'x', sizeof(big) - 1);
	ck_assert_int_eq(insert(0, "before"), 0);
	ck_assert_int_eq(db_script(db, "PRAGMA max_page_count = 40"), 0);
	ck_assert_int_eq(db_begin(db), 0);
	for (int i = 1; r == 0 && i < 10; i++)
		r = insert(i, big);
	ck_assert_int_eq(r, -ENOSPC);
	/* nothing is written on its own afterwards, and the commit does not pretend */
	ck_assert_int_eq(insert(20, "small"), -ENOSPC);
	ck_assert_int_eq(db_commit(db), -ENOSPC);
	db_rollback(db);
	ck_assert_int_eq(count(), 1);

	ck_assert_int_eq(db_script(db, "PRAGMA max_page_count = 100000"), 0);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(insert(1, big), 0);
	ck_assert_int_eq(db_commit(db), 0);
	ck_assert_int_eq(count(), 2);
}
END_TEST

START_TEST(readers_never_write)
{
	ck_assert_int_eq(insert(1, "a"), 0);
	db = db_close(db);
	open_db(DB_OPEN_READ);
	ck_assert_int_eq(count(), 1);
	ck_assert_int_eq(insert(2, "b"), -EROFS);
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(count(), 1);
	ck_assert_int_eq(db_commit(db), 0);
}
END_TEST

START_TEST(readers_have_one_view)
{
	struct db *writer = db;

	ck_assert_int_eq(insert(1, "a"), 0);
	open_db(DB_OPEN_READ);
	struct db *reader = db;
	ck_assert_int_eq(db_begin(reader), 0);
	ck_assert_int_eq(count(), 1);
	db = writer;
	ck_assert_int_eq(insert(2, "b"), 0);
	db = reader;
	ck_assert_int_eq(count(), 1);
	ck_assert_int_eq(db_commit(reader), 0);
	ck_assert_int_eq(count(), 2);
	(void)db_close(reader);
	db = writer;
}
END_TEST

START_TEST(damage_and_strangers)
{
	static char junk[8192] = "this is no database, and long enough to be one";
	int fd = open(tmpdir_path("junk.db"), O_WRONLY | O_CREAT, 0600);
	struct db *other = NULL;
	char name[256];

	ck_assert_int_eq(write(fd, junk, sizeof(junk)), sizeof(junk));
	ck_assert_int_eq(close(fd), 0);
	(void)snprintf(name, sizeof(name), "sqlite:%s", tmpdir_path("junk.db"));
	ck_assert_int_eq(db_open(name, DB_OPEN_WRITE, &other), -EUCLEAN);
	ck_assert_int_eq(db_open(name, DB_OPEN_READ, &other), -EUCLEAN);

	ck_assert_int_eq(db_script(db, "PRAGMA application_id = 1"), 0);
	db = db_close(db);
	ck_assert_int_eq(db_open(url, DB_OPEN_WRITE, &other), -EUCLEAN);
	ck_assert_int_eq(db_open(url, DB_OPEN_READ, &other), -EUCLEAN);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(modes_of_files)
{
	static const char *const names[] = {"x.db", "x.db-wal", "x.db-shm"};
	struct stat st;
	struct db *other = NULL;
	char name[256];

	(void)umask(0);
	db = db_close(db);
	ck_assert_int_eq(unlink(tmpdir_path("x.db")), 0);
	open_db(DB_OPEN_WRITE);
	ck_assert_int_eq(db_script(db, "CREATE TABLE t (i INTEGER)"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(stat(tmpdir_path(names[i]), &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0640);
	}
	(void)snprintf(name, sizeof(name), "sqlite:%s", tmpdir_path("secrets.db"));
	ck_assert_int_eq(db_open(name, DB_OPEN_WRITE_SECRET, &other), 0);
	ck_assert_int_eq(db_script(other, "CREATE TABLE t (i INTEGER)"), 0);
	(void)db_close(other);
	ck_assert_int_eq(stat(tmpdir_path("secrets.db"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_ne(stat(tmpdir_path("secrets.db-journal"), &st), 0);
}
END_TEST

START_TEST(log_and_checkpoint)
{
	ck_assert_int_eq(db_begin(db), 0);
	for (int i = 0; i < 500; i++)
		ck_assert_int_eq(insert(i, "some text to fill the log with pages"), 0);
	ck_assert_int_eq(db_checkpoint(db), -EPROTO);
	ck_assert_int_eq(db_commit(db), 0);
	ck_assert_int_gt(db_log_bytes(db), 4096);
	ck_assert_int_eq(db_checkpoint(db), 0);
	ck_assert_int_eq(db_log_bytes(db), 0);
}
END_TEST

/* Enough rows for a tree of pages, all of them in the file. */
static void fill(int n)
{
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(db_begin(db), 0);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(insert(i, text), 0);
	ck_assert_int_eq(db_commit(db), 0);
	ck_assert_int_eq(db_checkpoint(db), 0);
}

START_TEST(damage_is_found)
{
	char junk[4096];

	fill(500);
	ck_assert_int_eq(db_check(db, 60 * USEC_PER_SEC), 0);
	db = db_close(db);
	memset(junk, 0x5a, sizeof(junk));
	int fd = open(tmpdir_path("x.db"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), 40 * 4096), sizeof(junk));
	ck_assert_int_eq(close(fd), 0);
	open_db(DB_OPEN_WRITE);
	ck_assert_int_eq(db_check(db, 60 * USEC_PER_SEC), -EUCLEAN);
	ck_assert_str_ne(db_error_text(db), "no error");
	ck_assert_int_eq(db_begin(db), 0);
	ck_assert_int_eq(db_check(db, 0), -EPROTO);
	db_rollback(db);
}
END_TEST

/* The limit passes before the first page is read: no verdict, and the connection is as before. */
START_TEST(a_check_ends_in_time)
{
	ck_assert_int_eq(
		db_script(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			      " WHERE i < 300000) INSERT INTO t SELECT i, 'x', NULL FROM n"),
		0);
	ck_assert_int_eq(db_check(db, 0), 1);
	ck_assert_int_eq(count(), 300000);
	ck_assert_int_eq(insert(0, "after"), 0);
}
END_TEST

START_TEST(copies)
{
	struct db *writer = db;
	char name[256];

	ck_assert_int_eq(insert(1, "a"), 0);
	/* what a crash has left of an earlier one */
	int fd = open(tmpdir_path("copy.db.part"), O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "half", 4), 4);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(db_copy(db, tmpdir_path("copy.db")), 0);
	ck_assert_int_eq(access(tmpdir_path("copy.db.part"), F_OK), -1);
	ck_assert_int_eq(db_copy(db, tmpdir_path("copy.db")), -EEXIST);
	(void)snprintf(name, sizeof(name), "sqlite:%s", tmpdir_path("copy.db"));
	ck_assert_int_eq(db_open(name, DB_OPEN_WRITE, &db), 0);
	ck_assert_int_eq(count(), 1);
	(void)db_close(db);
	db = writer;
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("db");
	TCase *t = tcase_create("sqlite");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, opens_what_is_named);
	tcase_add_test(t, values_come_back);
	tcase_add_test(t, parameters_are_names);
	tcase_add_test(t, wrong_calls_are_refused);
	tcase_add_test(t, conflicts_have_names);
	tcase_add_test(t, rows_may_nest);
	tcase_add_test(t, rollback_undoes);
	tcase_add_test(t, full_disk_ends_the_transaction);
	tcase_add_test(t, readers_never_write);
	tcase_add_test(t, readers_have_one_view);
	tcase_add_test(t, damage_and_strangers);
	tcase_add_test(t, modes_of_files);
	tcase_add_test(t, log_and_checkpoint);
	tcase_add_test(t, damage_is_found);
	tcase_add_test(t, a_check_ends_in_time);
	tcase_add_test(t, copies);
	suite_add_tcase(s, t);
	return s;
}
