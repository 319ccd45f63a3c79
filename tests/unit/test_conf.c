/* SPDX-License-Identifier: Apache-2.0 */
/* Whole configurations: what they mean, and what is said about doubtful ones. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/conf/conf.h"
#include "common/conf/conf_check.h"
#include "common/conf/conf_keys.h"
#include "tests/support/conf_files.h"

START_TEST(an_empty_file_is_all_defaults)
{
	put_text("snapwatch.conf", "");
	struct conf *c =
		load("snapwatch.conf: no tenant is configured, so there is nothing to watch\n");

	ck_assert_str_eq(c->path, "snapwatch.conf");
	ck_assert_str_eq(c->store, "sqlite:/var/lib/snapwatch/snapwatch.db");
	ck_assert_str_eq(c->control_socket, "/run/snapwatch/control.sock");
	ck_assert_str_eq(c->metrics_listen, "");
	ck_assert_str_eq(c->credentials_dir, "/etc/snapwatch/credentials");
	ck_assert_int_eq(c->log_level, 6);
	ck_assert_int_eq(c->retain_us, 400 * USEC_PER_DAY);
	ck_assert_int_eq(c->retain_findings_us, 3 * 365 * USEC_PER_DAY);
	ck_assert_uint_eq(c->parallel_tenants, 64);
	ck_assert_uint_eq(c->n_tenants, 0);
	ck_assert_uint_eq(c->n_rules, 0);
	ck_assert_uint_eq(c->n_sinks, 1);
	ck_assert_str_eq(conf_sink_find(c, "journal")->type, "journal");
	(void)conf_free(c);
}
END_TEST

START_TEST(a_tenant_has_defaults)
{
	put_text("snapwatch.conf", TENANT_A);
	struct conf *c = load("");
	struct conf_tenant *t = conf_tenant_find(c, "a");

	ck_assert_ptr_nonnull(t);
	ck_assert_str_eq(t->tenant_id, ID1);
	ck_assert_str_eq(t->client_id, ID2);
	ck_assert_str_eq(t->account, "");
	ck_assert_int_eq(t->sign_in, SIGN_IN_USER);
	ck_assert_str_eq(t->authority, "https://login.microsoftonline.com");
	ck_assert_str_eq(t->graph_url, "https://graph.microsoft.com/v1.0");
	ck_assert(t->http1);
	ck_assert_uint_eq(t->n_schedule, 1);
	ck_assert_int_eq(schedule_kind(t->schedule[0]), SCHEDULE_AFTER_SNAPSHOT);
	ck_assert_int_eq(schedule_delay_us(t->schedule[0]), 75 * USEC_PER_MIN);
	ck_assert_uint_eq(t->n_quiet_hours, 0);
	ck_assert_int_eq(t->quiet_running, QUIET_FINISH);
	ck_assert_int_eq(t->first_run, FIRST_RUN_NOTICE);
	ck_assert_int_eq(t->look_every_us, USEC_PER_HOUR);
	ck_assert_int_eq(t->stale_after_us, 26 * USEC_PER_HOUR);
	ck_assert_int_eq(t->coverage_margin_us, USEC_PER_HOUR);
	ck_assert_int_eq(t->job_poll_us, USEC_PER_MIN);
	ck_assert_int_eq(t->job_max_us, 24 * USEC_PER_HOUR);
	ck_assert_int_eq(t->slot_patience_us, 4 * USEC_PER_HOUR);
	ck_assert_uint_eq(t->sinks.n, 0);
	ck_assert_uint_eq(t->n_watches, 1);
	ck_assert_str_eq(t->watches[0].name, "all");
	ck_assert_int_eq(t->watches[0].baseline, WATCH_COVERED);
	ck_assert_str_eq(t->watches[0].filter_json, "");
	/* SHA-256 of nothing. */
	ck_assert_str_eq(t->watches[0].filter_hash,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	(void)conf_free(c);
}
END_TEST

