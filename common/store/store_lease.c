/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of tenants. */
#include "common/store/store_lease.h"

#include <errno.h>

#include "common/store/store_tables.h"

/* The lock file decides, so a lease of the embedded database does not run out. */
#define UNTIL_UNLOCKED INT64_MAX

enum {
	SQL_NEXT_EPOCH,
	SQL_TAKE_OVER,
	SQL_TAKE,
	SQL_FENCE,
	SQL_FENCE_JOB,
};

static const struct db_sql sql[] = {
	/* over all tenants, so that no write of an earlier process can pass the fence */
	[SQL_NEXT_EPOCH] = {"",
		"SELECT max(e) + 1 FROM (SELECT 0 AS e UNION ALL"
		" SELECT epoch FROM tenant_lease UNION ALL SELECT epoch FROM job) AS epochs"},
	[SQL_TAKE_OVER] = {"tii", "UPDATE tenant_lease SET owner = $1, epoch = $2, until = $3"},
	[SQL_TAKE] = {"itiii",
		"INSERT INTO tenant_lease (tenant, owner, epoch, until) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (tenant) DO UPDATE"
		" SET owner = excluded.owner, epoch = excluded.epoch, until = excluded.until"
		" WHERE tenant_lease.until < $5 OR (tenant_lease.owner = excluded.owner"
		" AND tenant_lease.epoch = excluded.epoch)"
		" RETURNING epoch"},
	/* an update, because it locks the row on every engine */
	[SQL_FENCE] = {"iti", "UPDATE tenant_lease SET until = until"
			      " WHERE tenant = $1 AND owner = $2 AND epoch = $3"},
	[SQL_FENCE_JOB] = {"iti", "UPDATE tenant_lease SET until = until"
				  " WHERE tenant = (SELECT tenant FROM job WHERE id = $1)"
				  " AND owner = $2 AND epoch = $3"},
};
const struct db_sql_table store_lease_sql = {"store_lease", sql, ARRAY_SIZE(sql)};

int store_lease_take(struct store *s, int64_t tenant)
{
	int64_t epoch = 0;
	int r = db_query_int(s->db, &sql[SQL_TAKE],
		DB_ARGS(DB_I(tenant), DB_T(s->owner), DB_I(s->epoch), DB_I(UNTIL_UNLOCKED),
			DB_I(clock_wall_us())),
		&epoch);

	if (r < 0)
		return r;
	return r > 0 ? 0 : STORE_LEASE_E_HELD;
}

static int fence(struct store *s, const struct db_sql *q, int64_t id)
{
	int64_t held = 0;
	int r = db_exec(s->db, q, DB_ARGS(DB_I(id), DB_T(s->owner), DB_I(s->epoch)), &held);

	if (r < 0)
		return r;
	return held == 1 ? 0 : -ESTALE;
}

int store_fence(struct store *s, int64_t tenant)
{
	return fence(s, &sql[SQL_FENCE], tenant);
}

int store_fence_job(struct store *s, int64_t job)
{
	return fence(s, &sql[SQL_FENCE_JOB], job);
}

int store_lease_take_over(struct store *s)
{
	int64_t epoch = 0;
	int r = db_query_int(s->db, &sql[SQL_NEXT_EPOCH], DB_NO_ARGS, &epoch);

	if (r < 0)
		return r;
	s->epoch = epoch;
	return db_exec(s->db, &sql[SQL_TAKE_OVER],
		DB_ARGS(DB_T(s->owner), DB_I(epoch), DB_I(UNTIL_UNLOCKED)), NULL);
}
