/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket without a socket: `act` lines ask, the world keeps what was answered. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "daemon/control/control.h"
#include "tests/replay/world.h"

struct control_reply {
	struct world_reply *to;
};

struct control_reply *world_ask(struct world *w)
{
	struct control_reply *r;

	if (w->n_replies == WORLD_REPLIES)
		return NULL;
	r = calloc(1, sizeof(*r));
	assert_fatal(r);
	r->to = &w->replies[w->n_replies++];
	return r;
}

void control_reply_document(struct control_reply *r, int code, const char *text, const char *hint,
	void (*write)(const void *arg, struct jsonw *out), const void *arg)
{
	(void)write;
	(void)arg;
	if (!r)
		return;
	r->to->answered = true;
	r->to->code = code;
	(void)snprintf(r->to->text, sizeof(r->to->text), "%s%s%s", text, hint ? "; " : "",
		hint ? hint : "");
	free(r);
}

void control_reply_send(struct control_reply *r, int code, const char *text)
{
	control_reply_document(r, code, text, NULL, NULL, NULL);
}

/* Nobody leaves here. */
void control_reply_watch(struct control_reply *r, void (*gone)(void *arg), void *arg)
{
	(void)r;
	(void)gone;
	(void)arg;
}

int control_new(struct loop *l, const char *path, const struct control_ops *ops, void *arg,
	struct control **ret)
{
	(void)l;
	(void)path;
	(void)ops;
	(void)arg;
	*ret = NULL;
	return 0;
}

int control_new_on(
	struct loop *l, int fd, const struct control_ops *ops, void *arg, struct control **ret)
{
	(void)fd;
	return control_new(l, "", ops, arg, ret);
}

struct control *control_free(struct control *c)
{
	(void)c;
	return NULL;
}
