/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do after a look. Pure: everything that decides comes in as data, what is to be done comes
 * out as data. Coverage is the heart (design: no gap in net differences): the baseline of a covered
 * watch is the newest snapshot listed now that is not younger than the last good run's P minus the
 * margin; the snapshot that was just made would show nothing.
 *
 * Two things keep a due run waiting, unless a person asked for it: a list that is probably shorter
 * than what the service keeps, when it would cost coverage (for LIMIT_SHORT_LIST_US at most, not
 * counting time in which nobody looked), and a baseline that is younger than the margin.
 *
 * Two clocks: snapshots are dated by the service, schedules are kept by ours. Ages of snapshots are
 * taken against server_now_us; every time that comes out is ours, shifted by the difference.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/conf/conf.h"
#include "common/model/run.h"
#include "common/model/snapshot.h"

/* What the store knows of one watch with its present filter. */
struct plan_watch {
	const struct conf_watch *conf;		/* borrowed */
	int64_t covered_from_us, covered_to_us; /* TIME_NONE: never run */
	int64_t last_due_us;			/* of the last planned run; TIME_NONE */
	int64_t last_snapshot_us; /* newest snapshot listed when the last run was planned; TIME_NONE
				   */
	bool pending;		  /* a run of it is queued or going on */
	unsigned failures; /* runs in a row that ended without a verdict; 0: the last one was judged
			    */
	int64_t failed_us; /* failures > 0: when the last one ended */
	enum run_outcome failed_how; /* failures > 0 */
};

struct plan_input {
	const struct conf_tenant *tenant;
	int64_t now_us;	       /* wall clock, ours: schedules */
	int64_t server_now_us; /* Date of the listing: ages of snapshots; TIME_NONE: now_us */
	const struct snapshot_list *snapshots; /* normalised, as listed now */
	int64_t retention_us; /* the greatest age at which a snapshot was still listed lately;
				 TIME_NONE */
	struct plan_watch *watches;
	size_t n_watches;
	int64_t up_since_us;	  /* the tenant is being looked at since then; TIME_NONE: always */
	bool forced;		  /* asked for by a person: due now */
	const char *forced_watch; /* or NULL for all */
};

struct plan_run {
	size_t watch;		 /* index */
	size_t snapshot;	 /* index: the baseline */
	int64_t due_us;		 /* never later than now_us */
	bool initial;		 /* covered watches only: the first that will move coverage */
	int64_t covered_from_us; /* start of what this run will cover: its baseline's time */
	int64_t gap_from_us,
		gap_to_us; /* an uncovered interval that can no longer be covered; TIME_NONE */
};

/* Operational trouble as this look sees it; each is set or cleared at every good look. */
enum plan_condition {
	PLAN_SNAPSHOT_MISSING, /* no snapshot is listed */
	PLAN_SNAPSHOT_LATE,    /* the newest is older than stale_after */
	_PLAN_CONDITION_MAX,
};

struct plan {
	struct plan_run *runs;
	size_t n_runs;
	bool condition[_PLAN_CONDITION_MAX];
	int64_t newest_us;    /* by the service's clock; TIME_NONE */
	int64_t next_look_us; /* wall time: look_every, the next due time, or newest + stale_after,
				 whichever is first */
	int64_t next_due_us;  /* earliest coming due time that is already known; TIME_NONE */
};

int plan_make(const struct plan_input *in, struct plan *ret); /* 0 or -ENOMEM */
void plan_done(struct plan *p);

/* --- parts of it, for tests and for showing ------------------------------------------------------
 */

/*
 * The baseline ("newest": that of plan_newest()) for a watch that is covered up to covered_to_us
 * (TIME_NONE: never): index into the list, -1 when it is empty. ret_gap: it is later than
 * covered_to_us, so what lies between can never be compared.
 *
 * Coverage is (covered_from, covered_to]. A preview against B shows what changed in (B, P], so B <=
 * covered_to leaves nothing out. The margin is on top of that: a snapshot's time is not exactly its
 * capture, so the newest with B <= covered_to - margin is taken. When the service has no such
 * snapshot any more, the oldest listed is: between covered_to - margin and covered_to that is a
 * smaller margin and no gap; later than covered_to it is a gap, (covered_to, B].
 */
int plan_baseline(const struct snapshot_list *snapshots, enum watch_baseline policy,
	int64_t covered_to_us, int64_t margin_us, int64_t server_now_us, bool *ret_gap);

/*
 * The newest snapshot that is not in the future of the service's own clock: index, -1 when there is
 * none. One entry with an absurd time must not stop "after snapshot" or hide that snapshots are
 * late.
 */
int plan_newest(const struct snapshot_list *snapshots, int64_t server_now_us);

/*
 * When a watch is due: ret_due_us <= now_us, or TIME_NONE when it is not (also while a run of it is
 * pending); ret_next_us: the earliest coming due time that is already known, or TIME_NONE.
 *
 * The first run is due at once. A run that failed is due again after a wait that grows with
 * failures. Else any of the tenant's schedules: "after snapshot" when a snapshot is listed that the
 * last run did not know, and is old enough; wall-clock schedules when their time passed since the
 * last run, however often it did.
 */
void plan_watch_due(const struct plan_input *in, const struct plan_watch *watch,
	int64_t *ret_due_us, int64_t *ret_next_us);

/* How long a watch waits after its n-th failed run in a row. */
int64_t plan_retry_after_us(unsigned failures, enum run_outcome how);

/*
 * Quiet hours and hold: the first instant at or after now at which a run of usual_us may start and
 * end before quiet hours begin. usual_us 0: not known yet. If no pause between quiet hours is long
 * enough for usual_us, the next pause is taken; if quiet hours leave no pause at all, an instant
 * more than a week ahead, at which to ask again.
 */
int64_t plan_start_allowed(
	const struct conf_tenant *tenant, int64_t now_us, int64_t usual_us, int64_t hold_until_us);
