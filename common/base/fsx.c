/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole with a cap, written whole or not at all. */
#include "common/base/fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/base/fsx_private.h"

#define CHUNK (16u * 1024)

int file_open_regular(const char *path, struct stat *ret_st)
{
	struct stat st;
	/* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever. */
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_st = st;
	return TAKE_FD(fd);
}

/* Bytes wanted next: what fits, and when nothing does one byte that tells whether there is more. */
static size_t next_chunk(const struct buf *out)
{
	size_t room = out->max - out->len;

	return room < CHUNK ? room : CHUNK;
}

int file_read_fd(int fd, struct buf *out)
{
	for (;;) {
		char more;
		size_t want = next_chunk(out);
		char *to = want ? buf_reserve(out, want) : &more;
		if (!to || buf_error(out))
			return buf_error(out);
		ssize_t n = read(fd, to, want ? want : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (!want) {
			out->error = -EFBIG;
			return -EFBIG;
		}
		buf_commit(out, (size_t)n);
	}
}

int file_read(const char *path, struct buf *out)
{
	struct stat st;
	size_t before = out->len;
	_cleanup_(closep) int fd = file_open_regular(path, &st);

	if (fd < 0)
		return fd;
	int r = file_read_fd(fd, out);
	if (r < 0)
		buf_truncate(out, before);
	return r;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* "dir/" of path with its slash, or "" for the working directory. */
static int directory_prefix(const char *path, char **ret)
{
	const char *slash = strrchr(path, '/');
	char *dir = strndup(path, slash ? (size_t)(slash + 1 - path) : 0);

	if (!dir)
		return -ENOMEM;
	*ret = dir;
	return 0;
}

/* Without this a crash may bring the old name back, or none. */
static int sync_directory(const char *prefix)
{
	_cleanup_(closep) int fd = open(*prefix ? prefix : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

/* Fills the file that is going to replace another. */
static int write_new(int fd, const void *data, size_t len, mode_t mode)
{
	int r = write_all(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	_cleanup_(freep) char *prefix = NULL;
	_cleanup_(freep) char *temporary = NULL;

	int r = directory_prefix(path, &prefix);
	if (r < 0)
		return r;
	/* Starts with a dot and ends in no suffix: whoever reads *.conf does not see it. */
	if (asprintf(&temporary, "%s.%s.XXXXXX", prefix, path + strlen(prefix)) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}

	_cleanup_(closep) int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_new(fd, data, len, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return r;
	}
	return sync_directory(prefix);
}

int64_t file_space_available(const char *path)
{
	struct statvfs st;
	int64_t bytes;

	if (statvfs(path, &st) < 0)
		return -errno;
	if (__builtin_mul_overflow(st.f_bavail, st.f_frsize, &bytes))
		return INT64_MAX;
	return bytes;
}
