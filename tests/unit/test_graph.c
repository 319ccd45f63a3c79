/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on fake engines: each test writes down what the service answers, in order, and compares
 * what was sent. Tokens come from the stub below.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/conf/conf.h"
#include "daemon/engine/loop.h"
#include "daemon/graph/auth.h"
#include "daemon/graph/graph.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"

Suite *suite(void);

#define BASE "https://graph.example/v1.0"
#define RECOVERY BASE "/directory/recovery"
#define SNAPSHOT "MTc4NTE4OTYwMA=="
#define JOB RECOVERY "/snapshots/" SNAPSHOT "/recoveryPreviewJobs/j1"
#define PAGE "{\"value\":[]}"

static struct loop *l;
static struct http *h;
static struct graph *g;
static struct conf_tenant tenant;

/* --- tokens ------------------------------------------------------------------------------------
 */

struct auth_wait {
	struct loop_timer *timer;
	auth_done_fn done;
	void *arg;
	enum auth_kind kind;
};

static struct {
	enum auth_outcome outcome;
	bool nobody[2]; /* of this kind of token there is none */
	unsigned gets[2], refused;
	char claims[128];
	unsigned generation;
	bool no_hint;
} auth;

static void auth_answer(void *arg)
{
	struct auth_wait *w = arg;
	struct secret *token = NULL;
	char text[32];

	(void)snprintf(text, sizeof(text), "token-%s-%u", w->kind == AUTH_APP ? "app" : "user",
		auth.generation);
	ck_assert_int_eq(secret_new(text, strlen(text), &token), 0);
	enum auth_outcome outcome = auth.nobody[w->kind] ? AUTH_SIGN_IN : auth.outcome;
	struct auth_result result = {.outcome = outcome,
		.token = outcome == AUTH_OK ? token : NULL,
		.text = "no token today",
		.hint = auth.no_hint ? NULL : "ask somebody",
		.retry_after_us = 7 * USEC_PER_SEC};
	struct auth_wait copy = *w;

	auth_wait_cancel(w);
	copy.done(copy.arg, &result);
	(void)secret_free(token);
}

int auth_get(struct auth *a, enum auth_kind kind, auth_done_fn done, void *arg,
	struct auth_wait **ret_wait)
{
	struct auth_wait *w = calloc(1, sizeof(*w));

	(void)a;
	*w = (struct auth_wait){.done = done, .arg = arg, .kind = kind};
	auth.gets[kind]++;
	ck_assert_int_eq(loop_timer_new(l, "auth", auth_answer, w, &w->timer), 0);
	loop_timer_arm(w->timer, 0);
	*ret_wait = w;
	return 0;
}

void auth_wait_cancel(struct auth_wait *w)
{
	if (!w)
		return;
	(void)loop_timer_free(w->timer);
	free(w);
}

void auth_refused(
	struct auth *a, enum auth_kind kind, const struct secret *token, const char *claims)
{
	(void)a;
	(void)kind;
	ck_assert_ptr_nonnull(token);
	auth.refused++;
	auth.generation++;
	(void)snprintf(auth.claims, sizeof(auth.claims), "%s", claims ? claims : "");
}

/* --- the service -------------------------------------------------------------------------------
 */

struct answer {
	long status;
	const char *body, *retry_after, *www_authenticate, *location;
	enum http_error error;
};
static const struct answer *answers;
static size_t n_requests;
static char urls[32][512], bearers[32][64], body[512];
static struct buf headers = BUF_INIT(4096);
static bool fresh[32];

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	const struct answer *a = &answers[n_requests];

	(void)arg;
	(void)delay_us;
	ck_assert_msg(a->status || a->error, "unexpected request %s", q->url);
	(void)snprintf(urls[n_requests], sizeof(urls[0]), "%s %s", q->method, q->url);
	(void)snprintf(bearers[n_requests], sizeof(bearers[0]), "%s", q->bearer);
	(void)snprintf(body, sizeof(body), "%s", q->body ? (const char *)q->body : "");
	buf_reset(&headers);
	for (size_t i = 0; q->headers[i]; i++)
		buf_printf(&headers, "%s\n", q->headers[i]);
	fresh[n_requests++] = q->fresh;
	result->error = a->error;
	result->error_text = a->error ? "broken" : NULL;
	result->status = a->status;
	result->retry_after = a->retry_after;
	result->www_authenticate = a->www_authenticate;
	result->location = a->location;
	result->request_id = "rid";
	buf_puts(&result->body, a->body ? a->body : "");
}

