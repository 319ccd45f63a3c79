/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripted faults: which requests they meet, and what they do to them. What they can do is a table
 * of effects in sim_fault.c; a new kind of fault is one row there.
 */
#pragma once

#include "tests/graphsim/sim_http.h"
#include "tests/graphsim/sim_script.h"

struct sim_fault;

/* fault TENANT|* METHOD PATH-GLOB [matching] effect...; fault clear */
int sim_fault_add(struct sim_cmd *c);
void sim_fault_free(struct sim_fault *f);

/* The first fault that this request meets, NULL for none. Counts the request. */
struct sim_fault *sim_fault_match(struct sim_ctx *c);
/* Effects before the request is served; true: it is answered, or must not be. */
bool sim_fault_before(struct sim_ctx *c, struct sim_fault *f);
/* Effects on the finished answer. */
void sim_fault_after(struct sim_ctx *c, struct sim_fault *f);
