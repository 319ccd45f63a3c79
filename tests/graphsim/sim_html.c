/* SPDX-License-Identifier: Apache-2.0 */
/* Pages for a browser: plain HTML, no script, so that curl can read and fill them in. */
#include <string.h>

#include "tests/graphsim/sim_sign_in.h"

void sim_html_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<>\"'", *text))
			buf_printf(out, "&#%d;", *text);
		else
			buf_putc(out, *text);
	}
}

void sim_html_begin(struct sim_ctx *c, int status, const char *title)
{
	sim_reply(c, status, "text/html; charset=utf-8");
	buf_printf(&c->res->body,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>%s</title></head><body>\n<h1>%s</h1>\n",
		title, title);
}

void sim_html_end(struct sim_ctx *c)
{
	buf_puts(&c->res->body, "</body></html>\n");
}

void sim_html_refusal(struct sim_ctx *c, int number)
{
	sim_html_begin(c, 400, "Sign in to your account");
	buf_printf(&c->res->body,
		"<p>Sorry, but we&#39;re having trouble signing you in.</p>\n<p id=\"error\">"
		"AADSTS%d: ",
		number);
	sim_html_text(&c->res->body, sim_refusal_text(number));
	buf_puts(&c->res->body, "</p>\n");
	sim_html_end(c);
}

static void put_user(struct buf *out, const struct sim_user *u, bool chosen)
{
	buf_puts(out, "<p><label><input type=\"radio\" name=\"user\" value=\"");
	sim_html_text(out, u->name);
	buf_printf(out, "\"%s> ", chosen ? " checked" : "");
	sim_html_text(out, u->display);
	buf_puts(out, " (");
	sim_html_text(out, u->upn);
	buf_puts(out, ")</label></p>\n");
}

void sim_html_sign_in(struct sim_ctx *c, const struct sim_tenant *t, const char *action,
	const char *page, const char *hint, const char *complaint)
{
	const struct sim_sign_in *in = t->sign_in;
	const struct sim_user *hinted = hint ? sim_user_find(t, hint) : NULL;
	struct buf *out = &c->res->body;

	sim_html_begin(c, 200, "Pick an account");
	if (complaint) {
		buf_puts(out, "<p id=\"error\">");
		sim_html_text(out, complaint);
		buf_puts(out, "</p>\n");
	}
	buf_printf(out,
		"<form method=\"post\" action=\"%s\">\n"
		"<input type=\"hidden\" name=\"page\" value=\"%s\">\n",
		action, page);
	for (size_t i = 0; i < in->n_users; i++)
		put_user(out, in->users[i], hinted ? hinted == in->users[i] : i == 0);
	buf_puts(out, "<button name=\"answer\" value=\"accept\">Sign in</button>\n"
		      "<button name=\"answer\" value=\"cancel\">Cancel</button>\n</form>\n");
	sim_html_end(c);
}
