/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of signing in share: a tenant, and a real store with a key behind a fake store
 * thread. The token endpoint is each test's own.
 */
#pragma once

#include "common/conf/conf.h"
#include "common/store/store_secret.h"
#include "daemon/engine/loop.h"
#include "tests/support/fake_store_thread.h"

#define AUTH_WORLD_TENANT_ID "11111111-1111-4111-8111-111111111111"
#define AUTH_WORLD_CLIENT_ID "22222222-2222-4222-8222-222222222222"
#define AUTH_WORLD_KEY "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* "contoso", a public client without certificate, CA file, proxy or account; texts are static. */
struct conf_tenant auth_world_tenant(void);

/* Opens, or makes, the store of the temporary directory; key_text NULL: without a key. The thread
 * owns the store. */
void auth_world_open_store(struct loop *l, const char *key_text, struct store **ret_store,
	struct store_thread **ret_thread);

/* The refresh token that the store keeps for that tenant, "(none)" without; static. */
const char *auth_world_kept(struct store *s);
