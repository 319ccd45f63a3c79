/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory that is computed: objects of them, each with an event every objects / daily days.
 * Seven of ten objects are modified by their events; two are deleted by one and brought back by the
 * next; one makes way for a new object (the old one is gone for good). Nothing is remembered, so
 * a million differences cost no more memory than one.
 */
#pragma once

#include <stdint.h>

#include "tests/graphsim/sim_dir.h"

struct sim_dir *sim_proc_new(uint64_t seed, const char *domain, uint64_t objects, uint64_t daily);
/* The same, but each object has one event, all at the same time; pad bytes are added to a property
 * of each to make them larger. */
struct sim_dir *sim_proc_new_event(
	uint64_t seed, const char *domain, uint64_t objects, int64_t event_us, uint64_t pad);
