/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together what is due, what to compare with, and when to look again. */
#include "common/model/plan.h"

#include <errno.h>

#include "common/base/clock.h"
#include "common/base/limits.h"

/* The service's Date is cut to whole seconds: an instant of its clock is surely over that much
 * later. */
#define DATE_SLACK_US (2 * USEC_PER_SEC)

/* Snapshots are a day apart, and the last one of the retention may go any time. */
#define SNAPSHOT_SPACING_US USEC_PER_DAY

static int64_t server_now(const struct plan_input *in)
{
	return in->server_now_us == TIME_NONE ? in->now_us : in->server_now_us;
}

/*
 * The list lacks the baseline, but snapshots of that age have been listed lately: it is probably a
 * short list, which is documented as transient. Taking the oldest of it would give up an interval
 * that can still be compared when the list is whole again. Waiting ends by itself.
 */
static bool put_off(const struct plan_input *in, const struct plan_watch *w)
{
	int64_t since_us = w->last_due_us;
	int64_t wanted_age_us = server_now(in) - w->covered_to_us + in->tenant->coverage_margin_us +
				SNAPSHOT_SPACING_US;

	if (in->up_since_us > since_us && in->up_since_us <= in->now_us)
		since_us = in->up_since_us;
	return !in->forced && wanted_age_us < in->retention_us && w->last_due_us <= in->now_us &&
	       in->now_us < since_us + LIMIT_SHORT_LIST_US;
}

/*
 * The only one that could be the baseline was just made: a preview would show nothing, and it may
 * not even be captured whole. Happens in a first run and after a gap only.
 */
static bool too_young(const struct plan_input *in, const struct plan_watch *w, int64_t created_us)
{
	return !in->forced && w->conf->baseline == WATCH_COVERED &&
	       server_now(in) - created_us < in->tenant->coverage_margin_us;
}

/* True when the watch is to be run now; fills run. */
static bool plan_one(
	const struct plan_input *in, size_t index, struct plan_run *run, int64_t *ret_next_us)
{
	const struct plan_watch *w = &in->watches[index];
	int64_t due_us;
	bool gap;

	plan_watch_due(in, w, &due_us, ret_next_us);
	if (due_us == TIME_NONE)
		return false;
	int baseline = plan_baseline(in->snapshots, w->conf->baseline, w->covered_to_us,
		in->tenant->coverage_margin_us, server_now(in), &gap);
	if (baseline < 0)
		return false;
	if (gap && put_off(in, w))
		return false;
	int64_t created_us = in->snapshots->items[baseline].created_us;
	if (too_young(in, w, created_us)) {
		*ret_next_us =
			created_us + in->tenant->coverage_margin_us + in->now_us - server_now(in);
		return false;
	}
	*run = (struct plan_run){
		.watch = index,
		.snapshot = (size_t)baseline,
		.due_us = due_us,
		.initial = w->conf->baseline == WATCH_COVERED && w->covered_to_us == TIME_NONE,
		.covered_from_us = created_us,
		.gap_from_us = gap ? w->covered_to_us : TIME_NONE,
		.gap_to_us = gap ? created_us : TIME_NONE,
	};
	return true;
}

/* Keeps the first of all instants that are still ahead. */
static void take_earlier(int64_t *at_us, int64_t candidate_us, int64_t now_us)
{
	if (candidate_us != TIME_NONE && candidate_us > now_us &&
		(*at_us == TIME_NONE || candidate_us < *at_us))
		*at_us = candidate_us;
}

static void judge_snapshots(const struct plan_input *in, struct plan *p)
{
	int64_t stale_us = in->tenant->stale_after_us;
	int newest = plan_newest(in->snapshots, server_now(in));

	p->condition[PLAN_SNAPSHOT_MISSING] = newest < 0;
	if (newest < 0)
		return;
	p->newest_us = in->snapshots->items[newest].created_us;
	p->condition[PLAN_SNAPSHOT_LATE] = server_now(in) - p->newest_us > stale_us;
	take_earlier(&p->next_look_us,
		p->newest_us + stale_us + in->now_us - server_now(in) + DATE_SLACK_US, in->now_us);
}

int plan_make(const struct plan_input *in, struct plan *ret)
{
	struct plan p = {
		.newest_us = TIME_NONE,
		.next_look_us = in->now_us + in->tenant->look_every_us,
		.next_due_us = TIME_NONE,
	};

	if (in->n_watches > 0) {
		p.runs = calloc(in->n_watches, sizeof(*p.runs));
		if (!p.runs)
			return -ENOMEM;
	}
	judge_snapshots(in, &p);
	for (size_t i = 0; i < in->n_watches; i++) {
		int64_t next_us;
		if (plan_one(in, i, &p.runs[p.n_runs], &next_us))
			p.n_runs++;
		take_earlier(&p.next_due_us, next_us, in->now_us);
	}
	if (p.next_due_us != TIME_NONE)
		take_earlier(&p.next_look_us, p.next_due_us + DATE_SLACK_US, in->now_us);
	*ret = p;
	return 0;
}

void plan_done(struct plan *p)
{
	free(p->runs);
	*p = (struct plan){
		.newest_us = TIME_NONE, .next_look_us = TIME_NONE, .next_due_us = TIME_NONE};
}
