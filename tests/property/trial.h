/* SPDX-License-Identifier: Apache-2.0 */
/* One history played in a process of its own, and judged. */
#pragma once

#include "tests/property/history.h"
#include "tests/property/oracle.h"

struct trial {
	struct oracle_stats stats; /* summed up over all trials */
	struct oracle_verdict verdict;
};

/* Memory that children write into; NULL when there is none. */
struct trial *trial_new(void);
/* Plays h; t->verdict is about it. False when something is wrong. */
bool trial_run(struct trial *t, const struct history *h);
/* Plays the scenario in text with its last line, an `expect`. True when only that fails. */
bool trial_fails_as_scenario(struct trial *t, const char *text);
