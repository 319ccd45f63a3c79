/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that say how signing in to a tenant goes. */
#include <errno.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/jsonw.h"
#include "common/base/parse.h"
#include "tests/graphsim/sim_sign_in.h"

#define MAX_DEPTH 8

/* The next word as an index into words (NULL at their end), or -EINVAL with an error. */
static int choose(struct sim_cmd *c, const char *usage, const char *const *words)
{
	const char *word = sim_cmd_word(c);

	for (int i = 0; word && words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return sim_cmd_error(c, "%s", usage);
}

int sim_setup_browser(struct sim_cmd *c)
{
	static const char *const keys[] = {"as", NULL};
	static const char *const modes[] = {"form", "auto", "sso", NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	int mode = t ? choose(c, "browser TENANT form|auto|sso [as=USER]", modes) : -EINVAL;

	if (mode < 0)
		return mode;
	t->sign_in->browser_as = NULL;
	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_user(c, t, "as", &t->sign_in->browser_as) < 0)
		return -EINVAL;
	t->sign_in->browser = (unsigned)mode;
	return 0;
}

int sim_setup_redirect(struct sim_cmd *c)
{
	static const char *const keys[] = {"platform", NULL};
	static const char *const platforms[] = {[SIM_PLATFORM_WEB] = "web",
		[SIM_PLATFORM_PUBLIC] = "public",
		[SIM_PLATFORM_SPA] = "spa",
		NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *uri = t ? sim_cmd_word(c) : NULL;
	const char *platform = sim_word_option(c->w, c->i, "platform", "public");
	unsigned i = 0;

	if (!t || sim_cmd_keys(c, keys) < 0)
		return -EINVAL;
	if (!uri || t->sign_in->n_redirects == SIM_MAX_REDIRECTS)
		return sim_cmd_error(c, "redirect TENANT URI [platform=web|public|spa], at most %d",
			SIM_MAX_REDIRECTS);
	while (platforms[i] && strcmp(platforms[i], platform) != 0)
		i++;
	if (!platforms[i])
		return sim_cmd_error(c, "platform=%s: web, public or spa", platform);
	t->sign_in->redirects[t->sign_in->n_redirects++] =
		(struct sim_redirect){sim_strdup(uri), (enum sim_platform)i};
	return 0;
}

int sim_setup_device(struct sim_cmd *c)
{
	static const char *const keys[] = {"after", "as", "interval", "expires", "slow", NULL};
	static const char *const words[] = {[SIM_GRANT_PENDING] = "ignore",
		[SIM_GRANT_APPROVED] = "approve",
		[SIM_GRANT_DECLINED] = "decline",
		"forbidden",
		NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	int word = t ? choose(c, "device TENANT ignore|approve|decline|forbidden", words) : -EINVAL;

	if (word < 0)
		return word;
	struct sim_sign_in *in = t->sign_in;
	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_duration(c, "after", &in->device.after_us) < 0 ||
		sim_cmd_duration(c, "interval", &in->device.interval_us) < 0 ||
		sim_cmd_duration(c, "expires", &in->device.expires_us) < 0 ||
		sim_cmd_number(c, "slow", UINT32_MAX, &in->device.slow) < 0 ||
		sim_cmd_user(c, t, "as", &in->device.as) < 0)
		return -EINVAL;
	in->device.forbidden = strcmp(words[word], "forbidden") == 0;
	in->device.decision = in->device.forbidden ? SIM_GRANT_PENDING : (enum sim_grant_state)word;
	return 0;
}

/* JSON as it is, an offset such as -1h as it is, anything else as a string. */
static char *claim_value(const struct sim_word *w)
{
	struct buf text = BUF_INIT(SIM_LINE_MAX);
	struct json *value = NULL;
	int64_t us;
	bool offset = (*w->value == '-' || *w->value == '+') &&
		      parse_duration(w->value + 1, 0, 3650 * USEC_PER_DAY, &us) == 0;

	if (!w->quoted && strcmp(w->value, "none") == 0)
		return NULL;
	if (offset ||
		(!w->quoted && json_parse(w->value, strlen(w->value), MAX_DEPTH, &value) == 0))
		buf_puts(&text, w->value);
	else
		json_append_string(&text, w->value, strlen(w->value));
	(void)json_free(value);
	char *copy = sim_strdup(buf_text(&text));
	buf_done(&text);
	return copy;
}

int sim_setup_claims(struct sim_cmd *c)
{
	static const char *const words[] = {[SIM_ID_TOKEN_GOOD] = "good",
		[SIM_ID_TOKEN_MISSING] = "missing",
		[SIM_ID_TOKEN_GARBAGE] = "garbage",
		NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	int word = t ? choose(c, "claims TENANT good|missing|garbage [CLAIM=VALUE]...", words)
		     : -EINVAL;

	if (word < 0)
		return word;
	struct sim_sign_in *in = t->sign_in;
	in->id_token = (unsigned)word;
	while (in->n_claims) {
		free(in->claims[--in->n_claims].key);
		free(in->claims[in->n_claims].json);
	}
	for (; c->i < c->w->n && c->w->word[c->i].value; c->i++) {
		if (in->n_claims == SIM_MAX_CLAIMS)
			return sim_cmd_error(c, "more than %d claims", SIM_MAX_CLAIMS);
		in->claims[in->n_claims].key = sim_strdup(c->w->word[c->i].text);
		in->claims[in->n_claims++].json = claim_value(&c->w->word[c->i]);
	}
	return 0;
}

int sim_setup_lives(struct sim_cmd *c)
{
	static const char *const keys[] = {"refresh", "sign_in", NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);

	return t && sim_cmd_keys(c, keys) == 0 &&
			       sim_cmd_duration(c, "refresh", &t->sign_in->refresh_us) == 0 &&
			       sim_cmd_duration(c, "sign_in", &t->sign_in->frequency_us) == 0
		       ? 0
		       : -EINVAL;
}

int sim_setup_licence(struct sim_cmd *c)
{
	static const char *const words[] = {[SIM_LICENCE_PRESENT] = "present",
		[SIM_LICENCE_DENIED] = "denied",
		[SIM_LICENCE_EMPTY] = "empty",
		NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	int word = t ? choose(c, "licence TENANT present|denied|empty", words) : -EINVAL;

	if (word < 0)
		return word;
	t->sign_in->licence = (unsigned)word;
	return 0;
}

int sim_setup_credentials(struct sim_cmd *c)
{
	static const char *const words[] = {"any", "split", NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	int word = t ? choose(c, "credentials TENANT any|split", words) : -EINVAL;

	if (word < 0)
		return word;
	t->split = word == 1;
	return 0;
}
