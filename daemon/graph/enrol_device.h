/* SPDX-License-Identifier: Apache-2.0 */
/* The device authorization grant (RFC 8628) as far as it can be decided without a socket. */
#pragma once

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/secret.h"
#include "daemon/graph/auth_reply.h"

/* What a person types where. Texts but message are printable ASCII; that one is the service's. */
struct enrol_device {
	struct secret *code; /* ours, for polling */
	char *user_code;
	char *verification_uri; /* https */
	char *message;		/* visible; NULL when none came */
	int64_t expires_us;	/* from the answer on, at most LIMIT_LOGIN_DEVICE_US */
	int64_t interval_us;
};
void enrol_device_done(struct enrol_device *d);

/* The body of a good answer. 0, -ENOMEM, or 1: it is none. */
int enrol_device_read(const struct buf *body, struct enrol_device *ret);

/* How often is asked. */
struct enrol_pace {
	int64_t interval_us;
	unsigned failures; /* without an answer, one after another */
};
enum enrol_poll {
	ENROL_POLL_AGAIN,   /* after *ret_wait_us */
	ENROL_POLL_GRANTED, /* the reply has tokens */
	ENROL_POLL_OVER,    /* the reply says why */
};
enum enrol_poll enrol_poll_decide(
	struct enrol_pace *pace, const struct auth_reply *reply, int64_t *ret_wait_us);