START_TEST(tenant_then_defaults_then_builtin)
{
	put_text("snapwatch.conf",
		"defaults {\n job_poll = \"30s\"\n look_every = \"2h\"\n"
		" quiet_hours = {\"Sat,Sun\", \"22:00-06:00\"}\n"
		" watch \"daily\" { }\n watch \"weekly\" { baseline = \"oldest\" }\n}\n"
		"tenant \"b\" {\n tenant_id = \"" ID1 "\"\n client_id = \"" ID1 "\"\n"
		" look_every = \"3h\"\n quiet_hours = {}\n watch \"mine\" { }\n}\n"
		"tenant \"a\" {\n tenant_id = \"" ID2 "\"\n client_id = \"" ID1 "\"\n}\n");
	struct conf *c = load("");
	struct conf_tenant *a = c->tenants[0], *b = c->tenants[1];

	ck_assert_str_eq(a->name, "a");
	ck_assert_str_eq(b->name, "b");
	ck_assert_int_eq(a->job_poll_us, 30 * USEC_PER_SEC);
	ck_assert_int_eq(b->job_poll_us, 30 * USEC_PER_SEC);
	ck_assert_int_eq(a->look_every_us, 2 * USEC_PER_HOUR);
	ck_assert_int_eq(b->look_every_us, 3 * USEC_PER_HOUR);
	ck_assert_int_eq(a->job_max_us, 24 * USEC_PER_HOUR);
	ck_assert_uint_eq(a->n_quiet_hours, 2);
	ck_assert_uint_eq(b->n_quiet_hours, 0);
	ck_assert_uint_eq(a->n_watches, 2);
	ck_assert_int_eq(conf_watch_find(a, "weekly")->baseline, WATCH_OLDEST);
	ck_assert_uint_eq(b->n_watches, 1);
	ck_assert_str_eq(b->watches[0].name, "mine");
	ck_assert_ptr_null(conf_watch_find(b, "weekly"));
	(void)conf_free(c);
}
END_TEST

/* One application for many directories. */
START_TEST(an_application_is_shared)
{
	put_text("snapwatch.conf",
		"defaults {\n client_id = \"" ID1 "\"\n certificate = \"the-app\"\n"
		" account = \"svc@msp.example\"\n sign_in = \"user+app\"\n attribution = off\n"
		" authority = \"https://127.0.0.1:1/login/\"\n}\n"
		"tenant \"b\" {\n tenant_id = \"" ID2 "\"\n account = \"\"\n"
		" authority = \"https://login.microsoftonline.com/" ID2 "/\"\n}\n"
		"tenant \"a\" {\n tenant_id = \"" ID1 "\"\n}\n");
	struct conf *c = load("");
	struct conf_tenant *a = c->tenants[0], *b = c->tenants[1];

	ck_assert_str_eq(a->client_id, ID1);
	ck_assert_str_eq(b->client_id, ID1);
	ck_assert_str_eq(a->certificate, "the-app");
	ck_assert_str_eq(b->certificate, "the-app");
	ck_assert_str_eq(a->account, "svc@msp.example");
	ck_assert_str_eq(b->account, "");
	ck_assert_int_eq(b->sign_in, SIGN_IN_USER_APP);
	ck_assert(!a->attribution && !b->attribution);
	ck_assert_str_eq(a->authority, "https://127.0.0.1:1/login");
	ck_assert_str_eq(b->authority, "https://login.microsoftonline.com");
	(void)conf_free(c);
}
END_TEST

START_TEST(files_come_in_byte_order)
{
	put_text("snapwatch.conf",
		"rule \"main\" { change = {\"deleted\"} verdict = \"warning\" }\n");
	put_text("tenants.d/b.conf", "tenant \"b\" {\n" TENANT_KEYS "}\n");
	put_text("tenants.d/a.conf", "sink \"ops\" { type=webhook url=u secret=s }\n");
	put_text("tenants.d/.c.conf", "garbage {{{\n");
	put_text("tenants.d/d.conf.sample", "garbage {{{\n");
	put_text("rules.d/9.conf", "rule \"nine\" { entity = {\"user\"} verdict = \"notice\" }\n");
	put_text("rules.d/10.conf",
		"\nrule \"ten\" { tenant = {\"b\"} verdict = \"notice\" }\n"
		"rule \"ten and a bit\" { property = {\"city\"} verdict = \"ignore\" }\n");
	struct conf *c = load("");
	static const char *const order[] = {"main", "ten", "ten and a bit", "nine"};

	ck_assert_uint_eq(c->n_rules, ARRAY_SIZE(order));
	for (size_t i = 0; i < c->n_rules; i++)
		ck_assert_str_eq(c->rules[i].name, order[i]);
	ck_assert_str_eq(c->rules[1].file, "rules.d/10.conf");
	ck_assert_uint_eq(c->rules[1].line, 2);
	ck_assert_int_eq(c->rules[0].verdict, VERDICT_WARNING);
	ck_assert(c->rules[0].until_us == TIME_NONE);
	ck_assert_uint_eq(c->n_tenants, 1);
	ck_assert_uint_eq(c->n_sinks, 2);
	ck_assert_str_eq(c->sinks[0].url, "u");
	(void)conf_free(c);
}
END_TEST

