/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service's list of jobs means for a run that wants to start, or that may have started
 * before a crash: one of them is ours, somebody holds the slot, or it is free. Pure.
 */
#pragma once

#include "common/model/remote_job.h"
#include "common/model/run.h"

enum adopt {
	ADOPT_FREE, /* nothing of ours, and nobody holds the slot */
	ADOPT_OURS, /* that job is the one that our POST made */
	ADOPT_BUSY, /* that job holds the slot */
};

/*
 * Ours: a preview of the run's snapshot with its filter that started, by the service's clock, not
 * before the run's intent, and is going on or successful. Without an intent nothing is ours.
 * *ret_job (NULL for ADOPT_FREE) points into jobs.
 */
enum adopt adopt_decide(const struct run *run, const struct remote_job_list *jobs,
	const struct remote_job **ret_job);
