/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system under SQLite that dies: what SQLite has written up to a point is on the disk, and
 * nothing after it, as when the process is killed or the power fails.
 */
#pragma once

/* From now on every database that is opened is over it, and lives. */
void vfs_dying_install(void);
/*
 * Dies at the n-th write, sync, truncation or removal from now on; half of that write is done. 0:
 * lives.
 */
void vfs_dying_at(unsigned n);
/* How many of them there were since then. */
unsigned vfs_dying_count(void);
