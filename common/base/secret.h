/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not leak: kept in pages of their own that are locked, left out of core dumps and
 * overwritten before they are freed. There is no way to print one; code that must send a secret
 * reads data, and nothing else does. Allocation fails closed only on memory: a refused mlock (small
 * RLIMIT_MEMLOCK) is tolerated, counted, and logged once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

struct secret {
	size_t len;
	char *data; /* len bytes and a NUL */
};

/* Copies len bytes. 0 or -ENOMEM / -EMSGSIZE (over LIMIT_SECRET_BYTES). */
int secret_new(const void *data, size_t len, struct secret **ret);
struct secret *secret_free(struct secret *s); /* takes NULL; returns NULL */
DEFINE_CLEANUP(struct secret, secret_free);

/* True when both hold the same bytes; constant time for equal lengths. NULL equals only NULL. */
int secret_equal(const struct secret *a, const struct secret *b);

/* How many secrets could not be locked into memory since the start. */
unsigned secret_unlocked_count(void);

/*
 * Authenticated encryption for what rests on disk: AES-256-GCM under a key derived with HKDF-SHA256
 * (no salt, info "snapwatch 1 " + purpose) from store_key, associated data = tenant_id + NUL +
 * purpose. The envelope is version (1 byte: 1), key id (4 bytes of SHA-256 of the store key), nonce
 * (12), ciphertext, tag (16).
 *
 * 0, -EINVAL when store_key has another length than STORE_KEY_SIZE, -ENOMEM, -EIO, the buffer's
 * error; opening also an enum secret_error.
 */
#define STORE_KEY_SIZE 32
enum secret_error {
	SECRET_E_KEY = 1, /* sealed with another store key */
	SECRET_E_BROKEN,  /* altered, cut, of another tenant or purpose, or of a newer version */
};
struct buf;
/* Appends the envelope. */
int secret_seal(const struct secret *store_key, const char *tenant_id, const char *purpose,
	const struct secret *plain, struct buf *ret_envelope);
int secret_open(const struct secret *store_key, const char *tenant_id, const char *purpose,
	const void *envelope, size_t len, struct secret **ret);

/*
 * Seals and opens something. OpenSSL fetches an algorithm once, and one that it could not fetch for
 * want of memory never again: so this is called at the start, where the process may still end.
 * After it -ENOMEM is the only way in which the others here fail without a fault of the data.
 */
int secret_self_test(void);

/*
 * A keyed hash by which a credential file that was consumed once is recognised without keeping it.
 * key: STORE_KEY_SIZE random bytes. 0, -EINVAL (its length), -ENOMEM or -EIO.
 */
int secret_fingerprint(const struct secret *key, const struct secret *s, uint8_t ret[static 32]);

/*
 * Turns off core dumps, ptrace by others and $SSLKEYLOGFILE for this process. Call first in main(),
 * before there are threads.
 */
void secret_protect_process(void);
