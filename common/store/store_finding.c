/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_finding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"

/* In the order of read_known(). Jobs are few: their rows are at hand. */
#define KNOWN \
	"id, episode, lo, hi, deleted_at, change, attention, fact, severity, first_job, last_job," \
	" parent, brought_back," \
	" (SELECT job.snapshot_created FROM job WHERE job.id = finding.first_job)," \
	" (SELECT job.snapshot_created FROM job WHERE job.id = finding.last_job)," \
	" (SELECT job.instant FROM job WHERE job.id = coalesce(finding.fact_job, " \
	"finding.last_job))"
#define N_KNOWN 16
/* Index finding_object; few findings share an atom. */
#define LINK "tenant = $1 AND object_id = $2 AND entity_type = $3 AND change = $4 AND atom = $5"
#define KEY LINK " AND after_hash = $6"
/* What read_item() reads, behind KNOWN. */
#define ITEM KNOWN ", entity_type, object_id, atom, name, after_hash"

enum {
	SQL_NEWEST,
	SQL_OF_DELETION,
	SQL_OPPOSITES,
	SQL_INSERT,
	SQL_SEEN,
	SQL_TIGHTEN,
	SQL_PARENT,
	SQL_FACT,
	SQL_ATTENTION,
	SQL_SEVERITY,
	SQL_HISTORY,
	SQL_VISIBLE,
	SQL_ABSORBED,
	SQL_DELETED,
	SQL_LOAD,
	SQL_CHILDREN,
};

static const struct db_sql sql[] = {
	[SQL_NEWEST] = {"ibtttb",
		"SELECT " KNOWN " FROM finding WHERE " KEY " ORDER BY episode DESC LIMIT 1"},
	[SQL_OF_DELETION] = {"ibtttbi",
		"SELECT " KNOWN " FROM finding WHERE " KEY " AND deleted_at = $7"
		" ORDER BY episode DESC LIMIT 1"},
	[SQL_OPPOSITES] = {"ibttti",
		"SELECT " KNOWN " FROM finding WHERE " LINK " ORDER BY episode DESC LIMIT $6"},
	[SQL_INSERT] = {"ibtttbitiiittttitittiii",
		"INSERT INTO finding (tenant, object_id, entity_type, change, atom, after_hash,"
		" episode, watch, lo, hi, deleted_at, attention, fact, severity, rule, initial,"
		" name, brought_back, before, after, first_job, last_job, first_ordinal,"
		" first_seen, last_seen)"
		" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
		" $17, $18, $19, $20, $21, $21, $22, $23, $23"
		" WHERE NOT EXISTS (SELECT 1 FROM finding WHERE " KEY " AND episode = $7)"
		" RETURNING id"},
	[SQL_SEEN] = {"iiiitii",
		"UPDATE finding SET lo = $2, hi = $3, deleted_at = coalesce($4, deleted_at),"
		" name = coalesce($5, name), last_job = $6, last_seen = $7, fact_job = NULL"
		" WHERE id = $1"},
	[SQL_TIGHTEN] = {"iiii",
		"UPDATE finding SET lo = $2, hi = $3, deleted_at = coalesce($4, deleted_at)"
		" WHERE id = $1"},
	[SQL_PARENT] = {"ii", "UPDATE finding SET parent = $2 WHERE id = $1"},
	[SQL_FACT] = {"iti", "UPDATE finding SET fact = $2, fact_job = $3 WHERE id = $1"},
	[SQL_ATTENTION] = {"it", "UPDATE finding SET attention = $2 WHERE id = $1"},
	[SQL_SEVERITY] = {"itt", "UPDATE finding SET severity = $2, rule = $3 WHERE id = $1"},
	[SQL_HISTORY] = {"iittttt",
		"INSERT INTO finding_history (finding, at, what, was, becomes, who, why)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"},
	/* indexes finding_visible, finding_absorbed, finding_deletion */
	[SQL_VISIBLE] = {"iiii",
		"SELECT " ITEM " FROM finding WHERE tenant = $1 AND fact = 'visible'"
		" AND id > $2 AND last_job <> $3 ORDER BY id LIMIT $4"},
	[SQL_ABSORBED] = {"iiiii",
		"SELECT " ITEM " FROM finding WHERE tenant = $1 AND fact = 'absorbed'"
		" AND lo >= $3 AND (lo, id) > ($5, $2) ORDER BY lo, id LIMIT $4"},
	[SQL_DELETED] = {"iiiii",
		"SELECT " ITEM " FROM finding WHERE tenant = $1 AND change = 'deleted'"
		" AND fact IN ('visible', 'absorbed', 'vanished') AND hi <= $3"
		" AND (hi, id) > ($5, $2) ORDER BY hi, id LIMIT $4"},
	[SQL_LOAD] = {"i", "SELECT " ITEM " FROM finding WHERE id = $1"},
	[SQL_CHILDREN] = {"iiit",
		"SELECT " ITEM " FROM finding WHERE parent = $1 AND attention = $4"
		" AND id > $2 ORDER BY id LIMIT $3"},
};
const struct db_sql_table store_finding_sql = {"store_finding", sql, ARRAY_SIZE(sql)};