START_TEST(directories_may_be_missing)
{
	ck_assert_int_eq(rmdir("tenants.d"), 0);
	ck_assert_int_eq(rmdir("rules.d"), 0);
	put_text("snapwatch.conf", TENANT_A);
	(void)conf_free(load(""));
}
END_TEST

START_TEST(odd_but_right_is_read)
{
	put_text("snapwatch.conf",
		"\r\n# store = x {\r\n// }\n/* ${X} \n { */ store = 'sqlite:/${x}'\n"
		"log_level = debug # \"\ntenant a { tenant_id=" ID1 "\nclient_id=" ID2
		" account = \"a\\\"{}#\\${@b\" sinks = journal }\n");
	struct conf *c = load("");

	ck_assert_str_eq(c->store, "sqlite:/${x}");
	ck_assert_int_eq(c->log_level, 7);
	ck_assert_str_eq(c->tenants[0]->account, "a\"{}#${@b");
	ck_assert_uint_eq(c->tenants[0]->sinks.n, 1);
	(void)conf_free(c);
}
END_TEST

static const struct {
	const char *text;
	const char *warnings;
} doubtful[] = {
	{"tenant \"a\" {\n" TENANT_KEYS "watch \"w\" { baseline = \"oldest\" }\n}\n",
		"snapwatch.conf:1: tenant \"a\": no watch with baseline \"covered\": nothing is "
		"judged "
		"and nobody is alerted\n"},
	{TENANT_A "rule \"r\" {\nentity = {\"user\"}\nname = {\"kiosk-*\"}\nverdict = "
		  "\"expected\"\n}\n",
		"snapwatch.conf:7: rule \"r\": name: this calms by name, and whoever makes an "
		"object "
		"chooses its name; add object_ids\n"},
	{TENANT_A "rule \"r\" {\nname = {\"kiosk-*\"}\nverdict = \"critical\"\n}\n", ""},
	{TENANT_A "rule \"r\" {\nname = {\"k\"}\nobject_ids = {\"" ID1
		  "\"}\nverdict = \"ignore\"\n}\n",
		""},
	{"tenant \"a\" {\n" TENANT_KEYS "graph_url = \"https://evil.example\"\n}\n",
		"snapwatch.conf:4: tenant \"a\": graph_url: tokens are sent to "
		"https://evil.example, not "
		"to graph.microsoft.com\n"},
	{"tenant \"a\" {\n" TENANT_KEYS "graph_url = \"https://127.0.0.1:1/v1.0\"\n}\n", ""},
	/* What is understood, but changes nothing yet. */
	{TENANT_A "retain = 1y\nmetrics_listen = \"127.0.0.1:9798\"\n",
		"snapwatch.conf:6: metrics_listen: this version does not use it yet\n"
		"snapwatch.conf:5: retain: this version does not use it yet\n"},
	{TENANT_A "retain = 400d\nmetrics_listen = \"\"\n", ""},
	{"defaults {\nattribution = yes\n}\n" TENANT_A "tenant \"b\" {\ntenant_id = \"" ID2
	 "\"\nclient_id = \"" ID2 "\"\nattribution = false\n}\n",
		"snapwatch.conf:2: attribution: this version asks for the permission at sign-in, "
		"but does not read the audit log yet\n"},
	{TENANT_A "log_level = info",
		"snapwatch.conf: the last line does not end; was the file cut?\n"},
	/* Said once, and what each tenant adds to defaults is no reason to say anything. */
	{"defaults {\nauthority = \"https://login.example\"\nsign_in = \"user+app\"\nwatch \"w\" "
	 "{\nbaseline = \"oldest\"\n}\n}\ntenant \"a\" {\n" TENANT_KEYS
	 "certificate = \"a-app\"\n}\n",
		"snapwatch.conf:1: no watch with baseline \"covered\": nothing is judged and "
		"nobody is alerted\n"
		"snapwatch.conf:2: authority: sign-in goes to https://login.example, not to "
		"login.microsoftonline.com\n"},
};

