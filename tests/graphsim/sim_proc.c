/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/graphsim/sim_proc.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/graphsim/sim_core.h"

/* Members of a group at any time: the last so many of an endless line of users. */
#define MEMBERS 10u

enum role { ROLE_MODIFIED, ROLE_TOGGLED, ROLE_REPLACED };

struct sim_proc {
	struct sim_dir dir; /* first: the ops get a pointer to it */
	uint64_t seed, objects, pad;
	int64_t period_us; /* between two events of one object */
	char *domain;
	/* of the last load() */
	struct buf texts;
	const char *before[SIM_MAX_PROPS], *after[SIM_MAX_PROPS];
	struct sim_link links[2 * MEMBERS];
};

/* Number of the last event of object i that had happened by t. */
static uint64_t events(const struct sim_proc *p, uint64_t i, int64_t t_us)
{
	if (p->dir.event_us)
		return t_us >= p->dir.event_us;
	int64_t phase = (int64_t)(sim_mix(p->seed, i) % (uint64_t)p->period_us);

	return (uint64_t)((t_us + phase) / p->period_us);
}

static enum role role_of(const struct sim_proc *p, uint64_t i)
{
	uint64_t h = sim_mix(p->seed ^ 1, i) % 10;

	return h < 7 ? ROLE_MODIFIED : h < 9 ? ROLE_TOGGLED : ROLE_REPLACED;
}

/* Mixed as in a tenant that is mostly people. Assignments cannot be modified, only made and
 * removed. */
static enum sim_type type_of(const struct sim_proc *p, uint64_t i)
{
	static const struct {
		unsigned upto;
		enum sim_type type;
	} mix[] = {{60, SIM_TYPE_USER}, {75, SIM_TYPE_GROUP}, {83, SIM_TYPE_APPLICATION},
		{91, SIM_TYPE_SERVICE_PRINCIPAL}, {93, SIM_TYPE_POLICY}, {94, SIM_TYPE_LOCATION},
		{97, SIM_TYPE_GRANT}, {100, SIM_TYPE_ASSIGNMENT}};
	uint64_t h = sim_mix(p->seed ^ 2, i) % 100;
	unsigned k = 0;

	while (h >= mix[k].upto)
		k++;
	bool fixed = mix[k].type == SIM_TYPE_GRANT || mix[k].type == SIM_TYPE_ASSIGNMENT;
	return fixed && role_of(p, i) == ROLE_MODIFIED ? SIM_TYPE_USER : mix[k].type;
}

/* Toggled objects are deleted after every other event; which ones differs from object to object. */
static bool is_deleted(const struct sim_proc *p, uint64_t i, uint64_t n_events)
{
	return (n_events + sim_mix(p->seed ^ 4, i)) % 2;
}

static unsigned shifted(uint64_t a, uint64_t b)
{
	return (unsigned)(b - a < MEMBERS ? b - a : MEMBERS);
}

static bool proc_next(struct sim_dir *dir, int64_t from_us, int64_t to_us, struct sim_row *row)
{
	struct sim_proc *p = (struct sim_proc *)dir;

	for (; row->pos < p->objects; row->pos++) {
		uint64_t i = row->pos, a = events(p, i, from_us), b = events(p, i, to_us);
		enum role role = role_of(p, i);

		if (b <= a || (role == ROLE_TOGGLED && (b - a) % 2 == 0))
			continue;
		row->type = type_of(p, i);
		row->links = 0;
		if (role == ROLE_MODIFIED) {
			row->action = SIM_ACTION_UPDATE;
			row->links = row->type == SIM_TYPE_GROUP ? 2 * shifted(a, b) : 0;
		} else if (role == ROLE_TOGGLED) {
			row->action =
				is_deleted(p, i, b) ? SIM_ACTION_RESTORE : SIM_ACTION_SOFT_DELETE;
		} else {
			row->action = SIM_ACTION_SOFT_DELETE;
		}
		struct sim_seed seed = {.tenant = p->seed, .index = i + 1};
		sim_make_id(&seed, row->type, role == ROLE_REPLACED ? b : 0, row->id);
		return true;
	}
	return false;
}

/* The n-th of the line of users that pass through a group. */
static void fill_link(
	const struct sim_proc *p, uint64_t group, uint64_t n, bool added, struct sim_link *link)
{
	struct sim_seed seed = {
		.tenant = p->seed, .index = 1 + (sim_mix(p->seed ^ 3, group) + n) % p->objects};

	sim_make_id(&seed, SIM_TYPE_USER, 0, link->id);
	link->type = SIM_TYPE_USER;
	link->added = added;
}

