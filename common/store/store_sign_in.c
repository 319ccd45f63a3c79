/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_sign_in.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"

enum {
	SQL_PUT,
	SQL_GET,
	SQL_LIST,
	SQL_FORGET,
};

#define COLUMNS \
	"tenant_id, how, account, account_id, scopes, guest, enrolled, refreshed, refused," \
	" refused_text, refused_hint, probed, age, idle"

static const struct db_sql sql[] = {
	[SQL_PUT] = {"tttttiiiittiii",
		"INSERT INTO sign_in (" COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
		" ON CONFLICT (tenant_id) DO UPDATE SET how = excluded.how,"
		" account = excluded.account, account_id = excluded.account_id,"
		" scopes = excluded.scopes, guest = excluded.guest, enrolled = excluded.enrolled,"
		" refreshed = excluded.refreshed, refused = excluded.refused,"
		" refused_text = excluded.refused_text, refused_hint = excluded.refused_hint,"
		" probed = excluded.probed, age = excluded.age, idle = excluded.idle"},
	[SQL_GET] = {"t", "SELECT " COLUMNS " FROM sign_in WHERE tenant_id = $1"},
	[SQL_LIST] = {"", "SELECT " COLUMNS " FROM sign_in ORDER BY tenant_id"},
	[SQL_FORGET] = {"t", "DELETE FROM sign_in WHERE tenant_id = $1"},
};
const struct db_sql_table store_sign_in_sql = {"store_sign_in", sql, ARRAY_SIZE(sql)};

/* It is the key, so it has one spelling. */
static const char *spell(const char *tenant_id, char out[static GUID_TEXT_SIZE])
{
	uint8_t guid[16];

	return parse_guid(tenant_id, guid) == 0 ? guid_format(guid, out) : NULL;
}

int store_sign_in_put(struct store *s, const struct sign_in *v)
{
	char text[GUID_TEXT_SIZE];
	const char *id = spell(v->tenant_id, text);

	if (!id || v->enrolled_us == TIME_NONE)
		return -EINVAL;
	return db_exec(s->db, &sql[SQL_PUT],
		DB_ARGS(DB_T(id), DB_T(sign_in_how_name(v->how)), DB_T(v->account),
			DB_T(v->account_id), DB_T(v->scopes),
			v->guest < 0 ? DB_NULL : DB_I(v->guest), DB_I(v->enrolled_us),
			DB_TIME(v->refreshed_us), DB_TIME(v->refused_us), DB_T(v->refused_text),
			DB_T(v->refused_hint), DB_TIME(v->probed_us), DB_TIME(v->age_us),
			DB_TIME(v->idle_us)),
		NULL);
}

static int read_texts(const struct db_rows *rows, struct sign_in *v)
{
	const struct {
		int column;
		char **to;
	} texts[] = {
		{2, &v->account},
		{3, &v->account_id},
		{4, &v->scopes},
		{9, &v->refused_text},
		{10, &v->refused_hint},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = text_copy(db_text(rows, texts[i].column), texts[i].to);
	return r;
}

static int read_row(const struct db_rows *rows, struct sign_in *ret)
{
	struct sign_in v = SIGN_IN_INIT;
	int r;

	(void)spell(db_text(rows, 0), v.tenant_id);
	v.how = sign_in_how_parse(db_text(rows, 1));
	v.guest = db_is_null(rows, 5) ? -1 : db_int(rows, 5) != 0;
	v.enrolled_us = db_time(rows, 6);
	v.refreshed_us = db_time(rows, 7);
	v.refused_us = db_time(rows, 8);
	v.probed_us = db_time(rows, 11);
	v.age_us = db_time(rows, 12);
	v.idle_us = db_time(rows, 13);
	r = read_texts(rows, &v);
	if (r == 0)
		*ret = v;
	else
		sign_in_done(&v);
	return r;
}

int store_sign_in_get(struct store *s, const char *tenant_id, struct sign_in *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	char text[GUID_TEXT_SIZE];
	const char *id = spell(tenant_id, text);
	int r;

	if (!id)
		return 0;
	r = db_query(s->db, &sql[SQL_GET], DB_ARGS(DB_T(id)), &rows);
	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r;
	r = read_row(&rows, ret);
	return r < 0 ? r : 1;
}

int store_sign_in_list(struct store *s, struct sign_in_list *ret)
{
	_cleanup_(sign_in_list_done) struct sign_in_list list = {0};
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_LIST], DB_NO_ARGS, &rows);

	while (r >= 0 && (r = db_next(&rows)) > 0) {
		struct sign_in *items = reallocarray(list.items, list.n + 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list.items = items;
		r = read_row(&rows, &items[list.n]);
		list.n += r == 0;
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct sign_in_list){0};
	return 0;
}

int store_sign_in_forget(struct store *s, const char *tenant_id)
{
	char text[GUID_TEXT_SIZE];
	const char *id = spell(tenant_id, text);

	return id ? db_exec(s->db, &sql[SQL_FORGET], DB_ARGS(DB_T(id)), NULL) : 0;
}