static struct {
	bool came;
	enum graph_outcome outcome;
	long status;
	char body[512], location[256], text[512];
	char hint[256];
	bool has_location;
	int64_t retry_after_us;
	int64_t at_us;
} reply;

static void done(void *arg, struct graph_reply *r)
{
	ck_assert_ptr_eq(arg, &reply);
	ck_assert(!reply.came);
	reply.came = true;
	reply.outcome = r->outcome;
	reply.status = r->status;
	reply.retry_after_us = r->retry_after_us;
	reply.at_us = clock_boot_us();
	(void)snprintf(reply.body, sizeof(reply.body), "%s", buf_text(&r->body));
	(void)snprintf(reply.text, sizeof(reply.text), "%s", r->text ? r->text : "");
	(void)snprintf(reply.hint, sizeof(reply.hint), "%s", r->hint ? r->hint : "");
	reply.has_location = r->location;
	(void)snprintf(
		reply.location, sizeof(reply.location), "%s", r->location ? r->location : "");
}

static void setup(void)
{
	tenant = (struct conf_tenant){.refs = 1,
		.name = (char *)"contoso",
		.graph_url = (char *)BASE,
		.ca_file = (char *)"",
		.proxy = (char *)""};
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(http_new(l, &h), 0);
	fake_http_handler(h, serve, NULL);
	ck_assert_int_eq(graph_new(l, h, NULL, &tenant, &g), 0);
}

static void teardown(void)
{
	g = graph_free(g);
	h = http_free(h);
	l = loop_free(l);
	buf_done(&headers);
	ck_assert_uint_eq(tenant.refs, 1);
}

static void run(const struct answer *script)
{
	answers = script;
	n_requests = 0;
	reply = (__typeof__(reply)){0};
	fake_loop_run_for(l, USEC_PER_HOUR);
}

/* --- tests -------------------------------------------------------------------------------------
 */

START_TEST(test_list)
{
	ck_assert_int_eq(graph_list_snapshots(g, NULL, done, &reply, NULL), 0);
	ck_assert(!reply.came);
	run((struct answer[]){{.status = 200, .body = PAGE}, {0}});
	ck_assert(reply.came);
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_str_eq(reply.body, PAGE);
	ck_assert_str_eq(urls[0], "GET " RECOVERY "/snapshots");
	ck_assert_str_eq(bearers[0], "token-user-0");
	ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Accept: application/json\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Prefer: include-unknown-enum-members\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&headers), "client-request-id: "));
	ck_assert_ptr_null(strstr(buf_text(&headers), "Content-Type"));
	ck_assert_ptr_null(graph_trouble(g));
	ck_assert_uint_eq(graph_requests(g), 1);
}
END_TEST

START_TEST(test_which_token)
{
	static const struct answer ok[] = {{.status = 200, .body = PAGE}, {0}};

	tenant.sign_in = SIGN_IN_USER_APP;
	ck_assert_int_eq(graph_list_snapshots(g, NULL, done, &reply, NULL), 0);
	run(ok);
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(ok);
	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", NULL, done, &reply, NULL), 0);
	run(ok);
	ck_assert_uint_eq(auth.gets[AUTH_APP], 3);
	ck_assert_uint_eq(auth.gets[AUTH_DELEGATED], 0);
	ck_assert_int_eq(graph_create_preview(g, SNAPSHOT, "", done, &reply, NULL), 0);
	run(ok);
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run(ok);
	ck_assert_int_eq(graph_cancel_job(g, "j1", done, &reply, NULL), 0);
	run(ok);
	ck_assert_uint_eq(auth.gets[AUTH_APP], 3);
	ck_assert_uint_eq(auth.gets[AUTH_DELEGATED], 3);
}
END_TEST

