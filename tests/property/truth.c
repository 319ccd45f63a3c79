/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/property/truth.h"

#include <string.h>

#include "common/base/clock.h"

const char *const sign_changes[_SIGN_KIND_MAX] = {
	[SIGN_DELETED] = "deleted",
	[SIGN_APPEARED] = "appeared",
	[SIGN_PROPERTY] = "modified",
	[SIGN_LINK_ADDED] = "link added",
	[SIGN_LINK_REMOVED] = "link removed",
};

bool sign_equal(const struct sign *a, const struct sign *b)
{
	if (a->kind != b->kind || a->object != b->object)
		return false;
	if (a->kind == SIGN_PROPERTY)
		return a->property == b->property && strcmp(a->value, b->value) == 0;
	return a->member == b->member;
}

bool sign_holds(const struct sign *s, int64_t at_us)
{
	enum sim_life life = sim_object_life(s->object, at_us);

	switch (s->kind) {
	case SIGN_DELETED:
		return life == SIM_LIFE_DELETED;
	case SIGN_APPEARED:
		return life == SIM_LIFE_ALIVE;
	case SIGN_PROPERTY:
		return life != SIM_LIFE_NONE &&
		       strcmp(sim_object_prop(s->object, at_us, s->property), s->value) == 0;
	case SIGN_LINK_ADDED:
		return life != SIM_LIFE_NONE && sim_object_has_member(s->object, s->member, at_us);
	case SIGN_LINK_REMOVED:
		return life != SIM_LIFE_NONE && !sim_object_has_member(s->object, s->member, at_us);
	case _SIGN_KIND_MAX:
		break;
	}
	return false;
}

int64_t sign_event_us(const struct sign *s, int64_t at_us)
{
	int64_t event_us = INT64_MIN, began_us;

	if (s->kind == SIGN_DELETED) /* it may have been back for no time at all */
		return sim_object_deleted_us(s->object, at_us);
	for (size_t i = 0; (began_us = sim_object_began_us(s->object, i)) != TIME_NONE; i++) {
		if (began_us > at_us)
			break;
		if (!sign_holds(s, began_us))
			event_us = INT64_MIN;
		else if (event_us == INT64_MIN)
			event_us = began_us;
	}
	return event_us;
}

static bool alive(const struct sim_object *o, int64_t at_us)
{
	return sim_object_life(o, at_us) == SIM_LIFE_ALIVE;
}

bool sign_shown(const struct sign *s, int64_t from_us, int64_t to_us)
{
	bool was = alive(s->object, from_us), is = alive(s->object, to_us);

	if (s->kind == SIGN_DELETED)
		return was && sim_object_life(s->object, to_us) == SIM_LIFE_DELETED;
	if (s->kind == SIGN_APPEARED)
		return !was && is;
	if (!was || !is || sign_holds(s, from_us) || !sign_holds(s, to_us))
		return false;
	return s->kind == SIGN_PROPERTY || sim_object_life(s->member, to_us) != SIM_LIFE_GONE;
}

struct gathering {
	struct sign *out;
	size_t n, max;
	int64_t from_us, to_us;
};

static void gather(struct gathering *g, const struct sign *s)
{
	if (g->n < g->max && sign_shown(s, g->from_us, g->to_us))
		g->out[g->n++] = *s;
}

size_t truth_signs(const struct sim_real *r, const struct sim_object *o, int64_t from_us,
	int64_t to_us, struct sign *out, size_t max)
{
	struct gathering g = {.out = out, .max = max, .from_us = from_us, .to_us = to_us};
	enum sim_type type = sim_object_type(o);

	gather(&g, &(struct sign){.kind = SIGN_DELETED, .object = o});
	gather(&g, &(struct sign){.kind = SIGN_APPEARED, .object = o});
	if (!alive(o, to_us))
		return g.n;
	for (unsigned p = 0; p < sim_type_info(type)->n_props; p++)
		gather(&g, &(struct sign){.kind = SIGN_PROPERTY,
				   .object = o,
				   .property = (int)p,
				   .value = sim_object_prop(o, to_us, (int)p)});
	for (int t = 0; type == SIM_TYPE_GROUP && t < _SIM_TYPE_MAX; t++) {
		for (size_t i = 1; i <= sim_real_n(r, (enum sim_type)t); i++) {
			const struct sim_object *m = sim_real_by_index(r, (enum sim_type)t, i);

			gather(&g,
				&(struct sign){.kind = SIGN_LINK_ADDED, .object = o, .member = m});
			gather(&g, &(struct sign){
					   .kind = SIGN_LINK_REMOVED, .object = o, .member = m});
		}
	}
	return g.n;
}
