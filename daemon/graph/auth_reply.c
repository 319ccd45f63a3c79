/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A good answer is never made into a tree: its two secrets would be left behind in the parser's
 * memory. The scanner gives ranges, and only those are copied, into memory that is wiped.
 */
#include "daemon/graph/auth_reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "daemon/graph/retry.h"

#define TEXT_BYTES 1024u
#define CODE_COLUMNS 60u

/* As MSAL holds identical requests back: 429 and 5xx without Retry-After, and refusals. */
#define HOLD_BUSY_US (5 * USEC_PER_SEC)
#define HOLD_REFUSED_US (60 * USEC_PER_SEC)
#define HOLD_LOOP_US (10 * USEC_PER_MIN)

/* Documented: 60 to 90 minutes, up to 28 hours. Without expires_in nothing may be taken for
 * granted. */
#define LIFETIME_UNKNOWN_US (10 * USEC_PER_MIN)
#define LIFETIME_MOST_US (28 * USEC_PER_HOUR)

/* The end of a hint, from here on, is for a sign-in that is kept (auth_reply_hint_new()). */
#define THEN_DOCTOR "; 'snapwatch doctor TENANT' tells when it works again"
#define CONSENT \
	"an administrator must consent to EntraBackup.Read.All and " \
	"EntraBackup.ReadWrite.Preview for this app"
static const char hint_sign_in[] = "sign in again with 'snapwatch login TENANT'";
static const char hint_password[] =
	"change the password of the account, then sign in with 'snapwatch login TENANT'";
static const char hint_consent[] = CONSENT THEN_DOCTOR;
/* Somebody pressed Cancel, perhaps because the page offered nothing else. */
static const char hint_declined[] =
	"sign in again with 'snapwatch login TENANT' and accept what the page asks for; where it "
	"cannot be accepted, " CONSENT;
static const char hint_policy[] =
	"exclude the account from that policy or let it meet the policy's conditions" THEN_DOCTOR
	": the sign-in is kept and goes on by itself";
static const char hint_device[] = "the policy asks for a managed device: exclude the account, or "
				  "sign in with 'snapwatch login "
				  "TENANT' in the browser of one" THEN_DOCTOR;
static const char hint_mfa[] =
	"sign in with 'snapwatch login TENANT' and a second factor (best with a passkey or a "
	"certificate), or exclude the account from the policy";
static const char hint_frequency[] =
	"sign in again with 'snapwatch login TENANT', and exclude the account from the policy for "
	"sign-in frequency, or it ends every time";
static const char hint_enable[] =
	"enable the account in Entra (or lift what blocks its sign-in)" THEN_DOCTOR;
static const char hint_account[] =
	"sign in with 'snapwatch login TENANT' as an account of this tenant (key account)";
static const char hint_assign[] =
	"assign the account to the app (enterprise application, Users and groups)" THEN_DOCTOR;
static const char hint_certificate[] =
	"compare the certificate in the credential with those at the app registration, upload the "
	"right one" THEN_DOCTOR;
static const char hint_renew[] = "make a new certificate, upload it at the app registration, put "
				 "key and certificate into the "
				 "credential" THEN_DOCTOR;
static const char hint_clock[] = "set the clock of this host (NTP)" THEN_DOCTOR;
static const char hint_public[] =
	"the app is confidential at the service: set the key certificate; or register "
	"http://localhost "
	"under Mobile and desktop and allow public client flows" THEN_DOCTOR;
static const char hint_not_public[] =
	"the redirect is registered for public clients: register it under Web, or remove the key "
	"certificate" THEN_DOCTOR;
static const char hint_spa[] = "register the redirect http://localhost under Web or Mobile and "
			       "desktop, never as a single-page "
			       "application, then sign in with 'snapwatch login TENANT'";
static const char hint_again[] = "begin the sign-in again with 'snapwatch login TENANT'";
static const char hint_client[] = "check tenant_id, client_id and the app registration" THEN_DOCTOR;
static const char hint_tenant[] = "check tenant_id" THEN_DOCTOR;
static const char hint_redirect[] =
	"register the redirect http://localhost (under Web when the key certificate is set, else "
	"under Mobile and desktop)";