START_TEST(test_create)
{
	ck_assert_int_eq(graph_create_preview(g, SNAPSHOT, "", done, &reply, NULL), 0);
	run((struct answer[]){
		{.status = 202, .location = "/v1.0/directory/recovery/jobs/j1"}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_str_eq(urls[0], "POST " RECOVERY "/snapshots/" SNAPSHOT "/recoveryPreviewJobs");
	ck_assert_str_eq(body, "{}");
	ck_assert_ptr_nonnull(strstr(buf_text(&headers), "Content-Type: application/json\n"));
	ck_assert_str_eq(reply.location, RECOVERY "/jobs/j1");

	ck_assert_int_eq(graph_create_preview(g, "a/b?c", "{\"x\":1}", done, &reply, NULL), 0);
	run((struct answer[]){{.status = 202, .location = "https://evil.example/jobs/j1"}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert(!reply.has_location);
	ck_assert_str_eq(body, "{\"filteringCriteria\":{\"x\":1}}");
	ck_assert_str_eq(urls[0], "POST " RECOVERY "/snapshots/a%2Fb%3Fc/recoveryPreviewJobs");
}
END_TEST

static const struct {
	struct answer answer;
	enum graph_outcome outcome;
} creates[] = {
	{{.status = 409, .body = "{}"}, GRAPH_BUSY},
	{{.status = 429, .retry_after = "30"}, GRAPH_THROTTLED},
	{{.status = 500, .body = ""}, GRAPH_NETWORK},
	{{.error = HTTP_E_NETWORK}, GRAPH_NETWORK},
	{{.error = HTTP_E_TIMEOUT}, GRAPH_NETWORK},
	{{.status = 404, .body = "{}"}, GRAPH_NOT_FOUND},
	{{.status = 403, .body = "{}"}, GRAPH_FORBIDDEN},
};

START_TEST(test_create_asks_once)
{
	struct answer script[2] = {creates[_i].answer, {0}};

	ck_assert_int_eq(graph_create_preview(g, SNAPSHOT, "", done, &reply, NULL), 0);
	run(script);
	ck_assert_int_eq(reply.outcome, creates[_i].outcome);
	ck_assert_uint_eq(n_requests, 1);
	if (creates[_i].answer.retry_after)
		ck_assert_int_eq(reply.retry_after_us, 30 * USEC_PER_SEC);
}
END_TEST

START_TEST(test_retries_and_trouble)
{
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 503, .retry_after = "20"}, {.error = HTTP_E_NETWORK},
		{.status = 200, .body = "<html>"}, {.status = 200, .body = ""},
		{.status = 200, .body = PAGE}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_uint_eq(n_requests, 5);
	ck_assert(!fresh[0] && fresh[1] && !fresh[2]);

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 500}, {.status = 500}, {.status = 500}, {.status = 500},
		{.status = 500}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_NETWORK);
	ck_assert_str_eq(graph_trouble(g), "listing jobs: HTTP 500");

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 403,
				      .body = "{\"error\":{\"code\":\"Denied\",\"message\":"
					      "\"no\\nway\"}}"},
		{0}});
	ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
	ck_assert_str_eq(reply.text, "listing jobs: HTTP 403: Denied: no\\nway");

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 200, .body = PAGE}, {0}});
	ck_assert_ptr_null(graph_trouble(g));
}
END_TEST

