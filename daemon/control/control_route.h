/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of routes: method, path, who may, which keys the body has, what is called. Pure: no
 * socket, no HTTP library. A new route is a row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/json.h"
#include "daemon/control/control.h"
#include "daemon/control/control_peer.h"

/* What a body asks for; texts point into the parsed document. */
struct control_call {
	const char *tenant;
	const char *watch; /* NULL: all */
	bool wait;
	int64_t wait_us; /* wait_for; TIME_NONE: not said */
	int64_t for_us;
	struct control_login how;
	const char *login, *answer; /* answer NULL: none */
	bool sinks;
};

struct control_key;

/* Exactly one of document (answers at once, whole) and act is set. */
struct control_route {
	const char *method;
	const char *path;
	enum control_right right;
	const struct control_key *keys; /* of the body; ends with a NULL name; NULL: none */
	void (*document)(const struct control_ops *ops, void *arg, struct jsonw *out);
	void (*act)(const struct control_ops *ops, void *arg, const struct control_peer *who,
		const struct control_call *call, struct control_reply *reply);
};
extern const struct control_route control_routes[];
extern const size_t control_n_routes;

enum control_route_error {
	CONTROL_ROUTE_E_PATH = 1, /* no such path; *ret is NULL */
	CONTROL_ROUTE_E_METHOD,	  /* *ret is the route of that path with the method that it has */
};
int control_route_find(const char *method, const char *path, const struct control_route **ret);

/*
 * The body of a request to route, by its keys: unknown keys, keys given twice, other types and
 * missing ones are refused. An empty body is {}. 0; -ENOMEM; or -EINVAL with a line for people in
 * error. *ret_document owns what *ret points to.
 */
int control_body_parse(const struct control_route *route, const char *text, size_t len,
	struct json **ret_document, struct control_call *ret, struct buf *error);

/* The HTTP status for an enum exit_code. */
unsigned control_http_status(int code);
