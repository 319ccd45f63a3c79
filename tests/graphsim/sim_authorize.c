/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization endpoint: checks what the client asks for, lets somebody sign in (a form, or
 * nobody where a scenario says so) and sends the browser back to the client.
 */
#include <errno.h>
#include <string.h>

#include "tests/graphsim/sim_sign_in.h"

/* base64url of a SHA-256 */
#define CHALLENGE_LENGTH 43u

static char *query_get(const struct sim_ctx *c, const char *key)
{
	return sim_form_get(c->query, strlen(c->query), key);
}

/* --- redirects -----------------------------------------------------------------------------------
 */

/* What follows scheme, host and port; ret_host is how long scheme and host are. */
static const char *after_port(const char *uri, size_t *ret_host)
{
	const char *host = strstr(uri, "://");

	host = host ? host + 3 : uri;
	*ret_host = (size_t)(host - uri) + strcspn(host, ":/?#");
	const char *rest = uri + *ret_host;
	return rest + (*rest == ':' ? 1 + strspn(rest + 1, "0123456789") : 0);
}

/* The port does not matter, everything else does to the letter. */
static bool redirect_fits(const char *registered, const char *uri)
{
	size_t registered_host, host;
	const char *registered_path = after_port(registered, &registered_host);
	const char *path = after_port(uri, &host);

	if (strcmp(registered, uri) == 0)
		return true;
	return strncmp(uri, "http://", 7) == 0 && host == registered_host &&
	       strncmp(registered, uri, host) == 0 && strcmp(registered_path, path) == 0;
}

static bool find_redirect(const struct sim_tenant *t, const char *uri, enum sim_platform *ret)
{
	const struct sim_sign_in *in = t->sign_in;

	if (in->n_redirects == 0) {
		*ret = t->n_certificates ? SIM_PLATFORM_WEB : SIM_PLATFORM_PUBLIC;
		return redirect_fits("http://localhost", uri);
	}
	for (size_t i = 0; i < in->n_redirects; i++) {
		if (!redirect_fits(in->redirects[i].uri, uri))
			continue;
		*ret = in->redirects[i].platform;
		return true;
	}
	return false;
}

/* Where the browser goes: one that was registered without a path gets a slash. */
static char *answer_address(const char *uri)
{
	size_t host;

	return sim_printf("%s%s", uri, *after_port(uri, &host) ? "" : "/");
}

static void add_parameter(struct buf *to, const char *name, const char *value)
{
	buf_printf(to, "%c%s=", strchr(buf_text(to), '?') ? '&' : '?', name);
	sim_percent_encode(to, value);
}

static void send_back(struct sim_ctx *c, struct buf *to)
{
	sim_reply(c, 302, "text/html; charset=utf-8");
	sim_reply_header(c, "Location", buf_text(to));
	buf_done(to);
}

static void send_error(struct sim_ctx *c, const struct sim_grant *g, const char *error, int number)
{
	struct buf to = BUF_INIT(SIM_LINE_MAX);
	_cleanup_(freep) char *text = sim_printf("AADSTS%d: %s", number, sim_refusal_text(number));

	buf_puts(&to, g->answer_to);
	add_parameter(&to, "error", error);
	add_parameter(&to, "error_description", text);
	if (g->client_state)
		add_parameter(&to, "state", g->client_state);
	send_back(c, &to);
}

static void refuse(struct sim_ctx *c, const struct sim_grant *g, int number)
{
	const char *error = sim_refusal_error(number);

	/* names of the token endpoint have others here */
	if (number == 65001)
		error = "consent_required";
	else if (strcmp(error, "invalid_grant") == 0)
		error = "interaction_required";
	if (sim_refusal_stays(number))
		sim_html_refusal(c, number);
	else
		send_error(c, g, error, number);
}

