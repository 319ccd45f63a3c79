/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the changes of a successful preview job, as its user sees it: what job and pages share,
 * so that neither knows the other. pages.h is behind it; daemon.c puts them together.
 */
#pragma once

#include <stdint.h>

#include "daemon/graph/retry.h"

struct pages;
struct reading;
struct run;
struct tenant;

enum reading_outcome {
	READING_COMPLETE, /* the chain has ended; run's counters are current */
	READING_GONE,	  /* job or changes are no longer there */
	READING_BAD,   /* cannot be read: not JSON, too deep, looping or foreign link, too many */
	READING_LATER, /* sign-in, throttling, network: try again after retry_after_us */
	READING_LINK_REFUSED, /* the stored link is refused: read anew from the first page */
};
typedef void (*reading_done_fn)(void *arg, enum reading_outcome outcome, enum graph_outcome why,
	const char *text, const char *hint, int64_t retry_after_us);

struct reading_ops {
	/*
	 * Goes on where run->next_link says; done comes later, never from inside. Updates run
	 * (next_link, pages, changes, unknown). ret is valid until done is called. 0 or -errno.
	 */
	int (*start)(struct pages *p, struct tenant *t, struct run *run, reading_done_fn done,
		void *arg, struct reading **ret);
	/* Throws away what is stored of the run's pages, so that it is read anew. */
	int (*reset)(struct pages *p, struct run *run, void (*done)(void *arg, int r), void *arg,
		struct reading **ret);
	/* Ends either without a callback. NULL is allowed. */
	void (*cancel)(struct reading *r);
};
