/* SPDX-License-Identifier: Apache-2.0 */
/* common/base/fsx.c, credential.c */
#include "common/base/fsx.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/limits.h"

static char dir[64];

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/snapwatch-test-fsx-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char child[512];

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
		if (unlink(child) < 0)
			remove_tree(child);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(path);
}

static void remove_dir(void)
{
	remove_tree(dir);
}

/* A path inside of the test's folder; valid until the fourth call after. */
static const char *in_dir(const char *name)
{
	static char paths[4][512];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
	ck_assert_int_eq(file_write_atomic(in_dir(name), text, strlen(text), mode), 0);
}

static int n_files(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

START_TEST(reads_whole_files)
{
	static char bytes[200000];
	static const size_t lengths[] = {0, 1, 65535, 65536, 65537, sizeof(bytes)};

	memset(bytes, 'b', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct buf out = BUF_INIT(lengths[i] + 2);
		ck_assert_int_eq(file_write_atomic(in_dir("f"), bytes, lengths[i], 0600), 0);
		buf_puts(&out, "<>");
		ck_assert_int_eq(file_read(in_dir("f"), &out), 0);
		ck_assert_uint_eq(out.len, lengths[i] + 2);
		ck_assert_mem_eq(out.data + 2, bytes, lengths[i]);
		buf_done(&out);
		if (lengths[i] == 0)
			continue;

		out = BUF_INIT(lengths[i] + 1);
		buf_puts(&out, "<>");
		ck_assert_int_eq(file_read(in_dir("f"), &out), -EFBIG);
		ck_assert_str_eq(buf_text(&out), "<>");
		buf_done(&out);
	}
}
END_TEST

START_TEST(reads_regular_files_only)
{
	struct buf out = BUF_INIT(100);

	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
	ck_assert_int_eq(file_read(in_dir("fifo"), &out), -EINVAL);
	ck_assert_int_eq(file_read(dir, &out), -EINVAL);
	ck_assert_int_eq(file_read("/dev/null", &out), -EINVAL);
	ck_assert_int_eq(file_read(in_dir("none"), &out), -ENOENT);
	put("f", "x", 0600);
	ck_assert_int_eq(symlink("f", in_dir("link")), 0);
	ck_assert_int_eq(file_read(in_dir("link"), &out), 0);
	ck_assert_str_eq(buf_text(&out), "x");
	buf_done(&out);
}
END_TEST

START_TEST(writes_whole_files)
{
	struct buf out = BUF_INIT(100);
	struct stat st;

	(void)umask(0077);
	put("f", "first", 0640);
	ck_assert_int_eq(stat(in_dir("f"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	put("f", "second", 0600);
	ck_assert_int_eq(stat(in_dir("f"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(file_read(in_dir("f"), &out), 0);
	ck_assert_str_eq(buf_text(&out), "second");
	ck_assert_int_eq(n_files(), 1);
	buf_done(&out);
}
END_TEST

START_TEST(writes_in_the_working_directory)
{
	struct stat st;

	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(file_write_atomic("plain", "x", 1, 0600), 0);
	ck_assert_int_eq(stat(in_dir("plain"), &st), 0);
}
END_TEST

START_TEST(failed_write_leaves_nothing)
{
	ck_assert_int_eq(mkdir(in_dir("folder"), 0700), 0);
	ck_assert_int_eq(mkdir(in_dir("folder/full"), 0700), 0);
	ck_assert_int_eq(file_write_atomic(in_dir("folder"), "x", 1, 0600), -EISDIR);
	ck_assert_int_eq(n_files(), 1);
	ck_assert_int_eq(file_write_atomic(in_dir("no/f"), "x", 1, 0600), -ENOENT);
	ck_assert_int_eq(n_files(), 1);
}
END_TEST

/* Reads and compares; want NULL when there is nothing to get. */
static void expect(const char *name, int want_r, const char *want, const char *want_path)
{
	struct secret *s = NULL;
	char *path = NULL;

	ck_assert_int_eq(credential_read(dir, name, &s, &path), want_r);
	if (want)
		ck_assert_str_eq(s->data, want);
	else
		ck_assert_ptr_null(s);
	if (want_path)
		ck_assert_str_eq(path, want_path);
	else
		ck_assert_ptr_null(path);
	free(path);
	secret_free(s);
}

START_TEST(credentials)
{
	static const struct {
		const char *text;
		mode_t mode;
		int r;
		const char *want;
	} table[] = {
		{"token", 0400, 0, "token"},
		{"token", 0600, 0, "token"},
		{"token", 0440, 0, "token"},
		{"token", 0660, 0, "token"},
		{"token", 0404, CREDENTIAL_E_READABLE, NULL},
		{"token", 0644, CREDENTIAL_E_READABLE, NULL},
		{"token", 0602, CREDENTIAL_E_READABLE, NULL},
		{"token", 0601, CREDENTIAL_E_READABLE, NULL},
		{"token\n", 0400, 0, "token"},
		{"token\r\n", 0400, 0, "token"},
		{"token\n\n", 0400, 0, "token\n"},
		{" two\nlines ", 0400, 0, " two\nlines "},
		{"", 0400, CREDENTIAL_E_EMPTY, NULL},
		{"\n", 0400, CREDENTIAL_E_EMPTY, NULL},
		{"\r\n", 0400, CREDENTIAL_E_EMPTY, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		put("c", table[i].text, table[i].mode);
		expect("c", table[i].r, table[i].want, in_dir("c"));
	}
	ck_assert_int_eq(credential_read(dir, "c", NULL, NULL), CREDENTIAL_E_EMPTY);
}
END_TEST

START_TEST(service_manager_comes_first)
{
	put("both", "fallback", 0400);
	put("only", "fallback", 0400);
	put("broken", "fallback", 0400);
	ck_assert_int_eq(mkdir(in_dir("sys"), 0700), 0);
	put("sys/both", "given", 0440);
	put("sys/broken", "given", 0444);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", in_dir("sys"), 1), 0);
	expect("both", 0, "given", in_dir("sys/both"));
	expect("only", 0, "fallback", in_dir("only"));
	expect("none", CREDENTIAL_E_MISSING, NULL, in_dir("none"));
	/* What is wrong there is not covered up by what lies elsewhere. */
	expect("broken", CREDENTIAL_E_READABLE, NULL, in_dir("sys/broken"));
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "", 1), 0);
	expect("both", 0, "fallback", in_dir("both"));
}
END_TEST

START_TEST(credential_names)
{
	static const char *const bad[] = {
		"", ".", "..", ".hidden", "a/b", "/etc/passwd", "../c", "a\n", "a\x7f"};
	char name[LIMIT_CREDENTIAL_NAME_BYTES + 2];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect(bad[i], CREDENTIAL_E_NAME, NULL, NULL);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	expect(name, CREDENTIAL_E_NAME, NULL, NULL);
	name[sizeof(name) - 2] = '\0';
	expect(name, CREDENTIAL_E_MISSING, NULL, in_dir(name));
	put("contoso.refresh_token", "x", 0400);
	expect("contoso.refresh_token", 0, "x", in_dir("contoso.refresh_token"));
}
END_TEST

START_TEST(odd_credentials)
{
	static char large[LIMIT_SECRET_BYTES + 1];

	memset(large, 'x', sizeof(large));
	ck_assert_int_eq(file_write_atomic(in_dir("large"), large, sizeof(large), 0400), 0);
	expect("large", -EFBIG, NULL, in_dir("large"));
	ck_assert_int_eq(mkdir(in_dir("folder"), 0700), 0);
	expect("folder", -EINVAL, NULL, in_dir("folder"));
}
END_TEST

/* A link to a file under /etc is under /etc: its group must have no right to it. */
START_TEST(group_counts_under_etc)
{
	struct stat st;
	static const char *const candidates[] = {"/etc/shadow", "/etc/gshadow", "/etc/sudoers"};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (access(candidates[i], R_OK) < 0 || stat(candidates[i], &st) < 0 ||
			(st.st_mode & S_IRWXO) || !(st.st_mode & S_IRGRP))
			continue;
		ck_assert_int_eq(symlink(candidates[i], in_dir("link")), 0);
		expect("link", CREDENTIAL_E_READABLE, NULL, in_dir("link"));
		ck_assert_int_eq(unlink(in_dir("link")), 0);
	}
	/* Without such a file (or the right to read it), at least what everybody may read. */
	ck_assert_int_eq(symlink("/etc/passwd", in_dir("link")), 0);
	expect("link", CREDENTIAL_E_READABLE, NULL, in_dir("link"));
}
END_TEST

START_TEST(error_texts)
{
	static const struct {
		int r;
		const char *path, *want;
	} table[] = {
		{CREDENTIAL_E_MISSING, "/c/x",
			"credential 'x\\n' is missing: put it into /c/x (mode 0400, owned by the "
			"daemon's user) or name it in LoadCredential= of the unit"},
		{CREDENTIAL_E_READABLE, "/c/x",
			"credential 'x\\n' may be read by others: chmod 0400 /c/x"},
		{CREDENTIAL_E_EMPTY, "/c/x", "credential 'x\\n' is empty: /c/x"},
		{CREDENTIAL_E_NAME, NULL,
			"credential 'x\\n' is not a valid name: no slash, no dot in front, at most "
			"255 "
			"bytes"},
		{-EINVAL, "/c/x", "credential 'x\\n' is not a regular file: /c/x"},
		{-EFBIG, "/c/x", "credential 'x\\n' is larger than 65536 bytes: /c/x"},
		{-EACCES, "/c/x", "credential 'x\\n' cannot be read: /c/x: Permission denied"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct buf out = BUF_INIT(1000);
		credential_error_text(table[i].r, "x\n", table[i].path, &out);
		ck_assert_str_eq(buf_text(&out), table[i].want);
		buf_done(&out);
	}
}
END_TEST

START_TEST(space)
{
	ck_assert_int_gt(file_space_available(dir), 0);
	ck_assert_int_eq(file_space_available(in_dir("none")), -ENOENT);
}
END_TEST

Suite *suite(void);

Suite *suite(void)
{
	Suite *s = suite_create("fsx");
	TCase *tc = tcase_create("fsx");

	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, reads_whole_files);
	tcase_add_test(tc, reads_regular_files_only);
	tcase_add_test(tc, writes_whole_files);
	tcase_add_test(tc, writes_in_the_working_directory);
	tcase_add_test(tc, failed_write_leaves_nothing);
	tcase_add_test(tc, credentials);
	tcase_add_test(tc, service_manager_comes_first);
	tcase_add_test(tc, credential_names);
	tcase_add_test(tc, odd_credentials);
	tcase_add_test(tc, group_counts_under_etc);
	tcase_add_test(tc, error_texts);
	tcase_add_test(tc, space);
	suite_add_tcase(s, tc);
	return s;
}
