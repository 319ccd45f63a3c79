/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody to ask: the daemon that runs, or, when none does, one that is started for as long as
 * this command lasts (`snapwatchd --assist`). It answers on a socket that only this process can
 * reach, looks at no tenant, and ends when this process does, whatever ends it.
 */
#pragma once

#include <sys/types.h>

struct cli;

struct assist {
	const char *socket; /* for ctl.h; borrowed from the configuration, or from path */
	char path[32];
	pid_t pid;	/* 0: the daemon runs by itself */
	int stdin_fd;	/* as long as it is open the assistant runs */
	int socket_fd;	/* the socket's name, without a name in the file system */
	int message_fd; /* what it writes to stderr; shown only when it fails */
};
#define ASSIST_NONE \
	((struct assist){.socket = NULL, .stdin_fd = -1, .socket_fd = -1, .message_fd = -1})

/* The configuration must be loaded. An enum exit_code; what is wrong was said. */
int assist_begin(const struct cli *c, struct assist *ret);

/*
 * Ends an assistant and waits for it. code and *text (may be replaced; free() it): how the request
 * ended. Returns code, or why the assistant could not do it.
 */
int assist_end(struct assist *a, int code, char **text);

/* For _cleanup_: ends it without a word. */
void assist_done(struct assist *a);
