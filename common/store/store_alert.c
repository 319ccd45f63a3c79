/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_alert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/store/store.h"
#include "common/store/store_lease.h"
#include "common/store/store_tables.h"

enum {
	SQL_INSERT,
	SQL_ADD,
	SQL_DUE,
	SQL_NEXT,
	SQL_SENT,
	SQL_LATER,
	SQL_DEAD,
	SQL_WAKE,
	SQL_SINKS,
	SQL_FORGET,
};

static const struct db_sql sql[] = {
	[SQL_INSERT] = {"tittiitt",
		"INSERT INTO alert (outside_id, tenant, kind, severity, job, created, title, body)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		" ON CONFLICT (outside_id) DO NOTHING RETURNING id"},
	[SQL_ADD] = {"ittiii",
		"INSERT INTO outbox (alert, sink, state, attempts, next_at, sent_at)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alert, sink) DO NOTHING"},
	[SQL_DUE] = {"ti",
		"SELECT outbox.id, outbox.attempts, alert.created, alert.outside_id, alert.kind,"
		" alert.severity, alert.title, alert.body, tenant.name"
		" FROM outbox JOIN alert ON alert.id = outbox.alert"
		" LEFT JOIN tenant ON tenant.id = alert.tenant"
		" WHERE outbox.state = 'pending' AND outbox.sink = $1 AND outbox.next_at <= $2"
		" ORDER BY outbox.next_at, outbox.id LIMIT 1"},
	[SQL_NEXT] = {"t", "SELECT next_at FROM outbox WHERE state = 'pending' AND sink = $1"
			   " ORDER BY next_at LIMIT 1"},
	[SQL_SENT] = {"ii", "UPDATE outbox SET state = 'sent', attempts = attempts + 1,"
			    " sent_at = $2, last_error = NULL WHERE id = $1"},
	[SQL_LATER] = {"iit", "UPDATE outbox SET attempts = attempts + 1, next_at = $2,"
			      " last_error = $3 WHERE id = $1"},
	[SQL_DEAD] = {"it", "UPDATE outbox SET state = 'dead', attempts = attempts + 1,"
			    " last_error = $2 WHERE id = $1"},
	[SQL_WAKE] = {"ti", "UPDATE outbox SET next_at = $2 WHERE state = 'pending' AND sink = $1"
			    " AND next_at > $2"},
	[SQL_SINKS] = {"", "SELECT DISTINCT sink FROM outbox WHERE state = 'pending'"
			   " ORDER BY sink"},
	[SQL_FORGET] = {"ti", "UPDATE outbox SET state = 'dead',"
			      " last_error = 'the sink is no longer configured'"
			      " WHERE state = 'pending' AND sink = $1 AND next_at < $2"},
};
const struct db_sql_table store_alert_sql = {"store_alert", sql, ARRAY_SIZE(sql)};

/* --- writing ------------------------------------------------------------------------------------
 */

static int add_delivery(
	struct store *s, int64_t alert, int64_t created_us, const struct store_delivery *d)
{
	bool sent = d->sent_us != TIME_NONE;

	return db_exec(s->db, &sql[SQL_ADD],
		DB_ARGS(DB_I(alert), DB_T(d->sink), DB_T(sent ? "sent" : "pending"), DB_I(sent),
			DB_I(created_us), DB_TIME(d->sent_us)),
		NULL);
}

int store_alert_put(struct store *s, const struct store_alert *a,
	const struct store_delivery *deliveries, size_t n, int64_t *ret_id)
{
	int64_t id = 0;
	int r = a->tenant ? store_fence(s, a->tenant) : 0;

	if (r == 0)
		r = db_query_int(s->db, &sql[SQL_INSERT],
			DB_ARGS(DB_T(a->outside_id), a->tenant ? DB_I(a->tenant) : DB_NULL,
				DB_T(a->kind), DB_T(a->severity), a->job ? DB_I(a->job) : DB_NULL,
				DB_I(a->created_us), DB_T(a->title), DB_T(a->body)),
			&id);
	else
		return r;
	if (r <= 0)
		return r < 0 ? r : STORE_ALERT_E_KNOWN;
	for (size_t i = 0; i < n; i++) {
		r = add_delivery(s, id, a->created_us, &deliveries[i]);
		if (r < 0)
			return r;
	}
	*ret_id = id;
	return 0;
}

int store_outbox_sent(struct store *s, int64_t id, int64_t at_us)
{
	return db_exec(s->db, &sql[SQL_SENT], DB_ARGS(DB_I(id), DB_I(at_us)), NULL);
}

int store_outbox_later(struct store *s, int64_t id, int64_t next_us, const char *error)
{
	return db_exec(s->db, &sql[SQL_LATER], DB_ARGS(DB_I(id), DB_I(next_us), DB_T(error)), NULL);
}

int store_outbox_dead(struct store *s, int64_t id, const char *error)
{
	return db_exec(s->db, &sql[SQL_DEAD], DB_ARGS(DB_I(id), DB_T(error)), NULL);
}

int store_outbox_wake(struct store *s, const char *sink, int64_t now_us)
{
	return db_exec(s->db, &sql[SQL_WAKE], DB_ARGS(DB_T(sink), DB_I(now_us)), NULL);
}

/* --- reading ------------------------------------------------------------------------------------
 */

void outbox_row_done(struct outbox_row *row)
{
	free(row->outside_id);
	free(row->kind);
	free(row->severity);
	free(row->title);
	free(row->body);
	free(row->tenant);
	*row = (struct outbox_row){0};
}

int store_outbox_due(struct store *s, const char *sink, int64_t now_us, struct outbox_row *ret)
{
	_cleanup_(outbox_row_done) struct outbox_row row = {0};
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_DUE], DB_ARGS(DB_T(sink), DB_I(now_us)), &rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r;
	row.id = db_int(&rows, 0);
	row.attempts = (unsigned)db_int(&rows, 1);
	row.created_us = db_int(&rows, 2);
	char **const texts[] = {
		&row.outside_id, &row.kind, &row.severity, &row.title, &row.body, &row.tenant};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		r = text_copy(db_text(&rows, 3 + (int)i), texts[i]);
		if (r < 0)
			return r;
	}
	*ret = row;
	row = (struct outbox_row){0};
	return 1;
}

