/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the token endpoint: what all grants have in common. With a certificate in the
 * configuration the client is confidential and signs each request with a new assertion: RFC 7523
 * lets a server refuse one that it has seen. The key is read for it and freed at once, so that
 * no private key stays in memory and a renewed file counts at the next request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/engine/http.h"
#include "daemon/graph/auth_jwt.h"
#include "daemon/graph/auth_private.h"

#define ASSERTION_BYTES (16u * 1024)
#define TEXT_BYTES 2048u
/* A wrong credential file: it may be put right while we run. */
#define HOLD_LOCAL_US (60 * USEC_PER_SEC)

static const char hint_key[] = "put private key and certificate (PEM) into that credential";

void auth_form_add(struct buf *form, const char *name, const char *value)
{
	static const char unreserved[] = "-._~";

	buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			strchr(unreserved, c))
			buf_putc(form, (char)c);
		else
			buf_printf(form, "%%%02X", c);
	}
}

/* "https://login.microsoftonline.com/GUID/oauth2/v2.0/token": where to send, and the audience. */
static void append_endpoint(const struct auth_slot *slot, struct buf *out)
{
	const struct conf_tenant *t = slot->auth->tenant;
	size_t len = strlen(t->authority);

	while (len > 0 && t->authority[len - 1] == '/')
		len--;
	buf_append(out, t->authority, len);
	buf_printf(out, "/%s/oauth2/v2.0/token", t->tenant_id);
}

/* 0, or 1 with a line for people in why. */
static int read_key(struct auth_slot *slot, struct auth_key **ret, struct buf *why)
{
	const char *name = slot->auth->tenant->certificate;
	_cleanup_(secret_freep) struct secret *pem = NULL;
	_cleanup_(freep) char *path = NULL;
	_cleanup_(auth_key_freep) struct auth_key *key = NULL;
	char when[TIME_TEXT_SIZE];
	int r = credential_read(slot->auth->credentials_dir, name, &pem, &path);

	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		credential_error_text(r, name, path, why);
		return 1;
	}
	r = auth_key_parse(pem->data, pem->len, &key);
	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		buf_printf(why, "credential '%s' %s", name, auth_key_error_text(r));
		return 1;
	}
	int64_t end_us = auth_key_expires_us(key);
	if (end_us != TIME_NONE && end_us <= clock_wall_us()) {
		buf_printf(why, "the certificate in credential '%s' expired at %s", name,
			time_format(end_us, when));
		return 1;
	}
	*ret = TAKE_PTR(key);
	return 0;
}

static int add_assertion(struct auth_slot *slot, struct buf *form, struct buf *why)
{
	_cleanup_(auth_key_freep) struct auth_key *key = NULL;
	_cleanup_(buf_done) struct buf assertion = BUF_INIT_SECRET(ASSERTION_BYTES);
	_cleanup_(buf_done) struct buf audience = BUF_INIT_SURE(LIMIT_URL_BYTES);
	char id[GUID_TEXT_SIZE];

	if (!*slot->auth->tenant->certificate) {
		if (!slot->provider->confidential)
			return 0;
		buf_puts(why, "app-only access needs a certificate");
		return 1;
	}
	int r = read_key(slot, &key, why);
	if (r != 0)
		return r;
	append_endpoint(slot, &audience);
	r = buf_error(&audience);
	if (r == 0)
		r = random_guid(id);
	if (r == 0)
		r = auth_jwt_assertion(key, buf_text(&audience), slot->auth->tenant->client_id, id,
			clock_wall_us(), &assertion);
	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		buf_puts(why, "the client assertion could not be signed");
		return 1;
	}
	auth_form_add(form, "client_assertion_type",
		"urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	auth_form_add(form, "client_assertion", buf_text(&assertion));
	return 0;
}

static void answered(void *arg, struct http_result *result)
{
	struct auth_slot *slot = arg;
	struct auth_reply reply;

	slot->http = NULL;
	auth_reply_read(result, &reply);
	if (reply.outcome == AUTH_OK) {
		slot->provider->granted(slot, &reply);
		return;
	}
	if (slot->provider->refused)
		slot->provider->refused(slot, &reply);
	auth_slot_lost(slot, reply.outcome, buf_text(&reply.text), reply.hint, reply.hold_us);
	auth_reply_done(&reply);
}

static int post(struct auth_slot *slot, const struct buf *form)
{
	const struct conf_tenant *t = slot->auth->tenant;
	_cleanup_(buf_done) struct buf url = BUF_INIT_SURE(LIMIT_URL_BYTES);
	static const char *const headers[] = {"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded", NULL};

	append_endpoint(slot, &url);
	if (buf_error(&url))
		return buf_error(&url);
	struct http_request request = {
		.method = "POST",
		.url = buf_text(&url),
		.headers = headers,
		.body = form->data,
		.body_len = form->len,
		.body_secret = true,
		.reply_secret = true,
		.max_bytes = LIMIT_TOKEN_REPLY_BYTES,
		.ca_file = t->ca_file,
		.proxy = t->proxy,
		.http1 = t->http1,
	};

	return http_start(slot->auth->env.http, &request, answered, slot, &slot->http);
}

void auth_slot_send(struct auth_slot *slot, struct buf *form)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);

	auth_form_add(form, "client_id", slot->auth->tenant->client_id);
	auth_form_add(form, "scope", slot->provider->scope);
	if (slot->claims)
		auth_form_add(form, "claims", slot->claims);
	int r = add_assertion(slot, form, &why);
	if (r > 0)
		auth_slot_lost(slot, AUTH_CONFIG, buf_text(&why), hint_key, HOLD_LOCAL_US);
	else if (r < 0 || buf_error(form) || post(slot, form) < 0)
		auth_slot_lost(slot, AUTH_NETWORK, "the token request could not be made", NULL,
			HOLD_LOCAL_US);
	buf_done(form);
}
