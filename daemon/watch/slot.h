/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds a tenant's job slot, by the service's own list of jobs. It asks once and decides
 * nothing: what follows is for whoever asked.
 */
#pragma once

#include "common/base/cleanup.h"
#include "common/model/remote_job.h"
#include "daemon/graph/retry.h"

struct slot_question;
struct tenant;

/*
 * GRAPH_OK: holder is the job that is not over, or NULL when the slot is free. Else text says why
 * there is no list. Both are valid during the callback; the question is freed after it.
 */
typedef void (*slot_done_fn)(
	void *arg, enum graph_outcome outcome, const char *text, const struct remote_job *holder);

/* done comes later, never from inside. 0 or -ENOMEM. */
int slot_ask(struct tenant *t, slot_done_fn done, void *arg, struct slot_question **ret);
/* Ends it without a callback. Call it before the tenant's graph goes. */
struct slot_question *slot_cancel(struct slot_question *q);
DEFINE_CLEANUP(struct slot_question, slot_cancel);
