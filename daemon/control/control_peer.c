/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/control/control_peer.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"

/* Of a user's name; useradd allows 32 characters. */
#define NAME_SHOWN 32
#define NO_GROUP ((gid_t)-1)

static gid_t group_id(const char *name)
{
	const struct group *g = getgrnam(name);

	return g ? g->gr_gid : NO_GROUP;
}

void control_groups_find(struct control_groups *ret)
{
	ret->read = group_id(CONTROL_GROUP_READ);
	ret->act = group_id(CONTROL_GROUP_ACT);
}

static bool has_group(const gid_t *gids, size_t n, gid_t wanted)
{
	for (size_t i = 0; wanted != NO_GROUP && i < n; i++)
		if (gids[i] == wanted)
			return true;
	return false;
}

enum control_right control_peer_right(uid_t uid, const gid_t *gids, size_t n_gids,
	const struct control_groups *groups, uid_t self)
{
	if (uid == 0 || uid == self || has_group(gids, n_gids, groups->act))
		return CONTROL_RIGHT_ACT;
	return has_group(gids, n_gids, groups->read) ? CONTROL_RIGHT_READ : CONTROL_RIGHT_NONE;
}

int control_peer_of(int fd, const struct control_groups *groups, struct control_peer *ret,
	enum control_right *ret_right)
{
	_cleanup_(freep) gid_t *gids = NULL;
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return -errno;
	/* SO_PEERGROUPS lists supplementary groups; the primary one need not be among them */
	gids = malloc((NGROUPS_MAX + 1) * sizeof(*gids));
	if (!gids)
		return -ENOMEM;
	gids[0] = who.gid;
	len = NGROUPS_MAX * sizeof(*gids);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids + 1, &len) < 0)
		return -errno;
	*ret = (struct control_peer){.uid = who.uid, .pid = who.pid};
	*ret_right = control_peer_right(who.uid, gids, 1 + len / sizeof(*gids), groups, geteuid());
	return 0;
}

/* "name:x:uid:..." of that user: the name, cut out of line; else NULL. */
static char *name_in(char *line, uid_t uid)
{
	char *name = strsep(&line, ":");
	const char *id;
	uint64_t n;

	(void)strsep(&line, ":");
	id = strsep(&line, ":");
	return id && parse_u64(id, 0, UINT32_MAX, &n) == 0 && n == uid ? name : NULL;
}

void control_peer_describe(struct control_peer *peer, FILE *passwd)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(LIMIT_NAME_BYTES);
	_cleanup_(freep) char *line = NULL;
	const char *name = NULL;
	size_t size = 0;

	while (passwd && !name && getline(&line, &size, passwd) > 0)
		name = name_in(line, peer->uid);
	if (name)
		text_append_visible(&shown, name, strnlen(name, NAME_SHOWN));
	if (shown.len)
		(void)snprintf(peer->text, sizeof(peer->text), "uid %u (%.*s)", (unsigned)peer->uid,
			NAME_SHOWN, buf_text(&shown));
	else
		(void)snprintf(peer->text, sizeof(peer->text), "uid %u", (unsigned)peer->uid);
}
