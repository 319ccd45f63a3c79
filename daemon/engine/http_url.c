/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pure part of engine/http.h: addresses that the service hands out. They are taken apart by the
 * parser that would connect to them (libcurl's), because a check by a second parser that reads
 * "https://graph.microsoft.com\@evil.example" in another way is worth nothing.
 */
#include "daemon/engine/http.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "common/base/limits.h"

const char *http_error_name(enum http_error e)
{
	switch (e) {
	case HTTP_OK:
		return "ok";
	case HTTP_E_NETWORK:
		return "network";
	case HTTP_E_TIMEOUT:
		return "timeout";
	case HTTP_E_TLS:
		return "tls";
	case HTTP_E_TOO_LARGE:
		return "too_large";
	case HTTP_E_INTERNAL:
		return "internal";
	}
	return "unknown";
}

static void url_freep(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void part_freep(char **part)
{
	curl_free(*part);
}

/* Blanks, controls, backslashes and bytes past ASCII have no place in an address on the wire. */
static bool plain_text(const char *url)
{
	size_t len = strnlen(url, LIMIT_URL_BYTES + 1);

	if (len == 0 || len > LIMIT_URL_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)url[i];

		if (c <= ' ' || c >= 0x7f || c == '\\')
			return false;
	}
	return true;
}

static bool has_part(CURLU *u, CURLUPart what)
{
	_cleanup_(part_freep) char *part = NULL;

	return curl_url_get(u, what, &part, 0) == CURLUE_OK;
}

static int part_equal(CURLU *a, CURLU *b, CURLUPart what)
{
	_cleanup_(part_freep) char *pa = NULL;
	_cleanup_(part_freep) char *pb = NULL;

	return curl_url_get(a, what, &pa, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	       curl_url_get(b, what, &pb, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	       strcasecmp(pa, pb) == 0;
}

/* An https address without user info and interface; NULL when text is anything else. */
static CURLU *https_url(const char *text)
{
	_cleanup_(url_freep) CURLU *u = curl_url();
	_cleanup_(part_freep) char *scheme = NULL;

	if (!u || !plain_text(text) || curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		strcmp(scheme, "https") != 0)
		return NULL;
	if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD) ||
		has_part(u, CURLUPART_OPTIONS) || has_part(u, CURLUPART_ZONEID))
		return NULL;
	return TAKE_PTR(u);
}

bool http_same_origin(const char *url, const char *base)
{
	_cleanup_(url_freep) CURLU *u = https_url(url);
	_cleanup_(url_freep) CURLU *b = https_url(base);

	return u && b && part_equal(u, b, CURLUPART_HOST) && part_equal(u, b, CURLUPART_PORT);
}

int http_resolve(const char *base, const char *reference, struct buf *out)
{
	_cleanup_(url_freep) CURLU *u = https_url(base);
	_cleanup_(part_freep) char *text = NULL;

	if (!u || !plain_text(reference) ||
		curl_url_set(u, CURLUPART_URL, reference, 0) != CURLUE_OK ||
		curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return -EINVAL;
	buf_puts(out, text);
	return buf_error(out) ? -EINVAL : 0;
}
