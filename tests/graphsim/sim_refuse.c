/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why somebody is not signed in: the numbers of the Microsoft identity platform with their error
 * names and sentences, the words that scenarios have for them, and the refusals that hold now.
 */
#include <errno.h>
#include <string.h>

#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "common/base/timefmt.h"
#include "tests/graphsim/sim_sign_in.h"

/* What a refusal has beside error and text. */
enum extra {
	STAYS = 1,   /* a browser shows it on a page of the service and never comes back */
	CLAIMS = 2,  /* "claims": what a policy wants, JSON in a string */
	CONSENT = 4, /* these are "suberror" */
	BASIC = 8,
	MESSAGE = 16,
};

struct refusal {
	int number; /* AADSTS */
	int status;
	const char *error, *text;
	unsigned extra;
	const char *word; /* in scenarios; may be NULL */
};

/* The first one is for numbers that are not here. */
static const struct refusal refusals[] = {
	{50013, 401, "invalid_client", "Assertion failed signature validation.", 0,
		"assertion-wrong"},
	{50011, 400, "invalid_request",
		"The redirect URI specified in the request does not match the redirect URIs "
		"configured for the application.",
		STAYS, "redirect-wrong"},
	{50020, 400, "invalid_request",
		"User account from identity provider does not exist in tenant and cannot access "
		"the application in that tenant.",
		STAYS, "user-not-in-tenant"},
	{50055, 400, "invalid_grant", "The password is expired.", STAYS, "password-expired"},
	{50057, 400, "invalid_grant", "The user account is disabled.", STAYS, "disabled"},
	{50058, 400, "login_required",
		"A silent sign-in request was sent but no user is signed in.", 0, NULL},
	{50074, 400, "invalid_grant", "Strong Authentication is required.", BASIC, NULL},
	{50076, 400, "invalid_grant",
		"Due to a configuration change made by your administrator, or because you moved "
		"to a new location, you must use multi-factor authentication to access "
		"'00000003-0000-0000-c000-000000000000'.",
		BASIC | CLAIMS, "mfa"},
	{50078, 400, "invalid_grant",
		"Presented multi-factor authentication has expired due to policies configured by "
		"your administrator, you must refresh your multi-factor authentication.",
		BASIC, "mfa-expired"},
	{50079, 400, "invalid_grant",
		"Due to a configuration change made by your administrator, or because you moved "
		"to a new location, you must enroll in multi-factor authentication.",
		BASIC, "mfa-enrol"},
	{50105, 400, "invalid_grant",
		"Your administrator has configured the application to block users unless they are "
		"specifically granted ('assigned') access to the application.",
		STAYS, "not-assigned"},
	{50134, 400, "invalid_grant",
		"Wrong data center. To authorize a request that was initiated by an app in the "
		"OAuth 2.0 device flow the authorizing party must be in the same data center where "
		"the original request resides.",
		0, "wrong-datacenter"},
	{50147, 400, "invalid_request", "Invalid size of Code_Challenge parameter.", 0, NULL},
	{50173, 400, "invalid_grant",
		"The provided grant has expired due to it being revoked, a fresh auth token is "
		"needed. The user might have changed or reset their password.",
		0, "password-changed"},
	{50194, 400, "unauthorized_client",
		"Application is not configured as a multi-tenant application.", STAYS,
		"not-multitenant"},
	{50196, 400, "invalid_grant",
		"The server terminated an operation because it encountered a client request loop. "
		"Please contact your app vendor.",
		0, "loop"},
	{500112, 400, "invalid_client",
		"The reply address does not match the reply address provided when requesting "
		"Authorization code.",
		0, NULL},
	{501481, 400, "invalid_grant",
		"The Code_Verifier does not match the code_challenge supplied in the "
		"authorization request.",
		0, NULL},
	{501491, 400, "invalid_request",
		"Invalid Code_Challenge parameter: only the characters of base64url are allowed.",
		0, NULL},
	{53000, 400, "invalid_grant",
		"Device is not in required device state: unmanaged. Conditional Access policy "
		"requires a compliant device.",
		STAYS | CLAIMS | MESSAGE, "device-not-compliant"},
	{53001, 400, "invalid_grant", "Device is not in required device state: domain_joined.",
		STAYS | CLAIMS | MESSAGE, "device-not-joined"},
	{53003, 400, "invalid_grant",
		"Access has been blocked by Conditional Access policies. The access policy does "
		"not allow token issuance.",
		STAYS | CLAIMS | MESSAGE, "conditional-access"},
	{530035, 400, "invalid_grant", "Access has been blocked by security defaults.",
		STAYS | MESSAGE, "security-defaults"},
	{54005, 400, "invalid_grant",
		"OAuth2 Authorization code was already redeemed, please retry with a new valid "
		"code or use an existing refresh token.",
		0, NULL},
	{65001, 400, "invalid_grant",
		"The user or administrator has not consented to use the application.", CONSENT,
		"consent"},
	{65004, 400, "access_denied", "User declined to consent to access the app.", 0,
		"consent-declined"},
	{70000, 400, "invalid_grant", "Provided grant is invalid or malformed.", 0, "malformed"},
	{70008, 400, "invalid_grant",
		"The provided authorization code or refresh token has expired due to inactivity. "
		"Send a new interactive authorization request for this user and resource.",
		0, "expired"},
	{70016, 400, "authorization_pending",
		"OAuth 2.0 device flow error. Authorization is pending. Continue polling.", 0,
		NULL},
	{70018, 400, "bad_verification_code", "Invalid verification code.", 0, NULL},
	{70019, 400, "expired_token", "Verification code expired.", 0, NULL},
	{70043, 400, "invalid_grant",
		"The refresh token has expired or is invalid due to sign-in frequency checks by "
		"conditional access.",
		0, "frequency"},
	{700016, 400, "unauthorized_client", "Application was not found in the directory.", STAYS,
		"application-missing"},
	{7000112, 400, "unauthorized_client", "Application is disabled.", STAYS,
		"application-disabled"},
	{700024, 401, "invalid_client", "Client assertion is not within its valid time range.", 0,
		"clock"},
	{700025, 401, "invalid_client",
		"Client is public so neither 'client_assertion' nor 'client_secret' should be "
		"presented.",
		0, NULL},
	{700027, 401, "invalid_client", "Client assertion failed signature validation.", 0,
		"certificate-wrong"},
	{700030, 401, "invalid_client",
		"Invalid certificate - subject name in certificate is not authorized.", 0, NULL},
	{70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type.", 0,
		NULL},
	{70011, 400, "invalid_scope",
		"The provided value for the input parameter 'scope' is not valid.", 0, NULL},
	{700082, 400, "invalid_grant", "The refresh token has expired due to inactivity.", 0,
		"inactive"},
	{700084, 400, "invalid_grant",
		"The refresh token was issued to a single page app (SPA), and therefore has a "
		"fixed, "
		"limited lifetime of 1.00:00:00, which can't be extended.",
		0, NULL},
	{7000218, 401, "invalid_client",
		"The request body must contain the following parameter: 'client_assertion' or "
		"'client_secret'.",
		0, NULL},
	{7000222, 401, "invalid_client",
		"The provided client secret or certificate keys for the app are expired.", 0,
		"certificate-expired"},
	{900144, 400, "invalid_request", "The request body must contain all required parameters.",
		0, NULL},
	{90002, 400, "invalid_request",
		"Tenant not found. Check to make sure you have the correct tenant ID.", STAYS,
		"tenant-missing"},
	{9002327, 400, "invalid_request",
		"Tokens issued for the 'Single-Page Application' client-type may only be redeemed "
		"via cross-origin requests.",
		0, NULL},
	{90023, 400, "invalid_request", "Invalid request.", 0, NULL},
	{90033, 503, "temporarily_unavailable", "A transient error has occurred. Please try again.",
		0, "unavailable"},
	{90055, 429, "temporarily_unavailable", "There are too many incoming requests.", 0,
		"throttled"},
	{90006, 500, "server_error", "External server retryable error.", 0, "server-error"},
};

