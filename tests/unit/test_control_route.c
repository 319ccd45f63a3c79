/* SPDX-License-Identifier: Apache-2.0 */
/* Routes and bodies of the control socket, with operations that only write down what they got. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "daemon/control/control_route.h"

Suite *suite(void);

static char called[256];

static void got_run(void *arg, const struct control_peer *who, const char *tenant,
	const char *watch, bool wait, int64_t wait_us, struct control_reply *reply)
{
	int n = snprintf(called, sizeof(called), "%s: run %s %s %d", who->text, tenant,
		watch ? watch : "-", wait);

	(void)arg;
	(void)reply;
	if (wait_us != TIME_NONE)
		(void)snprintf(called + n, sizeof(called) - (size_t)n, " %llds",
			(long long)(wait_us / USEC_PER_SEC));
}

static void got_yield(void *arg, const struct control_peer *who, const char *tenant, int64_t for_us,
	struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: yield %s %lldm", who->text, tenant,
		(long long)(for_us / USEC_PER_MIN));
}

static void got_resume(
	void *arg, const struct control_peer *who, const char *tenant, struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: resume %s", who->text, tenant);
}

static void got_reload(void *arg, const struct control_peer *who, struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: reload", who->text);
}

static void got_login(void *arg, const struct control_peer *who, const char *tenant,
	const struct control_login *login, struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: login %s %s %s %d", who->text, tenant,
		login->method, login->redirect ? login->redirect : "-", login->allow_extra_scopes);
}

static void got_finish(void *arg, const struct control_peer *who, const char *login,
	const char *answer, struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: finish %s %s", who->text, login,
		answer ? answer : "-");
}

static void got_logout(
	void *arg, const struct control_peer *who, const char *tenant, struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: logout %s", who->text, tenant);
}

static void got_doctor(void *arg, const struct control_peer *who, const char *tenant, bool sinks,
	struct control_reply *reply)
{
	(void)arg;
	(void)reply;
	(void)snprintf(called, sizeof(called), "%s: doctor %s %d", who->text, tenant ? tenant : "-",
		sinks);
}

static const struct control_ops ops = {
	.run = got_run,
	.yield = got_yield,
	.resume = got_resume,
	.reload = got_reload,
	.login = got_login,
	.login_finish = got_finish,
	.logout = got_logout,
	.doctor = got_doctor,
};

static const struct {
	const char *method, *path;
	int r;
	enum control_right right;
} routes[] = {
	{"GET", "/v1/status", 0, CONTROL_RIGHT_READ},
	{"POST", "/v1/run", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/yield", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/resume", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/reload", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/login", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/login/finish", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/logout", 0, CONTROL_RIGHT_ACT},
	{"POST", "/v1/doctor", 0, CONTROL_RIGHT_ACT},
	{"GET", "/v1/doctor", CONTROL_ROUTE_E_METHOD, CONTROL_RIGHT_ACT},
	{"GET", "/v1/login", CONTROL_ROUTE_E_METHOD, CONTROL_RIGHT_ACT},
	{"POST", "/v1/login/", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
	{"POST", "/v1/status", CONTROL_ROUTE_E_METHOD, CONTROL_RIGHT_READ},
	{"GET", "/v1/run", CONTROL_ROUTE_E_METHOD, CONTROL_RIGHT_ACT},
	{"", "/v1/reload", CONTROL_ROUTE_E_METHOD, CONTROL_RIGHT_ACT},
	{"GET", "/", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
	{"GET", "", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
	{"GET", "/v1/status/", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
	{"GET", "/v2/status", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
	{"GET", "/V1/STATUS", CONTROL_ROUTE_E_PATH, CONTROL_RIGHT_NONE},
};

START_TEST(finds)
{
	const struct control_route *route = NULL;

	ck_assert_int_eq(
		control_route_find(routes[_i].method, routes[_i].path, &route), routes[_i].r);
	ck_assert(!!route == (routes[_i].r != CONTROL_ROUTE_E_PATH));
	if (route) {
		ck_assert_str_eq(route->path, routes[_i].path);
		ck_assert_int_eq(route->right, routes[_i].right);
	}
}
END_TEST

/* Whatever changes something is for those who may act, and is no GET. */
START_TEST(rights)
{
	for (size_t i = 0; i < control_n_routes; i++) {
		const struct control_route *route = &control_routes[i];

		ck_assert(!route->document != !route->act);
		ck_assert_int_eq(route->right, route->act ? CONTROL_RIGHT_ACT : CONTROL_RIGHT_READ);
		ck_assert_str_eq(route->method, route->act ? "POST" : "GET");
	}
}
END_TEST

