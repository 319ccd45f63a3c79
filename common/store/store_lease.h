/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: every stage of a tenant runs only at the holder of its lease, and every write for a
 * tenant is fenced by it. With SQLite the one daemon holds all of them for as long as it holds the
 * lock file.
 */
#pragma once

#include <stdint.h>

#include "common/store/store.h"

enum store_lease_error {
	STORE_LEASE_E_HELD = 1, /* by another process, and not run out */
};

/* tenant: row id. Also renews one's own. */
int store_lease_take(struct store *s, int64_t tenant);

/*
 * First statement of every transaction that writes for a tenant: keeps the lease from being taken
 * until the transaction ends. 0, or -ESTALE when this process no longer holds it: then nothing may
 * be written.
 */
int store_fence(struct store *s, int64_t tenant);
/* The same for the tenant of a job. */
int store_fence_job(struct store *s, int64_t job);

/* Makes a new epoch and turns every lease over to it. For store_open(), which holds the lock. */
int store_lease_take_over(struct store *s);
