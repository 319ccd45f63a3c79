/* SPDX-License-Identifier: Apache-2.0 */
/* What can happen to the objects of a made-up tenant. */
#include <string.h>

#include "common/base/cleanup.h"
#include "tests/graphsim/sim_core.h"
#include "tests/property/history.h"

#define N_USERS 6
#define MEMBERS_PER_GROUP 8 /* as graphsim fills groups */

static const struct {
	enum sim_type type;
	int n;
} populations[] = {
	{SIM_TYPE_USER, N_USERS},
	{SIM_TYPE_GROUP, 3},
	{SIM_TYPE_POLICY, 2},
	{SIM_TYPE_LOCATION, 1},
	{SIM_TYPE_APPLICATION, 2},
	{SIM_TYPE_SERVICE_PRINCIPAL, 2},
	{SIM_TYPE_GRANT, 1},
	{SIM_TYPE_ASSIGNMENT, 1},
};

#define MAX_VALUES 4
static const struct {
	enum sim_type type;
	const char *name;
	const char *values[MAX_VALUES];
} properties[] = {
	{SIM_TYPE_USER, "accountEnabled", {"false", "true"}},
	{SIM_TYPE_USER, "department", {"\"Finance\"", "\"Legal\"", "\"Sales\""}},
	{SIM_TYPE_GROUP, "visibility", {"\"Private\"", "\"Public\""}},
	{SIM_TYPE_POLICY, "state",
		{"\"disabled\"", "\"enabled\"", "\"enabledForReportingButNotEnforced\""}},
	{SIM_TYPE_LOCATION, "isTrusted", {"false", "true"}},
	{SIM_TYPE_APPLICATION, "signInAudience", {"\"AzureADMyOrg\"", "\"AzureADMultipleOrgs\""}},
	{SIM_TYPE_SERVICE_PRINCIPAL, "accountEnabled", {"false", "true"}},
	{SIM_TYPE_GRANT, "scope", {"\"User.Read\"", "\"Mail.ReadWrite\""}},
};

static int property_row(enum sim_type type, int i)
{
	for (size_t row = 0; row < ARRAY_SIZE(properties); row++)
		if (properties[row].type == type && i-- == 0)
			return (int)row;
	return -1;
}

const char *model_property(enum sim_type type, int i)
{
	int row = property_row(type, i);

	return row < 0 ? NULL : properties[row].name;
}

const char *model_value(enum sim_type type, int property, int i)
{
	return properties[property_row(type, property)].values[i];
}

int model_n_values(enum sim_type type, int property)
{
	int row = property_row(type, property), n = 0;

	while (row >= 0 && n < MAX_VALUES && properties[row].values[n])
		n++;
	return n;
}

uint64_t model_seed(void)
{
	return sim_mix(sim_hash_text(HISTORY_TENANT), HISTORY_SEED);
}

static void fill_group(struct model_object *group)
{
	uint64_t seed = model_seed();

	for (unsigned m = 0; m < MEMBERS_PER_GROUP; m++)
		group->member[sim_mix(sim_mix(seed, (uint64_t)group->index), m) % N_USERS] = true;
}

void model_init(struct model *m)
{
	*m = (struct model){.down_until_s = -1};
	for (size_t p = 0; p < ARRAY_SIZE(populations); p++) {
		for (int i = 1; i <= populations[p].n; i++) {
			struct model_object *o = &m->objects[m->n++];

			o->type = populations[p].type;
			o->index = i;
			o->life = MODEL_ALIVE;
			if (o->type == SIM_TYPE_GROUP)
				fill_group(o);
		}
	}
}

static bool change_life(struct model_object *o, enum model_life from, enum model_life to)
{
	if (o->life != from || o->recovered)
		return false;
	o->life = to;
	return true;
}

static bool change_member(struct model *m, const struct op *op, bool from)
{
	struct model_object *group = &m->objects[op->object];
	const struct model_object *member = &m->objects[op->other];

	if (group->life != MODEL_ALIVE || group->recovered || member->life != MODEL_ALIVE ||
		group->member[op->other] != from)
		return false;
	group->member[op->other] = !from;
	return true;
}

/* A grant or an assignment that names somebody needs that somebody. */
static bool create(struct model *m, const struct op *op)
{
	struct model_object *o = &m->objects[op->object];

	if (op->object < m->n || op->object >= HISTORY_MAX_OBJECTS ||
		(op->other >= 0 && m->objects[op->other].life == MODEL_NONE))
		return false;
	*o = (struct model_object){.type = op->type, .life = MODEL_ALIVE};
	m->n = op->object + 1;
	return true;
}

static bool harness_line(struct model *m, const struct op *op)
{
	if (op->at_s <= m->down_until_s)
		return false;
	if (op->kind == OP_DOWN)
		m->down_until_s = op->at_s + op->value;
	return true;
}

bool model_apply(struct model *m, const struct op *op)
{
	struct model_object *o = &m->objects[op->object];

	switch (op->kind) {
	case OP_SETUP:
		return true;
	case OP_LINE:
	case OP_DOWN:
		return harness_line(m, op);
	case OP_CREATE:
		return create(m, op);
	case OP_DELETE:
		return change_life(o, MODEL_ALIVE, MODEL_DELETED);
	case OP_RESTORE:
		return change_life(o, MODEL_DELETED, MODEL_ALIVE);
	case OP_HARD_DELETE:
		return change_life(o, MODEL_DELETED, MODEL_GONE) ||
		       change_life(o, MODEL_ALIVE, MODEL_GONE);
	case OP_SET:
		return o->life == MODEL_ALIVE && !o->recovered;
	case OP_ADD_MEMBER:
		return change_member(m, op, false);
	case OP_REMOVE_MEMBER:
		return change_member(m, op, true);
	case OP_RECOVERY:
		if (o->life == MODEL_NONE || o->life == MODEL_GONE)
			return false;
		o->recovered = true;
		return true;
	case _OP_KIND_MAX:
		break;
	}
	return false;
}
