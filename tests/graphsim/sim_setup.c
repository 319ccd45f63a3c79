/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that say who and what there is: tenants, snapshots, how previews go, consent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "tests/graphsim/sim_proc.h"
#include "tests/graphsim/sim_real.h"
#include "tests/graphsim/sim_script.h"
#include "tests/graphsim/sim_sign_in.h"
#include "tests/graphsim/sim_snap.h"
#include "tests/graphsim/sim_token.h"

/* Objects that were there before any snapshot. */
#define ALWAYS (INT64_MIN + 1)
#define MAX_REAL_OBJECTS 100000u
#define MEMBERS_PER_GROUP 8u
#define MAX_PAD 30000u

static const char *const tenant_keys[] = {"id", "client", "kind", "like", "seed", "domain",
	"refresh_token", "delegated", "roles", "certificate", "users", "groups", "policies",
	"locations", "applications", "principals", "grants", "assignments", "strengths", "objects",
	"daily", "event", "pad", NULL};

static int tenant_ids(struct sim_cmd *c, struct sim_tenant *t)
{
	const char *id = sim_word_option(c->w, c->i, "id", NULL);
	const char *client = sim_word_option(c->w, c->i, "client", NULL);
	uint8_t guid[16];

	(void)sim_guid(sim_mix(sim_hash_text(t->name), 1), t->id);
	(void)sim_guid(sim_mix(sim_hash_text(t->name), 2), t->client_id);
	if (id && parse_guid(id, guid) < 0)
		return sim_cmd_error(c, "id=%s: not a GUID", id);
	if (id)
		(void)guid_format(guid, t->id);
	if (client && parse_guid(client, guid) < 0)
		return sim_cmd_error(c, "client=%s: not a GUID", client);
	if (client)
		(void)guid_format(guid, t->client_id);
	return 0;
}

static int add_certificate(struct sim_cmd *c, struct sim_tenant *t, const char *path)
{
	_cleanup_(freep) char *full =
		c->s->dir && *path != '/' ? sim_printf("%s/%s", c->s->dir, path) : sim_strdup(path);
	int r = sim_certificate_add(t, full);

	return r < 0 ? sim_cmd_error(c, "certificate %s: %s", full, strerror(-r)) : 0;
}

static int tenant_rights(struct sim_cmd *c, struct sim_tenant *t)
{
	const char *delegated = sim_word_option(c->w, c->i, "delegated", NULL);
	const char *roles = sim_word_option(c->w, c->i, "roles", NULL);
	const char *granted = sim_word_option(c->w, c->i, "granted", NULL);

	if (delegated && sim_scopes_parse(delegated, &t->delegated) < 0)
		return sim_cmd_error(c, "delegated=%s: an unknown permission", delegated);
	if (roles && sim_scopes_parse(roles, &t->roles) < 0)
		return sim_cmd_error(c, "roles=%s: an unknown permission", roles);
	if (granted && strcmp(granted, "all") == 0)
		t->granted = t->delegated;
	else if (granted && sim_scopes_parse(granted, &t->granted) < 0)
		return sim_cmd_error(c, "granted=%s: all, or permissions", granted);
	return 0;
}

static void populate(struct sim_real *r, enum sim_type type, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		(void)sim_real_create(r, ALWAYS, type, NULL);
}

static void fill_groups(struct sim_real *r, uint64_t seed)
{
	size_t groups = sim_real_n(r, SIM_TYPE_GROUP), users = sim_real_n(r, SIM_TYPE_USER);

	for (size_t g = 1; g <= groups && users; g++)
		for (unsigned m = 0; m < MEMBERS_PER_GROUP; m++)
			(void)sim_real_add_member(r, sim_real_by_index(r, SIM_TYPE_GROUP, g),
				sim_real_by_index(
					r, SIM_TYPE_USER, 1 + sim_mix(sim_mix(seed, g), m) % users),
				ALWAYS);
}

