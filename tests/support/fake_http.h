/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of engine/http.h without a network: a handler answers each request. The handler runs
 * on the turn after http_start(), as a service would see the request; the answer comes back when
 * the handler's delay has passed. A request cancelled in between reached the service all the same.
 * Time-outs, max_bytes and the User-Agent are as the real engine has them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/engine/http.h"

/*
 * Fills in the result (zeroed; error HTTP_OK, body with the right maximum, no Date). Text that the
 * result points to must live until the handler returns; it is copied. *delay_us is 0 before.
 */
typedef void (*fake_http_fn)(void *arg, const struct http_request *request,
	struct http_result *result, int64_t *delay_us);

void fake_http_handler(struct http *h, fake_http_fn fn, void *arg);

size_t fake_http_started(const struct http *h); /* requests since the start */
size_t fake_http_in_flight(const struct http *h);
/* The one that was made last, for harnesses of whole daemons; NULL when it is gone. */
struct http *fake_http_newest(void);
