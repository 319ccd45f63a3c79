/* SPDX-License-Identifier: Apache-2.0 */
/* Codes and device codes: who decided what, and their redemption with all that can be wrong. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/base/hash.h"
#include "tests/graphsim/sim_sign_in.h"

/* RFC 7636, 4.1 */
#define VERIFIER_MIN 43u
#define VERIFIER_MAX 128u
#define CODE_LENGTH 600u
#define CODE_LIFE (10 * USEC_PER_MIN)
/* RFC 8628, 3.5 */
#define SLOWER (5 * USEC_PER_SEC)
/* Somebody who counts the interval from the answer is never early; clocks are not exact. */
#define EARLY(interval_us) ((interval_us) - (interval_us) / 10)

/* Typed by a person: no vowels, nothing that looks like something else. */
static char *user_code(struct sim *s)
{
	static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ23456789";
	uint64_t key = sim_mix(sim_hash_text(s->base_url), sim_serial(s));
	char *text = sim_alloc(10);

	for (unsigned i = 0; i < 9; i++)
		text[i] = letters[sim_mix(key, i) % (sizeof(letters) - 1)];
	return text;
}

static char *page_id(struct sim *s)
{
	char guid[SIM_GUID_SIZE];

	return sim_strdup(sim_guid(sim_mix(0x70616765, sim_serial(s)), guid));
}

struct sim_grant *sim_grant_new(struct sim_tenant *t, bool device)
{
	struct sim *s = t->sim;
	struct sim_grant *g = sim_alloc(sizeof(*g));
	struct sim_grant **slot = sim_grow(&s->grants, &s->n_grants, sizeof(*slot));

	*slot = g;
	g->tenant = t;
	g->device = device;
	g->page = device ? user_code(s) : page_id(s);
	if (device)
		g->text = sim_token_text(s, "SIM-DEVICE.", CODE_LENGTH);
	return g;
}

void sim_grant_free(struct sim_grant *g)
{
	char *texts[] = {g->page, g->text, g->redirect, g->answer_to, g->client_state, g->nonce,
		g->challenge, g->hint};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	free(g);
}

struct sim_grant *sim_grant_by_text(const struct sim *s, const char *text)
{
	for (size_t i = 0; i < s->n_grants; i++)
		if (s->grants[i]->text && strcmp(s->grants[i]->text, text) == 0)
			return s->grants[i];
	return NULL;
}

struct sim_grant *sim_grant_by_page(const struct sim *s, const char *page)
{
	for (size_t i = 0; i < s->n_grants; i++)
		if (strcasecmp(s->grants[i]->page, page) == 0)
			return s->grants[i];
	return NULL;
}

void sim_grant_decide(
	struct sim *s, struct sim_grant *g, enum sim_grant_state state, const struct sim_user *user)
{
	g->state = state;
	g->user = user;
	if (g->device || state != SIM_GRANT_APPROVED)
		return;
	g->text = sim_token_text(s, "SIM-CODE.", CODE_LENGTH);
	g->expires_us = clock_wall_us() + CODE_LIFE;
}

/* --- codes ---------------------------------------------------------------------------------------
 */

