/* SPDX-License-Identifier: Apache-2.0 */
/* The lock file. flock() rather than POSIX locks: those vanish when any descriptor of the file is
 * closed. */
#include "common/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/cleanup.h"

#define WORDS_MAX 256

/* Whoever took the lock this very moment may not have written yet: then nothing is known. */
static char *read_words(int fd)
{
	char text[WORDS_MAX + 1];
	ssize_t n = pread(fd, text, WORDS_MAX, 0);

	if (n < 0)
		n = 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strdup(*text ? text : "another process");
}

static int write_words(int fd, const char *words)
{
	char text[WORDS_MAX];
	int n = snprintf(text, sizeof(text), "%s\n", words);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

int store_lock_take(const char *path, const char *words, int *ret_fd, char **ret_holder)
{
	_cleanup_(freep) char *name = NULL;
	_cleanup_(closep) int fd = -1;

	if (asprintf(&name, "%s.lock", path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -errno;
		*ret_holder = read_words(fd);
		return *ret_holder ? STORE_LOCK_E_HELD : -ENOMEM;
	}
	/* A full disk must not keep the daemon from starting: it is the lock that counts. */
	int r = write_words(fd, words);
	if (r < 0 && r != -ENOSPC && r != -EDQUOT)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
