/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs as the service lists them, ours and everybody's, and which of them people were told of.
 * Inside the transaction of the caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/model/remote_job.h"
#include "common/store/db.h"

struct store;

struct store_remote_job_seen {
	bool ours; /* created or adopted by one of our runs */
	bool told_start, told_end;
};

/* Notes a job as listed now. 0, -ESTALE (the tenant's lease is somebody else's), or < 0. */
int store_remote_job_note(struct store *s, int64_t tenant, const struct remote_job *job,
	int64_t at_us, struct store_remote_job_seen *ret);

/* People were told that it runs (or, ended, of its end, which implies the start). 0, -ESTALE, < 0.
 */
int store_remote_job_told(struct store *s, int64_t tenant, const char *service_id, bool ended);

/*
 * True when a run has stored its intent to create a job and does not know yet whether there is one:
 * then a preview that nobody knows may be ours.
 */
int store_remote_job_creating(struct store *s, int64_t tenant, bool *ret);

/* A recovery of somebody else. */
struct store_recovery {
	char *service_id, *filter; /* filter: criteria as JSON, "" for none */
	int64_t started_us;
	int64_t ended_us; /* TIME_NONE: it was running when it was listed last */
};
/*
 * Recoveries that ran in (from, to): latest first, at most limit. One without a time of completion
 * ran until it was listed last. ret: store_recovery_done() each. 0 or < 0.
 */
int store_remote_job_recoveries(struct store *s, int64_t tenant, int64_t from_us, int64_t to_us,
	struct store_recovery *items, size_t limit, size_t *ret_n);
void store_recovery_done(struct store_recovery *r);
