/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor says: which check keeps which from being made, order, exit status, the way through
 * the control socket; and what is seen of the host. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "cli/doctor_print.h"
#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/doctor.h"
#include "common/model/doctor_host.h"

Suite *suite(void);

static struct doctor_report report;

static void teardown(void)
{
	doctor_report_done(&report);
}

/* --- what needs what ----------------------------------------------------------------------------
 */

static const struct {
	enum doctor_check failed, check;
	int because; /* -1: it is made all the same */
} needs[] = {
	{DOCTOR_STORE_KEY, DOCTOR_CREDENTIALS, DOCTOR_STORE_KEY},
	{DOCTOR_STORE, DOCTOR_DNS, DOCTOR_STORE},
	{DOCTOR_SERVICE, DOCTOR_SINK, DOCTOR_SERVICE},
	{DOCTOR_CREDENTIALS, DOCTOR_CERTIFICATE, DOCTOR_CREDENTIALS},
	{DOCTOR_CREDENTIALS, DOCTOR_TOKEN, DOCTOR_CREDENTIALS},
	{DOCTOR_CREDENTIALS, DOCTOR_DNS, -1},
	{DOCTOR_CERTIFICATE, DOCTOR_TOKEN, DOCTOR_CERTIFICATE},
	{DOCTOR_DNS, DOCTOR_CONNECTION, DOCTOR_DNS},
	{DOCTOR_CONNECTION, DOCTOR_TLS, DOCTOR_CONNECTION},
	{DOCTOR_TLS, DOCTOR_CLOCK, DOCTOR_TLS},
	{DOCTOR_TLS, DOCTOR_TOKEN, DOCTOR_TLS},
	{DOCTOR_CLOCK, DOCTOR_TOKEN, -1},
	{DOCTOR_TOKEN, DOCTOR_TENANT, DOCTOR_TOKEN},
	{DOCTOR_TOKEN, DOCTOR_SCOPES, DOCTOR_TOKEN},
	{DOCTOR_TOKEN, DOCTOR_SIGN_IN, DOCTOR_TOKEN},
	{DOCTOR_TOKEN, DOCTOR_SNAPSHOTS, DOCTOR_TOKEN},
	{DOCTOR_SCOPES, DOCTOR_SNAPSHOTS, -1},
	{DOCTOR_ROLES, DOCTOR_SNAPSHOTS, DOCTOR_ROLES},
	{DOCTOR_SNAPSHOTS, DOCTOR_JOBS, DOCTOR_SNAPSHOTS},
	{DOCTOR_JOBS, DOCTOR_SLOT, DOCTOR_JOBS},
	{DOCTOR_JOBS, DOCTOR_POLLING, DOCTOR_JOBS},
	{DOCTOR_DISK, DOCTOR_TOKEN, -1},
};

START_TEST(test_needs)
{
	const char *tenant = doctor_check_of_tenant(needs[_i].failed) ? "a" : NULL;
	enum doctor_check because = _DOCTOR_CHECK_MAX;

	doctor_fail(&report, tenant, needs[_i].failed, EXIT_CODE_NETWORK, NULL, "no");
	ck_assert_int_eq(
		doctor_blocked(&report, "a", needs[_i].check, &because), needs[_i].because >= 0);
	if (needs[_i].because >= 0)
		ck_assert_int_eq((int)because, needs[_i].because);
	if (tenant)
		ck_assert(!doctor_blocked(&report, "another", needs[_i].check, &because));
}
END_TEST

START_TEST(test_first_cause)
{
	enum doctor_check because;

	doctor_fail(&report, "a", DOCTOR_DNS, EXIT_CODE_NETWORK, NULL, "no");
	ck_assert(doctor_skips(&report, "a", DOCTOR_CONNECTION));
	ck_assert(doctor_skips(&report, "a", DOCTOR_TLS));
	ck_assert(doctor_blocked(&report, "a", DOCTOR_TOKEN, &because));
	ck_assert_int_eq((int)because, DOCTOR_DNS);
	ck_assert_str_eq(report.items[2].evidence, "because of dns");
}
END_TEST

/* Either token lets us read. */
START_TEST(test_one_of)
{
	enum doctor_check because;

	doctor_fail(&report, "a", DOCTOR_TOKEN, EXIT_CODE_SIGN_IN, NULL, "no");
	ck_assert(doctor_blocked(&report, "a", DOCTOR_SNAPSHOTS, &because));
	doctor_none(&report, "a", DOCTOR_APP_TOKEN, "not configured");
	ck_assert(doctor_blocked(&report, "a", DOCTOR_SNAPSHOTS, &because));
	doctor_report_done(&report);
	doctor_fail(&report, "a", DOCTOR_TOKEN, EXIT_CODE_SIGN_IN, NULL, "no");
	doctor_ok(&report, "a", DOCTOR_APP_TOKEN, "yes");
	ck_assert(!doctor_blocked(&report, "a", DOCTOR_SNAPSHOTS, &because));
	ck_assert(doctor_blocked(&report, "a", DOCTOR_SCOPES, &because));
}
END_TEST