static const struct {
	const char *path, *body;
	const char *result; /* what is called, or the error */
} bodies[] = {
	{"/v1/run", "{\"tenant\":\"contoso\"}", "anna: run contoso - 0"},
	{"/v1/run", " {\"wait\":true, \"watch\":\"all\",\"tenant\":\"contoso\"}\n",
		"anna: run contoso all 1"},
	{"/v1/run", "{\"tenant\":\"contoso\",\"wait\":true,\"wait_for\":\"10m\"}",
		"anna: run contoso - 1 600s"},
	{"/v1/run", "{\"tenant\":\"contoso\",\"wait\":true,\"wait_for\":\"0s\"}",
		"anna: run contoso - 1 0s"},
	{"/v1/yield", "{\"tenant\":\"contoso\"}", "anna: yield contoso 240m"},
	{"/v1/yield", "{\"tenant\":\"contoso\",\"for\":\"1h 30m\"}", "anna: yield contoso 90m"},
	{"/v1/resume", "{\"tenant\":\"contoso\"}", "anna: resume contoso"},
	{"/v1/reload", "", "anna: reload"},
	{"/v1/reload", "{}", "anna: reload"},
	{"/v1/doctor", "", "anna: doctor - 0"},
	{"/v1/doctor", "{\"tenant\":\"contoso\",\"sinks\":true}", "anna: doctor contoso 1"},
	{"/v1/login",
		"{\"tenant\":\"contoso\",\"redirect\":\"http://localhost:1\","
		"\"allow_extra_scopes\":true}",
		"anna: login contoso code http://localhost:1 1"},
	{"/v1/login", "{\"tenant\":\"contoso\",\"method\":\"device\"}",
		"anna: login contoso device - 0"},
	{"/v1/login/finish", "{\"login\":\"id\",\"answer\":\"code=a&state=b\"}",
		"anna: finish id code=a&state=b"},
	{"/v1/login/finish", "{\"login\":\"id\"}", "anna: finish id -"},
	{"/v1/logout", "{\"tenant\":\"contoso\"}", "anna: logout contoso"},

	{"/v1/run", "", "'tenant' is missing"},
	{"/v1/login", "{}", "'tenant' is missing"},
	{"/v1/login", "{\"tenant\":\"a\",\"allow_extra_scopes\":\"yes\"}",
		"'allow_extra_scopes' must be true or false"},
	{"/v1/login/finish", "{\"answer\":\"code=a\"}", "'login' is missing"},
	{"/v1/login/finish", "{\"login\":\"id\",\"answer\":\"\"}",
		"'answer' must have 1 to 16384 characters"},
	{"/v1/logout", "", "'tenant' is missing"},
	{"/v1/run", "{", "the body is no JSON: *"},
	{"/v1/run", "[]", "the body must be a JSON object"},
	{"/v1/run", "\"contoso\"", "the body must be a JSON object"},
	{"/v1/run", "{\"tenant\":null}", "'tenant' must be text"},
	{"/v1/run", "{\"tenant\":7}", "'tenant' must be text"},
	{"/v1/run", "{\"tenant\":[]}", "'tenant' must be text"},
	{"/v1/run", "{\"tenant\":[[]]}", "the body is no JSON: *"},
	{"/v1/run", "{\"tenant\":\"\"}", "'tenant' must have 1 to 256 characters"},
	{"/v1/run", "{\"tenant\":\"a\",\"wait\":1}", "'wait' must be true or false"},
	{"/v1/run", "{\"tenant\":\"a\",\"wait\":null}", "'wait' must be true or false"},
	{"/v1/run", "{\"tenant\":\"a\",\"tenant\":\"b\"}", "'tenant' is given twice"},
	{"/v1/run", "{\"tennant\":\"a\"}", "unknown key 'tennant'; did you mean 'tenant'?"},
	{"/v1/run", "{\"Tenant\":\"a\"}", "unknown key 'Tenant'; did you mean 'tenant'?"},
	{"/v1/run", "{\"tenant\":\"a\",\"force\":true}", "unknown key 'force'"},
	{"/v1/run", "{\"tenant\":\"a\",\"wait_for\":600}",
		"'wait_for' must be a duration from 0 to 1d, such as \"10m\""},
	{"/v1/run", "{\"tenant\":\"a\",\"wait_for\":\"25h\"}", "'wait_for' must be a duration *"},
	{"/v1/run", "{\"tenant\":\"a\",\"wait_for\":\"-1m\"}", "'wait_for' must be a duration *"},
	{"/v1/run", "{\"tenant\":\"a\",\"\\u001b[2J\":1}", "unknown key '\\x1B[2J'"},
	{"/v1/reload", "{\"tenant\":\"a\"}", "unknown key 'tenant': /v1/reload takes none"},
	{"/v1/yield", "{\"tenant\":\"a\",\"for\":4}",
		"'for' must be a duration from 1m to 30d, such as \"4h\""},
	{"/v1/yield", "{\"tenant\":\"a\",\"for\":\"31d\"}", "'for' must be a duration *"},
	{"/v1/yield", "{\"tenant\":\"a\",\"for\":\"0\"}", "'for' must be a duration *"},
	{"/v1/yield", "{\"tenant\":\"a\\u0000b\"}", "the body is no JSON: *"},
};