static int make_real(struct sim_cmd *c, struct sim_tenant *t, const char *domain)
{
	static const struct {
		const char *key;
		enum sim_type type;
		uint64_t fallback;
	} kinds[] = {
		{"users", SIM_TYPE_USER, 50},
		{"groups", SIM_TYPE_GROUP, 8},
		{"policies", SIM_TYPE_POLICY, 4},
		{"locations", SIM_TYPE_LOCATION, 2},
		{NULL, SIM_TYPE_METHOD_POLICY, 1},
		{NULL, SIM_TYPE_AUTHORIZATION_POLICY, 1},
		{"strengths", SIM_TYPE_STRENGTH_POLICY, 1},
		{"applications", SIM_TYPE_APPLICATION, 5},
		{"principals", SIM_TYPE_SERVICE_PRINCIPAL, 5},
		{"grants", SIM_TYPE_GRANT, 3},
		{"assignments", SIM_TYPE_ASSIGNMENT, 3},
		{NULL, SIM_TYPE_ORGANIZATION, 1},
	};
	struct sim_real *r = sim_real_new(t->seed, domain);

	t->dir = sim_real_dir(r);
	t->real = true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint64_t n = kinds[i].fallback;

		if (kinds[i].key && sim_cmd_number(c, kinds[i].key, MAX_REAL_OBJECTS, &n) < 0)
			return -EINVAL;
		populate(r, kinds[i].type, n);
	}
	fill_groups(r, t->seed);
	return 0;
}

static int make_procedural(struct sim_cmd *c, struct sim_tenant *t, const char *domain)
{
	const char *event = sim_word_option(c->w, c->i, "event", NULL);
	uint64_t objects = 1000000, daily = 100000, pad = 0;
	int64_t event_us = 0;

	if (sim_cmd_number(c, "objects", 1000000000, &objects) < 0 ||
		sim_cmd_number(c, "daily", 1000000000, &daily) < 0 ||
		sim_cmd_number(c, "pad", MAX_PAD, &pad) < 0)
		return -EINVAL;
	if (event && sim_time(c->s, event, &event_us) < 0)
		return sim_cmd_error(c, "event=%s: not a time", event);
	if (event)
		t->dir = sim_proc_new_event(t->seed, domain, objects, event_us, pad);
	else
		t->dir = sim_proc_new(t->seed, domain, objects, daily);
	return 0;
}

static int make_directory(struct sim_cmd *c, struct sim_tenant *t)
{
	const char *kind = sim_word_option(c->w, c->i, "kind", "real");
	const char *like = sim_word_option(c->w, c->i, "like", t->name);
	_cleanup_(freep) char *made = sim_printf("%s.example", like);
	const char *domain = sim_word_option(c->w, c->i, "domain", made);
	uint64_t seed = 0;

	struct sim_user *first = sim_user_new(t, "snapwatch", domain);
	first->roles = SIM_ROLE_BACKUP_ADMINISTRATOR;

	if (sim_cmd_number(c, "seed", UINT64_MAX, &seed) < 0)
		return -EINVAL;
	t->seed = sim_mix(sim_hash_text(like), seed);
	if (strcmp(kind, "real") == 0)
		return make_real(c, t, domain);
	if (strcmp(kind, "procedural") == 0)
		return make_procedural(c, t, domain);
	return sim_cmd_error(c, "kind=%s: real or procedural", kind);
}

static int setup_tenant(struct sim_cmd *c, struct sim_tenant *t)
{
	const char *token = sim_word_option(c->w, c->i, "refresh_token", NULL);
	const char *certificate = sim_word_option(c->w, c->i, "certificate", NULL);

	t->delegated = SIM_SCOPE_READ | SIM_SCOPE_PREVIEW;
	t->roles = SIM_SCOPE_READ;
	int r = sim_cmd_keys(c, tenant_keys);
	if (r == 0)
		r = tenant_ids(c, t);
	if (r == 0)
		r = tenant_rights(c, t);
	if (r == 0 && certificate)
		r = add_certificate(c, t, certificate);
	if (r == 0)
		r = make_directory(c, t);
	if (r == 0 && token)
		(void)sim_token_new(c->s, t, false, true, t->delegated, 90 * USEC_PER_DAY, token);
	return r;
}

int sim_setup_tenant(struct sim_cmd *c)
{
	const char *name = sim_cmd_word(c);

	if (!name || sim_tenant_by_name(c->s, name))
		return sim_cmd_error(
			c, name ? "there is a tenant of that name" : "tenant NAME [key=value]...");
	struct sim_tenant *t = sim_tenant_new(c->s, name);
	int r = setup_tenant(c, t);
	if (r < 0) {
		c->s->n_tenants--;
		(void)sim_tenant_free(t);
	}
	return r;
}

static int read_time_of_day(struct sim_cmd *c, int64_t *ret_us)
{
	const char *text = sim_cmd_word(c);
	int h, m, used = 0;

	if (!text || sscanf(text, "%2d:%2d%n", &h, &m, &used) != 2 || text[used] || h < 0 ||
		h > 23 || m < 0 || m > 59)
		return sim_cmd_error(c, "daily needs a time of day (UTC) such as 22:00");
	*ret_us = h * USEC_PER_HOUR + m * USEC_PER_MIN;
	return 0;
}

