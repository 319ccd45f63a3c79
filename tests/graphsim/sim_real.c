/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History is only ever appended to, and everything lives in one arena until the directory goes:
 * versions share the texts and member lists that did not change between them.
 */
#include "tests/graphsim/sim_real.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "tests/graphsim/sim_core.h"

#define CHUNK_SIZE (256u * 1024)

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) char data[];
};

struct version {
	int64_t at_us;
	enum sim_life life;
	int64_t deleted_us;
	const char **props;	     /* JSON text per property */
	struct sim_object **members; /* of a group */
	size_t n_members;
};

struct sim_object {
	enum sim_type type;
	uint64_t pos;
	char id[SIM_ID_SIZE];
	const char *label;	  /* from `as`, or NULL */
	struct version *versions; /* malloced; in order of at_us */
	size_t n_versions;
};

struct sim_real {
	struct sim_dir dir; /* first: the ops get a pointer to it */
	uint64_t seed;
	const char *domain;
	struct chunk *chunks;
	struct sim_object **objects; /* in order of creation: the order of every walk */
	size_t n_objects;
	struct sim_object **by_type[_SIM_TYPE_MAX];
	size_t n_by_type[_SIM_TYPE_MAX];
	struct sim_link *links; /* of the last load() */
	size_t n_links;
};

static void *keep(struct sim_real *r, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (!r->chunks || r->chunks->size - r->chunks->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		struct chunk *c = sim_alloc(sizeof(*c) + room);

		c->size = room;
		c->next = r->chunks;
		r->chunks = c;
	}
	void *p = r->chunks->data + r->chunks->used;
	r->chunks->used += size;
	return p;
}

static const char *keep_text(struct sim_real *r, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = keep(r, len);

	memcpy(copy, text, len);
	return copy;
}

static const struct version *version_at(const struct sim_object *o, int64_t at_us)
{
	static const struct version none = {.life = SIM_LIFE_NONE};

	for (size_t i = o->n_versions; i > 0; i--)
		if (o->versions[i - 1].at_us <= at_us)
			return &o->versions[i - 1];
	return &none;
}

static struct version *last_version(struct sim_object *o)
{
	return &o->versions[o->n_versions - 1];
}

/* A new state from at_us on, equal to the last one so far. */
static struct version *edit(struct sim_real *r, struct sim_object *o, int64_t at_us)
{
	struct version *v = sim_grow(&o->versions, &o->n_versions, sizeof(*v));
	unsigned n_props = sim_type_info(o->type)->n_props;

	if (o->n_versions > 1) {
		*v = v[-1];
		if (at_us < v->at_us)
			at_us = v->at_us;
	}
	const char **props = keep(r, n_props * sizeof(*props));
	if (v->props)
		memcpy(props, v->props, n_props * sizeof(*props));
	v->props = props;
	v->at_us = at_us;
	return v;
}

/* --- what a recovery sees ------------------------------------------------------------------------
 */

static bool has_member(const struct version *v, const struct sim_object *member)
{
	for (size_t i = 0; i < v->n_members; i++)
		if (v->members[i] == member)
			return true;
	return false;
}

static void add_link(struct sim_real *r, const struct sim_object *member, bool added)
{
	struct sim_link *link = sim_grow(&r->links, &r->n_links, sizeof(*link));

	memcpy(link->id, member->id, sizeof(link->id));
	link->type = member->type;
	link->added = added;
}

/* Membership of what is gone for good cannot be given back and is not shown. */
static void collect_links(
	struct sim_real *r, const struct version *a, const struct version *b, int64_t to_us)
{
	free(r->links);
	r->links = NULL;
	r->n_links = 0;
	if (a->members == b->members && a->n_members == b->n_members)
		return;
	for (size_t i = 0; i < b->n_members; i++)
		if (!has_member(a, b->members[i]) &&
			version_at(b->members[i], to_us)->life != SIM_LIFE_GONE)
			add_link(r, b->members[i], true);
	for (size_t i = 0; i < a->n_members; i++)
		if (!has_member(b, a->members[i]) &&
			version_at(a->members[i], to_us)->life != SIM_LIFE_GONE)
			add_link(r, a->members[i], false);
}

static bool props_differ(
	const struct sim_object *o, const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < sim_type_info(o->type)->n_props; i++)
		if (a->props[i] != b->props[i] && strcmp(a->props[i], b->props[i]) != 0)
			return true;
	return false;
}

static bool compare(struct sim_real *r, const struct sim_object *o, int64_t from_us, int64_t to_us,
	struct sim_row *row)
{
	const struct version *a = version_at(o, from_us), *b = version_at(o, to_us);

