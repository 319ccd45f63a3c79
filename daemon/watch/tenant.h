/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One watched tenant while the daemon runs: what every stage needs to know of it. Made and freed by
 * daemon.c; stages hold pointers and are told before it goes. A reload that changes the tenant
 * replaces conf, auth and graph in place, between turns of the loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
	int64_t last_look_us;	    /* [look] wall time of the last good look; TIME_NONE */
	int64_t next_look_us;	    /* [ticker] wall time */
	int64_t newest_snapshot_us; /* [look] */
	int64_t clock_offset_us;    /* [look] service's clock minus ours */
	int64_t hold_until_us;	    /* [queue] from `snapwatch yield`; TIME_NONE */
	int64_t usual_job_us;	    /* [queue] 0: not known */
	bool slot_foreign;	    /* [look, job] somebody else's job is running */
	int64_t slot_foreign_since_us;
	bool slot_refused;  /* [job] the service said that it is taken, and lists nobody who has it
			     */
	char *look_trouble; /* [look] why the last look failed; NULL */
	enum { LOOK_GOOD, LOOK_SIGN_IN, LOOK_NETWORK, LOOK_THROTTLED, LOOK_OTHER } look_outcome;
	bool looking; /* [look] */
};
