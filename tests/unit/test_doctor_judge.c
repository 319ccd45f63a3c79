/* SPDX-License-Identifier: Apache-2.0 */
/* What facts about a tenant mean: each row changes one fact of a tenant in good health, and says
 * what must be found. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/fsx.h"
#include "common/base/mem.h"
#include "common/base/text.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_judge.h"

Suite *suite(void);

#define NOW_US (1000 * USEC_PER_DAY)
#define TENANT "contoso"

static struct conf_tenant conf;
static struct doctor_facts facts;
static struct doctor_report report;

static void set_answer(struct doctor_answer *a, int outcome, const char *text, const char *hint)
{
	free(a->text);
	free(a->hint);
	*a = (struct doctor_answer){true, outcome, mem_text(text), mem_text(hint)};
}

static void setup(void)
{
	static const char *const names[] = {"login.example", "graph.example"};

	conf = (struct conf_tenant){
		.name = (char *)TENANT,
		.tenant_id = (char *)"11111111-1111-4111-8111-111111111111",
		.certificate = (char *)"",
		.proxy = (char *)"",
		.stale_after_us = 26 * USEC_PER_HOUR,
	};
	facts = (struct doctor_facts){
		.conf = &conf,
		.now_us = NOW_US,
		.certificate_us = TIME_NONE,
		.credentials[DOCTOR_CREDENTIAL_TOKEN].r = CREDENTIAL_E_MISSING,
		.sign_in_known = true,
		.sign_in = SIGN_IN_INIT,
		.n_snapshots = 7,
		.newest_us = NOW_US - 2 * USEC_PER_HOUR,
		.previewed_us = TIME_NONE,
	};
	for (size_t i = 0; i < _DOCTOR_HOSTS; i++)
		facts.hosts[i] = (struct doctor_host){
			.name = mem_text(names[i]),
			.asked = true,
			.stage = HTTP_AT_ANSWER,
			.text = mem_text(""),
			.met = true,
			.peer = {.address = "192.0.2.1",
				.issuer = "C = US, O = Example, CN = Example CA",
				.not_before_us = NOW_US - 30 * USEC_PER_DAY,
				.not_after_us = NOW_US + 200 * USEC_PER_DAY},
		};
	facts.token_tenant = mem_text("11111111-1111-4111-8111-111111111111");
	facts.sign_in.account = mem_text("snapwatch@contoso.example");
	facts.sign_in.scopes =
		mem_text("openid profile "
			 "https://graph.microsoft.com/EntraBackup.Read.All "
			 "https://graph.microsoft.com/EntraBackup.ReadWrite.Preview");
	facts.sign_in.enrolled_us = NOW_US - 10 * USEC_PER_DAY;
	facts.sign_in.refreshed_us = NOW_US;
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_OK, "", NULL);
	set_answer(&facts.snapshots, GRAPH_OK, "", NULL);
	set_answer(&facts.jobs, GRAPH_OK, "", NULL);
}

static void teardown(void)
{
	doctor_facts_done(&facts);
	doctor_report_done(&report);
}

/* --- one fact each ------------------------------------------------------------------------------
 */

