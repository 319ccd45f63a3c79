/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through the judgements in their order. */
#include "tests/property/oracle_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/timefmt.h"
#include "common/model/rule.h"

/* --- words --------------------------------------------------------------------------------------
 */

static void describe(const struct sign *s, char *out, size_t size)
{
	const char *type = sim_type_info(sim_object_type(s->object))->name;
	const char *property =
		s->kind == SIGN_PROPERTY
			? sim_type_info(sim_object_type(s->object))->props[s->property].name
			: "";

	(void)snprintf(out, size, "%s %s %s %s%s%s%s", type, sim_object_id(s->object),
		sign_changes[s->kind], property, s->value ? " -> " : "", s->value ? s->value : "",
		s->member ? sim_object_id(s->member) : "");
}

bool oracle_step_is(const struct audit_step *step, const struct sign *s)
{
	enum sim_type type = sim_object_type(s->object);

	if (!step->change || strcmp(step->change, sign_changes[s->kind]) != 0 ||
		strcmp(step->entity_type, sim_type_info(type)->name) != 0 ||
		strcasecmp(step->object_id, sim_object_id(s->object)) != 0)
		return false;
	if (s->kind == SIGN_PROPERTY)
		return strcmp(step->atom, sim_type_info(type)->props[s->property].name) == 0 &&
		       strcmp(step->after ? step->after : "", s->value) == 0;
	const char *member = strchr(step->atom, '/');
	return !s->member || (member && strcasecmp(member + 1, sim_object_id(s->member)) == 0);
}

static int count_findings(const struct oracle *o, const struct sign *s, const char *fact)
{
	int n = 0;

	for (size_t i = 0; i < o->audit->n_steps; i++) {
		const struct audit_step *step = &o->audit->steps[i];
		bool last = true;

		if (step->kind == AUDIT_JUDGED)
			continue;
		for (size_t k = i + 1; last && k < o->audit->n_steps; k++)
			last = o->audit->steps[k].finding != step->finding;
		/* only what the line below tells apart */
		n += last && strcmp(step->change, sign_changes[s->kind]) == 0 &&
		     strcmp(step->entity_type, sim_type_info(sim_object_type(s->object))->name) ==
			     0 &&
		     (!s->member || strcasestr(step->atom, sim_object_id(s->member))) &&
		     (s->kind != SIGN_PROPERTY ||
			     strcmp(step->atom, sim_type_info(sim_object_type(s->object))
							->props[s->property]
							.name) == 0) &&
		     (!fact || strcmp(step->fact, fact) == 0);
	}
	return n;
}

static void expect_line_for(struct oracle *o, const struct sign *s, const char *fact, int wanted,
	char *out, size_t size)
{
	const struct sim_type_info *type = sim_type_info(sim_object_type(s->object));
	int n = count_findings(o, s, fact) + wanted;
	char atom[80] = "";

	if (s->kind == SIGN_PROPERTY)
		(void)snprintf(atom, sizeof(atom), " atom=%s", type->props[s->property].name);
	if (s->member)
		(void)snprintf(atom, sizeof(atom), " atom=members/%s", sim_object_id(s->member));
	(void)snprintf(out, size, "expect findings %d entity_type=%s %s%s%s%s", n < 0 ? 0 : n,
		type->name,
		s->kind == SIGN_LINK_ADDED     ? "change~added"
		: s->kind == SIGN_LINK_REMOVED ? "change~removed"
		: s->kind == SIGN_DELETED      ? "change=deleted"
		: s->kind == SIGN_APPEARED     ? "change=appeared"
					       : "change=modified",
		atom, fact ? " fact=" : "", fact ? fact : "");
}