static const struct refusal *find(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].number == number)
			return &refusals[i];
	return refusals;
}

const char *sim_refusal_error(int number)
{
	return find(number)->error;
}

const char *sim_refusal_text(int number)
{
	return find(number)->text;
}

bool sim_refusal_stays(int number)
{
	return find(number)->extra & STAYS;
}

/* --- the answer of the token endpoint ------------------------------------------------------------
 */

static void put_trace(struct sim_ctx *c, struct jsonw *w, const struct refusal *r)
{
	char trace[SIM_GUID_SIZE], stamp[TIME_TEXT_SIZE];
	_cleanup_(freep) char *text = NULL;

	(void)sim_guid(sim_mix(sim_serial(c->s), 9), trace);
	(void)time_format(c->now_us - c->now_us % USEC_PER_SEC, stamp);
	stamp[10] = ' '; /* "2026-11-16 00:00:00Z" */
	text = sim_printf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", r->number,
		r->text, trace, c->request_id, stamp);
	jsonw_kv_string(w, "error_description", text);
	jsonw_key(w, "error_codes");
	jsonw_array(w);
	jsonw_int(w, r->number);
	jsonw_array_end(w);
	jsonw_kv_string(w, "timestamp", stamp);
	jsonw_kv_string(w, "trace_id", trace);
	jsonw_kv_string(w, "correlation_id", c->request_id);
}

