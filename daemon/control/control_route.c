/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/control/control_route.h"

#include <errno.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"

/* An object with plain members. */
#define BODY_DEPTH 2u
/* What `snapwatch yield` gives when nothing is said. */
#define HOLD_DEFAULT_US (4 * USEC_PER_HOUR)

enum key_kind {
	KEY_TEXT,
	KEY_BOOL,
	KEY_DURATION,
};
/* What a duration may be. */
struct control_span {
	int64_t min_us, max_us;
	const char *text;
};
struct control_key {
	const char *name;
	enum key_kind kind;
	bool required;
	size_t offset; /* in struct control_call */
	const struct control_span *span;
	size_t max; /* of a text; 0: LIMIT_ID_BYTES */
};

#define KEY(key, k, needed, member) \
	{ \
		.name = (key), .kind = (k), .required = (needed), \
		.offset = offsetof(struct control_call, member) \
	}
static const struct control_span wait_span = {0, LIMIT_SLOT_WAIT_US, "0 to 1d, such as \"10m\""};
static const struct control_span hold_span = {
	LIMIT_HOLD_MIN_US, LIMIT_HOLD_MAX_US, "1m to 30d, such as \"4h\""};
#define KEY_FOR(key, member, of) \
	{ \
		.name = (key), .kind = KEY_DURATION, .span = &(of), \
		.offset = offsetof(struct control_call, member) \
	}
static const struct control_key run_keys[] = {
	KEY("tenant", KEY_TEXT, true, tenant),
	KEY("watch", KEY_TEXT, false, watch),
	KEY("wait", KEY_BOOL, false, wait),
	KEY_FOR("wait_for", wait_us, wait_span),
	{.name = NULL},
};
static const struct control_key yield_keys[] = {
	KEY("tenant", KEY_TEXT, true, tenant),
	KEY_FOR("for", for_us, hold_span),
	{.name = NULL},
};
static const struct control_key tenant_keys[] = {
	KEY("tenant", KEY_TEXT, true, tenant),
	{.name = NULL},
};
static const struct control_key login_keys[] = {
	KEY("tenant", KEY_TEXT, true, tenant),
	KEY("method", KEY_TEXT, false, how.method),
	KEY("redirect", KEY_TEXT, false, how.redirect),
	KEY("allow_extra_scopes", KEY_BOOL, false, how.allow_extra_scopes),
	{.name = NULL},
};
static const struct control_key finish_keys[] = {
	KEY("login", KEY_TEXT, true, login),
	{.name = "answer",
		.kind = KEY_TEXT,
		.offset = offsetof(struct control_call, answer),
		.max = LIMIT_LOGIN_ANSWER_BYTES},
	{.name = NULL},
};
static const struct control_key doctor_keys[] = {
	KEY("tenant", KEY_TEXT, false, tenant),
	KEY("sinks", KEY_BOOL, false, sinks),
	{.name = NULL},
};
#define KEYS_MAX 6

static void do_status(const struct control_ops *ops, void *arg, struct jsonw *out)
{
	ops->status(arg, out);
}

static void do_run(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->run(arg, who, call->tenant, call->watch, call->wait, call->wait_us, reply);
}

static void do_yield(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->yield(arg, who, call->tenant, call->for_us, reply);
}

static void do_resume(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->resume(arg, who, call->tenant, reply);
}

static void do_reload(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	(void)call;
	ops->reload(arg, who, reply);
}

static void do_login(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->login(arg, who, call->tenant, &call->how, reply);
}

static void do_login_finish(const struct control_ops *ops, void *arg,
	const struct control_peer *who, const struct control_call *call,
	struct control_reply *reply)
{
	ops->login_finish(arg, who, call->login, call->answer, reply);
}

static void do_logout(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->logout(arg, who, call->tenant, reply);
}

static void do_doctor(const struct control_ops *ops, void *arg, const struct control_peer *who,
	const struct control_call *call, struct control_reply *reply)
{
	ops->doctor(arg, who, call->tenant, call->sinks, reply);
}

const struct control_route control_routes[] = {
	{"GET", "/v1/status", CONTROL_RIGHT_READ, .document = do_status},
	{"POST", "/v1/run", CONTROL_RIGHT_ACT, run_keys, .act = do_run},
	{"POST", "/v1/yield", CONTROL_RIGHT_ACT, yield_keys, .act = do_yield},
	{"POST", "/v1/resume", CONTROL_RIGHT_ACT, tenant_keys, .act = do_resume},
	{"POST", "/v1/reload", CONTROL_RIGHT_ACT, .act = do_reload},
	{"POST", "/v1/login", CONTROL_RIGHT_ACT, login_keys, .act = do_login},
	{"POST", "/v1/login/finish", CONTROL_RIGHT_ACT, finish_keys, .act = do_login_finish},
	{"POST", "/v1/logout", CONTROL_RIGHT_ACT, tenant_keys, .act = do_logout},
	{"POST", "/v1/doctor", CONTROL_RIGHT_ACT, doctor_keys, .act = do_doctor},
};
const size_t control_n_routes = ARRAY_SIZE(control_routes);

