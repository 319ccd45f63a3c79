/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers: the certificate that a server showed, and how far a request came. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "daemon/engine/http_private.h"

#define SET(r, easy, option, value) \
	((r) = (r) == CURLE_OK ? curl_easy_setopt((easy), (option), (value)) : (r))

/*
 * A session that is resumed shows no certificate, and one that was not verified must never be
 * resumed by somebody who trusts it: so these neither take one nor leave one.
 */
CURLcode http_peer_setup(CURL *easy, const struct http_request *q)
{
	CURLcode r = CURLE_OK;

	SET(r, easy, CURLOPT_CERTINFO, 1L);
	SET(r, easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	/* "perform all the required proxy authentication and connection setup, but no data
	 * transfer, and then return" */
	if (q->greet)
		SET(r, easy, CURLOPT_CONNECT_ONLY, 1L);
	if (!q->greet || !q->anybody)
		return r;
	SET(r, easy, CURLOPT_SSL_VERIFYPEER, 0L);
	SET(r, easy, CURLOPT_SSL_VERIFYHOST, 0L);
	return r;
}

enum http_stage http_peer_stage(CURL *easy, CURLcode result, enum http_error error)
{
	curl_off_t named_us = 0, secured_us = 0;
	const char *address = NULL;

	if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY)
		return HTTP_AT_NAME;
	if (result == CURLE_COULDNT_CONNECT)
		return HTTP_AT_CONNECT;
	if (error == HTTP_E_TLS)
		return HTTP_AT_TLS;
	/* each is the time from the start to the end of that step, 0 when it did not end */
	(void)curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &named_us);
	(void)curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &secured_us);
	(void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
	if (secured_us > 0 || error == HTTP_OK)
		return HTTP_AT_ANSWER;
	if (address && *address)
		return HTTP_AT_TLS;
	return named_us > 0 ? HTTP_AT_CONNECT : HTTP_AT_NAME;
}

/* "Name:value" of the first certificate, the server's own; NULL when it has none. */
static const char *field(const struct curl_certinfo *chain, const char *name)
{
	size_t len = strlen(name);

	for (const struct curl_slist *i = chain->certinfo[0]; i; i = i->next)
		if (strncasecmp(i->data, name, len) == 0 && i->data[len] == ':')
			return i->data + len + 1;
	return NULL;
}

static void copy_name(const char *text, char out[static HTTP_PEER_NAME_BYTES])
{
	(void)snprintf(out, HTTP_PEER_NAME_BYTES, "%s", text ? text : "");
}

/* "Nov 24 18:00:00 2027 GMT", or as a later libcurl may write it: its own reader knows. */
static int64_t read_time(const char *text)
{
	time_t t = text ? curl_getdate(text, NULL) : -1;

	return t == -1 ? TIME_NONE : (int64_t)t * USEC_PER_SEC;
}

bool http_peer_read(CURL *easy, struct http_peer *ret)
{
	struct curl_certinfo *chain = NULL;
	const char *address = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
		chain->num_of_certs < 1 || !chain->certinfo || !chain->certinfo[0])
		return false;
	*ret = (struct http_peer){
		.not_before_us = read_time(field(chain, "Start date")),
		.not_after_us = read_time(field(chain, "Expire date")),
	};
	copy_name(field(chain, "Subject"), ret->subject);
	copy_name(field(chain, "Issuer"), ret->issuer);
	if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address)
		(void)snprintf(ret->address, sizeof(ret->address), "%s", address);
	return true;
}
