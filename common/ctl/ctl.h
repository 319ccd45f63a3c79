/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the running daemon through its control socket, for the CLI and for `snapwatchd --once`.
 * Blocks. Every call returns an enum exit_code: EXIT_CODE_NO_DAEMON when nobody listens or the
 * connection ends early, else what the daemon answered.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/*
 * One request. body: JSON, or NULL for GET. reply gets the body of the answer (JSON). ret_text (may
 * be NULL): the answer's "text" and, as a line of its own, its "hint", or what went wrong, visible
 * and without a line feed at its end; NULL when there is nothing to say; free() it. timeout_us:
 * kernel time from connecting to the last byte of the answer; 0 waits for ever.
 */
int ctl_request(const char *socket_path, const char *method, const char *path, const char *body,
	int64_t timeout_us, struct buf *reply, char **ret_text);

/* Whether anybody listens there: 0, or -errno of connecting (-ENOENT, -ECONNREFUSED: nobody). */
int ctl_probe(const char *socket_path);

/* GET /v1/status: reply gets the whole document. */
int ctl_status(const char *socket_path, struct buf *reply, char **ret_text);
/*
 * POST /v1/run. watch NULL: all. wait: until the whole cycle has ended. slot_us: how long that
 * waits for a taken job slot, in whole seconds; TIME_NONE: the daemon's default.
 */
int ctl_run(const char *socket_path, const char *tenant, const char *watch, bool wait,
	int64_t slot_us, char **ret_text);
/* POST /v1/yield; waits until the slot is free of us. for_text NULL: the daemon's default. */
int ctl_yield(const char *socket_path, const char *tenant, const char *for_text, char **ret_text);
int ctl_resume(const char *socket_path, const char *tenant, char **ret_text);
int ctl_reload(const char *socket_path, char **ret_text);