static void nothing(void)
{
}
static void with_certificate(void)
{
	conf.certificate = (char *)"app";
	facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE].name = mem_text("app");
	facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE].path = mem_text("/cred/app");
	facts.certificate_us = NOW_US + 100 * USEC_PER_DAY;
}
static void credential_readable(void)
{
	with_certificate();
	facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE].r = CREDENTIAL_E_READABLE;
}
static void credential_missing(void)
{
	with_certificate();
	facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE].r = CREDENTIAL_E_MISSING;
}
static void credential_no_key(void)
{
	with_certificate();
	facts.credentials[DOCTOR_CREDENTIAL_CERTIFICATE].problem =
		mem_text("holds no private key without a passphrase");
}
static void token_readable(void)
{
	facts.credentials[DOCTOR_CREDENTIAL_TOKEN].r = CREDENTIAL_E_READABLE;
	facts.credentials[DOCTOR_CREDENTIAL_TOKEN].name = mem_text("contoso.refresh_token");
	facts.credentials[DOCTOR_CREDENTIAL_TOKEN].path = mem_text("/cred/contoso.refresh_token");
}
static void certificate_over(void)
{
	with_certificate();
	facts.certificate_us = NOW_US - 1;
}
static void certificate_soon(void)
{
	with_certificate();
	facts.certificate_us = NOW_US + 29 * USEC_PER_DAY;
}
static void refused(void)
{
	facts.refused = mem_text("another process works on it");
}
static void fail_host(enum http_stage stage, enum http_error error, const char *text)
{
	struct doctor_host *h = &facts.hosts[DOCTOR_GRAPH];

	h->stage = stage;
	h->error = error;
	h->met = false;
	free(h->text);
	h->text = mem_text(text);
}
static void no_name(void)
{
	fail_host(HTTP_AT_NAME, HTTP_E_NETWORK, "Could not resolve host");
}
static void no_connection(void)
{
	fail_host(HTTP_AT_CONNECT, HTTP_E_NETWORK, "Connection refused");
}
static void no_https(void)
{
	fail_host(HTTP_AT_TLS, HTTP_E_TLS, "wrong version number");
}
static void not_trusted(void)
{
	no_https();
	facts.hosts[DOCTOR_GRAPH].met = true;
}
static void peer_over(void)
{
	not_trusted();
	facts.hosts[DOCTOR_GRAPH].peer.not_after_us = NOW_US - USEC_PER_DAY;
}
static void peer_to_come(void)
{
	not_trusted();
	facts.hosts[DOCTOR_GRAPH].peer.not_before_us = NOW_US + USEC_PER_DAY;
}
static void peer_soon(void)
{
	facts.hosts[DOCTOR_GRAPH].peer.not_after_us = NOW_US + 6 * USEC_PER_DAY;
}
static void dropped_later(void)
{
	fail_host(HTTP_AT_ANSWER, HTTP_E_NETWORK, "Empty reply");
}
static void ahead(void)
{
	facts.hosts[DOCTOR_AUTHORITY].off_us = -6 * USEC_PER_MIN;
}
static void behind(void)
{
	facts.hosts[DOCTOR_AUTHORITY].off_us = 2 * USEC_PER_MIN;
}
static void no_date(void)
{
	facts.hosts[DOCTOR_AUTHORITY].off_us = facts.hosts[DOCTOR_GRAPH].off_us = TIME_NONE;
}
static void signed_out(void)
{
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_SIGN_IN, "nobody has signed in", NULL);
}
static void hinted(void)
{
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_SIGN_IN, "the policy", "change the policy");
}
static void wrong_client(void)
{
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_CONFIG, "the app is not there", NULL);
}
static void busy(void)
{
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_THROTTLED, "HTTP 429", NULL);
}
static void token_down(void)
{
	set_answer(&facts.tokens[AUTH_DELEGATED], AUTH_NETWORK, "HTTP 500", NULL);
}
static void with_app(void)
{
	conf.sign_in = SIGN_IN_USER_APP;
	set_answer(&facts.tokens[AUTH_APP], AUTH_OK, "", NULL);
}
static void app_refused(void)
{
	with_app();
	set_answer(&facts.tokens[AUTH_APP], AUTH_CONFIG, "the certificate is not known", NULL);
}
static void app_alone(void)
{
	with_app();
	signed_out();
}
static void both_refused(void)
{
	app_refused();
	signed_out();
}
static void other_tenant(void)
{
	free(facts.token_tenant);
	facts.token_tenant = mem_text("99999999-9999-4999-8999-999999999999");
}
static void no_identity(void)
{
	free(facts.token_tenant);
	facts.token_tenant = NULL;
}
static void guest(void)
{
	facts.sign_in.guest = 1;
}
static void set_scopes(const char *scopes)
{
	free(facts.sign_in.scopes);
	facts.sign_in.scopes = mem_text(scopes);
}
static void scope_missing(void)
{
	set_scopes("EntraBackup.Read.All");
}
static void scope_audit(void)
{
	conf.attribution = true;
}
static void scope_recovery(void)
{
	set_scopes("EntraBackup.Read.All EntraBackup.ReadWrite.Preview "
		   "EntraBackup.ReadWrite.Recovery");
}
static void scope_extra(void)
{
	set_scopes("entrabackup.read.all EntraBackup.ReadWrite.Preview Directory.Read.All");
}
static void scope_unknown(void)
{
	set_scopes("");
}
static void idle(void)
{
	facts.sign_in.refreshed_us = NOW_US - 80 * USEC_PER_DAY;
	facts.sign_in.enrolled_us = NOW_US - 100 * USEC_PER_DAY;
}
static void forbidden(void)
{
	set_answer(&facts.snapshots, GRAPH_FORBIDDEN, "HTTP 403", NULL);
}
static void throttled(void)
{
	set_answer(&facts.snapshots, GRAPH_THROTTLED, "HTTP 429", NULL);
}
static void odd(void)
{
	set_answer(&facts.snapshots, GRAPH_BAD_REPLY, "text/html instead of JSON", NULL);
}
static void empty(void)
{
	facts.n_snapshots = 0;
	facts.newest_us = TIME_NONE;
}
static void stale(void)
{
	facts.newest_us = NOW_US - 27 * USEC_PER_HOUR;
}
static void previewed(void)
{
	facts.previewed_us = NOW_US - USEC_PER_DAY;
}
static void jobs_gone(void)
{
	set_answer(&facts.jobs, GRAPH_NETWORK, "HTTP 502", NULL);
}
static void hold(enum remote_kind kind, const char *kind_text)
{
	facts.holder = (struct remote_job){
		.service_id = mem_text("j1"),
		.kind = kind,
		.kind_text = mem_text(kind_text),
		.status_text = mem_text("running"),
		.started_us = NOW_US - USEC_PER_HOUR,
	};
}
static void recovery(void)
{
	hold(REMOTE_RECOVERY, "recovery");
}
static void foreign(void)
{
	hold(REMOTE_PREVIEW, "preview");
}
static void ours(void)
{
	hold(REMOTE_PREVIEW, "preview");
	facts.ours = true;
}
static void polled(void)
{
	set_answer(&facts.polled, GRAPH_OK, "", NULL);
	facts.job_read = (struct graph_job_read){GRAPH_BY_APP, GRAPH_AT_JOBS};
}
static void poll_refused(void)
{
	set_answer(&facts.polled, GRAPH_FORBIDDEN, "HTTP 403", NULL);
}

