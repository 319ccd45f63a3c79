/* SPDX-License-Identifier: Apache-2.0 */
/* What a job is doing, in words for status. */
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "daemon/watch/job_steps.h"

static void describe_status(const struct run *run, struct buf *out)
{
	const char *word = run->service_status ? run->service_status : "";

	switch (remote_status_parse(word)) {
	case REMOTE_INITIALIZED:
		buf_puts(out, "created");
		break;
	case REMOTE_LOADING:
		buf_puts(out, "loading data");
		break;
	case REMOTE_CALCULATING:
		buf_puts(out, "calculating");
		break;
	case REMOTE_RUNNING:
		buf_puts(out, "running");
		break;
	case REMOTE_SUCCESSFUL:
	case REMOTE_FAILED:
	case REMOTE_ABANDONED:
	case REMOTE_UNKNOWN:
		if (*word)
			text_append_visible(out, word, strlen(word));
		else
			buf_puts(out, "created");
		break;
	}
}

static void describe_waiting(const struct job *j, struct buf *out)
{
	char took[DURATION_TEXT_SIZE];

	if (j->cancel_by) {
		buf_puts(out, "being cancelled for ");
		text_append_visible(out, j->cancel_by, strlen(j->cancel_by));
		return;
	}
	describe_status(j->run, out);
	if (j->run->intent_us != TIME_NONE)
		buf_printf(
			out, " for %s", duration_format(clock_wall_us() - j->run->intent_us, took));
}

void job_describe(const struct job *j, struct buf *out)
{
	if (!j->run)
		return;
	switch (j->run->state) {
	case RUN_QUEUED:
		buf_puts(out, "looking whether the slot is free");
		break;
	case RUN_CREATING:
		buf_puts(out, "creating the preview");
		break;
	case RUN_WAITING:
		describe_waiting(j, out);
		break;
	case RUN_COLLECTING:
		buf_printf(out, "page %lld, %lld changes", (long long)j->run->pages,
			(long long)j->run->changes);
		break;
	case RUN_SETTLING:
		buf_puts(out, "judging");
		break;
	case RUN_DONE:
	case RUN_FAILED:
	case _RUN_STATE_MAX:
		buf_puts(out, run_state_name(j->run->state));
		break;
	}
	if (j->trouble != GRAPH_OK)
		buf_printf(out, " (%s)", graph_outcome_name(j->trouble));
}
