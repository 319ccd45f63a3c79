/* SPDX-License-Identifier: Apache-2.0 */
/* Token requests that should not have come again so soon. */
#pragma once

#include "tests/graphsim/sim_http.h"

/* Before a token request of a known tenant. False: it is a loop, and was counted. */
bool sim_repeat_check(struct sim_ctx *c);
/* After it. */
void sim_repeat_note(struct sim_ctx *c);
