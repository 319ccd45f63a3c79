/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "common/store/store.h"
#include "daemon/engine/loop.h"
#include "tests/replay/world.h"
#include "tests/support/clock_virtual.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_loop.h"
#include "tests/support/fake_store_thread.h"

#define MAX_HEADERS 32

int world_open(struct world *w)
{
	*w = (struct world){
		.tenants = BUF_INIT(LIMIT_CONFIG_BYTES),
		.rules = BUF_INIT(LIMIT_CONFIG_BYTES),
		.sinks = BUF_INIT(LIMIT_CONFIG_BYTES),
		.defaults = BUF_INIT(LIMIT_CONFIG_BYTES),
	};
	const char *tmp = getenv("TMPDIR");
	(void)snprintf(w->dir, sizeof(w->dir), "%.32s/snapwatch-replay-XXXXXX",
		tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(w->dir))
		return -errno;
	const struct sim_options options = {.base_url = WORLD_GRAPH};
	return sim_new(&options, &w->sim);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void world_close(struct world *w)
{
	world_daemon_kill(w);
	w->sim = sim_free(w->sim);
	buf_done(&w->tenants);
	buf_done(&w->rules);
	buf_done(&w->sinks);
	buf_done(&w->defaults);
	(void)nftw(w->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int world_time(const struct world *w, const char *text, int64_t *ret_us)
{
	int days = 0, hours = 0, minutes = 0, used = 0;

	if (*text != '+')
		return time_parse(text, ret_us);
	if (sscanf(text, "+%dd%d:%d%n", &days, &hours, &minutes, &used) != 3 || text[used])
		if (sscanf(text, "+%d:%d%n", &hours, &minutes, &used) != 2 || text[used]) {
			hours = minutes = 0;
			if (sscanf(text, "+%dd%n", &days, &used) != 1 || text[used])
				return -EINVAL;
		}
	*ret_us =
		w->start_us + days * USEC_PER_DAY + hours * USEC_PER_HOUR + minutes * USEC_PER_MIN;
	return 0;
}

/* --- two clocks
 * -----------------------------------------------------------------------------------
 */

int64_t world_now(const struct world *w)
{
	return clock_wall_us() - w->clock_off_us;
}

void world_set_clock(struct world *w, int64_t wall_us)
{
	w->clock_off_us = wall_us - world_now(w);
	if (w->daemon)
		fake_loop_set_clock(w->loop, wall_us);
	else
		clock_virtual_set_wall(wall_us);
}

void world_at_service(struct world *w)
{
	clock_virtual_set_wall(clock_wall_us() - w->clock_off_us);
}

void world_at_host(struct world *w)
{
	clock_virtual_set_wall(clock_wall_us() + w->clock_off_us);
}

/* --- the service's side
 * --------------------------------------------------------------------------- */

/* "Name: value" lines to the fields of a result; text is cut up in place and lives as long as it.
 */
static void read_headers(char *text, struct http_result *result)
{
	const struct {
		const char *name;
		const char **field;
	} fields[] = {
		{"content-type", &result->content_type},
		{"location", &result->location},
		{"retry-after", &result->retry_after},
		{"www-authenticate", &result->www_authenticate},
		{"request-id", &result->request_id},
	};
	char *save = NULL;

	for (char *line = strtok_r(text, "\r\n", &save); line;
		line = strtok_r(NULL, "\r\n", &save)) {
		char *value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (strcasecmp(line, "date") == 0)
			(void)time_parse_http(value, &result->date_us);
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			if (strcasecmp(line, fields[i].name) == 0)
				*fields[i].field = value;
	}
}

static bool is_create(const struct http_request *q)
{
	return strcmp(q->method, "POST") == 0 && strstr(q->url, "/recoveryPreviewJobs") != NULL;
}

static bool is_changes(const struct http_request *q)
{
	return strstr(q->url, "getChanges") != NULL;
}

static void died(void *arg)
{
	struct world *w = arg;

	w->crashed = true;
	loop_quit(w->loop);
}

static bool is_cancel(const struct http_request *q)
{
	return strcmp(q->method, "POST") == 0 && strstr(q->url, "cancel") != NULL;
}

void world_die_after_store(struct world *w)
{
	w->crash = CRASH_NONE;
	fake_store_thread_die(fake_store_thread_newest(), 1, FAKE_STORE_DIE_AFTER_COMMIT, died, w);
}

/* True when the host dies before the request leaves it. */
static bool crash_before(struct world *w, const struct http_request *q)
{
	if (!(w->crash == CRASH_INTENT && is_create(q)) &&
		!(w->crash == CRASH_CANCEL && is_cancel(q)))
		return false;
	w->crash = CRASH_NONE;
	fake_store_thread_die(
		fake_store_thread_newest(), 1, FAKE_STORE_DIE_BEFORE_COMMIT, NULL, NULL);
	died(w);
	return true;
}

/* Arms the store's death for what the answer will lead to. */
static void crash_after(struct world *w, const struct http_request *q, const struct sim_response *a)
{
	size_t n = 0;

	if (w->crash == CRASH_CREATED && is_create(q) && a->status == 202)
		n = 1;
	if (is_changes(q) && a->status == 200) {
		bool last = !strstr(buf_text(&a->body), "@odata.nextLink");

		w->pages_seen++;
		if (w->crash == CRASH_PAGE && w->pages_seen == w->crash_page)
			n = 1;
		if (w->full_page && w->pages_seen == w->full_page) {
			w->full_page = 0;
			fake_store_thread_fail(fake_store_thread_newest(), 1, -ENOSPC);
		}
		/* stored page, state settling, then the verdict */
		if ((w->crash == CRASH_VERDICT || w->crash == CRASH_JUDGED) && last)
			n = 3;
	}
	/* state failed is stored, its alert is not */
	if (w->crash == CRASH_ALERT && strstr(q->url, "obs/") &&
		strstr(buf_text(&a->body), "\"status\":\"failed\""))
		n = 2;
	if (n == 0)
		return;
	fake_store_thread_die(fake_store_thread_newest(), n,
		w->crash == CRASH_JUDGED ? FAKE_STORE_DIE_AFTER_COMMIT
					 : FAKE_STORE_DIE_BEFORE_COMMIT,
		died, w);
	w->crash = CRASH_NONE;
}

static size_t copy_headers(const struct http_request *q, char *bearer, size_t size,
	struct sim_header out[MAX_HEADERS], char *names[MAX_HEADERS])
{
	size_t n = 0;

	for (const char *const *h = q->headers; h && *h && n < MAX_HEADERS - 2; h++) {
		names[n] = strdup(*h);
		char *colon = names[n] ? strchr(names[n], ':') : NULL;
		if (!colon)
			continue;
		*colon++ = '\0';
		out[n] = (struct sim_header){names[n], colon + strspn(colon, " ")};
		n++;
	}
	/* as the real engine says it of itself */
	names[n] = NULL;
	out[n++] = (struct sim_header){"User-Agent", "snapwatch/replay"};
	if (q->bearer) {
		(void)snprintf(bearer, size, "Bearer %s", q->bearer);
		names[n] = NULL;
		out[n++] = (struct sim_header){"Authorization", bearer};
	}
	return n;
}

/* Another harness lets a part of the answer arrive, or none. */
static void lose_bytes(
	struct world *w, const struct sim_response *response, struct http_result *result)
{
	bool told;
	uint64_t len = w->answer(response->body.len, &told);

	if (result->error == HTTP_OK && told) {
		result->error = HTTP_E_NETWORK;
		result->error_text = "the connection was closed";
		result->status = 0;
		len = 0;
	}
	if (len < result->body.len)
		buf_truncate(&result->body, len);
}

static void serve(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	struct world *w = arg;
	static char header_text[LIMIT_HEADER_BYTES]; /* must live until the engine has copied it */
	struct sim_header headers[MAX_HEADERS];
	char *names[MAX_HEADERS] = {NULL};
	char bearer[8192], host[256] = "";
	struct sim_response response = {.cut_at = -1};

	if (w->crashed || crash_before(w, q)) {
		*delay_us = USEC_PER_DAY;
		return;
	}
	const char *rest = q->url + strlen("https://");
	const char *slash = strchr(rest, '/');
	(void)snprintf(
		host, sizeof(host), "%.*s", slash ? (int)(slash - rest) : (int)strlen(rest), rest);
	const struct sim_request request = {
		.method = q->method,
		.host = host,
		.target = slash ? slash : "/",
		.headers = headers,
		.n_headers = copy_headers(q, bearer, sizeof(bearer), headers, names),
		.body = q->body,
		.body_len = q->body_len,
	};
	world_at_service(w);
	sim_handle(w->sim, &request, &response);
	world_at_host(w);
	*delay_us = response.delay_us;
	result->status = response.status;
	(void)snprintf(header_text, sizeof(header_text), "%s", buf_text(&response.headers));
	read_headers(header_text, result);
	buf_append(&result->body, buf_text(&response.body), response.body.len);
	if (response.drop ||
		(response.cut_at >= 0 && (size_t)response.cut_at < response.body.len)) {
		result->error = HTTP_E_NETWORK;
		result->error_text = "the connection was closed";
		result->status = 0;
		buf_truncate(&result->body, 0);
	}
	if (w->answer)
		lose_bytes(w, &response, result);
	crash_after(w, q, &response);
	sim_response_done(&response);
	for (size_t i = 0; i < request.n_headers; i++)
		free(names[i]);
}

/* The service's work is not the daemon's. */
static void handle(
	void *arg, const struct http_request *q, struct http_result *result, int64_t *delay_us)
{
	struct world *w = arg;
	bool was = w->gate ? w->gate(false) : false;

	serve(w, q, result, delay_us);
	if (w->gate)
		(void)w->gate(was);
}

/* --- the host's side
 * ------------------------------------------------------------------------------ */

/* Blocks begin with `tenant "NAME"` and end with a brace in the first column. */
static void add_tenants(const struct world *w, struct buf *out)
{
	char begin[80];

	(void)snprintf(begin, sizeof(begin), "tenant \"%s\" ", w->forgotten);
	for (const char *at = buf_text(&w->tenants); *at;) {
		const char *end = strstr(at, "\n}\n");
		size_t len = end ? (size_t)(end - at) + strlen("\n}\n") : strlen(at);

		if (!*w->forgotten || strncmp(at, begin, strlen(begin)) != 0)
			buf_append(out, at, len);
		at += len;
	}
}

int world_write_conf(struct world *w)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_CONFIG_BYTES);
	char path[128];

	buf_printf(&text, "store = \"sqlite:%s/snapwatch.db\"\ncredentials_dir = \"%s\"\n", w->dir,
		w->dir);
	buf_printf(&text, "control_socket = \"%s/control.sock\"\nlog_level = \"%s\"\n", w->dir,
		w->verbose ? "debug" : "error");
	buf_printf(&text, "defaults {\n%s}\n", buf_text(&w->defaults));
	add_tenants(w, &text);
	buf_puts(&text, buf_text(&w->rules));
	buf_puts(&text, buf_text(&w->sinks));
	(void)snprintf(path, sizeof(path), "%s/snapwatch.conf", w->dir);
	int r = file_write_atomic(path, buf_text(&text), text.len, 0600);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/store-key", w->dir);
	static const char key[] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";
	return file_write_atomic(path, key, sizeof(key) - 1, 0600);
}

static int open_store(struct world *w, const struct conf *conf, struct store **ret)
{
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(secret_freep) struct secret *key = NULL;
	_cleanup_(freep) char *detail = NULL;
	int r = store_open(conf->store, &store, &detail);

	if (r == 0)
		r = credential_read(w->dir, "store-key", &key, NULL);
	if (r == 0)
		r = store_use_key(store, key);
	if (r != 0)
		return -EIO;
	*ret = TAKE_PTR(store);
	return 0;
}

int world_daemon_start(struct world *w, struct buf *errors)
{
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(conf_freep) struct conf *conf = NULL;
	const struct daemon_options options = {.wait_us = 10 * USEC_PER_MIN};
	struct store *store = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/snapwatch.conf", w->dir);
	int r = world_write_conf(w);
	if (r == 0)
		r = conf_load(path, &conf, errors, &warnings);
	if (r == 0)
		r = open_store(w, conf, &store);
	if (r == 0)
		r = loop_new(&w->loop);
	if (r == 0)
		r = daemon_new(w->loop, TAKE_PTR(conf), store, &options, &w->daemon);
	if (r == 0) {
		fake_http_handler(fake_http_newest(), handle, w);
		if (w->store_retry_us)
			r = fake_store_thread_retry(fake_store_thread_newest(), w->store_retry_us);
	}
	if (r == 0) {
		r = daemon_start(w->daemon);
	}
	if (r != 0)
		buf_printf(errors, "the daemon does not start: %s\n", err_text(r));
	return r;
}

int world_second_daemon(struct world *w, struct buf *errors)
{
	_cleanup_(freep) char *detail = NULL;
	struct store *store = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "sqlite:%s/snapwatch.db", w->dir);
	int r = store_open(path, &store, &detail);
	if (r == 0) {
		(void)store_close(store);
		buf_puts(errors, "it opens the store as well");
		return -EEXIST;
	}
	if (detail && strstr(detail, "pid"))
		return 0;
	buf_printf(errors, "kept out without saying by whom: %s", detail ? detail : err_text(r));
	return -EINVAL;
}

