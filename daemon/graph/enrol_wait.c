/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in by device: asks for a code that a person types elsewhere, then again and again whether
 * it was typed. When to ask is enrol_device.c. */
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/enrol_private.h"

static void polled(void *arg, struct http_result *result)
{
	struct enrol *e = arg;
	_cleanup_(auth_reply_done) struct auth_reply reply = {0};
	int64_t wait_us = 0;

	e->http = NULL;
	auth_reply_read(result, &reply);
	switch (enrol_poll_decide(&e->pace, &reply, &wait_us)) {
	case ENROL_POLL_AGAIN:
		e->state = ENROL_WAITING;
		loop_timer_arm(e->timer, wait_us);
		return;
	case ENROL_POLL_GRANTED:
		enrol_granted_examine(e, &reply, result);
		return;
	case ENROL_POLL_OVER:
		enrol_end_reply(e, &reply);
		return;
	}
}

void enrol_wait_poll(struct enrol *e)
{
	struct buf form = BUF_INIT_SECRET(ENROL_FORM_BYTES);

	e->state = ENROL_ASKING;
	auth_form_add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
	auth_form_add(&form, "device_code", e->device.code->data);
	enrol_ask(e, AUTH_ENDPOINT_TOKEN, &form, polled);
}

static void device_given(void *arg, struct http_result *result)
{
	struct enrol *e = arg;
	_cleanup_(auth_reply_done) struct auth_reply reply = {0};

	e->http = NULL;
	if (result->error == HTTP_OK && result->status == 200) {
		int r = enrol_device_read(&result->body, &e->device);

		if (r != 0) {
			enrol_end(e, r < 0 ? EXIT_CODE_REFUSED : EXIT_CODE_NETWORK,
				r < 0 ? "out of memory"
				      : "the service answered with something that holds no code",
				NULL);
			return;
		}
		e->pace.interval_us = e->device.interval_us;
		e->expires_us = clock_boot_us() + e->device.expires_us;
		loop_timer_arm(e->expiry, e->device.expires_us);
		e->prompt.verification_uri = e->device.verification_uri;
		e->prompt.user_code = e->device.user_code;
		e->prompt.message = e->device.message;
		e->state = ENROL_WAITING;
		enrol_say(e, EXIT_CODE_OK, "enter the code", NULL);
		enrol_tell(e);
		return;
	}
	auth_reply_read(result, &reply);
	if (reply.outcome == AUTH_OK) { /* another 2xx */
		enrol_end(e, EXIT_CODE_NETWORK, "the service answered with something else", NULL);
		return;
	}
	enrol_end_reply(e, &reply);
}

void enrol_wait_begin(struct enrol *e)
{
	struct buf form = BUF_INIT_SECRET(ENROL_FORM_BYTES);

	enrol_add_scopes(e, &form);
	enrol_ask(e, AUTH_ENDPOINT_DEVICE, &form, device_given);
}
