/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do after a look. Pure: everything that decides comes in as data, what is to be done comes out
 * as data. Coverage is the heart (design: no gap in net differences): the baseline of a covered
 * watch is the newest snapshot listed now that is not younger than the last good run's P minus the
 * margin; the snapshot that was just made would show nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/conf/conf.h"
#include "common/model/snapshot.h"

/* What the store knows of one watch with its present filter. */
struct plan_watch {
	const struct conf_watch *conf; /* borrowed */
	int64_t covered_from_us, covered_to_us; /* TIME_NONE: never run */
	int64_t last_due_us; /* of the last planned run; TIME_NONE */
	int64_t last_snapshot_us; /* newest snapshot listed when the last run was planned; TIME_NONE */
	bool pending; /* a run of it is queued or going on */
};

struct plan_input {
	const struct conf_tenant *tenant;
	int64_t now_us; /* wall clock, ours: schedules */
	int64_t server_now_us; /* Date of the listing: ages of snapshots; TIME_NONE: now_us */
	const struct snapshot_list *snapshots; /* normalised, as listed now */
	size_t n_listed_before; /* days of retention: most snapshots ever listed at once in the last week */
	struct plan_watch *watches;
	size_t n_watches;
	bool forced; /* asked for by a person: due now */
	const char *forced_watch; /* or NULL for all */
};

struct plan_run {
	size_t watch; /* index */
	size_t snapshot; /* index: the baseline */
	int64_t due_us;
	bool initial;
	int64_t covered_from_us; /* start of what this run will cover */
	int64_t gap_from_us, gap_to_us; /* an uncovered interval that can no longer be covered; TIME_NONE */
};

/* Operational trouble as this look sees it; each is set or cleared at every good look. */
enum plan_condition {
	PLAN_SNAPSHOT_MISSING, /* the list is empty */
	PLAN_SNAPSHOT_LATE, /* the newest is older than stale_after */
	_PLAN_CONDITION_MAX,
};

struct plan {
	struct plan_run *runs;
	size_t n_runs;
	bool condition[_PLAN_CONDITION_MAX];
	int64_t newest_us; /* TIME_NONE */
	int64_t next_look_us; /* wall time: look_every, the next schedule, or newest + stale_after, whichever is first */
	int64_t next_due_us; /* earliest coming due time that is already known; TIME_NONE */
};

int plan_make(const struct plan_input *in, struct plan *ret); /* 0 or -ENOMEM */
void plan_done(struct plan *p);

/* The baseline for a watch that is covered up to covered_to_us (TIME_NONE: never): index into the list, -1
 * when it is empty; ret_gap: there is an interval before it that is not covered. */
int plan_baseline(const struct snapshot_list *snapshots, enum watch_baseline policy,
	int64_t covered_to_us, int64_t margin_us, bool *ret_gap);

/* Quiet hours and hold: the first instant at or after now at which a run of usual_us may start and
 * end before quiet hours begin. usual_us 0: not known yet. */
int64_t plan_start_allowed(const struct conf_tenant *tenant, int64_t now_us, int64_t usual_us,
	int64_t hold_until_us);
