/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a run as data: states, moves, outcomes. It touches no store and no service. */
#include "common/model/run.h"

#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"

#define TO(s) (1u << (s))

/* The whole machine: a name, and where each state may go. */
static const struct {
	const char *name;
	unsigned to;
} states[_RUN_STATE_MAX] = {
	[RUN_QUEUED] = {"queued",
		TO(RUN_QUEUED) | TO(RUN_CREATING) | TO(RUN_WAITING) | TO(RUN_FAILED)},
	[RUN_CREATING] = {"creating",
		TO(RUN_CREATING) | TO(RUN_QUEUED) | TO(RUN_WAITING) | TO(RUN_FAILED)},
	[RUN_WAITING] = {"waiting", TO(RUN_WAITING) | TO(RUN_COLLECTING) | TO(RUN_FAILED)},
	[RUN_COLLECTING] = {"collecting", TO(RUN_COLLECTING) | TO(RUN_SETTLING) | TO(RUN_FAILED)},
	[RUN_SETTLING] = {"settling", TO(RUN_SETTLING) | TO(RUN_DONE) | TO(RUN_FAILED)},
	[RUN_DONE] = {"done", 0},
	[RUN_FAILED] = {"failed", 0},
};

static const char *const outcomes[_RUN_OUTCOME_MAX] = {
	[RUN_OK] = "ok",
	[RUN_UNVERIFIED] = "unverified",
	[RUN_SERVICE_FAILED] = "service_failed",
	[RUN_CANCELLED] = "cancelled",
	[RUN_CANCELLED_ELSEWHERE] = "cancelled_elsewhere",
	[RUN_GONE] = "gone",
	[RUN_BASELINE_GONE] = "baseline_gone",
	[RUN_REFUSED] = "refused",
	[RUN_NO_RESULT] = "no_result",
	[RUN_REMOVED] = "removed",
};

const char *run_state_name(enum run_state s)
{
	return (unsigned)s < _RUN_STATE_MAX ? states[s].name : "unknown";
}

int run_state_from_name(const char *name, enum run_state *ret)
{
	for (unsigned i = 0; i < _RUN_STATE_MAX; i++)
		if (name && strcmp(name, states[i].name) == 0) {
			*ret = (enum run_state)i;
			return 0;
		}
	return -EINVAL;
}

bool run_move_allowed(enum run_state from, enum run_state to)
{
	return (unsigned)from < _RUN_STATE_MAX && (unsigned)to < _RUN_STATE_MAX &&
	       (states[from].to & TO(to));
}

const char *run_outcome_name(enum run_outcome o)
{
	return (unsigned)o < _RUN_OUTCOME_MAX ? outcomes[o] : "unknown";
}

int run_outcome_from_name(const char *name, enum run_outcome *ret)
{
	for (unsigned i = 0; i < _RUN_OUTCOME_MAX; i++)
		if (name && strcmp(name, outcomes[i]) == 0) {
			*ret = (enum run_outcome)i;
			return 0;
		}
	return -EINVAL;
}

struct run *run_new(void)
{
	struct run *r = malloc(sizeof(*r));

	if (r)
		*r = (struct run){
			.state = RUN_QUEUED,
			.due_us = TIME_NONE,
			.queued_us = TIME_NONE,
			.snapshot_created_us = TIME_NONE,
			.covered_from_us = TIME_NONE,
			.newest_snapshot_us = TIME_NONE,
			.intent_us = TIME_NONE,
			.intent_server_us = TIME_NONE,
			.started_us = TIME_NONE,
			.completed_us = TIME_NONE,
			.objects = -1,
			.links = -1,
			.distinct_objects = -1,
			.verified = -1,
			.not_before_us = TIME_NONE,
			.ended_us = TIME_NONE,
		};
	return r;
}

/* Every text that a run owns. */
#define RUN_TEXTS(X) \
	X(watch) \
	X(filter_hash) \
	X(filter) \
	X(baseline) \
	X(detail) \
	X(snapshot) \
	X(service_id) \
	X(location) \
	X(service_status) \
	X(next_link) \
	X(cancel_by)

struct run *run_free(struct run *r)
{
	if (!r)
		return NULL;
#define X(field) free(r->field);
	RUN_TEXTS(X)
#undef X
	free(r);
	return NULL;
}

int run_copy(const struct run *from, struct run **ret)
{
	_cleanup_(run_freep) struct run *r = malloc(sizeof(*r));
	bool failed = false;

	if (!r)
		return -ENOMEM;
	*r = *from;
#define X(field) \
	r->field = from->field ? strdup(from->field) : NULL; \
	failed |= from->field && !r->field;
	RUN_TEXTS(X)
#undef X
	if (failed)
		return -ENOMEM;
	*ret = TAKE_PTR(r);
	return 0;
}

int run_set_text(char **field, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

int run_verify(int64_t total, int64_t rows, int64_t distinct, bool *ret_more)
{
	*ret_more = false;
	if (total < 0)
		return -1;
	if (rows < total)
		return 0;
	*ret_more = rows > total && distinct != total;
	return 1;
}

int64_t run_back_off_us(unsigned n)
{
	int64_t wait = LIMIT_SLOT_BACK_OFF_MIN_US;

	for (; n > 1 && wait < LIMIT_SLOT_BACK_OFF_MAX_US; n--)
		wait *= 2;
	return wait < LIMIT_SLOT_BACK_OFF_MAX_US ? wait : LIMIT_SLOT_BACK_OFF_MAX_US;
}