static void finish(struct sim_ctx *c, struct sim_grant *g, const struct sim_user *user)
{
	struct buf to = BUF_INIT(SIM_LINE_MAX);
	char session[SIM_GUID_SIZE];
	int number = sim_refused(c, SIM_PART_AUTHORIZE, user);

	if (number != 0) {
		refuse(c, g, number);
		return;
	}
	sim_grant_decide(c->s, g, SIM_GRANT_APPROVED, user);
	buf_puts(&to, g->answer_to);
	add_parameter(&to, "code", g->text);
	if (g->client_state)
		add_parameter(&to, "state", g->client_state);
	add_parameter(&to, "session_state", sim_guid(sim_mix(3, sim_serial(c->s)), session));
	send_back(c, &to);
}

/* --- what is asked -------------------------------------------------------------------------------
 */

static int check_challenge(struct sim_ctx *c, const struct sim_grant *g)
{
	_cleanup_(freep) char *method = query_get(c, "code_challenge_method");

	if (!g->challenge) {
		sim_violate(c->s, "tenant %s: authorize without PKCE", c->tenant->name);
		return 0;
	}
	if (!method || strcmp(method, "S256") != 0) {
		sim_violate(c->s, "tenant %s: code_challenge_method is '%s'", c->tenant->name,
			method ? method : "");
		return 90023;
	}
	if (strlen(g->challenge) != CHALLENGE_LENGTH)
		return 50147;
	return strspn(g->challenge, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-_") == CHALLENGE_LENGTH
		       ? 0
		       : 501491;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static int check_modes(struct sim_ctx *c)
{
	static const char *const prompts[] = {
		"", "login", "none", "consent", "select_account", NULL};
	_cleanup_(freep) char *mode = query_get(c, "response_mode");
	_cleanup_(freep) char *prompt = query_get(c, "prompt");
	_cleanup_(freep) char *claims = query_get(c, "claims");

	if (mode && strcmp(mode, "query") != 0) {
		sim_violate(c->s, "tenant %s: response_mode=%s", c->tenant->name, mode);
		return 90023;
	}
	if (claims && strstr(claims, "cp1"))
		sim_violate(c->s, "tenant %s: declares cp1", c->tenant->name);
	return is_one_of(prompt ? prompt : "", prompts) ? 0 : 90023;
}

static int check_scope(struct sim_ctx *c, struct sim_grant *g)
{
	_cleanup_(freep) char *scope = query_get(c, "scope");
	struct sim_asked asked = {0};

	if (!scope)
		return 900144;
	int r = sim_scopes_asked(c, scope, c->tenant->delegated, &asked);
	g->scopes = asked.scopes;
	g->offline = asked.offline;
	g->openid = asked.openid;
	return r;
}

static void read_request(struct sim_ctx *c, struct sim_grant *g)
{
	g->client_state = query_get(c, "state");
	g->nonce = query_get(c, "nonce");
	g->challenge = query_get(c, "code_challenge");
	g->hint = query_get(c, "login_hint");
	if (!g->client_state)
		sim_violate(c->s, "tenant %s: authorize without state", c->tenant->name);
}

/* 0, or what the browser is sent back with. */
static int check_request(struct sim_ctx *c, struct sim_grant *g)
{
	_cleanup_(freep) char *type = query_get(c, "response_type");

	if (!type || strcmp(type, "code") != 0)
		return 90023;
	int r = check_modes(c);
	if (r == 0)
		r = check_challenge(c, g);
	return r ? r : check_scope(c, g);
}

/* The grant, or NULL: the browser has got a page, because nobody knows where to send it. */
static struct sim_grant *open_grant(struct sim_ctx *c)
{
	_cleanup_(freep) char *client = query_get(c, "client_id");
	_cleanup_(freep) char *redirect = query_get(c, "redirect_uri");
	enum sim_platform platform;
	int number = 0;

	if (!c->tenant)
		number = 90002;
	else if (!client || strcasecmp(client, c->tenant->client_id) != 0)
		number = 700016;
	else if (!redirect || !find_redirect(c->tenant, redirect, &platform))
		number = 50011;
	if (number) {
		sim_html_refusal(c, number);
		return NULL;
	}
	struct sim_grant *g = sim_grant_new(c->tenant, false);
	g->redirect = sim_strdup(redirect);
	g->answer_to = answer_address(redirect);
	g->platform = platform;
	return g;
}

/* Who is signed in without being asked; NULL: somebody has to be. */
static const struct sim_user *silent_user(const struct sim_ctx *c, const struct sim_grant *g)
{
	const struct sim_sign_in *in = c->tenant->sign_in;
	_cleanup_(freep) char *prompt = query_get(c, "prompt");
	bool asks = prompt && *prompt && strcmp(prompt, "none") != 0;

	if (in->browser == SIM_BROWSER_FORM || (in->browser == SIM_BROWSER_SSO && asks))
		return NULL;
	if (in->browser_as)
		return in->browser_as;
	const struct sim_user *hinted = g->hint ? sim_user_find(c->tenant, g->hint) : NULL;
	return hinted ? hinted : in->users[0];
}

void sim_authorize(struct sim_ctx *c)
{
	struct sim_grant *g = open_grant(c);

	if (!g)
		return;
	read_request(c, g);
	int number = check_request(c, g);
	const struct sim_user *user = silent_user(c, g);
	_cleanup_(freep) char *prompt = query_get(c, "prompt");
	_cleanup_(freep) char *action = sim_printf("/%s/login", c->tenant->id);
	if (number)
		refuse(c, g, number);
	else if (user)
		finish(c, g, user);
	else if (prompt && strcmp(prompt, "none") == 0)
		refuse(c, g, 50058);
	else
		sim_html_sign_in(c, c->tenant, action, g->page, g->hint, NULL);
}

void sim_login(struct sim_ctx *c)
{
	_cleanup_(freep) char *page = sim_form_get(c->req->body, c->req->body_len, "page");
	_cleanup_(freep) char *name = sim_form_get(c->req->body, c->req->body_len, "user");
	_cleanup_(freep) char *answer = sim_form_get(c->req->body, c->req->body_len, "answer");
	struct sim_grant *g = page ? sim_grant_by_page(c->s, page) : NULL;
	_cleanup_(freep) char *action = sim_printf("/%s/login", c->tenant ? c->tenant->id : "");

	if (!g || g->device || g->tenant != c->tenant || g->state != SIM_GRANT_PENDING) {
		sim_html_refusal(c, 90023);
		return;
	}
	const struct sim_user *user = name ? sim_user_find(c->tenant, name) : NULL;
	if (answer && strcmp(answer, "cancel") == 0) {
		sim_grant_decide(c->s, g, SIM_GRANT_DECLINED, NULL);
		send_error(c, g, "access_denied", 65004);
	} else if (!user) {
		sim_html_sign_in(c, c->tenant, action, g->page, g->hint,
			"We couldn't find an account with that username.");
	} else {
		finish(c, g, user);
	}
}

/* An administrator gives the application what its registration lists. */
void sim_admin_consent(struct sim_ctx *c)
{
	_cleanup_(freep) char *client = query_get(c, "client_id");
	_cleanup_(freep) char *redirect = query_get(c, "redirect_uri");
	_cleanup_(freep) char *state = query_get(c, "state");
	struct buf to = BUF_INIT(SIM_LINE_MAX);

	if (!c->tenant || !client || strcasecmp(client, c->tenant->client_id) != 0) {
		sim_html_refusal(c, c->tenant ? 700016 : 90002);
		return;
	}
	c->tenant->delegated |= SIM_SCOPE_READ | SIM_SCOPE_PREVIEW;
	c->tenant->roles |= SIM_SCOPE_READ;
	if (!redirect) {
		sim_html_begin(c, 200, "Permissions granted");
		sim_html_end(c);
		return;
	}
	buf_puts(&to, redirect);
	add_parameter(&to, "admin_consent", "True");
	add_parameter(&to, "tenant", c->tenant->id);
	if (state)
		add_parameter(&to, "state", state);
	send_back(c, &to);
}
