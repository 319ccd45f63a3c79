/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ctl/ctl_login.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ctl/ctl.h"

/* A request or two to the service, each of LIMIT_REQUEST_US at most, stand between. */
#define SERVICE_US (5 * USEC_PER_MIN)
/* A person stands between as well, and a daemon that says when it is too late. */
#define PERSON_US (LIMIT_LOGIN_DEVICE_US + SERVICE_US)

void ctl_login_done(struct ctl_login *l)
{
	free(l->id);
	free(l->url);
	free(l->state);
	free(l->verification_uri);
	free(l->user_code);
	free(l->message);
	free(l->warnings);
	*l = (struct ctl_login){0};
}

void ctl_sign_in_done(struct ctl_sign_in *s)
{
	free(s->tenant);
	free(s->account);
	free(s->account_id);
	free(s->method);
	free(s->scopes);
	free(s->warnings);
	*s = (struct ctl_sign_in){0};
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* A member that people see. Absent is NULL. */
static int take_shown(const struct json *from, const char *key, char **ret)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	const char *text = json_string_or(from, key, NULL);

	if (!text)
		return 0;
	text_append_visible(&shown, text, strlen(text));
	*ret = buf_take(&shown);
	return *ret ? 0 : -ENOMEM;
}

/* What a person opens or what goes back to the daemon: taken as it is, or not at all. */
static int take_exact(const struct json *from, const char *key, bool address, char **ret)
{
	const char *text = json_string_or(from, key, NULL);

	if (!text)
		return 0;
	if (address && strncasecmp(text, "https://", strlen("https://")) != 0)
		return -EINVAL;
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p > '~')
			return -EINVAL;
	return text_copy(text, ret);
}

/* An array of texts, one behind the other. */
static int take_texts(const struct json *from, const char *key, char separator, char **ret)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);

	JSON_EACH (v, json_member(from, key)) {
		const char *text = json_string(v);

		if (!text)
			continue;
		if (shown.len)
			buf_putc(&shown, separator);
		text_append_visible(&shown, text, strlen(text));
	}
	if (shown.len == 0)
		return buf_error(&shown);
	*ret = buf_take(&shown);
	return *ret ? 0 : -ENOMEM;
}

static int read_login(const struct json *doc, struct ctl_login *l)
{
	const struct json *from = json_member(doc, "login");
	int64_t seconds = 0;
	int r = take_exact(from, "id", false, &l->id);

	if (r == 0)
		r = take_exact(from, "url", true, &l->url);
	if (r == 0)
		r = take_exact(from, "state", false, &l->state);
	if (r == 0)
		r = take_exact(from, "verification_uri", true, &l->verification_uri);
	if (r == 0)
		r = take_shown(from, "user_code", &l->user_code);
	if (r == 0)
		r = take_shown(from, "message", &l->message);
	if (r == 0)
		r = take_texts(doc, "warnings", '\n', &l->warnings);
	if (r == 0 && json_get_int(from, "expires_in", &seconds) == JSON_GET_OK && seconds > 0 &&
		seconds <= LIMIT_LOGIN_DEVICE_US / USEC_PER_SEC)
		l->expires_us = seconds * USEC_PER_SEC;
	if (r == 0 && (!l->id || (l->url ? !l->state : !l->verification_uri || !l->user_code)))
		r = -EINVAL;
	return r;
}

static int read_sign_in(const struct json *doc, struct ctl_sign_in *s)
{
	const struct json *from = json_member(doc, "sign_in");
	int r = take_shown(from, "tenant", &s->tenant);

	if (r == 0)
		r = take_shown(from, "account", &s->account);
	if (r == 0)
		r = take_shown(from, "account_id", &s->account_id);
	if (r == 0)
		r = take_shown(from, "method", &s->method);
	if (r == 0)
		r = take_texts(from, "scopes", ' ', &s->scopes);
	if (r == 0)
		r = take_texts(doc, "warnings", '\n', &s->warnings);
	return r;
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* Sends body, which is finished here. *ret_doc is set on EXIT_CODE_OK only. */
static int ask(const char *socket_path, const char *path, struct jsonw *body, int64_t timeout_us,
	struct json **ret_doc, char **ret_text)
{
	_cleanup_(buf_done) struct buf reply = BUF_INIT_SECRET(LIMIT_CONTROL_REPLY_BYTES);

	jsonw_object_end(body);
	if (buf_error(body->out) < 0) {
		(void)text_copy("the request is too long", ret_text);
		return EXIT_CODE_USAGE;
	}
	int code = ctl_request(
		socket_path, "POST", path, buf_text(body->out), timeout_us, &reply, ret_text);
	if (code == EXIT_CODE_OK &&
		json_parse(buf_text(&reply), reply.len, LIMIT_JSON_DEPTH, ret_doc) != 0)
		code = EXIT_CODE_NO_DAEMON; /* it was read once already: want of memory */
	return code;
}

static int misunderstood(int r, char **ret_text)
{
	free(*ret_text);
	*ret_text = NULL;
	(void)text_copy(r == -ENOMEM ? "out of memory"
				     : "snapwatchd answered in a way that this program does not "
				       "understand; are both of the same version?",
		ret_text);
	return EXIT_CODE_NO_DAEMON;
}

int ctl_login_begin(const char *socket_path, const char *tenant, const char *redirect,
	bool allow_extra_scopes, struct ctl_login *ret, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	struct jsonw body = JSONW_INIT(&text);
	struct ctl_login login = {0};

	*ret_text = NULL;
	jsonw_object(&body);
	jsonw_kv_string(&body, "tenant", tenant);
	jsonw_kv_string(&body, "method", redirect ? "code" : "device");
	jsonw_kv_string(&body, "redirect", redirect);
	jsonw_kv_bool(&body, "allow_extra_scopes", allow_extra_scopes);
	int code = ask(socket_path, "/v1/login", &body, SERVICE_US, &doc, ret_text);
	if (code != EXIT_CODE_OK)
		return code;
	int r = read_login(doc, &login);
	if (r < 0) {
		ctl_login_done(&login);
		return misunderstood(r, ret_text);
	}
	*ret = login;
	free(*ret_text); /* what it says is all in *ret */
	*ret_text = NULL;
	return EXIT_CODE_OK;
}

int ctl_login_finish(const char *socket_path, const char *id, const char *answer,
	struct ctl_sign_in *ret, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(LIMIT_CONTROL_BODY_BYTES);
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	struct jsonw body = JSONW_INIT(&text);
	struct ctl_sign_in sign_in = {0};

	*ret_text = NULL;
	jsonw_object(&body);
	jsonw_kv_string(&body, "login", id);
	jsonw_kv_string(&body, "answer", answer);
	int code = ask(socket_path, "/v1/login/finish", &body, answer ? SERVICE_US : PERSON_US,
		&doc, ret_text);
	if (code != EXIT_CODE_OK)
		return code;
	int r = read_sign_in(doc, &sign_in);
	if (r < 0) {
		ctl_sign_in_done(&sign_in);
		return misunderstood(r, ret_text);
	}
	*ret = sign_in;
	return EXIT_CODE_OK;
}

int ctl_logout(const char *socket_path, const char *tenant, char **ret_text)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	struct jsonw body = JSONW_INIT(&text);

	*ret_text = NULL;
	jsonw_object(&body);
	jsonw_kv_string(&body, "tenant", tenant);
	return ask(socket_path, "/v1/logout", &body, SERVICE_US, &doc, ret_text);
}
