/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_control.h"

#include <string.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_sign_in.h"

static void put_lines(struct sim_ctx *c)
{
	_cleanup_(freep) char *text = sim_strndup(c->req->body, c->req->body_len);
	struct buf error = BUF_INIT(SIM_LINE_MAX);
	int r = 0;

	for (char *line = text, *next; line && r == 0; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = sim_line(c->s, line, &error);
	}
	sim_reply(c, r == 0 ? 204 : 400, r == 0 ? NULL : "text/plain");
	if (r != 0)
		buf_printf(&c->res->body, "%s\n", r > 0 ? "no such command" : buf_text(&error));
	buf_done(&error);
}

static void get_violations(struct sim_ctx *c)
{
	struct jsonw w = JSONW_INIT(&c->res->body);

	sim_reply(c, 200, "application/json");
	jsonw_array(&w);
	for (size_t i = 0; i < sim_violations(c->s); i++)
		jsonw_string(&w, sim_violation(c->s, i));
	jsonw_array_end(&w);
}

static void get_counts(struct sim_ctx *c)
{
	struct jsonw w = JSONW_INIT(&c->res->body);

	sim_reply(c, 200, "application/json");
	jsonw_object(&w);
	for (size_t i = 0; sim_count_name(i); i++)
		jsonw_kv_int(&w, sim_count_name(i), (int64_t)c->s->counts[i]);
	jsonw_kv_int(&w, "violations", (int64_t)sim_violations(c->s));
	jsonw_kv_int(&w, "hooks", (int64_t)sim_hooks(c->s));
	for (size_t t = 0; t < c->s->n_tenants; t++) {
		jsonw_key(&w, c->s->tenants[t]->name);
		jsonw_object(&w);
		for (size_t i = 0; sim_count_name(i); i++)
			jsonw_kv_int(&w, sim_count_name(i), (int64_t)c->s->tenants[t]->counts[i]);
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
}

/* Bodies are passed on as they came: one that is no JSON shows as a string. */
static void get_hooks(struct sim_ctx *c)
{
	struct jsonw w = JSONW_INIT(&c->res->body);

	sim_reply(c, 200, "application/json");
	jsonw_array(&w);
	for (size_t i = 0; i < sim_hooks(c->s); i++) {
		jsonw_object(&w);
		jsonw_kv_string(&w, "hook", sim_hook_name(c->s, i));
		jsonw_kv_string(&w, "id", sim_hook_id(c->s, i));
		jsonw_kv_bool(&w, "repeated", sim_hook_repeated(c->s, i));
		jsonw_kv_string(&w, "body", sim_hook_body(c->s, i));
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
}

/* A switch a line: its name, its default, the other positions (of a number or duration: some). */
static void get_switches(struct sim_ctx *c)
{
	sim_reply(c, 200, "text/plain");
	for (unsigned id = 0; id < _SIM_SW_MAX; id++) {
		buf_puts(&c->res->body, sim_switch_name(id));
		for (unsigned i = 0; sim_switch_position(id, i); i++)
			buf_printf(&c->res->body, " %s", sim_switch_position(id, i));
		buf_putc(&c->res->body, '\n');
	}
}

/* For looking whether one of them ended up where it should not. */
static void get_tokens(struct sim_ctx *c)
{
	sim_reply(c, 200, "text/plain");
	for (size_t i = 0; i < c->s->n_tokens; i++)
		buf_printf(&c->res->body, "%s\n", c->s->tokens[i]->text);
	for (size_t i = 0; i < c->s->n_grants; i++)
		if (c->s->grants[i]->text)
			buf_printf(&c->res->body, "%s\n", c->s->grants[i]->text);
	for (size_t i = 0; i < c->s->n_secrets; i++)
		buf_printf(&c->res->body, "%s\n", c->s->secrets[i]);
}

void sim_control(struct sim_ctx *c, const char *what)
{
	bool post = strcmp(c->req->method, "POST") == 0;

	if (post && strcmp(what, "line") == 0)
		put_lines(c);
	else if (!post && strcmp(what, "violations") == 0)
		get_violations(c);
	else if (!post && strcmp(what, "counts") == 0)
		get_counts(c);
	else if (!post && strcmp(what, "hooks") == 0)
		get_hooks(c);
	else if (!post && strcmp(what, "switches") == 0)
		get_switches(c);
	else if (!post && strcmp(what, "tokens") == 0)
		get_tokens(c);
	else
		sim_reply(c, 404, NULL);
}
