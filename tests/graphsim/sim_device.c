/* SPDX-License-Identifier: Apache-2.0 */
/* The device flow: the endpoint that hands out codes, and the page where a person types one. */
#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_sign_in.h"

static struct sim_grant *open_grant(struct sim_ctx *c, const struct sim_asked *asked)
{
	const struct sim_sign_in *in = c->tenant->sign_in;
	struct sim_grant *g = sim_grant_new(c->tenant, true);

	g->scopes = asked->scopes;
	g->offline = asked->offline;
	g->openid = asked->openid;
	g->interval_us = in->device.interval_us;
	g->expires_us = c->now_us + in->device.expires_us;
	g->polled_us = TIME_NONE;
	g->decision = in->device.decision;
	g->decide_us = c->now_us + in->device.after_us;
	g->slow = in->device.slow;
	return g;
}

static void put_grant(struct sim_ctx *c, const struct sim_grant *g)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	_cleanup_(freep) char *uri = sim_printf("%s/devicelogin", c->s->base_url);
	_cleanup_(freep) char *message = sim_printf(
		"To sign in, use a web browser to open the page %s and enter the code %s to "
		"authenticate.",
		uri, g->page);

	sim_reply(c, 200, "application/json; charset=utf-8");
	jsonw_object(&w);
	jsonw_kv_string(&w, "user_code", g->page);
	jsonw_kv_string(&w, "device_code", g->text);
	jsonw_kv_string(&w, "verification_uri", uri);
	jsonw_kv_int(&w, "expires_in", c->tenant->sign_in->device.expires_us / USEC_PER_SEC);
	jsonw_kv_int(&w, "interval", g->interval_us / USEC_PER_SEC);
	jsonw_kv_string(&w, "message", message);
	jsonw_object_end(&w);
}

void sim_device_start(struct sim_ctx *c)
{
	_cleanup_(freep) char *client = sim_form_get(c->req->body, c->req->body_len, "client_id");
	_cleanup_(freep) char *scope = sim_form_get(c->req->body, c->req->body_len, "scope");
	struct sim_asked asked;
	int r = 0;

	if (!c->tenant) {
		sim_violate(c->s, "%s: no such tenant", c->path);
		r = 90002;
	} else if (!client || !scope) {
		r = 900144;
	} else if (strcasecmp(client, c->tenant->client_id) != 0) {
		r = 700016;
	} else {
		r = sim_scopes_asked(c, scope, c->tenant->delegated, &asked);
	}
	/* what an administrator has not consented to is seen when somebody signs in */
	if (r == 0 || r == 65001)
		put_grant(c, open_grant(c, &asked));
	else
		sim_token_refuse(c, r);
}

static void ask_for_code(struct sim_ctx *c, const char *complaint)
{
	struct buf *out = &c->res->body;

	sim_html_begin(c, 200, "Enter code");
	if (complaint)
		buf_printf(out, "<p id=\"error\">%s</p>\n", complaint);
	buf_puts(out, "<form method=\"post\" action=\"/devicelogin\">\n"
		      "<p><input name=\"page\" autocomplete=\"off\"></p>\n"
		      "<button>Next</button>\n</form>\n");
	sim_html_end(c);
}

static void say(struct sim_ctx *c, const char *text)
{
	sim_html_begin(c, 200, "Device sign-in");
	buf_printf(&c->res->body, "<p>%s</p>\n", text);
	sim_html_end(c);
}

static void answer(struct sim_ctx *c, struct sim_grant *g, const char *answer, const char *name)
{
	const struct sim_user *user = name ? sim_user_find(g->tenant, name) : NULL;

	if (strcmp(answer, "cancel") == 0) {
		sim_grant_decide(c->s, g, SIM_GRANT_DECLINED, NULL);
		say(c, "You have declined. You can close this window.");
		return;
	}
	if (!user) {
		sim_html_sign_in(c, g->tenant, "/devicelogin", g->page, NULL,
			"We couldn't find an account with that username.");
		return;
	}
	c->tenant = g->tenant;
	int number = g->scopes & ~g->tenant->delegated ? 65001
						       : sim_refused(c, SIM_PART_AUTHORIZE, user);
	if (number) {
		sim_html_refusal(c, number);
		return;
	}
	sim_grant_decide(c->s, g, SIM_GRANT_APPROVED, user);
	say(c, "You have signed in on your device. You can close this window.");
}

void sim_device_page(struct sim_ctx *c)
{
	_cleanup_(freep) char *page = sim_form_get(c->req->body, c->req->body_len, "page");
	_cleanup_(freep) char *name = sim_form_get(c->req->body, c->req->body_len, "user");
	_cleanup_(freep) char *said = sim_form_get(c->req->body, c->req->body_len, "answer");
	struct sim_grant *g = page ? sim_grant_by_page(c->s, page) : NULL;
	bool good = g && g->device && g->state == SIM_GRANT_PENDING && c->now_us < g->expires_us;

	if (!page)
		ask_for_code(c, NULL);
	else if (!good)
		ask_for_code(c, "That code didn&#39;t work. Check the code and try again.");
	else if (!said)
		sim_html_sign_in(c, g->tenant, "/devicelogin", g->page, NULL, NULL);
	else
		answer(c, g, said, name);
}