static const struct {
	void (*change)(void);
	enum doctor_check check;
	enum doctor_result result;
	int code;		       /* of the whole report */
	const char *evidence, *remedy; /* what they must say; NULL: no remedy */
} rows[] = {
	{nothing, DOCTOR_CREDENTIALS, DOCTOR_OK, 0, "Mobile and desktop", NULL},
	{with_certificate, DOCTOR_CREDENTIALS, DOCTOR_OK, 0, "under Web", NULL},
	{credential_readable, DOCTOR_CREDENTIALS, DOCTOR_FAIL, EXIT_CODE_CONFIG, "read by others",
		"chmod 0400 /cred/app"},
	{credential_missing, DOCTOR_CREDENTIALS, DOCTOR_FAIL, EXIT_CODE_CONFIG, "missing",
		"LoadCredential"},
	{credential_no_key, DOCTOR_CREDENTIALS, DOCTOR_FAIL, EXIT_CODE_CONFIG, "no private key",
		"PEM"},
	{token_readable, DOCTOR_CREDENTIALS, DOCTOR_FAIL, EXIT_CODE_CONFIG, "read by others",
		"chmod 0400"},
	{nothing, DOCTOR_WATCHED, DOCTOR_OK, 0, "store has it", NULL},
	{refused, DOCTOR_WATCHED, DOCTOR_FAIL, EXIT_CODE_STORE, "another process", "another name"},
	{refused, DOCTOR_TOKEN, DOCTOR_SKIPPED, EXIT_CODE_STORE, "because of watched", NULL},
	{nothing, DOCTOR_CERTIFICATE, DOCTOR_SKIPPED, 0, "none is configured", NULL},
	{with_certificate, DOCTOR_CERTIFICATE, DOCTOR_OK, 0, "100 days left", NULL},
	{certificate_soon, DOCTOR_CERTIFICATE, DOCTOR_WARN, 0, "29 days", "make a new one"},
	{certificate_over, DOCTOR_CERTIFICATE, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "expired",
		"make a new one"},
	{certificate_over, DOCTOR_TOKEN, DOCTOR_SKIPPED, EXIT_CODE_SIGN_IN,
		"because of certificate", NULL},
	{nothing, DOCTOR_DNS, DOCTOR_OK, 0, "login.example and graph.example", NULL},
	{no_name, DOCTOR_DNS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "graph.example: Could not resolve",
		"getent hosts graph.example"},
	{no_name, DOCTOR_TOKEN, DOCTOR_SKIPPED, EXIT_CODE_NETWORK, "because of dns", NULL},
	{nothing, DOCTOR_CONNECTION, DOCTOR_OK, 0, "192.0.2.1", NULL},
	{no_connection, DOCTOR_CONNECTION, DOCTOR_FAIL, EXIT_CODE_NETWORK,
		"graph.example: Connection refused", "firewall"},
	{no_connection, DOCTOR_DNS, DOCTOR_OK, EXIT_CODE_NETWORK, "", NULL},
	{nothing, DOCTOR_TLS, DOCTOR_OK, 0, "signed by Example CA; 200 days", NULL},
	{no_https, DOCTOR_TLS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "wrong version", "https port"},
	{not_trusted, DOCTOR_TLS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "CN = Example CA", "ca_file"},
	{peer_over, DOCTOR_TLS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "", "must renew it"},
	{peer_to_come, DOCTOR_TLS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "", "set the clock"},
	{peer_soon, DOCTOR_TLS, DOCTOR_WARN, 0, "graph.example ends in 6 days", "renew"},
	{dropped_later, DOCTOR_TLS, DOCTOR_OK, 0, "", NULL},
	{nothing, DOCTOR_CLOCK, DOCTOR_OK, 0, "within 0s", NULL},
	{ahead, DOCTOR_CLOCK, DOCTOR_FAIL, EXIT_CODE_CONFIG, "6m ahead of", "set-ntp"},
	{ahead, DOCTOR_TOKEN, DOCTOR_OK, EXIT_CODE_CONFIG, "", NULL},
	{behind, DOCTOR_CLOCK, DOCTOR_WARN, 0, "2m behind", "set-ntp"},
	{no_date, DOCTOR_CLOCK, DOCTOR_SKIPPED, 0, "did not say", NULL},
	{nothing, DOCTOR_TOKEN, DOCTOR_OK, 0, "snapwatch@contoso.example", NULL},
	{signed_out, DOCTOR_TOKEN, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "nobody has signed in",
		"snapwatch login contoso"},
	{signed_out, DOCTOR_SCOPES, DOCTOR_SKIPPED, EXIT_CODE_SIGN_IN, "because of token", NULL},
	{signed_out, DOCTOR_SNAPSHOTS, DOCTOR_SKIPPED, EXIT_CODE_SIGN_IN, "because of token", NULL},
	{hinted, DOCTOR_TOKEN, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "the policy", "change the policy"},
	{wrong_client, DOCTOR_TOKEN, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "not there", "client_id"},
	{busy, DOCTOR_TOKEN, DOCTOR_FAIL, EXIT_CODE_THROTTLED, "429", "wait"},
	{token_down, DOCTOR_TOKEN, DOCTOR_FAIL, EXIT_CODE_NETWORK, "500", "wait"},
	{nothing, DOCTOR_APP_TOKEN, DOCTOR_SKIPPED, 0, "account does everything", NULL},
	{with_app, DOCTOR_APP_TOKEN, DOCTOR_OK, 0, "", NULL},
	{app_refused, DOCTOR_APP_TOKEN, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "not known",
		"registration"},
	{app_refused, DOCTOR_SNAPSHOTS, DOCTOR_OK, EXIT_CODE_SIGN_IN, "", NULL},
	{app_alone, DOCTOR_SNAPSHOTS, DOCTOR_OK, EXIT_CODE_SIGN_IN, "", NULL},
	{both_refused, DOCTOR_SNAPSHOTS, DOCTOR_SKIPPED, EXIT_CODE_SIGN_IN, "because of token",
		NULL},
	{nothing, DOCTOR_TENANT, DOCTOR_OK, 0, "11111111", NULL},
	{other_tenant, DOCTOR_TENANT, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "of tenant 99999999",
		"correct tenant_id"},
	{no_identity, DOCTOR_TENANT, DOCTOR_SKIPPED, 0, "did not say", NULL},
	{guest, DOCTOR_TENANT, DOCTOR_WARN, 0, "guest", "snapwatch login contoso"},
	{nothing, DOCTOR_SCOPES, DOCTOR_OK, 0, "no more", NULL},
	{scope_missing, DOCTOR_SCOPES, DOCTOR_FAIL, EXIT_CODE_SIGN_IN,
		"missing: EntraBackup.ReadWrite.Preview", "consent"},
	{scope_audit, DOCTOR_SCOPES, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "missing: AuditLog.Read.All",
		"consent"},
	{scope_recovery, DOCTOR_SCOPES, DOCTOR_WARN, 0, "EntraBackup.ReadWrite.Recovery",
		"overwrite the directory"},
	{scope_extra, DOCTOR_SCOPES, DOCTOR_WARN, 0, "Directory.Read.All", "take back"},
	{scope_unknown, DOCTOR_SCOPES, DOCTOR_SKIPPED, 0, "did not name", NULL},
	{nothing, DOCTOR_SIGN_IN, DOCTOR_OK, 0, "90 days left", NULL},
	{idle, DOCTOR_SIGN_IN, DOCTOR_WARN, 0, "10 days", "snapwatch login contoso"},
	{nothing, DOCTOR_ROLES, DOCTOR_OK, 0, "first preview", NULL},
	{previewed, DOCTOR_ROLES, DOCTOR_OK, 0, "a preview was created", NULL},
	{forbidden, DOCTOR_ROLES, DOCTOR_FAIL, EXIT_CODE_SIGN_IN, "403",
		"Entra Backup Administrator"},
	{forbidden, DOCTOR_SNAPSHOTS, DOCTOR_SKIPPED, EXIT_CODE_SIGN_IN, "because of roles", NULL},
	{throttled, DOCTOR_ROLES, DOCTOR_SKIPPED, EXIT_CODE_THROTTLED, "nothing could be read",
		NULL},
	{throttled, DOCTOR_SNAPSHOTS, DOCTOR_FAIL, EXIT_CODE_THROTTLED, "429", "wait"},
	{throttled, DOCTOR_JOBS, DOCTOR_SKIPPED, EXIT_CODE_THROTTLED, "because of snapshots", NULL},
	{odd, DOCTOR_SNAPSHOTS, DOCTOR_FAIL, EXIT_CODE_INCOMPLETE, "text/html", "who answers"},
	{nothing, DOCTOR_SNAPSHOTS, DOCTOR_OK, 0, "7, the newest is 2h old", NULL},
	{empty, DOCTOR_SNAPSHOTS, DOCTOR_WARN, 0, "empty", "licence"},
	{stale, DOCTOR_SNAPSHOTS, DOCTOR_WARN, 0, "1d 3h old", "portal"},
	{nothing, DOCTOR_JOBS, DOCTOR_OK, 0, "0 in the list", NULL},
	{jobs_gone, DOCTOR_JOBS, DOCTOR_FAIL, EXIT_CODE_NETWORK, "502", "wait"},
	{jobs_gone, DOCTOR_SLOT, DOCTOR_SKIPPED, EXIT_CODE_NETWORK, "because of jobs", NULL},
	{nothing, DOCTOR_SLOT, DOCTOR_OK, 0, "free", NULL},
	{recovery, DOCTOR_SLOT, DOCTOR_WARN, 0, "a recovery of somebody else", "right now"},
	{foreign, DOCTOR_SLOT, DOCTOR_WARN, 0, "a preview of somebody else", "portal"},
	{ours, DOCTOR_SLOT, DOCTOR_OK, 0, "ours", NULL},
	{nothing, DOCTOR_POLLING, DOCTOR_SKIPPED, 0, "no preview", NULL},
	{polled, DOCTOR_POLLING, DOCTOR_OK, 0, "app's own token", NULL},
	{poll_refused, DOCTOR_POLLING, DOCTOR_WARN, 0, "403", "list of jobs"},
};

