/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole with a cap, written whole or not at all, credentials with their modes checked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/secret.h"

/*
 * Appends the file's content. 0, -errno, -EFBIG past out->max. Regular files only (-EINVAL). Blocks
 * as long as the file system does. On failure nothing was appended.
 */
int file_read(const char *path, struct buf *out);

/*
 * Writes a new file beside path, fsyncs, renames over it, fsyncs the directory. The file has
 * exactly this mode, whatever the umask. 0 or -errno; a failure leaves the old file, except that of
 * the last fsync.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);

/*
 * Credentials: a file named name in $CREDENTIALS_DIRECTORY, else in fallback_dir. A trailing
 * newline is cut. 0, an enum credential_error, -EINVAL (no regular file), -EFBIG (over
 * LIMIT_SECRET_BYTES) or -errno.
 */
enum credential_error {
	CREDENTIAL_E_MISSING = 1,
	CREDENTIAL_E_READABLE, /* others have any right to it, or under /etc its group has */
	CREDENTIAL_E_EMPTY,
	CREDENTIAL_E_NAME, /* is empty, too long, starts with a dot, has a slash or a control
			      character */
};
#define CREDENTIAL_FALLBACK_DIR "/etc/snapwatch/credentials"
/* ret_path (may be NULL) gets the path that was tried, also on failure; NULL when the name is bad.
 * free() it. */
int credential_read(
	const char *fallback_dir, const char *name, struct secret **ret, char **ret_path);
/* The same for a file anywhere. */
int credential_read_file(const char *path, struct secret **ret);
/* "credential 'x' is missing: put it into /etc/... or LoadCredential=" and so on; appends one line
 * without a line feed. r: what credential_read() returned, 0 excepted; path: of it, may be NULL. */
void credential_error_text(int r, const char *name, const char *path, struct buf *out);

/* Bytes available to this user on the file system of path; -errno. */
int64_t file_space_available(const char *path);
