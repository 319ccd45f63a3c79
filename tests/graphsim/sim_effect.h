/* SPDX-License-Identifier: Apache-2.0 */
/* The table of effects that a fault can have, for sim_fault.c, which reads and applies them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/graphsim/sim_http.h"

struct sim_effect;

/* The value of one effect: as written, and what it means. */
struct sim_argument {
	const struct sim_effect *effect;
	char *text;
	uint64_t number;
	int64_t duration_us;
};

enum sim_argument_kind {
	SIM_ARG_FLAG,
	SIM_ARG_TEXT,
	SIM_ARG_NUMBER,
	SIM_ARG_DURATION,
	SIM_ARG_OFFSET, /* a duration with its sign */
	SIM_ARG_FILE,	/* text is what is in it */
};

struct sim_effect {
	const char *name;
	enum sim_argument_kind kind;
	const char *choices; /* words that a text may be, blanks between; NULL: any */
	/* true: the request is answered (or dropped) and is not served any more */
	bool (*before)(struct sim_ctx *c, const struct sim_argument *a);
	void (*after)(struct sim_ctx *c, const struct sim_argument *a);
};

/* NULL when there is none of that name. */
const struct sim_effect *sim_effect_find(const char *name);
/* Whether value is one of the effect's choices, if it has some. */
bool sim_effect_takes(const struct sim_effect *e, const char *value);
