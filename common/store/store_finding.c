/* SPDX-License-Identifier: Apache-2.0 */
#include "common/store/store_finding.h"

#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/store/store.h"
#include "common/store/store_tables.h"

/* In the order of read_known(). */
#define KNOWN "id, episode, lo, hi, deleted_at, attention, fact, severity"
#define KEY \
	"tenant = $1 AND object_id = $2 AND entity_type = $3 AND change = $4 AND atom = $5" \
	" AND after_hash = $6"
/* P of the last preview that showed the finding whose id follows. */
#define LAST_SIGHT \
	"(SELECT coalesce(last.started, f.hi) FROM finding AS f JOIN job AS last" \
	" ON last.id = f.last_job WHERE f.id = "

enum {
	SQL_NEWEST,
	SQL_OPPOSITE_OBJECT,
	SQL_OPPOSITE_LINK,
	SQL_EVER,
	SQL_INSERT,
	SQL_SEEN,
	SQL_FACT,
	SQL_ATTENTION,
	SQL_SEVERITY,
	SQL_HISTORY,
	SQL_SILENT,
};

static const struct db_sql sql[] = {
	[SQL_NEWEST] = {"ibtttb",
		"SELECT " KNOWN " FROM finding WHERE " KEY " ORDER BY episode DESC LIMIT 1"},
	[SQL_OPPOSITE_OBJECT] = {"ibttii",
		"SELECT job.started FROM job JOIN change_object AS o ON o.job = job.id"
		" JOIN change ON change.job = o.job AND change.ordinal = o.ordinal"
		" WHERE o.object_id = $2 AND change.entity_type = $3 AND change.change = $4"
		" AND job.tenant = $1 AND job.started > " LAST_SIGHT "$5) AND job.started < $6"
		" ORDER BY job.started DESC LIMIT 1"},
	[SQL_OPPOSITE_LINK] = {"ibtttii",
		"SELECT job.started FROM finding JOIN job ON job.id = finding.last_job"
		" WHERE finding.tenant = $1 AND finding.object_id = $2"
		" AND finding.entity_type = $3 AND finding.change = $4 AND finding.atom = $5"
		" AND job.started > " LAST_SIGHT "$6) AND job.started < $7"
		" ORDER BY job.started DESC LIMIT 1"},
	[SQL_EVER] = {"ibtt",
		"SELECT 1 FROM finding WHERE tenant = $1 AND object_id = $2 AND entity_type = $3"
		" AND change = $4 AND atom = '' LIMIT 1"},
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
		" name = coalesce($5, name), last_job = $6, last_seen = $7 WHERE id = $1"},
	[SQL_FACT] = {"it", "UPDATE finding SET fact = $2 WHERE id = $1"},
	[SQL_ATTENTION] = {"it", "UPDATE finding SET attention = $2 WHERE id = $1"},
	[SQL_SEVERITY] = {"itt", "UPDATE finding SET severity = $2, rule = $3 WHERE id = $1"},
	[SQL_HISTORY] = {"iittttt",
		"INSERT INTO finding_history (finding, at, what, was, becomes, who, why)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"},
	[SQL_SILENT] = {"iiiitti",
		"SELECT " KNOWN " FROM finding"
		" WHERE tenant = $1 AND fact = 'visible' AND id > $2 AND last_job <> $3"
		" AND ($4 = 1 OR EXISTS (SELECT 1 FROM job WHERE job.id = finding.last_job"
		" AND job.watch = $5 AND job.filter_hash = $6)) ORDER BY id LIMIT $7"},
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
	*ret = (struct known_finding){
		.id = db_int(rows, 0),
		.episode = db_int(rows, 1),
		.lo_us = db_int(rows, 2),
		.hi_us = db_int(rows, 3),
		.deleted_at_us = db_time(rows, 4),
		.opposite_seen_us = TIME_NONE,
	};
	if (attention_from_name(db_text(rows, 5), &ret->attention) < 0 ||
		fact_from_name(db_text(rows, 6), &ret->fact) < 0 ||
		verdict_from_name(db_text(rows, 7), &ret->severity) < 0)
		return -EUCLEAN;
	return 1;
}

int store_finding_newest(struct store *s, const struct finding_key *key, struct known_finding *ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	struct object_key object;
	int r = db_query(s->db, &sql[SQL_NEWEST],
		DB_ARGS(DB_I(key->tenant), object_value(key, &object), DB_T(key->entity_type),
			DB_T(key->change), DB_T(key->atom), hash_value(key)),
		&rows);

	if (r >= 0)
		r = db_next(&rows);
	return r <= 0 ? r : read_known(&rows, ret);
}

int store_finding_opposite(struct store *s, const struct finding_key *key, const char *opposite,
	int64_t finding, int64_t before_us, int64_t *ret_us)
{
	struct object_key object;
	int64_t seen_us = TIME_NONE;
	int r;

	if (*key->atom)
		r = db_query_int(s->db, &sql[SQL_OPPOSITE_LINK],
			DB_ARGS(DB_I(key->tenant), object_value(key, &object),
				DB_T(key->entity_type), DB_T(opposite), DB_T(key->atom),
				DB_I(finding), DB_I(before_us)),
			&seen_us);
	else
		r = db_query_int(s->db, &sql[SQL_OPPOSITE_OBJECT],
			DB_ARGS(DB_I(key->tenant), object_value(key, &object),
				DB_T(key->entity_type), DB_T(opposite), DB_I(finding),
				DB_I(before_us)),
			&seen_us);
	if (r < 0)
		return r;
	*ret_us = r > 0 ? seen_us : TIME_NONE;
	return 0;
}

int store_finding_ever(struct store *s, const struct finding_key *key, const char *change)
{
	struct object_key object;
	int64_t one;

	return db_query_int(s->db, &sql[SQL_EVER],
		DB_ARGS(DB_I(key->tenant), object_value(key, &object), DB_T(key->entity_type),
			DB_T(change)),
		&one);
}

int store_finding_silent(struct store *s, const struct finding_silence *q, int64_t after_id,
	struct known_finding *items, size_t limit, size_t *ret_n)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t n = 0;
	int r = db_query(s->db, &sql[SQL_SILENT],
		DB_ARGS(DB_I(q->tenant), DB_I(after_id), DB_I(q->job), DB_I(q->unfiltered),
			DB_T(q->watch), DB_T(q->filter_hash), DB_I((int64_t)limit)),
		&rows);

	while (r >= 0 && n < limit && (r = db_next(&rows)) > 0) {
		r = read_known(&rows, &items[n]);
		if (r > 0)
			n++;
	}
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
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

static int add_history(struct store *s, int64_t id, const char *what, const char *was,
	const char *becomes, const struct finding_why *why)
{
	return db_exec(s->db, &sql[SQL_HISTORY],
		DB_ARGS(DB_I(id), DB_I(why->at_us), DB_T(what), DB_T(was), DB_T(becomes),
			DB_T(why->who), DB_T(why->why)),
		NULL);
}

int store_finding_set_fact(struct store *s, int64_t id, enum fact was, enum fact becomes,
	const struct finding_why *why)
{
	if (was == becomes)
		return 0;
	int r = db_exec(s->db, &sql[SQL_FACT], DB_ARGS(DB_I(id), DB_T(fact_name(becomes))), NULL);
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
