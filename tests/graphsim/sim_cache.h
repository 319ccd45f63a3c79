/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a tenant in which everything happened at once (event=), kept compressed: a measurement
 * of a client is not to be one of the simulator. Elements are the same for every job; what stands
 * around them is made anew.
 */
#pragma once

#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_job.h"

/* Where the walk stands behind the elements of a page. */
struct sim_walk {
	struct sim_row row; /* the next one */
	size_t rows;	    /* on the page */
	bool more;
};

/* True: the response has the elements already, and *ret is written. */
bool sim_cache_find(struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page,
	struct sim_walk *ret);
/* Keeps the elements, which begin at `from` of the body. */
void sim_cache_put(struct sim_ctx *c, const struct sim_job *j, const struct sim_page *page,
	size_t from, const struct sim_walk *walk);
void sim_cache_new(struct sim *s, sim_squeeze_fn squeeze);
void sim_cache_free(struct sim *s);
