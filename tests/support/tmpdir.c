/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tmpdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[128];
static pid_t owner; /* who made it; children that check forks off inherit the exit handler */

/* A failing test does not come to its teardown. */
static void remove_at_exit(void)
{
	if (owner == getpid())
		tmpdir_remove();
}

const char *tmpdir_make(void)
{
	const char *base = getenv("TMPDIR");

	if (owner != getpid())
		(void)atexit(remove_at_exit);
	owner = getpid();
	(void)snprintf(folder, sizeof(folder), "%.90s/snapwatch-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(folder)) {
		perror(folder);
		abort();
	}
	return folder;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tmpdir_remove(void)
{
	if (!folder[0])
		return;
	(void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

const char *tmpdir_path(const char *name)
{
	static char paths[4][256];
	static unsigned turn;
	char *out = paths[turn++ % 4];

	(void)snprintf(out, sizeof(paths[0]), "%s/%s", folder, name);
	return out;
}
