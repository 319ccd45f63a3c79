/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapwatch doctor: what is wrong, and what to do about it. What is seen from here (configuration,
 * store key, store, disk) is looked at here; everything else is asked of the daemon, or of one that
 * is started for it. Changes nothing.
 */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/assist.h"
#include "cli/cli.h"
#include "cli/doctor_print.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "common/ctl/ctl.h"
#include "common/model/doctor.h"
#include "common/model/doctor_host.h"
#include "common/store/store.h"
#include "common/store/store_secret.h"

/* How often a tenant's questions may each take as long as one may. */
#define STEPS 12

struct consultation {
	struct cli *c;
	const char *tenant; /* NULL: all */
	struct doctor_report report;
	bool answered; /* by a daemon */
};

/* --- here ---------------------------------------------------------------------------------------
 */

/* False when there is nothing to go on with. */
static bool look_at_configuration(struct consultation *x)
{
	_cleanup_(buf_done) struct buf errors = BUF_INIT(LIMIT_CONFIG_BYTES);
	_cleanup_(buf_done) struct buf warnings = BUF_INIT(LIMIT_CONFIG_BYTES);
	const char *path = x->c->args->config ? x->c->args->config : CONF_DEFAULT_PATH;
	int r = conf_load(path, &x->c->conf, &errors, &warnings);
	const struct conf *conf = x->c->conf;

	doctor_judge_configuration(
		&(struct doctor_configuration){
			.path = path,
			.r = r,
			.errors = buf_text(&errors),
			.warnings = buf_text(&warnings),
			.n_tenants = r == 0 ? conf->n_tenants : 0,
			.n_sinks = r == 0 ? conf->n_sinks : 0,
		},
		&x->report);
	return r == 0 && conf->n_tenants > 0;
}

/* As the daemon would find it: without one in the service manager's hands. */
static void look_at_store_key(const struct cli *c, struct doctor_report *out)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	_cleanup_(buf_wipe) struct buf bytes = BUF_INIT_SECRET(LIMIT_SECRET_BYTES);
	_cleanup_(freep) char *path = NULL;
	int r = credential_read(c->conf->credentials_dir, STORE_KEY_CREDENTIAL, &key, &path);

	doctor_judge_store_key(
		&(struct doctor_store_key){
			.r = r,
			.path = path,
			.good = r == 0 && base64_decode(key->data, key->len, &bytes) == 0 &&
				bytes.len == STORE_KEY_SIZE,
		},
		out);
}

static int64_t size_of(const char *path)
{
	static const char *const parts[] = {"", "-wal"};
	int64_t sum = -1;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_(freep) char *name = NULL;
		struct stat st;

		if (asprintf(&name, "%s%s", path, parts[i]) < 0) {
			name = NULL;
			return -1;
		}
		if (stat(name, &st) == 0)
			sum = (sum < 0 ? 0 : sum) + st.st_size;
	}
	return sum;
}

static void look_at_store(struct consultation *x, const char *path)
{
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(freep) char *detail = NULL;
	int r = store_open_reader(x->c->conf->store, &store, &detail);
	struct doctor_store s = {
		.path = path,
		.state = r == 0			? DOCTOR_STORE_OPEN
			 : r == STORE_E_MISSING ? DOCTOR_STORE_MISSING
						: DOCTOR_STORE_CLOSED,
		.r = r == 0 ? db_check(store->db, LIMIT_STORE_CHECK_US) : r,
		.schema = STORE_SCHEMA_VERSION,
		.bytes = size_of(path),
	};

	s.detail = r == 0 ? db_error_text(store->db) : detail;
	doctor_judge_store(&s, &x->report);
}

static void look_at_disk(struct consultation *x, const char *path)
{
	_cleanup_(freep) char *copy = strdup(path);

	if (copy)
		doctor_judge_disk(dirname(copy), file_space_available(dirname(copy)), &x->report);
}

static void look_here(struct consultation *x)
{
	const char *path = strchr(x->c->conf->store, ':');

	path = path ? path + 1 : x->c->conf->store;
	/* what the daemon said of it counts more */
	if (!doctor_find(&x->report, NULL, DOCTOR_STORE))
		look_at_store(x, path);
	look_at_disk(x, path);
}

/* --- at the service -----------------------------------------------------------------------------
 */