static bool matches(const char *text, const char *pattern)
{
	size_t n = strcspn(pattern, "*");

	return strncmp(text, pattern, n) == 0 && (pattern[n] || !text[n]);
}

START_TEST(parses)
{
	static const struct control_peer anna = {.text = "anna"};
	_cleanup_(buf_done) struct buf error = BUF_INIT(1024);
	_cleanup_(json_freep) struct json *document = NULL;
	const struct control_route *route = NULL;
	struct control_call call;

	(void)control_route_find("POST", bodies[_i].path, &route);
	int r = control_body_parse(
		route, bodies[_i].body, strlen(bodies[_i].body), &document, &call, &error);
	if (r == 0)
		route->act(&ops, NULL, &anna, &call, NULL);
	else
		ck_assert_int_eq(r, -EINVAL);
	const char *result = r == 0 ? called : buf_text(&error);
	ck_assert_msg(matches(result, bodies[_i].result), "%s", result);
}
END_TEST

START_TEST(too_long)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(4096), error = BUF_INIT(1024);
	_cleanup_(json_freep) struct json *document = NULL;
	const struct control_route *route = NULL;
	struct control_call call;

	(void)control_route_find("POST", "/v1/run", &route);
	buf_puts(&body, "{\"tenant\":\"");
	for (unsigned i = 0; i < 257; i++)
		buf_putc(&body, 'a');
	buf_puts(&body, "\"}");
	ck_assert_int_eq(
		control_body_parse(route, body.data, body.len, &document, &call, &error), -EINVAL);
	ck_assert_str_eq(buf_text(&error), "'tenant' must have 1 to 256 characters");
}
END_TEST

START_TEST(statuses)
{
	for (int code = 0; code < _EXIT_CODE_MAX; code++) {
		unsigned status = control_http_status(code);

		ck_assert(code == EXIT_CODE_OK ? status == 200 : status >= 400 && status < 600);
	}
	ck_assert_uint_eq(control_http_status(EXIT_CODE_SLOT_BUSY), 409);
	ck_assert_uint_eq(control_http_status(_EXIT_CODE_MAX), 500);
	ck_assert_uint_eq(control_http_status(-1), 500);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("control_route");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, finds, 0, (int)ARRAY_SIZE(routes));
	tcase_add_test(t, rights);
	tcase_add_loop_test(t, parses, 0, (int)ARRAY_SIZE(bodies));
	tcase_add_test(t, too_long);
	tcase_add_test(t, statuses);
	suite_add_tcase(s, t);
	return s;
}
