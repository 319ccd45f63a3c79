/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every statement of the store is prepared on both engines. PostgreSQL is a private cluster in a
 * folder of its own, on a Unix socket only, run by an unprivileged user because it refuses root.
 * It is a dependency of the tests (packaging/deps.sh): not finding it is a failure.
 */
#include <check.h>
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "common/store/schema.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

/* Object ids of PostgreSQL's types (catalog pg_type; fixed for ever). */
enum {
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
};

static char folder[256], data[512];
static pid_t server = -1;
static PGconn *conn;

/* --- the private cluster -----------------------------------------------------------------------
 */

/* Newest first: 15 is what we promise, a later one must do as well. */
static char *find_program(const char *name)
{
	static const char *const places[] = {"/usr/lib/postgresql/15/bin/%s",
		"/usr/lib/postgresql/[1-9][0-9]/bin/%s", "/usr/pgsql-*/bin/%s", "/usr/bin/%s"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char pattern[256];
		glob_t found;
		char *path = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(pattern, sizeof(pattern), places[i], name);
#pragma GCC diagnostic pop
		if (glob(pattern, 0, NULL, &found) == 0)
			path = strdup(found.gl_pathv[found.gl_pathc - 1]);
		globfree(&found);
		if (path)
			return path;
	}
	ck_abort_msg("PostgreSQL's %s is not installed: run packaging/deps.sh test", name);
	return NULL;
}

/* As root: the user that PostgreSQL's package brings along. */
static const struct passwd *server_user(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

	ck_assert_msg(geteuid() != 0 || user, "there is no user 'postgres' to run the server");
	return user;
}

static pid_t run(const char *const argv[])
{
	const struct passwd *user = server_user();
	pid_t child = fork();

	if (child != 0)
		return child;
	if (user && (setgroups(0, NULL) < 0 ||
			    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
			    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0))
		_exit(126);
	/* after the change of user, which would clear it; an orphan would stay for ever */
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	(void)unsetenv("LD_PRELOAD");
	if (!freopen("/dev/null", "w", stdout) || chdir(folder) < 0)
		_exit(126);
	(void)execv(argv[0], (char *const *)argv);
	_exit(127);
}

static void start_server(void)
{
	_cleanup_(freep) char *initdb = find_program("initdb"),
			      *postgres = find_program("postgres");
	const struct passwd *user = server_user();
	int status = -1;

	(void)snprintf(folder, sizeof(folder), "%s", tmpdir_make());
	(void)snprintf(data, sizeof(data), "%s/data", folder);
	if (user)
		ck_assert_int_eq(chown(folder, user->pw_uid, user->pw_gid), 0);

	const char *const init[] = {initdb, "-D", data, "-A", "trust", "-N", "-U", "snapwatch",
		"--no-locale", "-E", "UTF8", NULL};
	pid_t child = run(init);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);

	const char *const serve[] = {postgres, "-D", data, "-k", folder, "-c",
		"listen_addresses=", "-c", "fsync=off", "-c", "log_min_messages=fatal", "-c",
		"shared_buffers=1MB", "-c", "max_connections=4", NULL};
	server = run(serve);
}

static void stop_server(void)
{
	PQfinish(conn);
	conn = NULL;
	if (server > 0) {
		(void)kill(server, SIGQUIT);
		(void)waitpid(server, NULL, 0);
	}
	server = -1;
	tmpdir_remove();
}

static PGconn *connect_server(void)
{
	const char *const keys[] = {"host", "user", "dbname", NULL};
	const char *const values[] = {folder, "snapwatch", "postgres", NULL};
	PGconn *c = NULL;

	for (int tries = 0; tries < 300; tries++) {
		c = PQconnectdbParams(keys, values, 0);
		if (PQstatus(c) == CONNECTION_OK)
			return c;
		PQfinish(c);
		c = NULL;
		(void)usleep(100000);
	}
	ck_abort_msg("PostgreSQL does not answer");
	return c;
}

static void exec_ddl(char *ddl)
{
	ck_assert_ptr_nonnull(ddl);
	PGresult *r = PQexec(conn, ddl);
	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK, "%s", PQerrorMessage(conn));
	PQclear(r);
	free(ddl);
}

/* --- one statement -----------------------------------------------------------------------------
 */

static Oid oid_of(char declared)
{
	switch (declared) {
	case 'i':
		return OID_INT8;
	case 't':
		return OID_TEXT;
	case 'b':
		return OID_BYTEA;
	default:
		ck_abort_msg("'%c' is no type", declared);
	}
}

static bool readable(Oid type)
{
	return type == OID_INT8 || type == OID_INT4 || type == OID_TEXT || type == OID_BYTEA;
}

