/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tests talk to a simulator that runs as a program: /sim/line (POST, one scenario line per
 * line of the body), as JSON /sim/violations, /sim/counts, /sim/hooks, and as text /sim/tokens (all
 * that were ever valid, one a line). Not counted, never faulty; served only when struct sim_options
 * asks for it.
 */
#pragma once

#include "tests/graphsim/sim_http.h"

void sim_control(struct sim_ctx *c, const char *what);
