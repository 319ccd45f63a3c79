/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/alert/message_copy.h"

#include <stdlib.h>

#include "common/base/text.h"

int message_copy(const struct sink_message *m, struct message_copy *ret)
{
	_cleanup_(message_copy_done) struct message_copy c = {.created_us = m->created_us};
	int r = text_copy(m->id, &c.id);

	if (r >= 0)
		r = text_copy(m->kind, &c.kind);
	if (r >= 0)
		r = text_copy(m->severity, &c.severity);
	if (r >= 0)
		r = text_copy(m->title, &c.title);
	if (r >= 0)
		r = text_copy(m->data, &c.data);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct message_copy){0};
	return 0;
}

void message_copy_done(struct message_copy *c)
{
	free(c->id);
	free(c->kind);
	free(c->severity);
	free(c->title);
	free(c->data);
	*c = (struct message_copy){0};
}

struct sink_message message_copy_view(const struct message_copy *c)
{
	return (struct sink_message){
		.id = c->id,
		.kind = c->kind,
		.severity = c->severity,
		.title = c->title,
		.data = c->data,
		.created_us = c->created_us,
	};
}
