/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of the control socket, and what that one may do. The kernel says who it
 * is; nothing here asks a name service once the groups are known.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "daemon/control/control.h"

#define CONTROL_GROUP_READ "snapwatch"
#define CONTROL_GROUP_ACT "snapwatch-admin"

enum control_right {
	CONTROL_RIGHT_NONE,
	CONTROL_RIGHT_READ,
	CONTROL_RIGHT_ACT, /* and read */
};

/* Group ids by name; (gid_t)-1: there is no such group. */
struct control_groups {
	gid_t read, act;
};
/* Asks the name service, so it may block: once, at start. */
void control_groups_find(struct control_groups *ret);

/* gids: primary and other groups. self: the daemon's own user. Pure. */
enum control_right control_peer_right(uid_t uid, const gid_t *gids, size_t n_gids,
	const struct control_groups *groups, uid_t self);

/* The process that connected fd. 0 or -errno. */
int control_peer_of(int fd, const struct control_groups *groups, struct control_peer *ret,
	enum control_right *ret_right);

/*
 * Writes "uid 1000 (anna)" to peer->text, "uid 1000" for a user that passwd does not list. passwd:
 * /etc/passwd, a local file (users of a directory keep their number), or NULL.
 */
void control_peer_describe(struct control_peer *peer, FILE *passwd);