void world_daemon_stop(struct world *w)
{
	if (w->daemon) {
		daemon_stop(w->daemon);
		fake_loop_settle(w->loop);
	}
	world_daemon_kill(w);
}

void world_daemon_kill(struct world *w)
{
	w->daemon = daemon_free(w->daemon);
	w->loop = loop_free(w->loop);
}

static void pass_time(struct world *w, int64_t delta_us)
{
	if (!w->daemon) {
		clock_virtual_advance(delta_us);
		return;
	}
	bool was = w->gate ? w->gate(true) : false;
	fake_loop_run_for(w->loop, delta_us);
	if (w->gate)
		(void)w->gate(was);
}

int world_run_until(struct world *w, int64_t until_us, struct buf *errors)
{
	while (world_now(w) < until_us) {
		if (!w->crashed) /* in what was asked of it just now */
			pass_time(w, until_us - world_now(w));
		if (!w->crashed) {
			if (world_now(w) < until_us && w->daemon)
				world_daemon_kill(w); /* it ended by itself */
			continue;
		}
		w->crashed = false;
		w->n_crashes++;
		world_daemon_kill(w);
		clock_virtual_advance(USEC_PER_MIN);
		int r = world_daemon_start(w, errors);
		if (r != 0)
			return r;
	}
	world_at_service(w);
	sim_advance(w->sim);
	world_at_host(w);
	return 0;
}
