/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of changes as the service sent them, and a slim row per change. A page, its rows and the
 * link to the next page are one transaction: a job's rows are always those of its first n pages.
 * Owns the columns next_link, pages, changes and unknown of a job.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/model/change.h"
#include "common/store/store.h"

enum store_page_error {
	STORE_PAGE_E_MISSING = 1, /* no such job, page or change */
	STORE_PAGE_E_ORDER,	  /* not the page that comes next */
	STORE_PAGE_E_LOOP,	  /* its link to the next page is the one that led to it */
	STORE_PAGE_E_DAMAGED,	  /* what is stored is not what was stored */
};

/*
 * Stores page number (from 1) of a job: raw compressed with its hash, a row for each change, the
 * next link. 0, an enum store_page_error but DAMAGED, -ESTALE (store_lease.h), or as in db.h.
 */
int store_page_put(struct store *s, int64_t job, int64_t number, const void *raw, size_t len,
	const struct change_page *page);

/* Throws away all pages and rows of a job, so that it is read anew. 0, MISSING, -ESTALE. */
int store_page_forget(struct store *s, int64_t job);

/* Appends the decoded page; ret_first (may be NULL): the ordinal of its first change. 0, MISSING,
 * DAMAGED. */
int store_page_read(
	struct store *s, int64_t job, int64_t number, struct buf *out, int64_t *ret_first);

/* How many different objects (type and id) a job's rows name. */
int store_page_distinct(struct store *s, int64_t job, int64_t *ret);

/* A row as stored. */
struct store_change {
	int64_t job, ordinal; /* ordinal: from 1, over all pages */
	int64_t page;	      /* where the whole element is: store_element.h */
	/* TIME_NONE: not told; that of creation is not kept for what was modified */
	int64_t deleted_at_us, created_at_us;
	uint8_t anchors[CHANGE_ANCHORS][16]; /* GUIDs that a grant or an assignment hangs on */
	size_t n_anchors;
	char *text; /* owns the texts below */
	const char *entity_type, *object_id, *change, *changed;
	const char *name; /* NULL: not told */
};
struct store_changes {
	struct store_change *items;
	size_t n;
};
void store_changes_done(struct store_changes *list);

/*
 * Up to limit rows of a job behind an ordinal (0: from the start), in the order of the service.
 * change and entity_type: NULL for all. A full list means that there may be more: ask again behind
 * its last one, so that nobody keeps a long view of the store.
 */
int store_change_list(struct store *s, int64_t job, int64_t after, const char *change,
	const char *entity_type, size_t limit, struct store_changes *ret);
/* The same of one object. Nothing before the last page of the job has come. */
int store_change_of_object(struct store *s, int64_t job, const char *object_id, int64_t after,
	size_t limit, struct store_changes *ret);