static const char hint_other_way[] =
	"a policy blocks device codes: sign in with the browser, 'snapwatch login TENANT' without "
	"--device-code";

/* Documented for diagnosis only: words, and how long such a sign-in lives. What is done goes by
 * "error". */
static const struct {
	int number;
	const char *words, *hint;
	enum sign_in_end end;
} numbers[] = {
	{50005, "the platform of the device is not allowed", hint_device, SIGN_IN_END_OTHER},
	{50011, "the redirect address is not registered at the app", hint_redirect,
		SIGN_IN_END_OTHER},
	{50012, "the client assertion was rejected", hint_certificate, SIGN_IN_END_OTHER},
	{50013, "the client assertion was rejected", hint_certificate, SIGN_IN_END_OTHER},
	{50020, "the account is not in this tenant", hint_account, SIGN_IN_END_OTHER},
	{50034, "the account is not in this tenant", hint_account, SIGN_IN_END_OTHER},
	{50053, "the account is locked", hint_enable, SIGN_IN_END_OTHER},
	{50055, "the account's password has expired", hint_password, SIGN_IN_END_OTHER},
	{50057, "the account is disabled", hint_enable, SIGN_IN_END_OTHER},
	{50058, "nobody is signed in", hint_sign_in, SIGN_IN_END_OTHER},
	{50072, "the account must enrol for multi-factor authentication", hint_mfa,
		SIGN_IN_END_OTHER},
	{50074, "strong authentication is required", hint_mfa, SIGN_IN_END_OTHER},
	{50076, "multi-factor authentication is required", hint_mfa, SIGN_IN_END_OTHER},
	{50078, "the multi-factor authentication has expired", hint_mfa, SIGN_IN_END_AGE},
	{50079, "the account must enrol for multi-factor authentication", hint_mfa,
		SIGN_IN_END_OTHER},
	{50089, "the sign-in has expired", hint_sign_in, SIGN_IN_END_AGE},
	{50097, "the device must authenticate", hint_device, SIGN_IN_END_OTHER},
	{50105, "the account is not assigned to the app", hint_assign, SIGN_IN_END_OTHER},
	{50126, "user name or password is wrong", hint_sign_in, SIGN_IN_END_OTHER},
	{50132, "the session is not valid any more (password changed or sessions revoked)",
		hint_sign_in, SIGN_IN_END_OTHER},
	{50133, "the session has expired, or the password was changed", hint_sign_in,
		SIGN_IN_END_OTHER},
	{50134, "the sign-in began at another data centre", hint_again, SIGN_IN_END_OTHER},
	{50140, "the sign-in was interrupted", hint_again, SIGN_IN_END_OTHER},
	{50144, "the account's password has expired", hint_password, SIGN_IN_END_OTHER},
	{50147, "the code challenge is not valid", hint_again, SIGN_IN_END_OTHER},
	{50158, "an outside check asks for more", hint_mfa, SIGN_IN_END_OTHER},
	{50173, "the sign-in was revoked (password changed or sessions revoked)", hint_sign_in,
		SIGN_IN_END_OTHER},
	{50194, "the app is not made for several tenants", hint_client, SIGN_IN_END_OTHER},
	{50196, "the same request was made too often", NULL, SIGN_IN_END_OTHER},
	{53000, "the device is not compliant", hint_device, SIGN_IN_END_OTHER},
	{53001, "the device is not joined", hint_device, SIGN_IN_END_OTHER},
	{53002, "the app is not among those that Conditional Access approves", hint_policy,
		SIGN_IN_END_OTHER},
	{53003, "access is blocked by Conditional Access", hint_policy, SIGN_IN_END_OTHER},
	{53004, "the account must enrol for multi-factor authentication, and is at risk", hint_mfa,
		SIGN_IN_END_OTHER},
	{54005, "the authorization code was used before", hint_again, SIGN_IN_END_OTHER},
	{65001, "consent is missing", hint_consent, SIGN_IN_END_OTHER},
	{65004, "consent was declined", hint_declined, SIGN_IN_END_OTHER},
	{70001, "the app is disabled or not in this tenant", hint_client, SIGN_IN_END_OTHER},
	{70008, "the sign-in has expired or was revoked", hint_sign_in, SIGN_IN_END_OTHER},
	{70011, "a permission that was asked for is not valid", hint_client, SIGN_IN_END_OTHER},
	{70018, "the device code is not known", hint_again, SIGN_IN_END_OTHER},
	{70019, "the device code has expired", hint_again, SIGN_IN_END_OTHER},
	{70021, "no federated credential of the app matches", hint_client, SIGN_IN_END_OTHER},
	{70043, "the sign-in frequency policy asks for a new sign-in", hint_frequency,
		SIGN_IN_END_AGE},
	{90002, "there is no such tenant", hint_tenant, SIGN_IN_END_OTHER},
	{90072, "the account is not in this tenant", hint_account, SIGN_IN_END_OTHER},
	{90094, "an administrator must consent", hint_consent, SIGN_IN_END_OTHER},
	{135010, "the key of the app was not found", hint_certificate, SIGN_IN_END_OTHER},
	{500011, "the service is not known in this tenant", hint_tenant, SIGN_IN_END_OTHER},
	{500133, "the client assertion has expired", hint_clock, SIGN_IN_END_OTHER},
	{500212, "cross-tenant access is blocked", hint_policy, SIGN_IN_END_OTHER},
	{500213, "cross-tenant access is blocked", hint_policy, SIGN_IN_END_OTHER},
	{501481, "the code verifier does not fit", hint_again, SIGN_IN_END_OTHER},
	{501491, "the code challenge is not valid", hint_again, SIGN_IN_END_OTHER},
	{530003, "the device must be managed", hint_device, SIGN_IN_END_OTHER},
	{530033, "Conditional Access blocks device codes", hint_other_way, SIGN_IN_END_OTHER},
	{530034, "the tenant's administrator blocks the sign-in", hint_policy, SIGN_IN_END_OTHER},
	{530035, "security defaults block the sign-in", hint_policy, SIGN_IN_END_OTHER},
	{530036, "Conditional Access blocks the way of signing in", hint_other_way,
		SIGN_IN_END_OTHER},
	{700011, "the app is not in this tenant", hint_client, SIGN_IN_END_OTHER},
	{700016, "the app is not in this tenant", hint_client, SIGN_IN_END_OTHER},
	{700024, "the client assertion is outside of its time", hint_clock, SIGN_IN_END_OTHER},
	{700025, "the app is a public client and takes no certificate", hint_not_public,
		SIGN_IN_END_OTHER},
	{700027, "the client assertion's signature was rejected", hint_certificate,
		SIGN_IN_END_OTHER},
	{700030, "the certificate's subject does not match", hint_certificate, SIGN_IN_END_OTHER},
	{700082, "the refresh token has expired: it was not used for too long", hint_sign_in,
		SIGN_IN_END_IDLE},
	{700084, "the refresh token has expired: it is that of a web page", hint_spa,
		SIGN_IN_END_OTHER},
	{700222, "a token of Entra is no federated credential", hint_client, SIGN_IN_END_OTHER},
	{700226, "only tokens of managed identities are federated credentials", hint_client,
		SIGN_IN_END_OTHER},
	{7000112, "the app is disabled", hint_client, SIGN_IN_END_OTHER},
	{7000215, "the app's secret is wrong", hint_certificate, SIGN_IN_END_OTHER},
	{7000218, "the service wants a certificate", hint_public, SIGN_IN_END_OTHER},
	{7000222, "the app's certificate has expired at the service", hint_renew,
		SIGN_IN_END_OTHER},
};

