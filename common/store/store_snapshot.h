/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots as they were listed, with first and last sight. Inside the transaction of the caller.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/model/retention.h"
#include "common/model/snapshot.h"
#include "common/store/db.h"

struct store;

/*
 * Notes a complete list. ret_new: how many were never listed before. 0, -ESTALE (the tenant's lease
 * is somebody else's), or < 0.
 */
int store_snapshot_seen(struct store *s, int64_t tenant, const struct snapshot_list *list,
	int64_t at_us, size_t *ret_new);

/*
 * The greatest age at which a snapshot was still listed, among those listed since since_us: how
 * long the service keeps them. TIME_NONE when there is none.
 */
int store_snapshot_retention(struct store *s, int64_t tenant, int64_t since_us, int64_t *ret_us);

/*
 * What was listed since since_us, newest first; entries with the same creation time are one.
 * ret: free() it; NULL when there is none. 0 or < 0.
 */
int store_snapshot_sightings(
	struct store *s, int64_t tenant, int64_t since_us, struct sighting **ret, size_t *ret_n);
