/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the store cannot be written an alert about that cannot wait in it: each sink gets one try at
 * once, and the store is told when it works again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/alert/alert_private.h"

static const char title_full[] = "the store is full: work pauses until there is room",
		  title_error[] = "the store cannot be written: work pauses until it can";

/* --- when the store cannot be written -----------------------------------------------------------
 */

static struct alert trouble_alert(const struct trouble *t)
{
	struct alert alert = alert_about(t->kind, VERDICT_CRITICAL, NULL, t->since_us);

	alert.title = t->kind == ALERT_STORE_FULL ? title_full : title_error;
	alert.summary = t->summary;
	return alert;
}

void trouble_clear(struct trouble *t)
{
	for (size_t i = 0; i < t->n_told; i++)
		free(t->told[i]);
	free(t->told);
	free(t->summary);
	*t = (struct trouble){0};
}

static void trouble_begin(struct alerts *a, int r, const char *detail)
{
	struct trouble *t = &a->trouble;
	_cleanup_(buf_done) struct buf data = BUF_INIT_SURE(LIMIT_ALERT_BODY_BYTES);
	trouble_clear(t);
	t->on = true;
	t->kind = r == -ENOSPC ? ALERT_STORE_FULL : ALERT_STORE_ERROR;
	t->since_us = clock_wall_us();
	t->summary = mem_text(detail);
	const struct alert alert = trouble_alert(t);
	alert_render(&alert, &data);
	alert_outside_id(&alert, t->id);
	outbox_direct(a->outbox, &(struct sink_message){
					 .id = t->id,
					 .kind = alert_kind_name(alert.kind),
					 .severity = verdict_name(alert.severity),
					 .title = alert.title,
					 .data = buf_text(&data),
					 .created_us = alert.created_us,
				 });
}

void trouble_direct_done(void *arg, const char *sink, const char *id, bool sent)
{
	struct trouble *t = &((struct alerts *)arg)->trouble;

	if (!sent || !t->on || strcmp(id, t->id) != 0)
		return;
	t->told = mem_grow(t->told, t->n_told + 1, sizeof(*t->told));
	t->told[t->n_told++] = mem_text(sink);
}

/* Recorded as delivered where it was; the others get it now. */
static void trouble_end(struct alerts *a)
{
	struct trouble *t = &a->trouble;
	const struct alert alert = trouble_alert(t);
	struct request *q = NULL;

	if (mem_insist(request_make(a, NULL, &alert, NULL, &q)) == 0) {
		for (size_t i = 0; i < q->n_to; i++)
			for (size_t k = 0; k < t->n_told; k++)
				if (strcmp(q->to[i].sink, t->told[k]) == 0)
					q->to[i].sent_us = t->since_us;
		request_write(a, q);
	}
	trouble_clear(t);
}

void alerts_store_trouble(struct alerts *a, int r, const char *detail)
{
	if (r < 0 && !a->trouble.on)
		trouble_begin(a, r, detail);
	else if (r == 0 && a->trouble.on)
		trouble_end(a);
}
