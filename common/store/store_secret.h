/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens at rest, in secrets.db beside the database: one per tenant and purpose, sealed with the
 * store key. Each function is a transaction of its own there, whatever happens to that of the
 * caller; all may be repeated.
 *
 * Without a store key nothing is kept and nothing is made up: a key made silently would be lost
 * with the first backup that leaves it out, and the tokens with it.
 */
#pragma once

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/store/store.h"

#define STORE_KEY_CREDENTIAL "store-key"
/* The key before that one, while what it sealed is sealed anew (store_rekey.h). */
#define STORE_FORMER_KEY_CREDENTIAL "store-key.old"
#define STORE_SECRET_REFRESH_TOKEN "refresh_token"

enum store_secret_error {
	STORE_SECRET_E_NO_KEY = 1, /* store_use_key() was not called */
	STORE_SECRET_E_NONE,	   /* nothing is kept */
	STORE_SECRET_E_KEY,	   /* kept, but sealed with another store key */
	STORE_SECRET_E_BROKEN,	   /* kept, but altered */
};

/* tenant_id: GUID in any case. 0, an enum store_secret_error, or as in db.h. */
int store_secret_get(
	struct store *s, const char *tenant_id, const char *purpose, struct secret **ret);

/* Keeps it in place of the former one; the new one is on disk when this returns 0. 0, NO_KEY. */
int store_secret_put(
	struct store *s, const char *tenant_id, const char *purpose, const struct secret *plain);

/* Also when there is none. A credential file that it came from stays consumed. */
int store_secret_forget(struct store *s, const char *tenant_id, const char *purpose);

/*
 * The content of a credential file: taken, in place of what is kept, unless this very content was
 * taken once before; so a file that is left in its place never brings back a token that has
 * been rotated since. *ret_taken says which; either way store_secret_get() then has what counts. 0,
 * NO_KEY, BROKEN (what recognises files was altered).
 */
int store_secret_offer(struct store *s, const char *tenant_id, const char *purpose,
	const struct secret *credential, bool *ret_taken);

/* What a result of these functions means and what to do about it; appends one line without a line
 * feed. */
void store_secret_error_text(int r, const char *tenant, struct buf *out);