START_TEST(test_token_is_renewed_once)
{
	/* base64 of {"access_token":{"nbf":{"essential":true}}} without its padding */
	const char *challenge =
		"Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOns"
		"ibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ\"";

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 401, .www_authenticate = challenge},
		{.status = 200, .body = PAGE}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_uint_eq(auth.refused, 1);
	ck_assert_str_eq(auth.claims, "{\"access_token\":{\"nbf\":{\"essential\":true}}}");
	ck_assert_str_eq(bearers[1], "token-user-1");

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 401}, {.status = 401}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_SIGN_IN);
	ck_assert_str_eq(auth.claims, "");
}
END_TEST

static const struct {
	enum auth_outcome auth;
	enum graph_outcome outcome;
	unsigned gets;
	bool no_hint; /* what this stage would advise is about the service, which nobody asked */
} sign_ins[] = {
	{AUTH_SIGN_IN, GRAPH_SIGN_IN, 1, false},
	{AUTH_CONFIG, GRAPH_CONFIG, 1, false},
	{AUTH_CONFIG, GRAPH_CONFIG, 1, true},
	{AUTH_THROTTLED, GRAPH_THROTTLED, 5, false},
	{AUTH_NETWORK, GRAPH_NETWORK, 5, false},
};

START_TEST(test_without_token)
{
	auth.outcome = sign_ins[_i].auth;
	auth.no_hint = sign_ins[_i].no_hint;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{0}});
	ck_assert_int_eq(reply.outcome, sign_ins[_i].outcome);
	ck_assert_uint_eq(auth.gets[AUTH_DELEGATED], sign_ins[_i].gets);
	ck_assert_str_eq(reply.text, "listing jobs: no token today");
	ck_assert_str_eq(reply.hint, auth.no_hint ? "" : "ask somebody");
}
END_TEST

/* --- who is refused ----------------------------------------------------------------------------
 */

static int captured = -1, real_stderr = -1;

static void setup_captured(void)
{
	captured = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(captured, 0);
	ck_assert_int_ge(dup2(captured, STDERR_FILENO), 0);
	setup();
}

static void teardown_captured(void)
{
	teardown();
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(captured);
}

/* How often a text was logged so far. */
static unsigned logged(const char *text)
{
	static char all[16384];
	ssize_t len = pread(captured, all, sizeof(all) - 1, 0);
	unsigned n = 0;

	ck_assert_int_ge(len, 0);
	all[len] = '\0';
	for (const char *at = all; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static const struct answer good[] = {{.status = 200, .body = PAGE}, {0}};

static const struct {
	struct answer answers[4];
	size_t n; /* requests until the other credential has its turn */
} refusals[] = {
	{{{.status = 403}, {.status = 200, .body = PAGE}}, 1},
	{{{.status = 401}, {.status = 401}, {.status = 200, .body = PAGE}}, 2},
};

START_TEST(test_app_is_refused)
{
	tenant.sign_in = SIGN_IN_USER_APP;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(refusals[_i].answers);
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_uint_eq(n_requests, refusals[_i].n + 1);
	for (size_t i = 0; i < n_requests; i++)
		ck_assert_ptr_nonnull(
			strstr(bearers[i], i < refusals[_i].n ? "token-app" : "token-user"));
	ck_assert_ptr_null(graph_trouble(g));

	/* remembered, for this operation only */
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
		run(good);
		ck_assert_ptr_nonnull(strstr(bearers[0], "token-user"));
	}
	ck_assert_int_eq(graph_list_snapshots(g, NULL, done, &reply, NULL), 0);
	run(good);
	ck_assert_ptr_nonnull(strstr(bearers[0], "token-app"));
	ck_assert_uint_eq(logged("notice: listing jobs: "), 1);
	ck_assert_uint_eq(logged("warning: "), 0);
}
END_TEST

/* What was remembered may change: the way back is the same. */
START_TEST(test_user_is_refused_later)
{
	tenant.sign_in = SIGN_IN_USER_APP;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(refusals[0].answers);
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(refusals[0].answers);
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_str_eq(bearers[0], "token-user-0");
	ck_assert_str_eq(bearers[1], "token-app-0");
}
END_TEST

START_TEST(test_both_are_refused)
{
	tenant.sign_in = SIGN_IN_USER_APP;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
		run((struct answer[]){{.status = 403}, {.status = 401}, {.status = 401}, {0}});
		/* the one that the documents name says what is missing; it goes on to be the first
		 */
		ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
		ck_assert_int_eq(reply.status, 403);
		ck_assert_str_eq(reply.text, "listing jobs: HTTP 403");
		ck_assert_ptr_nonnull(strstr(bearers[0], "token-app"));
		ck_assert_ptr_nonnull(strstr(bearers[2], "token-user"));
	}
	ck_assert_uint_eq(logged("warning: listing jobs: HTTP 403"), 1);
	/* what the other one meets on its way is told as it is */
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 403}, {.error = HTTP_E_TLS}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_CONFIG);
}
END_TEST

