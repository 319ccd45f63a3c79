/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner of everything that runs: makes the stages, wires each to the next, starts, reloads,
 * drains and stops them. Stages do not know each other; the arrows between them are the functions
 * of daemon.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"

struct conf;
struct control_ops;
struct daemon;
struct loop;
struct store;

struct daemon_options {
	bool once; /* one whole cycle for the tenants named (none: all), then quit the loop */
	const char *const
		*once_tenants; /* NULL-terminated, or NULL; borrowed for the life of the daemon */
	int64_t wait_us; /* how long a cycle waits for a taken slot, unless its request says */
	bool control;	 /* listen on the control socket */
	/*
	 * Only does what the control socket asks for, for one command of the CLI: looks at nothing,
	 * starts nothing, delivers nothing, and ends with its standard input.
	 */
	bool assist;
	int listen_fd; /* a socket to serve in place of the configured path; 0: none */
};

/* Takes conf and store over, also on failure. 0 or -errno. */
int daemon_new(struct loop *l, struct conf *conf, struct store *store,
	const struct daemon_options *options, struct daemon **ret);
struct daemon *daemon_free(struct daemon *d);
DEFINE_CLEANUP(struct daemon, daemon_free);

/* Begins to work; returns at once. 0 or -errno (with a log record). */
int daemon_start(struct daemon *d);

/*
 * Reads the configuration anew and swaps, or keeps the running one: 0, or EXIT_CODE_CONFIG (while
 * stopping EXIT_CODE_REFUSED) with the errors appended.
 */
int daemon_reload(struct daemon *d, struct buf *errors);

/* Takes no new work, checkpoints what runs (it is in the store) and quits the loop. */
void daemon_stop(struct daemon *d);

/* For `--once`: the exit status. */
int daemon_exit_code(const struct daemon *d);

/* What the control socket may ask for; arg is the daemon. Replay tests call them directly. */
extern const struct control_ops daemon_control_ops;