START_TEST(test_row)
{
	rows[_i].change();
	doctor_judge(&facts, &report);
	ck_assert_int_eq(doctor_exit_code(&report), rows[_i].code);
	const struct doctor_item *item = doctor_find(&report, TENANT, rows[_i].check);
	ck_assert_ptr_nonnull(item);
	ck_assert_msg(item->result == rows[_i].result, "%s: %s", doctor_result_name(item->result),
		item->evidence);
	ck_assert_msg(strstr(item->evidence, rows[_i].evidence), "%s", item->evidence);
	if (rows[_i].remedy)
		ck_assert_msg(item->remedy && strstr(item->remedy, rows[_i].remedy), "%s",
			item->remedy ? item->remedy : "(none)");
	else
		ck_assert_ptr_null(item->remedy);
}
END_TEST

/* Each failure and each warning says what to do; each check is there once. */
START_TEST(test_remedies)
{
	rows[_i].change();
	doctor_judge(&facts, &report);
	for (size_t i = 0; i < report.n; i++) {
		const struct doctor_item *item = &report.items[i];

		if (item->result == DOCTOR_FAIL || item->result == DOCTOR_WARN)
			ck_assert_msg(
				!text_empty(item->remedy), "%s", doctor_check_name(item->check));
		ck_assert_ptr_eq(doctor_find(&report, TENANT, item->check), item);
	}
}
END_TEST