START_TEST(doubtful_ones_are_warned_about)
{
	put_text("snapwatch.conf", doubtful[_i].text);
	(void)conf_free(load(doubtful[_i].warnings));
}
END_TEST

/* --- filters ---------------------------------------------------------------------------------- */

#define ODATA "{\"@odata.type\":\"#microsoft.graph.entraRecoveryServices."
static const struct {
	const char *keys;
	const char *json;
} filters[] = {
	{"", ""},
	{"entity_types = {\"user\", \"application\"}",
		ODATA "recoveryJobEntityNamesFilter\",\"entityTypes\":[\"application\",\"user\"]}"},
	{"entity_types = {\"application\", \"user\"}",
		ODATA "recoveryJobEntityNamesFilter\",\"entityTypes\":[\"application\",\"user\"]}"},
	{"object_ids = {\"user:" ID2 "\", \"group:x\", \"user:" ID1 "\"}",
		ODATA "recoveryJobEntityNameAndIdsFilter\",\"filterValues\":["
		      "{\"entityType\":\"group\",\"entityIds\":[\"x\"]},"
		      "{\"entityType\":\"user\",\"entityIds\":[\"" ID1 "\",\"" ID2 "\"]}]}"},
	{"object_ids = {\"application:x\"}",
		ODATA "recoveryJobEntityNameAndIdsFilter\",\"filterValues\":["
		      "{\"entityType\":\"application\",\"entityIds\":[\"x\"]}]}"},
};

START_TEST(filters_have_one_form)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "tenant \"a\" {\n" TENANT_KEYS "watch \"w\" { %s }\n}\n",
		filters[_i].keys);
	put_text("snapwatch.conf", text);
	struct conf *c = load("");
	const struct conf_watch *w = &c->tenants[0]->watches[0];

	ck_assert_str_eq(w->filter_json, filters[_i].json);
	ck_assert_uint_eq(strlen(w->filter_hash), 64);
	(void)conf_free(c);
}
END_TEST

/* n different users. */
static void put_ids(unsigned n)
{
	struct buf text = BUF_INIT(1024 * 1024);

	buf_puts(&text, "tenant \"a\" {\n" TENANT_KEYS "watch \"w\" {\nobject_ids = {");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "%s\"user:%08x-2222-3333-4444-555555555555\"", i ? ", " : "", i);
	buf_puts(&text, "}\n}\n}\n");
	put_text("snapwatch.conf", buf_text(&text));
	buf_done(&text);
}

START_TEST(a_filter_has_at_most_100_ids)
{
	put_ids(100);
	(void)conf_free(load(""));
	put_ids(101);
	expect_wrong("snapwatch.conf:5: watch \"w\": object_ids: the service takes at most 100 "
		     "objects in one filter, these are 101; make several watches\n");
}
END_TEST

/* Sections that there may be only so many of: how one begins and goes on, and what is said. */
static const struct {
	const char *before, *section, *after, *error;
	unsigned most;
} crowds[] = {
	{"tenant \"a\" {\n" TENANT_KEYS, "watch \"w%u\" {\n}\n", "}\n",
		"snapwatch.conf:1: tenant \"a\": has 17 watches, more than 16\n",
		LIMIT_WATCHES_PER_TENANT},
	{"defaults {\n", "watch \"w%u\" {\n}\n", "}\n" TENANT_A,
		"snapwatch.conf:1: has 17 watches, more than 16\n", LIMIT_WATCHES_PER_TENANT},
	/* The journal is one of them. */
	{"", "sink \"s%u\" {\ntype = \"journal\"\n}\n", "",
		"snapwatch.conf: 65 sinks, more than 64\n", LIMIT_SINKS},
	{"", "rule \"r%u\" {\nentity = {\"user\"}\nverdict = notice\n}\n", "",
		"snapwatch.conf: 2001 rules, more than 2000\n", LIMIT_RULES},
};