static bool verifier_formed(const char *verifier)
{
	size_t len = strlen(verifier);

	for (const char *p = verifier; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._~", *p))
			return false;
	return len >= VERIFIER_MIN && len <= VERIFIER_MAX;
}

static int check_verifier(struct sim_ctx *c, const struct sim_grant *g)
{
	_cleanup_(freep) char *verifier =
		sim_form_get(c->req->body, c->req->body_len, "code_verifier");
	struct buf made = BUF_INIT(64);
	uint8_t digest[SHA256_SIZE];

	if (!g->challenge) /* was counted when it was missing */
		return 0;
	if (!verifier || !verifier_formed(verifier)) {
		sim_violate(c->s, "tenant %s: a code verifier of %zu characters, or of wrong ones",
			c->tenant->name, verifier ? strlen(verifier) : 0);
		return 501481;
	}
	sim_secret(c->s, verifier);
	if (sha256(verifier, strlen(verifier), digest) < 0)
		abort();
	base64url_append(&made, digest, sizeof(digest));
	bool same = strcmp(buf_text(&made), g->challenge) == 0;
	buf_done(&made);
	return same ? 0 : 501481;
}

static int check_redirect(struct sim_ctx *c, const struct sim_grant *g)
{
	_cleanup_(freep) char *redirect =
		sim_form_get(c->req->body, c->req->body_len, "redirect_uri");

	if (!redirect)
		return 900144;
	if (strcmp(redirect, g->redirect) == 0)
		return 0;
	sim_violate(c->s, "tenant %s: redirect_uri '%s' when redeeming, '%s' before",
		c->tenant->name, redirect, g->redirect);
	return 500112;
}

int sim_grant_redeem_code(struct sim_ctx *c, struct sim_grant **ret)
{
	_cleanup_(freep) char *text = sim_form_get(c->req->body, c->req->body_len, "code");
	struct sim_grant *g = text ? sim_grant_by_text(c->s, text) : NULL;

	if (!text)
		return 900144;
	if (!g || g->device)
		return 70000;
	if (g->tenant != c->tenant) {
		sim_violate(c->s, "a code of %s was sent to %s", g->tenant->name, c->tenant->name);
		return 70000;
	}
	if (g->used) {
		sim_violate(c->s, "tenant %s: a code was redeemed twice", c->tenant->name);
		return 54005;
	}
	if (c->now_us >= g->expires_us)
		return 70008;
	if (g->platform == SIM_PLATFORM_SPA)
		return 9002327;
	int r = check_redirect(c, g);
	if (r == 0)
		r = check_verifier(c, g);
	if (r == 0)
		r = sim_refused(c, SIM_PART_CODE, g->user);
	if (r == 0)
		*ret = g;
	return r;
}

/* --- device codes --------------------------------------------------------------------------------
 */

/* What the scenario says a person does by itself. */
static void decide_in_time(struct sim_ctx *c, struct sim_grant *g)
{
	const struct sim_sign_in *in = g->tenant->sign_in;

	if (g->state != SIM_GRANT_PENDING || g->decision == SIM_GRANT_PENDING ||
		c->now_us < g->decide_us)
		return;
	sim_grant_decide(c->s, g, g->decision, in->device.as ? in->device.as : in->users[0]);
}

/* 70016 with "slow_down" in it: the number is that of "pending". */
static int poll_rate(struct sim_ctx *c, struct sim_grant *g)
{
	int64_t since_us = c->now_us - g->polled_us;
	bool early = g->polled_us != TIME_NONE && since_us < EARLY(g->interval_us);

	if (early)
		sim_violate(c->s, "tenant %s: polled after %lld ms, the interval is %lld s",
			c->tenant->name, (long long)(since_us / USEC_PER_MSEC),
			(long long)(g->interval_us / USEC_PER_SEC));
	g->polled_us = c->now_us;
	if (!early && g->slow == 0)
		return 0;
	if (g->slow)
		g->slow--;
	g->interval_us += SLOWER;
	return SIM_SLOW_DOWN;
}

int sim_grant_redeem_device(struct sim_ctx *c, struct sim_grant **ret)
{
	_cleanup_(freep) char *text = sim_form_get(c->req->body, c->req->body_len, "device_code");
	struct sim_grant *g = text ? sim_grant_by_text(c->s, text) : NULL;

	if (!text)
		return 900144;
	if (!g || !g->device || g->tenant != c->tenant || g->used) {
		sim_violate(c->s, "tenant %s: polled with a device code that is %s",
			c->tenant->name, g && g->used ? "over" : "none");
		return 70018;
	}
	int r = poll_rate(c, g);
	if (r != 0)
		return r;
	decide_in_time(c, g);
	if (g->state == SIM_GRANT_DECLINED)
		r = 65004;
	else if (c->now_us >= g->expires_us)
		r = 70019;
	else if (g->state == SIM_GRANT_PENDING)
		return 70016;
	else if (g->scopes & ~g->tenant->delegated)
		r = 65001;
	else
		r = sim_refused(c, SIM_PART_DEVICE, g->user);
	g->used = r != 0;
	*ret = g;
	return r;
}

/* --- verbs ---------------------------------------------------------------------------------------
 */

/* The newest device code that nobody has decided on. */
static int decide(struct sim_cmd *c, enum sim_grant_state state)
{
	static const char *const keys[] = {"as", NULL};
	const struct sim_user *user = c->tenant->sign_in->users[0];

	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_user(c, c->tenant, "as", &user) < 0)
		return -EINVAL;
	for (size_t i = c->s->n_grants; i > 0; i--) {
		struct sim_grant *g = c->s->grants[i - 1];

		if (!g->device || g->tenant != c->tenant || g->state != SIM_GRANT_PENDING)
			continue;
		sim_grant_decide(c->s, g, state, user);
		return 0;
	}
	return sim_cmd_error(c, "nobody waits for a device code");
}

int sim_verb_approve_device(struct sim_cmd *c)
{
	return decide(c, SIM_GRANT_APPROVED);
}

int sim_verb_decline_device(struct sim_cmd *c)
{
	return decide(c, SIM_GRANT_DECLINED);
}