static const struct {
	const char *error;
	enum auth_outcome outcome;
	bool dead;
	const char *hint;
} errors[] = {
	{"invalid_grant", AUTH_SIGN_IN, true, hint_sign_in},
	{"interaction_required", AUTH_SIGN_IN, true, hint_sign_in},
	{"login_required", AUTH_SIGN_IN, true, hint_sign_in},
	{"consent_required", AUTH_SIGN_IN, true, hint_consent},
	{"invalid_client", AUTH_CONFIG, false, hint_certificate},
	{"unauthorized_client", AUTH_CONFIG, false, hint_client},
	{"invalid_request", AUTH_CONFIG, false, hint_client},
	{"invalid_scope", AUTH_CONFIG, false, hint_client},
	{"invalid_resource", AUTH_CONFIG, false, hint_client},
	{"unsupported_grant_type", AUTH_CONFIG, false, hint_client},
	{"temporarily_unavailable", AUTH_THROTTLED, false, NULL},
	{"server_error", AUTH_NETWORK, false, NULL},
	/* of a browser and of device codes: about this sign-in, not about a grant */
	{"access_denied", AUTH_SIGN_IN, false, hint_declined},
	{"authorization_declined", AUTH_SIGN_IN, false, hint_declined},
	{"expired_token", AUTH_SIGN_IN, false, hint_again},
	{"bad_verification_code", AUTH_SIGN_IN, false, hint_again},
};