/* Nobody but the account may create and cancel, and without "user+app" there is no other token. */
START_TEST(test_nobody_else_to_ask)
{
	static const struct answer refused[] = {{.status = 403}, {0}};

	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(refused);
	ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
	tenant.sign_in = SIGN_IN_USER_APP;
	ck_assert_int_eq(graph_create_preview(g, SNAPSHOT, "", done, &reply, NULL), 0);
	run(refused);
	ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
	ck_assert_int_eq(graph_cancel_job(g, "j1", done, &reply, NULL), 0);
	run(refused);
	ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
	ck_assert_uint_eq(auth.gets[AUTH_APP], 0);
}
END_TEST

/* What only reads goes on with the app's own token, and comes back when somebody signs in. */
START_TEST(test_nobody_is_signed_in)
{
	tenant.sign_in = SIGN_IN_USER_APP;
	auth.nobody[AUTH_DELEGATED] = true;
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run(good);
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_ptr_nonnull(strstr(bearers[0], "token-app"));
	ck_assert_int_eq(graph_job_read(g).at, GRAPH_AT_UNKNOWN);
	ck_assert_int_eq(graph_create_preview(g, SNAPSHOT, "", done, &reply, NULL), 0);
	run((struct answer[]){{0}});
	ck_assert_int_eq(reply.outcome, GRAPH_SIGN_IN);
	ck_assert_str_eq(reply.hint, "ask somebody");
	auth.nobody[AUTH_DELEGATED] = false;
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run(good);
	ck_assert_ptr_nonnull(strstr(bearers[0], "token-user"));
	/* the other way round, and neither */
	auth.nobody[AUTH_APP] = true;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run(good);
	ck_assert_ptr_nonnull(strstr(bearers[0], "token-user"));
	auth.nobody[AUTH_DELEGATED] = true;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
	run((struct answer[]){{0}});
	ck_assert_int_eq(reply.outcome, GRAPH_SIGN_IN);
	ck_assert_str_eq(reply.hint, "ask somebody");
	ck_assert_uint_eq(logged("notice: "), 0);
}
END_TEST

static const struct {
	struct graph_job_read how;
	const char *name, *url, *bearer; /* url: the address that is asked first, NULL: none */
} reads[] = {
	{{GRAPH_BY_ANY, GRAPH_AT_UNKNOWN}, "unknown", JOB, "token-user"},
	{{GRAPH_BY_USER, GRAPH_AT_LOCATION}, "user location", JOB, "token-user"},
	{{GRAPH_BY_USER, GRAPH_AT_SNAPSHOT}, "user snapshot", JOB, "token-user"},
	{{GRAPH_BY_USER, GRAPH_AT_JOBS}, "user jobs", RECOVERY "/jobs/j1", "token-user"},
	{{GRAPH_BY_APP, GRAPH_AT_LOCATION}, "app location", JOB, "token-app"},
	{{GRAPH_BY_APP, GRAPH_AT_SNAPSHOT}, "app snapshot", JOB, "token-app"},
	{{GRAPH_BY_APP, GRAPH_AT_JOBS}, "app jobs", RECOVERY "/jobs/j1", "token-app"},
	{{GRAPH_BY_ANY, GRAPH_AT_LIST}, "list", JOB, "token-user"},
};

