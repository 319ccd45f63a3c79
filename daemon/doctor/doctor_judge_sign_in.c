/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are at the service, what we may ask for, and for how long. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/base/timefmt.h"
#include "common/conf/conf.h"
#include "daemon/doctor/doctor_private.h"

#define REMEDY_BYTES 512u
/* Names of permissions as a token answer spells them: "https://graph.microsoft.com/NAME". */
#define RECOVERY "EntraBackup.ReadWrite.Recovery"

/* --- tokens -------------------------------------------------------------------------------------
 */

static int exit_code_of(enum auth_outcome outcome)
{
	switch (outcome) {
	case AUTH_OK:
		return EXIT_CODE_OK;
	case AUTH_SIGN_IN:
	case AUTH_CONFIG:
		return EXIT_CODE_SIGN_IN;
	case AUTH_THROTTLED:
		return EXIT_CODE_THROTTLED;
	case AUTH_NETWORK:
		return EXIT_CODE_NETWORK;
	}
	return EXIT_CODE_NETWORK;
}

static void token_remedy(
	const struct doctor_facts *f, enum auth_outcome outcome, char out[static REMEDY_BYTES])
{
	switch (outcome) {
	case AUTH_OK:
	case AUTH_SIGN_IN:
		(void)snprintf(out, REMEDY_BYTES, "snapwatch login %s", f->conf->name);
		break;
	case AUTH_CONFIG:
		(void)snprintf(out, REMEDY_BYTES,
			"compare tenant_id, client_id and the certificate with the registration of "
			"the application");
		break;
	case AUTH_THROTTLED:
		(void)snprintf(out, REMEDY_BYTES,
			"wait: snapwatchd comes back by itself; if it lasts, something else signs "
			"in too often with this application");
		break;
	case AUTH_NETWORK:
		(void)snprintf(out, REMEDY_BYTES,
			"wait: snapwatchd tries again by itself; if it lasts, ask "
			"https://status.cloud.microsoft or whoever runs the proxy");
		break;
	}
}

static void fail_token(const struct doctor_facts *f, enum auth_kind kind, struct doctor_report *out)
{
	const struct doctor_answer *a = &f->tokens[kind];
	enum auth_outcome outcome = (enum auth_outcome)a->outcome;
	char remedy[REMEDY_BYTES] = "";

	token_remedy(f, outcome, remedy);
	doctor_fail(out, f->conf->name, kind == AUTH_APP ? DOCTOR_APP_TOKEN : DOCTOR_TOKEN,
		exit_code_of(outcome), doctor_hint(a, remedy), "%s", a->text);
}

void doctor_judge_token(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_answer *a = &f->tokens[AUTH_DELEGATED];
	const char *account = f->sign_in_known ? f->sign_in.account : NULL;

	if (!a->asked)
		return;
	if (a->outcome != AUTH_OK)
		fail_token(f, AUTH_DELEGATED, out);
	else if (!text_empty(account))
		doctor_ok(out, f->conf->name, DOCTOR_TOKEN, "the sign-in of %s works", account);
	else
		doctor_ok(out, f->conf->name, DOCTOR_TOKEN, "the sign-in works");
}

void doctor_judge_app_token(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct doctor_answer *a = &f->tokens[AUTH_APP];

	if (f->conf->sign_in != SIGN_IN_USER_APP)
		doctor_none(out, f->conf->name, DOCTOR_APP_TOKEN,
			"sign_in is \"user\": the account does everything");
	else if (!a->asked)
		return;
	else if (a->outcome != AUTH_OK)
		fail_token(f, AUTH_APP, out);
	else
		doctor_ok(out, f->conf->name, DOCTOR_APP_TOKEN, "the application has its own");
}

/* --- what the token says ------------------------------------------------------------------------
 */

void doctor_judge_tenant(const struct doctor_facts *f, struct doctor_report *out)
{
	char remedy[REMEDY_BYTES];

	if (!f->tokens[AUTH_DELEGATED].asked)
		return;
	(void)snprintf(remedy, sizeof(remedy),
		"correct tenant_id, or sign in with an account of this tenant: snapwatch login %s",
		f->conf->name);
	if (!f->token_tenant)
		doctor_none(out, f->conf->name, DOCTOR_TENANT,
			"the service did not say whose token it is");
	else if (strcasecmp(f->token_tenant, f->conf->tenant_id) != 0)
		doctor_fail(out, f->conf->name, DOCTOR_TENANT, EXIT_CODE_SIGN_IN, remedy,
			"the token is of tenant %s, not of %s", f->token_tenant,
			f->conf->tenant_id);
	else if (f->sign_in_known && f->sign_in.guest == 1)
		doctor_warn(out, f->conf->name, DOCTOR_TENANT, remedy,
			"the account is a guest: whoever runs its home can end the sign-in");
	else
		doctor_ok(out, f->conf->name, DOCTOR_TENANT, "the token is of %s",
			f->conf->tenant_id);
}

