/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever nobody expected is told of once, and what is told arrives. */
#include <string.h>

#include "common/base/json.h"
#include "common/base/limits.h"
#include "tests/graphsim/sim.h"
#include "tests/property/oracle_private.h"

struct told {
	unsigned unexpected; /* for itself */
	unsigned effects;    /* as the effect of a recovery, by the preview that found it */
	unsigned first_run;
};

struct telling {
	struct oracle *o;
	bool effects; /* the alert that is read is about a recovery */
	struct told told[MAX_EPISODES];
	bool cut; /* an alert says that it leaves objects out */
};

static void count(struct telling *t, const struct audit_alert *alert, int64_t finding)
{
	struct episode *e = oracle_by_id(t->o, finding);

	if (!e)
		return;
	struct told *told = &t->told[e - t->o->episodes];
	if (strcmp(alert->kind, "first_run") == 0)
		told->first_run++;
	else if (strcmp(alert->kind, "changes_unexpected") != 0)
		return;
	else if (!t->effects)
		told->unexpected++;
	else if (alert->job == e->first_job) /* later: what it undid */
		told->effects++;
}

/* Every "finding" below an alert, however deep it is nested. */
static void walk(struct telling *t, const struct audit_alert *alert, const struct json *v)
{
	JSON_EACH (item, v) {
		const char *fact;
		int64_t finding;

		if (json_type(item) == JSON_TYPE_OBJECT || json_type(item) == JSON_TYPE_ARRAY)
			walk(t, alert, item);
		if (json_type(v) == JSON_TYPE_OBJECT && json_key(item) &&
			strcmp(json_key(item), "finding") == 0 &&
			json_get_string(v, "fact", &fact) != JSON_GET_OK && /* what became of it */
			json_get_int(v, "finding", &finding) == JSON_GET_OK)
			count(t, alert, finding);
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
	t->effects = json_member(body, "recovery") != NULL;
	walk(t, alert, body);
}

static bool told_once(struct telling *t, const struct episode *e)
{
	struct oracle *o = t->o;
	const struct told *told = &t->told[e - o->episodes];
	const struct episode *parent = e->parent ? oracle_by_id(o, e->parent) : NULL;
	const struct told *of_parent = parent ? &t->told[parent - o->episodes] : NULL;
	unsigned n = told->unexpected + told->effects;
	bool by_parent = of_parent && of_parent->unexpected + of_parent->effects > 0;

	if (n > 1 + e->reopened || told->first_run > 1)
		return oracle_fail(o, &e->sign, NULL, 0,
			"is told %u times for itself, %u times as an effect, %u times as initial",
			told->unexpected, told->effects, told->first_run);
	if (e->initial && n > e->reopened)
		return oracle_fail(o, &e->sign, NULL, 0, "is initial and told");
	if (e->born == BORN_OPEN && !e->initial && n == 0 && !by_parent)
		return oracle_fail(o, &e->sign, NULL, 0, "is not told");
	if (e->born == BORN_CLOSED && told->unexpected)
		return oracle_fail(o, &e->sign, NULL, 0, "is closed from the start and told");
	return true;
}

static unsigned count_alerts(const struct oracle *o, const char *kind, int64_t job)
{
	unsigned n = 0;

	for (size_t i = 0; i < o->audit->n_alerts; i++)
		n += o->audit->alerts[i].job == job && strcmp(o->audit->alerts[i].kind, kind) == 0;
	return n;
}

static bool somebody_recovers(const struct oracle *o)
{
	for (size_t i = 0; i < o->tenant->n_jobs; i++)
		if (o->tenant->jobs[i]->recovery)
			return true;
	return false;
}

/* One notice for all that a judgement closed, one alert for all that vanished from it; unless they
 * are among the effects of a recovery, which are told with it. */
static bool noticed(struct oracle *o, const struct notices *notices)
{
	unsigned undone = count_alerts(o, "changes_undone", notices->job);
	unsigned vanished = count_alerts(o, "deletion_vanished", notices->job);
	bool recovery = somebody_recovers(o);

	if (undone > (notices->closed > 0) || (!recovery && undone < (notices->closed > 0)))
		return oracle_fail(o, NULL, NULL, 0, "%u undone by job %lld are told in %u notices",
			notices->closed, (long long)notices->job, undone);
	if (vanished > (notices->vanished > 0) || (!recovery && vanished < (notices->vanished > 0)))
		return oracle_fail(o, NULL, NULL, 0,
			"%u vanished from job %lld are told in %u alerts", notices->vanished,
			(long long)notices->job, vanished);
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
	for (size_t i = 0; good && i < o->n_notices; i++)
		good = noticed(o, &o->notices[i]);
	return good && (!quiet_end || all_delivered(o));
}
