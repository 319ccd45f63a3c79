/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener that a browser is sent to at the end of a sign-in: 127.0.0.1 and ::1, one port, one
 * answer. Whatever else comes (icons, other tabs, other programs) is told so and ends nothing. It
 * redeems nothing: it hands over the query and shows what it is told to.
 */
#pragma once

#include <stdint.h>

#include "cli/redirect_page.h"
#include "common/base/buf.h"
#include "common/base/cleanup.h"

struct redirect_listen;

/*
 * Listens. port 0: a free one. 0; -EADDRINUSE, -EACCES (below 1024) or another -errno. ::1 is left
 * out where there is no IPv6.
 */
int redirect_listen_new(unsigned port, struct redirect_listen **ret);
struct redirect_listen *redirect_listen_free(struct redirect_listen *l);
DEFINE_CLEANUP(struct redirect_listen, redirect_listen_free);

/* "http://localhost:4711" */
unsigned redirect_listen_port(const struct redirect_listen *l);

/*
 * Blocks until a browser brings the answer that has this state; the ports are closed then, the
 * browser waits for redirect_listen_answer(). Appends its query. other (may be NULL) is called for
 * an answer that does not fit, with its enum redirect_error. timeout_us: of clock.h. 0, -ETIMEDOUT,
 * or -errno.
 */
int redirect_listen_wait(struct redirect_listen *l, const char *state, int64_t timeout_us,
	void (*other)(void *arg, int error), void *arg, struct buf *ret_query);

/* Shows the page to who brought the answer, and closes. Waits a moment for slow browsers. */
void redirect_listen_answer(struct redirect_listen *l, const struct redirect_page *page);
