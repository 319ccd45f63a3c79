/* SPDX-License-Identifier: Apache-2.0 */
/* The key table: every row is complete, its default and example are taken by its own type. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/conf/conf_keys.h"
#include "common/conf/conf_text.h"

/* Large enough for any of the structs, aligned for all. */
union any_struct {
	struct conf conf;
	struct conf_tenant tenant;
	struct conf_watch watch;
	struct conf_rule rule;
	struct conf_sink sink;
};

START_TEST(rows_are_complete)
{
	for (const struct conf_key *k = conf_key_table; k < conf_key_table + conf_key_count; k++) {
		ck_assert_ptr_nonnull(k->name);
		ck_assert_msg(k->doc && strlen(k->doc) > 10, "%s has no documentation", k->name);
		ck_assert_msg(k->doc[strlen(k->doc) - 1] == '.', "%s: no full stop", k->name);
		ck_assert_msg(
			k->fallback || k->example, "%s: neither default nor example", k->name);
		ck_assert_msg(!(k->flags & CONF_REQUIRED) || !k->fallback, "%s", k->name);
		ck_assert_msg(!(k->flags & CONF_RESTART) ||
				      (k->scope == CONF_ROOT && k->type < CONF_DURATION &&
					      !(k->flags & CONF_LIST)),
			"%s", k->name);
		ck_assert_ptr_eq(conf_key_find(k->scope, k->name), k);
		for (const struct conf_key *other = conf_key_table; other < k; other++)
			ck_assert_msg(other->scope != k->scope || other->offset != k->offset,
				"%s and %s share a field", other->name, k->name);
	}
}
END_TEST

START_TEST(defaults_are_taken)
{
	for (const struct conf_key *k = conf_key_table; k < conf_key_table + conf_key_count; k++) {
		union any_struct s = {0};
		static const union any_struct zero;

		ck_assert_int_eq(conf_key_set_fallback(k, &s), 0);
		conf_key_clear(k, &s);
		ck_assert_msg(memcmp(&s, &zero, sizeof(s)) == 0, "%s leaves something", k->name);
	}
}
END_TEST