static unsigned n_notes;
static struct graph_job_read noted;

static void note(void *arg, struct graph_job_read how)
{
	ck_assert_ptr_eq(arg, &n_notes);
	n_notes++;
	noted = how;
}

/* What a former process found out is asked first; what is found out is told once. */
START_TEST(test_how_a_job_is_read)
{
	struct graph_job_read how = graph_job_read_parse(reads[_i].name);

	ck_assert_int_eq(how.by, reads[_i].how.by);
	ck_assert_int_eq(how.at, reads[_i].how.at);
	ck_assert_str_eq(graph_job_read_name(reads[_i].how), reads[_i].name);
	ck_assert_str_ne(graph_job_read_text(reads[_i].how), "");
	ck_assert_int_eq(graph_job_read_parse("what").at, GRAPH_AT_UNKNOWN);
	ck_assert_int_eq(graph_job_read_parse(NULL).at, GRAPH_AT_UNKNOWN);
	tenant.sign_in = SIGN_IN_USER_APP;
	n_notes = 0;
	graph_on_job_read(g, note, &n_notes);
	graph_recall_job_read(g, how);
	ck_assert_int_eq(graph_job_read(g).at, how.at);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
			graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
		run((struct answer[]){{.status = 200, .body = "{}"}, {0}});
		ck_assert_str_eq(urls[0] + 4, reads[_i].url);
		ck_assert_ptr_nonnull(strstr(bearers[0], reads[_i].bearer));
	}
	bool same = how.by != GRAPH_BY_ANY && how.at != GRAPH_AT_LOCATION;
	ck_assert_uint_eq(n_notes, same ? 0 : 1);
	graph_note_listed(g);
	ck_assert_int_eq(graph_job_read(g).at, GRAPH_AT_LIST);
	ck_assert_int_eq(noted.at, GRAPH_AT_LIST);
}
END_TEST

/* Each form with the account's token, then each with the app's; from then on what has worked. */
START_TEST(test_polling_is_for_the_app)
{
	tenant.sign_in = SIGN_IN_USER_APP;
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, true, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 403}, {.status = 403}, {.status = 403},
		{.status = 200, .body = "{}"}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_str_eq(urls[1] + 4, RECOVERY "/jobs/j1");
	ck_assert_ptr_nonnull(strstr(bearers[1], "token-user"));
	ck_assert_str_eq(urls[2] + 4, JOB);
	ck_assert_ptr_nonnull(strstr(bearers[2], "token-app"));

	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, true, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 200, .body = "{}"}, {0}});
	ck_assert_str_eq(urls[0] + 4, RECOVERY "/jobs/j1");
	ck_assert_ptr_nonnull(strstr(bearers[0], "token-app"));
	ck_assert_uint_eq(logged("warning: "), 0);
}
END_TEST

/* One job may not be read, the list of them may: said once, not at every poll. */
START_TEST(test_refused_polls_are_told_once)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
			graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
		run((struct answer[]){{.status = 403}, {.status = 403}, {0}});
		ck_assert_int_eq(reply.outcome, GRAPH_FORBIDDEN);
		ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
		run(good);
		ck_assert_ptr_null(graph_trouble(g));
	}
	ck_assert_uint_eq(logged("warning: reading a job: HTTP 403"), 1);
	/* once it has worked, it would be news again */
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 200, .body = "{}"}, {0}});
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 403}, {.status = 403}, {0}});
	ck_assert_uint_eq(logged("warning: reading a job: HTTP 403"), 2);
}
END_TEST

/* --- forms -------------------------------------------------------------------------------------
 */

