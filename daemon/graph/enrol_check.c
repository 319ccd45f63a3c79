/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/graph/enrol_check.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/base/text.h"
#include "common/model/sign_in_scope.h"

/* An escape is at most four times what it stands for; remarks come on top. */
#define WORDS_BYTES (8 * LIMIT_SCOPE_TEXT_BYTES)
/* Template ids, which are the same in every tenant, of the roles that Entra calls privileged and
 * that have no business here. */
static const struct {
	const char *id, *name;
} roles[] = {
	{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
	{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"},
	{"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator"},
	{"c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator"},
	{"194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator"},
	{"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator"},
	{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"},
	{"158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"},
	{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"},
	{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator"},
	{"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator"},
	{"3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator"},
	{"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"},
	{"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator"},
	{"be2f45a1-457d-42af-a067-6ec1fa63bc45", "External Identity Provider Administrator"},
	{"8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator"},
};

void enrol_scopes_wanted(const struct conf_tenant *t, struct buf *out)
{
	/* without "profile" an id token has neither preferred_username nor oid */
	buf_printf(out, "%s profile", sign_in_scope_request(t->attribution));
}

/* --- permissions --------------------------------------------------------------------------------
 */

static const char *danger_of(const char *name, size_t len)
{
	static const char recovery[] = "EntraBackup.ReadWrite.Recovery";

	if (len == strlen(recovery) && strncasecmp(name, recovery, len) == 0)
		return " (it could start a recovery)";
	return sign_in_scope_writes(name, len) ? " (it could change the directory)" : "";
}

/* Each by name, with what it could do. */
static void describe_extra(const char *names, struct buf *out)
{
	while (*names) {
		size_t len = strcspn(names, " ");

		buf_puts(out, out->len ? ", " : "");
		text_append_visible(out, names, len);
		buf_puts(out, danger_of(names, len));
		names += len + (names[len] == ' ');
	}
}

static void check_missing(
	const struct conf_tenant *wanted, const char *missing, struct enrol_verdict *v)
{
	buf_printf(&v->faults, "the sign-in lacks %s\n", missing);
	if (v->hint.len == 0)
		buf_printf(&v->hint,
			"add %s to the app registration (API permissions, Microsoft Graph, "
			"delegated), grant admin consent, then: snapwatch login %s",
			missing, wanted->name);
}

static void check_extra(
	const struct conf_tenant *wanted, const char *extra, bool allow, struct enrol_verdict *v)
{
	struct buf *out = allow ? &v->warnings : &v->faults;
	struct buf words = BUF_INIT(WORDS_BYTES);

	describe_extra(extra, &words);
	buf_printf(
		out, "the sign-in was granted more than the daemon needs: %s\n", buf_text(&words));
	if (buf_error(&words))
		out->error = buf_error(&words);
	buf_done(&words);
	if (!allow && v->hint.len == 0)
		buf_printf(&v->hint,
			"remove that from the app registration and from its consent in this "
			"tenant, then: snapwatch login %s; or, if it is meant: snapwatch login %s "
			"--allow-extra-scopes",
			wanted->name, wanted->name);
}

static int check_scopes(const struct conf_tenant *wanted, const struct enrol_granted *granted,
	struct enrol_verdict *v)
{
	_cleanup_(buf_done) struct buf missing = BUF_INIT(LIMIT_NAME_BYTES);
	_cleanup_(buf_done) struct buf extra = BUF_INIT(LIMIT_SCOPE_TEXT_BYTES);

	(void)sign_in_scope_compare(granted->scopes, wanted->attribution, &missing, &extra);
	if (missing.len)
		check_missing(wanted, buf_text(&missing), v);
	if (extra.len)
		check_extra(wanted, buf_text(&extra), granted->allow_extra, v);
	return buf_error(&missing) ? buf_error(&missing) : buf_error(&extra);
}

/* --- who ----------------------------------------------------------------------------------------
 */

/* "'anna@contoso.com' (1f...)": the name can be changed, the id cannot. */
static void append_who(const struct id_token *who, struct buf *out)
{
	const char *name = who->username ? who->username : who->object_id;

	if (!name) {
		buf_puts(out, "somebody without a name");
		return;
	}
	buf_putc(out, '\'');
	text_append_visible(out, name, strlen(name));
	buf_putc(out, '\'');
	if (who->username && who->object_id) {
		buf_puts(out, " (");
		text_append_visible(out, who->object_id, strlen(who->object_id));
		buf_putc(out, ')');
	}
}

static bool same(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static void check_identity(const struct conf_tenant *wanted, const struct id_token *who,
	const char *shown, struct enrol_verdict *v)
{
	uint8_t guid[16];
	bool by_id = parse_guid(wanted->account, guid) == 0;

	if (text_empty(wanted->account)) {
		buf_printf(&v->warnings,
			"you signed in as %s; set the key account to that, so that nobody else is "
			"signed in by mistake\n",
			shown);
		return;
	}
	if (same(by_id ? who->object_id : who->username, wanted->account))
		return;
	buf_printf(&v->faults, "you signed in as %s, this tenant's account is '%s'\n", shown,
		wanted->account);
	buf_printf(&v->hint,
		"sign in as '%s' (a private window of the browser knows nobody else), or change "
		"the key account; then: snapwatch login %s",
		wanted->account, wanted->name);
}

/* idp names where an account is at home, when that is not the issuer. */
static bool is_guest(const struct conf_tenant *wanted, const struct id_token *who)
{
	if (who->guest >= 0)
		return who->guest == 1;
	return who->home && !strcasestr(who->home, wanted->tenant_id) &&
	       !same(who->home, who->issuer);
}

static bool has_role(const struct id_token *who, const char *id)
{
	for (size_t i = 0; i < who->n_roles; i++)
		if (strcasecmp(who->roles[i], id) == 0)
			return true;
	return false;
}

static void warn_of(const struct conf_tenant *wanted, const struct id_token *who, const char *shown,
	struct enrol_verdict *v)
{
	if (is_guest(wanted, who))
		buf_printf(&v->warnings,
			"%s is a guest: the tenant where it is at home can end this sign-in, and "
			"its policies apply too\n",
			shown);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (has_role(who, roles[i].id))
			buf_printf(&v->warnings, "%s is %s; Entra Backup Administrator is enough\n",
				shown, roles[i].name);
}

/* --- the verdict --------------------------------------------------------------------------------
 */

void enrol_verdict_done(struct enrol_verdict *v)
{
	buf_done(&v->faults);
	buf_done(&v->hint);
	buf_done(&v->warnings);
}

int enrol_check(const struct conf_tenant *wanted, const struct enrol_granted *granted,
	struct enrol_verdict *ret)
{
	_cleanup_(buf_done) struct buf shown = BUF_INIT(8 * LIMIT_NAME_BYTES);

	*ret = (struct enrol_verdict){
		.faults = BUF_INIT(2 * WORDS_BYTES),
		.hint = BUF_INIT(WORDS_BYTES),
		.warnings = BUF_INIT(4 * WORDS_BYTES),
	};
	append_who(granted->who, &shown);
	check_identity(wanted, granted->who, buf_text(&shown), ret);
	int r = check_scopes(wanted, granted, ret);
	warn_of(wanted, granted->who, buf_text(&shown), ret);
	if (r < 0 || buf_error(&shown) || buf_error(&ret->faults) || buf_error(&ret->hint) ||
		buf_error(&ret->warnings))
		return -ENOMEM;
	return 0;
}
