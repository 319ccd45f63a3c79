/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands on a real store, their output word by word: in a pipe and on a terminal of 80
 * columns. The names in it are those that somebody would choose to fool whoever reads them.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "common/store/store_page.h"
#include "tests/support/tmpdir.h"

Suite *suite(void);

#define NOW INT64_C(1783829700000000) /* 2026-07-12 04:15 UTC */
#define AT(hours) ((long long)(NOW - (hours)*USEC_PER_HOUR))

static struct store *writer;
static char conf_path[256];
static char *printed, *complained;

/* --- a house ------------------------------------------------------------------------------------
 */

static const char page_text[] =
	"{\"value\":["
	"{\"id\":\"4f2a0000-0000-0000-0000-000000000001\",\"entityTypeName\":\"user\","
	"\"displayName\":\"Anna\\u001b[2J\\u202eexe\",\"recoveryAction\":\"restore\","
	"\"deltaFromCurrent\":{\"deletedDateTime\":null,\"department\":\"Sales\"},"
	"\"currentState\":{\"deletedDateTime\":\"2026-07-12T01:15:00Z\",\"department\":null}},"
	"{\"id\":\"4f2b0000-0000-0000-0000-000000000002\","
	"\"entityTypeName\":\"conditionalAccessPolicy\",\"displayName\":\"Require MFA\","
	"\"recoveryAction\":\"update\",\"deltaFromCurrent\":{\"state\":\"enabled\"},"
	"\"currentState\":{\"state\":\"disabled\"}},"
	"{\"id\":\"77770000-0000-0000-0000-000000000003\",\"entityTypeName\":\"group\","
	"\"displayName\":\"\\u65e5\\u672c\\u8a9e\",\"recoveryAction\":\"update\","
	"\"deltaFromCurrent\":{\"description\":\"a description that is long enough to need a "
	"second line, and then a third one\",\"members@delta\":["
	"{\"id\":\"4f2a0000-0000-0000-0000-000000000001\",\"displayName\":\"Anna\"},"
	"{\"id\":\"4f2c0000-0000-0000-0000-000000000009\",\"@removed\":{\"reason\":\"changed\"}}]},"
	"\"currentState\":{\"description\":\"\"}},"
	"{\"id\":\"88880000-0000-0000-0000-000000000004\",\"entityTypeName\":\"application\","
	"\"displayName\":\"Invoice Sync\",\"recoveryAction\":\"softDelete\","
	"\"deltaFromCurrent\":{\"@removed\":{\"reason\":\"changed\"}},\"currentState\":{}}]}";

static void add(const char *fmt, ...) _printf_(1, 2);
static void add(const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_ge(vasprintf(&text, fmt, ap), 0);
	va_end(ap);
	ck_assert_msg(db_script(writer->db, text) == 0, "%s: %s", text, db_error_text(writer->db));
}

static void add_jobs(void)
{
	static const char insert[] =
		"INSERT INTO job (id, tenant, watch, filter_hash, filter, baseline, initial, due,"
		" queued, state, holds_slot, outcome, detail, snapshot, snapshot_created,"
		" covered_from, adopted, service_status, started, completed, objects, pages,"
		" changes, verified, unknown, attempts, ended, epoch) VALUES";

	add("%s (1, 1, 'all', 'h', '', 'covered', 1, 0, %lld, 'failed', 0, 'gone',"
	    " 'the job is gone', 's1', %lld, %lld, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, 0, 1,"
	    " %lld, 1)",
		insert, AT(30), AT(40), AT(40), AT(29));
	add("%s (2, 1, 'all', 'h', '', 'covered', 0, 0, %lld, 'collecting', 0, 'ok', NULL, 's2',"
	    " %lld, %lld, 0, 'successful', %lld, %lld, 4, 0, 0, 1, 0, 1, %lld, 1)",
		insert, AT(4), AT(25), AT(25), AT(3), AT(2), AT(2));
	add("%s (3, 2, 'all', 'h', '', 'covered', 1, 0, %lld, 'waiting', 1, NULL, NULL, 's3',"
	    " %lld, %lld, 0, 'calculating', %lld, NULL, NULL, 0, 0, NULL, 0, 1, NULL, 1)",
		insert, AT(1), AT(20), AT(20), AT(1));
}