/* --- the whole ----------------------------------------------------------------------------------
 */

static void make_some(void)
{
	doctor_ok(&report, NULL, DOCTOR_DISK, "disk");
	doctor_fail(&report, "b", DOCTOR_TOKEN, EXIT_CODE_SIGN_IN, "sign in", "b token");
	doctor_warn(&report, "a", DOCTOR_CLOCK, "ntp", "a clock");
	doctor_ok(&report, "b", DOCTOR_DNS, "b dns");
	doctor_skip(&report, "b", DOCTOR_SCOPES, DOCTOR_TOKEN);
	doctor_fail(&report, NULL, DOCTOR_SINK, EXIT_CODE_NETWORK, "look", "away");
	doctor_of_sink(&report, "ops");
	doctor_ok(&report, NULL, DOCTOR_CONFIGURATION, "conf");
}

START_TEST(test_order)
{
	static const char *const sorted[] = {
		"conf", "b dns", "b token", "because of token", "a clock", "disk", "away"};

	make_some();
	doctor_sort(&report);
	ck_assert_uint_eq(report.n, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < report.n; i++)
		ck_assert_str_eq(report.items[i].evidence, sorted[i]);
	ck_assert_int_eq(doctor_exit_code(&report), EXIT_CODE_SIGN_IN);
}
END_TEST

START_TEST(test_only_warnings_are_no_failure)
{
	doctor_warn(&report, NULL, DOCTOR_DISK, "make room", "little");
	doctor_none(&report, NULL, DOCTOR_STORE, "none yet");
	ck_assert_int_eq(doctor_exit_code(&report), EXIT_CODE_OK);
}
END_TEST

static int read_text(const char *text)
{
	_cleanup_(json_freep) struct json *doc = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), LIMIT_JSON_DEPTH, &doc), 0);
	return doctor_read(&report, doc);
}

START_TEST(test_round_trip)
{
	_cleanup_(buf_done) struct buf before = BUF_INIT(65536), after = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&before);

	make_some();
	jsonw_object(&w);
	doctor_write(&report, &w);
	jsonw_object_end(&w);
	doctor_report_done(&report);
	ck_assert_int_eq(read_text(buf_text(&before)), 0);
	w = (struct jsonw)JSONW_INIT(&after);
	jsonw_object(&w);
	doctor_write(&report, &w);
	jsonw_object_end(&w);
	ck_assert_str_eq(buf_text(&before), buf_text(&after));
}
END_TEST

static const char *const bad_documents[] = {
	"{}",
	"{\"doctor\":{}}",
	"{\"doctor\":[1]}",
	"{\"doctor\":[{\"check\":\"dns\"}]}",
	"{\"doctor\":[{\"check\":\"dns\",\"result\":\"good\"}]}",
	"{\"doctor\":[{\"check\":\"magic\",\"result\":\"ok\"}]}",
	"{\"doctor\":[{\"check\":\"dns\",\"result\":\"fail\"}]}",
	"{\"doctor\":[{\"check\":\"dns\",\"result\":\"fail\",\"code\":77}]}",
	"{\"doctor\":[{\"check\":\"dns\",\"result\":\"ok\"},{\"check\":\"dns\",\"result\":\"\"}]}",
};

START_TEST(test_bad_document)
{
	ck_assert_int_eq(read_text(bad_documents[_i]), -EINVAL);
	ck_assert_uint_eq(report.n, 0);
}
END_TEST

/* --- the host -----------------------------------------------------------------------------------
 */

/* What must be said: remedy NULL: none. */
struct wanted {
	enum doctor_result result;
	int code;
	const char *evidence, *remedy;
};

static void expect(const struct wanted *w)
{
	ck_assert_uint_eq(report.n, 1);
	const struct doctor_item *item = &report.items[0];
	ck_assert_int_eq((int)item->result, (int)w->result);
	ck_assert_int_eq(item->code, w->code);
	ck_assert_msg(strstr(item->evidence, w->evidence), "%s", item->evidence);
	if (w->remedy)
		ck_assert_msg(item->remedy && strstr(item->remedy, w->remedy), "%s", item->remedy);
	else
		ck_assert_ptr_null(item->remedy);
}