static void put_extra(struct jsonw *w, unsigned extra)
{
	/* as documented: JSON in a string, with the name of a member of good answers in it */
	if (extra & CLAIMS)
		jsonw_kv_string(w, "claims",
			"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":["
			"\"9ab03e19-ed42-4168-b6b7-7001fb3e933a\"]}}}");
	jsonw_kv_string(w, "suberror",
		extra & CONSENT	  ? "consent_required"
		: extra & BASIC	  ? "basic_action"
		: extra & MESSAGE ? "message_only"
				  : NULL);
}

void sim_token_refuse(struct sim_ctx *c, int number)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	const struct refusal *r = find(number == SIM_SLOW_DOWN ? 70016 : number);
	const char *error = number == SIM_SLOW_DOWN ? "slow_down" : r->error;

	if (number == 65004 &&
		sim_switch(c->s, c->tenant, SIM_SW_DECLINED) == SIM_DECLINED_DOCUMENTED)
		error = "authorization_declined";
	sim_reply(c, r->status, "application/json; charset=utf-8");
	if (c->retry_after)
		sim_reply_header(c, "Retry-After", c->retry_after);
	jsonw_object(&w);
	jsonw_kv_string(&w, "error", error);
	put_trace(c, &w, r);
	_cleanup_(freep) char *uri =
		sim_printf("https://login.microsoftonline.com/error?code=%d", r->number);
	jsonw_kv_string(&w, "error_uri", uri);
	put_extra(&w, r->extra);
	jsonw_object_end(&w);
}

/* --- what is refused now -------------------------------------------------------------------------
 */

int sim_refused(struct sim_ctx *c, unsigned parts, const struct sim_user *user)
{
	const struct sim_sign_in *in = c->tenant->sign_in;

	for (size_t i = 0; i < in->n_refused; i++) {
		const struct sim_refused *r = &in->refused[i];

		if (!(r->parts & parts) || (r->user && r->user != user) ||
			(r->until_us != TIME_NONE && c->now_us >= r->until_us))
			continue;
		c->retry_after = r->retry_after;
		return r->number;
	}
	return user && user->disabled ? 50057 : 0;
}

static int read_number(struct sim_cmd *c, const char *word, int *ret)
{
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (!refusals[i].word || strcmp(refusals[i].word, word) != 0)
			continue;
		*ret = refusals[i].number;
		return 0;
	}
	if (parse_u64(word, 1, INT32_MAX, &number) < 0 ||
		find((int)number)->number != (int)number) {
		(void)sim_cmd_error(c, "'%s' is no reason; there are numbers, and:", word);
		for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
			if (refusals[i].word)
				buf_printf(c->error, " %s", refusals[i].word);
		return -EINVAL;
	}
	*ret = (int)number;
	return 0;
}

static int read_parts(struct sim_cmd *c, unsigned *ret)
{
	static const struct {
		const char *name;
		unsigned parts;
	} names[] = {
		{"authorize", SIM_PART_AUTHORIZE},
		{"code", SIM_PART_CODE},
		{"device", SIM_PART_DEVICE},
		{"refresh", SIM_PART_REFRESH},
		{"app", SIM_PART_APP},
		{"users", SIM_PART_CODE | SIM_PART_DEVICE | SIM_PART_REFRESH},
		{"tokens", SIM_PART_CODE | SIM_PART_DEVICE | SIM_PART_REFRESH | SIM_PART_APP},
	};
	const char *text = sim_word_option(c->w, c->i, "for", "tokens");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, text) == 0) {
			*ret = names[i].parts;
			return 0;
		}
	}
	return sim_cmd_error(
		c, "for=%s: authorize, code, device, refresh, app, users or tokens", text);
}

int sim_verb_refuse(struct sim_cmd *c)
{
	static const char *const keys[] = {"until", "for", "user", "retry_after", NULL};
	const char *until = sim_word_option(c->w, c->i, "until", NULL);
	const char *retry_after = sim_word_option(c->w, c->i, "retry_after", NULL);
	const char *word = sim_cmd_word(c);
	struct sim_sign_in *in = c->tenant->sign_in;
	struct sim_refused r = {.until_us = TIME_NONE};

	if (!word)
		return sim_cmd_error(c, "refuse REASON [until=TIME] [for=PART] [user=NAME]");
	if (sim_cmd_keys(c, keys) < 0 || read_number(c, word, &r.number) < 0 ||
		read_parts(c, &r.parts) < 0 || sim_cmd_user(c, c->tenant, "user", &r.user) < 0)
		return -EINVAL;
	if (until && sim_time(c->s, until, &r.until_us) < 0)
		return sim_cmd_error(c, "until=%s: not a time", until);
	r.retry_after = retry_after ? sim_strdup(retry_after) : NULL;
	*(struct sim_refused *)sim_grow(&in->refused, &in->n_refused, sizeof(r)) = r;
	return 0;
}

/* All refusals end, or all for one reason. */
int sim_verb_accept(struct sim_cmd *c)
{
	const char *word = sim_cmd_word(c);
	struct sim_sign_in *in = c->tenant->sign_in;
	size_t left = 0;
	int number = 0;

	if (word && read_number(c, word, &number) < 0)
		return -EINVAL;
	for (size_t i = 0; i < in->n_refused; i++) {
		if (word && in->refused[i].number != number)
			in->refused[left++] = in->refused[i];
		else
			free(in->refused[i].retry_after);
	}
	if (left == in->n_refused)
		return sim_cmd_error(
			c, "nothing was refused%s%s", word ? " for " : "", word ? word : "");
	in->n_refused = left;
	return 0;
}