static void add_page(void)
{
	struct change_page page;

	ck_assert_int_eq(change_page_parse(page_text, strlen(page_text), &page), 0);
	ck_assert_int_eq(page.n, 4);
	ck_assert_int_eq(store_lease_take(writer, 1), 0);
	ck_assert_int_eq(store_page_put(writer, 2, 1, page_text, strlen(page_text), &page), 0);
	change_page_done(&page);
	add("UPDATE job SET state = 'done' WHERE id = 2");
}

static void add_findings(void)
{
	static const char insert[] =
		"INSERT INTO finding (id, tenant, watch, entity_type, object_id, change, atom,"
		" after_hash, episode, lo, hi, deleted_at, attention, fact, severity, rule, "
		"initial,"
		" name, before, after, brought_back, first_job, last_job, first_ordinal, "
		"first_seen,"
		" last_seen) VALUES";

	add("%s (1, 1, 'all', 'user', x'4f2a0000000000000000000000000001', 'deleted', '', x'', 1,"
	    " %lld, %lld, %lld, 'open', 'visible', 'warning', NULL, 0, 'Anna' || char(27) || '[2J',"
	    " NULL, NULL, 0, 2, 2, 1, %lld, %lld)",
		insert, AT(25), AT(3), AT(3), AT(2), AT(2));
	add("%s (2, 1, 'all', 'conditionalAccessPolicy', x'4f2b0000000000000000000000000002',"
	    " 'modified', 'state', x'00', 1, %lld, %lld, NULL, 'open', 'visible', 'critical',"
	    " 'policy switched', 0, 'Require MFA', '\"enabled\"', '\"disabled\"', 0, 2, 2, 2, %lld,"
	    " %lld)",
		insert, AT(25), AT(3), AT(2), AT(2));
	add("%s (3, 1, 'all', 'group', x'77770000000000000000000000000003', 'link added',"
	    " 'members/4f2c0000-0000-0000-0000-000000000009', x'00', 1, %lld, %lld, NULL,"
	    " 'expected', 'absorbed', 'notice', 'joiners', 0, NULL, NULL, '\"4f2c\"', 0, 2, 2, 3,"
	    " %lld, %lld)",
		insert, AT(25), AT(3), AT(2), AT(2));
	add("UPDATE finding SET parent = 1 WHERE id = 3");
}

static void add_alerts(void)
{
	add("INSERT INTO alert (id, outside_id, tenant, kind, severity, job, created, title, body)"
	    " VALUES (1, 'x', 1, 'changes_unexpected', 'critical', 2, %lld,"
	    " 'contoso: 1 policy was modified', '{\"id\":\"x\",\"kind\":\"changes_unexpected\"}'),"
	    " (2, 'y', NULL, 'store_full', 'warning', NULL, %lld, 'the disk is full', '{}')",
		AT(2), AT(1));
	add("INSERT INTO outbox (alert, sink, state, attempts, next_at, last_error, sent_at)"
	    " VALUES (1, 'journal', 'sent', 1, 0, NULL, %lld),"
	    " (1, 'ops', 'pending', 3, %lld, 'HTTP 503', NULL), (2, 'journal', 'sent', 1, 0, NULL,"
	    " %lld), (2, 'ops', 'sent', 1, 0, NULL, %lld)",
		AT(2), AT(-1), AT(1), AT(1));
	add("INSERT INTO condition (tenant, kind, subject, since, alert, cleared) VALUES"
	    " (2, 'snapshot_late', '', %lld, NULL, NULL), (0, 'sink_failing', 'ops', %lld, 1, "
	    "NULL),"
	    " (1, 'job_stuck', '', 0, NULL, 1)",
		AT(5), AT(2));
}

/* contoso's lives, northwind's is refused, and one is of a tenant that is not configured any more
 */
static void add_sign_ins(void)
{
	static const char insert[] =
		"INSERT INTO sign_in (tenant_id, how, account, account_id, scopes, guest, enrolled,"
		" refreshed, refused, refused_text, refused_hint, probed, age, idle) VALUES";

	add("%s ('11111111-1111-1111-1111-111111111111', 'code', 'svc-snapwatch@contoso.com',"
	    " '4f2a', 'EntraBackup.Read.All openid', 0, %lld, %lld, NULL, NULL, NULL, NULL, NULL,"
	    " NULL)",
		insert, AT(24 * 100), AT(24 * 80 + 1));
	add("%s ('21111111-1111-1111-1111-111111111111', 'credential', NULL, NULL, NULL, NULL,"
	    " %lld, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
		insert, AT(24 * 400));
	add("%s ('31111111-1111-1111-1111-111111111111', 'device', 'a' || char(27) || '[2J@b',"
	    " 'id', '', 1, %lld, %lld, %lld, 'the password of the account was changed',"
	    " 'sign in anew', %lld, NULL, NULL)",
		insert, AT(24 * 9), AT(24 * 2), AT(20), AT(1));
}