static const char *next_word(const char **at, size_t *ret_len)
{
	const char *word = *at + strspn(*at, " ");

	*ret_len = strcspn(word, " ");
	*at = word + *ret_len;
	return *ret_len ? word : NULL;
}

/* Without the address of the service in front. */
static const char *bare_name(const char *word, size_t *len)
{
	const char *slash = memrchr(word, '/', *len);

	if (!slash)
		return word;
	*len -= (size_t)(slash + 1 - word);
	return slash + 1;
}

static bool has_scope(const char *scopes, const char *name, size_t len)
{
	const char *word;
	size_t n;

	while ((word = next_word(&scopes, &n))) {
		word = bare_name(word, &n);
		if (n == len && strncasecmp(word, name, n) == 0)
			return true;
	}
	return false;
}

/* Appends those of wanted that granted has not. */
static void append_missing(const char *wanted, const char *granted, struct buf *out)
{
	const char *word;
	size_t n;

	while ((word = next_word(&wanted, &n))) {
		word = bare_name(word, &n);
		if (!has_scope(granted, word, n))
			buf_printf(out, "%s%.*s", out->len ? " " : "", (int)n, word);
	}
}

void doctor_judge_scopes(const struct doctor_facts *f, struct doctor_report *out)
{
	/* what signing in brings with it */
	static const char harmless[] = "openid profile email offline_access";
	_cleanup_(buf_done) struct buf wanted = BUF_INIT_SURE(LIMIT_DOCTOR_TEXT_BYTES);
	_cleanup_(buf_done) struct buf missing = BUF_INIT_SURE(LIMIT_DOCTOR_TEXT_BYTES);
	_cleanup_(buf_done) struct buf extra = BUF_INIT_SURE(LIMIT_DOCTOR_TEXT_BYTES);
	const char *granted = f->sign_in_known ? f->sign_in.scopes : NULL;
	char remedy[REMEDY_BYTES];

	if (!f->tokens[AUTH_DELEGATED].asked)
		return;
	if (text_empty(granted)) {
		doctor_none(out, f->conf->name, DOCTOR_SCOPES, "the service did not name them");
		return;
	}
	buf_puts(&wanted, "EntraBackup.Read.All EntraBackup.ReadWrite.Preview");
	if (f->conf->attribution)
		buf_puts(&wanted, " AuditLog.Read.All");
	append_missing(buf_text(&wanted), granted, &missing);
	buf_printf(&wanted, " %s", harmless);
	append_missing(granted, buf_text(&wanted), &extra);
	if (missing.len) {
		(void)snprintf(remedy, sizeof(remedy),
			"let an administrator consent to it (permissions of the application, "
			"delegated), then: snapwatch login %s",
			f->conf->name);
		doctor_fail(out, f->conf->name, DOCTOR_SCOPES, EXIT_CODE_SIGN_IN, remedy,
			"missing: %s", buf_text(&missing));
	} else if (has_scope(buf_text(&extra), RECOVERY, strlen(RECOVERY))) {
		doctor_warn(out, f->conf->name, DOCTOR_SCOPES,
			"take back the consent to " RECOVERY
			": snapwatch never needs it, and whoever "
			"has this sign-in could overwrite the directory",
			"more than needed: %s", buf_text(&extra));
	} else if (extra.len) {
		doctor_warn(out, f->conf->name, DOCTOR_SCOPES,
			"take back the consent to what is not needed", "more than needed: %s",
			buf_text(&extra));
	} else {
		doctor_ok(out, f->conf->name, DOCTOR_SCOPES, "what is needed, and no more");
	}
}

void doctor_judge_sign_in(const struct doctor_facts *f, struct doctor_report *out)
{
	const struct sign_in *s = f->sign_in_known ? &f->sign_in : NULL;
	char remedy[REMEDY_BYTES], when[TIME_TEXT_SIZE];

	if (!f->tokens[AUTH_DELEGATED].asked)
		return;
	int days = s ? sign_in_days_left(s, f->now_us) : -1;
	if (days < 0) {
		doctor_none(out, f->conf->name, DOCTOR_SIGN_IN, "its end is not known");
		return;
	}
	(void)time_format(sign_in_ends_us(s), when);
	(void)snprintf(remedy, sizeof(remedy), "snapwatch login %s", f->conf->name);
	if (sign_in_state(s, f->now_us) == SIGN_IN_GOOD)
		doctor_ok(out, f->conf->name, DOCTOR_SIGN_IN,
			"signed in by %s; %d days left if it is not used, and it is used daily",
			sign_in_how_name(s->how), days);
	else
		doctor_warn(out, f->conf->name, DOCTOR_SIGN_IN, remedy,
			"it is expected to end in %d days, at %s", days, when);
}
