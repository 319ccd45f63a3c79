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

const char auth_hint_certificate[] = "put private key and certificate (PEM) into that credential";

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
void auth_endpoint_append(const struct auth *a, enum auth_endpoint endpoint, struct buf *out)
{
	static const char *const names[] = {
		[AUTH_ENDPOINT_TOKEN] = "token",
		[AUTH_ENDPOINT_DEVICE] = "devicecode",
		[AUTH_ENDPOINT_AUTHORIZE] = "authorize",
	};
	const struct conf_tenant *t = a->tenant;
	size_t len = strlen(t->authority);

	while (len > 0 && t->authority[len - 1] == '/')
		len--;
	buf_append(out, t->authority, len);
	buf_printf(out, "/%s/oauth2/v2.0/%s", t->tenant_id, names[endpoint]);
}

/* 0, or 1 with a line for people in why. */
static int read_key(struct auth *a, struct auth_key **ret, struct buf *why)
{
	const char *name = a->tenant->certificate;
	_cleanup_(secret_freep) struct secret *pem = NULL;
	_cleanup_(freep) char *path = NULL;
	_cleanup_(auth_key_freep) struct auth_key *key = NULL;
	char when[TIME_TEXT_SIZE];
	int r = credential_read(a->credentials_dir, name, &pem, &path);

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
	a->certificate_ends_us = end_us;
	if (end_us != TIME_NONE && end_us <= clock_wall_us()) {
		buf_printf(why, "the certificate in credential '%s' expired at %s", name,
			time_format(end_us, when));
		return 1;
	}
	*ret = TAKE_PTR(key);
	return 0;
}

static int add_assertion(struct auth *a, bool confidential, struct buf *form, struct buf *why)
{
	_cleanup_(auth_key_freep) struct auth_key *key = NULL;
	_cleanup_(buf_done) struct buf assertion = BUF_INIT_SECRET(ASSERTION_BYTES);
	_cleanup_(buf_done) struct buf audience = BUF_INIT_SURE(LIMIT_URL_BYTES);
	char id[GUID_TEXT_SIZE];

	if (!*a->tenant->certificate) {
		if (!confidential)
			return 0;
		buf_puts(why, "app-only access needs a certificate");
		return 1;
	}
	int r = read_key(a, &key, why);
	if (r != 0)
		return r;
	auth_endpoint_append(a, AUTH_ENDPOINT_TOKEN, &audience);
	r = buf_error(&audience);
	if (r == 0)
		r = random_guid(id);
	if (r == 0)
		r = auth_jwt_assertion(key, buf_text(&audience), a->tenant->client_id, id,
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

static int post(struct auth *a, enum auth_endpoint endpoint, const struct buf *form,
	http_done_fn done, void *arg, struct http_call **ret_call)
{
	const struct conf_tenant *t = a->tenant;
	_cleanup_(buf_done) struct buf url = BUF_INIT_SURE(LIMIT_URL_BYTES);
	static const char *const headers[] = {"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded", NULL};

	auth_endpoint_append(a, endpoint, &url);
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

	return http_start(a->env.http, &request, done, arg, ret_call);
}

int auth_exchange(struct auth *a, enum auth_endpoint endpoint, bool confidential, struct buf *form,
	http_done_fn done, void *arg, struct http_call **ret_call, struct buf *why)
{
	auth_form_add(form, "client_id", a->tenant->client_id);
	int r = add_assertion(a, confidential, form, why);
	if (r == 0)
		r = buf_error(form);
	return r == 0 ? post(a, endpoint, form, done, arg, ret_call) : r;
}

/* --- the exchange of a slot ---------------------------------------------------------------------
 */

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

void auth_slot_send(struct auth_slot *slot, struct buf *form)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT_SURE(TEXT_BYTES);

	auth_form_add(form, "scope", slot->provider->scope(slot->auth->tenant));
	if (slot->claims)
		auth_form_add(form, "claims", slot->claims);
	int r = auth_exchange(slot->auth, AUTH_ENDPOINT_TOKEN, slot->provider->confidential, form,
		answered, slot, &slot->http, &why);
	if (r > 0)
		auth_slot_lost(
			slot, AUTH_CONFIG, buf_text(&why), auth_hint_certificate, HOLD_LOCAL_US);
	else if (r < 0)
		auth_slot_lost(slot, AUTH_NETWORK, "the token request could not be made", NULL,
			HOLD_LOCAL_US);
	buf_done(form);
}
