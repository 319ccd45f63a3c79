/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the store: one writer, readers in every situation, leases, the key. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "common/store/store_meta.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define NOBODY 65534

static char url[256];

static void setup(void)
{
	(void)umask(027);
	(void)tmpdir_make();
	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("snapwatch.db"));
}

static void teardown(void)
{
	tmpdir_remove();
}

static struct store *open_writer(void)
{
	struct store *s = NULL;

	ck_assert_int_eq(store_open(url, &s, NULL), 0);
	return s;
}

static void put(struct store *s, const char *value)
{
	ck_assert_int_eq(db_begin(s->db), 0);
	ck_assert_int_eq(store_meta_set(s, "test", value), 0);
	ck_assert_int_eq(db_commit(s->db), 0);
}

/* What a reader sees of put(): also an exit status, for it runs in other processes too. */
static int reader_sees(const char *want)
{
	_cleanup_(store_closep) struct store *s = NULL;
	_cleanup_(freep) char *value = NULL, *detail = NULL;
	int r = store_open_reader(url, &s, &detail);

	if (r == 0)
		r = store_meta_get(s, "test", &value);
	if (r <= 0)
		(void)fprintf(stderr, "reader: %d %s\n", r, detail ? detail : "");
	return r > 0 && strcmp(value, want) == 0 ? 0 : 1;
}

/* As somebody of the group, who may read the files and write nothing. */
static void assert_group_reader_sees(const char *want)
{
	static const char *const files[] = {"snapwatch.db", "snapwatch.db-wal", "snapwatch.db-shm"};
	bool root = geteuid() == 0;
	int status = -1;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct stat st;
		ck_assert_int_eq(stat(tmpdir_path(files[i]), &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0640);
		if (root)
			ck_assert_int_eq(chown(tmpdir_path(files[i]), (uid_t)-1, NOBODY), 0);
		else
			ck_assert_int_eq(chmod(tmpdir_path(files[i]), 0440), 0);
	}
	if (root)
		ck_assert_int_eq(chown(tmpdir_path("."), (uid_t)-1, NOBODY), 0);
	ck_assert_int_eq(chmod(tmpdir_path("."), root ? 0750 : 0550), 0);

	pid_t child = fork();
	if (child == 0) {
		if (root && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
				    setresuid(NOBODY, NOBODY, NOBODY) < 0))
			_exit(2);
		_exit(reader_sees(want));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);

	ck_assert_int_eq(chmod(tmpdir_path("."), 0750), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		ck_assert_int_eq(chmod(tmpdir_path(files[i]), 0640), 0);
}

START_TEST(one_writer)
{
	_cleanup_(store_closep) struct store *first = open_writer();
	struct store *second = NULL;
	_cleanup_(freep) char *detail = NULL;
	char pid[32];

	ck_assert_int_eq(store_open(url, &second, &detail), STORE_E_LOCKED);
	ck_assert_ptr_null(second);
	(void)snprintf(pid, sizeof(pid), "pid %d ", (int)getpid());
	ck_assert_msg(strstr(detail, pid) && strstr(detail, "snapwatch.db"), "%s", detail);

	first = store_close(first);
	ck_assert_int_eq(store_open(url, &second, NULL), 0);
	(void)store_close(second);
}
END_TEST

START_TEST(errors_have_words)
{
	struct store *s = NULL;
	_cleanup_(freep) char *detail = NULL, *detail2 = NULL, *detail3 = NULL;

	ck_assert_int_eq(store_open("sqlite:/nowhere/at/all.db", &s, &detail), -ENOENT);
	ck_assert_ptr_nonnull(strstr(detail, "/nowhere/at/all.db"));
	ck_assert_int_eq(store_open_reader("mysql:x", &s, &detail2), -EPROTONOSUPPORT);
	ck_assert_ptr_nonnull(strstr(detail2, "sqlite:"));
	ck_assert_int_eq(store_open_reader(url, &s, &detail3), STORE_E_MISSING);
	ck_assert_ptr_nonnull(strstr(detail3, "snapwatchd"));
	ck_assert_ptr_null(s);
}
END_TEST

static void set_version(int64_t version)
{
	struct db *db = NULL;

	ck_assert_int_eq(db_open(url, DB_OPEN_WRITE, &db), 0);
	ck_assert_int_eq(db_set_schema_version(db, version), 0);
	(void)db_close(db);
}

