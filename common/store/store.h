/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: everything durable. Plain synchronous code that blocks on the disk; the daemon calls
 * it on the store thread only (engine/store_thread.h), the CLI opens it read-only. Each noun has a
 * file of its own (store_job.h, store_finding.h, ...), all over this handle. Those functions run
 * inside the transaction of their caller.
 */
#pragma once

#include "common/base/cleanup.h"
#include "common/store/db.h"

struct conf;
struct secret;

#define STORE_SCHEMA_VERSION 1

struct store {
	struct db *db;
	struct db *secrets;	  /* secrets.db; NULL for readers */
	char *path;		  /* of the database file */
	int lock_fd;		  /* exclusive lock of the one writer; -1 for readers */
	char owner[64];		  /* "HOST:PID:START", the owner of leases */
	int64_t epoch;		  /* of the leases that this process took */
	struct secret *store_key; /* NULL until store_use_key() */
};

/* Named outcomes of opening. */
enum store_error {
	STORE_E_LOCKED = 1, /* another daemon has it; *ret_detail names it */
	STORE_E_NEWER,	    /* written by a newer snapwatch; *ret_detail has both versions */
	STORE_E_OLDER,	    /* reader only: the daemon has not migrated it yet */
	STORE_E_MISSING,    /* reader, or secrets alone: there is no store yet */
};

/*
 * Opens for writing: takes the lock file, looks for damage (-EUCLEAN; for LIMIT_STORE_CHECK_US at
 * most), creates or migrates (each version in one transaction, a
 * copy of the database beside it first), turns leases over to this process. url as in the
 * configuration, "sqlite:/path". ret_detail (may be NULL): a line for people, free() it; also set
 * for negative results.
 */
int store_open(const char *url, struct store **ret, char **ret_detail);
/* Read-only, for the CLI: never writes a byte, works while the daemon runs and when it does not. */
int store_open_reader(const char *url, struct store **ret, char **ret_detail);
struct store *store_close(struct store *s);
DEFINE_CLEANUP(struct store, store_close);

/*
 * As store_open(), but secrets.db alone, which must be there (STORE_E_MISSING): s->db is NULL. For
 * work on keys, which must be possible when the database is damaged.
 */
int store_open_secrets(const char *url, struct store **ret, char **ret_detail);

/* The 32 bytes that credential "store-key" holds in base64. 0, -EINVAL or -ENOMEM. */
int store_key_decode(const struct secret *credential, struct secret **ret);
/* The key for secrets.db from that credential. 0, -EINVAL or -ENOMEM. */
int store_use_key(struct store *s, const struct secret *credential);

/* Every table of statements, for preparing at open and for the test on both engines. */
extern const struct db_sql_table *const store_sql_tables[];
extern const size_t store_n_sql_tables;

/* The schema's DDL for an engine ("sqlite", "postgresql"), version 1 to STORE_SCHEMA_VERSION;
 * free() it. */
char *schema_ddl(const char *engine, unsigned version);

/*
 * Object ids as they are in keys: a GUID in any case is its 16 bytes; any other text is its bytes,
 * and one NUL behind it when it has 16 of them. Returns the length; out has room for LIMIT_ID_BYTES
 * + 1. Longer ids are cut to LIMIT_ID_BYTES - 33 bytes and get "~" and the first 32 digits of their
 * SHA-256.
 */
size_t object_id_encode(const char *id, uint8_t *out);
/* Back to text (lower-case GUID, or the text). out has room for LIMIT_ID_BYTES + 1. Returns out. */
const char *object_id_decode(const void *key, size_t len, char *out);
