/* SPDX-License-Identifier: Apache-2.0 */
/* The table of switches. tests/graphsim/README.md explains each; adding one is a row here. */
#include "tests/graphsim/sim_switch.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/parse.h"

#define MAX_CHOICES 6

static const struct {
	const char *name;
	const char
		*choices[MAX_CHOICES]; /* of a number or a duration: some to try, default first */
	enum { CHOICE, NUMBER, DURATION } kind;
	int64_t fallback; /* index of the choice, or the value */
} table[_SIM_SW_MAX] = {
	[SIM_SW_SNAPSHOT_ID] = {"snapshot_id", {"unix", "iso"}, CHOICE, SIM_SNAPSHOT_ID_UNIX},
	[SIM_SW_CONTEXT] = {"context", {"odata", "bare"}, CHOICE, SIM_CONTEXT_ODATA},
	[SIM_SW_SNAPSHOT_ROWS] = {"snapshot_rows", {"live", "documented"}, CHOICE,
		SIM_SNAPSHOT_ROWS_LIVE},
	[SIM_SW_SNAPSHOT_GET] = {"snapshot_get", {"missing", "served"}, CHOICE,
		SIM_SNAPSHOT_GET_MISSING},
	[SIM_SW_ORDER] = {"order", {"newest", "oldest", "shuffled"}, CHOICE, SIM_ORDER_NEWEST},
	[SIM_SW_LOCATION] = {"location", {"absolute", "relative"}, CHOICE, SIM_LOCATION_ABSOLUTE},
	[SIM_SW_LOCATION_PATH] = {"location_path", {"snapshot", "jobs"}, CHOICE,
		SIM_LOCATION_PATH_SNAPSHOT},
	[SIM_SW_TOTALS] = {"totals", {"null", "zero", "never"}, CHOICE, SIM_TOTALS_ZERO},
	[SIM_SW_TOTALS_COUNT] = {"totals_count", {"rows", "objects"}, CHOICE,
		SIM_TOTALS_COUNT_ROWS},
	[SIM_SW_ROWS] = {"rows", {"whole", "split"}, CHOICE, SIM_ROWS_WHOLE},
	[SIM_SW_FUNCTION] = {"function", {"qualified", "plain", "parens", "any", "documented"},
		CHOICE, SIM_FUNCTION_ANY},
	[SIM_SW_WORKING] = {"working", {"calculating", "running"}, CHOICE, SIM_WORKING_CALCULATING},
	[SIM_SW_CAPTURE] = {"capture", {"post", "loaded", "end"}, CHOICE, SIM_CAPTURE_POST},
	[SIM_SW_POLL] = {"poll", {"any", "delegated", "app", "none"}, CHOICE, SIM_POLL_ANY},
	[SIM_SW_NEXTLINK] = {"nextlink", {"skiptoken", "skip"}, CHOICE, SIM_NEXTLINK_SKIPTOKEN},
	[SIM_SW_PAGE] = {"page", {"0", "7", "1"}, NUMBER, 0},
	[SIM_SW_COUNT] = {"count", {"off", "on"}, CHOICE, SIM_OFF_OFF},
	[SIM_SW_CURRENT_STATE] = {"current_state", {"changed", "full"}, CHOICE,
		SIM_CURRENT_STATE_CHANGED},
	[SIM_SW_ROTATION] = {"rotation", {"on", "off"}, CHOICE, SIM_ON_ON},
	[SIM_SW_REUSE_DETECTION] = {"reuse_detection", {"off", "on"}, CHOICE, SIM_OFF_OFF},
	[SIM_SW_SCOPE_TEXT] = {"scope_text", {"plain", "prefixed", "openid"}, CHOICE,
		SIM_SCOPE_TEXT_PLAIN},
	[SIM_SW_DECLINED] = {"declined", {"documented", "rfc"}, CHOICE, SIM_DECLINED_DOCUMENTED},
	[SIM_SW_ID_TOKEN] = {"id_token", {"standard", "optional"}, CHOICE, SIM_ID_TOKEN_STANDARD},
	[SIM_SW_TOKEN_LIFETIME] = {"token_lifetime", {"75m", "10m"}, DURATION, 75 * USEC_PER_MIN},
	[SIM_SW_CANCEL_TAKES] = {"cancel_takes", {"0s", "2m"}, DURATION, 0},
	[SIM_SW_LAG] = {"lag", {"0s", "1h"}, DURATION, 0},
};

int64_t sim_switch_default(enum sim_switch_id id)
{
	return table[id].fallback;
}

const char *sim_switch_name(enum sim_switch_id id)
{
	return id < _SIM_SW_MAX ? table[id].name : NULL;
}

const char *sim_switch_position(enum sim_switch_id id, unsigned i)
{
	if (table[id].kind != CHOICE)
		return i < MAX_CHOICES ? table[id].choices[i] : NULL;
	/* the default first */
	unsigned fallback = (unsigned)table[id].fallback;
	unsigned at = i == 0 ? fallback : i <= fallback ? i - 1 : i;
	return at < MAX_CHOICES ? table[id].choices[at] : NULL;
}

static int parse_value(unsigned id, const char *value, int64_t *ret)
{
	uint64_t n;

	if (table[id].kind == DURATION)
		return parse_duration(value, 0, 365 * USEC_PER_DAY, ret);
	if (table[id].kind == NUMBER) {
		if (parse_u64(value, 0, 1000000, &n) < 0)
			return -EINVAL;
		*ret = (int64_t)n;
		return 0;
	}
	for (unsigned i = 0; i < MAX_CHOICES && table[id].choices[i]; i++) {
		if (strcmp(table[id].choices[i], value) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int sim_switch_set(
	struct sim_switches *switches, const char *name, const char *value, struct buf *error)
{
	for (unsigned id = 0; id < _SIM_SW_MAX; id++) {
		if (strcmp(table[id].name, name) != 0)
			continue;
		if (parse_value(id, value, &switches->value[id]) < 0) {
			buf_printf(error, "switch %s: '%s' is none of its positions:", name, value);
			for (unsigned i = 0; table[id].kind == CHOICE && table[id].choices[i]; i++)
				buf_printf(error, " %s", table[id].choices[i]);
			if (table[id].kind != CHOICE)
				buf_puts(error,
					table[id].kind == DURATION ? " a duration" : " a number");
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
