/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_coverage.h"

#include <errno.h>

#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_GET,
	SQL_PUT,
};

static const struct db_sql sql[] = {
	[SQL_GET] = {"itt", "SELECT covered_from, covered_to, job FROM coverage"
			    " WHERE tenant = $1 AND watch = $2 AND filter_hash = $3"},
	[SQL_PUT] = {"ittiii",
		"INSERT INTO coverage (tenant, watch, filter_hash, covered_from, covered_to, job)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (tenant, watch, filter_hash) DO UPDATE SET covered_from ="
		" CASE WHEN excluded.covered_from > coverage.covered_to"
		" OR excluded.covered_from < coverage.covered_from"
		" THEN excluded.covered_from ELSE coverage.covered_from END,"
		" covered_to = excluded.covered_to, job = excluded.job"
		" WHERE excluded.covered_to > coverage.covered_to"},
};
const struct db_sql_table store_coverage_sql = {"store_coverage", sql, ARRAY_SIZE(sql)};

int store_coverage_get(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	struct store_coverage *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(
		s->db, &sql[SQL_GET], DB_ARGS(DB_I(tenant), DB_T(watch), DB_T(filter_hash)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret = (struct store_coverage){
		.from_us = db_int(&rows, 0),
		.to_us = db_int(&rows, 1),
		.job = db_int(&rows, 2),
	};
	return 0;
}

int store_coverage_put(struct store *s, int64_t tenant, const char *watch, const char *filter_hash,
	const struct store_coverage *run)
{
	int r = store_fence(s, tenant);

	if (r < 0)
		return r;
	return db_exec(s->db, &sql[SQL_PUT],
		DB_ARGS(DB_I(tenant), DB_T(watch), DB_T(filter_hash), DB_I(run->from_us),
			DB_I(run->to_us), DB_I(run->job)),
		NULL);
}