static void put_crowd(int i, unsigned n)
{
	struct buf text = BUF_INIT(1u << 20);

	buf_puts(&text, crowds[i].before);
	for (unsigned k = 0; k < n; k++) {
		const char *at = strstr(crowds[i].section, "%u");

		buf_append(&text, crowds[i].section, (size_t)(at - crowds[i].section));
		buf_printf(&text, "%u%s", k, at + 2);
	}
	buf_puts(&text, crowds[i].after);
	put("snapwatch.conf", text.data, text.len);
	buf_done(&text);
}

START_TEST(crowds_are_refused)
{
	put_crowd(_i, crowds[_i].most);
	(void)conf_free(load(NULL));
	put_crowd(_i, crowds[_i].most + 1);
	expect_wrong(crowds[_i].error);
}
END_TEST

/* --- reloads ---------------------------------------------------------------------------------- */

START_TEST(digests_tell_what_changed)
{
	char before[2][65];

	put_text("snapwatch.conf", TENANT_A "sink \"ops\" { type=webhook url=u secret=s }\n");
	struct conf *c = load("");
	memcpy(before[0], c->tenants[0]->digest, 65);
	memcpy(before[1], c->sinks[0].digest, 65);
	ck_assert_uint_eq(strlen(before[0]), 64);
	(void)conf_free(c);

	/* A default that is written out changes nothing; neither do other sections. */
	put_text("snapwatch.conf",
		"log_level = debug\nsink \"ops\" { secret=s url=u type=webhook }\n"
		"defaults { job_poll = \"60s\" }\n" TENANT_A);
	c = load("");
	ck_assert_str_eq(c->tenants[0]->digest, before[0]);
	ck_assert_str_eq(c->sinks[0].digest, before[1]);
	(void)conf_free(c);

	/* The same names, but other files. */
	put_text("snapwatch.conf", "credentials_dir = \"/elsewhere\"\n" TENANT_A
				   "sink \"ops\" { type=webhook url=u secret=s }\n");
	c = load("");
	ck_assert_str_ne(c->tenants[0]->digest, before[0]);
	ck_assert_str_ne(c->sinks[0].digest, before[1]);
	(void)conf_free(c);

	put_text("snapwatch.conf", "sink \"ops\" { secret=t url=u type=webhook }\n"
				   "defaults { watch \"w\" { } }\n" TENANT_A);
	c = load("");
	ck_assert_str_ne(c->tenants[0]->digest, before[0]);
	ck_assert_str_ne(c->sinks[0].digest, before[1]);
	(void)conf_free(c);
}
END_TEST

START_TEST(a_tenant_outlives_its_configuration)
{
	put_text("snapwatch.conf", TENANT_A);
	struct conf *c = load("");
	struct conf_tenant *t = conf_tenant_ref(c->tenants[0]);

	ck_assert_ptr_null(conf_tenant_find(c, "b"));
	(void)conf_free(c);
	ck_assert_str_eq(t->name, "a");
	ck_assert_ptr_null(conf_tenant_unref(t));
}
END_TEST

/* --- cut files -------------------------------------------------------------------------------- */

/* The configuration that the sample shows: its first "#" taken away where no blank follows. */
static void put_active_sample(struct buf *text)
{
	struct buf sample = BUF_INIT(1024 * 1024);

	conf_sample(&sample);
	for (const char *line = buf_text(&sample); *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n') + 1;
		const char *from = line[0] == '#' && line[1] != ' ' ? line + 1 : line;

		buf_append(text, from, (size_t)(end - from));
	}
	buf_done(&sample);
	put_text("snapwatch.conf", buf_text(text));
}

static size_t offset_of(const struct buf *text, const char *what)
{
	const char *p = strstr(buf_text(text), what);

	ck_assert_ptr_nonnull(p);
	return (size_t)(p - text->data);
}

START_TEST(the_sample_loads_when_active)
{
	struct buf text = BUF_INIT(1024 * 1024);

	put_active_sample(&text);
	struct conf *c = load(NULL); /* what is not used yet is warned about */

	ck_assert_uint_eq(c->n_tenants, 1);
	ck_assert_uint_eq(c->n_rules, 1);
	ck_assert_uint_eq(c->n_sinks, 2);
	(void)conf_free(c);
	buf_done(&text);
}
END_TEST

