/* SPDX-License-Identifier: Apache-2.0 */
/* One tenant's questions, one after another; what they mean is judged in doctor_judge.h. */
#pragma once

#include "common/base/cleanup.h"
#include "common/model/doctor.h"

struct http;
struct loop;
struct store_thread;
struct tenant;
struct visit;

struct visit_env {
	struct loop *loop;
	struct http *http;
	struct store_thread *store;
	const char *credentials_dir; /* borrowed for the life of the visit */
};
/* The report is valid during the call; the visit is not to be freed in it. */
typedef void (*visit_done_fn)(void *arg, const struct doctor_report *report);

/* done is called later. 0 or -ENOMEM. */
int visit_start(const struct visit_env *env, struct tenant *t, visit_done_fn done, void *arg,
	struct visit **ret);
/* The tenant goes: done is called soon with what is known by now, the tenant is not touched again.
 */
void visit_leave(struct visit *v);
/* Ends it without a callback. */
struct visit *visit_free(struct visit *v);
DEFINE_CLEANUP(struct visit, visit_free);
