/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/auth_world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/base/secret.h"
#include "tests/support/tmpdir.h"

struct conf_tenant auth_world_tenant(void)
{
	return (struct conf_tenant){.refs = 1,
		.name = (char *)"contoso",
		.tenant_id = (char *)AUTH_WORLD_TENANT_ID,
		.client_id = (char *)AUTH_WORLD_CLIENT_ID,
		.authority = (char *)"https://login.example/",
		.certificate = (char *)"",
		.ca_file = (char *)"",
		.proxy = (char *)""};
}

void auth_world_open_store(struct loop *l, const char *key_text, struct store **ret_store,
	struct store_thread **ret_thread)
{
	char url[512];
	struct secret *key = NULL;

	(void)snprintf(url, sizeof(url), "sqlite:%s", tmpdir_path("store.db"));
	ck_assert_int_eq(store_open(url, ret_store, NULL), 0);
	if (key_text) {
		ck_assert_int_eq(secret_new(key_text, strlen(key_text), &key), 0);
		ck_assert_int_eq(store_use_key(*ret_store, key), 0);
	}
	(void)secret_free(key);
	ck_assert_int_eq(store_thread_new(l, *ret_store, ret_thread), 0);
}

const char *auth_world_kept(struct store *s)
{
	static char text[64];
	struct secret *token = NULL;
	int r = store_secret_get(s, AUTH_WORLD_TENANT_ID, STORE_SECRET_REFRESH_TOKEN, &token);

	(void)snprintf(text, sizeof(text), "%s", r == 0 ? token->data : "(none)");
	(void)secret_free(token);
	return text;
}
