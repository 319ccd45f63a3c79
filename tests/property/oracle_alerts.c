/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever nobody expected is told of once, and what is told arrives. */
#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "tests/graphsim/sim.h"
#include "tests/property/oracle_private.h"

struct told {
	unsigned changes, first_run;
};

struct telling {
	struct oracle *o;
	struct told told[MAX_EPISODES];
	bool cut; /* an alert says that it leaves objects out */
};

static void count(struct telling *t, const char *kind, int64_t finding)
{
	struct episode *e = oracle_by_id(t->o, finding);

	if (!e)
		return;
	struct told *told = &t->told[e - t->o->episodes];
	if (strcmp(kind, "first_run") == 0)
		told->first_run++;
	else if (strcmp(kind, "changes_undone") != 0 && strcmp(kind, "deletion_vanished") != 0)
		told->changes++;
}

/* Every "finding" below an alert, however deep it is nested. */
static void walk(struct telling *t, const char *kind, const struct json *v)
{
	JSON_EACH (item, v) {
		int64_t finding;

		if (json_type(item) == JSON_TYPE_OBJECT || json_type(item) == JSON_TYPE_ARRAY)
			walk(t, kind, item);
		if (json_type(v) == JSON_TYPE_OBJECT && json_key(item) &&
			strcmp(json_key(item), "finding") == 0 &&
			json_get_int(v, "finding", &finding) == JSON_GET_OK)
			count(t, kind, finding);
	}
}

static void read_alert(struct telling *t, const struct audit_alert *alert)
{
	_cleanup_(json_freep) struct json *body = NULL;
	int64_t omitted;

	if (json_parse(alert->body, strlen(alert->body), LIMIT_JSON_DEPTH, &body) < 0) {
		(void)oracle_fail(t->o, NULL, NULL, 0, "an alert is no JSON");
		return;
	}
	if (json_get_int(body, "omitted", &omitted) == JSON_GET_OK && omitted)
		t->cut = true;
	walk(t, alert->kind, body);
}

static bool told_once(struct telling *t, const struct episode *e)
{
	struct oracle *o = t->o;
	const struct told *told = &t->told[e - o->episodes];
	const struct episode *parent = e->parent ? oracle_by_id(o, e->parent) : NULL;
	bool by_parent = parent && t->told[parent - o->episodes].changes;

	if (told->changes > 1 || told->first_run > 1)
		return oracle_fail(o, &e->sign, NULL, 0, "is told %u times", told->changes);
	if (e->initial && told->changes)
		return oracle_fail(o, &e->sign, NULL, 0, "is initial and told");
	if (e->born_open && !e->initial && told->changes == 0 && !by_parent)
		return oracle_fail(o, &e->sign, NULL, 0, "is not told");
	if (!e->born_open && strcmp(e->attention, "closed") == 0 && told->changes)
		return oracle_fail(o, &e->sign, NULL, 0, "is closed from the start and told");
	return true;
}

static bool all_delivered(struct oracle *o)
{
	size_t arrived = 0;
	size_t to_go = 0; /* trouble of the only sink cannot be told through it */

	for (size_t i = 0; i < sim_hooks(o->sim); i++)
		arrived += !sim_hook_repeated(o->sim, i);
	for (size_t i = 0; i < o->audit->n_alerts; i++)
		to_go += strcmp(o->audit->alerts[i].kind, "sink_failing") != 0;
	if (o->audit->undelivered || arrived != to_go)
		return oracle_fail(o, NULL, NULL, 0,
			"%zu alerts, %zu arrived, %lld are not delivered", to_go, arrived,
			(long long)o->audit->undelivered);
	return true;
}

bool oracle_told(struct oracle *o, bool quiet_end)
{
	struct telling *t = sim_alloc(sizeof(*t));
	bool good = true;

	*t = (struct telling){.o = o};
	o->stats->alerts += o->audit->n_alerts;
	for (size_t i = 0; i < o->audit->n_alerts; i++)
		read_alert(t, &o->audit->alerts[i]);
	good = !o->verdict->failed;
	for (size_t i = 0; good && !t->cut && i < o->n; i++)
		good = told_once(t, &o->episodes[i]);
	free(t);
	return good && (!quiet_end || all_delivered(o));
}