/* --- looking up ---------------------------------------------------------------------------------
 */

struct object_key {
	uint8_t bytes[LIMIT_ID_BYTES + 1];
	size_t len;
};

static struct db_value object_value(const struct finding_key *key, struct object_key *space)
{
	space->len = object_id_encode(key->object_id, space->bytes);
	return DB_B(space->bytes, space->len);
}

/* Never NULL: the hash of an object's atom is empty, which is a value. */
static struct db_value hash_value(const struct finding_key *key)
{
	return DB_B(key->after_hash_len ? (const void *)key->after_hash : "", key->after_hash_len);
}

static int read_known(const struct db_rows *rows, struct known_finding *ret)
{
	const char *change = db_text(rows, 5);

	*ret = (struct known_finding){
		.id = db_int(rows, 0),
		.episode = db_int(rows, 1),
		.lo_us = db_int(rows, 2),
		.hi_us = db_int(rows, 3),
		.deleted_at_us = db_time(rows, 4),
		.about = finding_about(change ? change : ""),
		.first_job = db_int(rows, 9),
		.last_job = db_int(rows, 10),
		.parent = db_int(rows, 11),
		.brought_back = db_int(rows, 12) != 0,
		.first_baseline_us = db_time(rows, 13),
		.last_baseline_us = db_time(rows, 14),
		.as_of_us = db_time(rows, 15),
	};
	if (attention_from_name(db_text(rows, 6), &ret->attention) < 0 ||
		fact_from_name(db_text(rows, 7), &ret->fact) < 0 ||
		verdict_from_name(db_text(rows, 8), &ret->severity) < 0)
		return -EUCLEAN;
	return 1;
}

static int read_one(struct db_rows *rows, struct known_finding *ret)
{
	int r = db_next(rows);

	return r <= 0 ? r : read_known(rows, ret);
}

int store_finding_newest(struct store *s, const struct finding_key *key, struct known_finding *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	struct object_key object;
	int r = db_query(s->db, &sql[SQL_NEWEST],
		DB_ARGS(DB_I(key->tenant), object_value(key, &object), DB_T(key->entity_type),
			DB_T(key->change), DB_T(key->atom), hash_value(key)),
		&rows);

	return r < 0 ? r : read_one(&rows, ret);
}

int store_finding_of_deletion(struct store *s, const struct finding_key *key, int64_t deleted_at_us,
	struct known_finding *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	struct object_key object;
	int r = db_query(s->db, &sql[SQL_OF_DELETION],
		DB_ARGS(DB_I(key->tenant), object_value(key, &object), DB_T(key->entity_type),
			DB_T(key->change), DB_T(key->atom), hash_value(key), DB_I(deleted_at_us)),
		&rows);

	return r < 0 ? r : read_one(&rows, ret);
}

int store_finding_opposites(struct store *s, const struct finding_key *key, const char *opposite,
	struct known_finding *items, size_t limit, size_t *ret_n)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	struct object_key object;
	size_t n = 0;
	int r = db_query(s->db, &sql[SQL_OPPOSITES],
		DB_ARGS(DB_I(key->tenant), object_value(key, &object), DB_T(key->entity_type),
			DB_T(opposite), DB_T(key->atom), DB_I((int64_t)limit)),
		&rows);

	while (r >= 0 && n < limit && (r = read_one(&rows, &items[n])) > 0)
		n++;
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
}

