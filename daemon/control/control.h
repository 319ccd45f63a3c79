/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: HTTP on a Unix socket, JSON both ways, one table of routes. Who asks is known
 *from the kernel (SO_PEERCRED, SO_PEERGROUPS): root and the group snapwatch-admin may act, the
 *group snapwatch may read. What is asked for is done by daemon.c through struct control_ops.
 *
 *	GET  /v1/status
 *	POST /v1/run     {"tenant": "contoso", "watch": "all", "wait": true, "wait_for": "10m"}
 *	POST /v1/yield   {"tenant": "contoso", "for": "4h"}
 *	POST /v1/resume  {"tenant": "contoso"}
 *	POST /v1/reload
 *	POST /v1/login   {"tenant": "contoso", "method": "code", "redirect":
 *"http://localhost:PORT", "allow_extra_scopes": false} or {"tenant": "contoso", "method": "device"}
 *	POST /v1/login/finish {"login": ID, "answer": "code=...&state=..."}
 *	POST /v1/logout  {"tenant": "contoso"}, or its tenant_id, also when it is not configured
 *	POST /v1/doctor  {"tenant": "contoso", "sinks": false}; its reply has "doctor": [...]
 *
 * A sign-in begins with login, whose reply has what a person needs:
 *	"login": {"id", "method", "expires_in" (seconds), and by code "url", "state", by device
 *		  "verification_uri", "user_code", "message"}
 * and ends with finish, by device without an answer: it comes when it is decided. Its reply has
 *	"sign_in": {"tenant", "account", "account_id", "method", "scopes": [...]}, "warnings": [...]
 *
 * "wait" answers when the whole cycle has ended; "wait_for" says how long that may wait for a job
 *slot that somebody else holds (0 to 1d; 10m).
 *
 * Every reply is {"schema": "snapwatch/1", "code": N, "name": "slot_busy", "text": "..."} (codes of
 * base/err.h), some with "hint" and members of their own, or, for status, the document itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/cleanup.h"
#include "common/base/jsonw.h"

struct control;
struct control_reply;
struct loop;

/* Who asks: "uid 1000 (anna)" for records and history. */
struct control_peer {
	uid_t uid;
	pid_t pid;
	char text[64];
};

/* How somebody wants to sign in. */
struct control_login {
	const char *method;   /* "code" unless said */
	const char *redirect; /* NULL: not said */
	bool allow_extra_scopes;
};

struct control_ops {
	/* Writes the whole status document. */
	void (*status)(void *arg, struct jsonw *out);
	/*
	 * The others answer now or later, exactly once, with control_reply_send(). wait_us:
	 * wait_for, or TIME_NONE.
	 */
	void (*run)(void *arg, const struct control_peer *who, const char *tenant,
		const char *watch, bool wait, int64_t wait_us, struct control_reply *reply);
	void (*yield)(void *arg, const struct control_peer *who, const char *tenant, int64_t for_us,
		struct control_reply *reply);
	void (*resume)(void *arg, const struct control_peer *who, const char *tenant,
		struct control_reply *reply);
	void (*reload)(void *arg, const struct control_peer *who, struct control_reply *reply);
	/* answer: NULL, or as it came; the caller wipes it. */
	void (*login)(void *arg, const struct control_peer *who, const char *tenant,
		const struct control_login *login, struct control_reply *reply);
	void (*login_finish)(void *arg, const struct control_peer *who, const char *login,
		const char *answer, struct control_reply *reply);
	void (*logout)(void *arg, const struct control_peer *who, const char *tenant,
		struct control_reply *reply);
	/* tenant NULL: all. sinks: send a test alert to each. */
	void (*doctor)(void *arg, const struct control_peer *who, const char *tenant, bool sinks,
		struct control_reply *reply);
};

/*
 * Listens on path (an old socket file is replaced, mode 0660). 0 or -errno. Blocks on nothing but
 * the file system. Groups are looked up by name here, once, never on the loop.
 */
int control_new(struct loop *l, const char *path, const struct control_ops *ops, void *arg,
	struct control **ret);
/*
 * The same on a socket that listens already, whose file is somebody else's. fd is taken over on
 * success.
 */
int control_new_on(
	struct loop *l, int fd, const struct control_ops *ops, void *arg, struct control **ret);
struct control *control_free(
	struct control *c); /* open replies are closed; later sends do nothing */
DEFINE_CLEANUP(struct control, control_free);

/*
 * gone is called when the client leaves before it is answered, once, from the loop; r is still to
 * be sent, from inside, too. Not called when the control itself is freed. At most one.
 */
void control_reply_watch(struct control_reply *r, void (*gone)(void *arg), void *arg);

/* code: enum exit_code. Frees the reply, also when the client has gone. NULL is allowed. */
void control_reply_send(struct control_reply *r, int code, const char *text);
/*
 * The same with more to say: what to do about it (hint; NULL: nothing) and members of its own.
 * write puts keys and values into the reply, which is an open object; it is called before this
 * returns, or not at all when the client has gone. NULL: none.
 */
void control_reply_document(struct control_reply *r, int code, const char *text, const char *hint,
	void (*write)(const void *arg, struct jsonw *out), const void *arg);