int sim_setup_snapshots(struct sim_cmd *c)
{
	static const char *const keys[] = {"keep", "visible", "lag", "since", NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *how = t ? sim_cmd_word(c) : NULL;
	const char *since = sim_word_option(c->w, c->i, "since", NULL);
	uint64_t keep;

	if (!t)
		return -EINVAL;
	if (!how ||
		(strcmp(how, "daily") != 0 && strcmp(how, "off") != 0 && strcmp(how, "on") != 0))
		return sim_cmd_error(c, "snapshots TENANT daily HH:MM [keep=N], off, or on");
	if (strcmp(how, "daily") != 0) {
		sim_snapshots_turn(t, c->at_us, strcmp(how, "on") == 0);
		return 0;
	}
	keep = t->snaps.keep;
	if (read_time_of_day(c, &t->snaps.time_of_day_us) < 0)
		return -EINVAL;
	if (sim_cmd_keys(c, keys) < 0 || sim_cmd_number(c, "keep", 60, &keep) < 0 ||
		sim_cmd_duration(c, "visible", &t->snaps.visible_us) < 0 ||
		sim_cmd_duration(c, "lag", &t->snaps.lag_us) < 0)
		return -EINVAL;
	if (since && sim_time(c->s, since, &t->snaps.since_us) < 0)
		return sim_cmd_error(c, "since=%s: not a time", since);
	t->snaps.keep = (unsigned)keep;
	return 0;
}

int sim_setup_snapshot(struct sim_cmd *c)
{
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *when = t ? sim_cmd_word(c) : NULL;
	struct sim_snap_rule rule = {0};

	if (!t)
		return -EINVAL;
	if (!when || sim_time(c->s, when, &rule.at_us) < 0)
		return sim_cmd_error(c, "snapshot TENANT TIME missing|twice|extra|late=DURATION");
	const char *late = sim_word_option(c->w, c->i, "late", NULL);
	const char *kind = late ? "late" : sim_cmd_word(c);
	static const char *const kinds[] = {[SIM_SNAP_MISSING] = "missing",
		[SIM_SNAP_LATE] = "late",
		[SIM_SNAP_TWICE] = "twice",
		[SIM_SNAP_EXTRA] = "extra"};
	for (size_t i = 0; kind && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		if (late && sim_cmd_duration(c, "late", &rule.late_us) < 0)
			return -EINVAL;
		rule.kind = (enum sim_snap_kind)i;
		*(struct sim_snap_rule *)sim_grow(
			&t->snaps.rules, &t->snaps.n_rules, sizeof(rule)) = rule;
		return 0;
	}
	return sim_cmd_error(c, "'%s': missing, twice, extra or late=DURATION", kind ? kind : "");
}

int sim_setup_preview(struct sim_cmd *c)
{
	static const char *const keys[] = {
		"initial", "load", "calculate", "outcome", "jobs_keep", NULL};
	static const char *const outcomes[] = {[SIM_OUTCOME_SUCCESSFUL] = "successful",
		[SIM_OUTCOME_FAILED] = "failed",
		[SIM_OUTCOME_ABANDONED] = "abandoned",
		[SIM_OUTCOME_STUCK] = "stuck"};
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *outcome = sim_word_option(c->w, c->i, "outcome", NULL);

	if (!t || sim_cmd_keys(c, keys) < 0 ||
		sim_cmd_duration(c, "initial", &t->preview.initial_us) < 0 ||
		sim_cmd_duration(c, "load", &t->preview.load_us) < 0 ||
		sim_cmd_duration(c, "calculate", &t->preview.calculate_us) < 0 ||
		sim_cmd_duration(c, "jobs_keep", &t->preview.jobs_keep_us) < 0)
		return -EINVAL;
	if (!outcome)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		if (strcmp(outcomes[i], outcome) == 0) {
			t->preview.outcome = (enum sim_outcome)i;
			return 0;
		}
	}
	return sim_cmd_error(c, "outcome=%s: successful, failed, abandoned or stuck", outcome);
}

int sim_setup_consent(struct sim_cmd *c)
{
	static const char *const keys[] = {"delegated", "roles", "granted", NULL};
	struct sim_tenant *t = sim_cmd_tenant(c);

	return !t || sim_cmd_keys(c, keys) < 0 ? -EINVAL : tenant_rights(c, t);
}

int sim_setup_certificate(struct sim_cmd *c)
{
	struct sim_tenant *t = sim_cmd_tenant(c);
	const char *path = t ? sim_cmd_word(c) : NULL;

	if (!t)
		return -EINVAL;
	return path ? add_certificate(c, t, path) : sim_cmd_error(c, "certificate TENANT FILE");
}
