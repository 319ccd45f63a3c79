/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as records of the system's journal: cannot fail, and is always there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/conf/conf.h"
#include "daemon/alert/sink.h"
#include "daemon/engine/loop.h"

struct journal {
	struct loop_timer *timer; /* done is never called from inside of send */
	sink_done_fn done;
	void *arg;
};

static void written(void *p)
{
	struct journal *j = p;

	j->done(j->arg, &(struct sink_result){SINK_SENT, TIME_NONE, ""});
}

static void journal_destroy(void *p)
{
	struct journal *j = p;

	if (!j)
		return;
	(void)loop_timer_free(j->timer);
	free(j);
}

static int journal_create(
	const struct sink_env *env, const struct conf_sink *conf, void **ret_sink, char **ret_error)
{
	struct journal *j = calloc(1, sizeof(*j));

	(void)conf;
	(void)ret_error;
	if (!j)
		return -ENOMEM;
	int r = loop_timer_new(env->loop, "journal", written, j, &j->timer);
	if (r < 0) {
		free(j);
		return r;
	}
	*ret_sink = j;
	return 0;
}

static int level_of(const char *severity)
{
	enum verdict v;

	if (verdict_from_name(severity, &v) < 0)
		return LOG_WARNING;
	return v == VERDICT_CRITICAL ? LOG_CRIT : v == VERDICT_WARNING ? LOG_WARNING : LOG_NOTICE;
}

static int journal_send(void *p, const struct sink_message *message, sink_done_fn done, void *arg)
{
	struct journal *j = p;

	log_event(level_of(message->severity), LOG_ID_ALERT,
		&((struct log_ctx){
			.tenant = message->tenant,
			.kind = message->kind,
			.severity = message->severity,
			.alert = message->id,
		}),
		"%s", message->title);
	j->done = done;
	j->arg = arg;
	loop_timer_arm(j->timer, 0);
	return 0;
}

static int journal_reach(void *p, sink_done_fn done, void *arg)
{
	struct journal *j = p;

	j->done = done;
	j->arg = arg;
	loop_timer_arm(j->timer, 0);
	return 0;
}

const struct sink_type sink_journal = {
	.name = "journal",
	.create = journal_create,
	.send = journal_send,
	.reach = journal_reach,
	.destroy = journal_destroy,
};
