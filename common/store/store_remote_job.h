/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs as the service lists them, ours and everybody's, and which of them people were told of.
 * Inside the transaction of the caller.
 */
#pragma once

#include <stdbool.h>
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
