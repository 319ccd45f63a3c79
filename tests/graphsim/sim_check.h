/* SPDX-License-Identifier: Apache-2.0 */
/* What a correct client sends with every request, and who it is. */
#pragma once

#include "tests/graphsim/sim_http.h"

/* Counts what is wrong with the headers of a request to Graph or to the token endpoint. */
void sim_check_headers(struct sim_ctx *c, bool graph);
/* Without include-unknown-enum-members: a violation wherever enums are sent. */
void sim_check_prefer(struct sim_ctx *c);

/* Finds tenant and token by the Authorization header; changes nothing and answers nothing. */
void sim_identify(struct sim_ctx *c);

/* What an operation needs. */
enum sim_need {
	SIM_NEED_READ,	 /* EntraBackup.Read.All, delegated or application */
	SIM_NEED_POLL,	 /* as the switch poll says */
	SIM_NEED_CREATE, /* EntraBackup.ReadWrite.Preview, delegated */
	SIM_NEED_ME,	 /* User.Read or Directory.Read.All, delegated */
	SIM_NEED_NEVER,	 /* what this client must never do */
};
/* True when the token will do; else the answer is written and what was wrong is counted. */
bool sim_authorise(struct sim_ctx *c, enum sim_need need);