#define NOT_FINISHED \
	"{\"error\":{\"code\":\"x\",\"message\":\"Job with identifier `k` must have completed " \
	"successfully prior to enumerating changes.\"}}"

START_TEST(test_forms_of_changes)
{
	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 400, .body = NOT_FINISHED}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_REFUSED);

	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", NULL, done, &reply, NULL), 0);
	run((struct answer[]){
		{.status = 404}, {.status = 400}, {.status = 200, .body = PAGE}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	ck_assert_str_eq(
		urls[0], "GET " JOB "/microsoft.graph.entraRecoveryServices.getChanges?$top=999");
	ck_assert_str_eq(
		urls[1], "GET " JOB "/microsoft.graph.entraRecoveryServices.getChanges()?$top=999");
	ck_assert_str_eq(urls[2], "GET " JOB "/getChanges?$top=999");

	/* a link is followed to the letter, whatever it looks like */
	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", BASE "/x?$skiptoken=a%2Bb&c=../d",
				 done, &reply, NULL),
		0);
	run((struct answer[]){{.status = 200, .body = PAGE}, {0}});
	ck_assert_str_eq(urls[0], "GET " BASE "/x?$skiptoken=a%2Bb&c=../d");

	/* the winner is kept */
	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 404}, {0}});
	ck_assert_str_eq(urls[0], "GET " JOB "/getChanges?$top=999");
	ck_assert_int_eq(reply.outcome, GRAPH_NOT_FOUND);
}
END_TEST

START_TEST(test_all_forms_fail)
{
	ck_assert_int_eq(graph_get_changes(g, SNAPSHOT, "j1", NULL, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 404}, {.status = 400}, {.status = 400}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_NOT_FOUND);
	ck_assert_uint_eq(n_requests, 3);
	ck_assert_ptr_null(graph_trouble(g));
}
END_TEST

static const struct {
	const char *location;
	struct answer answers[5];
	size_t n;
	enum graph_outcome outcome;
	const char *last;
} jobs[] = {
	{NULL, {{.status = 200, .body = "{}"}}, 1, GRAPH_OK, JOB},
	{JOB, {{.status = 200, .body = "{}"}}, 1, GRAPH_OK, JOB},
	{RECOVERY "/jobs/j1", {{.status = 200, .body = "{}"}}, 1, GRAPH_OK, RECOVERY "/jobs/j1"},
	{BASE "/elsewhere", {{.status = 404}, {.status = 403}, {.status = 200, .body = "{}"}}, 3,
		GRAPH_OK, RECOVERY "/jobs/j1"},
	{"https://evil.example/jobs/j1", {{.status = 405}, {.status = 200, .body = "{}"}}, 2,
		GRAPH_OK, RECOVERY "/jobs/j1"},
	/* the documented address decides what it means when none works */
	{NULL, {{.status = 403}, {.status = 404}}, 2, GRAPH_FORBIDDEN, RECOVERY "/jobs/j1"},
	{NULL, {{.status = 404}, {.status = 403}}, 2, GRAPH_NOT_FOUND, RECOVERY "/jobs/j1"},
	{NULL, {{.status = 405}, {.status = 404}}, 2, GRAPH_NOT_FOUND, RECOVERY "/jobs/j1"},
	{BASE "/elsewhere", {{.status = 404}, {.status = 403}, {.status = 404}}, 3, GRAPH_FORBIDDEN,
		RECOVERY "/jobs/j1"},
	/* trouble on the way says nothing about the job */
	{NULL, {{.status = 404}, {.error = HTTP_E_TLS}}, 2, GRAPH_CONFIG, RECOVERY "/jobs/j1"},
};

START_TEST(test_get_job)
{
	ck_assert_int_eq(
		graph_get_job(g, SNAPSHOT, "j1", jobs[_i].location, false, done, &reply, NULL), 0);
	run(jobs[_i].answers);
	ck_assert_uint_eq(n_requests, jobs[_i].n);
	ck_assert_int_eq(reply.outcome, jobs[_i].outcome);
	ck_assert_str_eq(urls[n_requests - 1] + 4, jobs[_i].last);
}
END_TEST

