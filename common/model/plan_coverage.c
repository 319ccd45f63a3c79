/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshot to compare with. Nothing here knows schedules. */
#include "common/model/plan.h"

#include "common/base/clock.h"

/* The service's Date has whole seconds and snapshots are dated by another of its machines. */
#define FUTURE_SLACK_US (5 * USEC_PER_MIN)

int plan_newest(const struct snapshot_list *snapshots, int64_t server_now_us)
{
	for (size_t i = 0; i < snapshots->n; i++)
		if (snapshots->items[i].created_us <= server_now_us + FUTURE_SLACK_US)
			return (int)i;
	return -1;
}

/* The newest that leaves nothing out, else the oldest there is. */
static int covered_baseline(const struct snapshot_list *snapshots, int64_t covered_to_us,
	int64_t margin_us, bool *ret_gap)
{
	int oldest = (int)snapshots->n - 1;

	for (int i = 0; i <= oldest; i++)
		if (snapshots->items[i].created_us <= covered_to_us - margin_us)
			return i;
	*ret_gap = snapshots->items[oldest].created_us > covered_to_us;
	return oldest;
}

int plan_baseline(const struct snapshot_list *snapshots, enum watch_baseline policy,
	int64_t covered_to_us, int64_t margin_us, int64_t server_now_us, bool *ret_gap)
{
	int oldest = (int)snapshots->n - 1;

	*ret_gap = false;
	if (oldest < 0 || policy == WATCH_NEWEST)
		return plan_newest(snapshots, server_now_us);
	if (policy == WATCH_OLDEST || covered_to_us == TIME_NONE)
		return oldest;
	return covered_baseline(snapshots, covered_to_us, margin_us, ret_gap);
}
