/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which waiting runs go now. Pure: what is known of each run comes in as data. A lane is a tenant:
 * one run of it may be at the service at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_candidate {
	size_t lane;
	int64_t id, due_us;  /* the earlier due one goes first, then the one with the lower id */
	int64_t earliest_us; /* hold, quiet hours and back-off allow it from then on */
	bool underway; /* may exist at the service already: goes on at once, whatever the limits */
	bool needs_slot; /* false: what is left is reading or judging */
};

/*
 * order: the candidates' indexes in any order; its first part becomes the indexes of those that go
 * now, in the order of starting. Returns how many. lane_busy: a run of that lane is at the service;
 * updated. n_free: how many more may be there over all lanes. *ret_next_us: when the next one would
 * be allowed that time alone holds back; TIME_NONE when there is none.
 */
size_t queue_pick(const struct queue_candidate *candidates, size_t n, size_t *order,
	bool *lane_busy, size_t n_free, int64_t now_us, int64_t *ret_next_us);