/* Where there is no number, or an unknown one. */
static const struct {
	const char *error, *words;
} sayings[] = {
	{"access_denied", "the sign-in was declined"},
	{"authorization_declined", "the sign-in was declined"},
	{"expired_token", "nobody has entered the code while it was good"},
	{"bad_verification_code", "the code is not known"},
};

int64_t auth_renew_after_us(int64_t lifetime_us)
{
	if (lifetime_us >= 2 * USEC_PER_HOUR || lifetime_us <= 10 * USEC_PER_MIN)
		return lifetime_us / 2;
	return lifetime_us - 5 * USEC_PER_MIN;
}

/* --- granted -----------------------------------------------------------------------------------
 */

struct grant_scan {
	const char *text;
	struct auth_reply *reply;
};

static bool is_key(const struct grant_scan *g, struct json_span key, const char *name)
{
	return key.len == strlen(name) && memcmp(g->text + key.off, name, key.len) == 0;
}

/*
 * Tokens are ASCII without blanks and go into a header: anything else is no token. "\/" is the one
 * escape that writers of JSON like to put into such text.
 */
static int read_token(const char *text, size_t len, struct secret **ret)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT_SECRET(LIMIT_SECRET_BYTES);

	if (*ret || len < 2 || text[0] != '"') /* twice is not once */
		return JSON_E_SYNTAX;
	for (size_t i = 1; i + 1 < len; i++) {
		if (text[i] == '\\' && text[i + 1] == '/')
			continue;
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '\\')
			return JSON_E_SYNTAX;
		buf_putc(&out, text[i]);
	}
	if (buf_error(&out) || out.len == 0)
		return JSON_E_SYNTAX;
	return secret_new(out.data, out.len, ret);
}

/*
 * Names of permissions, with blanks between them. What is there but cannot be read is one that
 * nobody knows: to take it for "not said" would be to take it for "as asked".
 */
static int read_scopes(const char *text, size_t len, char **ret)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(LIMIT_SCOPE_TEXT_BYTES);
	bool readable = !*ret && len >= 2 && text[0] == '"';

	for (size_t i = 1; readable && i + 1 < len; i++) {
		if (text[i] == '\\' && text[i + 1] == '/')
			continue;
		readable = text[i] >= ' ' && text[i] <= '~' && text[i] != '\\';
		buf_putc(&out, text[i]);
	}
	free(*ret);
	*ret = NULL;
	if (!readable || buf_error(&out) == -EFBIG)
		return text_copy("(unreadable)", ret);
	*ret = buf_take(&out);
	return *ret ? 0 : -ENOMEM;
}

/* A number, or the same as text as some endpoints of the platform send it. */
static void read_lifetime(const char *text, size_t len, int64_t *ret_us)
{
	char digits[24];
	uint64_t seconds;
	bool quoted = len >= 2 && text[0] == '"';
	size_t n = quoted ? len - 2 : len;

	if (n >= sizeof(digits))
		return;
	memcpy(digits, text + (quoted ? 1 : 0), n);
	digits[n] = '\0';
	if (parse_u64(digits, 1, (uint64_t)(LIFETIME_MOST_US / USEC_PER_SEC), &seconds) == 0)
		*ret_us = (int64_t)seconds * USEC_PER_SEC;
}

