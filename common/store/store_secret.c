/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed tokens in secrets.db. Never holds a plain one longer than a call. */
#include "common/store/store_secret.h"

#include <errno.h>
#include <string.h>

#include "common/base/fsx.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/parse.h"
#include "common/store/store_tables.h"

#define FINGERPRINT_SIZE 32
/*
 * The key of the fingerprints is random and sealed beside the tokens, under a tenant that is none:
 * so it outlives a change of the store key, and files that were taken before stay taken.
 */
#define NO_TENANT ""
#define FINGERPRINT_KEY "fingerprint_key"

enum {
	SQL_GET,
	SQL_PUT,
	SQL_FORGET,
	SQL_CONSUMED,
	SQL_CONSUME,
	SQL_UNCONSUME,
};

static const struct db_sql sql[] = {
	[SQL_GET] = {"tt", "SELECT envelope FROM secret WHERE tenant_id = $1 AND purpose = $2"},
	[SQL_PUT] = {"ttbi",
		"INSERT INTO secret (tenant_id, purpose, envelope, stored) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (tenant_id, purpose) DO UPDATE"
		" SET envelope = excluded.envelope, stored = excluded.stored"},
	[SQL_FORGET] = {"tt", "DELETE FROM secret WHERE tenant_id = $1 AND purpose = $2"},
	[SQL_CONSUMED] = {"ttb", "SELECT 1 FROM secret_consumed"
				 " WHERE tenant_id = $1 AND purpose = $2 AND fingerprint = $3"},
	[SQL_CONSUME] = {"ttbi", "INSERT INTO secret_consumed (tenant_id, purpose, fingerprint, at)"
				 " VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, purpose, "
				 "fingerprint) DO NOTHING"},
	[SQL_UNCONSUME] = {"", "DELETE FROM secret_consumed"},
};
const struct db_sql_table store_secret_sql = {"store_secret", sql, ARRAY_SIZE(sql)};

/* The id is part of what is sealed, so it has one spelling. */
static const char *spell(const char *tenant_id, char out[static GUID_TEXT_SIZE])
{
	uint8_t guid[16];

	return parse_guid(tenant_id, guid) == 0 ? guid_format(guid, out) : tenant_id;
}

static int get(struct store *s, const char *id, const char *purpose, struct secret **ret)
{
	_cleanup_(db_rows_done) struct db_rows rows = {0};
	size_t len = 0;
	int r = db_query(s->secrets, &sql[SQL_GET], DB_ARGS(DB_T(id), DB_T(purpose)), &rows);
	if (r >= 0)
		r = db_next(&rows);
	if (r <= 0)
		return r < 0 ? r : STORE_SECRET_E_NONE;
	const void *envelope = db_blob(&rows, 0, &len);
	r = secret_open(s->store_key, id, purpose, envelope, len, ret);
	if (r == SECRET_E_KEY)
		return STORE_SECRET_E_KEY;
	return r > 0 ? STORE_SECRET_E_BROKEN : r;
}

int store_secret_get(
	struct store *s, const char *tenant_id, const char *purpose, struct secret **ret)
{
	char text[GUID_TEXT_SIZE];

	if (!s->store_key)
		return STORE_SECRET_E_NO_KEY;
	return get(s, spell(tenant_id, text), purpose, ret);
}

static int put(struct store *s, const char *id, const char *purpose, const struct secret *plain)
{
	_cleanup_(buf_done) struct buf envelope = BUF_INIT(LIMIT_SECRET_ENVELOPE_BYTES);
	int r = secret_seal(s->store_key, id, purpose, plain, &envelope);

	if (r < 0)
		return r;
	return db_exec(s->secrets, &sql[SQL_PUT],
		DB_ARGS(DB_T(id), DB_T(purpose), DB_B(envelope.data, envelope.len),
			DB_I(clock_wall_us())),
		NULL);
}

static int finish(struct store *s, int r)
{
	if (r >= 0)
		r = db_commit(s->secrets);
	if (r < 0)
		db_rollback(s->secrets);
	return r;
}

int store_secret_put(
	struct store *s, const char *tenant_id, const char *purpose, const struct secret *plain)
{
	char text[GUID_TEXT_SIZE];

	if (!s->store_key)
		return STORE_SECRET_E_NO_KEY;
	int r = db_begin(s->secrets);
	return r < 0 ? r : finish(s, put(s, spell(tenant_id, text), purpose, plain));
}