/* Refused before anything is written to it; and said so that somebody knows what to do. */
START_TEST(damage_is_refused)
{
	struct store *s = open_writer();
	_cleanup_(freep) char *detail = NULL;
	static char value[100000]; /* pages at the end of the file that are not the schema */
	char junk[4096];
	struct stat st;

	memset(value, 'x', sizeof(value) - 1);
	put(s, value);
	ck_assert_int_eq(db_checkpoint(s->db), 0);
	s = store_close(s);
	memset(junk, 0x5a, sizeof(junk));
	int fd = open(tmpdir_path("snapwatch.db"), O_WRONLY);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), st.st_size - (int64_t)(10 * sizeof(junk))),
		sizeof(junk));
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(store_open(url, &s, &detail), -EUCLEAN);
	ck_assert_ptr_null(s);
	ck_assert_msg(strstr(detail, "is damaged ("), "%s", detail);
}
END_TEST

START_TEST(other_versions_are_refused)
{
	struct store *s = open_writer();
	_cleanup_(freep) char *detail = NULL, *detail2 = NULL;

	s = store_close(s);
	set_version(STORE_SCHEMA_VERSION + 1);
	ck_assert_int_eq(store_open(url, &s, &detail), STORE_E_NEWER);
	ck_assert_ptr_nonnull(strstr(detail, "written by snapwatch "));
	ck_assert_int_eq(store_open_reader(url, &s, &detail2), STORE_E_NEWER);
	ck_assert_ptr_nonnull(strstr(detail2, "written by snapwatch "));
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(readers_beside_a_live_writer)
{
	_cleanup_(store_closep) struct store *s = open_writer();

	put(s, "one");
	ck_assert_int_eq(reader_sees("one"), 0);
	assert_group_reader_sees("one");
	/* the last commit, not the one before */
	put(s, "two");
	assert_group_reader_sees("two");
	ck_assert_int_eq(db_checkpoint(s->db), 0);
	assert_group_reader_sees("two");
	put(s, "three");
	assert_group_reader_sees("three");
	ck_assert_int_eq(reader_sees("three"), 0);
}
END_TEST

/* Exit status of a child without rights: what opening gave, and whether the words fit. */
static int stranger_gets(const char *words)
{
	_cleanup_(freep) char *detail = NULL;
	struct store *s = NULL;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return 2;
	int r = store_open_reader(url, &s, &detail);
	if (r >= 0 || !detail || !strstr(detail, words)) {
		(void)fprintf(stderr, "stranger: %d %s\n", r, detail ? detail : "");
		return 1;
	}
	return 0;
}

START_TEST(readers_without_rights)
{
	static const struct {
		mode_t database;
		bool log;
		const char *words;
	} cases[] = {
		{0000, true, "members of its group may"},
		{0444, false, "snapwatchd makes them"},
	};

	(void)store_close(open_writer());
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = -1;
		ck_assert_int_eq(chmod(tmpdir_path("snapwatch.db"), cases[i].database), 0);
		if (!cases[i].log)
			ck_assert_int_eq(unlink(tmpdir_path("snapwatch.db-wal")), 0);
		ck_assert_int_eq(chmod(tmpdir_path("."), 0555), 0);
		pid_t child = fork();
		if (child == 0)
			_exit(stranger_gets(cases[i].words));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		ck_assert_int_eq(chmod(tmpdir_path("."), 0755), 0);
	}
}
END_TEST

START_TEST(readers_after_a_clean_stop)
{
	struct store *s = open_writer();

	put(s, "one");
	(void)store_close(s);
	assert_group_reader_sees("one");
	ck_assert_int_eq(reader_sees("one"), 0);
	/* a reader that could have written has left it readable for those who cannot */
	assert_group_reader_sees("one");
}
END_TEST

START_TEST(readers_after_a_kill)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		struct store *s = open_writer();
		put(s, "one");
		put(s, "two");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	assert_group_reader_sees("two");
	ck_assert_int_eq(reader_sees("two"), 0);
	assert_group_reader_sees("two");

	/* and the next writer goes on */
	struct store *s = open_writer();
	put(s, "three");
	(void)store_close(s);
	assert_group_reader_sees("three");
}
END_TEST

static void add_tenant(struct store *s)
{
	ck_assert_int_eq(
		db_script(s->db, "INSERT INTO tenant (name, tenant_id, first_seen)"
				 " VALUES ('contoso', '11111111-1111-1111-1111-111111111111', 0)"),
		0);
}

