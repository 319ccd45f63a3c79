/* SPDX-License-Identifier: Apache-2.0 */
/* Hold: two columns of a tenant. */
#include "common/store/store_hold.h"

#include <errno.h>

#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_SET,
	SQL_GET,
};

static const struct db_sql sql[] = {
	[SQL_SET] = {"iit", "UPDATE tenant SET hold_until = $2, hold_by = $3 WHERE id = $1"},
	[SQL_GET] = {"i", "SELECT hold_until FROM tenant WHERE id = $1"},
};
const struct db_sql_table store_hold_sql = {"store_hold", sql, ARRAY_SIZE(sql)};

int store_hold_set(struct store *s, int64_t tenant, int64_t until_us, const char *by)
{
	int64_t n = 0;
	int r = store_fence(s, tenant);

	if (r == 0)
		r = db_exec(s->db, &sql[SQL_SET],
			DB_ARGS(DB_I(tenant), DB_TIME(until_us), DB_T(by)), &n);
	if (r < 0)
		return r;
	return n == 1 ? 0 : -ENOENT;
}

int store_hold_get(struct store *s, int64_t tenant, int64_t *ret_until_us)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_GET], DB_ARGS(DB_I(tenant)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_until_us = db_time(&rows, 0);
	return 0;
}
