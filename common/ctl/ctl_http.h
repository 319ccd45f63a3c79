/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 exchange as text: what is written and what comes back. Pure, no socket. */
#pragma once

#include <stddef.h>

#include "common/base/buf.h"

/* The whole request, "Connection: close". body NULL: none. Errors are the buffer's. */
void ctl_http_request(struct buf *out, const char *method, const char *path, const char *body);

/* How a response can be unusable; positive results of ctl_http_response(). */
enum ctl_http_error {
	CTL_HTTP_E_CUT = 1, /* it ended before its end */
	CTL_HTTP_E_BAD,	    /* not HTTP/1.x, or contradicts itself */
};

/*
 * Reads everything that came before the peer closed. 1xx responses in front are skipped. The length
 * is given by Content-Length, by chunks, or by the end. Appends the body. 0, an enum
 * ctl_http_error, or the error of body.
 */
int ctl_http_response(const char *data, size_t len, unsigned *ret_status, struct buf *body);