	row->links = 0;
	if (a == b)
		return false;
	if (a->life == SIM_LIFE_ALIVE && b->life == SIM_LIFE_DELETED) {
		row->action = SIM_ACTION_RESTORE;
		return true;
	}
	if ((a->life == SIM_LIFE_NONE || a->life == SIM_LIFE_DELETED) &&
		b->life == SIM_LIFE_ALIVE) {
		row->action = SIM_ACTION_SOFT_DELETE;
		return true;
	}
	if (a->life != SIM_LIFE_ALIVE || b->life != SIM_LIFE_ALIVE)
		return false;
	collect_links(r, a, b, to_us);
	row->links = (unsigned)r->n_links;
	row->action = SIM_ACTION_UPDATE;
	return r->n_links || props_differ(o, a, b);
}

static bool real_next(struct sim_dir *dir, int64_t from_us, int64_t to_us, struct sim_row *row)
{
	struct sim_real *r = (struct sim_real *)dir;

	for (; row->pos < r->n_objects; row->pos++) {
		const struct sim_object *o = r->objects[row->pos];

		if (!compare(r, o, from_us, to_us, row))
			continue;
		row->type = o->type;
		memcpy(row->id, o->id, sizeof(row->id));
		return true;
	}
	return false;
}

static void real_load(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_row *row, struct sim_detail *ret)
{
	struct sim_real *r = (struct sim_real *)dir;
	const struct sim_object *o = r->objects[row->pos];
	const struct version *a = version_at(o, from_us), *b = version_at(o, to_us);

	*ret = (struct sim_detail){
		.before = a->props, .after = b->props, .deleted_us = b->deleted_us};
	if (row->links) {
		collect_links(r, a, b, to_us);
		ret->links = r->links;
		ret->n_links = r->n_links;
	}
}