/* The name in the table, a text, and what is said about it (NULL: it is taken). */
static const struct {
	enum conf_scope scope;
	const char *key;
	const char *text;
	const char *error;
} values[] = {
	{CONF_ROOT, "store", "sqlite:/a/b", NULL},
	{CONF_ROOT, "store", "postgresql://x",
		"\"postgresql://x\" is not a store; write \"sqlite:/absolute/path\""},
	{CONF_ROOT, "store", "", "\"\" is not a store; write \"sqlite:/absolute/path\""},
	{CONF_ROOT, "control_socket", "run/x", "\"run/x\" is not an absolute path"},
	{CONF_ROOT, "control_socket", "", "\"\" is not an absolute path"},
	{CONF_ROOT, "metrics_listen", "", NULL},
	{CONF_ROOT, "metrics_listen", "[::1]:9798", NULL},
	{CONF_ROOT, "metrics_listen", "localhost:1", NULL},
	{CONF_ROOT, "metrics_listen", "127.0.0.1",
		"\"127.0.0.1\" is not an address and port (\"127.0.0.1:9798\")"},
	{CONF_ROOT, "metrics_listen", "127.0.0.1:70000",
		"\"127.0.0.1:70000\" is not an address and port (\"127.0.0.1:9798\")"},
	{CONF_ROOT, "metrics_listen", "::1:9798",
		"\"::1:9798\" is not an address and port (\"127.0.0.1:9798\")"},
	{CONF_ROOT, "log_level", "inof",
		"\"inof\" is not one of \"error\", \"warning\", \"notice\", \"info\", \"debug\"; "
		"did "
		"you mean \"info\"?"},
	{CONF_ROOT, "retain", "400",
		"\"400\" is not a duration (\"90s\", \"75m\", \"26h\", \"400d\")"},
	{CONF_ROOT, "retain", "6d", "\"6d\" is out of range: 7d to 36500d"},
	{CONF_ROOT, "parallel_tenants", "010", NULL},
	{CONF_ROOT, "parallel_tenants", "0x10", "\"0x10\" is not a number (\"64\")"},
	{CONF_ROOT, "parallel_tenants", "-1", "\"-1\" is not a number (\"64\")"},
	{CONF_ROOT, "parallel_tenants", "0", "\"0\" is out of range: 1 to 1000"},
	{CONF_TENANT, "tenant_id", "AAAAAAAA-2222-3333-4444-555555555555", NULL},
	{CONF_TENANT, "tenant_id", "contoso.com",
		"\"contoso.com\" is not a GUID (\"11111111-2222-3333-4444-555555555555\")"},
	{CONF_TENANT, "http1", "off", NULL},
	{CONF_TENANT, "http1", "maybe", "\"maybe\" is neither \"yes\" nor \"no\""},
	{CONF_TENANT, "authority", "http://login.microsoftonline.com",
		"\"http://login.microsoftonline.com\" does not begin with https://"},
	{CONF_TENANT, "authority", "https://login.microsoftonline.us/",
		"login.microsoftonline.us is the national cloud US Government, which has no Entra "
		"Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "authority", "https://LOGIN.microsoftonline.us.:443/x",
		"LOGIN.microsoftonline.us is the national cloud US Government, which has no Entra "
		"Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "authority", "https://login.partner.microsoftonline.cn",
		"login.partner.microsoftonline.cn is the national cloud China (21Vianet), which "
		"has "
		"no Entra Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "authority", "https://notmicrosoftonline.us", NULL},
	{CONF_TENANT, "authority", "https://microsoftonline.us.example", NULL},
	{CONF_TENANT, "graph_url", "https://graph.microsoft.us/v1.0",
		"graph.microsoft.us is the national cloud US Government (L4, GCC High), which has "
		"no Entra Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "graph_url", "https://dod-graph.microsoft.us/v1.0",
		"dod-graph.microsoft.us is the national cloud US Government (L5, DoD), which has "
		"no Entra Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "graph_url", "https://MicrosoftGraph.ChinaCloudApi.cn/v1.0",
		"MicrosoftGraph.ChinaCloudApi.cn is the national cloud China (21Vianet), which has "
		"no Entra Backup: its API exists only in the global cloud"},
	{CONF_TENANT, "graph_url", "https://user:password@graph.microsoft.com/v1.0",
		"a user or password in an address is not possible here"},
	{CONF_TENANT, "graph_url", "https://graph.microsoft.com/v1.0?x",
		"\"https://graph.microsoft.com/v1.0?x\" has more than host, port and path"},
	{CONF_TENANT, "graph_url", "https://", "\"https://\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://a:b/", "\"https://a:b/\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://a_b/", "\"https://a_b/\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://a:1234567890/",
		"\"https://a:1234567890/\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://[]", "\"https://[]\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://[::1]:8443", NULL},
	{CONF_TENANT, "graph_url", "https://[::g]/",
		"\"https://[::g]/\" has no valid host and port"},
	{CONF_TENANT, "graph_url", "https://a/\x1b[2J",
		"\"https://a/\\x1B[2J\" has more than host, port and path"},
	{CONF_TENANT, "graph_url", "https://a/\xc3\xa4",
		"\"https://a/\xc3\xa4\" has more than host, port and path"},
	{CONF_TENANT, "graph_url", "https://127.0.0.1:8443/v1.0/", NULL},
	{CONF_TENANT, "certificate", "", NULL},
	{CONF_TENANT, "certificate", "../x",
		"is not the name of a credential, which is that of a file"},
	{CONF_TENANT, "certificate", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83v/hI0Vng=",
		"is not the name of a credential, which is that of a file"},
	{CONF_TENANT, "certificate", "a\x1b[31mb",
		"is not the name of a credential, which is that of a file"},
	{CONF_TENANT, "certificate", "-----BEGIN PRIVATE KEY-----",
		"this is the secret itself, or looks like it; put it into a file that others "
		"cannot "
		"read, and give the name of that credential"},
	{CONF_TENANT, "proxy", "http://10.0.0.1:3128", NULL},
	{CONF_TENANT, "proxy", "http://u:p@10.0.0.1:3128",
		"a user or password in a proxy address is not possible here"},
	{CONF_TENANT, "proxy", "10.0.0.1:3128",
		"\"10.0.0.1:3128\" is not a proxy (\"http://proxy.example.com:3128\")"},
	{CONF_TENANT, "account", "", NULL},
	{CONF_TENANT, "account", "svc-snapwatch@contoso.com", NULL},
	{CONF_TENANT, "account", "svc_fabrikam.com#EXT#@contoso.onmicrosoft.com", NULL},
	{CONF_TENANT, "account", "AAAAAAAA-2222-3333-4444-555555555555", NULL},
	{CONF_TENANT, "account", "svc-snapwatch",
		"\"svc-snapwatch\" is neither a user principal name "
		"(\"svc-snapwatch@contoso.com\") nor an object id (GUID)"},
	{CONF_TENANT, "account", "a@b@c",
		"\"a@b@c\" is neither a user principal name (\"svc-snapwatch@contoso.com\") nor an "
		"object id (GUID)"},
	{CONF_TENANT, "account", "Snap Watch <a@b>",
		"\"Snap Watch <a@b>\" is neither a user principal name "
		"(\"svc-snapwatch@contoso.com\") nor an object id (GUID)"},
	{CONF_TENANT, "account", "a\x1b[31mb@c", "\"a\\x1B[31mb@c\" has a control character"},
	{CONF_TENANT, "attribution", "on", NULL},
	{CONF_TENANT, "attribution", "full", "\"full\" is neither \"yes\" nor \"no\""},
	{CONF_WATCH, "entity_types", "usr", "\"usr\" is not known; did you mean \"user\"?"},
	{CONF_WATCH, "entity_types", "unknownFutureValue", "\"unknownFutureValue\" is not known"},
	{CONF_WATCH, "object_ids", "user:AAAAAAAA-2222-3333-4444-555555555555", NULL},
	{CONF_WATCH, "object_ids", "appRoleAssignment:-Xy_z", NULL},
	{CONF_WATCH, "object_ids", "x", "\"x\" is not of the form \"user:GUID\""},
	{CONF_WATCH, "object_ids", "uesr:1",
		"\"uesr\" is not a known type of objects; did you mean \"user\"?"},
	{CONF_WATCH, "object_ids", "user:a/b", "\"a/b\" is not an object id"},
	{CONF_RULE, "until", "2026-12-31", NULL},
	{CONF_RULE, "until", "2026-12-31T18:00:00+02:00", NULL},
	{CONF_RULE, "until", "2026-02-30",
		"\"2026-02-30\" is neither a date (\"2026-12-31\") nor a time "
		"(\"2026-12-31T18:00:00Z\")"},
	{CONF_RULE, "until", "tomorrow",
		"\"tomorrow\" is neither a date (\"2026-12-31\") nor a time "
		"(\"2026-12-31T18:00:00Z\")"},
	{CONF_RULE, "change", "link aded",
		"\"link aded\" is not known; did you mean \"link added\"?"},
	{CONF_RULE, "verdict", "Ignore",
		"\"Ignore\" is not one of \"ignore\", \"expected\", \"notice\", \"warning\", "
		"\"critical\"; did you mean \"ignore\"?"},
	{CONF_SINK, "url", "https://hooks.example/x",
		"this is the secret itself, or looks like it; put it into a file that others "
		"cannot "
		"read, and give the name of that credential"},
	{CONF_SINK, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"this is the secret itself, or looks like it; put it into a file that others "
		"cannot "
		"read, and give the name of that credential"},
};

START_TEST(values_are_checked)
{
	const struct conf_key *k = conf_key_find(values[_i].scope, values[_i].key);
	struct strv texts = {0};
	struct buf error = BUF_INIT(4096);
	union any_struct s = {0};

	ck_assert_ptr_nonnull(k);
	ck_assert_int_eq(strv_add(&texts, values[_i].text), 0);
	ck_assert_int_eq(conf_key_set(k, &s, &texts, &error), values[_i].error ? 1 : 0);
	ck_assert_str_eq(buf_text(&error), values[_i].error ? values[_i].error : "");
	conf_key_clear(k, &s);
	strv_done(&texts);
	buf_done(&error);
}
END_TEST

static void set_one(enum conf_scope scope, const char *key, void *base, const char *text)
{
	struct strv one = {.items = (char *[]){(char *)text, NULL}, .n = 1};
	struct buf error = BUF_INIT(4096);

	ck_assert_int_eq(conf_key_set(conf_key_find(scope, key), base, &one, &error), 0);
	buf_done(&error);
}

START_TEST(values_are_kept)
{
	union any_struct s = {0};

	set_one(CONF_TENANT, "tenant_id", &s, "AAAAAAAA-2222-3333-4444-555555555555");
	ck_assert_str_eq(s.tenant.tenant_id, "aaaaaaaa-2222-3333-4444-555555555555");
	set_one(CONF_TENANT, "graph_url", &s, "https://127.0.0.1:8443/v1.0//");
	ck_assert_str_eq(s.tenant.graph_url, "https://127.0.0.1:8443/v1.0");
	set_one(CONF_TENANT, "account", &s, "AAAAAAAA-2222-3333-4444-555555555555");
	ck_assert_str_eq(s.tenant.account, "aaaaaaaa-2222-3333-4444-555555555555");
	set_one(CONF_TENANT, "job_poll", &s, "1m 30s");
	ck_assert_int_eq(s.tenant.job_poll_us, 90 * USEC_PER_SEC);
	set_one(CONF_TENANT, "sign_in", &s, "user+app");
	ck_assert_int_eq(s.tenant.sign_in, SIGN_IN_USER_APP);
	conf_keys_clear(CONF_TENANT, &s);

	set_one(CONF_RULE, "object_ids", &s, "AAAAAAAA-2222-3333-4444-555555555555");
	ck_assert_str_eq(s.rule.object_ids.items[0], "aaaaaaaa-2222-3333-4444-555555555555");
	set_one(CONF_RULE, "object_ids", &s, "Opaque_Id-1");
	ck_assert_str_eq(s.rule.object_ids.items[0], "Opaque_Id-1");
	/* The whole day: the rule ends with the first instant of the next one. */
	set_one(CONF_RULE, "until", &s, "1970-01-01");
	ck_assert_int_eq(s.rule.until_us, USEC_PER_DAY);
	set_one(CONF_RULE, "until", &s, "1970-01-01T00:00:01Z");
	ck_assert_int_eq(s.rule.until_us, USEC_PER_SEC);
	conf_keys_clear(CONF_RULE, &s);

	set_one(CONF_ROOT, "log_level", &s, "debug");
	ck_assert_int_eq(s.conf.log_level, 7);
	conf_keys_clear(CONF_ROOT, &s);
}
END_TEST

START_TEST(enum_names_match_enums)
{
	ck_assert_str_eq(verdict_name(VERDICT_IGNORE), "ignore");
	ck_assert_str_eq(verdict_name(VERDICT_CRITICAL), "critical");
	ck_assert_ptr_null(conf_verdicts[_VERDICT_MAX]);
	ck_assert_str_eq(watch_baseline_name(WATCH_COVERED), "covered");
	ck_assert_str_eq(watch_baseline_name(WATCH_NEWEST), "newest");
	for (size_t i = 0; conf_sink_types[i].name; i++)
		ck_assert_str_eq(conf_sink_types[i].name, conf_sink_type_names[i]);
}
END_TEST

START_TEST(restart_keys_are_named)
{
	struct conf a = {0}, b = {0};
	struct buf out = BUF_INIT(256);

	CONF_EACH_KEY (k, CONF_ROOT) {
		ck_assert_int_eq(conf_key_set_fallback(k, &a), 0);
		ck_assert_int_eq(conf_key_set_fallback(k, &b), 0);
	}
	conf_restart_keys(&a, &b, &out);
	ck_assert_str_eq(buf_text(&out), "");
	set_one(CONF_ROOT, "store", &b, "sqlite:/elsewhere");
	set_one(CONF_ROOT, "metrics_listen", &b, "[::1]:1");
	set_one(CONF_ROOT, "log_level", &b, "debug");
	conf_restart_keys(&a, &b, &out);
	ck_assert_str_eq(buf_text(&out), "store, metrics_listen");
	buf_done(&out);
	conf_keys_clear(CONF_ROOT, &a);
	conf_keys_clear(CONF_ROOT, &b);
}
END_TEST

static const struct {
	const char *url;
	bool trusted, service;
} urls[] = {
	{"https://login.microsoftonline.com", true, true},
	{"https://graph.microsoft.com/v1.0", true, true},
	{"https://GRAPH.microsoft.com:443/beta", true, true},
	{"https://127.0.0.1:8443/v1.0", true, false},
	{"https://[::1]:8443", true, false},
	{"https://graph.microsoft.com.evil.example/v1.0", false, false},
	{"https://evil.example/graph.microsoft.com", false, false},
};

START_TEST(foreign_hosts_are_seen)
{
	ck_assert_int_eq(conf_url_trusted(urls[_i].url), urls[_i].trusted);
	ck_assert_int_eq(conf_url_is_service(urls[_i].url), urls[_i].service);
}
END_TEST

Suite *suite(void);
Suite *suite(void)
{
	Suite *s = suite_create("conf_keys");
	TCase *t = tcase_create("table");

	tcase_add_test(t, rows_are_complete);
	tcase_add_test(t, defaults_are_taken);
	tcase_add_loop_test(t, values_are_checked, 0, (int)ARRAY_SIZE(values));
	tcase_add_test(t, values_are_kept);
	tcase_add_test(t, enum_names_match_enums);
	tcase_add_test(t, restart_keys_are_named);
	tcase_add_loop_test(t, foreign_hosts_are_seen, 0, (int)ARRAY_SIZE(urls));
	suite_add_tcase(s, t);
	return s;
}
