/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sign-in through a browser is tied to this process with: the verifier, of which only a hash
 * leaves before the code is redeemed (RFC 7636, S256), and values that come back unchanged (state,
 * nonce). All are of the same make: random bytes in base64url.
 */
#pragma once

#include "common/base/buf.h"
#include "common/base/secret.h"

/* 256 bits, as RFC 7636 4.1 recommends; its least length of a verifier is 43 characters. */
#define PKCE_TEXT_LENGTH 43

/* 43 characters, all of them unreserved. 0, -ENOMEM or -EIO (no randomness). */
int pkce_random(struct secret **ret);

/* Appends the challenge: BASE64URL(SHA256(verifier)). 0, -ENOMEM, -EIO, or the buffer's error. */
int pkce_challenge(const struct secret *verifier, struct buf *out);
