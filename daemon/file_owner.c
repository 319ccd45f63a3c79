/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/file_owner.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/cleanup.h"

int file_owner_of(const char *path, struct file_owner *ret)
{
	_cleanup_(freep) char *copy = strdup(path);
	struct stat st;

	*ret = (struct file_owner){0};
	if (!copy)
		return -ENOMEM;
	if (geteuid() != 0)
		return 0;
	if (stat(dirname(copy), &st) < 0)
		return -errno;
	*ret = (struct file_owner){.other = st.st_uid != 0, .uid = st.st_uid, .gid = st.st_gid};
	return 0;
}

/* Both calls return the former id and never an error; an id that is none changes nothing. */
static bool is_now(uid_t uid, gid_t gid)
{
	return (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid;
}

int file_owner_enter(const struct file_owner *o)
{
	if (!o->other)
		return 0;
	(void)setfsgid(o->gid);
	(void)setfsuid(o->uid);
	if (is_now(o->uid, o->gid))
		return 0;
	file_owner_leave(o);
	return -EPERM;
}

void file_owner_leave(const struct file_owner *o)
{
	if (!o->other)
		return;
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
}