/* --- walking ------------------------------------------------------------------------------------
 */

void finding_items_done(struct finding_items *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct finding_items){0};
}

static size_t put(struct buf *b, const char *text)
{
	size_t at = b->len;

	buf_append(b, text, strlen(text) + 1);
	return at;
}

static int read_item(const struct db_rows *rows, struct finding_item *ret)
{
	struct buf b = BUF_INIT(LIMIT_REPLY_BYTES);
	char id[LIMIT_ID_BYTES + 1];
	struct finding_item item;
	size_t len;
	int r = read_known(rows, &item.known);

	if (r < 0)
		return r;
	const void *object = db_blob(rows, N_KNOWN + 1, &len);
	const char *name = db_text(rows, N_KNOWN + 3);
	size_t change = put(&b, db_text(rows, 5)), type = put(&b, db_text(rows, N_KNOWN));
	size_t object_id = put(&b, object_id_decode(object, len, id));
	size_t atom = put(&b, db_text(rows, N_KNOWN + 2)), named = put(&b, name ? name : "");
	const void *hash = db_blob(rows, N_KNOWN + 4, &len);
	item.text = buf_take(&b);
	if (!item.text)
		return -ENOMEM;
	item.change = item.text + change;
	item.entity_type = item.text + type;
	item.object_id = item.text + object_id;
	item.atom = item.text + atom;
	item.name = name ? item.text + named : NULL;
	item.after_hash_len = len < sizeof(item.after_hash) ? len : sizeof(item.after_hash);
	if (item.after_hash_len)
		memcpy(item.after_hash, hash, item.after_hash_len);
	*ret = item;
	return 1;
}

static int read_items(struct db_rows *rows, size_t limit, struct finding_items *ret)
{
	_cleanup_(finding_items_done) struct finding_items list = {0};
	int r = 0;

	list.items = calloc(limit, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	while (r >= 0 && list.n < limit && (r = db_next(rows)) > 0) {
		r = read_item(rows, &list.items[list.n]);
		list.n += r > 0;
	}
	if (r < 0)
		return r;
	*ret = list;
	list = (struct finding_items){0};
	return 0;
}

int store_finding_load(struct store *s, int64_t id, struct finding_items *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_LOAD], DB_ARGS(DB_I(id)), &rows);

	return r < 0 ? r : read_items(&rows, 1, ret);
}

int store_finding_children(struct store *s, int64_t parent, enum attention attention, int64_t after,
	size_t limit, struct finding_items *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = db_query(s->db, &sql[SQL_CHILDREN],
		DB_ARGS(DB_I(parent), DB_I(after), DB_I((int64_t)limit),
			DB_T(attention_name(attention))),
		&rows);

	return r < 0 ? r : read_items(&rows, limit, ret);
}

/* Where the walk goes on. */
static void pass(
	enum finding_walk which, const struct known_finding *known, struct finding_place *p)
{
	p->id = known->id;
	if (which != FINDING_WALK_VISIBLE)
		p->at_us = which == FINDING_WALK_DELETED ? known->hi_us : known->lo_us;
}

int store_finding_walk(struct store *s, int64_t tenant, enum finding_walk which, int64_t job,
	int64_t at_us, struct finding_place *place, size_t limit, struct finding_items *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	int r = which == FINDING_WALK_VISIBLE
			? db_query(s->db, &sql[SQL_VISIBLE],
				  DB_ARGS(DB_I(tenant), DB_I(place->id), DB_I(job),
					  DB_I((int64_t)limit)),
				  &rows)
			: db_query(s->db,
				  &sql[which == FINDING_WALK_DELETED ? SQL_DELETED : SQL_ABSORBED],
				  DB_ARGS(DB_I(tenant), DB_I(place->id), DB_I(at_us),
					  DB_I((int64_t)limit), DB_I(place->at_us)),
				  &rows);
	if (r >= 0)
		r = read_items(&rows, limit, ret);
	if (r == 0 && ret->n)
		pass(which, &ret->items[ret->n - 1].known, place);
	return r;
}