static void write_conf(void)
{
	FILE *f;

	(void)snprintf(conf_path, sizeof(conf_path), "%s", tmpdir_path("snapwatch.conf"));
	f = fopen(conf_path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f,
		"store = \"sqlite:%s\"\ncontrol_socket = \"/nowhere/control.sock\"\n"
		"tenant \"contoso\" { tenant_id = \"11111111-1111-1111-1111-111111111111\""
		" client_id = \"11111111-1111-1111-1111-111111111112\" }\n"
		"tenant \"northwind\" { tenant_id = \"31111111-1111-1111-1111-111111111111\""
		" client_id = \"11111111-1111-1111-1111-111111111112\" }\n"
		"tenant \"woodgrove\" { tenant_id = \"41111111-1111-1111-1111-111111111111\""
		" client_id = \"11111111-1111-1111-1111-111111111112\" }\n",
		tmpdir_path("s.db"));
	(void)fclose(f);
}

static void setup_empty(void)
{
	char url[256];

	(void)snprintf(url, sizeof(url), "sqlite:%s/s.db", tmpdir_make());
	write_conf();
	ck_assert_int_eq(store_open(url, &writer, NULL), 0);
}

static void setup(void)
{
	setup_empty();
	add("INSERT INTO tenant (id, name, tenant_id, first_seen, last_look, last_look_error,"
	    " newest_snapshot, hold_until, hold_by) VALUES"
	    " (1, 'contoso', '11111111-1111-1111-1111-111111111111', 0, %lld, NULL, %lld, %lld,"
	    " 'uid 1000 (anna)'),"
	    " (2, 'fabrikam', '21111111-1111-1111-1111-111111111111', 0, %lld, 'no route' ||"
	    " char(7), NULL, NULL, NULL)",
		AT(1), AT(4), AT(-3), AT(50));
	add_jobs();
	add_page();
	add_findings();
	add_alerts();
	add_sign_ins();
}

static void teardown(void)
{
	free(printed);
	free(complained);
	printed = complained = NULL;
	writer = store_close(writer);
	tmpdir_remove();
}

/* --- running ------------------------------------------------------------------------------------
 */

/* Runs a command with its output in printed and complained. Returns the exit status. */
static int run(int (*fn)(struct cli *c), const struct args *given, size_t width)
{
	struct args a = *given;
	struct cli c = {.args = &a, .style = {.width = width}, .now_us = NOW};
	size_t n_printed, n_complained;
	FILE *real = stderr;

	free(printed);
	free(complained);
	a.config = conf_path;
	c.out = open_memstream(&printed, &n_printed);
	stderr = open_memstream(&complained, &n_complained);
	ck_assert(c.out && stderr);
	int code = fn(&c);
	cli_done(&c);
	(void)fclose(c.out);
	(void)fclose(stderr);
	stderr = real;
	return code;
}

/* What is printed is in tests/fixtures/cli/FILE.txt. */
static const struct {
	const char *file;
	int (*fn)(struct cli *c);
	struct args args;
	size_t width;
} cases[] = {
	{"jobs", cmd_jobs, {.tenant = NULL}, 0},
	{"jobs-80", cmd_jobs, {.tenant = NULL}, 80},
	{"changes", cmd_changes, {.tenant = NULL}, 0},
	{"changes-80", cmd_changes, {.tenant = "contoso"}, 80},
	{"changes-of-groups", cmd_changes, {.job = "2", .change = "modified", .entity = "group"},
		0},
	{"changes-none", cmd_changes, {.job = "2", .change = "deleted", .entity = "group"}, 0},
	{"show-policy", cmd_show, {.words = {"2", "4f2b"}, .n_words = 2}, 0},
	{"show-user-80", cmd_show, {.words = {"2", "4f2a"}, .n_words = 2}, 80},
	{"show-group-80", cmd_show, {.words = {"2", "\u65e5\u672c\u8a9e"}, .n_words = 2}, 80},
	{"findings", cmd_findings, {.tenant = NULL}, 0},
	{"findings-80", cmd_findings, {.tenant = "contoso"}, 80},
	{"findings-all", cmd_findings, {.all = true}, 0},
	{"findings-none", cmd_findings, {.tenant = "northwind"}, 0},
	{"alerts", cmd_alerts, {.tenant = NULL}, 0},
	{"alerts-80", cmd_alerts, {.tenant = NULL}, 80},
	{"tenants", cmd_tenants, {.tenant = NULL}, 0},
	{"tenants-80", cmd_tenants, {.tenant = NULL}, 80},
	{"login-missing-80", cmd_login, {.tenant = NULL}, 80},
	{"status", cmd_status, {.tenant = NULL}, 0},
	{"status-contoso-80", cmd_status, {.words = {"contoso"}, .n_words = 1}, 80},
};

