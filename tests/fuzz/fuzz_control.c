/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of the control socket: method, path, and the rest as body. A body that is taken has what
 * its route needs and within limits; one that is refused is refused with a visible line; what a
 * client writes for it is read back the same.
 */
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/jsonw.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "daemon/control/control_route.h"
#include "tests/fuzz/fuzz.h"

static struct buf error = {.max = LIMIT_NAME_BYTES}, body = {.max = LIMIT_CONTROL_BODY_BYTES};

static void check_text(const char *text)
{
	FUZZ_CHECK(*text && strlen(text) <= LIMIT_ID_BYTES && utf8_valid(text, strlen(text)));
}

/* What a body of this route has: 1 a tenant, 0 none, -1 either. */
static int tenant_of(const struct control_route *route)
{
	static const struct {
		const char *path;
		int tenant;
	} others[] = {
		{"/v1/status", 0}, {"/v1/reload", 0}, {"/v1/login/finish", 0}, {"/v1/doctor", -1}};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(route->path, others[i].path) == 0)
			return others[i].tenant;
	return 1;
}

static void check_call(const struct control_route *route, const struct control_call *call)
{
	int tenant = tenant_of(route);

	FUZZ_CHECK(tenant < 0 || (tenant == 1) == (call->tenant != NULL));
	FUZZ_CHECK((strcmp(route->path, "/v1/login/finish") == 0) == (call->login != NULL));
	if (call->login)
		check_text(call->login);
	if (call->answer)
		FUZZ_CHECK(*call->answer && strlen(call->answer) <= LIMIT_LOGIN_ANSWER_BYTES);
	check_text(call->how.method);
	if (call->how.redirect)
		check_text(call->how.redirect);
	if (call->tenant)
		check_text(call->tenant);
	if (call->watch)
		check_text(call->watch);
	FUZZ_CHECK(call->wait_us == TIME_NONE ||
		   (call->wait_us >= 0 && call->wait_us <= LIMIT_SLOT_WAIT_US));
	FUZZ_CHECK(call->for_us >= LIMIT_HOLD_MIN_US && call->for_us <= LIMIT_HOLD_MAX_US);
}

/* The same names as a client writes them. */
static void check_again(const struct control_route *route, const struct control_call *call)
{
	struct jsonw w = JSONW_INIT(&body);
	struct json *document = NULL;
	struct control_call again;

	buf_reset(&body);
	buf_reset(&error);
	jsonw_object(&w);
	if (call->tenant)
		jsonw_kv_string(&w, "tenant", call->tenant);
	if (call->watch)
		jsonw_kv_string(&w, "watch", call->watch);
	if (call->login)
		jsonw_kv_string(&w, "login", call->login);
	if (call->answer)
		jsonw_kv_string(&w, "answer", call->answer);
	jsonw_object_end(&w);
	FUZZ_CHECK(!control_body_parse(route, body.data, body.len, &document, &again, &error));
	FUZZ_CHECK(!call->tenant || strcmp(again.tenant, call->tenant) == 0);
	FUZZ_CHECK(!call->watch || strcmp(again.watch, call->watch) == 0);
	FUZZ_CHECK(!call->login || strcmp(again.login, call->login) == 0);
	FUZZ_CHECK(!call->answer || strcmp(again.answer, call->answer) == 0);
	json_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	char method[32], path[128];
	const struct control_route *route = NULL;
	struct json *document = NULL;
	struct control_call call;

	(void)fuzz_line(&in, method, sizeof(method));
	(void)fuzz_line(&in, path, sizeof(path));
	int r = control_route_find(method, path, &route);
	FUZZ_CHECK((r == CONTROL_ROUTE_E_PATH) == !route);
	if (!route)
		route = &control_routes[(uint8_t)path[0] % control_n_routes];
	else
		FUZZ_CHECK((r == 0) == (strcmp(route->method, method) == 0));
	buf_reset(&error);
	r = control_body_parse(
		route, in.len ? (const char *)in.data : "", in.len, &document, &call, &error);
	if (r == 0) {
		FUZZ_CHECK(error.len == 0);
		check_call(route, &call);
		check_again(route, &call);
		json_free(document);
	} else {
		FUZZ_CHECK(r == -EINVAL && error.len > 0);
		fuzz_check_line(&error, LIMIT_NAME_BYTES);
	}
	return 0;
}
