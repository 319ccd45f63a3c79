/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_snap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/parse.h"
#include "common/base/timefmt.h"

static const struct sim_snap_rule *rule_for(
	const struct sim_snap_plan *p, int64_t label_us, enum sim_snap_kind kind)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == kind && p->rules[i].at_us == label_us)
			return &p->rules[i];
	return NULL;
}

/* Where a snapshot goes in a list that is newest first and holds at most keep. */
static void insert(struct sim_snapshot *list, size_t *n, size_t keep, struct sim_snapshot s)
{
	size_t at = *n;

	while (at > 0 && list[at - 1].created_us < s.created_us)
		at--;
	if (at >= keep)
		return;
	if (*n < keep)
		(*n)++;
	memmove(&list[at + 1], &list[at], (*n - 1 - at) * sizeof(*list));
	list[at] = s;
}

static void consider(const struct sim_snap_plan *p, int64_t created_us, int64_t now_us,
	struct sim_snapshot *list, size_t *n)
{
	if (created_us + p->visible_us <= now_us)
		insert(list, n, p->keep, (struct sim_snapshot){created_us, created_us - p->lag_us});
}

static void daily(
	const struct sim_snap_plan *p, int64_t now_us, struct sim_snapshot *list, size_t *n)
{
	int64_t last_us = p->until_us != TIME_NONE && p->until_us < now_us ? p->until_us : now_us;
	int64_t day = last_us / USEC_PER_DAY;
	/* far enough back to fill the list however many were missing */
	int64_t days = p->keep + (int64_t)p->n_rules + 2;

	for (int64_t back = -1; back < days; back++) {
		int64_t label = (day - back) * USEC_PER_DAY + p->time_of_day_us;
		const struct sim_snap_rule *late = rule_for(p, label, SIM_SNAP_LATE);

		if ((p->since_us != TIME_NONE && label < p->since_us) ||
			(p->until_us != TIME_NONE && label >= p->until_us) ||
			rule_for(p, label, SIM_SNAP_MISSING))
			continue;
		consider(p, label + (late ? late->late_us : 0), now_us, list, n);
	}
}

size_t sim_snapshots(const struct sim_tenant *t, int64_t now_us,
	struct sim_snapshot out[static SIM_MAX_SNAPSHOTS])
{
	const struct sim_snap_plan *p = &t->snaps;
	struct sim_snapshot list[SIM_MAX_SNAPSHOTS / 2];
	size_t n = 0, n_out = 0;

	daily(p, now_us, list, &n);
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == SIM_SNAP_EXTRA)
			consider(p, p->rules[i].at_us, now_us, list, &n);
	int64_t lag_us = sim_switch(t->sim, t, SIM_SW_LAG);
	for (size_t i = 0; i < n; i++) {
		list[i].content_us -= lag_us;
		out[n_out++] = list[i];
		if (rule_for(p, list[i].created_us, SIM_SNAP_TWICE))
			out[n_out++] = list[i];
	}
	return n_out;
}

const char *sim_snapshot_id(
	const struct sim_tenant *t, int64_t created_us, char out[static SIM_SNAP_ID_SIZE])
{
	char text[TIME_TEXT_SIZE];
	struct buf id = BUF_INIT(SIM_SNAP_ID_SIZE - 1);

	if (sim_switch(t->sim, t, SIM_SW_SNAPSHOT_ID) == SIM_SNAPSHOT_ID_ISO)
		(void)time_format(created_us, text);
	else
		(void)snprintf(text, sizeof(text), "%" PRId64, created_us / USEC_PER_SEC);
	base64_append(&id, text, strlen(text));
	(void)snprintf(out, SIM_SNAP_ID_SIZE, "%s", buf_text(&id));
	buf_done(&id);
	return out;
}

int sim_snapshot_decode(const char *id, int64_t *ret_us)
{
	struct buf text = BUF_INIT(SIM_SNAP_ID_SIZE);
	uint64_t seconds;
	int r = base64_decode(id, strlen(id), &text);

	if (r == 0 && parse_u64(buf_text(&text), 0, INT32_MAX, &seconds) == 0)
		*ret_us = (int64_t)seconds * USEC_PER_SEC;
	else if (r == 0)
		r = time_parse(buf_text(&text), ret_us);
	buf_done(&text);
	return r < 0 ? -EINVAL : 0;
}

bool sim_snapshot_find(
	const struct sim_tenant *t, int64_t now_us, const char *id, struct sim_snapshot *ret)
{
	struct sim_snapshot list[SIM_MAX_SNAPSHOTS];
	size_t n = sim_snapshots(t, now_us, list);
	int64_t us;

	if (sim_snapshot_decode(id, &us) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (list[i].created_us == us) {
			*ret = list[i];
			return true;
		}
	}
	return false;
}

void sim_snapshots_turn(struct sim_tenant *t, int64_t at_us, bool on)
{
	struct sim_snap_plan *p = &t->snaps;

	if (on == p->on)
		return;
	p->on = on;
	if (!on) {
		p->until_us = at_us;
		return;
	}
	int64_t day = p->until_us / USEC_PER_DAY;
	for (int64_t label = day * USEC_PER_DAY + p->time_of_day_us; label < at_us;
		label += USEC_PER_DAY) {
		if (label < p->until_us)
			continue;
		struct sim_snap_rule *rule = sim_grow(&p->rules, &p->n_rules, sizeof(*rule));
		*rule = (struct sim_snap_rule){.at_us = label, .kind = SIM_SNAP_MISSING};
	}
	p->until_us = TIME_NONE;
}
