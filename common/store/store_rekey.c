/* SPDX-License-Identifier: Apache-2.0 */
/* A new store key. Never holds more than one opened secret, and that no longer than a step. */
#include "common/store/store_rekey.h"

#include <errno.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/store/store_secret.h"
#include "common/store/store_tables.h"

enum {
	SQL_NEXT,
	SQL_SEAL,
};

static const struct db_sql sql[] = {
	[SQL_NEXT] = {"tt", "SELECT tenant_id, purpose, envelope FROM secret"
			    " WHERE (tenant_id, purpose) > ($1, $2)"
			    " ORDER BY tenant_id, purpose LIMIT 1"},
	[SQL_SEAL] = {"ttb",
		"UPDATE secret SET envelope = $3 WHERE tenant_id = $1 AND purpose = $2"},
};
const struct db_sql_table store_rekey_sql = {"store_rekey", sql, ARRAY_SIZE(sql)};

struct sealed {
	char *tenant_id, *purpose;
	struct buf envelope;
};
#define SEALED_INIT ((struct sealed){.envelope = BUF_INIT(LIMIT_SECRET_ENVELOPE_BYTES)})

static void sealed_done(struct sealed *x)
{
	free(x->tenant_id);
	free(x->purpose);
	buf_done(&x->envelope);
}

/* The one after *x, in its place: 1, 0 when there is none, or < 0. */
static int next(struct store *s, struct sealed *x)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t len = 0;
	int r = db_query(s->secrets, &sql[SQL_NEXT],
		DB_ARGS(DB_T(x->tenant_id ? x->tenant_id : ""), DB_T(x->purpose ? x->purpose : "")),
		&rows);

	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r;
	sealed_done(x);
	*x = SEALED_INIT;
	r = text_copy(db_text(&rows, 0), &x->tenant_id);
	if (r == 0)
		r = text_copy(db_text(&rows, 1), &x->purpose);
	if (r < 0)
		return r;
	const void *envelope = db_blob(&rows, 2, &len);
	if (len > LIMIT_SECRET_ENVELOPE_BYTES) /* not ours: opening it says so */
		len = 0;
	buf_append(&x->envelope, envelope, len);
	r = buf_error(&x->envelope);
	return r < 0 ? r : 1;
}

/* Opens with key: 0 and *ret, an enum secret_error, or -errno. */
static int open_with(const struct secret *key, const struct sealed *x, struct secret **ret)
{
	return secret_open(key, x->tenant_id, x->purpose, x->envelope.data, x->envelope.len, ret);
}

/* 0 with *ret_what, or < 0. */
static int reseal(struct store *s, const struct secret *former, const struct sealed *x,
	enum store_rekey_what *ret_what)
{
	_cleanup_(buf_done) struct buf envelope = BUF_INIT(LIMIT_SECRET_ENVELOPE_BYTES);
	_cleanup_(secret_freep) struct secret *plain = NULL;
	int r = open_with(s->store_key, x, &plain);

	*ret_what = r == SECRET_E_KEY ? STORE_REKEY_FOREIGN : STORE_REKEY_BROKEN;
	if (r == 0)
		*ret_what = STORE_REKEY_ALREADY;
	if (r != SECRET_E_KEY || !former)
		return r < 0 ? r : 0;
	r = open_with(former, x, &plain);
	if (r == SECRET_E_BROKEN)
		*ret_what = STORE_REKEY_BROKEN;
	if (r != 0)
		return r < 0 ? r : 0;
	*ret_what = STORE_REKEY_SEALED;
	r = secret_seal(s->store_key, x->tenant_id, x->purpose, plain, &envelope);
	if (r < 0)
		return r;
	return db_exec(s->secrets, &sql[SQL_SEAL],
		DB_ARGS(DB_T(x->tenant_id), DB_T(x->purpose), DB_B(envelope.data, envelope.len)),
		NULL);
}

static int reseal_all(struct store *s, const struct secret *former, store_rekey_fn each, void *arg,
	struct store_rekeyed *n)
{
	_cleanup_(sealed_done) struct sealed x = SEALED_INIT;
	enum store_rekey_what what;
	int r;

	while ((r = next(s, &x)) > 0) {
		r = reseal(s, former, &x, &what);
		if (r < 0)
			return r;
		n->n[what]++;
		if (each)
			each(arg, x.tenant_id, what);
	}
	return r;
}

int store_rekey(struct store *s, const struct secret *former, store_rekey_fn each, void *arg,
	struct store_rekeyed *ret)
{
	struct store_rekeyed n = {{0}};

	if (!s->store_key)
		return STORE_SECRET_E_NO_KEY;
	int r = db_begin(s->secrets);
	if (r < 0)
		return r;
	r = reseal_all(s, former, each, arg, &n);
	if (r >= 0)
		r = db_commit(s->secrets);
	if (r < 0) {
		db_rollback(s->secrets);
		return r;
	}
	*ret = n;
	return 0;
}

void store_rekey_text(const struct store_rekeyed *n, struct buf *out)
{
	static const struct {
		enum store_rekey_what what;
		const char *one, *more;
	} parts[] = {
		{STORE_REKEY_SEALED, "was sealed anew", "were sealed anew"},
		{STORE_REKEY_ALREADY, "was sealed with this key before",
			"were sealed with this key before"},
		{STORE_REKEY_FOREIGN, "is sealed with another key", "are sealed with another key"},
		{STORE_REKEY_BROKEN, "is damaged", "are damaged"},
	};
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		unsigned k = n->n[parts[i].what];

		if (k == 0)
			continue;
		buf_printf(out, "%s%u %s%s", first ? "" : ", ", k,
			!first	 ? ""
			: k == 1 ? "secret "
				 : "secrets ",
			k == 1 ? parts[i].one : parts[i].more);
		first = false;
	}
	if (first)
		buf_puts(out, "no secret is kept");
}
