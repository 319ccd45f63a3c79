/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver of alerts: POST /hook/NAME, Standard Webhooks with a shared secret. */
#pragma once

#include "tests/graphsim/sim_http.h"
#include "tests/graphsim/sim_script.h"

/* hook NAME secret=whsec_... */
int sim_hook_add(struct sim_cmd *c);
/* Answers one delivery, keeps it, and counts what is wrong with it. */
void sim_hook_receive(struct sim_ctx *c, const char *name);
void sim_hooks_done(struct sim *s);