/* Nothing is said of what was not asked yet. */
START_TEST(test_nothing_known)
{
	struct doctor_facts none = {.conf = &conf,
		.now_us = NOW_US,
		.certificate_us = TIME_NONE,
		.newest_us = TIME_NONE,
		.previewed_us = TIME_NONE,
		.sign_in = SIGN_IN_INIT};

	doctor_judge(&none, &report);
	for (int check = 0; check < _DOCTOR_CHECK_MAX; check++)
		ck_assert_int_eq(doctor_find(&report, TENANT, (enum doctor_check)check) != NULL,
			check == DOCTOR_CREDENTIALS || check == DOCTOR_WATCHED ||
				check == DOCTOR_CERTIFICATE || check == DOCTOR_APP_TOKEN);
}
END_TEST

static const struct {
	struct doctor_sink facts;
	enum doctor_result result;
	int code;
	const char *evidence, *remedy;
} sinks[] = {
	{{"ops", NULL, false, true, ""}, DOCTOR_OK, 0, "reached", NULL},
	{{"ops", NULL, true, true, ""}, DOCTOR_OK, 0, "arrived", NULL},
	{{"ops", NULL, false, false, "refused"}, DOCTOR_FAIL, EXIT_CODE_NETWORK, "refused",
		"firewall"},
	{{"ops", NULL, true, false, "answered 401"}, DOCTOR_FAIL, EXIT_CODE_NETWORK, "401",
		"receiver"},
	{{"ops", "is missing", false, false, NULL}, DOCTOR_FAIL, EXIT_CODE_CONFIG, "is missing",
		"reload"},
};

START_TEST(test_sink)
{
	doctor_judge_sink(&sinks[_i].facts, &report);
	const struct doctor_item *item = &report.items[0];
	ck_assert_str_eq(item->sink, "ops");
	ck_assert_int_eq((int)item->result, (int)sinks[_i].result);
	ck_assert_int_eq(item->code, sinks[_i].code);
	ck_assert(strstr(item->evidence, sinks[_i].evidence));
	ck_assert(sinks[_i].remedy ? strstr(item->remedy, sinks[_i].remedy) != NULL
				   : item->remedy == NULL);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("doctor_judge");
	TCase *tc = tcase_create("doctor_judge");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_row, 0, ARRAY_SIZE(rows));
	tcase_add_loop_test(tc, test_remedies, 0, ARRAY_SIZE(rows));
	tcase_add_test(tc, test_nothing_known);
	tcase_add_loop_test(tc, test_sink, 0, ARRAY_SIZE(sinks));
	suite_add_tcase(s, tc);
	return s;
}
