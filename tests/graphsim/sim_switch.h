/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sources leave open, or what differs between them, is a switch: one row in sim_switch.c.
 * A switch is set for the simulator or for one tenant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

enum sim_switch_id {
	SIM_SW_SNAPSHOT_ID,	/* unix iso */
	SIM_SW_CONTEXT,		/* odata bare */
	SIM_SW_SNAPSHOT_ROWS,	/* live documented */
	SIM_SW_SNAPSHOT_GET,	/* missing served */
	SIM_SW_ORDER,		/* newest oldest shuffled */
	SIM_SW_LOCATION,	/* absolute relative */
	SIM_SW_LOCATION_PATH,	/* snapshot jobs */
	SIM_SW_TOTALS,		/* null zero never */
	SIM_SW_TOTALS_COUNT,	/* rows objects */
	SIM_SW_ROWS,		/* whole split */
	SIM_SW_FUNCTION,	/* qualified plain parens any documented */
	SIM_SW_WORKING,		/* calculating running */
	SIM_SW_CAPTURE,		/* post loaded end */
	SIM_SW_POLL,		/* any delegated app none */
	SIM_SW_NEXTLINK,	/* skiptoken skip */
	SIM_SW_PAGE,		/* at most that many rows a page; 0: what the client asks for */
	SIM_SW_COUNT,		/* off on */
	SIM_SW_CURRENT_STATE,	/* changed full */
	SIM_SW_ROTATION,	/* on off */
	SIM_SW_REUSE_DETECTION, /* off on */
	SIM_SW_SCOPE_TEXT,	/* plain prefixed openid */
	SIM_SW_DECLINED,	/* documented rfc */
	SIM_SW_ID_TOKEN,	/* standard optional */
	SIM_SW_TOKEN_LIFETIME,	/* duration */
	SIM_SW_CANCEL_TAKES,	/* duration */
	SIM_SW_LAG,		/* duration */
	_SIM_SW_MAX,
};

/* Positions of the switches that are a choice, in the order of the comments above. */
enum { SIM_SNAPSHOT_ID_UNIX, SIM_SNAPSHOT_ID_ISO };
enum { SIM_CONTEXT_ODATA, SIM_CONTEXT_BARE };
enum { SIM_SNAPSHOT_ROWS_LIVE, SIM_SNAPSHOT_ROWS_DOCUMENTED };
enum { SIM_SNAPSHOT_GET_MISSING, SIM_SNAPSHOT_GET_SERVED };
enum { SIM_ORDER_NEWEST, SIM_ORDER_OLDEST, SIM_ORDER_SHUFFLED };
enum { SIM_LOCATION_ABSOLUTE, SIM_LOCATION_RELATIVE };
enum { SIM_LOCATION_PATH_SNAPSHOT, SIM_LOCATION_PATH_JOBS };
enum { SIM_TOTALS_NULL, SIM_TOTALS_ZERO, SIM_TOTALS_NEVER };
enum { SIM_TOTALS_COUNT_ROWS, SIM_TOTALS_COUNT_OBJECTS };
enum { SIM_ROWS_WHOLE, SIM_ROWS_SPLIT };
enum {
	SIM_FUNCTION_QUALIFIED,
	SIM_FUNCTION_PLAIN,
	SIM_FUNCTION_PARENS,
	SIM_FUNCTION_ANY,
	SIM_FUNCTION_DOCUMENTED
};
enum { SIM_WORKING_CALCULATING, SIM_WORKING_RUNNING };
enum { SIM_CAPTURE_POST, SIM_CAPTURE_LOADED, SIM_CAPTURE_END };
enum { SIM_POLL_ANY, SIM_POLL_DELEGATED, SIM_POLL_APP, SIM_POLL_NONE };
enum { SIM_NEXTLINK_SKIPTOKEN, SIM_NEXTLINK_SKIP };
enum { SIM_CURRENT_STATE_CHANGED, SIM_CURRENT_STATE_FULL };
enum { SIM_SCOPE_TEXT_PLAIN, SIM_SCOPE_TEXT_PREFIXED, SIM_SCOPE_TEXT_OPENID };
enum { SIM_DECLINED_DOCUMENTED, SIM_DECLINED_RFC };
enum { SIM_ID_TOKEN_STANDARD, SIM_ID_TOKEN_OPTIONAL };
enum { SIM_ON_ON, SIM_ON_OFF };	  /* rotation */
enum { SIM_OFF_OFF, SIM_OFF_ON }; /* count, reuse_detection */

struct sim_switches {
	int64_t value[_SIM_SW_MAX];
	bool set[_SIM_SW_MAX];
};

/* Sets one by name. 0, or -EINVAL with one line in error. */
int sim_switch_set(
	struct sim_switches *switches, const char *name, const char *value, struct buf *error);
int64_t sim_switch_default(enum sim_switch_id id);
/* Names for error messages and for the reference; NULL past the end. */
const char *sim_switch_name(enum sim_switch_id id);
/* Positions to try, the default first; NULL past the last. Of numbers and durations, a few. */
const char *sim_switch_position(enum sim_switch_id id, unsigned i);