START_TEST(test_young_job)
{
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, true, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 404}, {.status = 404}, {.status = 404},
		{.status = 200, .body = "{}"}, {0}});
	ck_assert_int_eq(reply.outcome, GRAPH_OK);
	/* what worked is asked first from now on */
	ck_assert_int_eq(graph_get_job(g, SNAPSHOT, "j1", NULL, false, done, &reply, NULL), 0);
	run((struct answer[]){{.status = 200, .body = "{}"}, {0}});
	ck_assert_str_eq(urls[0], "GET " RECOVERY "/jobs/j1");
}
END_TEST

START_TEST(test_hostile_names)
{
	ck_assert_int_eq(graph_list_jobs(g, "https://evil.example/next", done, &reply, NULL), 0);
	ck_assert(!reply.came);
	run((struct answer[]){{0}});
	ck_assert_int_eq(reply.outcome, GRAPH_BAD_REPLY);
	ck_assert_uint_eq(auth.gets[AUTH_DELEGATED], 0);

	ck_assert_int_eq(graph_get_changes(g, "..", "j1", NULL, done, &reply, NULL), 0);
	run((struct answer[]){{0}});
	ck_assert_int_eq(reply.outcome, GRAPH_BAD_REPLY);
	ck_assert_uint_eq(n_requests, 0);
}
END_TEST

START_TEST(test_cancelled_at_any_point)
{
	struct answer script[] = {{.status = 500}, {.status = 200, .body = PAGE}, {0}};
	struct graph_call *call = NULL;

	answers = script;
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, &call), 0);
	for (int i = 0; i < _i; i++)
		(void)fake_loop_turn(l);
	graph_call_cancel(call);
	fake_loop_run_for(l, USEC_PER_HOUR);
	ck_assert(!reply.came);
	ck_assert_uint_eq(fake_http_in_flight(h), 0);
	/* and another one is ended by the fixture, when the graph goes */
	ck_assert_int_eq(graph_list_jobs(g, NULL, done, &reply, NULL), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("graph");
	TCase *tc = tcase_create("graph");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_which_token);
	tcase_add_test(tc, test_create);
	tcase_add_loop_test(tc, test_create_asks_once, 0, sizeof(creates) / sizeof(creates[0]));
	tcase_add_test(tc, test_retries_and_trouble);
	tcase_add_test(tc, test_token_is_renewed_once);
	tcase_add_loop_test(tc, test_without_token, 0, sizeof(sign_ins) / sizeof(sign_ins[0]));
	tcase_add_test(tc, test_forms_of_changes);
	tcase_add_test(tc, test_all_forms_fail);
	tcase_add_loop_test(tc, test_get_job, 0, sizeof(jobs) / sizeof(jobs[0]));
	tcase_add_test(tc, test_young_job);
	tcase_add_test(tc, test_hostile_names);
	tcase_add_loop_test(tc, test_cancelled_at_any_point, 0, 5);
	suite_add_tcase(s, tc);

	tc = tcase_create("refused");
	tcase_add_checked_fixture(tc, setup_captured, teardown_captured);
	tcase_add_loop_test(tc, test_app_is_refused, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tc, test_user_is_refused_later);
	tcase_add_test(tc, test_both_are_refused);
	tcase_add_test(tc, test_nobody_else_to_ask);
	tcase_add_test(tc, test_nobody_is_signed_in);
	tcase_add_loop_test(tc, test_how_a_job_is_read, 0, sizeof(reads) / sizeof(reads[0]));
	tcase_add_test(tc, test_polling_is_for_the_app);
	tcase_add_test(tc, test_refused_polls_are_told_once);
	suite_add_tcase(s, tc);
	return s;
}