START_TEST(says)
{
	_cleanup_(buf_done) struct buf expected = BUF_INIT(LIMIT_CONFIG_BYTES);
	char path[128];

	(void)snprintf(path, sizeof(path), "tests/fixtures/cli/%s.txt", cases[_i].file);
	ck_assert_int_eq(file_read(path, &expected), 0);
	int code = run(cases[_i].fn, &cases[_i].args, cases[_i].width);
	ck_assert_int_eq(code, cases[_i].fn == cmd_login ? EXIT_CODE_SIGN_IN : EXIT_CODE_OK);
	ck_assert_str_eq(complained, "");
	ck_assert_str_eq(printed, buf_text(&expected));
}
END_TEST

/* --- JSON ---------------------------------------------------------------------------------------
 */

static const struct {
	int (*fn)(struct cli *c);
	struct args args;
	const char *noun;
	size_t n;
	const char *has[4];
} documents[] = {
	{cmd_jobs, {.json = true}, "jobs", 3,
		{"\"job\":3,\"tenant\":\"fabrikam\"", "\"verified\":true",
			"\"snapshot\":\"2026-07-11T03:15:00Z\"", "\"outcome\":\"gone\""}},
	{cmd_changes, {.json = true}, "changes", 4,
		{"\"job\":2,\"tenant\":\"contoso\"",
			"\"object_id\":\"4f2b0000-0000-0000-0000-000000000002\"",
			"\"change\":\"deleted\",\"recovery_action\":\"restore\"",
			"\"changed\":[\"description\",\"members\"]"}},
	{cmd_changes, {.json = true, .change = "appeared"}, "changes", 1,
		{"Invoice Sync", "\"changed\":[]"}},
	{cmd_changes, {.json = true, .job = "1"}, "changes", 0, {NULL}},
	{cmd_show, {.json = true, .words = {"2", "Require MFA"}, .n_words = 2}, "changes", 1,
		{"\"properties\":[{\"name\":\"state\",\"before\":\"enabled\",\"after\":"
		 "\"disabled\"}]",
			"\"links\":[]", "\"recovery_action\":\"update\"",
			"\"findings\":[{\"finding\":2,\"tenant\":\"contoso\""}},
	{cmd_show, {.json = true, .words = {"2", "4f2a"}, .n_words = 2}, "changes", 1,
		{"\"deleted_at\":\"2026-07-12T01:15:00Z\"",
			"{\"name\":\"department\",\"before\":\"Sales\",\"after\":null}"}},
	{cmd_show, {.json = true, .words = {"2", "7"}, .n_words = 2}, "changes", 1,
		{"\"links\":[{\"name\":\"members\",\"id\":\"4f2a0000-0000-0000-0000-000000000001\","
		 "\"display_name\":\"Anna\",\"change\":\"link removed\"}",
			"\"change\":\"link added\""}},
	{cmd_findings, {.json = true}, "findings", 2,
		{"\"finding\":2,\"tenant\":\"contoso\"",
			"\"property\":\"state\",\"before\":\"enabled\",\"after\":\"disabled\"",
			"\"severity\":\"critical\",\"attention\":\"open\",\"fact\":\"visible\"",
			"\"rule\":\"policy switched\""}},
	{cmd_findings, {.json = true, .all = true}, "findings", 3,
		{"\"link\":\"members\",\"link_id\":\"4f2c0000-0000-0000-0000-000000000009\""}},
	{cmd_alerts, {.json = true}, "alerts", 2,
		{"{\"id\":\"x\",\"kind\":\"changes_unexpected\",\"deliveries\":[{\"sink\":"
		 "\"journal\"",
			"\"sink\":\"ops\",\"state\":\"pending\",\"attempts\":3,\"next_at\":"
			"\"2026-07-12T05:15:00Z\",\"last_error\":\"HTTP 503\"",
			"{\"deliveries\":["}},
	{cmd_tenants, {.json = true}, "tenants", 4,
		{"\"tenant\":\"contoso\",\"tenant_id\":\"11111111-1111-1111-1111-111111111111\","
		 "\"configured\":true,\"state\":\"expiring\",\"method\":\"code\"",
			"\"scopes\":[\"EntraBackup.Read.All\",\"openid\"],\"signed_in_at\":",
			"\"days_left\":9}",
			"\"tenant\":\"fabrikam\",\"tenant_id\":"
			"\"21111111-1111-1111-1111-111111111111\",\"configured\":false"}},
	{cmd_status, {.json = true}, "tenants", 4,
		{"\"daemon\":{\"running\":false,\"text\":\"snapwatchd does not run",
			"\"open_findings\":{\"critical\":1,\"warning\":1,\"notice\":0,\"other\":0}",
			"\"conditions\":[{\"kind\":\"snapshot_late\",\"since\":\"2026-07-11T23:15:"
			"00Z\"}]",
			"\"configured\":false"}},
};

