/* SPDX-License-Identifier: Apache-2.0 */
/* The table of switches. tests/graphsim/README.md explains each; adding one is a row here. */
#include "tests/graphsim/sim_switch.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/parse.h"

#define MAX_CHOICES 5

static const struct {
	const char *name;
	const char *choices[MAX_CHOICES]; /* none: a number or a duration */
	bool duration;
	int64_t fallback; /* index of the choice, or the value */
} table[_SIM_SW_MAX] = {
	[SIM_SW_SNAPSHOT_ID] = {"snapshot_id", {"unix", "iso"}, false, SIM_SNAPSHOT_ID_UNIX},
	[SIM_SW_CONTEXT] = {"context", {"odata", "bare"}, false, SIM_CONTEXT_ODATA},
	[SIM_SW_SNAPSHOT_ROWS] = {"snapshot_rows", {"live", "documented"}, false,
		SIM_SNAPSHOT_ROWS_LIVE},
	[SIM_SW_SNAPSHOT_GET] = {"snapshot_get", {"missing", "served"}, false,
		SIM_SNAPSHOT_GET_MISSING},
	[SIM_SW_ORDER] = {"order", {"newest", "oldest", "shuffled"}, false, SIM_ORDER_NEWEST},
	[SIM_SW_LOCATION] = {"location", {"absolute", "relative"}, false, SIM_LOCATION_ABSOLUTE},
	[SIM_SW_LOCATION_PATH] = {"location_path", {"snapshot", "jobs"}, false,
		SIM_LOCATION_PATH_SNAPSHOT},
	[SIM_SW_TOTALS] = {"totals", {"null", "zero"}, false, SIM_TOTALS_ZERO},
	[SIM_SW_FUNCTION] = {"function", {"qualified", "plain", "parens", "any"}, false,
		SIM_FUNCTION_ANY},
	[SIM_SW_WORKING] = {"working", {"calculating", "running"}, false, SIM_WORKING_CALCULATING},
	[SIM_SW_CAPTURE] = {"capture", {"post", "loaded", "end"}, false, SIM_CAPTURE_POST},
	[SIM_SW_POLL] = {"poll", {"any", "delegated", "app"}, false, SIM_POLL_ANY},
	[SIM_SW_NEXTLINK] = {"nextlink", {"skiptoken", "skip"}, false, SIM_NEXTLINK_SKIPTOKEN},
	[SIM_SW_PAGE] = {"page", {NULL}, false, 0},
	[SIM_SW_COUNT] = {"count", {"off", "on"}, false, SIM_OFF_OFF},
	[SIM_SW_CURRENT_STATE] = {"current_state", {"changed", "full"}, false,
		SIM_CURRENT_STATE_CHANGED},
	[SIM_SW_ROTATION] = {"rotation", {"on", "off"}, false, SIM_ON_ON},
	[SIM_SW_REUSE_DETECTION] = {"reuse_detection", {"off", "on"}, false, SIM_OFF_OFF},
	[SIM_SW_TOKEN_LIFETIME] = {"token_lifetime", {NULL}, true, 75 * USEC_PER_MIN},
	[SIM_SW_CANCEL_TAKES] = {"cancel_takes", {NULL}, true, 0},
};

int64_t sim_switch_default(enum sim_switch_id id)
{
	return table[id].fallback;
}

const char *sim_switch_name(enum sim_switch_id id)
{
	return id < _SIM_SW_MAX ? table[id].name : NULL;
}

static int parse_value(unsigned id, const char *value, int64_t *ret)
{
	uint64_t n;

	for (unsigned i = 0; i < MAX_CHOICES && table[id].choices[i]; i++) {
		if (strcmp(table[id].choices[i], value) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (table[id].choices[0])
		return -EINVAL;
	if (table[id].duration)
		return parse_duration(value, 0, 365 * USEC_PER_DAY, ret);
	if (parse_u64(value, 0, 1000000, &n) < 0)
		return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}

int sim_switch_set(
	struct sim_switches *switches, const char *name, const char *value, struct buf *error)
{
	for (unsigned id = 0; id < _SIM_SW_MAX; id++) {
		if (strcmp(table[id].name, name) != 0)
			continue;
		if (parse_value(id, value, &switches->value[id]) < 0) {
			buf_printf(error, "switch %s: '%s' is none of its positions:", name, value);
			for (unsigned i = 0; i < MAX_CHOICES && table[id].choices[i]; i++)
				buf_printf(error, " %s", table[id].choices[i]);
			if (!table[id].choices[0])
				buf_puts(error, table[id].duration ? " a duration" : " a number");
			return -EINVAL;
		}
		switches->set[id] = true;
		return 0;
	}
	buf_printf(error, "no switch '%s'; there are:", name);
	for (unsigned id = 0; id < _SIM_SW_MAX; id++)
		buf_printf(error, " %s", table[id].name);
	return -EINVAL;
}
