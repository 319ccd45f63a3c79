/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshots the service lists: a pure function of a tenant's plan and the time. */
#pragma once

#include "tests/graphsim/sim_core.h"

#define SIM_SNAP_ID_SIZE 64
/* keep is at most 60; some may be listed twice */
#define SIM_MAX_SNAPSHOTS 128

struct sim_snapshot {
	int64_t created_us; /* the label */
	int64_t content_us; /* the instant whose state it holds */
};

/* Newest first; returns how many. A snapshot that is listed twice is there twice. */
size_t sim_snapshots(const struct sim_tenant *t, int64_t now_us,
	struct sim_snapshot out[static SIM_MAX_SNAPSHOTS]);

/* The id under the tenant's switch. Returns out. */
const char *sim_snapshot_id(
	const struct sim_tenant *t, int64_t created_us, char out[static SIM_SNAP_ID_SIZE]);

/* The listed snapshot that an id names, in either form; false when there is none (any more). */
bool sim_snapshot_find(
	const struct sim_tenant *t, int64_t now_us, const char *id, struct sim_snapshot *ret);
/* The instant an id stands for, listed or not. 0 or -EINVAL. */
int sim_snapshot_decode(const char *id, int64_t *ret_us);

/* Turns the taking of snapshots off and on; what would have been taken in between is missing. */
void sim_snapshots_turn(struct sim_tenant *t, int64_t at_us, bool on);