static const struct {
	struct doctor_configuration facts;
	struct wanted wanted;
} configurations[] = {
	{{"/c", 0, "", "", 2, 1}, {DOCTOR_OK, 0, "2 tenants, 1 sink", NULL}},
	{{"/c", 1, "/c:3: bad\n/c:4: worse\n", "", 0, 0},
		{DOCTOR_FAIL, EXIT_CODE_CONFIG, "/c:3: bad (and 1 more)", "check-config"}},
	{{"/c", -ENOENT, "", "", 0, 0},
		{DOCTOR_FAIL, EXIT_CODE_CONFIG, "No such file", "--config"}},
	{{"/c", 0, "", "/c:5: odd\n", 1, 0}, {DOCTOR_WARN, 0, "/c:5: odd", "check-config"}},
	{{"/c", 0, "", "", 0, 0}, {DOCTOR_FAIL, EXIT_CODE_CONFIG, "no tenant", "tenants.d"}},
};

START_TEST(test_configuration)
{
	doctor_judge_configuration(&configurations[_i].facts, &report);
	expect(&configurations[_i].wanted);
}
END_TEST

static const struct {
	struct doctor_store_key facts;
	struct wanted wanted;
} keys[] = {
	{{0, "/k", true}, {DOCTOR_OK, 0, "/k", NULL}},
	{{0, "/k", false},
		{DOCTOR_FAIL, EXIT_CODE_CONFIG, "not 32 bytes", "openssl rand -base64 32 >/k"}},
	{{CREDENTIAL_E_MISSING, "/k", false},
		{DOCTOR_FAIL, EXIT_CODE_CONFIG, "is missing", "openssl rand -base64 32 >/k"}},
	{{CREDENTIAL_E_READABLE, "/k", false},
		{DOCTOR_FAIL, EXIT_CODE_CONFIG, "read by others", "chmod 0400 /k"}},
	{{-EACCES, "/k", false}, {DOCTOR_SKIPPED, 0, "may not look", NULL}},
};

START_TEST(test_store_key)
{
	doctor_judge_store_key(&keys[_i].facts, &report);
	expect(&keys[_i].wanted);
}
END_TEST

static const struct {
	struct doctor_service facts;
	struct wanted wanted;
} services[] = {
	{{DOCTOR_SERVICE_RUNS, 0, NULL}, {DOCTOR_OK, 0, "runs", NULL}},
	{{DOCTOR_SERVICE_BORROWED, 0, NULL}, {DOCTOR_WARN, 0, "does not run", "systemctl start"}},
	{{DOCTOR_SERVICE_NONE, EXIT_CODE_STORE, "locked"},
		{DOCTOR_FAIL, EXIT_CODE_STORE, "locked", "systemctl start"}},
	{{DOCTOR_SERVICE_NONE, 127, NULL},
		{DOCTOR_FAIL, EXIT_CODE_NO_DAEMON, "does not run", "systemctl start"}},
};

START_TEST(test_service)
{
	doctor_judge_service(&services[_i].facts, &report);
	expect(&services[_i].wanted);
}
END_TEST

static const struct {
	struct doctor_store facts;
	struct wanted wanted;
} stores[] = {
	{{.path = "/s", .schema = 1, .bytes = 4096},
		{DOCTOR_OK, 0, "sound; schema 1, 4 KiB", NULL}},
	{{.path = "/s", .r = -EUCLEAN, .detail = "page 7"},
		{DOCTOR_FAIL, EXIT_CODE_STORE, "damaged: page 7", "store verify"}},
	{{.path = "/s", .state = DOCTOR_STORE_CLOSED, .r = -EUCLEAN, .detail = "no database"},
		{DOCTOR_FAIL, EXIT_CODE_STORE, "damaged: no database", "store verify"}},
	{{.path = "/s", .r = 1, .bytes = 30ll << 30}, {DOCTOR_OK, 0, "30 GiB", NULL}},
	{{.path = "/s", .state = DOCTOR_STORE_MISSING}, {DOCTOR_SKIPPED, 0, "none yet", NULL}},
	{{.path = "/s", .state = DOCTOR_STORE_CLOSED, .r = -EACCES},
		{DOCTOR_SKIPPED, 0, "Permission denied", NULL}},
	{{.path = "/s", .state = DOCTOR_STORE_CLOSED, .r = -EIO},
		{DOCTOR_FAIL, EXIT_CODE_STORE, "Input/output error", "journalctl"}},
};

START_TEST(test_store)
{
	doctor_judge_store(&stores[_i].facts, &report);
	expect(&stores[_i].wanted);
}
END_TEST

