/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for damage in a database of SQLite. Only db_sqlite*.c include this. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

/*
 * Reads the database for limit_us at most. 0: sound; 1: time was over first; -EUCLEAN and the first
 * thing that is wrong in words (no value of a row); -errno. Blocks; no statement may be open.
 */
int sqlite_check(sqlite3 *handle, int64_t limit_us, char *words, size_t size);