static size_t count(const struct json *list)
{
	size_t n = 0;

	JSON_EACH (v, list)
		n += json_type(v) == JSON_TYPE_OBJECT;
	return n;
}

START_TEST(writes_json)
{
	_cleanup_(json_freep) struct json *doc = NULL;

	ck_assert_int_eq(run(documents[_i].fn, &documents[_i].args, 0), EXIT_CODE_OK);
	ck_assert_str_eq(complained, "");
	ck_assert_int_eq(json_parse(printed, strlen(printed), LIMIT_JSON_DEPTH, &doc), 0);
	ck_assert_str_eq(json_string_or(doc, "schema", ""), "snapwatch/1");
	ck_assert_uint_eq(count(json_member(doc, documents[_i].noun)), documents[_i].n);
	for (size_t i = 0; i < 4 && documents[_i].has[i]; i++)
		ck_assert_msg(strstr(printed, documents[_i].has[i]) != NULL, "no %s in %s",
			documents[_i].has[i], printed);
	ck_assert_ptr_null(strchr(printed, '\033'));
}
END_TEST

/* With --jsonl the same objects, one a line. */
START_TEST(writes_lines)
{
	struct args a = documents[_i].args;
	size_t n = 0;

	a.json = false;
	a.jsonl = true;
	if (documents[_i].fn == cmd_status)
		return;
	ck_assert_int_eq(run(documents[_i].fn, &a, 0), EXIT_CODE_OK);
	for (const char *line = printed; *line; n++) {
		_cleanup_(json_freep) struct json *row = NULL;
		size_t len = strcspn(line, "\n");

		ck_assert_int_eq(json_parse(line, len, LIMIT_JSON_DEPTH, &row), 0);
		line += len + 1;
	}
	ck_assert_uint_eq(n, documents[_i].n);
}
END_TEST

/* --- what is wrong ------------------------------------------------------------------------------
 */

