/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store.h"
#include "common/store/store_tables.h"
#include "common/store/store_view.h"

enum {
	SQL_LIST,
	SQL_DELIVERIES,
};

static const struct db_sql sql[] = {
	[SQL_LIST] = {"iti",
		"SELECT alert.id, tenant.name, alert.outside_id, alert.kind, alert.severity,"
		" alert.title, alert.body, alert.job, alert.created"
		" FROM alert LEFT JOIN tenant ON tenant.id = alert.tenant"
		" WHERE alert.id < $1 AND ($2 = '' OR tenant.name = $2)"
		" ORDER BY alert.id DESC LIMIT $3"},
	[SQL_DELIVERIES] = {"i",
		"SELECT sink, state, last_error, attempts, next_at, sent_at FROM outbox"
		" WHERE alert = $1 ORDER BY sink"},
};
const struct db_sql_table store_view_alert_sql = {"store_view_alert", sql, ARRAY_SIZE(sql)};

static void fill_alert(void *item, const struct view_rows *rows, size_t i)
{
	*(struct view_alert *)item = (struct view_alert){
		.id = view_int(rows, i, 0),
		.tenant = view_text(rows, i, 1),
		.outside_id = view_text(rows, i, 2),
		.kind = view_text(rows, i, 3),
		.severity = view_text(rows, i, 4),
		.title = view_text(rows, i, 5),
		.body = view_text(rows, i, 6),
		.job = view_int(rows, i, 7),
		.created_us = view_time(rows, i, 8),
	};
}

static const struct view_shape alert_shape = {"ittttttii", sizeof(struct view_alert), fill_alert};

int store_view_alerts(struct store *s, const char *tenant, int64_t before_id, size_t limit,
	struct view_alerts *ret)
{
	struct view_rows rows = {0};
	int r = view_rows_read_items(s->db, &sql[SQL_LIST],
		DB_ARGS(DB_I(before_id), DB_T(tenant ? tenant : ""), DB_I((int64_t)limit)),
		&alert_shape, &rows);

	if (r == 0)
		*ret = (struct view_alerts){rows.items, rows.n, rows};
	return r;
}

void view_alerts_done(struct view_alerts *list)
{
	view_rows_done(&list->rows);
	*list = (struct view_alerts){0};
}

static void fill_delivery(void *item, const struct view_rows *rows, size_t i)
{
	*(struct view_delivery *)item = (struct view_delivery){
		.sink = view_text(rows, i, 0),
		.state = view_text(rows, i, 1),
		.error = view_text(rows, i, 2),
		.attempts = view_int(rows, i, 3),
		.next_us = view_time(rows, i, 4),
		.sent_us = view_time(rows, i, 5),
	};
}

static const struct view_shape delivery_shape = {
	"tttiii", sizeof(struct view_delivery), fill_delivery};

int store_view_deliveries(struct store *s, int64_t alert, struct view_deliveries *ret)
{
	struct view_rows rows = {0};
	int r = view_rows_read_items(
		s->db, &sql[SQL_DELIVERIES], DB_ARGS(DB_I(alert)), &delivery_shape, &rows);

	if (r == 0)
		*ret = (struct view_deliveries){rows.items, rows.n, rows};
	return r;
}

void view_deliveries_done(struct view_deliveries *list)
{
	view_rows_done(&list->rows);
	*list = (struct view_deliveries){0};
}
