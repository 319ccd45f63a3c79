/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the browser shows when a sign-in has ended: one HTTP response. Pure. Texts may come from
 * anybody; each is made visible and escaped here. The page has no scripts, loads nothing, and is
 * not kept by the browser.
 */
#pragma once

#include <stdbool.h>

#include "common/base/buf.h"

struct redirect_page {
	unsigned status; /* of HTTP: 200, 400, 404, 405, 431 */
	bool good;
	const char *title;   /* "Signed in" */
	const char *text;    /* what happened; each line is a paragraph */
	const char *hint;    /* what to do; may be NULL */
	const char *command; /* that is to be typed; may be NULL */
};

/* Header and page. Errors are the buffer's. */
void redirect_page_append(const struct redirect_page *page, struct buf *out);