static const struct {
	int (*fn)(struct cli *c);
	struct args args;
	int code;
	const char *text;
} refusals[] = {
	{cmd_jobs, {.tenant = "contosso"}, EXIT_CODE_USAGE,
		"snapwatch: there is no tenant 'contosso'; did you mean 'contoso'?\n"},
	{cmd_findings, {.tenant = "Fabricam"}, EXIT_CODE_USAGE,
		"snapwatch: there is no tenant 'Fabricam'; did you mean 'fabrikam'?\n"},
	{cmd_changes, {.job = "99"}, EXIT_CODE_USAGE,
		"snapwatch: there is no job 99; see: snapwatch jobs\n"},
	{cmd_changes, {.change = "deletd"}, EXIT_CODE_USAGE,
		"snapwatch: there is no change 'deletd'; did you mean 'deleted'?\n"},
	{cmd_changes, {.job = "x"}, EXIT_CODE_USAGE,
		"snapwatch: 'x' is no number of a job; see: snapwatch jobs\n"},
	{cmd_changes, {.job = "99", .json = true}, EXIT_CODE_USAGE,
		"snapwatch: there is no job 99; see: snapwatch jobs\n"},
	{cmd_show, {.words = {"99", "x"}, .n_words = 2}, EXIT_CODE_USAGE,
		"snapwatch: there is no job 99; see: snapwatch jobs\n"},
	{cmd_show, {.words = {"2", "Nobody\033"}, .n_words = 2}, EXIT_CODE_USAGE,
		"snapwatch: job 2 says nothing of 'Nobody\\x1B'; see: snapwatch changes --job 2\n"},
	{cmd_show, {.words = {"2", "4f2"}, .n_words = 2}, EXIT_CODE_USAGE,
		"snapwatch: '4f2' may be several objects: 4f2a0000-0000-0000-0000-000000000001, "
		"4f2b0000-0000-0000-0000-000000000002\n"},
	{cmd_run, {.words = {"contoso"}, .n_words = 1}, EXIT_CODE_NO_DAEMON,
		"snapwatch: snapwatchd does not run: nobody listens on /nowhere/control.sock; "
		"start it with: systemctl start snapwatchd\n"},
	{cmd_login, {.words = {"nobody"}, .n_words = 1}, EXIT_CODE_USAGE, NULL},
	{cmd_login, {.words = {"fabrikam"}, .n_words = 1}, EXIT_CODE_USAGE,
		"snapwatch: there is no tenant 'fabrikam' in "},
	{cmd_login, {.paste = true}, EXIT_CODE_USAGE,
		"snapwatch: which tenant? snapwatch login TENANT\n"},
	{cmd_login, {.words = {"contoso"}, .n_words = 1, .paste = true, .device_code = true},
		EXIT_CODE_USAGE,
		"snapwatch: --device-code goes without --paste and --port: nothing comes back\n"},
	{cmd_login, {.words = {"contoso"}, .n_words = 1, .port = "65536"}, EXIT_CODE_USAGE,
		"snapwatch: --port takes a number from 1 to 65535\n"},
	{cmd_logout, {.words = {"nobody"}, .n_words = 1}, EXIT_CODE_USAGE, NULL},
	/* not configured, but of the store */
	{cmd_logout, {.words = {"fabrikan"}, .n_words = 1}, EXIT_CODE_USAGE,
		"snapwatch: there is no tenant 'fabrikan'; did you mean 'fabrikam'?\n"},
	{cmd_run, {.words = {"nobody"}, .n_words = 1}, EXIT_CODE_USAGE, NULL},
	{cmd_resume, {.words = {"contoso"}, .n_words = 1}, EXIT_CODE_NO_DAEMON, NULL},
	{cmd_yield, {.words = {"contoso"}, .n_words = 1, .for_text = "4h"}, EXIT_CODE_NO_DAEMON,
		NULL},
	{cmd_yield, {.words = {"contoso"}, .n_words = 1, .for_text = "5s"}, EXIT_CODE_USAGE,
		"snapwatch: --for takes a duration from 1m to 30d, such as 4h\n"},
};

