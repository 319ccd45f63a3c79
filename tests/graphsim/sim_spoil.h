/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What faults do to a body that is JSON. All of them work on its text, because most of what they
 * make of it no JSON writer would write; on a body without the place they need they do nothing.
 */
#pragma once

#include "tests/graphsim/sim_effect.h"

/* remove=KEY, null=KEY: every member of that name is left out, or null; duplicate=KEY: the first of
 * them is there twice. */
void sim_spoil_remove(struct sim_ctx *c, const struct sim_argument *a);
void sim_spoil_null(struct sim_ctx *c, const struct sim_argument *a);
void sim_spoil_duplicate(struct sim_ctx *c, const struct sim_argument *a);
/* deep=N: so many arrays, one in the other, in the state of the first row. */
void sim_spoil_deep(struct sim_ctx *c, const struct sim_argument *a);
/* size=N: so many bytes in all, by a long text in the state of the first row. */
void sim_spoil_size(struct sim_ctx *c, const struct sim_argument *a);
/* name=WHAT: the first display name begins with that. */
void sim_spoil_name(struct sim_ctx *c, const struct sim_argument *a);
/* short_ids: every GUID that is an "id" has 35 characters, as in a documented example. */
void sim_spoil_ids(struct sim_ctx *c, const struct sim_argument *a);
/* malformed: looks like JSON until its end. */
void sim_spoil_end(struct sim_ctx *c, const struct sim_argument *a);
/* nextlink=foreign, loop, endless, or the link itself. */
void sim_spoil_link(struct sim_ctx *c, const struct sim_argument *a);