static int on_member(void *arg, struct json_span key, struct json_span value)
{
	struct grant_scan *g = arg;
	const char *text = g->text + value.off;

	if (is_key(g, key, "access_token"))
		return read_token(text, value.len, &g->reply->access);
	if (is_key(g, key, "refresh_token"))
		return read_token(text, value.len, &g->reply->refresh);
	if (is_key(g, key, "expires_in"))
		read_lifetime(text, value.len, &g->reply->lifetime_us);
	if (is_key(g, key, "scope"))
		return read_scopes(text, value.len, &g->reply->scopes);
	/* who signed in is asked at a sign-in only: a strange one spoils no renewal */
	if (is_key(g, key, "id_token"))
		return read_token(text, value.len, &g->reply->id_token) == -ENOMEM ? -ENOMEM : 0;
	return 0;
}

static void fail(struct auth_reply *r, enum auth_outcome outcome, int64_t hold_us, const char *text)
{
	r->outcome = outcome;
	r->hold_us = hold_us;
	buf_puts(&r->text, text);
}

static void free_grant(struct auth_reply *r)
{
	r->access = secret_free(r->access);
	r->refresh = secret_free(r->refresh);
	r->id_token = secret_free(r->id_token);
	free(r->scopes);
	r->scopes = NULL;
}

static void read_grant(const struct buf *body, struct auth_reply *reply)
{
	struct grant_scan g = {.text = buf_text(body), .reply = reply};
	struct json_scan_ops ops = {.member = on_member};

	reply->lifetime_us = LIFETIME_UNKNOWN_US;
	int r = json_scan(g.text, body->len, LIMIT_JSON_DEPTH, &ops, &g);
	if (r == 0 && reply->access) {
		reply->outcome = AUTH_OK;
		return;
	}
	free_grant(reply);
	fail(reply, AUTH_NETWORK, HOLD_BUSY_US,
		"the token endpoint answered with something that holds no token");
}

/* --- refused -----------------------------------------------------------------------------------
 */

static int number_in(const char *description)
{
	const char *at = strstr(description, "AADSTS");
	int number = 0;

	for (at = at ? at + strlen("AADSTS") : ""; *at >= '0' && *at <= '9'; at++)
		number = number < 9999999 ? number * 10 + (*at - '0') : number;
	return number;
}

/* error_codes is documented for diagnosis; the description begins with the same number. */
static int read_number(const struct json *root)
{
	const struct json *codes = json_member(root, "error_codes");
	int number = 0;

	if (!codes)
		return number_in(json_string_or(root, "error_description", ""));
	if (json_first(codes) && json_type(json_first(codes)) == JSON_TYPE_NUMBER) {
		struct buf text = BUF_INIT(64);
		uint64_t n;

		json_append_canonical(&text, json_first(codes));
		if (parse_u64(buf_text(&text), 1, 99999999, &n) == 0)
			number = (int)n;
		buf_done(&text);
	}
	return number;
}

static void describe(const char *error, const char *trace, struct auth_reply *reply)
{
	struct buf visible = BUF_INIT(8 * LIMIT_TOKEN_REPLY_BYTES);
	const char *words = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sayings); i++)
		if (strcmp(sayings[i].error, error) == 0)
			words = sayings[i].words;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (numbers[i].number != reply->number)
			continue;
		words = numbers[i].words;
		reply->hint = numbers[i].hint;
		reply->end = numbers[i].end;
	}
	if (words)
		buf_printf(&reply->text, "%s (", words);
	text_append_visible(&visible, error, strlen(error));
	text_append_fitted(&reply->text, buf_text(&visible), CODE_COLUMNS, false);
	if (reply->number)
		buf_printf(&reply->text, ", AADSTS%d", reply->number);
	buf_reset(&visible);
	text_append_visible(&visible, trace, strlen(trace));
	if (*trace) {
		buf_puts(&reply->text, ", trace id ");
		text_append_fitted(&reply->text, buf_text(&visible), CODE_COLUMNS, false);
	}
	if (words)
		buf_putc(&reply->text, ')');
	buf_done(&visible);
}

