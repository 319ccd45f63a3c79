/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_check.h"

#include <string.h>
#include <strings.h>

#include "common/base/parse.h"
#include "tests/graphsim/sim_sign_in.h"

void sim_check_headers(struct sim_ctx *c, bool graph)
{
	const char *agent = sim_header_get(c->req, "User-Agent");
	const char *id = sim_header_get(c->req, "client-request-id");
	const char *prefer = sim_header_get(c->req, "Prefer");
	uint8_t guid[16];

	c->newer_enums = prefer && strcasestr(prefer, "include-unknown-enum-members");
	if (id && parse_guid(id, guid) == 0)
		c->client_request_id = id;
	if (!agent || strncmp(agent, "snapwatch/", 10) != 0)
		sim_violate(c->s, "%s %s: User-Agent is '%s'", c->req->method, c->path,
			agent ? agent : "");
	if (graph && !c->client_request_id)
		sim_violate(c->s, "%s %s: client-request-id is '%s'", c->req->method, c->path,
			id ? id : "");
}

void sim_check_prefer(struct sim_ctx *c)
{
	if (!c->newer_enums)
		sim_violate(c->s, "%s %s: without Prefer: include-unknown-enum-members",
			c->req->method, c->path);
}

void sim_identify(struct sim_ctx *c)
{
	const char *authorization = sim_header_get(c->req, "Authorization");

	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return;
	c->token = sim_token_find(c->s, authorization + 7);
	if (c->token)
		c->tenant = c->token->tenant;
}

static bool unauthorised(struct sim_ctx *c, const char *message)
{
	sim_reply_error(c, 401, "InvalidAuthenticationToken", "%s", message);
	sim_reply_header(c, "WWW-Authenticate",
		"Bearer realm=\"\", "
		"authorization_uri=\"https://login.microsoftonline.com/common/oauth2/"
		"authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"");
	return false;
}

static bool forbidden(struct sim_ctx *c, const char *what)
{
	sim_violate(c->s, "%s %s: the token %s", c->req->method, c->path, what);
	sim_reply_error(c, 403, "Authorization_RequestDenied",
		"Authorization has been denied for this request. Check your credentials.");
	return false;
}

static bool poll_allowed(const struct sim_ctx *c)
{
	switch (sim_switch(c->s, c->tenant, SIM_SW_POLL)) {
	case SIM_POLL_DELEGATED:
		return c->token->delegated;
	case SIM_POLL_APP:
		return !c->token->delegated;
	case SIM_POLL_NONE: /* as one page documents it; the list can be read all the same */
		return !c->job;
	default:
		return true;
	}
}

static bool denied(struct sim_ctx *c)
{
	sim_reply_error(c, 403, "Authorization_RequestDenied",
		"Authorization has been denied for this request. Check your credentials.");
	return false;
}

/* Licence and role: what an administrator has to put right, and no fault of the client. */
static bool entitled(struct sim_ctx *c, enum sim_need need)
{
	const struct sim_user *u = c->token->session.user;
	unsigned roles = SIM_ROLE_BACKUP_ADMINISTRATOR | SIM_ROLE_GLOBAL_ADMINISTRATOR;

	if (c->tenant->sign_in->licence == SIM_LICENCE_DENIED)
		return denied(c);
	if (need != SIM_NEED_CREATE)
		roles |= SIM_ROLE_BACKUP_READER;
	return !u || (u->roles & roles) || denied(c);
}

/* Reading one job is left out: nobody knows which of the two may. */
static void check_split(struct sim_ctx *c, enum sim_need need)
{
	if (c->tenant->split && need != SIM_NEED_CREATE && !c->job && c->token->delegated)
		sim_violate(c->s, "%s %s: read with the user's token, not the application's",
			c->req->method, c->path);
}

static bool permitted(struct sim_ctx *c, enum sim_need need)
{
	switch (need) {
	case SIM_NEED_POLL:
		if (!poll_allowed(c)) /* an open question: no client can know it beforehand */ {
			sim_reply_error(c, 403, "Authorization_RequestDenied",
				"Insufficient privileges to complete the operation.");
			return false;
		}
		return (c->token->scopes & SIM_SCOPE_READ) || forbidden(c, "may not read");
	case SIM_NEED_READ:
		return (c->token->scopes & SIM_SCOPE_READ) || forbidden(c, "may not read");
	case SIM_NEED_CREATE:
		if (!c->token->delegated)
			return forbidden(c, "is an application's, this needs a user's");
		return (c->token->scopes & SIM_SCOPE_PREVIEW) ||
		       forbidden(c, "may not create previews");
	case SIM_NEED_ME:
		return (c->token->delegated &&
			       (c->token->scopes & (SIM_SCOPE_USER | SIM_SCOPE_DIRECTORY))) ||
		       forbidden(c, "may not read its user");
	case SIM_NEED_NEVER:
		break;
	}
	return forbidden(c, "was used for what must never be done");
}

bool sim_authorise(struct sim_ctx *c, enum sim_need need)
{
	if (!sim_header_get(c->req, "Authorization")) {
		sim_violate(c->s, "%s %s: no Authorization header", c->req->method, c->path);
		return unauthorised(c, "Access token is empty.");
	}
	if (!c->token || !c->token->access) {
		sim_violate(c->s, "%s %s: a token that was never issued", c->req->method, c->path);
		return unauthorised(c, "CompactToken parsing failed.");
	}
	if (c->token->revoked || c->token->expires_us <= c->now_us)
		return unauthorised(c, "Lifetime validation failed, the token is expired.");
	if (!permitted(c, need))
		return false;
	if (need == SIM_NEED_ME)
		return true;
	check_split(c, need);
	return entitled(c, need);
}
