/* SPDX-License-Identifier: Apache-2.0 */
/* A test alert: the same sink, credentials, form and signature as a real one, past the store. */
#include "common/base/limits.h"
#include "common/base/timefmt.h"
#include "daemon/alert/alert_private.h"

static int send_test(struct alerts *a, const char *sink, sink_done_fn done, void *arg)
{
	_cleanup_(buf_done) struct buf title = BUF_INIT_SURE(LIMIT_ALERT_TITLE_BYTES);
	_cleanup_(buf_done) struct buf data = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	char id[33];

	buf_printf(&title, "TEST: snapwatch reaches sink '%s'; nothing has happened", sink);
	struct alert alert = alert_about(ALERT_TEST, VERDICT_NOTICE, NULL, clock_wall_us());
	alert.title = buf_text(&title);
	alert.summary = "somebody ran: snapwatch doctor --sinks";
	alert_render(&alert, &data);
	alert_outside_id(&alert, id);
	return outbox_try(a->outbox, sink,
		&(struct sink_message){
			.id = id,
			.kind = alert_kind_name(alert.kind),
			.severity = verdict_name(alert.severity),
			.title = alert.title,
			.data = buf_text(&data),
			.created_us = alert.created_us,
		},
		done, arg);
}

int alerts_try(struct alerts *a, const char *sink, bool test, sink_done_fn done, void *arg)
{
	return test ? send_test(a, sink, done, arg) : outbox_try(a->outbox, sink, NULL, done, arg);
}

void alerts_try_cancel(struct alerts *a, const char *sink)
{
	outbox_try_cancel(a->outbox, sink);
}

const char *alerts_problem(const struct alerts *a, const char *sink)
{
	return outbox_problem(a->outbox, sink);
}
