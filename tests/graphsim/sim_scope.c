/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions by name: what was asked for, what was consented to, what an answer calls them. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tests/graphsim/sim_http.h"

static const struct {
	unsigned bit;
	const char *name;
} scope_names[] = {
	{SIM_SCOPE_READ, "EntraBackup.Read.All"},
	{SIM_SCOPE_PREVIEW, "EntraBackup.ReadWrite.Preview"},
	{SIM_SCOPE_RECOVERY, "EntraBackup.ReadWrite.Recovery"},
	{SIM_SCOPE_AUDIT, "AuditLog.Read.All"},
	{SIM_SCOPE_DIRECTORY, "Directory.Read.All"},
	{SIM_SCOPE_DIRECTORY_WRITE, "Directory.ReadWrite.All"},
	{SIM_SCOPE_USER, "User.Read"},
};

const char *sim_scope_name(unsigned scope)
{
	for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++)
		if (scope_names[i].bit == scope)
			return scope_names[i].name;
	return NULL;
}

static unsigned find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++)
		if (strlen(scope_names[i].name) == len &&
			strncasecmp(scope_names[i].name, name, len) == 0)
			return scope_names[i].bit;
	return 0;
}

int sim_scopes_parse(const char *text, unsigned *ret)
{
	unsigned scopes = 0;

	for (size_t len; *text; text += len) {
		text += strspn(text, " ,");
		len = strcspn(text, " ,");
		unsigned bit = find(text, len);
		if (len && !bit)
			return -EINVAL;
		scopes |= bit;
	}
	*ret = scopes;
	return 0;
}

/* What precedes the name of a permission must mean Graph. */
static bool is_graph(const struct sim_ctx *c, const char *scope, size_t prefix)
{
	static const char graph[] = SIM_GRAPH_RESOURCE;
	size_t own = strlen(c->s->base_url);

	return prefix == 0 || (prefix == sizeof(graph) - 1 && strncmp(scope, graph, prefix) == 0) ||
	       (prefix == own + 1 && strncmp(scope, c->s->base_url, own) == 0);
}

/* True when the word is one of the standard's own. */
static bool standard(const char *name, struct sim_asked *a)
{
	bool openid = strcasecmp(name, "openid") == 0;
	bool offline = strcasecmp(name, "offline_access") == 0;

	a->openid |= openid;
	a->offline |= offline;
	return openid || offline || strcasecmp(name, "profile") == 0 ||
	       strcasecmp(name, "email") == 0;
}

int sim_scopes_asked(struct sim_ctx *c, const char *text, unsigned consented, struct sim_asked *ret)
{
	struct sim_asked a = {0};

	for (size_t len; *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		_cleanup_(freep) char *word = sim_strndup(text, len);
		const char *slash = strrchr(word, '/');
		const char *name = slash ? slash + 1 : word;
		unsigned bit = 0;

		if (!len || standard(name, &a))
			continue;
		if (!is_graph(c, word, (size_t)(name - word)))
			return 70011;
		if (strcmp(name, ".default") == 0)
			bit = consented;
		else if (sim_scopes_parse(name, &bit) < 0)
			return 70011;
		else if (bit & SIM_SCOPE_RECOVERY)
			sim_violate(c->s, "tenant %s: asked for EntraBackup.ReadWrite.Recovery",
				c->tenant->name);
		a.scopes |= bit;
	}
	*ret = a;
	return a.scopes & ~consented ? 65001 : 0;
}

void sim_scopes_write(const struct sim_ctx *c, unsigned scopes, bool openid, struct buf *out)
{
	int64_t form = sim_switch(c->s, c->tenant, SIM_SW_SCOPE_TEXT);

	for (size_t i = 0; i < ARRAY_SIZE(scope_names); i++)
		if (scopes & scope_names[i].bit)
			buf_printf(out, "%s%s%s", out->len ? " " : "",
				form == SIM_SCOPE_TEXT_PREFIXED ? SIM_GRAPH_RESOURCE : "",
				scope_names[i].name);
	if (openid && form == SIM_SCOPE_TEXT_OPENID)
		buf_puts(out, " openid profile email");
}