int store_outbox_next(struct store *s, const char *sink, int64_t *ret_us)
{
	int64_t next_us = TIME_NONE;
	int r = db_query_int(s->db, &sql[SQL_NEXT], DB_ARGS(DB_T(sink)), &next_us);

	if (r < 0)
		return r;
	*ret_us = r > 0 ? next_us : TIME_NONE;
	return 0;
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* One sink with pending rows that is not among names; *ret stays NULL when there is none. */
static int find_stranger(
	struct store *s, const char *const *names, size_t n, const char *after, char **ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_SINKS], DB_NO_ARGS, &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0) {
		const char *sink = db_text(&rows, 0);

		if (!is_one_of(sink, names, n) && (!after || strcmp(sink, after) > 0))
			return text_copy(sink, ret);
	}
	return r;
}

int store_outbox_forget(
	struct store *s, const char *const *names, size_t n, int64_t before_us, int64_t *ret_n)
{
	_cleanup_(freep) char *after = NULL;
	int64_t total = 0;

	for (;;) {
		_cleanup_(freep) char *sink = NULL;
		int64_t changed = 0;
		int r = find_stranger(s, names, n, after, &sink);

		if (r >= 0 && sink)
			r = db_exec(s->db, &sql[SQL_FORGET], DB_ARGS(DB_T(sink), DB_I(before_us)),
				&changed);
		if (r < 0)
			return r;
		if (!sink)
			break;
		total += changed;
		free(after);
		after = TAKE_PTR(sink);
	}
	*ret_n = total;
	return 0;
}