static void judge_error(const char *error, int number, const char *trace, struct auth_reply *reply)
{
	reply->outcome = AUTH_CONFIG;
	reply->hint = hint_client;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (strcmp(errors[i].error, error) != 0)
			continue;
		reply->outcome = errors[i].outcome;
		reply->dead = errors[i].dead;
		reply->hint = errors[i].hint;
	}
	reply->hold_us = HOLD_REFUSED_US;
	reply->number = number;
	if (text_into(reply->error, sizeof(reply->error), error) < 0)
		reply->error[0] = '\0';
	describe(error, trace, reply);
	if (reply->number == 50196) { /* said with invalid_grant, but the grant is good */
		reply->outcome = AUTH_THROTTLED;
		reply->dead = false;
		reply->hold_us = HOLD_LOOP_US;
	}
}

static bool read_error(const struct http_result *result, struct auth_reply *reply)
{
	_cleanup_(json_freep) struct json *root = NULL;
	const char *error;

	if (json_parse(buf_text(&result->body), result->body.len, LIMIT_JSON_DEPTH, &root) != 0 ||
		json_get_string(root, "error", &error) != JSON_GET_OK || !*error)
		return false;
	judge_error(error, read_number(root), json_string_or(root, "trace_id", ""), reply);
	return true;
}

static void read_refusal(const struct http_result *result, struct auth_reply *reply)
{
	int64_t now_us = result->date_us != TIME_NONE ? result->date_us : result->wall_us;
	int64_t asked_us = retry_after_parse(result->retry_after, now_us);
	bool known = read_error(result, reply);

	if (!known) {
		buf_printf(&reply->text, "the token endpoint answered HTTP %ld", result->status);
		reply->outcome = AUTH_CONFIG;
		reply->hold_us = HOLD_REFUSED_US;
		reply->hint = "check authority, tenant_id and proxy" THEN_DOCTOR;
	}
	/* whatever the body says: a server that is busy has not judged the grant */
	if (result->status == 429 || result->status >= 500) {
		reply->outcome = result->status == 429 || result->status == 503 ? AUTH_THROTTLED
										: AUTH_NETWORK;
		reply->dead = false;
		reply->hint = NULL;
	}
	if (reply->outcome == AUTH_THROTTLED || reply->outcome == AUTH_NETWORK) {
		if (reply->number != 50196)
			reply->hold_us = HOLD_BUSY_US;
		if (asked_us != TIME_NONE && asked_us > reply->hold_us)
			reply->hold_us = asked_us;
	}
}

static void read_failure(const struct http_result *result, struct auth_reply *reply)
{
	buf_puts(&reply->text, "the token endpoint: ");
	text_append_visible(&reply->text, result->error_text, strlen(result->error_text));
	if (result->error == HTTP_E_TLS) {
		reply->outcome = AUTH_CONFIG;
		reply->hold_us = HOLD_REFUSED_US;
		reply->hint =
			"check authority, ca_file, proxy and the clock of this host" THEN_DOCTOR;
	} else {
		reply->outcome = AUTH_NETWORK;
		reply->hold_us = 0; /* nobody was asked; whoever retries has waited */
	}
}

void auth_reply_read(const struct http_result *result, struct auth_reply *ret)
{
	*ret = (struct auth_reply){.text = BUF_INIT_SURE(TEXT_BYTES)};
	if (result->error != HTTP_OK)
		read_failure(result, ret);
	else if (result->status >= 200 && result->status < 300)
		read_grant(&result->body, ret);
	else
		read_refusal(result, ret);
}

void auth_reply_error(const char *error, const char *description, struct auth_reply *ret)
{
	*ret = (struct auth_reply){.text = BUF_INIT_SURE(TEXT_BYTES)};
	judge_error(error, number_in(description), "", ret);
}

size_t auth_reply_hint_new(const char *hint)
{
	const char *kept = strstr(hint, THEN_DOCTOR);

	return kept ? (size_t)(kept - hint) : strlen(hint);
}

void auth_reply_done(struct auth_reply *reply)
{
	free_grant(reply);
	buf_done(&reply->text);
}
