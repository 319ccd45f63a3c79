/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the name of whom a directory belongs to. When root lends the store a hand, what is
 * created there must be the service's, which could not even read it otherwise; and in a directory
 * that is another user's, root must not follow what that one may have put there. Everything else,
 * credentials for instance, is still read as root.
 *
 * It is the calling thread's, and that of threads that it starts meanwhile (setfsuid(2)).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct file_owner {
	bool other; /* false: nothing has to change */
	uid_t uid;
	gid_t gid;
};

/* The owner of the directory that path is in; nothing changes for who is not root. 0 or -errno. */
int file_owner_of(const char *path, struct file_owner *ret);
/* 0, or -EPERM: the kernel did not let us. */
int file_owner_enter(const struct file_owner *o);
void file_owner_leave(const struct file_owner *o);
