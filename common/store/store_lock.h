/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock file of the one writer, beside the database and never removed. The kernel drops the
 * lock when its holder ends, however it ends; what the file says is only for people.
 */
#pragma once

enum store_lock_error {
	STORE_LOCK_E_HELD = 1, /* *ret_holder has the holder's words */
};

/*
 * Takes the lock of the database at path and writes who has it. Does not wait. 0 and *ret_fd
 * (close() it to give the lock up), STORE_LOCK_E_HELD, or -errno. ret_holder: free() it.
 */
int store_lock_take(const char *path, const char *words, int *ret_fd, char **ret_holder);
