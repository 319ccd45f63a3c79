/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing everything in secrets.db anew under another store key. What is sealed tells by itself
 * which key it needs, so nothing has to be remembered about a change of keys: it may be repeated,
 * and goes on where former attempts, or sign-ins since, left off.
 */
#pragma once

#include "common/base/buf.h"
#include "common/store/store.h"

enum store_rekey_what {
	STORE_REKEY_SEALED,  /* now under the store key */
	STORE_REKEY_ALREADY, /* it was */
	STORE_REKEY_FOREIGN, /* under neither: left as it is */
	STORE_REKEY_BROKEN,  /* altered: left as it is */
	_STORE_REKEY_MAX,
};

struct store_rekeyed {
	unsigned n[_STORE_REKEY_MAX];
};

/* tenant_id: GUID, or "" for what belongs to all. In the transaction: nothing is certain yet. */
typedef void (*store_rekey_fn)(void *arg, const char *tenant_id, enum store_rekey_what what);

/*
 * Seals under the store key (store_use_key() before) what former seals. One transaction of its own:
 * whatever interrupts it, all of it is under the one key or all under the other. former NULL: only
 * looks. each may be NULL.
 * 0, STORE_SECRET_E_NO_KEY, or as in db.h.
 */
int store_rekey(struct store *s, const struct secret *former, store_rekey_fn each, void *arg,
	struct store_rekeyed *ret);

/* "2 secrets are sealed with the new key, 1 was already"; appends. */
void store_rekey_text(const struct store_rekeyed *n, struct buf *out);
