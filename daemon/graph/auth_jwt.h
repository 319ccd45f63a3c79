/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client assertions: a JWT signed with the certificate's key (PS256, x5t#S256). The platform's page
 * names no other algorithm, so keys are RSA. No clock in here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"

struct auth_key;

enum auth_key_error {
	AUTH_KEY_E_NO_KEY = 1, /* no private key, or it has a passphrase */
	AUTH_KEY_E_NO_CERTIFICATE,
	AUTH_KEY_E_NOT_RSA,  /* or shorter than 2048 bits */
	AUTH_KEY_E_MISMATCH, /* the key is not that of the certificate */
};
const char *auth_key_error_text(int r);

/* PEM: one private key and its certificate, in any order. 0, an enum auth_key_error, -ENOMEM. */
int auth_key_parse(const char *pem, size_t len, struct auth_key **ret);
struct auth_key *auth_key_free(struct auth_key *k);
DEFINE_CLEANUP(struct auth_key, auth_key_free);

/* When the certificate ends, wall time; TIME_NONE when that cannot be told. */
int64_t auth_key_expires_us(const struct auth_key *k);

/* Appends the assertion. lifetime 10 minutes from now_us. 0, -EIO (OpenSSL refused) or the buffer's
 * error. */
int auth_jwt_assertion(const struct auth_key *k, const char *audience, const char *client_id,
	const char *jti, int64_t now_us, struct buf *out);
