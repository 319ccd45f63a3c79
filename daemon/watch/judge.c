/* SPDX-License-Identifier: Apache-2.0 */
/* Hands complete runs to the store thread and gives the verdict back. */
#include "daemon/watch/judge.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "daemon/engine/store_thread.h"
#include "daemon/watch/judge_work.h"
#include "daemon/watch/tenant.h"

struct judge {
	struct store_thread *store;
	judge_done_fn done;
	void *arg;
};

int judge_new(struct store_thread *st, judge_done_fn done, void *arg, struct judge **ret)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return -ENOMEM;
	j->store = st;
	j->done = done;
	j->arg = arg;
	*ret = j;
	return 0;
}

struct judge *judge_free(struct judge *j)
{
	free(j);
	return NULL;
}

static void answered(void *arg, int r)
{
	struct judgement *w = arg;

	w->result.r = r;
	w->judge->done(w->judge->arg, w->t, w->run, &w->result);
	judge_result_done(&w->result);
	(void)conf_tenant_unref(w->tenant);
	free(w);
}

void judge_start(struct judge *j, const struct conf *conf, struct tenant *t, struct run *run)
{
	struct judgement *w = mem_alloc(sizeof(*w));

	*w = (struct judgement){
		.judge = j,
		.thread = j->store,
		.conf = conf,
		.tenant = conf_tenant_ref(t->conf),
		.t = t,
		.run = run,
		.job = run->id,
	};
	store_thread_post(j->store, judge_work, answered, w);
}
