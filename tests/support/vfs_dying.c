/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vfs_dying.h"

#include <check.h>
#include <sqlite3.h>
#include <stdbool.h>

/* The file of the real one stands behind ours in the same memory. */
struct file {
	sqlite3_file base;
};

static sqlite3_vfs vfs, *under;
static unsigned doom, count;

static sqlite3_file *real(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((struct file *)(void *)f + 1);
}

/* One more; true when it is the last that is (half) done. */
static bool last(void)
{
	count++;
	return doom && count == doom;
}

static bool dead(void)
{
	return doom && count >= doom;
}

static int do_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int do_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), to, n, at);
}

static int do_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	if (dead())
		return SQLITE_IOERR_WRITE;
	if (last()) {
		(void)real(f)->pMethods->xWrite(real(f), from, n / 2, at);
		return SQLITE_IOERR_WRITE;
	}
	return real(f)->pMethods->xWrite(real(f), from, n, at);
}

static int do_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (dead() || last())
		return SQLITE_IOERR_TRUNCATE;
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int do_sync(sqlite3_file *f, int flags)
{
	if (dead() || last())
		return SQLITE_IOERR_FSYNC;
	return real(f)->pMethods->xSync(real(f), flags);
}

static int do_file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	return real(f)->pMethods->xFileSize(real(f), ret);
}

static int do_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int do_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int do_check(sqlite3_file *f, int *ret)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), ret);
}

static int do_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int do_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int do_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int do_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, ret);
}

static int do_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int do_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* without mapped files */
	.xClose = do_close,
	.xRead = do_read,
	.xWrite = do_write,
	.xTruncate = do_truncate,
	.xSync = do_sync,
	.xFileSize = do_file_size,
	.xLock = do_lock,
	.xUnlock = do_unlock,
	.xCheckReservedLock = do_check,
	.xFileControl = do_control,
	.xSectorSize = do_sector,
	.xDeviceCharacteristics = do_traits,
	.xShmMap = do_shm_map,
	.xShmLock = do_shm_lock,
	.xShmBarrier = do_shm_barrier,
	.xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	(void)v;
	f->pMethods = NULL;
	int r = under->xOpen(under, name, real(f), flags, ret_flags);
	if (r == SQLITE_OK)
		f->pMethods = &methods;
	return r;
}

static int do_delete(sqlite3_vfs *v, const char *name, int sync)
{
	(void)v;
	if (dead() || last())
		return SQLITE_IOERR_DELETE;
	return under->xDelete(under, name, sync);
}

void vfs_dying_install(void)
{
	under = sqlite3_vfs_find("unix");
	ck_assert_ptr_nonnull(under);
	vfs = *under;
	vfs.zName = "dying";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct file) + under->szOsFile;
	vfs.xOpen = do_open;
	vfs.xDelete = do_delete;
	ck_assert_int_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
	vfs_dying_at(0);
}

void vfs_dying_at(unsigned n)
{
	doom = n;
	count = 0;
}

unsigned vfs_dying_count(void)
{
	return count;
}
