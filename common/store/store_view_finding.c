/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"
#include "common/store/store_view.h"

enum {
	SQL_LIST,
	SQL_LIST_OPEN,
	SQL_OF,
	SQL_OPEN,
};

/* enum view_severity */
#define RANK \
	"CASE finding.severity WHEN 'critical' THEN 0 WHEN 'warning' THEN 1" \
	" WHEN 'notice' THEN 2 ELSE 3 END"

/* Must agree with TYPES and fill(). */
#define COLUMNS \
	"finding.id, tenant.name, tenant.tenant_id, finding.watch, finding.entity_type," \
	" finding.object_id, finding.change, finding.atom, finding.attention, finding.fact," \
	" finding.severity, finding.rule, finding.name, finding.before, finding.after," \
	" finding.episode, finding.lo, finding.hi, finding.deleted_at, finding.first_seen," \
	" finding.last_seen, finding.first_job, finding.last_job, finding.parent," \
	" finding.initial, finding.brought_back"
#define TYPES \
	"itttt" \
	"btttt" \
	"ttttt" \
	"iiiii" \
	"iiiiii"

#define LIST \
	"SELECT " COLUMNS " FROM finding JOIN tenant ON tenant.id = finding.tenant" \
	" WHERE finding.id < $1 AND ($2 = '' OR tenant.name = $2) AND " RANK " = $3"

static const struct db_sql sql[] = {
	[SQL_LIST] = {"itii", LIST " ORDER BY finding.id DESC LIMIT $4"},
	/* finding_open, which wants the word; what SQL_OPEN counts */
	[SQL_LIST_OPEN] = {"itii", LIST " AND finding.attention = 'open' AND finding.parent IS NULL"
					" ORDER BY finding.id DESC LIMIT $4"},
	/* finding_object */
	[SQL_OF] = {"tbi",
		"SELECT " COLUMNS " FROM finding JOIN tenant ON tenant.id = finding.tenant"
		" WHERE finding.tenant = (SELECT id FROM tenant WHERE name = $1)"
		" AND finding.object_id = $2 ORDER BY finding.id DESC LIMIT $3"},
	[SQL_OPEN] = {"t", "SELECT " RANK ", count(*) FROM finding"
			   " WHERE finding.tenant = (SELECT id FROM tenant WHERE name = $1)"
			   " AND finding.attention = 'open' AND finding.parent IS NULL"
			   " GROUP BY 1"},
};
const struct db_sql_table store_view_finding_sql = {"store_view_finding", sql, ARRAY_SIZE(sql)};

static void fill(void *item, const struct view_rows *rows, size_t i)
{
	struct view_finding *f = item;
	size_t len;
	const void *key = view_blob(rows, i, 5, &len);

	*f = (struct view_finding){
		.id = view_int(rows, i, 0),
		.tenant = view_text(rows, i, 1),
		.tenant_id = view_text(rows, i, 2),
		.watch = view_text(rows, i, 3),
		.entity_type = view_text(rows, i, 4),
		.change = view_text(rows, i, 6),
		.atom = view_text(rows, i, 7),
		.attention = view_text(rows, i, 8),
		.fact = view_text(rows, i, 9),
		.severity = view_text(rows, i, 10),
		.rule = view_text(rows, i, 11),
		.name = view_text(rows, i, 12),
		.before = view_text(rows, i, 13),
		.after = view_text(rows, i, 14),
		.episode = view_int(rows, i, 15),
		.lo_us = view_time(rows, i, 16),
		.hi_us = view_time(rows, i, 17),
		.deleted_at_us = view_time(rows, i, 18),
		.first_seen_us = view_time(rows, i, 19),
		.last_seen_us = view_time(rows, i, 20),
		.first_job = view_int(rows, i, 21),
		.last_job = view_int(rows, i, 22),
		.parent = view_int(rows, i, 23),
		.initial = view_int(rows, i, 24) != 0,
		.brought_back = view_int(rows, i, 25) != 0,
	};
	_Static_assert(sizeof(f->object_id) == LIMIT_ID_BYTES + 1, "room for every id");
	(void)object_id_decode(key, len, f->object_id);
}

static const struct view_shape shape = {TYPES, sizeof(struct view_finding), fill};

int store_view_findings(struct store *s, const char *tenant, bool open, enum view_severity severity,
	int64_t before_id, size_t limit, struct view_findings *ret)
{
	struct view_rows rows = {0};
	int r = view_rows_read_items(s->db, &sql[open ? SQL_LIST_OPEN : SQL_LIST],
		DB_ARGS(DB_I(before_id), DB_T(tenant ? tenant : ""), DB_I(severity),
			DB_I((int64_t)limit)),
		&shape, &rows);

	if (r == 0)
		*ret = (struct view_findings){rows.items, rows.n, rows};
	return r;
}

int store_view_findings_of(struct store *s, const char *tenant, const char *object_id, size_t limit,
	struct view_findings *ret)
{
	uint8_t key[LIMIT_ID_BYTES + 1];
	struct view_rows rows = {0};
	int r = view_rows_read_items(s->db, &sql[SQL_OF],
		DB_ARGS(DB_T(tenant), DB_B(key, object_id_encode(object_id, key)),
			DB_I((int64_t)limit)),
		&shape, &rows);

	if (r == 0)
		*ret = (struct view_findings){rows.items, rows.n, rows};
	return r;
}

void view_findings_done(struct view_findings *list)
{
	view_rows_done(&list->rows);
	*list = (struct view_findings){0};
}

int store_view_open(struct store *s, const char *tenant, int64_t ret[static _VIEW_SEVERITY_MAX])
{
	_cleanup_(view_rows_done) struct view_rows rows = {0};
	int r = view_rows_read(s->db, &sql[SQL_OPEN], DB_ARGS(DB_T(tenant)), "ii", &rows);

	if (r < 0)
		return r;
	memset(ret, 0, _VIEW_SEVERITY_MAX * sizeof(*ret));
	for (size_t i = 0; i < rows.n; i++)
		ret[view_int(&rows, i, 0)] = view_int(&rows, i, 1);
	return 0;
}
