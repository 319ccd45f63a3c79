/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the changes of a successful preview job, page after page: fetch, hand the raw bytes to the
 * store thread, go on at the stored link. One budget of bytes in flight over all tenants.
 */
#pragma once

#include "common/base/cleanup.h"
#include "common/model/run.h"
#include "daemon/graph/retry.h"

struct loop;
struct pages;
struct pages_read;
struct store_thread;
struct tenant;

int pages_new(struct loop *l, struct store_thread *st, struct pages **ret);
struct pages *pages_free(struct pages *p);
DEFINE_CLEANUP(struct pages, pages_free);

enum pages_outcome {
	PAGES_COMPLETE, /* the chain has ended; run's counters are current */
	PAGES_GONE,	/* job or changes are no longer there */
	PAGES_BAD,	/* cannot be read: not JSON, too deep, looping or foreign link, too many */
	PAGES_LATER,	/* sign-in, throttling, network: try again after retry_after_us */
	PAGES_LINK_REFUSED, /* the stored link is refused: read anew from the first page */
};
typedef void (*pages_done_fn)(void *arg, enum pages_outcome outcome, enum graph_outcome why,
	const char *text, const char *hint, int64_t retry_after_us);

/*
 * Goes on where run->next_link says; done comes later, never from inside. Updates run (next_link,
 * pages, changes, unknown). ret is valid until done is called. 0 or -errno.
 */
int pages_start(struct pages *p, struct tenant *t, struct run *run, pages_done_fn done, void *arg,
	struct pages_read **ret);
/* Throws away what is stored of the run's pages, so that it is read anew. */
int pages_reset(struct pages *p, struct run *run, void (*done)(void *arg, int r), void *arg,
	struct pages_read **ret);
/* Ends either without a callback. NULL is allowed. Every reading ends before pages_free(). */
void pages_cancel(struct pages_read *r);
