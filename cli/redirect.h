/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser brought back from the sign-in: found in a request to the loopback listener, or in
 * the address that somebody pasted. Pure. Whether the answer is any good is for the daemon to say;
 * here it is only told from everything else.
 */
#pragma once

#include <stddef.h>

#include "common/base/buf.h"

enum redirect_error {
	/* Requests. */
	REDIRECT_E_MORE = 1, /* the header has not come to its end yet */
	REDIRECT_E_HTTP,     /* no request of HTTP/1.x */
	REDIRECT_E_METHOD,   /* not GET */
	REDIRECT_E_PATH,     /* something else of this host: /favicon.ico */
	/* Pasted texts. */
	REDIRECT_E_EMPTY,
	REDIRECT_E_SENT,      /* the address that was to be opened */
	REDIRECT_E_ELSEWHERE, /* an address of another host, or no address at all */
	REDIRECT_E_FRAGMENT,  /* the answer stands behind a "#" */
	REDIRECT_E_CODE_ONLY,
	REDIRECT_E_BLANK, /* blanks within */
	/* Both. */
	REDIRECT_E_LONG,
	REDIRECT_E_NOTHING, /* neither a code nor an error */
	REDIRECT_E_CUT,	    /* without its beginning or end */
	REDIRECT_E_TWICE,
	REDIRECT_E_STATE, /* of another sign-in */
	_REDIRECT_E_MAX,
};

/*
 * Both find the query ("code=...&state=..."), which points into text, and make sure that its state
 * is this one, which is compared in constant time before anything else of it is looked at. 0, or an
 * enum redirect_error; redirect_pasted() also -ENOMEM.
 *
 * redirect_request(): the header of a request, as far as it has come.
 */
int redirect_request(
	const char *text, size_t len, const char *state, const char **ret_query, size_t *ret_len);
/* redirect_pasted(): a whole address of a browser, or only its query. */
int redirect_pasted(
	const char *text, size_t len, const char *state, const char **ret_query, size_t *ret_len);

/* What it is instead, and what to do: a sentence for people, without a full stop. */
const char *redirect_error_text(int error);
