/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says whether what a daemon made of a history is true. It knows the directory (truth.h), what each
 * preview showed, and the steps that findings went (audit.h); how the daemon decides it does not
 * know. README.md lists what it asks for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/property/audit.h"

struct conf;
struct sim;

struct oracle_stats {
	uint64_t histories, jobs, unverified, late, sights, episodes, ambiguous, undone, vanished,
		absorbed, brought_back, closed, alerts;
};

struct oracle_verdict {
	bool failed;
	const char *check; /* which one: the same pointer for the same kind of failure */
	char message[600];
	char expect[300]; /* an `expect` line that says what should be; "" when none can */
};

/* conf: for rules, margin and first_run. */
void oracle_judge(struct sim *sim, const struct conf *conf, const struct audit *audit,
	bool quiet_end, struct oracle_stats *stats, struct oracle_verdict *ret);
