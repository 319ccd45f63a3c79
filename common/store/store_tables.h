/* SPDX-License-Identifier: Apache-2.0 */
/* Every table of statements, one line each: declared here, listed in store_tables.c. */
#pragma once

#include "common/store/db.h"

extern const struct db_sql_table store_alert_sql;
extern const struct db_sql_table store_condition_sql;
extern const struct db_sql_table store_coverage_sql;
extern const struct db_sql_table store_finding_sql;
extern const struct db_sql_table store_hold_sql;
extern const struct db_sql_table store_job_sql;
extern const struct db_sql_table store_lease_sql;
extern const struct db_sql_table store_meta_sql;
extern const struct db_sql_table store_page_sql;
extern const struct db_sql_table store_remote_job_sql;
extern const struct db_sql_table store_shape_sql;
extern const struct db_sql_table store_sign_in_sql;
extern const struct db_sql_table store_snapshot_sql;
extern const struct db_sql_table store_tenant_sql;
extern const struct db_sql_table store_verify_sql;

extern const struct db_sql_table store_view_alert_sql;
extern const struct db_sql_table store_view_finding_sql;
extern const struct db_sql_table store_view_job_sql;
extern const struct db_sql_table store_view_object_sql;

/* On secrets.db. */
extern const struct db_sql_table store_rekey_sql;
extern const struct db_sql_table store_secret_sql;