bool oracle_fail(
	struct oracle *o, const struct sign *s, const char *fact, int wanted, const char *fmt, ...)
{
	char what[300] = "", text[240], b[TIME_TEXT_SIZE], p[TIME_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (s)
		describe(s, what, sizeof(what));
	(void)snprintf(o->verdict->message, sizeof(o->verdict->message),
		"%s: %s (job %lld, baseline %s, start %s)", what, text,
		(long long)(o->now.job ? o->now.job->id : 0), time_format(o->now.b_us, b),
		time_format(o->now.p_us, p));
	if (s && wanted)
		expect_line_for(o, s, fact, wanted, o->verdict->expect, sizeof(o->verdict->expect));
	o->verdict->check = fmt;
	o->verdict->failed = true;
	return false;
}

/* --- looking up ---------------------------------------------------------------------------------
 */

enum verdict oracle_ask_rules(const struct oracle *o, const struct sign *s)
{
	const struct sim_type_info *type = sim_type_info(sim_object_type(s->object));
	const struct conf_rule *rule;
	const struct rule_subject subject = {
		.tenant = o->tenant->name,
		.change = sign_changes[s->kind],
		.entity_type = type->name,
		.object_id = sim_object_id(s->object),
		.property = s->kind == SIGN_PROPERTY ? type->props[s->property].name
			    : s->member		     ? "members"
						     : NULL,
	};

	return rule_decide(o->conf->rules, o->conf->n_rules, &subject, 0, &rule);
}

struct episode *oracle_newest(struct oracle *o, const struct sign *s)
{
	for (size_t i = o->n; i > 0; i--)
		if (sign_equal(&o->episodes[i - 1].sign, s))
			return &o->episodes[i - 1];
	return NULL;
}

struct episode *oracle_by_id(struct oracle *o, int64_t id)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->episodes[i].id == id)
			return &o->episodes[i];
	return NULL;
}

bool preview_shows(const struct preview *p, const struct sign *s)
{
	for (size_t i = 0; i < p->n; i++)
		if (sign_equal(&p->signs[i], s))
			return true;
	return false;
}

bool preview_lists(const struct preview *p, const struct sim_object *object)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->signs[i].object == object)
			return true;
	return false;
}

bool preview_includes(const struct preview *p, const struct sim_object *object)
{
	const struct sim_filter *f = &p->sim->filter;

	if (f->by_type)
		return f->types[sim_object_type(object)];
	for (size_t i = 0; f->by_id && i < f->n_ids; i++)
		if (strcasecmp(f->ids[i].id, sim_object_id(object)) == 0)
			return true;
	return !f->by_id;
}

/* --- one judgement ------------------------------------------------------------------------------
 */

static const struct audit_job *find_job(const struct oracle *o, int64_t id)
{
	for (size_t i = 0; i < o->audit->n_jobs; i++)
		if (o->audit->jobs[i].id == id)
			return &o->audit->jobs[i];
	return NULL;
}

static const struct sim_job *find_sim_job(const struct oracle *o, const char *id)
{
	for (size_t i = 0; id && i < o->tenant->n_jobs; i++)
		if (strcasecmp(o->tenant->jobs[i]->id, id) == 0)
			return o->tenant->jobs[i];
	return NULL;
}

/* The signs of the rows that are stored; complete previews have stored all there are. */
static bool load_rows(struct oracle *o)
{
	struct preview *p = &o->now;
	uint64_t rows = 0, there, links;

	for (size_t i = 0; i < o->audit->n_changes; i++) {
		const struct audit_change *c = &o->audit->changes[i];
		int type = sim_type_by_name(c->entity_type);
		const struct sim_object *object;

		if (c->job != p->job->id)
			continue;
		rows++;
		object = type < 0 ? NULL
				  : sim_real_by_id(o->real, (enum sim_type)type, c->object_id);
		if (!object)
			return oracle_fail(o, NULL, NULL, 0, "row of nothing: %s %s",
				c->entity_type, c->object_id);
		p->n += truth_signs(o->real, object, p->content_us, p->capture_us, &p->signs[p->n],
			MAX_SIGNS - p->n);
	}
	sim_diff_count(
		o->tenant->dir, p->content_us, p->capture_us, &p->sim->filter, &there, &links);
	if (p->job->verified == 1 && there != rows)
		return oracle_fail(o, NULL, NULL, 0, "complete, with %llu rows of %llu",
			(unsigned long long)rows, (unsigned long long)there);
	return true;
}