static int ask(struct consultation *x, const char *socket, char **ret_text)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(LIMIT_CONTROL_BODY_BYTES);
	_cleanup_(buf_done) struct buf reply = BUF_INIT(LIMIT_CONTROL_REPLY_BYTES);
	_cleanup_(json_freep) struct json *doc = NULL;
	struct jsonw w = JSONW_INIT(&body);
	size_t rounds = (x->tenant ? 1 : x->c->conf->n_tenants) / LIMIT_DOCTOR_PARALLEL + 1;

	jsonw_object(&w);
	jsonw_kv_string(&w, "tenant", x->tenant);
	jsonw_kv_bool(&w, "sinks", x->c->args->sinks);
	jsonw_object_end(&w);
	int code = ctl_request(socket, "POST", "/v1/doctor", buf_text(&body),
		(int64_t)rounds * STEPS * LIMIT_DOCTOR_STEP_US, &reply, ret_text);
	if (code == EXIT_CODE_NO_DAEMON)
		return code;
	if (json_parse(buf_text(&reply), reply.len, LIMIT_JSON_DEPTH, &doc) == 0 &&
		doctor_read(&x->report, doc) == 0)
		x->answered = true;
	return code;
}

/* A running daemon, or one for the time of the questions. */
static void consult(struct consultation *x)
{
	_cleanup_(assist_done) struct assist a = ASSIST_NONE;
	_cleanup_(freep) char *text = NULL;
	struct doctor_service s = {.who = DOCTOR_SERVICE_NONE, .code = EXIT_CODE_NO_DAEMON};
	_cleanup_(doctor_report_done) struct doctor_report key = {0};
	bool runs = ctl_probe(x->c->conf->control_socket) == 0;

	if (!runs)
		look_at_store_key(x->c, &key);
	if (key.n == 0 || key.items[0].result != DOCTOR_FAIL)
		s.code = assist_begin(x->c, &a);
	if (a.socket)
		s.code = ask(x, a.socket, &text);
	if (!x->answered)
		doctor_report_add(&x->report, &key);
	look_here(x);
	s.code = assist_end(&a, s.code, &text);
	if (x->answered)
		s.who = runs ? DOCTOR_SERVICE_RUNS : DOCTOR_SERVICE_BORROWED;
	s.text = text;
	doctor_judge_service(&s, &x->report);
}

/* --- the whole ----------------------------------------------------------------------------------
 */

/* What nobody could check is said, too. */
static void fill_in(struct consultation *x)
{
	const struct conf *conf = x->c->conf;

	for (size_t i = 0; conf && i < conf->n_tenants; i++) {
		const char *name = conf->tenants[i]->name;

		if (x->tenant && strcmp(x->tenant, name) != 0)
			continue;
		for (int check = 0; check < _DOCTOR_CHECK_MAX; check++)
			if (doctor_check_of_tenant((enum doctor_check)check) &&
				!doctor_find(&x->report, name, (enum doctor_check)check))
				(void)doctor_skips(&x->report, name, (enum doctor_check)check);
	}
}

static void print_json(const struct consultation *x, int code)
{
	_cleanup_(buf_done) struct buf json = BUF_INIT(LIMIT_VIEW_BYTES);
	struct jsonw w = JSONW_INIT(&json);

	jsonw_object(&w);
	jsonw_kv_string(&w, "schema", "snapwatch/1");
	jsonw_kv_int(&w, "code", code);
	jsonw_kv_string(&w, "name", exit_code_name(code));
	doctor_write(&x->report, &w);
	jsonw_object_end(&w);
	buf_putc(&json, '\n');
	cli_write(x->c, &json);
}

static int conclude(struct consultation *x)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(LIMIT_VIEW_BYTES);

	doctor_sort(&x->report);
	int code = doctor_exit_code(&x->report);
	if (cli_json(x->c)) {
		print_json(x, code);
	} else {
		doctor_print(&x->report, &x->c->style, &text);
		cli_write(x->c, &text);
	}
	return code;
}

int cmd_doctor(struct cli *c)
{
	struct consultation x = {.c = c, .tenant = c->args->n_words ? c->args->words[0] : NULL};
	int code = EXIT_CODE_OK;

	if (look_at_configuration(&x)) {
		if (x.tenant)
			code = cli_tenant(c, x.tenant);
		if (code == EXIT_CODE_OK)
			consult(&x);
		fill_in(&x);
	}
	if (code == EXIT_CODE_OK)
		code = conclude(&x);
	doctor_report_done(&x.report);
	return code;
}
