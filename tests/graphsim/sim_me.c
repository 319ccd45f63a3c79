/* SPDX-License-Identifier: Apache-2.0 */
/* Who the user of a token is and which directory roles they have, as far as Graph shows it. */
#include <string.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_check.h"
#include "tests/graphsim/sim_graph.h"
#include "tests/graphsim/sim_sign_in.h"

#define ROLE_CAST "microsoft.graph.directoryRole"

static void get_me(struct sim_ctx *c)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	const struct sim_user *u = c->token->session.user;
	struct buf context = BUF_INIT(SIM_LINE_MAX);

	(void)sim_root(c, &context);
	buf_puts(&context, "/$metadata#users/$entity");
	sim_reply(c, 200, SIM_JSON);
	jsonw_object(&w);
	jsonw_kv_string(&w, "@odata.context", buf_text(&context));
	jsonw_kv_string(&w, "id", u->id);
	jsonw_kv_string(&w, "displayName", u->display);
	jsonw_kv_string(&w, "userPrincipalName", u->upn);
	jsonw_kv_string(&w, "userType", *u->home ? "Guest" : "Member");
	jsonw_object_end(&w);
	buf_done(&context);
}

static void get_roles(struct sim_ctx *c)
{
	struct jsonw w = JSONW_INIT(&c->res->body);
	const struct sim_user *u = c->token->session.user;
	struct buf context = BUF_INIT(SIM_LINE_MAX);
	const char *name, *template_id;
	char id[SIM_GUID_SIZE];

	(void)sim_root(c, &context);
	buf_puts(&context, "/$metadata#directoryObjects");
	sim_reply(c, 200, SIM_JSON);
	jsonw_object(&w);
	jsonw_kv_string(&w, "@odata.context", buf_text(&context));
	jsonw_key(&w, "value");
	jsonw_array(&w);
	for (size_t i = 0; sim_user_role(u, i, &name, &template_id); i++) {
		jsonw_object(&w);
		jsonw_kv_string(&w, "@odata.type", "#" ROLE_CAST);
		jsonw_kv_string(
			&w, "id", sim_guid(sim_mix(c->tenant->seed, sim_hash_text(name)), id));
		jsonw_kv_string(&w, "displayName", name);
		jsonw_kv_string(&w, "roleTemplateId", template_id);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_done(&context);
}

bool sim_me(struct sim_ctx *c, char *const *segments, size_t n)
{
	bool roles = n > 1 && (strcmp(segments[1], "memberOf") == 0 ||
				      strcmp(segments[1], "transitiveMemberOf") == 0);

	if (strcmp(c->req->method, "GET") != 0 || strcmp(segments[0], "me") != 0 ||
		(n > 1 && !roles) || n > 3 || (n == 3 && strcmp(segments[2], ROLE_CAST) != 0))
		return false;
	if (!sim_authorise(c, SIM_NEED_ME))
		return true;
	if (roles)
		get_roles(c);
	else
		get_me(c);
	return true;
}