static void real_free(struct sim_dir *dir)
{
	struct sim_real *r = (struct sim_real *)dir;

	for (size_t i = 0; i < r->n_objects; i++) {
		free(r->objects[i]->versions);
		free(r->objects[i]);
	}
	for (struct chunk *c = r->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	for (int i = 0; i < _SIM_TYPE_MAX; i++)
		free(r->by_type[i]);
	free(r->objects);
	free(r->links);
	free(r);
}

static const struct sim_dir_ops real_ops = {real_next, real_load, real_free};

/* --- what scenario steps do ----------------------------------------------------------------------
 */

struct sim_real *sim_real_new(uint64_t seed, const char *domain)
{
	struct sim_real *r = sim_alloc(sizeof(*r));

	r->dir.ops = &real_ops;
	r->seed = seed;
	r->domain = keep_text(r, domain);
	return r;
}

struct sim_dir *sim_real_dir(struct sim_real *r)
{
	return &r->dir;
}

size_t sim_real_n(const struct sim_real *r, enum sim_type type)
{
	return r->n_by_type[type];
}

struct sim_object *sim_real_by_index(const struct sim_real *r, enum sim_type type, size_t index)
{
	return index >= 1 && index <= r->n_by_type[type] ? r->by_type[type][index - 1] : NULL;
}

struct sim_object *sim_real_by_label(const struct sim_real *r, const char *label)
{
	for (size_t i = 0; i < r->n_objects; i++)
		if (r->objects[i]->label && strcmp(r->objects[i]->label, label) == 0)
			return r->objects[i];
	return NULL;
}

const char *sim_object_id(const struct sim_object *o)
{
	return o->id;
}

enum sim_type sim_object_type(const struct sim_object *o)
{
	return o->type;
}

uint64_t sim_object_pos(const struct sim_object *o)
{
	return o->pos;
}

enum sim_life sim_object_life(const struct sim_object *o, int64_t at_us)
{
	return version_at(o, at_us)->life;
}

int64_t sim_object_began_us(const struct sim_object *o, size_t i)
{
	return i < o->n_versions ? o->versions[i].at_us : TIME_NONE;
}

const char *sim_object_prop(const struct sim_object *o, int64_t at_us, int prop)
{
	const struct version *v = version_at(o, at_us);

	return v->props ? v->props[prop] : NULL;
}

int64_t sim_object_deleted_us(const struct sim_object *o, int64_t at_us)
{
	return version_at(o, at_us)->deleted_us;
}

bool sim_object_has_member(
	const struct sim_object *group, const struct sim_object *member, int64_t at_us)
{
	return has_member(version_at(group, at_us), member);
}

struct sim_object *sim_real_by_id(const struct sim_real *r, enum sim_type type, const char *id)
{
	for (size_t i = 0; i < r->n_by_type[type]; i++)
		if (strcasecmp(r->by_type[type][i]->id, id) == 0)
			return r->by_type[type][i];
	return NULL;
}

struct sim_object *sim_real_create(
	struct sim_real *r, int64_t at_us, enum sim_type type, const char *name)
{
	struct sim_object *o = sim_alloc(sizeof(*o));
	struct sim_object **slot = sim_grow(&r->objects, &r->n_objects, sizeof(*slot));
	struct sim_object **typed =
		sim_grow(&r->by_type[type], &r->n_by_type[type], sizeof(*typed));
	struct sim_seed seed = {
		.tenant = r->seed, .index = r->n_by_type[type], .domain = r->domain, .name = name};

	*slot = *typed = o;
	o->type = type;
	o->pos = r->n_objects - 1;
	sim_make_id(&seed, type, 0, o->id);
	struct version *v = edit(r, o, at_us);
	v->life = SIM_LIFE_ALIVE;
	struct buf text = BUF_INIT(SIM_LINE_MAX);
	for (unsigned i = 0; i < sim_type_info(type)->n_props; i++) {
		buf_reset(&text);
		sim_make_value(&text, &seed, type, i);
		v->props[i] = keep_text(r, buf_text(&text));
	}
	buf_done(&text);
	return o;
}

int sim_real_label(struct sim_real *r, struct sim_object *o, const char *label)
{
	if (sim_real_by_label(r, label))
		return -EEXIST;
	o->label = keep_text(r, label);
	return 0;
}

int sim_real_set(
	struct sim_real *r, struct sim_object *o, int64_t at_us, int prop, const char *json)
{
	if (last_version(o)->life != SIM_LIFE_ALIVE)
		return -EINVAL;
	edit(r, o, at_us)->props[prop] = keep_text(r, json);
	return 0;
}

int sim_real_delete(struct sim_real *r, struct sim_object *o, int64_t at_us)
{
	if (last_version(o)->life != SIM_LIFE_ALIVE)
		return -EINVAL;
	struct version *v = edit(r, o, at_us);
	v->life = SIM_LIFE_DELETED;
	v->deleted_us = v->at_us;
	return 0;
}

int sim_real_restore(struct sim_real *r, struct sim_object *o, int64_t at_us)
{
	if (last_version(o)->life != SIM_LIFE_DELETED)
		return -EINVAL;
	edit(r, o, at_us)->life = SIM_LIFE_ALIVE;
	return 0;
}

int sim_real_hard_delete(struct sim_real *r, struct sim_object *o, int64_t at_us)
{
	if (last_version(o)->life == SIM_LIFE_GONE)
		return -EINVAL;
	edit(r, o, at_us)->life = SIM_LIFE_GONE;
	return 0;
}

int sim_real_add_member(
	struct sim_real *r, struct sim_object *group, struct sim_object *member, int64_t at_us)
{
	const struct version *last = last_version(group);

	if (last->life != SIM_LIFE_ALIVE || has_member(last, member))
		return -EINVAL;
	struct version *v = edit(r, group, at_us);
	struct sim_object **members = keep(r, (v->n_members + 1) * sizeof(*members));
	if (v->n_members)
		memcpy(members, v->members, v->n_members * sizeof(*members));
	members[v->n_members++] = member;
	v->members = members;
	return 0;
}

int sim_real_remove_member(
	struct sim_real *r, struct sim_object *group, struct sim_object *member, int64_t at_us)
{
	const struct version *last = last_version(group);

	if (last->life != SIM_LIFE_ALIVE || !has_member(last, member))
		return -EINVAL;
	struct version *v = edit(r, group, at_us);
	struct sim_object **members = keep(r, v->n_members * sizeof(*members));
	size_t n = 0;
	for (size_t i = 0; i < v->n_members; i++)
		if (v->members[i] != member)
			members[n++] = v->members[i];
	v->members = members;
	v->n_members = n;
	return 0;
}

int sim_real_revert(struct sim_real *r, struct sim_object *o, int64_t at_us, int64_t then_us)
{
	const struct version then = *version_at(o, then_us);
	const struct version *last = last_version(o);
	bool was = then.life == SIM_LIFE_ALIVE;

	if (last->life == SIM_LIFE_GONE ||
		(was && last->props == then.props && last->life == then.life))
		return 0;
	if (!was)
		return sim_real_delete(r, o, at_us) == 0;
	struct version *v = edit(r, o, at_us);
	v->life = SIM_LIFE_ALIVE;
	v->props = then.props;
	v->members = then.members;
	v->n_members = then.n_members;
	return 1;
}
