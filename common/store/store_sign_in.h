/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed in for which tenant. One row per tenant, written as a whole: the daemon that holds the
 * store is the only one that changes it. No lease is needed, because whoever signs in may do so
 * before the tenant is first watched; the token itself is in store_secret.h. Inside the transaction
 * of the caller.
 */
#pragma once

#include "common/model/sign_in.h"
#include "common/store/db.h"

struct store;

/* In place of what was known of this tenant; enrolled_us must be known. 0, -EINVAL, or < 0. */
int store_sign_in_put(struct store *s, const struct sign_in *sign_in);
/* tenant_id: GUID in any case. 1 and *ret (sign_in_done() it), 0 when nobody has signed in, < 0. */
int store_sign_in_get(struct store *s, const char *tenant_id, struct sign_in *ret);
/* All of them, by tenant_id, also of tenants that are not configured any more. */
int store_sign_in_list(struct store *s, struct sign_in_list *ret);
/* 0 also when there is none. */
int store_sign_in_forget(struct store *s, const char *tenant_id);