int store_secret_forget(struct store *s, const char *tenant_id, const char *purpose)
{
	char text[GUID_TEXT_SIZE];
	int r = db_begin(s->secrets);

	if (r < 0)
		return r;
	return finish(s, db_exec(s->secrets, &sql[SQL_FORGET],
				 DB_ARGS(DB_T(spell(tenant_id, text)), DB_T(purpose)), NULL));
}

static int make_fingerprint_key(struct store *s, struct secret **ret)
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	uint8_t bytes[STORE_KEY_SIZE];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r == 0)
		r = secret_new(bytes, sizeof(bytes), &key);
	explicit_bzero(bytes, sizeof(bytes));
	if (r == 0)
		r = put(s, NO_TENANT, FINGERPRINT_KEY, key);
	/* what another one has written tells nothing any more */
	if (r >= 0)
		r = db_exec(s->secrets, &sql[SQL_UNCONSUME], DB_NO_ARGS, NULL);
	if (r >= 0)
		*ret = TAKE_PTR(key);
	return r < 0 ? r : 0;
}

static int fingerprint(
	struct store *s, const struct secret *credential, uint8_t ret[static FINGERPRINT_SIZE])
{
	_cleanup_(secret_freep) struct secret *key = NULL;
	int r = get(s, NO_TENANT, FINGERPRINT_KEY, &key);

	if (r == STORE_SECRET_E_NONE || r == STORE_SECRET_E_KEY)
		r = make_fingerprint_key(s, &key);
	return r == 0 ? secret_fingerprint(key, credential, ret) : r;
}

static int take(struct store *s, const char *id, const char *purpose,
	const struct secret *credential, bool *ret_taken)
{
	uint8_t print[FINGERPRINT_SIZE];
	int64_t seen = 0;
	int r = fingerprint(s, credential, print);

	if (r != 0)
		return r;
	r = db_query_int(s->secrets, &sql[SQL_CONSUMED],
		DB_ARGS(DB_T(id), DB_T(purpose), DB_B(print, sizeof(print))), &seen);
	if (r < 0)
		return r;
	*ret_taken = r == 0;
	if (r > 0)
		return 0;
	r = put(s, id, purpose, credential);
	if (r < 0)
		return r;
	return db_exec(s->secrets, &sql[SQL_CONSUME],
		DB_ARGS(DB_T(id), DB_T(purpose), DB_B(print, sizeof(print)), DB_I(clock_wall_us())),
		NULL);
}

int store_secret_offer(struct store *s, const char *tenant_id, const char *purpose,
	const struct secret *credential, bool *ret_taken)
{
	char text[GUID_TEXT_SIZE];
	bool taken = false;

	if (!s->store_key)
		return STORE_SECRET_E_NO_KEY;
	int r = db_begin(s->secrets);
	if (r < 0)
		return r;
	r = take(s, spell(tenant_id, text), purpose, credential, &taken);
	if (r > 0) {
		db_rollback(s->secrets);
		return r;
	}
	r = finish(s, r);
	if (r >= 0)
		*ret_taken = taken;
	return r;
}

void store_secret_error_text(int r, const char *tenant, struct buf *out)
{
	switch (r) {
	case STORE_SECRET_E_NO_KEY:
		buf_printf(out,
			"credential '%s' is missing, so no token can be kept: umask 077;"
			" openssl rand -base64 32 > %s/%s; then restart snapwatchd",
			STORE_KEY_CREDENTIAL, CREDENTIAL_FALLBACK_DIR, STORE_KEY_CREDENTIAL);
		break;
	case STORE_SECRET_E_NONE:
		buf_printf(out, "nobody has signed in for tenant '%s' yet", tenant);
		break;
	case STORE_SECRET_E_KEY:
		buf_printf(out,
			"the token of tenant '%s' was sealed with another store key: put the former"
			" one back as '%s', or beside it as '%s' and restart snapwatchd; or sign in"
			" again: snapwatch login %s",
			tenant, STORE_KEY_CREDENTIAL, STORE_FORMER_KEY_CREDENTIAL, tenant);
		break;
	case STORE_SECRET_E_BROKEN:
		buf_printf(out, "the stored token of tenant '%s' is damaged: snapwatch login %s",
			tenant, tenant);
		break;
	default:
		buf_printf(out, "secrets.db: %s", db_error_meaning(r));
	}
}
