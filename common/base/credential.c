/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from files that an administrator or the service manager provides; declared in fsx.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/fsx_private.h"
#include "common/base/limits.h"
#include "common/base/text.h"

static bool name_ok(const char *name)
{
	if (!*name || *name == '.' || strlen(name) > LIMIT_CREDENTIAL_NAME_BYTES)
		return false;
	for (const char *p = name; *p; p++) {
		if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	}
	return true;
}

/* By the file itself, so that a link into /etc is under /etc; by its path where /proc is missing.
 */
static bool is_under_etc(int fd, const char *path)
{
	char link[64], target[PATH_MAX];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return strncmp(path, "/etc/", 5) == 0;
	target[n] = '\0';
	return strncmp(target, "/etc/", 5) == 0;
}

/* The file without its last line feed. */
static int read_secret(int fd, struct secret **ret)
{
	_cleanup_(buf_done) struct buf content = BUF_INIT_SECRET(LIMIT_SECRET_BYTES);

	int r = file_read_fd(fd, &content);
	if (r < 0)
		return r;
	if (content.len > 0 && content.data[content.len - 1] == '\n')
		buf_truncate(&content, content.len - 1);
	if (content.len > 0 && content.data[content.len - 1] == '\r')
		buf_truncate(&content, content.len - 1);
	if (content.len == 0)
		return CREDENTIAL_E_EMPTY;
	return secret_new(content.data, content.len, ret);
}

int credential_read_file(const char *path, struct secret **ret)
{
	struct stat st;
	_cleanup_(closep) int fd = file_open_regular(path, &st);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return CREDENTIAL_E_MISSING;
	if (fd < 0)
		return fd;
	if (st.st_mode & S_IRWXO)
		return CREDENTIAL_E_READABLE;
	if (st.st_mode & S_IRWXG && is_under_etc(fd, path))
		return CREDENTIAL_E_READABLE;
	return read_secret(fd, ret);
}

/* *path is replaced by the one that is tried. */
static int read_from(const char *dir, const char *name, char **path, struct secret **ret)
{
	free(*path);
	if (asprintf(path, "%s/%s", dir, name) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	return credential_read_file(*path, ret);
}

int credential_read(
	const char *fallback_dir, const char *name, struct secret **ret, char **ret_path)
{
	_cleanup_(freep) char *path = NULL;
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	int r = CREDENTIAL_E_MISSING;

	if (!name_ok(name))
		r = CREDENTIAL_E_NAME;
	if (r == CREDENTIAL_E_MISSING && !text_empty(dir))
		r = read_from(dir, name, &path, ret);
	if (r == CREDENTIAL_E_MISSING)
		r = read_from(fallback_dir, name, &path, ret);
	if (ret_path)
		*ret_path = TAKE_PTR(path);
	return r;
}

void credential_error_text(int r, const char *name, const char *path, struct buf *out)
{
	const char *where = path ? path : CREDENTIAL_FALLBACK_DIR;

	buf_puts(out, "credential '");
	text_append_visible(out, name, strlen(name));
	switch (r) {
	case CREDENTIAL_E_MISSING:
		buf_printf(out,
			"' is missing: put it into %s (mode 0400, owned by the daemon's user)"
			" or name it in LoadCredential= of the unit",
			where);
		break;
	case CREDENTIAL_E_READABLE:
		buf_printf(out, "' may be read by others: chmod 0400 %s", where);
		break;
	case CREDENTIAL_E_EMPTY:
		buf_printf(out, "' is empty: %s", where);
		break;
	case CREDENTIAL_E_NAME:
		buf_puts(
			out, "' is not a valid name: no slash, no dot in front, at most 255 bytes");
		break;
	case -EINVAL:
		buf_printf(out, "' is not a regular file: %s", where);
		break;
	case -EFBIG:
		buf_printf(out, "' is larger than %u bytes: %s", LIMIT_SECRET_BYTES, where);
		break;
	default:
		buf_printf(out, "' cannot be read: %s: %s", where, err_text(r));
		break;
	}
}
