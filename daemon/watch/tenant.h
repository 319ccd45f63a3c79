/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One watched tenant while the daemon runs: what every stage needs to know of it. Made and freed by
 * daemon.c; stages hold pointers and are told before it goes. A reload that changes the tenant
 * replaces conf, auth and graph in place, between turns of the loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"

struct auth;
struct conf_tenant;
struct graph;

struct tenant {
	int64_t id;		  /* row in the store */
	struct conf_tenant *conf; /* one reference */
	struct auth *auth;
	struct graph *graph;
	bool leaving; /* left the configuration: nothing new is started */

	/* for status and decisions; written by the stage in brackets */
	int64_t last_look_us;	       /* [look] wall time of the last good look; TIME_NONE */
	int64_t next_look_us;	       /* [ticker] wall time */
	int64_t newest_snapshot_us;    /* [look] */
	int64_t clock_offset_us;       /* [look] service's clock minus ours */
	int64_t hold_until_us;	       /* [queue] from `snapwatch yield`; TIME_NONE */
	int64_t usual_job_us;	       /* [queue] 0: not known */
	bool slot_foreign;	       /* [look, job] somebody else's job is running */
	int64_t slot_foreign_since_us; /* wall time; a restart knows it from the job's start */
	bool slot_refused;  /* [job] the service said that it is taken, and lists nobody who has it
			     */
	char *look_trouble; /* [look] why the last look failed; NULL */
	enum { LOOK_GOOD, LOOK_SIGN_IN, LOOK_NETWORK, LOOK_THROTTLED, LOOK_OTHER } look_outcome;
	bool looking; /* [look] */
};

/* Somebody else's job has the slot; started_us: by the service's clock, TIME_NONE: not told. */
static inline void tenant_slot_taken(struct tenant *t, int64_t started_us, int64_t now_us)
{
	int64_t since_us = started_us == TIME_NONE ? now_us : started_us - t->clock_offset_us;

	if (since_us > now_us)
		since_us = now_us;
	if (!t->slot_foreign || since_us < t->slot_foreign_since_us)
		t->slot_foreign_since_us = since_us;
	t->slot_foreign = true;
}
