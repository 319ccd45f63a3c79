/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences as getChanges shows them. What recovery would write is deltaFromCurrent (the older
 * state), what there is now is currentState; both list the properties that differ and no others,
 * as in the documented examples.
 */
#include "tests/graphsim/sim_dir.h"

#include <string.h>
#include <strings.h>

#include "common/base/jsonw.h"
#include "tests/graphsim/sim_core.h"

void sim_filter_done(struct sim_filter *f)
{
	free(f->ids);
	*f = (struct sim_filter){0};
}

static bool wanted(const struct sim_filter *f, const struct sim_row *row)
{
	if (f->by_type)
		return f->types[row->type];
	if (!f->by_id)
		return true;
	for (size_t i = 0; i < f->n_ids; i++)
		if (f->ids[i].type == row->type && strcasecmp(f->ids[i].id, row->id) == 0)
			return true;
	return false;
}

bool sim_diff_next(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_filter *filter, struct sim_row *row)
{
	while (dir->ops->next(dir, from_us, to_us, row)) {
		if (wanted(filter, row))
			return true;
		row->pos++;
	}
	return false;
}

void sim_diff_count(struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_filter *filter, uint64_t *ret_rows, uint64_t *ret_links)
{
	struct sim_row row = {0};
	uint64_t rows = 0, links = 0;

	for (; sim_diff_next(dir, from_us, to_us, filter, &row); row.pos++) {
		rows++;
		links += row.links;
	}
	*ret_rows = rows;
	*ret_links = links;
}

static void put_raw(struct jsonw *w, const char *key, const char *json)
{
	jsonw_key(w, key);
	jsonw_raw(w, json, strlen(json));
}

static void put_removed(struct jsonw *w)
{
	put_raw(w, "@removed", "{\"reason\":\"changed\"}");
}

static void put_time(struct jsonw *w, const char *key, int64_t us)
{
	jsonw_key(w, key);
	jsonw_time(w, us == TIME_NONE ? us : us - us % USEC_PER_SEC);
}

static bool differs(const struct sim_detail *d, unsigned prop)
{
	return d->before && d->after && strcmp(d->before[prop], d->after[prop]) != 0;
}

/* One side of the comparison: what differs, or with `all` everything that is not null. */
static void put_props(struct jsonw *w, enum sim_type type, const struct sim_detail *d,
	const char *const *side, bool all)
{
	const struct sim_type_info *info = sim_type_info(type);

	for (unsigned i = 0; side && i < info->n_props; i++)
		if (differs(d, i) || (all && strcmp(side[i], "null") != 0))
			put_raw(w, info->props[i].name, side[i]);
}

bool sim_diff_divides(
	struct sim_dir *dir, int64_t from_us, int64_t to_us, const struct sim_row *row)
{
	struct sim_detail d;

	if (row->action != SIM_ACTION_UPDATE || row->links == 0)
		return false;
	dir->ops->load(dir, from_us, to_us, row, &d);
	for (unsigned i = 0; i < sim_type_info(row->type)->n_props; i++)
		if (differs(&d, i))
			return true;
	return false;
}

static void put_links(struct jsonw *w, const struct sim_detail *d, const struct sim_element *how)
{
	if (!d->n_links || how->part == SIM_PART_PROPS)
		return;
	jsonw_key(w, "members@delta");
	jsonw_array(w);
	for (size_t i = 0; i < d->n_links; i++) {
		const struct sim_type_info *info = sim_type_info(d->links[i].type);

		jsonw_object(w);
		jsonw_kv_string(w, "@odata.type", how->bare_type ? info->name : info->odata);
		jsonw_kv_string(w, "id", d->links[i].id);
		if (d->links[i].added) /* recovery would take it out again */
			put_removed(w);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void put_delta(struct jsonw *w, const struct sim_row *row, const struct sim_detail *d,
	const struct sim_element *how)
{
	jsonw_key(w, "deltaFromCurrent");
	jsonw_object(w);
	jsonw_kv_string(w, "@odata.type", sim_type_info(row->type)->odata);
	if (how->part != SIM_PART_LINKS)
		put_props(w, row->type, d, d->before, false);
	if (row->action == SIM_ACTION_SOFT_DELETE) {
		put_removed(w);
		put_time(w, "deletedDateTime", how->as_of_us);
	} else if (row->action == SIM_ACTION_RESTORE) {
		put_raw(w, "deletedDateTime", "null");
	}
	put_links(w, d, how);
	jsonw_object_end(w);
}

static void put_current(struct jsonw *w, const struct sim_row *row, const struct sim_detail *d,
	const struct sim_element *how)
{
	/* Grants and assignments have no name: without their ends a row would say nothing. */
	bool all = how->full || !sim_type_info(row->type)->named;

	jsonw_key(w, "currentState");
	jsonw_object(w);
	jsonw_kv_string(w, "@odata.type", sim_type_info(row->type)->odata);
	if (how->part != SIM_PART_LINKS || all)
		put_props(w, row->type, d, d->after, all);
	if (row->action == SIM_ACTION_SOFT_DELETE)
		put_raw(w, "deletedDateTime", "null");
	else if (row->action == SIM_ACTION_RESTORE)
		put_time(w, "deletedDateTime", d->deleted_us);
	jsonw_object_end(w);
}

void sim_diff_write(struct buf *out, struct sim_dir *dir, int64_t from_us, int64_t to_us,
	const struct sim_row *row, const struct sim_element *how)
{
	static const char *const actions[] = {"softDelete", "update", "restore"};
	const struct sim_type_info *info = sim_type_info(row->type);
	int name = sim_prop_by_name(row->type, "displayName");
	struct jsonw w = JSONW_INIT(out);
	struct sim_detail d;

	dir->ops->load(dir, from_us, to_us, row, &d);
	jsonw_object(&w);
	jsonw_kv_string(&w, "entityTypeName",
		how->sentinel && info->starred ? "unknownFutureValue" : info->name);
	jsonw_kv_string(&w, "id", row->id);
	put_raw(&w, "displayName", name >= 0 && d.after ? d.after[name] : "null");
	jsonw_kv_string(&w, "recoveryAction", actions[row->action]);
	put_delta(&w, row, &d, how);
	put_current(&w, row, &d, how);
	jsonw_kv_string(&w, "failureMessage", how->failure);
	jsonw_object_end(&w);
}