START_TEST(leases)
{
	struct store *s = open_writer();

	ck_assert_int_gt(s->epoch, 0);
	add_tenant(s);
	ck_assert_int_eq(store_fence(s, 1), -ESTALE);
	ck_assert_int_eq(store_lease_take(s, 1), 0);
	ck_assert_int_eq(store_lease_take(s, 1), 0);
	ck_assert_int_eq(store_fence(s, 1), 0);
	ck_assert_int_eq(store_fence(s, 2), -ESTALE);
	ck_assert_int_eq(store_fence_job(s, 1), -ESTALE);

	/* another process took over meanwhile */
	int64_t epoch = s->epoch;
	ck_assert_int_eq(db_script(s->db, "UPDATE tenant_lease SET epoch = epoch + 1"), 0);
	ck_assert_int_eq(store_fence(s, 1), -ESTALE);
	ck_assert_int_eq(store_lease_take(s, 1), STORE_LEASE_E_HELD);
	s = store_close(s);

	/* the next writer has them all, in a new epoch */
	s = open_writer();
	ck_assert_int_gt(s->epoch, epoch + 1);
	ck_assert_int_eq(store_fence(s, 1), 0);
	(void)store_close(s);
}
END_TEST

START_TEST(keys)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", 0},
		{"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", 0},
		{"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", -EINVAL},
		{"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWZn", -EINVAL},
		{"0123456789abcdef0123456789abcdef!", -EINVAL},
		{"x", -EINVAL},
	};
	_cleanup_(store_closep) struct store *s = open_writer();

	ck_assert_ptr_null(s->store_key);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(secret_freep) struct secret *c = NULL;
		ck_assert_int_eq(secret_new(cases[i].text, strlen(cases[i].text), &c), 0);
		ck_assert_int_eq(store_use_key(s, c), cases[i].r);
	}
	ck_assert_uint_eq(s->store_key->len, 32);
	ck_assert_mem_eq(s->store_key->data, "0123456789abcdef0123456789abcdef", 32);
}
END_TEST

START_TEST(object_ids)
{
	static const struct {
		const char *id, *back;
		size_t len;
	} cases[] = {
		{"0A1B2C3D-0000-4000-8000-00000000000F", "0a1b2c3d-0000-4000-8000-00000000000f",
			16},
		{"0a1b2c3d-0000-4000-8000-00000000000", "0a1b2c3d-0000-4000-8000-00000000000", 35},
		{"", "", 0},
		{"0123456789abcdef", "0123456789abcdef", 17},
		{"0123456789abcdef0", "0123456789abcdef0", 17},
		{"yFUMOQOe1kqoSrcTqQPlsXRzdHNzc3NzdHNzdHM_abc",
			"yFUMOQOe1kqoSrcTqQPlsXRzdHNzc3NzdHNzdHM_abc", 43},
	};
	uint8_t key[LIMIT_ID_BYTES + 1];
	char text[LIMIT_ID_BYTES + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = object_id_encode(cases[i].id, key);
		ck_assert_uint_eq(len, cases[i].len);
		ck_assert_str_eq(object_id_decode(key, len, text), cases[i].back);
	}
}
END_TEST

START_TEST(long_object_ids_stay_apart)
{
	char a[400], b[400], text[LIMIT_ID_BYTES + 1];
	uint8_t key_a[LIMIT_ID_BYTES + 1], key_b[LIMIT_ID_BYTES + 1];

	memset(a, 'a', sizeof(a));
	a[LIMIT_ID_BYTES] = '\0';
	ck_assert_uint_eq(object_id_encode(a, key_a), LIMIT_ID_BYTES);
	ck_assert_str_eq(object_id_decode(key_a, LIMIT_ID_BYTES, text), a);

	memset(a, 'a', sizeof(a) - 1);
	a[sizeof(a) - 1] = '\0';
	memcpy(b, a, sizeof(a));
	b[sizeof(b) - 2] = 'b';
	ck_assert_uint_eq(object_id_encode(a, key_a), LIMIT_ID_BYTES);
	ck_assert_uint_eq(object_id_encode(b, key_b), LIMIT_ID_BYTES);
	ck_assert_mem_ne(key_a, key_b, LIMIT_ID_BYTES);
	ck_assert_uint_eq(strlen(object_id_decode(key_a, LIMIT_ID_BYTES, text)), LIMIT_ID_BYTES);
	ck_assert_int_eq(text[LIMIT_ID_BYTES - 33], '~');
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_writer);
	tcase_add_test(t, errors_have_words);
	tcase_add_test(t, damage_is_refused);
	tcase_add_test(t, other_versions_are_refused);
	tcase_add_test(t, readers_beside_a_live_writer);
	tcase_add_test(t, readers_without_rights);
	tcase_add_test(t, readers_after_a_clean_stop);
	tcase_add_test(t, readers_after_a_kill);
	tcase_add_test(t, leases);
	tcase_add_test(t, keys);
	tcase_add_test(t, object_ids);
	tcase_add_test(t, long_object_ids_stay_apart);
	suite_add_tcase(s, t);
	return s;
}
