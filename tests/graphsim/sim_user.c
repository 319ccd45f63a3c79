/* SPDX-License-Identifier: Apache-2.0 */
/* The people of a tenant who may sign in, and the roles they have. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/parse.h"
#include "tests/graphsim/sim_sign_in.h"

static const struct {
	const char *name, *template_id;
} roles[] = {
	/* in the order of enum sim_role */
	{"Entra Backup Reader", "f42252d9-5400-4d7b-b9ef-cc582dbb8577"},
	{"Entra Backup Administrator", "b6a27b2b-f905-4b2e-81b5-0d90e0ef1fdb"},
	{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10"},
	{"Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"},
	{"Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"},
	{"User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"},
	{"Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf"},
};

struct sim_user *sim_user_find(const struct sim_tenant *t, const char *who)
{
	for (size_t i = 0; i < t->sign_in->n_users; i++) {
		struct sim_user *u = t->sign_in->users[i];

		if (strcasecmp(u->name, who) == 0 || strcasecmp(u->upn, who) == 0 ||
			strcasecmp(u->id, who) == 0)
			return u;
	}
	return NULL;
}

struct sim_user *sim_user_new(struct sim_tenant *t, const char *name, const char *domain)
{
	struct sim_user *u = sim_alloc(sizeof(*u));
	struct sim_user **slot = sim_grow(&t->sign_in->users, &t->sign_in->n_users, sizeof(*slot));

	*slot = u;
	u->name = sim_strdup(name);
	u->upn = sim_printf("%s@%s", name, domain);
	u->display = sim_strdup(name);
	(void)sim_guid(sim_mix(sim_hash_text(t->name), sim_hash_text(name)), u->id);
	return u;
}

void sim_user_free(struct sim_user *u)
{
	free(u->name);
	free(u->upn);
	free(u->display);
	free(u);
}

bool sim_user_role(
	const struct sim_user *u, size_t i, const char **ret_name, const char **ret_template)
{
	for (size_t r = 0; r < ARRAY_SIZE(roles); r++) {
		if (!(u->roles & 1u << r) || i-- > 0)
			continue;
		*ret_name = roles[r].name;
		*ret_template = roles[r].template_id;
		return true;
	}
	return false;
}

/* "Entra Backup Reader,Global Administrator"; "" is none. */
static int parse_roles(const char *text, unsigned *ret)
{
	unsigned bits = 0;

	for (size_t len; *text; text += len) {
		text += strspn(text, ", ");
		len = strcspn(text, ",");
		unsigned bit = 0;
		for (size_t r = 0; r < ARRAY_SIZE(roles); r++)
			if (strlen(roles[r].name) == len &&
				strncasecmp(roles[r].name, text, len) == 0)
				bit = 1u << r;
		if (len && !bit)
			return -EINVAL;
		bits |= bit;
	}
	*ret = bits;
	return 0;
}

static void set_text(struct sim_cmd *c, const char *key, char **slot)
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);

	if (!text)
		return;
	free(*slot);
	*slot = sim_strdup(text);
}

static int set_guid(struct sim_cmd *c, const char *key, char slot[static SIM_GUID_SIZE])
{
	const char *text = sim_word_option(c->w, c->i, key, NULL);
	uint8_t guid[16];

	if (!text)
		return 0;
	if (parse_guid(text, guid) < 0)
		return sim_cmd_error(c, "%s=%s: not a GUID", key, text);
	(void)guid_format(guid, slot);
	return 0;
}

static int set_user(struct sim_cmd *c, struct sim_user *u)
{
	static const char *const keys[] = {
		"upn", "id", "display", "roles", "guest_of", "passwordless", NULL};
	const char *roles_text = sim_word_option(c->w, c->i, "roles", NULL);
	const char *key = sim_word_option(c->w, c->i, "passwordless", NULL);

	if (sim_cmd_keys(c, keys) < 0 || set_guid(c, "id", u->id) < 0 ||
		set_guid(c, "guest_of", u->home) < 0)
		return -EINVAL;
	if (roles_text && parse_roles(roles_text, &u->roles) < 0)
		return sim_cmd_error(c, "roles=%s: an unknown role", roles_text);
	if (key && parse_bool(key, &u->passwordless) < 0)
		return sim_cmd_error(c, "passwordless=%s: yes or no", key);
	set_text(c, "upn", &u->upn);
	set_text(c, "display", &u->display);
	return 0;
}

int sim_setup_user(struct sim_cmd *c)
{
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *name = t ? sim_cmd_word(c) : NULL;

	if (!t)
		return -EINVAL;
	if (!name)
		return sim_cmd_error(c, "user TENANT NAME [key=value]...");
	struct sim_user *u = sim_user_find(t, name);
	if (!u) {
		const char *at = strchr(t->sign_in->users[0]->upn, '@');

		u = sim_user_new(t, name, at ? at + 1 : "example");
		u->roles = SIM_ROLE_BACKUP_ADMINISTRATOR;
	}
	return set_user(c, u);
}

int sim_cmd_user(
	struct sim_cmd *c, const struct sim_tenant *t, const char *key, const struct sim_user **ret)
{
	const char *name = sim_word_option(c->w, c->i, key, NULL);
	const struct sim_user *u = name ? sim_user_find(t, name) : NULL;

	if (name && !u)
		return sim_cmd_error(c, "%s=%s: no such user", key, name);
	if (u)
		*ret = u;
	return 0;
}

int sim_verb_sign_in(struct sim_cmd *c)
{
	static const char *const keys[] = {"refresh_token", "as", NULL};
	const char *token = sim_word_option(c->w, c->i, "refresh_token", NULL);
	const struct sim_user *user = c->tenant->sign_in->users[0];

	if (!token)
		return sim_cmd_error(c, "sign-in refresh_token=TEXT [as=USER]");
	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_user(c, c->tenant, "as", &user) < 0)
		return -EINVAL;
	sim_token_new(c->s, c->tenant, false, true, c->tenant->delegated,
		c->tenant->sign_in->refresh_us, token)
		->session.user = user;
	return 0;
}

/* The user that the next word names; without one the first. NULL with an error. */
static struct sim_user *named_user(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);
	struct sim_user *u = name ? sim_user_find(c->tenant, name) : c->tenant->sign_in->users[0];

	if (!u)
		(void)sim_cmd_error(c, "no user '%s'", name);
	return u;
}

static int revoke_user(struct sim_cmd *c, bool all)
{
	const struct sim_user *u = named_user(c);

	if (!u)
		return -EINVAL;
	sim_tokens_revoke_user(c->s, u, all);
	return 0;
}

/* By the user: tokens that a password won for a public client are over. */
int sim_verb_change_password(struct sim_cmd *c)
{
	return revoke_user(c, false);
}

/* By an administrator, in the admin center: all tokens of the user are over. */
int sim_verb_reset_password(struct sim_cmd *c)
{
	return revoke_user(c, true);
}

static int disable(struct sim_cmd *c, bool disabled)
{
	struct sim_user *u = named_user(c);

	if (!u)
		return -EINVAL;
	u->disabled = disabled;
	return 0;
}

int sim_verb_disable(struct sim_cmd *c)
{
	return disable(c, true);
}

int sim_verb_enable(struct sim_cmd *c)
{
	return disable(c, false);
}