START_TEST(refuses)
{
	ck_assert_int_eq(run(refusals[_i].fn, &refusals[_i].args, 0), refusals[_i].code);
	if (refusals[_i].text)
		ck_assert_msg(
			strncmp(complained, refusals[_i].text, strlen(refusals[_i].text)) == 0,
			"%s", complained);
	ck_assert_str_ne(complained, "");
	/* no half document either */
	ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(a_damaged_page)
{
	const struct args a = {.words = {"2", "4f2b"}, .n_words = 2};

	add("UPDATE page SET sha256 = x'00' WHERE job = 2");
	ck_assert_int_eq(run(cmd_show, &a, 0), EXIT_CODE_STORE);
	ck_assert_str_eq(complained, "snapwatch: change 2 of job 2 cannot be read back from page "
				     "1: the page is damaged\n");
}
END_TEST

START_TEST(check_config)
{
	const struct args plain = {.config = NULL}, json = {.json = true};
	_cleanup_(json_freep) struct json *doc = NULL;
	int64_t code = -1;
	FILE *f;

	ck_assert_int_eq(run(cmd_check_config, &plain, 0), EXIT_CODE_OK);
	ck_assert_ptr_nonnull(strstr(printed, "3 tenants"));
	f = fopen(conf_path, "a");
	ck_assert_ptr_nonnull(f);
	(void)fputs("tennant = 1\n", f);
	(void)fclose(f);
	ck_assert_int_eq(run(cmd_check_config, &plain, 0), EXIT_CODE_CONFIG);
	ck_assert_str_eq(printed, "");
	ck_assert_ptr_nonnull(strstr(complained, "tennant"));
	ck_assert_int_eq(run(cmd_check_config, &json, 0), EXIT_CODE_CONFIG);
	ck_assert_int_eq(json_parse(printed, strlen(printed), 8, &doc), 0);
	ck_assert_int_eq(json_get_int(doc, "code", &code), JSON_GET_OK);
	ck_assert_int_eq(code, EXIT_CODE_CONFIG);
	/* and nobody else goes on with it */
	ck_assert_int_eq(run(cmd_jobs, &plain, 0), EXIT_CODE_CONFIG);
	ck_assert_ptr_nonnull(strstr(complained, "tennant"));
}
END_TEST

/* --- nothing there yet --------------------------------------------------------------------------
 */

static const struct {
	int (*fn)(struct cli *c);
	const char *text;
} empty[] = {
	{cmd_jobs, "no job yet: the first look at a tenant plans one\n"},
	{cmd_changes, "no job has ended yet; see: snapwatch jobs\n"},
	{cmd_findings, "no open finding\n"},
	{cmd_alerts, "no alert\n"},
};

START_TEST(an_empty_store)
{
	const struct args plain = {.config = NULL}, json = {.json = true};
	_cleanup_(json_freep) struct json *doc = NULL;

	ck_assert_int_eq(run(empty[_i].fn, &plain, 80), EXIT_CODE_OK);
	ck_assert_str_eq(printed, empty[_i].text);
	ck_assert_int_eq(run(empty[_i].fn, &json, 80), EXIT_CODE_OK);
	ck_assert_int_eq(json_parse(printed, strlen(printed), 8, &doc), 0);
}
END_TEST

START_TEST(no_store)
{
	const struct args plain = {.config = NULL};

	writer = store_close(writer);
	ck_assert_int_eq(remove(tmpdir_path("s.db")), 0);
	ck_assert_int_eq(run(cmd_status, &plain, 80), EXIT_CODE_STORE);
	ck_assert_ptr_nonnull(strstr(complained, "does not exist yet: snapwatchd makes it"));
}
END_TEST

/* More tenants than fit as paragraphs, more rows than one batch. */
START_TEST(many)
{
	const struct args plain = {.config = NULL}, lines = {.jsonl = true};
	size_t n = 0;

	for (int i = 0; i < 20; i++)
		add("INSERT INTO tenant (name, tenant_id, first_seen, last_look) VALUES"
		    " ('t%02d', 'x', 0, %lld)",
			i, AT(i));
	for (int i = 0; i < 501; i++)
		add("INSERT INTO alert (outside_id, kind, severity, created, title, body)"
		    " VALUES ('%d', 'test', 'notice', %d, 't', '{}')",
			i, i);
	ck_assert_int_eq(run(cmd_status, &plain, 80), EXIT_CODE_OK);
	ck_assert_ptr_nonnull(strstr(printed, "\nTENANT "));
	ck_assert_ptr_nonnull(strstr(printed, "\nt19 "));
	ck_assert_int_eq(run(cmd_alerts, &lines, 80), EXIT_CODE_OK);
	for (const char *p = printed; *p; p++)
		n += *p == '\n';
	ck_assert_uint_eq(n, 501);
}
END_TEST

static TCase *with(Suite *s, const char *name, SFun before)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, before, teardown);
	suite_add_tcase(s, t);
	return t;
}

Suite *suite(void)
{
	Suite *s = suite_create("cmd");
	TCase *t = with(s, "full", setup);

	tcase_add_loop_test(t, says, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(t, writes_json, 0, (int)ARRAY_SIZE(documents));
	tcase_add_loop_test(t, writes_lines, 0, (int)ARRAY_SIZE(documents));
	tcase_add_loop_test(t, refuses, 0, (int)ARRAY_SIZE(refusals));
	tcase_add_test(t, a_damaged_page);
	t = with(s, "empty", setup_empty);
	tcase_add_loop_test(t, an_empty_store, 0, (int)ARRAY_SIZE(empty));
	tcase_add_test(t, check_config);
	tcase_add_test(t, no_store);
	tcase_add_test(t, many);
	return s;
}
