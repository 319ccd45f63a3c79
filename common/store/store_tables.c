/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all tables of statements on the store. A new noun is a line here and in the header.
 */
#include "common/store/store_tables.h"

#include "common/store/store.h"

const struct db_sql_table *const store_sql_tables[] = {
	&store_alert_sql,
	&store_condition_sql,
	&store_coverage_sql,
	&store_finding_sql,
	&store_hold_sql,
	&store_job_sql,
	&store_lease_sql,
	&store_meta_sql,
	&store_page_sql,
	&store_remote_job_sql,
	&store_shape_sql,
	&store_sign_in_sql,
	&store_snapshot_sql,
	&store_tenant_sql,
	&store_verify_sql,
	&store_view_alert_sql,
	&store_view_finding_sql,
	&store_view_job_sql,
	&store_view_object_sql,
};
const size_t store_n_sql_tables = ARRAY_SIZE(store_sql_tables);
