/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/conf_files.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/tmpdir.h"

static int home = -1;

void conf_files_set_up(void)
{
	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(chdir(tmpdir_make()), 0);
	ck_assert_int_eq(mkdir("tenants.d", 0700), 0);
	ck_assert_int_eq(mkdir("rules.d", 0700), 0);
}

void conf_files_tear_down(void)
{
	ck_assert_int_eq(fchdir(home), 0);
	(void)close(home);
	tmpdir_remove();
}

void put(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	(void)close(fd);
}

void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

struct conf *load(const char *expected)
{
	struct buf errors = BUF_INIT(65536), warnings = BUF_INIT(65536);
	struct conf *c = NULL;
	int r = conf_load("snapwatch.conf", &c, &errors, &warnings);

	ck_assert_msg(r == 0, "%d: %s", r, buf_text(&errors));
	if (expected)
		ck_assert_str_eq(buf_text(&warnings), expected);
	buf_done(&errors);
	buf_done(&warnings);
	return c;
}

void expect_wrong(const char *expected)
{
	struct buf errors = BUF_INIT(65536), warnings = BUF_INIT(65536);
	struct conf *c = NULL;

	ck_assert_int_eq(conf_load("snapwatch.conf", &c, &errors, &warnings), 1);
	ck_assert_ptr_null(c);
	if (expected)
		ck_assert_str_eq(buf_text(&errors), expected);
	else
		ck_assert_uint_gt(errors.len, 0);
	buf_done(&errors);
	buf_done(&warnings);
}
