/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about files share. Private to common/base. */
#pragma once

#include <sys/stat.h>

#include "common/base/buf.h"

/* A descriptor for reading (the caller closes it), -EINVAL when path is no regular file, -errno. */
int file_open_regular(const char *path, struct stat *ret_st);

/* Appends all that can still be read. 0, -errno or the buffer's error; may leave a part. */
int file_read_fd(int fd, struct buf *out);