/* A text that all objects of the type have and that any two versions have differently. */
static unsigned padded_property(enum sim_type type)
{
	static const char *const names[] = {"description", "notes", "streetAddress", "scope"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int k = sim_prop_by_name(type, names[i]);

		if (k >= 0)
			return (unsigned)k;
	}
	return 0;
}

/* Makes the text just written longer, with what a compressor cannot make much of. */
static void add_padding(struct sim_proc *p, const struct sim_seed *seed)
{
	uint64_t key = sim_mix(sim_mix(seed->tenant, seed->index), seed->version);

	if (!p->pad || !p->texts.len || p->texts.data[p->texts.len - 1] != '"')
		return;
	buf_truncate(&p->texts, p->texts.len - 1);
	for (uint64_t n = 0; n < p->pad; n += 16)
		buf_printf(&p->texts, "%016" PRIx64, sim_mix(key, n));
	buf_putc(&p->texts, '"');
}

/* Appends the values of one state; the buffer may move, so offsets first and pointers later. */
static void make_state(struct sim_proc *p, const struct sim_seed *seed, enum sim_type type,
	size_t offsets[static SIM_MAX_PROPS])
{
	for (unsigned k = 0; k < sim_type_info(type)->n_props; k++) {
		offsets[k] = p->texts.len;
		sim_make_value(&p->texts, seed, type, k);
		if (k == padded_property(type))
			add_padding(p, seed);
		buf_putc(&p->texts, '\0');
	}
}

static void proc_load(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_row *row, struct sim_detail *ret)
{
	struct sim_proc *p = (struct sim_proc *)dir;
	uint64_t i = row->pos, a = events(p, i, from_us), b = events(p, i, to_us);
	enum role role = role_of(p, i);
	unsigned n = sim_type_info(row->type)->n_props;
	struct sim_seed seed = {.tenant = p->seed, .index = i + 1, .domain = p->domain};
	size_t before[SIM_MAX_PROPS], after[SIM_MAX_PROPS];

	*ret = (struct sim_detail){.deleted_us = TIME_NONE};
	buf_reset(&p->texts);
	seed.version = role == ROLE_MODIFIED ? a : 0;
	make_state(p, &seed, row->type, before);
	seed.version = role == ROLE_MODIFIED ? b : role == ROLE_REPLACED ? b : 0;
	make_state(p, &seed, row->type, after);
	for (unsigned k = 0; k < n; k++) {
		p->before[k] = p->texts.data + before[k];
		p->after[k] = p->texts.data + after[k];
	}
	ret->before = role == ROLE_REPLACED ? NULL : p->before;
	ret->after = p->after;
	if (row->action == SIM_ACTION_RESTORE && p->dir.event_us) {
		ret->deleted_us = p->dir.event_us;
	} else if (row->action == SIM_ACTION_RESTORE) {
		int64_t phase = (int64_t)(sim_mix(p->seed, i) % (uint64_t)p->period_us);

		ret->deleted_us = (int64_t)b * p->period_us - phase;
	}
	if (row->links) {
		unsigned moved = row->links / 2;

		for (unsigned k = 0; k < moved; k++) {
			fill_link(p, i, b + MEMBERS - 1 - k, true, &p->links[k]);
			fill_link(p, i, a + k, false, &p->links[moved + k]);
		}
		ret->links = p->links;
		ret->n_links = row->links;
	}
}

static void proc_free(struct sim_dir *dir)
{
	struct sim_proc *p = (struct sim_proc *)dir;

	buf_done(&p->texts);
	free(p->domain);
	free(p);
}

static const struct sim_dir_ops proc_ops = {proc_next, proc_load, proc_free};

struct sim_dir *sim_proc_new(uint64_t seed, const char *domain, uint64_t objects, uint64_t daily)
{
	struct sim_proc *p = sim_alloc(sizeof(*p));

	p->dir.ops = &proc_ops;
	p->seed = seed;
	p->objects = objects ? objects : 1;
	p->period_us =
		(int64_t)((double)USEC_PER_DAY * (double)p->objects / (double)(daily ? daily : 1));
	p->domain = sim_strdup(domain);
	p->texts = BUF_INIT(SIM_LINE_MAX);
	return &p->dir;
}

struct sim_dir *sim_proc_new_event(
	uint64_t seed, const char *domain, uint64_t objects, int64_t event_us, uint64_t pad)
{
	struct sim_dir *dir = sim_proc_new(seed, domain, objects, 1);
	struct sim_proc *p = (struct sim_proc *)dir;

	dir->event_us = event_us;
	p->pad = pad;
	return dir;
}