/* A section that was begun is whole or the file is refused, wherever it was cut. */
START_TEST(a_cut_file_loses_nothing_silently)
{
	struct buf text = BUF_INIT(1024 * 1024);

	put_active_sample(&text);
	size_t tenant = offset_of(&text, "\ntenant \"") + 2;
	size_t sink = offset_of(&text, "\nsink \"") + 2;
	size_t rule = offset_of(&text, "\nrule \"") + 2;
	size_t accepted = 0;

	for (size_t cut = tenant; cut < text.len; cut++) {
		struct buf errors = BUF_INIT(65536), warnings = BUF_INIT(65536);
		struct conf *c = NULL;

		put("snapwatch.conf", text.data, cut);
		int r = conf_load("snapwatch.conf", &c, &errors, &warnings);

		ck_assert_int_ge(r, 0);
		ck_assert(r == 0 || errors.len > 0);
		if (r == 0) {
			accepted++;
			ck_assert_uint_eq(c->n_tenants, 1);
			ck_assert_uint_eq(c->tenants[0]->n_watches, 1);
			ck_assert_uint_eq(c->n_sinks, cut >= sink ? 2 : 1);
			ck_assert_uint_eq(c->n_rules, cut >= rule ? 1 : 0);
		}
		(void)conf_free(c);
		buf_done(&errors);
		buf_done(&warnings);
	}
	/* The tenant names sink "ops", so that only what comes behind the sink can be missing. */
	ck_assert_uint_gt(accepted, 0);
	buf_done(&text);
}
END_TEST

/* --- the report ------------------------------------------------------------------------------- */

START_TEST(a_report_counts)
{
	struct buf report = BUF_INIT(65536);

	put_text("snapwatch.conf",
		TENANT_A "rule \"r\" {\nname = {\"k\"}\nverdict = \"ignore\"\n}\n");
	ck_assert_int_eq(conf_check("snapwatch.conf", &report), 0);
	ck_assert_str_eq(buf_text(&report),
		"snapwatch.conf:6: warning: rule \"r\": name: this calms by name, and whoever "
		"makes an "
		"object chooses its name; add object_ids\n"
		"snapwatch.conf: 1 tenant, 1 watch, 1 rule, 1 sink: ok, 1 warning\n");
	buf_reset(&report);
	put_text("snapwatch.conf", "retain = x\nstore = y\n");
	ck_assert_int_eq(conf_check("snapwatch.conf", &report), 1);
	ck_assert_str_eq(buf_text(&report),
		"snapwatch.conf:2: store: \"y\" is not a store; write \"sqlite:/absolute/path\"\n"
		"snapwatch.conf:1: retain: \"x\" is not a duration (\"90s\", \"75m\", \"26h\", "
		"\"400d\")\n"
		"snapwatch.conf: warning: no tenant is configured, so there is nothing to watch\n"
		"snapwatch.conf: 2 errors\n");
	buf_done(&report);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, conf_files_set_up, conf_files_tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, an_empty_file_is_all_defaults);
	tcase_add_test(t, a_tenant_has_defaults);
	tcase_add_test(t, tenant_then_defaults_then_builtin);
	tcase_add_test(t, an_application_is_shared);
	tcase_add_test(t, files_come_in_byte_order);
	tcase_add_test(t, directories_may_be_missing);
	tcase_add_test(t, odd_but_right_is_read);
	tcase_add_loop_test(t, doubtful_ones_are_warned_about, 0, (int)ARRAY_SIZE(doubtful));
	tcase_add_loop_test(t, filters_have_one_form, 0, (int)ARRAY_SIZE(filters));
	tcase_add_test(t, a_filter_has_at_most_100_ids);
	tcase_add_loop_test(t, crowds_are_refused, 0, (int)ARRAY_SIZE(crowds));
	tcase_add_test(t, digests_tell_what_changed);
	tcase_add_test(t, a_tenant_outlives_its_configuration);
	tcase_add_test(t, the_sample_loads_when_active);
	tcase_add_test(t, a_cut_file_loses_nothing_silently);
	tcase_add_test(t, a_report_counts);
	suite_add_tcase(s, t);
	return s;
}
