/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about secrets share. Private to common/base. */
#pragma once

#include "common/base/secret.h"

/* A secret of len zero bytes, to be filled in place. 0, -ENOMEM or -EMSGSIZE. */
int secret_alloc(size_t len, struct secret **ret);