static bool open_preview(struct oracle *o, const struct audit_job *job)
{
	struct preview *p = &o->now;

	*p = (struct preview){.job = job,
		.sim = find_sim_job(o, job->service_id),
		.b_us = job->baseline_us,
		.p_us = job->started_us,
		.q_us = job->completed_us};
	if (!p->sim || p->q_us == TIME_NONE || p->p_us == TIME_NONE)
		return oracle_fail(o, NULL, NULL, 0, "a run without its job at the service");
	p->content_us = p->sim->snapshot.content_us;
	p->capture_us = p->sim->capture_us;
	return load_rows(o);
}

/* From the last snapshot on: what happened between two good previews of a watch is in one of them.
 */
static bool leaves_no_gap(struct oracle *o)
{
	const struct audit_job *prev = NULL, *job = o->now.job;

	for (size_t i = 0; i < o->audit->n_jobs && o->audit->jobs[i].id < job->id; i++) {
		const struct audit_job *other = &o->audit->jobs[i];

		if (other->verified != 0 && strcmp(other->watch, job->watch) == 0 &&
			strcmp(other->filter_hash, job->filter_hash) == 0 &&
			strcmp(other->policy, "covered") == 0)
			prev = other;
	}
	const struct sim_job *before = prev ? find_sim_job(o, prev->service_id) : NULL;
	if (!before || o->now.content_us <= before->capture_us)
		return true;
	for (size_t i = 0; i < o->audit->n_alerts; i++)
		if (strcmp(o->audit->alerts[i].kind, "coverage_gap") == 0)
			return true;
	return oracle_fail(o, NULL, NULL, 0, "leaves a gap behind job %lld", (long long)prev->id);
}

/* What people decided since the last judgement; false when the judgement itself did more. */
static bool only_people(struct oracle *o)
{
	bool only = true;

	for (size_t i = 0; i < o->now.n_steps; i++) {
		const struct audit_step *step = &o->now.steps[i];
		struct episode *e = oracle_by_id(o, step->finding);
		bool person = strcmp(step->attention, "acknowledged") == 0 &&
			      step->kind == AUDIT_MOVED && strcmp(step->fact, step->was_fact) == 0;

		if (e && person)
			e->attention = step->attention;
		only = only && person;
	}
	return only;
}

static bool judge_preview(struct oracle *o)
{
	bool only = only_people(o);

	o->stats->jobs++;
	o->stats->unverified += o->now.job->verified != 1;
	o->stats->late += o->now.p_us < o->latest_p_us;
	if (o->now.p_us > o->latest_p_us)
		o->latest_p_us = o->now.p_us;
	if (strcmp(o->now.job->policy, "covered") == 0)
		return leaves_no_gap(o) && oracle_sights(o) && oracle_moves(o);
	if (!only)
		return oracle_fail(o, NULL, NULL, 0, "a report moves findings");
	return true;
}

void oracle_judge(struct sim *sim, const struct conf *conf, const struct audit *audit,
	bool quiet_end, struct oracle_stats *stats, struct oracle_verdict *ret)
{
	struct oracle *o = sim_alloc(sizeof(*o));
	bool good = true;
	size_t begin = 0;

	*o = (struct oracle){
		.sim = sim,
		.tenant = sim->tenants[0],
		.real = (struct sim_real *)sim->tenants[0]->dir,
		.conf = conf,
		.margin_us = conf->tenants[0]->coverage_margin_us,
		.audit = audit,
		.stats = stats,
		.verdict = ret,
		.latest_p_us = INT64_MIN,
	};
	*ret = (struct oracle_verdict){0};
	stats->histories++;
	for (size_t i = 0; good && i < audit->n_steps; i++) {
		if (audit->steps[i].kind != AUDIT_JUDGED)
			continue;
		const struct audit_job *job = find_job(o, audit->steps[i].job);
		good = job && open_preview(o, job);
		o->now.steps = &audit->steps[begin];
		o->now.n_steps = i - begin;
		good = good && judge_preview(o);
		begin = i + 1;
	}
	if (good)
		(void)oracle_told(o, quiet_end);
	free(o->sightings);
	free(o->notices);
	free(o);
}