static const struct {
	int64_t bytes;
	struct wanted wanted;
} disks[] = {
	{100ll << 30, {DOCTOR_OK, 0, "100 GiB left in /d", NULL}},
	{LIMIT_DISK_WARN_BYTES - 1, {DOCTOR_WARN, 0, "1023 MiB left in /d", "make room"}},
	{LIMIT_DISK_FAIL_BYTES - 1,
		{DOCTOR_FAIL, EXIT_CODE_STORE, "63 MiB left in /d", "make room"}},
	{-EACCES, {DOCTOR_SKIPPED, 0, "Permission denied", NULL}},
};

START_TEST(test_disk)
{
	doctor_judge_disk("/d", disks[_i].bytes, &report);
	expect(&disks[_i].wanted);
}
END_TEST

/* A daemon that could not start because of something else is not the fault. */
START_TEST(test_service_has_a_cause)
{
	doctor_judge_store_key(
		&(struct doctor_store_key){CREDENTIAL_E_MISSING, "/k", false}, &report);
	doctor_judge_service(
		&(struct doctor_service){DOCTOR_SERVICE_NONE, EXIT_CODE_CONFIG, "x"}, &report);
	ck_assert_int_eq((int)report.items[1].result, DOCTOR_WARN);
	ck_assert(strstr(report.items[1].evidence, "because of store_key"));
}
END_TEST

/* --- on a terminal ------------------------------------------------------------------------------
 */

START_TEST(test_print)
{
	static const char wanted[] =
		"this host\n"
		"  ok    configuration  conf\n"
		"\n"
		"contoso\n"
		"  FAIL  token          one two three four five six seven eight nine ten eleven\n"
		"                       twelve thirteen\n"
		"                       -> snapwatch login contoso\n"
		"  -     scopes         because of token\n"
		"\n"
		"this host\n"
		"  WARN  sink a-rather-long-name evil\\x1B[2J\\u{202E}\n"
		"                       -> look\n"
		"\n"
		"1 failed, 1 warning, 1 ok, 1 skipped\n";
	_cleanup_(buf_done) struct buf out = BUF_INIT(65536);
	const struct style plain = {0};

	doctor_ok(&report, NULL, DOCTOR_CONFIGURATION, "conf");
	doctor_fail(&report, "contoso", DOCTOR_TOKEN, EXIT_CODE_SIGN_IN, "snapwatch login contoso",
		"one two three four five six seven eight nine ten eleven twelve thirteen");
	doctor_skip(&report, "contoso", DOCTOR_SCOPES, DOCTOR_TOKEN);
	doctor_warn(&report, NULL, DOCTOR_SINK, "look", "evil\x1b[2J\u202e");
	doctor_of_sink(&report, "a-rather-long-name");
	doctor_print(&report, &plain, &out);
	ck_assert_str_eq(buf_text(&out), wanted);
}
END_TEST

/* Whatever is said, no line is wider than the terminal, as long as no word is. */
START_TEST(test_width)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(65536);
	const struct style style = {.width = 60};

	doctor_fail(&report, "contoso", DOCTOR_CONNECTION, EXIT_CODE_NETWORK,
		"so many words that they have to go on in the next line, and in the one behind it",
		"%s", "äöü 日本語 the quick brown fox jumps over the lazy dog and on and on");
	doctor_print(&report, &style, &out);
	for (const char *line = buf_text(&out); *line;) {
		size_t len = strcspn(line, "\n");
		_cleanup_(buf_done) struct buf one = BUF_INIT(4096);

		buf_append(&one, line, len);
		ck_assert_uint_le(text_columns(buf_text(&one)), 60);
		line += len + (line[len] == '\n');
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("doctor");
	TCase *tc = tcase_create("doctor");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, test_needs, 0, ARRAY_SIZE(needs));
	tcase_add_test(tc, test_first_cause);
	tcase_add_test(tc, test_one_of);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_only_warnings_are_no_failure);
	tcase_add_test(tc, test_round_trip);
	tcase_add_loop_test(tc, test_bad_document, 0, ARRAY_SIZE(bad_documents));
	tcase_add_loop_test(tc, test_configuration, 0, ARRAY_SIZE(configurations));
	tcase_add_loop_test(tc, test_store_key, 0, ARRAY_SIZE(keys));
	tcase_add_loop_test(tc, test_service, 0, ARRAY_SIZE(services));
	tcase_add_loop_test(tc, test_store, 0, ARRAY_SIZE(stores));
	tcase_add_loop_test(tc, test_disk, 0, ARRAY_SIZE(disks));
	tcase_add_test(tc, test_service_has_a_cause);
	tcase_add_test(tc, test_print);
	tcase_add_test(tc, test_width);
	suite_add_tcase(s, tc);
	return s;
}
