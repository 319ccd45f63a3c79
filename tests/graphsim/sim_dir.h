/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory as the recovery service sees it: the differences between two instants, one by one.
 * Two kinds stand behind it: sim_real (objects with their whole history, changed by scenario
 * steps) and sim_proc (object i at time t is a function of seed, i and t; no memory at all).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "tests/graphsim/sim_type.h"

enum sim_action { SIM_ACTION_SOFT_DELETE, SIM_ACTION_UPDATE, SIM_ACTION_RESTORE };

struct sim_row {
	uint64_t pos; /* in the walk; the next one is looked for at pos + 1 */
	enum sim_type type;
	enum sim_action action;
	unsigned links; /* members added and removed */
	char id[SIM_ID_SIZE];
};

struct sim_link {
	char id[SIM_ID_SIZE];
	enum sim_type type;
	bool added; /* a member now, not in the older state */
};

struct sim_detail {
	const char *const
		*before; /* JSON text per property of the type; NULL: there was no such object */
	const char *const *after;
	int64_t deleted_us; /* SIM_ACTION_RESTORE: when it was deleted */
	const struct sim_link *links;
	size_t n_links;
};

struct sim_dir {
	const struct sim_dir_ops *ops;
	/* not 0: all that ever happens happens then, so any two instants around it differ alike */
	int64_t event_us;
};

struct sim_dir_ops {
	/* The first difference at or after row->pos between the states at from_us and to_us. */
	bool (*next)(struct sim_dir *dir, int64_t from_us, int64_t to_us, struct sim_row *row);
	/* What a row found by next() consists of; valid until the next call. */
	void (*load)(struct sim_dir *dir, int64_t from_us, int64_t to_us, const struct sim_row *row,
		struct sim_detail *ret);
	void (*free)(struct sim_dir *dir);
};

/* What a preview is asked to look at. Zeroed: everything. */
struct sim_filter {
	bool by_type, by_id;
	bool types[_SIM_TYPE_MAX];
	struct sim_filter_id {
		enum sim_type type;
		char id[SIM_ID_SIZE];
	} * ids;
	size_t n_ids;
};
void sim_filter_done(struct sim_filter *f);

/* next() with a filter over it. */
bool sim_diff_next(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_filter *filter, struct sim_row *row);
/* How many rows, and links in them, there are. */
void sim_diff_count(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_filter *filter, uint64_t *ret_rows, uint64_t *ret_links);

/* Whether a row has differences of properties and of links, so that it may be shown as two. */
bool sim_diff_divides(
	struct sim_dir *dir, int64_t from_us, int64_t to_us, const struct sim_row *row);

/* How an element is to be written. */
struct sim_element {
	enum { SIM_PART_ALL, SIM_PART_PROPS, SIM_PART_LINKS } part;
	bool sentinel;	     /* starred types become unknownFutureValue */
	bool full;	     /* currentState has every property that is set */
	bool bare_type;	     /* beta spells the type of a link without "#microsoft.graph." */
	int64_t as_of_us;    /* what a softDelete would write as deletedDateTime */
	const char *failure; /* failureMessage, or NULL */
};
/* Appends one recoveryChangeObjectBase in its documented form. */
void sim_diff_write(struct buf *out, struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_row *row, const struct sim_element *how);
