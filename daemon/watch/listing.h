/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's list of a tenant's jobs, whole, page after page. It asks once and decides nothing:
 * what follows is for whoever asked. A page that came and cannot be read is said here, because the
 * call that brought it went well.
 */
#pragma once

#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/model/remote_job.h"

struct graph_reply;
struct listing;
struct tenant;

/*
 * failed: NULL, or why there is no list (its text is never NULL). jobs: what was listed, which may
 * be taken over by leaving an empty list behind. date_us: the service's time of the first page, or
 * TIME_NONE. All are valid during the callback; the listing is freed before it.
 */
typedef void (*listing_done_fn)(
	void *arg, const struct graph_reply *failed, struct remote_job_list *jobs, int64_t date_us);

/* done comes later, never from inside. 0 or -ENOMEM. */
int listing_start(struct tenant *t, listing_done_fn done, void *arg, struct listing **ret);
/* Ends it without a callback. Call it before the tenant's graph goes. */
struct listing *listing_cancel(struct listing *l);
DEFINE_CLEANUP(struct listing, listing_cancel);
