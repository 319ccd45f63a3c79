/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and self-signed certificates for tests. */
#pragma once

#include <stdint.h>

#include "common/base/buf.h"

/* Appends a private key and its certificate, valid until wall time end_us. bits 0: an EC key. */
void pem_make(unsigned bits, int64_t end_us, struct buf *out);
/* Only one of the two. */
void pem_make_key(unsigned bits, struct buf *out);
void pem_make_certificate(unsigned bits, int64_t end_us, struct buf *out);