/* --- writing ------------------------------------------------------------------------------------
 */

int store_finding_insert(struct store *s, const struct finding_row *f, int64_t *ret_id)
{
	struct object_key object;
	int r = db_query_int(s->db, &sql[SQL_INSERT],
		DB_ARGS(DB_I(f->key.tenant), object_value(&f->key, &object),
			DB_T(f->key.entity_type), DB_T(f->key.change), DB_T(f->key.atom),
			hash_value(&f->key), DB_I(f->episode), DB_T(f->watch), DB_I(f->lo_us),
			DB_I(f->hi_us), DB_TIME(f->deleted_at_us),
			DB_T(attention_name(f->attention)), DB_T(fact_name(FACT_VISIBLE)),
			DB_T(verdict_name(f->severity)), DB_T(f->rule), DB_I(f->initial),
			DB_T(f->name), DB_I(f->brought_back), DB_T(f->before), DB_T(f->after),
			DB_I(f->job), DB_I(f->ordinal), DB_I(f->seen_us)),
		ret_id);

	if (r == 0)
		return -EEXIST;
	return r < 0 ? r : 0;
}

int store_finding_seen(struct store *s, int64_t id, const struct finding_seen *seen)
{
	return db_exec(s->db, &sql[SQL_SEEN],
		DB_ARGS(DB_I(id), DB_I(seen->lo_us), DB_I(seen->hi_us),
			DB_TIME(seen->deleted_at_us), DB_T(seen->name), DB_I(seen->job),
			DB_I(seen->seen_us)),
		NULL);
}

int store_finding_tighten(struct store *s, int64_t id, const struct finding_seen *seen)
{
	return db_exec(s->db, &sql[SQL_TIGHTEN],
		DB_ARGS(DB_I(id), DB_I(seen->lo_us), DB_I(seen->hi_us),
			DB_TIME(seen->deleted_at_us)),
		NULL);
}

int store_finding_set_parent(struct store *s, int64_t id, int64_t parent)
{
	return db_exec(s->db, &sql[SQL_PARENT], DB_ARGS(DB_I(id), DB_I(parent)), NULL);
}

static int add_history(struct store *s, int64_t id, const char *what, const char *was,
	const char *becomes, const struct finding_why *why)
{
	return db_exec(s->db, &sql[SQL_HISTORY],
		DB_ARGS(DB_I(id), DB_I(why->at_us), DB_T(what), DB_T(was), DB_T(becomes),
			DB_T(why->who), DB_T(why->why)),
		NULL);
}

int store_finding_set_fact(struct store *s, int64_t id, enum fact was, enum fact becomes,
	int64_t job, const struct finding_why *why)
{
	if (was == becomes)
		return 0;
	int r = db_exec(s->db, &sql[SQL_FACT],
		DB_ARGS(DB_I(id), DB_T(fact_name(becomes)), job ? DB_I(job) : DB_NULL), NULL);
	return r < 0 ? r : add_history(s, id, "fact", fact_name(was), fact_name(becomes), why);
}

int store_finding_set_attention(struct store *s, int64_t id, enum attention was,
	enum attention becomes, const struct finding_why *why)
{
	if (was == becomes)
		return 0;
	int r = db_exec(
		s->db, &sql[SQL_ATTENTION], DB_ARGS(DB_I(id), DB_T(attention_name(becomes))), NULL);
	return r < 0 ? r
		     : add_history(s, id, "attention", attention_name(was), attention_name(becomes),
			       why);
}

int store_finding_born(
	struct store *s, int64_t id, enum attention attention, const struct finding_why *why)
{
	return add_history(s, id, "attention", NULL, attention_name(attention), why);
}

int store_finding_set_severity(struct store *s, int64_t id, enum verdict was, enum verdict becomes,
	const char *rule, const struct finding_why *why)
{
	if (was == becomes)
		return 0;
	int r = db_exec(s->db, &sql[SQL_SEVERITY],
		DB_ARGS(DB_I(id), DB_T(verdict_name(becomes)), DB_T(rule)), NULL);
	return r < 0 ? r
		     : add_history(
			       s, id, "severity", verdict_name(was), verdict_name(becomes), why);
}
