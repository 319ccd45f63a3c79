/* SPDX-License-Identifier: Apache-2.0 */
/* A message for a sink that outlives whoever wrote it: one that goes past the store. */
#pragma once

#include <stdint.h>

#include "common/base/cleanup.h"
#include "daemon/alert/sink.h"

/* Zeroed: there is none. */
struct message_copy {
	char *id, *kind, *severity, *title, *data;
	int64_t created_us;
};

/* Copies what a sink is told past the store: everything but tenant and attempt. ret must hold none.
 * 0 or -ENOMEM, and then ret holds none. */
int message_copy(const struct sink_message *m, struct message_copy *ret);
void message_copy_done(struct message_copy *c);
/* Borrows from c. */
struct sink_message message_copy_view(const struct message_copy *c);