int control_route_find(const char *method, const char *path, const struct control_route **ret)
{
	const struct control_route *same_path = NULL;

	for (size_t i = 0; i < control_n_routes; i++) {
		const struct control_route *route = &control_routes[i];

		if (strcmp(route->path, path) != 0)
			continue;
		same_path = route;
		if (strcmp(route->method, method) == 0)
			break;
	}
	*ret = same_path;
	if (!same_path)
		return CONTROL_ROUTE_E_PATH;
	return strcmp(same_path->method, method) == 0 ? 0 : CONTROL_ROUTE_E_METHOD;
}

/* --- bodies -------------------------------------------------------------------------------------
 */

static int refuse(struct buf *error, const char *fmt, ...) _printf_(2, 3);
static int refuse(struct buf *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(error, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int refuse_unknown(const struct control_route *route, const char *key, struct buf *error)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(LIMIT_NAME_BYTES);
	const char *names[KEYS_MAX + 1] = {0};

	text_append_visible(&shown, key, strnlen(key, LIMIT_ENUM_BYTES));
	if (!route->keys)
		return refuse(
			error, "unknown key '%s': %s takes none", buf_text(&shown), route->path);
	for (size_t i = 0; i < KEYS_MAX && route->keys[i].name; i++)
		names[i] = route->keys[i].name;
	const char *nearest = nearest_name(key, names);
	if (nearest)
		return refuse(
			error, "unknown key '%s'; did you mean '%s'?", buf_text(&shown), nearest);
	return refuse(error, "unknown key '%s'", buf_text(&shown));
}

static int take_text(
	const struct control_key *key, const struct json *v, const char **ret, struct buf *error)
{
	const char *text = json_string(v);
	size_t max = key->max ? key->max : LIMIT_ID_BYTES;

	if (!text)
		return refuse(error, "'%s' must be text", key->name);
	if (!*text || strlen(text) > max)
		return refuse(error, "'%s' must have 1 to %zu characters", key->name, max);
	*ret = text;
	return 0;
}

static int take_duration(
	const struct control_key *key, const struct json *v, int64_t *ret_us, struct buf *error)
{
	const char *text = json_string(v);

	if (!text || parse_duration(text, key->span->min_us, key->span->max_us, ret_us) < 0)
		return refuse(error, "'%s' must be a duration from %s", key->name, key->span->text);
	return 0;
}

static int take(const struct control_key *key, const struct json *body, const struct json *v,
	struct control_call *call, struct buf *error)
{
	void *to = (char *)call + key->offset;

	switch (key->kind) {
	case KEY_TEXT:
		return take_text(key, v, to, error);
	case KEY_DURATION:
		return take_duration(key, v, to, error);
	case KEY_BOOL:
		break;
	}
	if (json_get_bool(body, key->name, to) != JSON_GET_OK)
		return refuse(error, "'%s' must be true or false", key->name);
	return 0;
}

/* Each member once, and known; what is required is there. */
static int take_all(const struct control_route *route, const struct json *body,
	struct control_call *call, struct buf *error)
{
	bool seen[KEYS_MAX] = {false};

	JSON_EACH (v, body) {
		size_t i = 0;

		while (route->keys && route->keys[i].name &&
			strcmp(route->keys[i].name, json_key(v)) != 0)
			i++;
		if (!route->keys || !route->keys[i].name)
			return refuse_unknown(route, json_key(v), error);
		if (seen[i])
			return refuse(error, "'%s' is given twice", route->keys[i].name);
		seen[i] = true;
		int r = take(&route->keys[i], body, v, call, error);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; route->keys && route->keys[i].name; i++)
		if (route->keys[i].required && !seen[i])
			return refuse(error, "'%s' is missing", route->keys[i].name);
	return 0;
}

int control_body_parse(const struct control_route *route, const char *text, size_t len,
	struct json **ret_document, struct control_call *ret, struct buf *error)
{
	_cleanup_(json_free_secretp) struct json *doc = NULL;
	struct control_call call = {
		.wait_us = TIME_NONE, .for_us = HOLD_DEFAULT_US, .how.method = "code"};

	if (len == 0) {
		text = "{}";
		len = 2;
	}
	int r = json_parse(text, len, BODY_DEPTH, &doc);
	if (r < 0)
		return r;
	if (r > 0)
		return refuse(error, "the body is no JSON: %s", json_error_text(r));
	if (json_type(doc) != JSON_TYPE_OBJECT)
		return refuse(error, "the body must be a JSON object");
	r = take_all(route, doc, &call, error);
	if (r < 0)
		return r;
	*ret = call;
	*ret_document = TAKE_PTR(doc);
	return 0;
}

unsigned control_http_status(int code)
{
	static const unsigned table[_EXIT_CODE_MAX] = {
		[EXIT_CODE_OK] = 200,
		[EXIT_CODE_USAGE] = 400,
		[EXIT_CODE_CONFIG] = 422,
		[EXIT_CODE_NO_DAEMON] = 503,
		[EXIT_CODE_SIGN_IN] = 502,
		[EXIT_CODE_NETWORK] = 502,
		[EXIT_CODE_THROTTLED] = 503,
		[EXIT_CODE_SLOT_BUSY] = 409,
		[EXIT_CODE_INCOMPLETE] = 502,
		[EXIT_CODE_STORE] = 500,
		[EXIT_CODE_REFUSED] = 422,
	};

	return code >= 0 && code < _EXIT_CODE_MAX ? table[code] : 500;
}