static void assert_result(const struct db_sql_table *table, const struct db_sql *q)
{
	PGresult *r = PQdescribePrepared(conn, "");

	ck_assert_int_eq(PQresultStatus(r), PGRES_COMMAND_OK);
	ck_assert_msg(PQnparams(r) == (int)strlen(q->params), "%s: %d parameters, %zu declared: %s",
		table->name, PQnparams(r), strlen(q->params), q->text);
	for (int i = 0; i < PQnparams(r); i++)
		ck_assert_uint_eq(PQparamtype(r, i), oid_of(q->params[i]));
	/* numeric (of sum) and boolean (of a comparison) are integers to SQLite only */
	for (int i = 0; i < PQnfields(r); i++)
		ck_assert_msg(readable(PQftype(r, i)), "%s: column %d is of type %u: %s",
			table->name, i + 1, PQftype(r, i), q->text);
	PQclear(r);
}

static void assert_postgresql(const struct db_sql_table *table, const struct db_sql *q)
{
	Oid types[DB_PARAMS_MAX];
	size_t n = strlen(q->params);

	ck_assert_uint_le(n, DB_PARAMS_MAX);
	for (size_t i = 0; i < n; i++)
		types[i] = oid_of(q->params[i]);
	PGresult *r = PQprepare(conn, "", q->text, (int)n, types);
	ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK, "%s on PostgreSQL: %s%s", table->name,
		PQerrorMessage(conn), q->text);
	PQclear(r);
	assert_result(table, q);
}

static void assert_sqlite(struct db *db, const struct db_sql_table *table, const struct db_sql *q)
{
	const struct db_sql_table one = {table->name, q, 1};

	ck_assert_msg(db_prepare(db, &one) == 0, "%s on SQLite: %s: %s", table->name,
		db_error_text(db), q->text);
}

static void assert_table(struct db *db, const struct db_sql_table *table)
{
	ck_assert_uint_gt(table->n, 0);
	for (size_t i = 0; i < table->n; i++) {
		const struct db_sql *q = &table->sql[i];
		ck_assert_msg(q->text && q->params, "%s: no statement %zu", table->name, i);
		assert_sqlite(db, table, q);
		assert_postgresql(table, q);
	}
}

static struct db *sqlite_with(const struct schema *schema, const char *name)
{
	char url[300];
	struct db *db = NULL;
	int64_t from = 0;

	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path(name));
	ck_assert_int_eq(db_open(url, DB_OPEN_WRITE, &db), 0);
	ck_assert_int_eq(schema_migrate(db, schema, NULL, &from), 0);
	return db;
}

START_TEST(every_statement_is_prepared_on_both)
{
	conn = connect_server();
	for (unsigned v = 1; v <= schema_store.version; v++)
		exec_ddl(schema_ddl("postgresql", v));
	for (unsigned v = 1; v <= schema_secrets.version; v++)
		exec_ddl(schema_expand(schema_secrets.ddl[v - 1], "postgresql"));

	struct db *db = sqlite_with(&schema_store, "store.db");
	ck_assert_uint_gt(store_n_sql_tables, 0);
	for (size_t i = 0; i < store_n_sql_tables; i++)
		assert_table(db, store_sql_tables[i]);
	(void)db_close(db);

	db = sqlite_with(&schema_secrets, "secrets.db");
	assert_table(db, &store_secret_sql);
	assert_table(db, &store_rekey_sql);
	(void)db_close(db);
	PQfinish(conn);
	conn = NULL;
}
END_TEST

/* What the test above relies on: a wrong statement is refused by both. */
START_TEST(wrong_statements_are_refused)
{
	static const char *const wrong[] = {"SELECT a FROM nowhere", "SELEC 1", "SELECT $1 +"};
	struct db *db = sqlite_with(&schema_store, "wrong.db");

	conn = connect_server();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct db_sql q = {"", wrong[i]};
		const struct db_sql_table one = {"wrong", &q, 1};
		ck_assert_int_eq(db_prepare(db, &one), -EPROTO);
		PGresult *r = PQprepare(conn, "", wrong[i], 0, NULL);
		ck_assert_int_ne(PQresultStatus(r), PGRES_COMMAND_OK);
		PQclear(r);
	}
	(void)db_close(db);
	PQfinish(conn);
	conn = NULL;
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("sql");
	TCase *t = tcase_create("sql");

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, start_server, stop_server);
	tcase_add_test(t, every_statement_is_prepared_on_both);
	tcase_add_test(t, wrong_statements_are_refused);
	suite_add_tcase(s, t);
	return s;
}
